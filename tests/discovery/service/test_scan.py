"""One scan from plan to alerts, on both databases and both ways of running scopes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from connectors.errors import ConfigError
from discovery.config import Config, InstanceConfig
from discovery.service import decisions, inventory
from discovery.service.permissions import ENGINE
from discovery.service.scan import ScanReport, ScanRequest, SilentProgress, run_scan
from store import Store, leases
from tests import plugins
from tests.connectors.toys import ToyOptions


@pytest.fixture(autouse=True)
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins.install(tmp_path / "plugins", monkeypatch, {"toy": "tests.connectors.toys:ToyConnector"})


def configuration(
    *instances: tuple[str, dict[str, Any]], path: Path | None = Path("aicensus.toml")
) -> Config:
    return Config(
        every_instance=tuple(
            InstanceConfig(connector="toy", name=name, options=ToyOptions(**options))
            for name, options in instances
        ),
        path=Path("aicensus.toml"),
    )


def scan(
    store: Store, parts: dict[str, Any], *, scopes: tuple[str, ...] = ("one",), **request: Any
) -> ScanReport:
    config = configuration(("main", {"parts": parts, "scopes": scopes}))
    return run_scan(config, store, ScanRequest(**request), SilentProgress())


def states(store: Store) -> dict[str, str]:
    every = inventory.AssetFilter(states=("present", "suspect", "missing", "gone"))
    return {asset.name: asset.state for asset in inventory.iter_assets(store, every)}


def test_a_scan_ends_in_assets_systems_and_one_alert_per_rule_and_system(store: Store) -> None:
    report = scan(store, {"a": ["x", "y"]})

    assert report.state == "complete"
    assert report.tally.added == 2
    assert states(store) == {"x": "present", "y": "present"}
    alerts = inventory.list_alerts(store)
    assert sorted(alert.rule for alert in alerts) == ["OVR-00", "OVR-00", "OWN-01", "OWN-01"]
    assert sorted(report.alerts.opened) == sorted(alert.alert_id for alert in alerts)


def test_a_second_run_without_a_change_opens_and_adds_nothing(store: Store) -> None:
    scan(store, {"a": ["x", "y"]})

    report = scan(store, {"a": ["x", "y"]})

    assert (report.tally.seen, report.tally.added, report.tally.changed) == (2, 0, 0)
    assert report.alerts.opened == []


def test_a_thing_is_missing_after_one_complete_scan_and_gone_after_two(store: Store) -> None:
    scan(store, {"a": ["x", "y"]})

    scan(store, {"a": ["x"]})
    after_one = states(store)
    scan(store, {"a": ["x"]})

    assert after_one == {"x": "present", "y": "missing"}
    assert states(store) == {"x": "present", "y": "gone"}


@pytest.mark.parametrize("word", ["!denied", "!throttled", "!capped", "!auth", "!crash"])
def test_a_part_that_was_not_complete_ages_nothing_and_makes_the_run_partial(store: Store, word: str) -> None:
    scan(store, {"a": ["x", "y"]})

    reports = [scan(store, {"a": ["x", word]}) for _ in range(3)]

    assert states(store) == {"x": "present", "y": "present"}
    assert {report.state for report in reports} == {"partial"}
    assert all("toy:main/one a: " in report.partial_reasons[0] for report in reports)


def test_a_part_that_never_could_be_read_is_partial_only_when_named_or_strict(store: Store) -> None:
    parts = {"a": ["!denied"]}

    plain, named, strict = (
        scan(store, parts),
        scan(store, parts, connectors=("toy",)),
        scan(store, parts, strict=True),
    )

    assert (plain.state, named.state, strict.state) == ("complete", "partial", "partial")
    assert [row.status for row in inventory.coverage(store) if row.part == "a"] == ["denied"]


def test_a_scope_that_was_stopped_as_a_whole_makes_even_a_first_scan_partial(store: Store) -> None:
    report = scan(store, {"a": ["!auth"]})

    assert report.state == "partial"
    assert report.partial_reasons == ["toy:main/one: the key is refused"]


def test_an_instance_that_cannot_be_listed_is_shown_and_the_others_are_scanned(store: Store) -> None:
    config = configuration(
        ("broken", {"scopes": ("auth",)}), ("main", {"parts": {"a": ["x"]}, "scopes": ("one",)})
    )

    report = run_scan(config, store, ScanRequest(), SilentProgress())

    assert report.state == "partial"
    assert "toy:broken could not be listed" in report.partial_reasons[0]
    assert "sk-test" not in report.partial_reasons[0]
    assert states(store) == {"x": "present"}


def test_a_scope_absent_from_two_complete_listings_is_retired_and_its_assets_go(store: Store) -> None:
    scan(store, {"a": ["x"]}, scopes=("one", "two"))

    scan(store, {"a": ["x"]}, scopes=("two",))
    scan(store, {"a": ["x"]}, scopes=("two",))

    active = {row.scope for row in inventory.coverage(store) if row.part == "a" and row.state == "active"}
    assert active == {"toy:main/two"}
    assert states(store) == {"x": "present"}


def test_a_scope_that_another_process_scans_is_left_to_it(store: Store) -> None:
    other = leases.acquire(store, "scope/toy:main/one", "another-machine/1/1/x", 60)

    report = scan(store, {"a": ["x"]})

    assert other is not None
    assert report.tally.scopes_busy == 1
    assert states(store) == {}


def test_an_unknown_instance_is_refused_before_anything_is_read(store: Store) -> None:
    with pytest.raises(ConfigError, match="toy:nobody"):
        scan(store, {"a": ["x"]}, connectors=("toy:nobody",))

    assert inventory.list_runs(store) == []


@pytest.fixture
def pickling() -> Iterator[Executor]:
    from tests.pickling_executor import PicklingExecutor

    with PicklingExecutor() as executor:
        yield executor


def test_the_same_scan_through_an_executor_that_pickles_both_ways(store: Store, pickling: Executor) -> None:
    config = configuration(("main", {"parts": {"a": ["x", "y"], "b": ["!denied"]}}))

    report = run_scan(config, store, ScanRequest(), SilentProgress(), executor=pickling)

    assert states(store) == {"x": "present", "y": "present"}
    assert report.tally.added == 2
    assert {row.part: row.status for row in inventory.coverage(store) if row.part != "scopes"} == {
        "a": "complete",
        "b": "denied",
    }


def test_what_a_run_did_is_in_its_journal(store: Store) -> None:
    report = scan(store, {"a": ["x"], "b": ["!denied"]})

    run = inventory.get_run(store, report.run_id)

    assert (run.state, run.seen, run.added) == ("complete", 1, 1)
    assert {(row.part, row.status) for row in run.details} >= {("a", "complete"), ("b", "denied")}


def test_a_thing_made_anew_under_the_same_name_asks_its_owner_again(store: Store) -> None:
    scan(store, {"a": ["x@2026-01-01"]})
    (system,) = inventory.list_systems(store)
    decisions.set_owner(store, system.system_id, "dana@acme.example", actor=ENGINE)
    assert [alert.rule for alert in inventory.list_alerts(store)] == ["OVR-00"]

    scan(store, {"a": ["x@2026-02-02"]})

    assert sorted(alert.rule for alert in inventory.list_alerts(store)) == ["OVR-00", "OWN-01"]
    assert inventory.get_system(store, system.system_id).owner is None
