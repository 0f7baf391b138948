"""Keep PostgreSQL's statistics in step with a store that grows fast.

A first scan fills empty tables within a minute; the server's own analysis comes later, and until then its
planner takes open rows for rare and reads whole tables.
"""

from __future__ import annotations

from store.database import Store
from store.failures import explained

_FIRST = 5_000
# The server by itself looks at ten times as many rows; telling rare from common takes no more, and the scan
# waits for it.
_SAMPLE = "SET LOCAL default_statistics_target = 10"
_STATEMENT = (
    "ANALYZE sighting (sighting_no, part_no, asset_id, valid_to),"
    " asset (asset_id, group_key, kind, valid_to),"
    " identity (namespace, key, asset_id),"
    " relation (from_asset, to_namespace, to_key, to_asset, valid_to),"
    " system_member (asset_id, system_id, valid_to)"
)


def note_growth(store: Store, rows: int) -> None:
    """Count rows added through this store; analyse whenever there are four times as many (not on SQLite)."""
    if store.dialect != "postgresql" or not rows:
        return
    store.rows_added += rows
    if store.rows_added < max(_FIRST, 4 * store.rows_analysed):
        return
    store.rows_analysed = store.rows_added
    # Nobody need wait for it: it changes nothing but the planner's mind, and so holds no lock of ours.
    with explained(store.place), store.engine.connect() as conn:
        conn.exec_driver_sql(_SAMPLE)
        conn.exec_driver_sql(_STATEMENT)
        conn.commit()
