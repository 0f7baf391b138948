from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

from store import migrations, open_store, oversight, upgrade
from tests import postgres

OLD = {"purpose": {"value": "Answers mail.", "source": "human"}, "next_review": {"value": "2027-05-01"}}


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.db'}"
    else:
        yield from postgres.fresh_database()


def make(url: str, version: str) -> None:
    """Make an empty store of an earlier version."""
    from store import engines
    from store.database import parse_url

    engine, reader = engines.make(parse_url(url), create=True, read_only=False)
    reader.dispose()
    assert engine is not None
    with engine.begin() as conn:
        migrations.migrate(conn, version)
        for number in (1, 2):
            conn.execute(
                text(
                    "INSERT INTO oversight (system_id, record, complete, valid_from, valid_to) "
                    "VALUES ('sys_1', :record, false, :since, :until)"
                ),
                {
                    "record": orjson.dumps(OLD).decode(),
                    "since": number,
                    "until": None if number == 2 else 2,
                },
            )
    engine.dispose()


def test_records_of_earlier_versions_get_dotted_names_and_a_version(empty_url: str) -> None:
    make(empty_url, "0005")

    upgrade(empty_url)

    with open_store(empty_url, create=False) as store, store.read() as tx:
        record = oversight.of_systems(tx.conn, ["sys_1"])["sys_1"]
        first = oversight.of_version(tx.conn, "sys_1", 1)
    assert record.fields == {
        "purpose.statement": {"value": "Answers mail.", "source": "human"},
        "reviews.next_due_at": {"value": "2027-05-01"},
    }
    assert record.version == 2
    assert first is not None
    assert first.value("purpose.statement") == "Answers mail."
