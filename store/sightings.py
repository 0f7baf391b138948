"""Read and write versions of sightings.

A row is one version. What changes closes the row and opens another; what stays is not touched. Every
function works inside the caller's write transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Update,
    bindparam,
    case,
    func,
    insert,
    literal,
    null,
    select,
    update,
)

from normalizer.fold import AssetState, Sighted
from store.arrivals import FOLDED, SIGHTING_COLUMNS, sighted_of, state_of
from store.bulk import is_one_of, listed, one_of_listed
from store.database import WriteTx
from store.schema import meta, part, scope, sighting

SightKey = tuple[str, ...]
"""What names a sighting inside its part: namespace, key, and the class of its ref if that does not drive."""

_EPOCH = "sightings_epoch"
# Asked for every part: made once.
_EPOCH_KEPT = select(meta.c.value).where(meta.c.key == _EPOCH)
_LAST_NUMBER = select(func.max(sighting.c.sighting_no))
_COPIED = (
    *("part_no", "asset_id", "namespace", "key", "fingerprint", "kind", "provider", "name", "grade"),
    *("role", "ref", "drives", "details", "account", "region", "application", "model", "created_at"),
    *("payload", "opened_at"),
)


class Open(NamedTuple):
    """An open sighting, as much of it as deciding needs."""

    sighting_no: int
    namespace: str
    key: str
    fingerprint: str
    asset_id: str
    opened_at: str
    last_seen_at: str | None
    suspect_at: str | None
    missing_at: str | None
    drives: bool
    ref: str

    @property
    def state(self) -> AssetState:
        """Return whether it is present, suspect or missing."""
        return state_of(self.suspect_at, self.missing_at)

    @property
    def ref_class(self) -> str:
        """Return the group of refs within which it ages: empty for those that drive."""
        return ref_class(self.ref, drives=bool(self.drives))


def ref_class(ref: str, *, drives: bool) -> str:
    """Return the group of refs within which sightings open and age: empty for all that drive."""
    return "" if drives else f"~{ref}"


def sight_key(namespace: str, key: str, group: str) -> SightKey:
    """Return what a sighting is known by inside its part."""
    return (namespace, key, group) if group else (namespace, key)


def load_open(conn: Connection, part_no: int) -> dict[SightKey, Open]:
    """Return the open sightings of a part."""
    found: dict[SightKey, Open] = {}
    for row in conn.execute(_open_of_part(), {"part": part_no}).all():
        one = Open._make(row)
        key = (one.namespace, one.key) if one.drives else (one.namespace, one.key, one.ref_class)
        found[key] = one
    return found


def shows_any(conn: Connection, part_numbers: Sequence[int]) -> bool:
    """Say whether any sighting of these parts is open."""
    # Ordered, so that no planner reads the whole table in the hope of an early hit.
    query = select(sighting.c.part_no).where(sighting.c.valid_to.is_(None))
    query = query.order_by(sighting.c.part_no).limit(1)
    return conn.execute(query.where(is_one_of(conn, sighting.c.part_no, part_numbers))).first() is not None


def parts_showing(conn: Connection, scope_key: str) -> frozenset[str]:
    """Return the names of a scope's parts that show anything: most parts of most scopes are empty."""
    parts = select(part.c.part_no, part.c.name).join(scope, scope.c.scope_no == part.c.scope_no)
    names = {row.part_no: row.name for row in conn.execute(parts.where(scope.c.key == scope_key)).all()}
    numbers = sighting.c.part_no
    query = (
        select(numbers).distinct().where(sighting.c.valid_to.is_(None), is_one_of(conn, numbers, [*names]))
    )
    return frozenset(names[number] for number in conn.execute(query).scalars())


@cache
def _open_of_part() -> Select[Any]:
    columns = (sighting.c[name] for name in Open._fields)
    return select(*columns).where(sighting.c.part_no == bindparam("part"), sighting.c.valid_to.is_(None))


def next_number(conn: Connection) -> int:
    """Return the first free row number; the write lock keeps it free."""
    return (conn.execute(_LAST_NUMBER).scalar() or 0) + 1


def end_versions(tx: WriteTx, numbers: Sequence[int], *, reason: str | None = None) -> None:
    """Close row versions; with a ``reason`` the sightings themselves are closed."""
    if not numbers:
        return
    values: dict[str, Any] = {"rev": tx.rev, "listed": listed(numbers)}
    if reason is not None:
        values |= {"now": tx.now, "reason": reason}
    tx.conn.execute(_ending(tx.conn.dialect.name, reason is not None), values)


@cache
def _ending(dialect: str, for_good: bool) -> Update:
    values: dict[str, Any] = {"valid_to": bindparam("rev")}
    if for_good:
        values |= {"closed_at": bindparam("now"), "close_reason": bindparam("reason")}
    return update(sighting).where(one_of_listed(dialect, sighting.c.sighting_no)).values(values)


