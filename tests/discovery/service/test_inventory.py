from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest

from connectors.model import PartStatus, Role
from discovery.service import decisions, inventory
from discovery.service.inventory import AlertFilter, Ambiguous, AssetFilter, NotFound, SystemFilter
from discovery.service.views import AssetView, NextStepKind, NextStepView, SystemView, to_json
from store import Store
from tests.estate import ALICE, Estate, code, finding, hint, names

ASSET_FIELDS = """asset_id kind provider name natural_id state grade role ref account region model system_id
first_seen last_seen scopes evidence owner_candidates attributes tags"""
SYSTEM_FIELDS = """system_id name state kind owner owner_candidates oversight assets first_seen last_seen
open_alerts"""


def test_public_fields_of_assets_and_systems_are_there() -> None:
    assert {one.name for one in dataclasses.fields(AssetView)} >= set(ASSET_FIELDS.split())
    assert {one.name for one in dataclasses.fields(SystemView)} >= set(SYSTEM_FIELDS.split())


def test_an_asset_shows_all_that_is_known(store: Store) -> None:
    Estate(store).show(
        finding(
            "helper",
            tags={"Owner": "ana@acme.example"},
            attributes={"status": "PREPARED"},
            region="eu-west-1",
        )
    )

    asset = to_json(inventory.list_assets(store)[0])

    arn = "arn:aws:bedrock:eu-west-1:111122223333:agent/helper"
    assert asset["scopes"] == ["aws:main/111122223333"]
    assert asset["evidence"][0] == {
        "source": "ListThings",
        "locator": arn,
        "observed_at": "2026-11-22T03:00:00.000000Z",
        "detail": "",
    }
    assert asset["owner_candidates"] == [
        {"party": "ana@acme.example", "confidence": 0.9, "reasons": ["tag Owner=ana@acme.example"]}
    ]
    assert (asset["attributes"], asset["natural_id"]) == ({"status": "PREPARED"}, arn)
    assert asset["system_id"] == inventory.get_system(store, "helper").system_id


