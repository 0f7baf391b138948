from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from discovery.service import decisions, inventory
from discovery.service.decisions import Ambiguous, DecisionError, NotFound, OversightAnswers, OwnerRole
from store import Store, schema
from tests.estate import ALICE, Estate, code, finding, hint

TODAY = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def audit_actions(store: Store) -> list[str]:
    with store.read() as tx:
        return list(tx.conn.execute(select(schema.audit.c.action).order_by(schema.audit.c.seq)).scalars())


def test_an_owner_is_set_and_accepted_by_the_actor(store: Store) -> None:
    Estate(store).show(finding("helper"))

    decided = decisions.set_owner(store, "helper", "Ana@Acme.example", actor=ALICE, reason="asked her")

    assert decided.system.owner == "ana@acme.example"
    assert decided.alerts_resolved == 1
    assert audit_actions(store) == ["owner.set"]
    assert decisions.verify_audit(store).ok


def test_there_is_one_accountable_owner(store: Store) -> None:
    Estate(store).show(finding("helper"))
    decisions.set_owner(store, "helper", "ana@acme.example", actor=ALICE)

    decided = decisions.set_owner(store, "helper", "bo@acme.example", actor=ALICE)

    assert decided.system.owner == "bo@acme.example"
    assert decided.warnings[0] == "ana@acme.example no longer answers for it"


def test_other_roles_do_not_close_the_owner_gap(store: Store) -> None:
    Estate(store).show(finding("helper"))

    decided = decisions.set_owner(store, "helper", "ana@acme.example", actor=ALICE, role=OwnerRole.TECHNICAL)

    assert decided.system.owner is None
    assert decided.alerts_resolved == 0


def test_a_bot_cannot_be_named(store: Store) -> None:
    Estate(store).show(finding("helper"))

    with pytest.raises(DecisionError, match="cannot answer"):
        decisions.set_owner(store, "helper", "dependabot[bot]", actor=ALICE)
    assert audit_actions(store) == []


def test_the_only_candidate_is_accepted_without_a_name(store: Store) -> None:
    Estate(store).show(code("openai", owner_hints=(hint("@acme/bots"),)))

    decided = decisions.accept_owner(store, "bot", actor=ALICE)

    assert decided.system.owner == "@acme/bots"
    assert decided.system.owner_candidates == []


def test_close_candidates_must_be_named(store: Store) -> None:
    hints = (hint("ana@acme.example"), hint("bo@acme.example"))
    Estate(store).show(code("openai", owner_hints=hints))

    with pytest.raises(Ambiguous, match=r"ana@acme\.example .*bo@acme\.example"):
        decisions.accept_owner(store, "bot", actor=ALICE)
    decided = decisions.accept_owner(store, "bot", actor=ALICE, candidate="BO@acme.example")

    assert decided.system.owner == "bo@acme.example"


def test_a_declined_candidate_is_not_named_again(store: Store) -> None:
    estate = Estate(store)
    estate.show(code("openai", owner_hints=(hint("ana@acme.example"),)))

    decisions.decline_owner(store, "bot", "ana@acme.example", actor=ALICE, reason="moved to another team")
    estate.show(code("openai", owner_hints=(hint("ana@acme.example", confidence=0.7),)))

    system = inventory.get_system(store, "bot")
    assert system.owner is None
    assert system.owner_candidates == []


def test_candidates_and_names_that_are_not_there_say_so(store: Store) -> None:
    Estate(store).show(finding("helper"))

    with pytest.raises(DecisionError, match="no evidence"):
        decisions.accept_owner(store, "helper", actor=ALICE)
    with pytest.raises(NotFound, match="is no candidate"):
        decisions.accept_owner(store, "helper", actor=ALICE, candidate="ana@acme.example")
    with pytest.raises(NotFound, match="no system"):
        decisions.set_owner(store, "nothing", "ana@acme.example", actor=ALICE)
    with pytest.raises(DecisionError, match="no accepted accountable owner"):
        decisions.withdraw_owner(store, "helper", actor=ALICE, reason="left")


def test_withdrawing_opens_the_gap_and_needs_a_reason(store: Store) -> None:
    Estate(store).show(finding("helper"))
    decisions.set_owner(store, "helper", "ana@acme.example", actor=ALICE)

    with pytest.raises(DecisionError, match="takes a reason"):
        decisions.withdraw_owner(store, "helper", actor=ALICE, reason=" ")
    decided = decisions.withdraw_owner(store, "helper", actor=ALICE, reason="left the company")

    assert decided.system.owner is None
    assert decided.alerts_opened == 1


def answers(**changes: object) -> OversightAnswers:
    values: dict[str, object] = {
        "purpose": "Answers customers about their orders in the chat window.",
        "data_categories": ("personal", "financial"),
        "mode": "in_the_loop",
        "description": "A person approves every answer.",
        "next_review": date(2027, 5, 1),
    }
    return OversightAnswers(**(values | changes))  # type: ignore[arg-type]


def test_a_record_with_all_answers_is_complete(store: Store) -> None:
    Estate(store).show(finding("helper"))

    record = decisions.record_oversight(store, "helper", answers(), actor=ALICE, now=TODAY).system.oversight

    assert (record.state, record.complete, record.missing) == ("complete", True, [])
    assert record.data_categories == ["financial", "personal"]
    assert (record.next_review, record.confirmed_by) == ("2027-05-01", "alice@laptop")


