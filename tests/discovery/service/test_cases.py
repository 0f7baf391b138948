from __future__ import annotations

from datetime import date

import pytest

from discovery.service import cases, decisions, inventory, notes, system_merging
from discovery.service.alert_bulk import decide_many
from discovery.service.alert_decisions import AlertAction, Given
from discovery.service.errors import DecisionError, NotFound
from discovery.service.inventory import AlertFilter
from discovery.service.oversight_rules import OversightAnswers
from store import Store
from store.audit import Actor
from tests.estate import Estate, finding

BO = Actor(name="bo@acme.example", kind="user", authenticated=True)
DANA = Actor(name="dana@acme.example", kind="user", authenticated=True)


@pytest.fixture
def estate(store: Store) -> Estate:
    one = Estate(store)
    one.show(finding("helper"), finding("scout"))
    return one


def test_a_system_has_one_case_with_all_it_wants(store: Store, estate: Estate) -> None:
    found = cases.list_cases(store)

    assert sorted((one.system_name, one.severity, one.alerts) for one in found) == [
        ("helper", "high", 2),
        ("scout", "high", 2),
    ]
    assert {row.rule for row in cases.show_case(store, "helper").alerts} == {"OWN-01", "OVR-00"}


def test_a_case_closes_with_its_last_alert_and_opens_again_under_its_id(store: Store, estate: Estate) -> None:
    case_id = cases.show_case(store, "helper").case.case_id
    decisions.set_owner(store, "helper", "dana@acme.example", actor=BO)
    answers = OversightAnswers(
        purpose="Helps people at work to find the right form.",
        data_categories=("internal",),
        mode="in_the_loop",
        description="A person reads every answer before it is used.",
        next_review=date(2099, 1, 1),
    )
    decisions.record_oversight(store, "helper", answers, actor=BO)
    closed = cases.show_case(store, "helper").case
    decisions.withdraw_oversight(store, "helper", actor=BO, reason="changed")

    again = cases.show_case(store, "helper").case

    assert (closed.state, closed.alerts, closed.case_id) == ("closed", 0, case_id)
    assert (again.state, again.closed_at, again.case_id) == ("open", None, case_id)


def test_assigning_a_case_assigns_its_alerts(store: Store, estate: Estate) -> None:
    done = cases.assign_case(store, "helper", "Dana@Acme.example", actor=BO)

    assert done.case.assignee == "dana@acme.example"
    assert {(row.state, row.assignee) for row in done.alerts} == {("assigned", "dana@acme.example")}
    assert [one.system_name for one in cases.list_cases(store, assignee="dana@acme.example")] == ["helper"]
    assert decisions.verify_audit(store).ok


def test_a_case_of_a_merged_system_leads_to_the_one_that_took_it(store: Store, estate: Estate) -> None:
    before = {one.system_name: one.case_id for one in cases.list_cases(store)}
    notes.comment(store, before["scout"], "asked the team", actor=BO)

    system_merging.merge(store, "scout", "helper", actor=BO, reason="one thing")

    (left,) = cases.list_cases(store)
    gone = next(one for one in before.values() if one != left.case_id)
    assert cases.show_case(store, gone).case.case_id == left.case_id
    assert [one.body for one in cases.show_case(store, gone).notes] == ["asked the team"]


def test_an_unknown_case_is_told(store: Store, estate: Estate) -> None:
    with pytest.raises(NotFound, match="no case"):
        cases.show_case(store, "cas_nothing")


def test_many_are_counted_before_they_are_moved(store: Store, estate: Estate) -> None:
    given = Given(action=AlertAction.ACKNOWLEDGE, actor=BO)
    wanted = AlertFilter(rule="OWN-01")

    counted = decide_many(store, wanted, given, dry_run=True)
    states = {one.state for one in inventory.list_alerts(store)}
    moved = decide_many(store, wanted, given)

    assert (counted.moved, counted.by_severity, states) == (2, {"high": 2}, {"open"})
    assert moved.moved == 2
    assert {one.state for one in inventory.list_alerts(store, wanted)} == {"acknowledged"}
    assert decisions.verify_audit(store).entries == 2


def test_what_cannot_be_moved_stays_and_is_told(store: Store, estate: Estate) -> None:
    given = Given(action=AlertAction.REOPEN, actor=BO, reason="look again")

    done = decide_many(store, AlertFilter(rule="OWN-01"), given)

    assert done.moved == 0
    assert all("is open already" in why for why in done.refused.values())
    assert len(done.refused) == 2


def test_a_decision_on_many_needs_what_one_needs(store: Store, estate: Estate) -> None:
    with pytest.raises(DecisionError, match="takes a reason"):
        decide_many(store, AlertFilter(), Given(action=AlertAction.SUPPRESS, actor=BO))


def test_comments_are_edited_but_never_lost(store: Store, estate: Estate) -> None:
    first = notes.comment(store, "helper", "asked the taem", actor=BO).note_id
    notes.comment(store, "helper", "asked the team", actor=BO, edits=first)
    system_id = inventory.get_system(store, "helper").system_id

    with store.read() as tx:
        (said,), _ = notes.about(tx, [system_id])

    assert (said.body, said.edits) == ("asked the team", ("asked the taem",))
    with pytest.raises(DecisionError, match="only who wrote"):
        notes.comment(store, "helper", "no", actor=DANA, edits=first)
    with pytest.raises(DecisionError, match="characters"):
        notes.comment(store, "helper", " ", actor=BO)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://x.example/1",
        "javascript:alert(1)",
        "https://u:p@x.example/1",
        "https://x.example/\n"[:-1] + "\x1b",
    ],
)
def test_what_is_no_ticket_is_refused(store: Store, estate: Estate, url: str) -> None:
    with pytest.raises(DecisionError, match="address of a ticket"):
        notes.link(store, "helper", url, actor=BO)


def test_a_ticket_is_linked_once_and_can_be_taken_away(store: Store, estate: Estate) -> None:
    url = "https://tickets.acme.example/AI-7"
    case_id = cases.show_case(store, "helper").case.case_id

    both = [notes.link(store, case_id, url, actor=BO) for _ in range(2)]
    linked = cases.show_case(store, "helper").case.tickets
    notes.unlink(store, case_id, url, actor=BO)

    assert (both, linked) == ([True, False], [url])
    assert cases.show_case(store, "helper").case.tickets == []


def test_a_ticket_is_open_until_somebody_says_it_is_closed(store: Store, estate: Estate) -> None:
    url = "https://tickets.acme.example/AI-7"
    notes.link(store, "helper", url, actor=BO)

    both = [notes.set_ticket(store, "helper", url, "closed", actor=BO) for _ in range(2)]
    _, tickets = notes.said_about(store, "helper")

    assert both == [True, False]
    assert [(one.url, one.state, one.state_at is not None) for one in tickets] == [(url, "closed", True)]
    assert {row.state for row in cases.show_case(store, "helper").alerts} == {"open"}
    with pytest.raises(NotFound, match=r"not linked.*Linked are: https://tickets"):
        notes.set_ticket(store, "helper", "https://tickets.acme.example/AI-8", "closed", actor=BO)
