from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from connectors.model import Json
from discovery.service import (
    assembling,
    decisions,
    inventory,
    record_evidence,
    record_showing,
    record_steps,
    records,
)
from discovery.service.decisions import DecisionError, OversightAnswers
from discovery.service.records import EditConflict
from store import Store, open_store, oversight, schema
from store.audit import Actor
from tests.estate import ALICE, Estate, code, finding

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BOB = Actor(name="bob@desk", kind="os", authenticated=False)
ANSWERS = OversightAnswers(
    purpose="Answers questions of customers about their orders.",
    data_categories=("internal",),
    mode="in_the_loop",
    description="A person approves every answer.",
    next_review=date(2027, 5, 1),
)


@pytest.fixture
def store(sqlite_store_url: str) -> Iterator[Store]:
    """Open an empty store on SQLite: what the databases may do differently, a few tests show on both."""
    with open_store(sqlite_store_url) as opened:
        yield opened


@pytest.fixture
def any_store(store_url: str) -> Iterator[Store]:
    """Open an empty store, once on each database."""
    with open_store(store_url) as opened:
        yield opened


def kept(store: Store, name: str = "helper") -> oversight.Record | None:
    system_id = inventory.get_system(store, name).system_id
    with store.read() as tx:
        return oversight.of_systems(tx.conn, [system_id]).get(system_id)


def audits(store: Store) -> list[str]:
    with store.read() as tx:
        return list(tx.conn.execute(select(schema.audit.c.action).order_by(schema.audit.c.seq)).scalars())


def personal(*categories: str) -> dict[str, Json]:
    return {"data_categories_hint": [*categories], "personal_data_hint": ["email"]}


def test_fields_are_set_by_name_and_shown_with_who_said_them(store: Store) -> None:
    Estate(store).show(finding("helper"))

    decided = records.change(
        store,
        "helper",
        {"data.personal": "yes", "oversight.assignees": "ana@acme.example", "x.cost_centre": "4711"},
        actor=ALICE,
        now=NOW,
        reason="asked",
    )

    shown = record_showing.show(store, "helper")
    assert decided.system.oversight.version == 1
    assert audits(store) == ["record.set"]
    assert shown.of("oversight.assignees").value == [{"person": "ana@acme.example"}]
    assert shown.of("x.cost_centre").value == "4711"
    personal = shown.of("data.personal")
    assert (personal.source, personal.by, personal.confidence) == ("human", "alice@laptop", 1.0)
    assert personal.at == "2026-11-22T12:00:00.000000Z"


def test_people_are_kept_once_and_only_referred_to(store: Store) -> None:
    Estate(store).show(finding("helper"))

    records.change(store, "helper", {"oversight.assignees": "Ana@Acme.example"}, actor=ALICE)

    record = kept(store)
    assert record is not None
    assert '"person": "pty_' in json.dumps(record.value("oversight.assignees"))
    with store.read() as tx:
        bodies = tx.conn.execute(select(schema.audit.c.body)).scalars().all()
    assert "acme.example" not in "".join(bodies).lower()


def test_the_second_of_two_editors_sees_what_the_first_changed(any_store: Store) -> None:
    Estate(any_store).show(finding("helper"))
    records.change(any_store, "helper", {"purpose": "Answers mail."}, actor=ALICE)
    seen = record_showing.show(any_store, "helper").version
    records.change(any_store, "helper", {"purpose": "Sorts mail."}, actor=BOB, if_version=seen)

    with pytest.raises(EditConflict) as caught:
        records.change(any_store, "helper", {"purpose": "Deletes mail."}, actor=ALICE, if_version=seen)

    assert "purpose.statement is 'Sorts mail.' by bob@desk" in str(caught.value)
    assert "--if-version 2" in str(caught.value)
    record = kept(any_store)
    assert record is not None
    assert record.value("purpose.statement") == "Sorts mail."
    assert len(audits(any_store)) == 2


@pytest.mark.parametrize("wanted", [1, 7])
def test_a_version_that_never_was_is_told(store: Store, wanted: int) -> None:
    Estate(store).show(finding("helper"))

    with pytest.raises(EditConflict, match=f"version 0, not {wanted}"):
        records.change(store, "helper", {"purpose": "x"}, actor=ALICE, if_version=wanted)


