"""Read assets and what shows them, a page at a time, now or as known at a revision."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import and_, exists, func, or_, select

from connectors.model import Grade, Role
from store.bulk import is_one_of
from store.regroup import SUGGESTION
from store.schema import asset, part, run, run_part, scope, sighting, system_member
from store.temporal import chunks, holds

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Select

PAGE = 1_000
FIRST_PAGE = 128
"""The first page is small: who looks at a screenful waits for no more than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """The moment to read at: a revision and its time as text (both ``None``: now)."""

    rev: int | None = None
    moment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRow:
    """One asset as folded; times are UTC texts."""

    asset_id: str
    kind: str
    provider: str
    name: str
    natural_namespace: str
    natural_id: str
    state: str
    grade: str
    role: str
    ref: str
    drives: bool
    account: str | None
    region: str | None
    application: str | None
    model: str | None
    first_seen_at: str
    system_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SightingRow:
    """What one part shows of an asset; ``content`` is the parsed payload, ``last_seen`` a UTC text."""

    asset_id: str
    scope_key: str
    connector: str
    last_seen: str | None
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetWhere:
    """Narrow assets; an empty or missing value does not narrow. ``text`` is found in any case (ASCII)."""

    asset_id: str | None = None
    states: Sequence[str] = ()
    kind: str | None = None
    provider: str | None = None
    system_id: str | None = None
    connector: str | None = None
    text: str | None = None


def pages(conn: Connection, where: AssetWhere, at: At, size: int = PAGE) -> Iterator[list[AssetRow]]:
    """Yield assets in order of id, at most ``size`` at once, by keyset: memory stays bounded."""
    query = _query(where, at)
    last, wanted = "", min(size, FIRST_PAGE)
    while rows := conn.execute(query.where(asset.c.asset_id > last).limit(wanted)).all():
        yield [AssetRow(**row._mapping) for row in rows]
        last = rows[-1].asset_id
        if len(rows) < wanted:
            return
        wanted = size


def sightings(
    conn: Connection, assets: Sequence[AssetRow], at: At, complete_at: Mapping[int, str] | None = None
) -> dict[str, list[SightingRow]]:
    """Return what shows each asset, best first; for one that is gone what showed it last.

    ``complete_at`` is :func:`parts_complete_at`; ``None`` asks for the parts that show these assets.
    """
    found: dict[str, list[tuple[tuple[Any, ...], SightingRow]]] = defaultdict(list)
    gone = [one.asset_id for one in assets if one.state == "gone"]
    rows = _sighting_rows(conn, [one.asset_id for one in assets], holds(sighting, at.rev))
    if gone:
        ended = sighting.c.closed_at.is_not(None)
        rows += _sighting_rows(
            conn, gone, ended if at.rev is None else and_(ended, sighting.c.valid_to <= at.rev)
        )
    if complete_at is None:
        complete_at = parts_complete_at(conn, at, {row.part_no for row in rows if not row.last_seen_at})
    for row in rows:
        rank = (row.details, -Grade(row.grade).rank, Role(row.role).rank, row.namespace, row.key, row.part_no)
        content = orjson.loads(row.payload)
        seen = row.last_seen_at or complete_at.get(row.part_no) or _observed(content)
        one = SightingRow(
            asset_id=row.asset_id,
            scope_key=row.scope_key,
            connector=row.connector,
            last_seen=seen,
            content=content,
        )
        found[row.asset_id].append((rank, one))
    return {
        asset_id: [one for _, one in sorted(ranked, key=lambda pair: pair[0])]
        for asset_id, ranked in found.items()
    }


