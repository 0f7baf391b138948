from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from connectors import clock
from discovery.service import decisions, inventory, record_showing, system_merging, system_standing
from discovery.service.errors import Ambiguous
from normalizer.slugs import slug_of
from store import Store, alerts, engines, migrations, open_store, slugs, upgrade
from store.audit import Actor
from store.database import parse_url
from tests import postgres
from tests.estate import Estate, finding
from tests.store.test_record_migration import make

BO = Actor(name="bo@acme.example", kind="user", authenticated=True)


def add(store: Store, name: str, *, owner: str = "dana@acme.example") -> str:
    return system_standing.add(store, name, kind="application", actor=BO, owner=owner).system.system_id


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Support Bot", "support-bot"),
        ("  Élan / Prüfung 2.0 ", "elan-prufung-2-0"),
        ("机器人", "system"),
        ("x" * 100, "x" * 60),
        ("sys_0123", "sys-0123"),
    ],
)
def test_a_key_is_made_of_the_name(name: str, slug: str) -> None:
    assert slug_of(name) == slug


def test_a_candidate_has_no_key_until_it_is_registered(store: Store) -> None:
    Estate(store).show(finding("Support Bot"))
    before = inventory.get_system(store, "Support Bot").key
    decisions.set_owner(store, "Support Bot", "dana@acme.example", actor=BO)

    system_standing.register(store, "Support Bot", actor=BO)

    assert before is None
    assert inventory.get_system(store, "support-bot").key == "support-bot"
    view = record_showing.show(store, "support-bot")
    assert next(one.value for one in view.fields if one.field == "key") == "support-bot"


def test_no_key_is_given_twice(store: Store) -> None:
    first = add(store, "Support Bot")
    system_standing.retire(store, first, actor=BO, reason="replaced")
    second = add(store, "Support: Bot")

    with store.read() as tx:
        found = slugs.of_systems(tx.conn, None)

    assert found == {first: "support-bot", second: "support-bot-2"}
    assert inventory.get_system(store, "support-bot").system_id == first


def test_a_key_stays_and_leads_on_after_a_merge_until_that_is_undone(store: Store) -> None:
    old, into = add(store, "Old Bot"), add(store, "New Bot", owner="")
    system_standing.retire(store, old, actor=BO, reason="replaced")

    system_merging.merge(store, old, into, actor=BO, reason="the same")
    merged = inventory.get_system(store, "old-bot")
    system_merging.undo(store, old, actor=BO, reason="it is not")

    assert (merged.system_id, merged.key) == (into, "old-bot")
    assert inventory.get_system(store, "old-bot").system_id == old
    assert inventory.get_system(store, into).key is None


def test_a_key_that_is_another_systems_name_is_not_guessed_at(store: Store) -> None:
    add(store, "Support Bot")
    add(store, "support-bot", owner="")

    with pytest.raises(Ambiguous, match="several systems"):
        inventory.get_system(store, "support-bot")


def test_what_was_known_earlier_has_no_later_key(store: Store) -> None:
    Estate(store).show(finding("helper"))
    decisions.set_owner(store, "helper", "dana@acme.example", actor=BO)
    with store.read() as tx:
        before = alerts.last_revision(tx.conn)
    system_standing.register(store, "helper", actor=BO)

    with store.read() as tx:
        assert slugs.of_systems(tx.conn, None, before) == {}
        assert list(slugs.of_systems(tx.conn, None).values()) == ["helper"]


@pytest.fixture(params=["sqlite", "postgres"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.db'}"
    else:
        yield from postgres.fresh_database()


def test_systems_registered_before_there_were_keys_get_theirs_in_order(old_url: str) -> None:
    make(old_url, "0011")
    now = clock.to_text(clock.now())
    rows = [("sys_b", "Desk", 1), ("sys_a", "Desk", 2), ("sys_c", "Wish", 3)]
    engine, reader = engines.make(parse_url(old_url), create=False, read_only=False)
    reader.dispose()
    assert engine is not None
    with engine.begin() as conn:
        for system_id, name, rev in rows:
            values = {"id": system_id, "name": name, "rev": rev, "at": now}
            conn.execute(
                text(
                    "INSERT INTO system (system_id, valid_from, name, state, kind, group_key, first_seen_at)"
                    " VALUES (:id, :rev, :name, 'registered', 'application', :id, :at)"
                ),
                values,
            )
            if name != "Wish":
                conn.execute(
                    text(
                        "INSERT INTO system_standing (system_id, state, at, valid_from)"
                        " VALUES (:id, 'registered', :at, :rev)"
                    ),
                    values,
                )
    engine.dispose()

    upgrade(old_url)

    with open_store(old_url, create=False) as store, store.read() as tx:
        assert slugs.of_systems(tx.conn, None) == {"sys_b": "desk", "sys_a": "desk-2"}
        assert migrations.version_of(tx.conn) == migrations.HEAD