def test_nothing_is_kept_of_a_change_with_a_mistake(store: Store) -> None:
    Estate(store).show(finding("helper"))

    with pytest.raises(DecisionError) as caught:
        records.change(store, "helper", {"data.personal": "no", "markets": "x", "owner": "y"}, actor=ALICE)

    assert "markets" in str(caught.value)
    assert "there is no field 'owner'" in str(caught.value)
    assert kept(store) is None
    assert audits(store) == []


def test_a_record_does_not_contradict_itself(store: Store) -> None:
    Estate(store).show(finding("helper"))
    records.change(store, "helper", {"data.categories": "health"}, actor=ALICE)

    with pytest.raises(DecisionError, match=r"no personal data.*data\.personal, data\.categories"):
        records.change(store, "helper", {"data.personal": "no"}, actor=ALICE)


def test_systems_do_not_lie_inside_each_other_in_a_ring(any_store: Store) -> None:
    Estate(any_store).show(finding("helper"), finding("desk"), finding("floor"))
    records.change(any_store, "helper", {"parent_id": "desk"}, actor=ALICE)
    records.change(any_store, "desk", {"parent_id": "floor"}, actor=ALICE)

    with pytest.raises(DecisionError, match="part of itself"):
        records.change(any_store, "floor", {"parent_id": "helper"}, actor=ALICE)
    with pytest.raises(DecisionError, match="there is no system 'cellar'"):
        records.change(any_store, "floor", {"uses": "helper, cellar"}, actor=ALICE)


def test_what_evidence_shows_is_proposed_and_answers_nothing(store: Store) -> None:
    Estate(store).show(
        code("claims", kind="data_store", attributes=personal("health")), code("bot", kind="agent")
    )

    shown = record_showing.show(store, "bot")

    found = shown.of("data.categories")
    assert (found.value, found.source, found.answered) == (["health"], "connector", False)
    assert "has fields named email" in found.why
    assert "data.categories" in shown.missing
    assert shown.version == 0


def test_evidence_that_a_scan_brings_later_is_kept_as_a_conflict(any_store: Store) -> None:
    estate = Estate(any_store)
    bot = code("bot", kind="agent")
    estate.show(bot)
    decisions.record_oversight(any_store, "bot", ANSWERS, actor=ALICE, now=NOW)
    system_id = inventory.get_system(any_store, "bot").system_id

    estate.show(bot, code("claims", kind="data_store", attributes=personal("health")))
    changed = record_evidence.refresh(any_store, {system_id})
    again = record_evidence.refresh(any_store, {system_id})

    view = inventory.get_system(any_store, "bot").oversight
    assert (changed, again) == (1, 0)
    assert view.conflicts == ["data.categories"]
    assert view.data_categories == ["internal"]
    assert view.complete
    assert view.version == 1


def test_a_person_settles_a_conflict_by_confirming(store: Store) -> None:
    Estate(store).show(
        code("bot", kind="agent"), code("claims", kind="data_store", attributes=personal("health"))
    )
    first = decisions.record_oversight(store, "bot", ANSWERS, actor=ALICE, now=NOW)

    second = records.confirm(store, "bot", ("data.categories",), actor=BOB, reason="test data only")

    assert any("evidence says otherwise for data.categories: health" in one for one in first.warnings)
    assert first.system.oversight.conflicts == ["data.categories"]
    assert second.system.oversight.conflicts == []


def test_only_what_has_a_value_can_be_confirmed(store: Store) -> None:
    Estate(store).show(finding("helper"))

    with pytest.raises(DecisionError, match=r"risk\.tier has no value"):
        records.confirm(store, "helper", ("risk.tier",), actor=ALICE)


