from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from discovery.service import (
    attestation,
    attestation_status,
    decisions,
    inventory,
    records,
    system_merging,
)
from discovery.service.attestation import Answer, CampaignFilter
from discovery.service.errors import DecisionError, NotFound
from store import Store
from store.audit import Actor
from tests.estate import ALICE, Estate, finding

KEY = b"a key of more than sixteen characters"
ANA, BO = "ana@acme.example", "bo@acme.example"
ANA_ACTS = Actor(name=ANA, kind="user", authenticated=True)
ALL = CampaignFilter(states=("candidate",))


@pytest.fixture
def asked(store: Store) -> Store:
    Estate(store).show(finding("helper"), finding("scout"))
    decisions.set_owner(store, "helper", ANA, actor=ALICE)
    attestation.start(store, "Q4", actor=ALICE, filters=ALL)
    return store


def states(store: Store, now: datetime | None = None) -> dict[str, str]:
    return {one.system_name: one.state for one in attestation_status.status(store, "Q4", now=now)}


def say(store: Store, decision: str, system: str = "helper", **more: object) -> None:
    given = Answer(decision=decision, **more)  # type: ignore[arg-type]
    attestation.answer(store, "Q4", system, given, actor=ANA_ACTS, key=KEY)


def test_every_system_is_asked_about_and_the_accepted_owner_is_asked(asked: Store) -> None:
    items = attestation_status.status(asked, "Q4")

    assert [(one.system_name, one.party, one.state) for one in items] == [
        ("helper", ANA, "open"),
        ("scout", None, "open"),
    ]


def test_a_confirmation_is_kept_signed_and_sets_the_next_day_by_tier(asked: Store) -> None:
    say(asked, "confirm")

    ((system_id, statement, fits),) = attestation_status.statements(asked, "Q4", KEY)
    told = json.loads(statement)
    assert (system_id, fits) == (inventory.get_system(asked, "helper").system_id, True)
    assert (told["decision"], told["answers"]["data"], told["authenticated"]) == ("confirm", True, True)
    assert states(asked) == {"helper": "confirm", "scout": "open"}
    assert days_ahead(asked, "helper") == 180


def days_ahead(store: Store, system: str) -> int:
    from discovery.service import record_showing

    view = record_showing.show(store, system)
    day = datetime.fromisoformat(str(view.of("reviews.attestation_due_at").value)).date()
    return (day - datetime.now(UTC).date()).days


def test_a_signed_statement_names_nobody_by_address(asked: Store) -> None:
    say(asked, "correct", wrong=("owner",), reason=f"ask {BO} instead")

    ((_, statement, fits),) = attestation_status.statements(asked, "Q4", KEY)

    assert (BO in statement, "ask pty_" in statement, fits) == (False, True, True)


def test_another_key_does_not_fit_the_signature(asked: Store) -> None:
    say(asked, "confirm")

    ((_, _, fits),) = attestation_status.statements(asked, "Q4", b"another key of sixteen or more")

    assert not fits


def test_silence_is_unattested_and_never_yes(asked: Store) -> None:
    after = datetime.now(UTC) + timedelta(days=16)

    assert states(asked, after) == {"helper": "unattested", "scout": "unattested"}
    (one,) = attestation_status.listed(asked, now=after)
    assert (one.answered, one.open, one.unattested) == (0, 0, 2)


def test_an_answer_is_given_once(asked: Store) -> None:
    say(asked, "confirm")

    with pytest.raises(DecisionError, match="was answered on"):
        say(asked, "correct", reason="changed my mind", wrong=("data",))


def test_what_is_wrong_is_not_confirmed(asked: Store) -> None:
    with pytest.raises(DecisionError, match="cannot be confirmed"):
        say(asked, "confirm", wrong=("data",))
    with pytest.raises(DecisionError, match="takes a reason"):
        say(asked, "correct", wrong=("data",))

    assert states(asked)["helper"] == "open"


def test_one_that_is_not_mine_loses_its_owner(asked: Store) -> None:
    say(asked, "not_mine", reason="belongs to sales")

    assert inventory.get_system(asked, "helper").owner is None


def test_who_is_delegated_to_is_asked_until_the_same_day(asked: Store) -> None:
    before = attestation_status.status(asked, "Q4")[0]

    attestation.delegate(asked, "Q4", "helper", BO, actor=ANA_ACTS, key=KEY)

    after = attestation_status.status(asked, "Q4")[0]
    assert (after.party, after.state, after.due_on) == (BO, "open", before.due_on)


@pytest.mark.parametrize(
    ("days", "remind"), [(0, True), (1, False), (7, True), (10, True), (13, True), (14, True), (15, False)]
)
def test_who_has_not_answered_is_reminded_on_certain_days(asked: Store, days: int, remind: bool) -> None:
    day = datetime.now(UTC) + timedelta(days=days)

    assert {one.remind for one in attestation_status.status(asked, "Q4", now=day)} == {remind}