def parts_complete_at(conn: Connection, at: At, part_nos: Collection[int] | None = None) -> dict[int, str]:
    """Return when each part (``None``: of all) was last complete, as known at the moment."""
    if part_nos is not None and not part_nos:
        return {}
    if at.moment is None:
        query = select(part.c.part_no, part.c.last_complete_at).where(part.c.last_complete_at.is_not(None))
    else:
        query = (
            select(run_part.c.part_no, func.max(run_part.c.ended_at))
            .join(run, run.c.run_id == run_part.c.run_id)
            .where(run_part.c.status == "complete", run_part.c.ended_at <= at.moment, run.c.rev <= at.rev)
            .group_by(run_part.c.part_no)
        )
    if part_nos is not None:
        column = part.c.part_no if at.moment is None else run_part.c.part_no
        query = query.where(is_one_of(conn, column, sorted(part_nos)))
    return dict(conn.execute(query).all())


def counts(conn: Connection, at: At) -> list[tuple[str, str, int]]:
    """Return how many assets there are by state and kind, without those gone."""
    query = select(asset.c.state, asset.c.kind, func.count()).where(
        holds(asset, at.rev), asset.c.state != "gone"
    )
    return [
        (state, kind, count)
        for state, kind, count in conn.execute(query.group_by(asset.c.state, asset.c.kind))
    ]


def _query(where: AssetWhere, at: At) -> Select[Any]:
    member = and_(
        system_member.c.asset_id == asset.c.asset_id,
        holds(system_member, at.rev),
        system_member.c.strength != SUGGESTION,
    )
    names = [name for name in AssetRow.__dataclass_fields__ if name != "system_id"]
    query = select(*(asset.c[name] for name in names), system_member.c.system_id)
    query = query.select_from(asset.outerjoin(system_member, member)).where(holds(asset, at.rev))
    query = query.order_by(asset.c.asset_id)
    for condition in _conditions(where, at):
        query = query.where(condition)
    return query


def _conditions(where: AssetWhere, at: At) -> Iterator[ColumnElement[bool]]:
    equal = (
        (asset.c.asset_id, where.asset_id),
        (asset.c.kind, where.kind),
        (asset.c.provider, where.provider),
        (system_member.c.system_id, where.system_id),
    )
    yield from (column == value for column, value in equal if value is not None)
    if where.states:
        yield asset.c.state.in_(list(where.states))
    if where.text:
        like = f"%{_escaped(where.text.lower())}%"
        columns = (asset.c.name, asset.c.natural_id, func.coalesce(asset.c.model, ""))
        yield or_(*(func.lower(column).like(like, escape="\\") for column in columns))
    if where.connector:
        yield exists(
            select(sighting.c.sighting_no)
            .join(part, part.c.part_no == sighting.c.part_no)
            .join(scope, scope.c.scope_no == part.c.scope_no)
            .where(sighting.c.asset_id == asset.c.asset_id, or_(holds(sighting, at.rev), _has_ended(at)))
            .where(scope.c.connector == where.connector)
        )


def _has_ended(at: At) -> ColumnElement[bool]:
    """Hold for what last showed an asset that is gone: nothing shows it any more."""
    ended = and_(asset.c.state == "gone", sighting.c.closed_at.is_not(None))
    return ended if at.rev is None else and_(ended, sighting.c.valid_to <= at.rev)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _sighting_rows(conn: Connection, asset_ids: Collection[str], condition: ColumnElement[bool]) -> list[Any]:
    names = ("asset_id", "part_no", "namespace", "key", "grade", "role", "details", "last_seen_at", "payload")
    found: list[Any] = []
    for chunk in chunks(sorted(asset_ids)):
        query = (
            select(*(sighting.c[name] for name in names), scope.c.key.label("scope_key"), scope.c.connector)
            .join(part, part.c.part_no == sighting.c.part_no)
            .join(scope, scope.c.scope_no == part.c.scope_no)
            .where(is_one_of(conn, sighting.c.asset_id, chunk), condition)
        )
        found.extend(conn.execute(query))
    return found


def _observed(content: Mapping[str, Any]) -> str | None:
    """Return the last time evidence tells of: for what only parts that were never complete show."""
    return max((one["observed_at"] for one in content["evidence"]), default=None)
