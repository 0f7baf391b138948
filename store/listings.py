"""Keep the list of scopes true: what a connector lists, what it stopped listing, what nobody configures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from connectors.model import LeftOut, Part, PartStatus, Scope
from connectors.outcome import PartResult
from connectors.secrets import redact
from store.ageing import is_suspicious
from store.assets import refold
from store.bulk import is_one_of
from store.database import Store, WriteTx
from store.partjournal import PartEntry, write_entry
from store.schema import part, run, scope, sighting
from store.scopes import keep_scope
from store.sightings import bump_epoch, end_versions
from store.text import clean, from_json, to_json

LISTING_PART = "scopes"
"""The part under which a connector's own list of scopes is journaled, in a scope of state ``listing``."""

ABSENT_LISTINGS = 2
"""Complete listings without a scope after which it is retired."""

_CHUNK = 2_000
_SCOPES_AT_ONCE = 100


def note_scopes_listing(
    store: Store,
    connector: str,
    instance: str,
    scopes: Sequence[Scope] | None,
    result: PartResult,
    *,
    run_id: str | None = None,
) -> set[str]:
    """Record what ``scopes()`` of an instance gave; return assets to look at again.

    A scope absent from two complete listings is retired and its sightings close; one that is left out, or
    lies beneath one that is, is not absent, and its parts show why. Anything but a complete listing ages
    nothing; one that loses more than half of ten or more is doubted once. ``scopes`` is
    ``None`` when there was no answer at all. With ``run_id`` the listing is journaled in that run.
    """
    keep_scopes(store, scopes or ())
    with store.write(kind="listing") as tx:
        row = keep_scope(tx.conn, _listing_scope(connector, instance), tx.now, state="listing")
        part_no = row.parts[LISTING_PART].part_no
        retired: list[int] = []
        if scopes is not None and result.status is PartStatus.COMPLETE:
            retired = _count_absences(tx, connector, instance, scopes, part_no)
        _note_left_out(tx.conn, scopes or ())
        if run_id is None:
            run_id = _latest_run(tx.conn)
        if run_id is not None:
            write_entry(tx, run_id, part_no, result, PartEntry(closed=len(retired)), filtered=False)
    touched: set[str] = set()
    for scope_no in retired:
        touched |= close_scope(store, scope_no, "scope retired")
    return touched


def keep_scopes(store: Store, scopes: Iterable[Scope]) -> list[int]:
    """Make or refresh the rows of scopes and their parts, some hundred in a transaction."""
    listed, numbers = list(scopes), []
    for start in range(0, len(listed), _SCOPES_AT_ONCE):
        with store.write(kind="scopes") as tx:
            for one in listed[start : start + _SCOPES_AT_ONCE]:
                numbers.append(keep_scope(tx.conn, one, tx.now).scope_no)
    return numbers


def note_unmanaged(store: Store, managed: Collection[tuple[str, str]]) -> list[str]:
    """Mark the scopes of instances that are no longer configured as unmanaged; return their keys.

    ``managed`` are ``(connector, instance)``. Nothing closes: what is known stays and shows as stale. A
    scope that is listed again becomes active by itself.
    """
    with store.write(kind="unmanaged") as tx:
        rows = tx.conn.execute(select(scope).where(scope.c.state == "active")).all()
        gone = [row for row in rows if (row.connector, row.instance) not in managed]
        if gone:
            numbers = [row.scope_no for row in gone]
            tx.conn.execute(
                update(scope).where(is_one_of(tx.conn, scope.c.scope_no, numbers)).values(state="unmanaged")
            )
    return sorted(row.key for row in gone)


def close_scope(store: Store, scope_no: int, reason: str) -> set[str]:
    """Close every sighting of a scope, in short transactions; return the assets they showed."""
    touched: set[str] = set()
    while True:
        with store.write(kind="retire") as tx:
            rows = tx.conn.execute(
                select(sighting.c.sighting_no, sighting.c.asset_id)
                .join(part, part.c.part_no == sighting.c.part_no)
                .where(part.c.scope_no == scope_no, sighting.c.valid_to.is_(None))
                .limit(_CHUNK)
            ).all()
            if not rows:
                return touched
            end_versions(tx, [row.sighting_no for row in rows], reason=reason)
            bump_epoch(tx)
            assets = {row.asset_id for row in rows}
            refold(tx, assets)
            touched |= assets