def test_past_records_are_shown_as_they_were(store: Store) -> None:
    Estate(store).show(finding("helper"))
    records.change(store, "helper", {"purpose": "Answers mail."}, actor=ALICE)
    with store.read() as tx:
        moment = tx.conn.execute(select(schema.revision.c.at).order_by(schema.revision.c.rev.desc())).scalar()
    records.change(store, "helper", {"purpose": "Sorts mail."}, actor=ALICE)

    then = record_showing.show(store, "helper", as_of=datetime.fromisoformat(str(moment)))

    assert (then.version, then.of("purpose.statement").value) == (1, "Answers mail.")


def test_a_classification_says_who_when_and_by_which_law(store: Store) -> None:
    Estate(store).show(finding("helper"))
    answers = {"ai_system": "yes", "nexus": "yes", "excluded": "no", "practices": "none", "annex_i": "no"}

    done = record_steps.classify(
        store, "helper", answers | {"annex_iii": "4(a)", "profiling": "yes"}, actor=ALICE, now=NOW
    )

    shown = record_showing.show(store, "helper")
    assert done.outcome.eu_class == "high_annex_iii"
    assert shown.of("risk.eu_class").value == "high_annex_iii"
    assert shown.of("risk.classified_by").value == "alice@laptop"
    assert shown.of("risk.art5_screened_by").value == "alice@laptop"
    assert shown.of("risk.classified_at").value == "2026-11-22"
    assert done.decided.system.oversight.tier == "high"
    assert audits(store) == ["record.classify"]


def test_classifying_again_takes_what_was_answered_and_keeps_a_tier_set_by_hand(store: Store) -> None:
    Estate(store).show(finding("helper"))
    answers = {"ai_system": "yes", "nexus": "yes", "excluded": "no", "practices": "none", "annex_i": "no"}
    plain = answers | {"annex_iii": "none", "art50": "none", "harm": "minor", "decision_role": "none"}
    record_steps.classify(store, "helper", plain, actor=ALICE, now=NOW)
    records.change(store, "helper", {"risk.tier": "critical"}, actor=BOB)

    done = record_steps.classify(store, "helper", {"art50": "interaction"}, actor=ALICE, again=True)

    assert done.outcome.eu_class == "transparency"
    assert done.decided.system.oversight.tier == "critical"
    assert "the tier stays critical, as a person set it; proposed is low" in done.decided.warnings


def test_a_stage_is_entered_with_its_day_and_a_reason(store: Store) -> None:
    Estate(store).show(finding("helper"))

    with pytest.raises(DecisionError, match="takes a reason"):
        record_steps.set_stage(store, "helper", "pilot", actor=ALICE, reason=" ")
    decided = record_steps.set_stage(
        store, "helper", "pilot", actor=ALICE, reason="ten users", day=date(2026, 11, 1), now=NOW
    )

    assert decided.system.oversight.stage == "pilot"
    assert record_showing.show(store, "helper").of("lifecycle.stage_since").value == "2026-11-01"
    assert audits(store) == ["lifecycle.stage"]


def test_all_records_are_read_in_a_few_queries_and_say_the_same(store: Store) -> None:
    Estate(store).show(finding("helper"), finding("desk"))
    records.change(store, "helper", {"oversight.assignees": "ana@acme.example"}, actor=ALICE)

    found = {one.name: one for one in record_showing.show_all(store)}

    assert found["helper"].of("oversight.assignees").value == [{"person": "ana@acme.example"}]
    assert (found["desk"].version, found["helper"].version) == (0, 1)


def test_a_class_to_come_comes_on_its_day(store: Store) -> None:
    Estate(store).show(finding("helper"))
    answers = {"ai_system": "yes", "nexus": "yes", "excluded": "no", "practices": "5(1)(ba)", "annex_i": "no"}
    plain = answers | {"annex_iii": "none", "art50": "none", "harm": "minor", "decision_role": "none"}
    record_steps.classify(store, "helper", plain, actor=ALICE, now=NOW)
    record = kept(store)
    assert record is not None

    before = assembling.oversight(record, "2026-12-01T23:00:00.000000Z", {})
    after = assembling.oversight(record, "2026-12-02T00:00:00.000000Z", {})

    assert (before.eu_class, before.tier) == ("minimal", "high")
    assert (after.eu_class, after.tier) == ("prohibited", "critical")
