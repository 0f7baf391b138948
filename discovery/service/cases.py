"""Show and assign cases: all open alerts of one system as one piece of work, the most severe leading."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from connectors import clock
from discovery.service import case_refs, escalation, inventory, notes, sla
from discovery.service.alert_decisions import AlertAction, Given, check, decide_in
from discovery.service.inventory import AlertFilter
from discovery.service.notes import NoteView, TicketView
from discovery.service.views import AlertView
from normalizer.owners import normal_party
from store import alerts, audit, cases, parties, queries_systems
from store.audit import Entry
from store.queries_assets import At

if TYPE_CHECKING:
    from store import Store
    from store.audit import Actor
    from store.cases import Case
    from store.database import ReadTx

_RANK = {"critical": 0, "high": 1, "medium": 2, "low": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """One case: its leading severity, how many alerts want something, and what is due first."""

    case_id: str
    state: str
    severity: str | None
    system_id: str | None
    system_name: str | None
    alerts: int
    assignee: str | None
    answers: str | None
    opened_at: str
    due_at: str | None
    closed_at: str | None
    tickets: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseDetail:
    """One case with its alerts and what was said about it."""

    case: CaseView
    alerts: Sequence[AlertView]
    notes: Sequence[NoteView]
    tickets: Sequence[TicketView]
    before: Sequence[str]


def list_cases(
    store: Store, *, states: Sequence[str] = (), severity: str | None = None, assignee: str | None = None
) -> list[CaseView]:
    """Return cases, most severe first, then what is due first; ``states`` empty: open ones."""
    with store.read() as tx:
        rows = cases.every(tx.conn, states or (cases.OPEN,))
    found = _views(store, rows)
    who = normal_party(assignee) if assignee else None
    return [
        one
        for one in found
        if severity in (None, one.severity) and (who is None or who in (one.assignee, one.answers))
    ]


def show_case(store: Store, ref: str) -> CaseDetail:
    """Return one case by id, beginning of an id, or system; one that was merged shows who took it."""
    with store.read() as tx:
        one = case_refs.find(tx, ref)
        merged = _merged(tx, one)
    listed = [row for row in _some(store, one) if (row.system_id or cases.ORGANISATION) == one.subject]
    with store.read() as tx:
        about = [one.case_id, one.subject, *merged, *(row.alert_id for row in listed)]
        said, tickets = notes.about(tx, about)
    view = replace(_views(store, [one])[0], tickets=[each.url for each in tickets])
    return CaseDetail(case=view, alerts=listed, notes=said, tickets=tickets, before=merged)


def assign_case(
    store: Store, ref: str, assignee: str, *, actor: Actor, reason: str = "", now: datetime | None = None
) -> CaseDetail:
    """Give a case and all its open alerts to somebody, in one transaction."""
    given = Given(action=AlertAction.ASSIGN, actor=actor, reason=reason, assignee=assignee)
    check(given)
    who = normal_party(assignee)
    with store.write(actor=actor.name, kind="decision") as tx:
        moment = now or clock.from_text(tx.now)
        one = case_refs.find(tx, ref)
        subject = None if one.subject == cases.ORGANISATION else one.subject
        rows = alerts.of_systems(tx.conn, [subject]) if subject else alerts.of_no_system(tx.conn)
        decide_in(tx, [row for row in rows if row.state in alerts.ACTIVE_STATES], given, moment)
        cases.assign(tx.conn, one.case_id, who)
        at = clock.to_text(moment)
        party = parties.ensure(tx.conn, [who], now=at)[who].party_id
        entry = Entry(action="case.assign", object=one.case_id, reason=reason, new={"assignee": party})
        audit.append(tx.conn, actor, entry, at=at)
    return show_case(store, one.case_id)


def _views(store: Store, rows: Sequence[Case]) -> list[CaseView]:
    every = inventory.list_alerts(store) if len(rows) != 1 else _some(store, rows[0])
    by_subject: dict[str, list[AlertView]] = defaultdict(list)
    for row in every:
        by_subject[row.system_id or cases.ORGANISATION].append(row)
    with store.read() as tx:
        ids = {one.subject for one in rows} - {cases.ORGANISATION}
        names = queries_systems.system_names(tx.conn, ids, At())
        leading = {
            one.subject: by_subject[one.subject][0].alert_id for one in rows if by_subject[one.subject]
        }
        who = _answering(tx, leading)
        told = {one.case_id: _urls(tx, one) for one in rows} if len(rows) == 1 else {}
    found = [_view(one, by_subject[one.subject], names, who, told.get(one.case_id, [])) for one in rows]
    return sorted(found, key=lambda one: (_RANK.get(one.severity or "", 9), one.due_at or "9", one.case_id))


def _some(store: Store, one: Case) -> list[AlertView]:
    if one.subject == cases.ORGANISATION:
        return inventory.list_alerts(store)
    return _alerts_of(store, one.subject)


def _alerts_of(store: Store, system_id: str) -> list[AlertView]:
    return inventory.list_alerts(store, AlertFilter(system=system_id))


def _answering(tx: ReadTx, leading: Mapping[str, str]) -> dict[str, str]:
    """Return who is to act on a case: what holds for its leading alert."""
    wanted = set(leading.values())
    rows = [
        row
        for row in alerts.of_systems(tx.conn, set(leading) - {cases.ORGANISATION})
        if row.alert_id in wanted
    ]
    who = escalation.accountable(tx, rows, sla.in_force(tx))
    return {subject: who.get(alert_id, "") for subject, alert_id in leading.items()}


def _view(
    one: Case,
    rows: Sequence[AlertView],
    names: Mapping[str, str],
    who: Mapping[str, str],
    told: Sequence[str],
) -> CaseView:
    is_system = one.subject != cases.ORGANISATION
    due = [row.due_at for row in rows if row.due_at]
    return CaseView(
        case_id=one.case_id,
        state=one.state,
        severity=min((row.severity for row in rows), key=lambda each: _RANK.get(each, 9), default=None),
        system_id=one.subject if is_system else None,
        system_name=names.get(one.subject) if is_system else None,
        alerts=len(rows),
        assignee=one.assignee,
        answers=who.get(one.subject) or None,
        opened_at=one.opened_at,
        due_at=min(due, default=None),
        closed_at=one.closed_at,
        tickets=told,
    )


def _urls(tx: ReadTx, one: Case) -> list[str]:
    return [each.url for each in notes.about(tx, [one.case_id])[1]]


def _merged(tx: ReadTx, one: Case) -> list[str]:
    """Return the cases that this one took."""
    closed = cases.every(tx.conn, (cases.CLOSED,))
    return [each.case_id for each in closed if each.merged_into == one.case_id]
