"""Keep PostgreSQL's statistics in step with a store that grows fast.

A first scan fills empty tables within a minute; the server's own analysis comes later, and until then its
planner takes open rows for rare and reads whole tables.
"""

from __future__ import annotations

from store.database import Store

_FIRST = 5_000
_STATEMENT = (
    "ANALYZE sighting (sighting_no, part_no, asset_id, valid_to),"
    " asset (asset_id, group_key, kind, valid_to),"
    " identity (namespace, key, asset_id),"
    " relation (from_asset, to_namespace, to_key, to_asset, valid_to),"
    " system_member (asset_id, system_id, valid_to)"
)


def note_growth(store: Store, rows: int) -> None:
    """Count rows added through this store; analyse whenever they have doubled (SQLite: do nothing)."""
    if store.dialect != "postgresql" or not rows:
        return
    store.rows_added += rows
    if store.rows_added < max(_FIRST, 2 * store.rows_analysed):
        return
    store.rows_analysed = store.rows_added
    with store.begin() as conn:
        conn.exec_driver_sql(_STATEMENT)
