"""Whatever changed of a thing, its asset is what folding it again would make; the rest is not written."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from connectors.model import Grade, Link, NaturalKey, OwnerHint, RelationKind, Role
from store import Store
from store.assets import refold
from store.schema import asset, relation
from tests.store.samples import SEEN_AT, Scanner, assets, finding, key, scope, sightings

HINT = OwnerHint(candidate="team-1", source="tag", confidence=0.7, why="tag team")
LINK = Link(relation=RelationKind.USES_MODEL, target=NaturalKey(namespace="demo/model", key="m"))
FIRST: dict[str, Any] = {
    "links": (LINK,),
    "owner_hints": (HINT,),
    "tags": {"team": "1"},
    "created_at": SEEN_AT,
}
CHANGES: list[dict[str, Any]] = [
    {"attributes": {"status": "another"}},
    {"name": "another"},
    {"grade": Grade.LIVE},
    {"role": Role.TEST},
    {"account": "another"},
    {"region": "another"},
    {"application": "another"},
    {"model": "another"},
    {"kind": "dataset"},
    {"tags": {"AI-System": "another"}},
    {"owner_hints": ()},
    {"links": ()},
    {"links": (Link(relation=RelationKind.DEPLOYS, target=LINK.target),)},
    {"aliases": (key("another"),)},
    {"created_at": SEEN_AT + timedelta(seconds=1)},
    {"created_at": None},
    {"attributes": {"links": [{"x": 1}], "owner_hints": [1], "text": '"links":[],"owner_hints":['}},
]


def inventory(store: Store) -> list[list[tuple[Any, ...]]]:
    """Return all versions of assets and relations."""
    with store.read() as tx:
        return [sorted(map(tuple, tx.conn.execute(select(table))), key=repr) for table in (asset, relation)]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: "-".join(map(str, change)))
def test_folding_again_what_changed_alters_nothing(store: Store, change: dict[str, Any]) -> None:
    scan = Scanner(store)
    scan.part([finding("a", "1", **FIRST), finding("b")])
    first = assets(store)["a"].asset_id

    scan.part([replace(finding("a", "2", **FIRST), **change), finding("b")])
    written = inventory(store)
    with store.write() as tx:
        refold(tx, {one.asset_id for one in assets(store).values()} | {first})

    assert inventory(store) == written
    assert assets(store)["a"].asset_id == first


def test_a_change_in_nothing_that_an_asset_takes_over_writes_its_sighting_alone(store: Store) -> None:
    scan = Scanner(store)
    scan.part([finding("a", "1", **FIRST), finding("b")])
    written = inventory(store)

    delta = scan.part([finding("a", "2", **FIRST), finding("b")])

    assert (delta.changed, delta.touched_assets) == (1, {assets(store)["a"].asset_id})
    assert inventory(store) == written
    assert [one.valid_to is None for one in sightings(store, open_only=False)] == [False, True, True]


def test_a_newer_creation_time_under_an_unchanged_name_is_a_new_incarnation(store: Store) -> None:
    scan = Scanner(store)
    scan.part([finding("a", "1", **FIRST)])
    first = assets(store)["a"].asset_id

    later = FIRST | {"created_at": SEEN_AT + timedelta(days=1)}
    delta = scan.part([finding("a", "2", **later)])

    second = assets(store)["a"].asset_id
    assert delta.replaced == {first: second}
    assert delta.touched_assets >= {first, second}


def test_many_new_things_are_told_from_those_that_another_scope_has_shown(store: Store) -> None:
    scan = Scanner(store)
    scan.part([finding(f"thing-{number:03d}") for number in range(0, 300, 7)])
    before = {name: row.asset_id for name, row in assets(store).items()}

    scan.part([finding(f"thing-{number:03d}") for number in range(300)], where=scope("two"))

    after = {name: row.asset_id for name, row in assets(store).items()}
    assert len(after) == 300
    assert {name: after[name] for name in before} == before
