"""Bring a store to this version's schema and say which version it has.

An empty database gets the tables as :mod:`store.schema` describes them; one with tables is migrated. Tests
hold both ways to the same schema, to the letter. Migrating loads Alembic, which takes longer than a scan of a
small folder.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    inspect,
    text,
)

from store.engines import lock_writers
from store.errors import NeedsUpgrade, NewerSchema, StoreCorrupt, StoreMissing
from store.failures import explained
from store.schema import metadata

VERSIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "0012")
"""All versions of the schema, oldest first; a test holds it equal to the files in ``versions``."""

HEAD = VERSIONS[-1]

_VERSION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Where Alembic keeps the version, as it makes it."""


def version_of(conn: Connection) -> str | None:
    """Return the version that a database says it has, ``None`` when it has no tables of ours."""
    tables = set(inspect(conn).get_table_names())
    if "alembic_version" in tables:
        return conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return "" if tables else None


def check(conn: Connection, place: str, *, may_create: bool) -> bool:
    """Return whether the database is empty and is to be filled; raise when its version does not fit."""
    version = version_of(conn)
    if version is None:
        if may_create:
            return True
        raise StoreMissing("there is no inventory yet", where=place, hint="Run aicensus scan first.")
    if not version:
        raise StoreCorrupt(
            "the database belongs to something else", where=place, hint="Give --db an empty database."
        )
    if version not in VERSIONS:
        raise NewerSchema(
            f"the store has schema {version}, newer than this version's {HEAD}",
            where=place,
            hint="Install a newer aicensus, or use another store.",
        )
    if version != HEAD:
        raise NeedsUpgrade(
            f"the store has schema {version}, this version needs {HEAD}",
            where=place,
            hint="Make a backup, then run aicensus db upgrade.",
        )
    return False


def run(engine: Engine, place: str) -> tuple[str, str]:
    """Bring a database to :data:`HEAD` in one transaction under the write lock; return both versions."""
    with explained(place), engine.begin() as conn:
        lock_writers(conn)
        before = version_of(conn)
        if before is None:
            _create(conn)
        else:
            _refuse_unknown(before, place)
            migrate(conn)
    return before or "", HEAD


def _create(conn: Connection) -> None:
    metadata.create_all(conn, checkfirst=False)
    _VERSION.create(conn)
    conn.execute(_VERSION.insert().values(version_num=HEAD))


def migrate(conn: Connection, version: str = HEAD) -> None:
    """Migrate to a version by the steps in ``versions``, from whichever the database has, empty included."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = conn
    command.upgrade(config, version)


def _refuse_unknown(version: str, place: str) -> None:
    if version not in VERSIONS:
        if not version:
            raise StoreCorrupt(
                "the database belongs to something else", where=place, hint="Give --db an empty database."
            )
        raise NewerSchema(
            f"the store has schema {version}, newer than this version's {HEAD}",
            where=place,
            hint="Install a newer aicensus.",
        )