def test_one_asset_seen_in_two_scopes_keeps_all_evidence(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"), scope="a")
    estate.show(finding("helper", attributes={"more": 1}), scope="b")

    (asset,) = inventory.list_assets(store)

    assert asset.scopes == ["aws:main/a", "aws:main/b"]
    assert asset.attributes == {"more": 1}


def test_last_seen_is_the_last_complete_look(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"))
    first = inventory.get_asset(store, "helper").last_seen
    estate.show(status=PartStatus.DENIED)
    assert inventory.get_asset(store, "helper").last_seen == first

    estate.show(finding("helper"))

    after = inventory.get_asset(store, "helper").last_seen
    assert first is not None
    assert after is not None
    assert after > first
    assert inventory.get_system(store, "helper").last_seen == after


def test_assets_are_filtered(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("Chat_Helper"), finding("gone"), finding("guard", "guardrail"))
    estate.show(code("openai"), scope="R_1", connector="code")
    estate.show(finding("Chat_Helper"), finding("guard", "guardrail"))
    estate.show(finding("Chat_Helper"), finding("guard", "guardrail"))

    def found(**filters: object) -> list[str]:
        return sorted(names(inventory.list_assets(store, AssetFilter(**filters))))  # type: ignore[arg-type]

    assert found() == ["Chat_Helper", "guard", "openai"]
    assert found(states=("gone",)) == ["gone"]
    assert found(kind="guardrail") == ["guard"]
    assert found(provider="openai") == found(connector="code") == found(system="bot") == ["openai"]
    assert found(text="chat_h") == ["Chat_Helper"]
    assert found(text="h%r") == []


def test_what_is_gone_still_shows_its_last_evidence(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"), finding("other"))
    estate.show(finding("other"))
    estate.show(finding("other"))

    gone = inventory.get_asset(store, "helper")

    assert gone.state == "gone"
    assert len(gone.evidence) == 1


def test_assets_come_a_page_at_a_time_without_loss(store: Store) -> None:
    Estate(store).show(*(finding(f"a{number}") for number in range(1_203)))

    ids = [one.asset_id for one in inventory.iter_assets(store)]

    assert len(ids) == len(set(ids)) == 1_203
    assert ids == sorted(ids)
    assert len(inventory.list_assets(store, limit=7)) == 7


def test_systems_are_filtered(store: Store) -> None:
    Estate(store).show(finding("alpha"), finding("beta"), code("openai", role=Role.TEST))
    decisions.set_owner(store, "alpha", "ana@acme.example", actor=ALICE)

    def found(**filters: object) -> list[str]:
        return names(inventory.list_systems(store, SystemFilter(**filters)))  # type: ignore[arg-type]

    assert found() == ["alpha", "beta", "bot"]
    assert found(has_owner=True) == found(text="ANA@") == ["alpha"]
    assert found(has_oversight=True) == []
    assert found(kind="application") == found(text="openai") == ["bot"]


def test_a_name_that_two_bear_is_ambiguous_and_lists_both(store: Store) -> None:
    Estate(store).show(code("a", unit="one/bot"), code("b", unit="two/bot"))
    ids = [one.system_id for one in inventory.list_systems(store)]

    with pytest.raises(Ambiguous) as caught:
        inventory.get_system(store, "bot")

    assert all(one in str(caught.value) for one in ids)
    assert inventory.get_system(store, ids[0]).system_id == ids[0]


@pytest.mark.parametrize("ref", ["", "sys_", "nothing", "sys_0", "%", "_", "' OR 1=1"])
def test_what_means_nothing_is_not_found(store: Store, ref: str) -> None:
    Estate(store).show(finding("helper"))

    with pytest.raises(NotFound):
        inventory.get_system(store, ref)


def test_as_of_reads_what_was_known(store: Store) -> None:
    estate = Estate(store)
    before = datetime.now(UTC)
    estate.show(finding("helper"))
    first = datetime.now(UTC)
    estate.show(finding("helper"), finding("later"))
    decisions.set_owner(store, "helper", "ana@acme.example", actor=ALICE)

    assert inventory.list_systems(store, as_of=before) == []
    assert inventory.list_assets(store, as_of=before) == []
    assert inventory.list_alerts(store, as_of=before) == []
    assert inventory.coverage(store, as_of=before) == []
    assert (
        names(inventory.list_systems(store, as_of=first))
        == names(inventory.list_assets(store, as_of=first))
        == ["helper"]
    )
    states = {one.rule: one.state for one in inventory.list_alerts(store, as_of=first)}
    assert states == {"OWN-01": "open", "OVR-00": "open"}
    assert len(inventory.list_alerts(store, AlertFilter(states=("resolved",)))) == 1
    assert inventory.coverage(store, as_of=first)[0].count == 1
    assert inventory.summary(store, as_of=first).open_alerts == {"high": 2}


def test_coverage_says_what_could_not_be_seen(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"))
    estate.show(part="others", status=PartStatus.DENIED)

    rows = {one.part: one for one in inventory.coverage(store)}

    assert (rows["others"].status, rows["others"].reason) == ("denied", "not allowed")
    assert rows["others"].last_complete_at is None
    assert rows["things"].last_complete_at is not None
    assert inventory.coverage(store, connector="openai") == []


def test_a_run_shows_its_parts_and_what_it_brought(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"))
    estate.show(finding("helper"), finding("later"))

    run = inventory.get_run(store)

    assert [(one.scope, one.part, one.added) for one in run.details] == [
        ("aws:main/111122223333", "things", 1)
    ]
    assert inventory.list_runs(store)[0].run_id == run.run_id
    assert len(inventory.list_runs(store, limit=1)) == 1
    assert inventory.new_since(store, run.run_id, inventory.list_systems(store)).assets == 1


def next_steps(store: Store) -> list[NextStepView]:
    return inventory.what_next(store, inventory.list_systems(store), inventory.coverage(store))


def test_next_steps_lead_to_owners_then_records_then_blind_spots(store: Store) -> None:
    assert [one.kind for one in next_steps(store)] == [NextStepKind.SCAN]
    estate = Estate(store)
    estate.show(code("openai", owner_hints=(hint("@acme/bots"),)))
    estate.show(part="others", status=PartStatus.DENIED)

    steps = next_steps(store)

    assert [one.command for one in steps] == [
        "aicensus owner accept bot",
        "aicensus oversight record bot",
        "aicensus coverage",
    ]


def test_a_hostile_name_is_quoted_or_replaced_by_the_id(store: Store) -> None:
    Estate(store).show(finding("x; rm -rf ~"))

    (owner, _) = next_steps(store)

    assert "'x; rm -rf ~'" in owner.command


def test_one_system_shows_proposed_answers_that_count_for_nothing(store: Store) -> None:
    gate = {"mechanism": "approval gate", "answers": "oversight"}
    Estate(store).show(
        code("openai", owner_hints=(hint("@acme/bots"),), attributes={"unit_description": "Answers mail"}),
        code("langgraph-interrupt", kind="oversight_control", attributes=gate),
        code("claims", kind="data_store", attributes={"store": "bucket"}),
    )

    system = inventory.get_system(store, "bot")
    listed = inventory.list_systems(store)[0]

    assert [(one.question, one.value) for one in system.oversight.prefilled] == [
        ("purpose", "Answers mail"),
        ("owner", "@acme/bots"),
        ("data", "bucket claims"),
        ("oversight", "approval gate (langgraph-interrupt)"),
    ]
    assert (system.oversight.state, system.oversight.complete) == ("none", False)
    assert system.oversight.missing == listed.oversight.missing
    assert not any(one["confirmed"] for one in to_json(system)["oversight"]["prefilled"])
    assert listed.oversight.prefilled == []
