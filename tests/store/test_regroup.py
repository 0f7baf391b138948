from __future__ import annotations

from sqlalchemy import event, select

from discovery.service import inventory
from store import Store, merges, regroup, schema
from store.regroup import GROUP, PINNED
from tests.estate import Estate, finding


def _of_groups(store: Store, keys: list[str]) -> list[list[str]]:
    """Return the assets of groups, those by themselves and those pinned to them."""
    query = select(schema.asset.c.asset_id, GROUP).select_from(
        schema.asset.outerjoin(schema.asset_pin, PINNED)
    )
    with store.read() as tx:
        return [
            sorted(tx.conn.execute(query.where(where, schema.asset.c.valid_to.is_(None))).scalars())
            for where in regroup.in_groups(tx.conn, keys)
        ]


def test_assets_of_a_group_are_its_own_and_those_pinned_to_it_once_each(store: Store) -> None:
    Estate(store).show(*(finding(name, application=name) for name in ("shop", "till", "desk")))
    assets = {one.name: one.asset_id for one in inventory.list_assets(store)}
    with store.read() as tx:
        keys = dict(tx.conn.execute(select(schema.asset.c.asset_id, schema.asset.c.group_key)).all())
    with store.write() as tx:
        merges.pin(tx, {assets["till"]: keys[assets["shop"]]}, by=merges.BY_LINK)

    assert _of_groups(store, [keys[assets["shop"]]]) == [[assets["shop"]], [assets["till"]]]
    assert _of_groups(store, [keys[assets["till"]]]) == [[], []]
    assert _of_groups(store, []) == [[], []]


def test_a_group_is_found_without_reading_every_asset(store: Store) -> None:
    if store.dialect != "sqlite":
        return  # what a server does depends on its statistics
    plans: list[str] = []

    def explain(conn, cursor, statement, parameters, context, many) -> None:  # type: ignore[no-untyped-def]
        driver = conn.connection.driver_connection
        if statement.startswith("SELECT"):
            plans.extend(row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    event.listen(store._reader, "before_cursor_execute", explain)
    _of_groups(store, ["one:a", "one:b"])
    event.remove(store._reader, "before_cursor_execute", explain)

    assert any(one.startswith("SEARCH asset ") for one in plans)
    assert not any(one.startswith("SCAN asset ") or one == "SCAN asset" for one in plans)
