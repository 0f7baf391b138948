"""What SQL ends: tables dropped and renamed, and where the part begins that takes all of it back."""

from __future__ import annotations

import pytest

from connectors.code.formats.table_changes import ENDED, down_at, plain
from tests.code_samples import read


def _ended(path: str, text: str) -> list[tuple[str, int]]:
    return [(fact.name, fact.line) for _, fact in read(path, text) if fact.kind == ENDED]


@pytest.mark.parametrize(
    ("path", "text", "ended"),
    [
        ("a.sql", "\nDROP TABLE a, `b`;\n", [("a", 2), ("b", 2)]),
        ("a.sql", "ALTER TABLE ONLY [dbo].[A] RENAME TO b;\n", [("a", 1)]),
        ("a.sql", "ALTER INDEX a RENAME TO b;\n", []),
        ("a.sql", "DROP TABLE a;\nCREATE TABLE a (\n", []),
        ("a.py", 'run("DROP TABLE a")\nTableName="x"\n', []),
    ],
)
def test_what_is_gone_at_the_end_of_a_file_is_told(
    path: str, text: str, ended: list[tuple[str, int]]
) -> None:
    assert _ended(path, text) == ended


@pytest.mark.parametrize("mark", ["-- +goose Down", "-- migrate:down", "--rollback", "-- @DOWN", "-- Down"])
def test_the_part_that_takes_back_begins_at_its_mark(mark: str) -> None:
    text = f"DROP TABLE a;\n{mark}\nDROP TABLE b;\n"

    assert _ended("a.sql", text) == [("a", 1)]
    assert down_at(text.encode()) == text.index(mark)


_DUMP = "--\n-- PostgreSQL database dump\n--\n"


@pytest.mark.parametrize(
    ("head", "schemas", "copies", "left"),
    [
        (_DUMP, ("old", "public"), 5, {"public"}),
        ("", ("old", "public"), 5, {"old", "public"}),
        (_DUMP, ("old", "public"), 4, {"old", "public"}),
        (_DUMP, ("old", "shop"), 5, {"old", "shop"}),
    ],
)
def test_a_schema_of_a_dump_that_copies_public_holds_no_tables_of_its_own(
    head: str, schemas: tuple[str, ...], copies: int, left: set[str]
) -> None:
    tables = "".join(
        f"CREATE TABLE {schema}.t{number} (\n  id int\n);\n" for schema in schemas for number in range(copies)
    )

    found = {fact.name for _, fact in read("a.sql", head + tables) if fact.kind == "data_store"}

    assert {name.partition(".")[0] for name in found} == left


def test_names_are_compared_without_quotes_case_and_common_schema() -> None:
    assert [plain(name) for name in ('"Public"."Claims"', "[dbo].[x]", "shop.x")] == ["claims", "x", "shop.x"]


def test_the_tables_of_a_program_that_keeps_its_own_things_are_no_data() -> None:
    text = (
        "USE keycloak;\nCREATE TABLE user_session (id int);\nUSE shop;\nCREATE TABLE orders (id int);\n"
        "\\c grafana\nCREATE TABLE panels (id int);\n"
    )

    found = {fact.name for _, fact in read("a.sql", text) if fact.kind == "data_store"}

    assert found == {"orders"}
