from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from store import migrations, open_store, upgrade
from store.errors import NeedsUpgrade, NewerSchema, StoreCorrupt, StoreError, StoreMissing
from store.schema import metadata
from tests import postgres


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        yield from postgres.fresh_database()


def set_version(url: str, version: str) -> None:
    store = open_store(url)
    with store.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    store.close()


def test_the_versions_are_the_files_in_one_line() -> None:
    scripts = ScriptDirectory(str(Path(migrations.__file__).parent))

    chain = [one.revision for one in scripts.walk_revisions()]

    assert tuple(reversed(chain)) == migrations.VERSIONS


@pytest.fixture
def migrated(empty_url: str) -> Iterator[Connection]:
    """Give a database whose tables came by all migrations, one after the other."""
    engine = create_engine(empty_url)
    with engine.begin() as conn:
        migrations.migrate(conn)
        yield conn
    engine.dispose()


def test_the_migrations_make_the_schema(migrated: Connection) -> None:
    context = MigrationContext.configure(
        migrated, opts={"compare_type": True, "compare_server_default": True}
    )

    assert compare_metadata(context, metadata) == []


def test_a_new_store_is_what_the_migrations_make_to_the_letter(
    migrated: Connection, request: pytest.FixtureRequest
) -> None:
    is_file = migrated.dialect.name == "sqlite"
    describe = _sqlite if is_file else _postgres
    url = request.getfixturevalue("sqlite_store_url" if is_file else "postgres_store_url")

    with open_store(url) as made, made.engine.connect() as conn:
        wanted, found = describe(migrated), describe(conn)

    assert found == wanted
    assert sum("alembic_version" in one for one in wanted) > 0
    assert sum(" WHERE " in one for one in wanted) > 20


def _sqlite(conn: Connection) -> set[str]:
    rows = conn.execute(text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
    # The order of constraints means nothing.
    return {" , ".join(sorted(re.split(r"[ ()]*,[ ()]*|[ ()]+$", " ".join(row.sql.split())))) for row in rows}


def _postgres(conn: Connection) -> set[str]:
    queries = (
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)"
        " FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
        "SELECT concat_ws(' ', table_name, column_name, data_type, character_maximum_length, is_nullable,"
        " column_default, is_identity, collation_name) FROM information_schema.columns"
        " WHERE table_schema = 'public'",
    )
    return {one for query in queries for one in conn.execute(text(query)).scalars()}


def test_an_empty_database_is_filled_and_opened_again(empty_url: str) -> None:
    open_store(empty_url).close()

    with open_store(empty_url, create=False) as again, again.read() as tx:
        assert migrations.version_of(tx.conn) == migrations.HEAD


def test_upgrading_twice_does_nothing_the_second_time(empty_url: str) -> None:
    assert upgrade(empty_url) == ("", migrations.HEAD)
    assert upgrade(empty_url) == (migrations.HEAD, migrations.HEAD)


def test_several_processes_may_make_the_store_at_once(empty_url: str) -> None:
    failed: list[StoreError] = []

    def make() -> None:
        try:
            open_store(empty_url).close()
        except StoreError as error:
            failed.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []


def test_a_store_of_a_newer_version_is_left_alone(empty_url: str) -> None:
    set_version(empty_url, "9999")

    with pytest.raises(NewerSchema, match="Install a newer aicensus"):
        open_store(empty_url)
    with pytest.raises(NewerSchema):
        upgrade(empty_url)


def test_a_store_of_an_older_version_names_the_command(empty_url: str) -> None:
    set_version(empty_url, migrations.VERSIONS[0])

    with pytest.raises(NeedsUpgrade, match="aicensus db upgrade"):
        open_store(empty_url)


def test_an_empty_database_is_not_filled_for_a_reader(empty_url: str) -> None:
    with pytest.raises(StoreMissing, match="Run aicensus scan first"):
        open_store(empty_url, create=False)


def test_the_database_of_another_application_is_refused(empty_url: str) -> None:
    engine = create_engine(empty_url)
    with engine.begin() as conn:
        conn.execute(text("CREATE TABLE theirs (a INTEGER)"))
    engine.dispose()

    with pytest.raises(StoreCorrupt, match="belongs to something else"):
        open_store(empty_url)
    with pytest.raises(StoreCorrupt):
        upgrade(empty_url)
