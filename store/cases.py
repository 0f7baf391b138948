"""Keep cases: one for each system (or the organisation) that has alerts which want something.

A case opens with the first of them, closes with the last, and opens again under its old id. When its system
is merged into another it says which case took it; the ids of both stay good.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from normalizer import ids
from store.bulk import insert_rows, is_one_of
from store.schema import alert, alert_case, system_alias
from store.temporal import chunks

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.alerts import Change

ORGANISATION = "organisation"
"""The subject of alerts that are of no system."""
OPEN, CLOSED = "open", "closed"
_ACTIVE = ("open", "acknowledged", "assigned", "in_review")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case as it stands; ``subject`` is a system's id; times are UTC texts."""

    case_id: str
    subject: str
    state: str
    opened_at: str
    closed_at: str | None
    assignee: str | None
    merged_into: str | None


def homes(conn: Connection, changes: Sequence[Change]) -> dict[str, str]:
    """Return whose the changed alerts were before, by alert; call it before they are written."""
    subject = func.coalesce(alert.c.system_id, ORGANISATION)
    return {
        row.alert_id: row.subject
        for chunk in chunks(sorted(one.row.alert_id for one in changes if one.from_state))
        for row in conn.execute(
            select(alert.c.alert_id, subject.label("subject")).where(is_one_of(conn, alert.c.alert_id, chunk))
        )
    }


def follow(conn: Connection, now: str, changes: Sequence[Change], before: Mapping[str, str]) -> None:
    """Open and close the cases of the alerts that were changed; call it after they are written."""
    after = {one.row.alert_id: one.row.system_id or ORGANISATION for one in changes}
    subjects = {*after.values(), *before.values()}
    busy = _busy(conn, subjects)
    known = {one.subject: one for one in of_subjects(conn, subjects)}
    fresh = sorted(busy - known.keys())
    new = dict(zip(fresh, ids.mint_block("cas", len(fresh)), strict=True))
    names = ("case_id", "subject", "state", "opened_at")
    insert_rows(conn, alert_case, names, [(new[one], one, OPEN, now) for one in fresh])
    again = [one.case_id for one in known.values() if one.state == CLOSED and one.subject in busy]
    _set(conn, again, {"state": OPEN, "closed_at": None, "merged_into": None})
    over = [one for one in known.values() if one.state == OPEN and one.subject not in busy]
    _set(conn, [one.case_id for one in over], {"state": CLOSED, "closed_at": now})
    _note_mergers(conn, over)


def _note_mergers(conn: Connection, closed: Sequence[Case]) -> None:
    """Say of closed cases whose system was merged which case goes on with theirs."""
    by_subject = {one.subject: one for one in closed}
    aliases = select(system_alias).where(is_one_of(conn, system_alias.c.alias_id, sorted(by_subject)))
    homes = {row.alias_id: row.system_id for row in conn.execute(aliases)} if by_subject else {}
    taking = {one.subject: one.case_id for one in of_subjects(conn, set(homes.values()))}
    for alias, home in homes.items():
        if home in taking:
            _set(conn, [by_subject[alias].case_id], {"merged_into": taking[home]})


def of_subjects(conn: Connection, subjects: Collection[str]) -> list[Case]:
    """Return the cases of systems, by subject."""
    return [
        Case(**row._mapping)
        for chunk in chunks(sorted(subjects))
        for row in conn.execute(
            select(alert_case)
            .where(is_one_of(conn, alert_case.c.subject, chunk))
            .order_by(alert_case.c.subject)
        )
    ]


def every(conn: Connection, states: Collection[str]) -> list[Case]:
    """Return the cases in these states, by id."""
    query = select(alert_case).where(alert_case.c.state.in_(sorted(states))).order_by(alert_case.c.case_id)
    return [Case(**row._mapping) for row in conn.execute(query)]


def matching(conn: Connection, ref: str) -> list[Case]:
    """Return the cases whose id begins like this, a few at most."""
    query = select(alert_case).where(alert_case.c.case_id.startswith(ref, autoescape=True))
    return [Case(**row._mapping) for row in conn.execute(query.order_by(alert_case.c.case_id).limit(5))]


def assign(conn: Connection, case_id: str, assignee: str) -> None:
    """Give a case to somebody."""
    _set(conn, [case_id], {"assignee": assignee})


def _busy(conn: Connection, subjects: Collection[str]) -> set[str]:
    """Return which of the subjects have alerts that want something."""
    found = {
        one
        for chunk in chunks(sorted(set(subjects) - {ORGANISATION}))
        for one in conn.execute(
            select(alert.c.system_id)
            .where(is_one_of(conn, alert.c.system_id, chunk), alert.c.state.in_(_ACTIVE))
            .distinct()
        ).scalars()
    }
    if ORGANISATION in subjects:
        loose = select(alert.c.alert_id).where(alert.c.system_id.is_(None), alert.c.state.in_(_ACTIVE))
        found |= {ORGANISATION} if conn.execute(loose.limit(1)).first() else set()
    return found


def _set(conn: Connection, case_ids: Sequence[str], values: Mapping[str, str | None]) -> None:
    for chunk in chunks(case_ids):
        which = is_one_of(conn, alert_case.c.case_id, chunk)
        conn.execute(alert_case.update().where(which).values(dict(values)))