def test_a_partial_record_is_kept_says_what_it_lacks_and_is_finished_later(store: Store) -> None:
    Estate(store).show(finding("helper"))

    first = decisions.record_oversight(store, "helper", answers(mode=None, next_review=None), actor=ALICE)
    second = decisions.record_oversight(
        store, "helper", OversightAnswers(mode="post_hoc", next_review=date(2027, 5, 1)), actor=ALICE
    )

    assert first.system.oversight.missing == ["mode", "next_review"]
    assert first.system.oversight.state == "incomplete"
    assert any("mode is not answered" in one for one in first.warnings)
    assert second.system.oversight.complete
    assert second.system.oversight.purpose == answers().purpose


def test_a_short_purpose_is_kept_with_a_warning(store: Store) -> None:
    Estate(store).show(finding("helper"))

    decided = decisions.record_oversight(store, "helper", answers(purpose="chat"), actor=ALICE)

    assert decided.system.oversight.complete
    assert any("purpose is short" in one for one in decided.warnings)


def test_all_mistakes_in_a_record_are_named_at_once(store: Store) -> None:
    Estate(store).show(finding("helper"))
    wrong = answers(
        mode="sometimes", data_categories=("secret",), next_review=date(2026, 11, 22), purpose=" "
    )

    with pytest.raises(DecisionError) as caught:
        decisions.record_oversight(store, "helper", wrong, actor=ALICE, now=TODAY)

    text = str(caught.value)
    assert all(part in text for part in ("'sometimes'", "'secret'", "not in the future", "purpose is empty"))
    assert inventory.get_system(store, "helper").oversight.state == "none"


def test_today_is_the_organisations_day(store: Store) -> None:
    Estate(store).show(finding("helper"))
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    tomorrow_utc = answers(next_review=date(2026, 11, 23))

    assert decisions.record_oversight(store, "helper", tomorrow_utc, actor=ALICE, now=late).system
    with pytest.raises(DecisionError, match="not in the future"):
        decisions.record_oversight(
            store, "helper", tomorrow_utc, actor=ALICE, now=late, timezone="Europe/Berlin"
        )


def test_a_secret_in_an_answer_is_dropped(store: Store) -> None:
    Estate(store).show(finding("helper"))
    leaky = answers(description="uses sk-proj-abcdefghijklmnop1234567 for now")

    decided = decisions.record_oversight(store, "helper", leaky, actor=ALICE)

    assert decided.system.oversight.description == "uses [redacted] for now"


def test_a_withdrawn_record_stays_readable(store: Store) -> None:
    Estate(store).show(finding("helper"))
    decisions.record_oversight(store, "helper", answers(), actor=ALICE)

    record = decisions.withdraw_oversight(
        store, "helper", actor=ALICE, reason="wrong system"
    ).system.oversight

    assert (record.state, record.complete, record.purpose) == ("withdrawn", False, answers().purpose)
    with pytest.raises(DecisionError, match="no oversight record"):
        decisions.withdraw_oversight(store, "helper", actor=ALICE, reason="again")


def test_decisions_are_read_back_as_of_a_moment(store: Store) -> None:
    Estate(store).show(finding("helper"))
    before = datetime.now(UTC)
    decisions.set_owner(store, "helper", "ana@acme.example", actor=ALICE)
    between = datetime.now(UTC)
    decisions.withdraw_owner(store, "helper", actor=ALICE, reason="left")

    owners = [inventory.get_system(store, "helper", as_of=at).owner for at in (before, between, None)]

    assert owners == [None, "ana@acme.example", None]


def test_every_decision_is_one_revision_with_its_entry(store: Store) -> None:
    Estate(store).show(finding("helper"))

    decisions.set_owner(store, "helper", "ana@acme.example", actor=ALICE)
    decisions.record_oversight(store, "helper", answers(), actor=ALICE, now=TODAY + timedelta(days=1))
    decisions.withdraw_oversight(store, "helper", actor=ALICE, reason="r")

    with store.read() as tx:
        kinds = tx.conn.execute(select(schema.revision.c.actor).where(schema.revision.c.kind == "decision"))
        assert list(kinds.scalars()) == ["alice@laptop"] * 3
    assert audit_actions(store) == ["owner.set", "oversight.record", "oversight.withdraw"]


def test_a_run_of_which_nothing_is_in_doubt_is_not_accepted_and_nothing_is_written(store: Store) -> None:
    Estate(store).show(finding("helper"))

    with pytest.raises(DecisionError, match=r"nothing that run_.* lost is in doubt"):
        decisions.accept_run(store, "latest", actor=ALICE, reason="moved away")

    assert audit_actions(store) == []


def test_a_suspect_run_is_accepted_with_its_reason(store: Store) -> None:
    estate = Estate(store)
    estate.show(*(finding(f"bot{number}") for number in range(10)))
    estate.show()

    decisions.accept_run(store, "latest", actor=ALICE, reason="moved away")

    with store.read() as tx:
        states = set(
            tx.conn.execute(select(schema.asset.c.state).where(schema.asset.c.valid_to.is_(None))).scalars()
        )
    assert states == {"missing"}
    assert audit_actions(store) == ["run.accept"]
