"""Turn a person's reference into exactly one id, or say what it could have meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from discovery.service.errors import Ambiguous, NotFound
from normalizer import grouping
from store import queries_refs, system_rows
from store.queries_refs import Match

if TYPE_CHECKING:
    from store.database import ReadTx, WriteTx


def system_id(tx: ReadTx | WriteTx, ref: str, rev: int | None = None) -> str:
    """Return the id of the system that ``ref`` means: an id, its unique beginning, an alias or a name.

    ``rev`` is the revision to read at (``None``: now). Raises ``NotFound`` and ``Ambiguous``.
    """
    found = queries_refs.systems(tx.conn, ref, rev)
    taken = system_rows.merged_named(tx.conn, ref) if not found and rev is None else None
    if taken is not None:
        raise NotFound(
            f"the system {ref!r} was merged into {taken!r}", hint=f"See: aicensus systems explain {taken!r}"
        )
    if len(found) > 1:
        known = system_rows.rows(tx.conn, [one.id for one in found])
        told = {key: f"{row.kind}, {grouping.explain(row.group_key).why}" for key, row in known.items()}
        found = [Match(one.id, told.get(one.id, one.name)) for one in found]
    return _one("system", ref, found)


def asset_id(tx: ReadTx | WriteTx, ref: str, rev: int | None = None) -> str:
    """Return the id of the asset that ``ref`` means."""
    return _one("asset", ref, queries_refs.assets(tx.conn, ref, rev))


def alert_id(tx: ReadTx | WriteTx, ref: str) -> str:
    """Return the id of the alert that ``ref`` means."""
    return _one("alert", ref, queries_refs.alerts(tx.conn, ref))


def run_id(tx: ReadTx | WriteTx, ref: str) -> str:
    """Return the id of the run that ``ref`` means."""
    return _one("run", ref, queries_refs.runs(tx.conn, ref))


def _one(what: str, ref: str, found: Sequence[Match]) -> str:
    if len(found) == 1:
        return found[0].id
    if not found:
        raise NotFound(f"there is no {what} {ref!r}", hint=f"List them with: aicensus {what}s")
    listed = "; ".join(f"{one.id} ({one.name})" for one in found)
    raise Ambiguous(f"{ref!r} may mean several {what}s", hint=f"Use the id: {listed}")