def _listing_scope(connector: str, instance: str) -> Scope:
    parts = (Part(name=LISTING_PART, kinds=()),)
    return Scope(connector=connector, instance=instance, ids=(), parts=parts, label="list of scopes")


def _note_left_out(conn: Connection, scopes: Iterable[Scope]) -> None:
    """Show on the parts of scopes that are left out, and of those beneath them, why they are."""
    by_reason: dict[LeftOut, list[str]] = {}
    for one in scopes:
        if one.left_out is not None:
            by_reason.setdefault(one.left_out, []).append(one.key)
    for left_out, keys in by_reason.items():
        values = {"last_reason": clean(redact(left_out.reason))}
        if left_out.status is not None:
            values["last_status"] = left_out.status.value
        for start in range(0, len(keys), _SCOPES_AT_ONCE):
            some = keys[start : start + _SCOPES_AT_ONCE]
            beneath = [scope.c.key.startswith(f"{key}/", autoescape=True) for key in some]
            numbers = select(scope.c.scope_no).where(or_(scope.c.key.in_(some), *beneath))
            is_other = or_(*(part.c[name] != value for name, value in values.items()))
            conn.execute(update(part).where(part.c.scope_no.in_(numbers), is_other).values(**values))


def _is_beneath(key: str, left_out: Collection[str]) -> bool:
    pieces = key.split("/")
    return any("/".join(pieces[:size]) in left_out for size in range(2, len(pieces)))


def _count_absences(
    tx: WriteTx, connector: str, instance: str, scopes: Sequence[Scope], part_no: int
) -> list[int]:
    """Count one more absence of what is not listed; return the scopes that are retired by it."""
    listed = {one.key for one in scopes}
    left_out = {one.key for one in scopes if one.left_out is not None}
    same = (scope.c.connector == connector) & (scope.c.instance == instance) & (scope.c.state == "active")
    active = tx.conn.execute(select(scope).where(same).order_by(scope.c.scope_no)).all()
    absent = [row for row in active if row.key not in listed and not _is_beneath(row.key, left_out)]
    fresh = [row for row in absent if not row.absent_listings]
    doubted = _doubted(tx.conn, part_no)
    lost = [row for row in fresh if row.key not in doubted]
    if is_suspicious(sum(not row.absent_listings for row in active), len(lost)):
        _doubt(tx, part_no, [row.key for row in lost])
        absent = [row for row in absent if row not in lost]
    elif doubted:
        _doubt(tx, part_no, [])
    retired = [row for row in absent if row.absent_listings + 1 >= ABSENT_LISTINGS]
    _count(tx, absent, {"absent_listings": scope.c.absent_listings + 1})
    _count(tx, retired, {"state": "retired", "retired_at": tx.now})
    return [row.scope_no for row in retired]


def _count(tx: WriteTx, rows: Sequence[Row[Any]], values: dict[str, Any]) -> None:
    if rows:
        numbers = [row.scope_no for row in rows]
        tx.conn.execute(update(scope).where(is_one_of(tx.conn, scope.c.scope_no, numbers)).values(**values))


def _doubted(conn: Connection, part_no: int) -> set[str]:
    return set(
        from_json(conn.execute(select(part.c.suspect_keys).where(part.c.part_no == part_no)).scalar_one())
    )


def _doubt(tx: WriteTx, part_no: int, keys: list[str]) -> None:
    tx.conn.execute(update(part).where(part.c.part_no == part_no).values(suspect_keys=to_json(keys)))


def _latest_run(conn: Connection) -> str | None:
    running = select(run.c.run_id).where(run.c.state == "running").order_by(run.c.rev.desc()).limit(1)
    return conn.execute(running).scalar()
