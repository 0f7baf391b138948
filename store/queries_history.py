"""Compare what the store knew at two revisions: assets, systems, and who answers for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select

from store import oversight, owners
from store.bulk import is_one_of
from store.regroup import SUGGESTION
from store.schema import asset, owner, system, system_member
from store.schema import oversight as oversight_table
from store.temporal import chunks, holds

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetThen:
    """An asset as it was known at a revision."""

    asset_id: str
    kind: str
    provider: str
    name: str
    state: str
    grade: str
    role: str
    model: str | None
    region: str | None
    system_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemThen:
    """A system as it was known at a revision; ``owner`` is the accepted accountable party's label.

    ``assets`` counts its members that were not gone, ``models`` are theirs, sorted.
    """

    system_id: str
    name: str
    state: str
    kind: str
    merged_into: str | None
    decided: bool
    assets: int
    owner: str | None
    has_record: bool
    models: tuple[str, ...]


def changed_assets(conn: Connection, before: int, after: int) -> dict[str, tuple[AssetThen | None, ...]]:
    """Return assets of which another version holds at ``after`` than at ``before``: ``(then, now)``."""
    ids = _changed(conn, asset, "asset_id", before, after)
    then, now = _assets_at(conn, ids, before), _assets_at(conn, ids, after)
    return {one: (then.get(one), now.get(one)) for one in sorted(ids)}


def changed_systems(conn: Connection, before: int, after: int) -> dict[str, tuple[SystemThen | None, ...]]:
    """Return systems of which something differs between two revisions: ``(then, now)``."""
    ids = set(_changed(conn, system, "system_id", before, after))
    for table in (owner, oversight_table, system_member):
        ids |= _changed(conn, table, "system_id", before, after)
    ids |= _holding(conn, _changed(conn, asset, "asset_id", before, after), (before, after))
    then, now = _systems_at(conn, ids, before), _systems_at(conn, ids, after)
    return {one: (then.get(one), now.get(one)) for one in sorted(ids)}


def _changed(conn: Connection, table: Table, key: str, before: int, after: int) -> set[str]:
    came = and_(table.c.valid_from > before, table.c.valid_from <= after)
    went = and_(table.c.valid_to > before, table.c.valid_to <= after)
    return set(conn.execute(select(table.c[key]).where(or_(came, went)).distinct()).scalars())


def _assets_at(conn: Connection, ids: Collection[str], rev: int) -> dict[str, AssetThen]:
    names = [name for name in AssetThen.__dataclass_fields__ if name != "system_id"]
    query = select(*(asset.c[name] for name in names), system_member.c.system_id).select_from(
        asset.outerjoin(system_member, _member_of(rev))
    )
    found: dict[str, AssetThen] = {}
    for chunk in chunks(sorted(ids)):
        rows = conn.execute(query.where(is_one_of(conn, asset.c.asset_id, chunk), holds(asset, rev)))
        found.update((row.asset_id, AssetThen(**row._mapping)) for row in rows)
    return found


def _systems_at(conn: Connection, ids: Collection[str], rev: int) -> dict[str, SystemThen]:
    wanted = sorted(ids)
    models = _models_at(conn, wanted, rev)
    people = owners.of_systems(conn, wanted, rev)
    records = oversight.of_systems(conn, wanted, rev)
    found: dict[str, SystemThen] = {}
    columns = ("system_id", "name", "state", "kind", "merged_into", "decided")
    for chunk in chunks(wanted):
        query = select(*(system.c[name] for name in columns))
        rows = conn.execute(query.where(is_one_of(conn, system.c.system_id, chunk), holds(system, rev)))
        for row in rows:
            record = records.get(row.system_id)
            found[row.system_id] = SystemThen(
                **row._mapping,
                owner=_accountable(people.get(row.system_id, ())),
                has_record=record is not None and record.complete and record.withdrawn_at is None,
                assets=sum(models.get(row.system_id, {}).values()),
                models=tuple(sorted(filter(None, models.get(row.system_id, ())))),
            )
    return found


def _accountable(rows: Collection[Any]) -> str | None:
    accepted = (one for one in rows if one.is_accepted and one.role == owners.ACCOUNTABLE)
    return next((one.party.label for one in accepted), None)


def _models_at(conn: Connection, ids: Collection[str], rev: int) -> dict[str, dict[str | None, int]]:
    """Return how many members of each system are of each model (``None``: those without one)."""
    found: dict[str, dict[str | None, int]] = defaultdict(dict)
    for chunk in chunks(ids):
        query = (
            select(system_member.c.system_id, asset.c.model, func.count())
            .join(asset, asset.c.asset_id == system_member.c.asset_id)
            .where(is_one_of(conn, system_member.c.system_id, chunk))
            .where(holds(system_member, rev), system_member.c.strength != SUGGESTION)
            .where(holds(asset, rev), asset.c.state != "gone")
            .group_by(system_member.c.system_id, asset.c.model)
        )
        for system_id, model, count in conn.execute(query).all():
            found[system_id][model] = count
    return found


def _holding(conn: Connection, asset_ids: Collection[str], revs: tuple[int, ...]) -> set[str]:
    found: set[str] = set()
    at_either: ColumnElement[bool] = or_(*(holds(system_member, rev) for rev in revs))
    for chunk in chunks(sorted(asset_ids)):
        query = select(system_member.c.system_id).distinct().where(at_either)
        query = query.where(system_member.c.strength != SUGGESTION)
        found.update(conn.execute(query.where(is_one_of(conn, system_member.c.asset_id, chunk))).scalars())
    return found


def _member_of(rev: int) -> ColumnElement[bool]:
    return and_(
        system_member.c.asset_id == asset.c.asset_id,
        holds(system_member, rev),
        system_member.c.strength != SUGGESTION,
    )