def test_a_system_that_changed_since_it_was_asked_about_is_marked(asked: Store) -> None:
    decisions.set_owner(asked, "scout", BO, actor=ALICE)

    changed = {one.system_name: one.changed for one in attestation_status.status(asked, "Q4")}

    assert changed == {"helper": False, "scout": True}


def test_a_system_that_became_part_of_another_is_answered_for_there(asked: Store) -> None:
    system_merging.merge(asked, "helper", "scout", actor=ALICE, reason="one product")

    say(asked, "confirm", "scout")
    say(asked, "confirm", "scout")

    items = attestation_status.status(asked, "Q4")
    assert [(one.system_name, one.state) for one in items] == [("scout", "confirm"), ("scout", "confirm")]
    with pytest.raises(DecisionError, match="was answered on"):
        say(asked, "confirm", "scout")


def test_a_campaign_needs_a_name_of_its_own_and_systems(asked: Store) -> None:
    with pytest.raises(DecisionError, match="already"):
        attestation.start(asked, "Q4", actor=ALICE, filters=ALL)
    with pytest.raises(DecisionError, match="no system fits"):
        attestation.start(asked, "Q5", actor=ALICE)
    with pytest.raises(DecisionError, match="out of bounds"):
        attestation.start(asked, "Q5", actor=ALICE, filters=ALL, days=0)
    with pytest.raises(NotFound, match="no campaign 'Q9'"):
        attestation_status.status(asked, "Q9")


def test_where_nobody_could_be_asked_it_is_not_theirs_who_answer_for_it_now(asked: Store) -> None:
    decisions.set_owner(asked, "scout", ANA, actor=ALICE)

    say(asked, "not_mine", "scout", reason="never was")

    assert inventory.get_system(asked, "scout").owner is None


def test_one_that_is_not_mine_leaves_whoever_answers_for_it_since(asked: Store) -> None:
    decisions.set_owner(asked, "helper", BO, actor=ALICE)

    given = Answer(decision="not_mine", reason="since Monday")
    decided = attestation.answer(asked, "Q4", "helper", given, actor=ANA_ACTS, key=KEY)

    assert decided.warnings == [f"no ownership ended: {BO} answers for it since"]
    assert decided.system.owner == BO


def test_nobody_proven_to_be_another_answers_for_who_was_asked(asked: Store) -> None:
    other = Actor(name=BO, kind="user", authenticated=True)

    with pytest.raises(DecisionError, match=f"{ANA}' was asked, not '{BO}'.*attest delegate Q4"):
        attestation.answer(asked, "Q4", "helper", Answer(decision="confirm"), actor=other, key=KEY)

    assert states(asked)["helper"] == "open"


@pytest.mark.parametrize(("days", "reminded"), [(0, True), (1, False), (7, True), (10, True), (30, True)])
def test_reminders_count_from_the_day_of_the_question(store: Store, days: int, reminded: bool) -> None:
    Estate(store).show(finding("helper"))
    attestation.start(store, "long", actor=ALICE, filters=ALL, days=30)

    (one,) = attestation_status.status(store, "long", now=datetime.now(UTC) + timedelta(days=days))

    assert one.remind is reminded


def reasons(store: Store, now: datetime | None = None) -> dict[str, list[str]]:
    return {one.system_name: one.reasons for one in attestation.due(store, ALL, now=now)}


def test_what_was_never_confirmed_is_due_unless_it_is_asked_about_now(asked: Store) -> None:
    later = datetime.now(UTC) + timedelta(days=30)

    assert reasons(asked) == {}
    assert reasons(asked, later) == {
        "helper": ["its owner never confirmed it"],
        "scout": ["its owner never confirmed it"],
    }


def test_a_day_that_comes_and_what_happened_since_call_for_the_owner_again(asked: Store) -> None:
    say(asked, "confirm")
    before = reasons(asked)
    now = datetime.now(UTC)
    decisions.set_owner(asked, "helper", BO, actor=ALICE)
    records.change(
        asked,
        "helper",
        {
            "third_parties": [{"name": "Acme Models", "role": "model"}],
            "incidents": [{"at": now.date().isoformat(), "severity": "high"}],
        },
        actor=ALICE,
    )

    after = reasons(asked, now + timedelta(days=1))
    in_time = reasons(asked, now + timedelta(days=170))

    assert (before, after["helper"]) == ({}, ["another owner since", "other suppliers since"])
    assert in_time["helper"][0].startswith("due on ")


def test_a_campaign_may_ask_only_about_what_is_due(asked: Store) -> None:
    say(asked, "confirm")
    due = CampaignFilter(states=("candidate",), is_due=True)
    later = datetime.now(UTC) + timedelta(days=30)

    attestation.start(asked, "again", actor=ALICE, filters=due, now=later)

    assert [one.system_name for one in attestation_status.status(asked, "again")] == ["scout"]
    with pytest.raises(DecisionError, match="no system is due"):
        attestation.start(asked, "more", actor=ALICE, filters=due, now=later)