def restate(
    tx: WriteTx,
    numbers: Iterable[int],
    *,
    state: AssetState,
    complete_at: str | None = None,
    held: bool = False,
) -> None:
    """Write new versions of rows with another state.

    ``complete_at`` is the part's last complete time before this one: until then the thing was seen.
    ``held`` keeps a present sighting present although it could not be looked at.
    """
    _copy(tx, numbers, _marks(tx, state, complete_at, held))


def reassign(tx: WriteTx, numbers: Iterable[int], asset_id: str) -> None:
    """Write new versions of rows that show another asset, with all else as it was."""
    marks = {name: sighting.c[name] for name in ("last_seen_at", "suspect_at", "missing_at")}
    _copy(tx, numbers, {**marks, "asset_id": literal(asset_id)})


def _copy(tx: WriteTx, numbers: Iterable[int], changes: dict[str, Any]) -> None:
    ordered = sorted(numbers)
    if not ordered:
        return
    rank = func.row_number().over(order_by=sighting.c.sighting_no)
    values: dict[str, Any] = {name: sighting.c[name] for name in _COPIED}
    values |= {"sighting_no": rank + (next_number(tx.conn) - 1), "valid_from": literal(tx.rev)} | changes
    source = select(*values.values()).where(is_one_of(tx.conn, sighting.c.sighting_no, ordered))
    tx.conn.execute(insert(sighting).from_select(list(values), source))
    end_versions(tx, ordered)


def _marks(tx: WriteTx, state: AssetState, complete_at: str | None, held: bool) -> dict[str, Any]:
    if state is AssetState.PRESENT and not held:
        return {"last_seen_at": null(), "suspect_at": null(), "missing_at": null()}
    opened: ColumnElement[str] = sighting.c.opened_at
    seen = opened if complete_at is None else case((opened > complete_at, opened), else_=literal(complete_at))
    marks: dict[str, Any] = {
        "last_seen_at": func.coalesce(sighting.c.last_seen_at, seen),
        "suspect_at": sighting.c.suspect_at,
        "missing_at": sighting.c.missing_at,
    }
    if state is AssetState.SUSPECT:
        marks |= {"suspect_at": literal(tx.now), "missing_at": null()}
    elif state is AssetState.MISSING:
        marks["missing_at"] = literal(tx.now)
    return marks


def open_sightings(
    conn: Connection, asset_ids: Sequence[str], at_hand: Mapping[int, Sighted]
) -> Iterator[tuple[str, int, Sighted]]:
    """Yield asset id, part number and content of all open sightings of some assets.

    Rows whose number is in ``at_hand`` are taken from there: reading and parsing them is most of the cost.
    """
    dialect = conn.dialect.name
    numbers: list[int] = []
    for number, asset_id, part_no in conn.execute(
        _open_of_assets(dialect), {"listed": listed(asset_ids)}
    ).all():
        if (one := at_hand.get(number)) is not None:
            yield asset_id, part_no, one
        else:
            numbers.append(number)
    if numbers:
        for row in conn.execute(_rows(dialect), {"listed": listed(numbers)}).all():
            yield row.asset_id, row.part_no, sighted_of(row)


class Version(NamedTuple):
    """One row as it was written: its wide part undecoded, and what of it an asset takes over."""

    payload: str
    created_at: str | None
    folded: tuple[Any, ...]


def versions(conn: Connection, numbers: Sequence[int]) -> dict[int, Version]:
    """Return rows by their numbers."""
    if not numbers:
        return {}
    rows = conn.execute(_versions(conn.dialect.name), {"listed": listed(numbers)}).all()
    return {row[0]: Version(row[1], row[2], tuple(row[3:])) for row in rows}


@cache
def _versions(dialect: str) -> Select[Any]:
    columns = sighting.c
    folded = (columns[name] for name in SIGHTING_COLUMNS[FOLDED])
    query = select(columns.sighting_no, columns.payload, columns.created_at, *folded)
    return query.where(one_of_listed(dialect, columns.sighting_no))


@cache
def _open_of_assets(dialect: str) -> Select[Any]:
    columns = sighting.c
    return select(columns.sighting_no, columns.asset_id, columns.part_no).where(
        one_of_listed(dialect, columns.asset_id), columns.valid_to.is_(None)
    )


@cache
def _rows(dialect: str) -> Select[Any]:
    return select(sighting).where(one_of_listed(dialect, sighting.c.sighting_no))


def epoch(conn: Connection) -> str:
    """Return a mark that changes whenever sightings were changed by anything but their own part's writer."""
    return conn.execute(_EPOCH_KEPT).scalar() or "0"


def bump_epoch(tx: WriteTx) -> None:
    """Tell the writers at work to look again at what is open in their parts."""
    done = tx.conn.execute(update(meta).where(meta.c.key == _EPOCH).values(value=str(tx.rev)))
    if not done.rowcount:
        tx.conn.execute(meta.insert().values(key=_EPOCH, value=str(tx.rev)))
