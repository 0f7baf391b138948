"""Read and write versions of sightings.

A row is one version. What changes closes the row and opens another; what stays is not touched. Every
function works inside the caller's write transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, case, func, insert, literal, null, select, update

from normalizer.fold import AssetState
from store.arrivals import state_of
from store.bulk import is_one_of
from store.database import WriteTx
from store.schema import meta, sighting

SightKey = tuple[str, ...]
"""What names a sighting inside its part: namespace, key, and the class of its ref if that does not drive."""

_EPOCH = "sightings_epoch"
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
    columns = (sighting.c[name] for name in Open._fields)
    query = select(*columns).where(sighting.c.part_no == part_no, sighting.c.valid_to.is_(None))
    found: dict[SightKey, Open] = {}
    for row in conn.execute(query).all():
        one = Open._make(row)
        key = (one.namespace, one.key) if one.drives else (one.namespace, one.key, one.ref_class)
        found[key] = one
    return found


def next_number(conn: Connection) -> int:
    """Return the first free row number; the write lock keeps it free."""
    return (conn.execute(select(func.max(sighting.c.sighting_no))).scalar() or 0) + 1


def end_versions(tx: WriteTx, numbers: Sequence[int], *, reason: str | None = None) -> None:
    """Close row versions; with a ``reason`` the sightings themselves are closed."""
    if not numbers:
        return
    values: dict[str, Any] = {"valid_to": tx.rev}
    if reason is not None:
        values |= {"closed_at": tx.now, "close_reason": reason}
    tx.conn.execute(
        update(sighting).where(is_one_of(tx.conn, sighting.c.sighting_no, numbers)).values(**values)
    )


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


def open_rows(conn: Connection, asset_ids: Iterable[str]) -> Select[Any]:
    """Return the query of all open sightings of some assets."""
    return (
        select(sighting)
        .where(is_one_of(conn, sighting.c.asset_id, asset_ids), sighting.c.valid_to.is_(None))
        .order_by(sighting.c.sighting_no)
    )


def epoch(conn: Connection) -> str:
    """Return a mark that changes whenever sightings were changed by anything but their own part's writer."""
    return conn.execute(select(meta.c.value).where(meta.c.key == _EPOCH)).scalar() or "0"


def bump_epoch(tx: WriteTx) -> None:
    """Tell the writers at work to look again at what is open in their parts."""
    done = tx.conn.execute(update(meta).where(meta.c.key == _EPOCH).values(value=str(tx.rev)))
    if not done.rowcount:
        tx.conn.execute(meta.insert().values(key=_EPOCH, value=str(tx.rev)))
