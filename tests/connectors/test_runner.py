"""The unit boundary: what a connector does ends in the results of its parts."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from connectors.clients.network import NetworkSettings
from connectors.errors import ConfigError
from connectors.model import Part, PartStatus, Scope
from connectors.outcome import BATCH_SIZE, PartBatch, ScopeOutcome
from connectors.runner import ScopeJob, list_scopes, packed, run_scope, run_scope_collected
from tests import plugins
from tests.connectors.toys import Leaky, ToyOptions

TOYS = {name.lower(): f"tests.connectors.toys:{name}" for name in ("WrongKind", "Homeless", "Leaky", "Bare")}


@pytest.fixture(autouse=True)
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins.install(tmp_path / "plugins", monkeypatch, {"toy": "tests.connectors.toys:ToyConnector", **TOYS})


def job(parts: dict[str, Any], connector: str = "toy", **changes: Any) -> ScopeJob:
    scope = Scope(
        connector=connector,
        instance="main",
        ids=("one",),
        parts=tuple(Part(name=name, kinds=("agent",)) for name in parts),
    )
    return ScopeJob(
        connector=connector,
        instance="main",
        scope=scope,
        options=ToyOptions(parts=parts),
        network=NetworkSettings(),
        **changes,
    )


def run(work: ScopeJob) -> tuple[list[PartBatch], ScopeOutcome]:
    batches: list[PartBatch] = []
    return batches, run_scope(work, batches.append)


def test_a_part_that_shows_nothing_is_complete_with_count_zero() -> None:
    batches, outcome = run(job({"a": []}))

    assert outcome.parts["a"].status is PartStatus.COMPLETE
    assert outcome.parts["a"].count == 0
    assert [batch.final is not None for batch in batches] == [True]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("!denied", PartStatus.DENIED),
        ("!throttled", PartStatus.THROTTLED),
        ("!capped", PartStatus.INCOMPLETE),
    ],
)
def test_a_noted_error_ends_its_part_and_the_next_part_is_read(word: str, status: PartStatus) -> None:
    batches, outcome = run(job({"a": ["x", word], "b": ["y"]}))

    assert outcome.parts["a"].status is status
    assert outcome.parts["b"].status is PartStatus.COMPLETE
    assert [finding.name for batch in batches for finding in batch.findings] == ["x", "y"]
    assert outcome.error == ""


@pytest.mark.parametrize(("word", "status"), [("!auth", PartStatus.DENIED), ("!crash", PartStatus.FAILED)])
def test_an_error_that_stops_the_scope_leaves_the_rest_not_tried(word: str, status: PartStatus) -> None:
    _, outcome = run(job({"a": ["x", word], "b": ["y"]}))

    assert [outcome.parts[name].status for name in ("a", "b")] == [status, status]
    assert outcome.parts["b"].reason.startswith("not tried: ")
    assert "sk-test" not in outcome.error + outcome.parts["a"].reason + outcome.parts["b"].reason


def test_a_declared_part_that_is_never_opened_is_failed() -> None:
    batches, outcome = run(job({"a": "skip"}))

    assert outcome.parts["a"].status is PartStatus.FAILED
    assert batches[0].final == outcome.parts["a"]


def test_a_part_that_an_interrupted_run_completed_is_not_failed_when_it_is_not_opened() -> None:
    batches, outcome = run(job({"a": "skip"}, fresh=frozenset({"a"})))

    assert (batches, outcome.parts) == ([], {})


def test_exceptions_of_a_part_are_listed_and_leave_it_complete() -> None:
    _, outcome = run(job({"a": ["x", "!hole"]}))

    assert outcome.parts["a"].status is PartStatus.COMPLETE
    assert outcome.parts["a"].exceptions == (("toy://broken", "unreadable"),)


@pytest.mark.parametrize("name", ["wrongkind", "homeless"])
def test_breaking_the_contract_fails_the_part(name: str) -> None:
    _, outcome = run(job({"a": []}, connector=name))

    assert outcome.parts["a"].status is PartStatus.FAILED
    assert outcome.error


def test_large_parts_come_in_bounded_batches_in_order() -> None:
    names = [f"agent-{number}" for number in range(2 * BATCH_SIZE + 1)]

    batches, _ = run(job({"a": names}))

    assert [len(batch.findings) for batch in batches] == [BATCH_SIZE, BATCH_SIZE, 1]
    assert [batch.final is not None for batch in batches] == [False, False, True]


def test_no_secret_leaves_the_runner_in_any_form() -> None:
    collected = run_scope_collected(packed(job({"a": []}, connector="leaky")))

    batches = list(collected.unpack())
    everything = repr(batches).encode() + repr(collected.outcome).encode() + pickle.dumps(batches)
    assert Leaky.secret.encode() not in everything
    assert b"[redacted]" in everything


def test_a_packed_job_survives_pickling_and_knows_earlier_fingerprints() -> None:
    work = job({"a": ["x"]}, previous=lambda part: {("toy/agent", "x"): f"{part}-print"})

    travelled: ScopeJob = pickle.loads(pickle.dumps(packed(work)))

    assert travelled.previous("a") == {("toy/agent", "x"): "a-print"}
    assert run_scope_collected(travelled).outcome.parts["a"].count == 1


def test_stopping_leaves_the_open_part_incomplete() -> None:
    outcome = run_scope(job({"a": ["x", "y"], "b": ["z"]}), lambda batch: None, stopped=lambda: True)

    assert outcome.parts["a"].status is PartStatus.INCOMPLETE
    assert outcome.parts["b"].status is PartStatus.FAILED


def test_a_failed_listing_of_scopes_is_no_empty_list() -> None:
    work = job({})
    refused = ScopeJob(
        connector="toy",
        instance="main",
        scope=work.scope,
        options=ToyOptions(scopes=("auth",)),
        network=NetworkSettings(),
    )

    scopes, result = list_scopes(refused)

    assert scopes is None
    assert result.status is PartStatus.DENIED
    assert "sk-test" not in result.reason


def test_a_connector_without_its_extra_says_what_to_install() -> None:
    with pytest.raises(ConfigError, match=r"vendor_sdk_that_is_not_here.*Install aicensus\[toys\]"):
        list_scopes(job({}, connector="bare"))


def test_an_unknown_connector_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'toy'"):
        run_scope(job({}, connector="toyy"), lambda batch: None)
