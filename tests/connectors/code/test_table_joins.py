"""Tables of migrations: what a later one drops or renames does not stand; what takes one back is not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.code_samples import scan, write

CLAIMS = "CREATE TABLE claims (\n  id int\n);\n"
OTHER = 'CREATE TABLE IF NOT EXISTS "other" (\n  id int\n);\n'
AI = {"requirements.txt": "openai\n"}


def _tables(root: Path, files: dict[str, str]) -> set[str]:
    return {found.name for found in scan(write(root, AI | files)).findings if found.kind == "data_store"}


@pytest.mark.parametrize(
    ("files", "tables"),
    [
        ({"db/1_a.sql": CLAIMS + OTHER, "db/2_b.sql": "DROP TABLE claims CASCADE;\n"}, {"other"}),
        ({"db/1_a.sql": CLAIMS + OTHER, "db/2_b.sql": "drop table if exists claims, other;\n"}, set()),
        ({"db/1_a.sql": CLAIMS, "db/2_b.sql": 'ALTER TABLE "claims" RENAME TO "cases";\n'}, {"cases"}),
        ({"db/1_a.sql": CLAIMS, "db/2_b.sql": "DROP TABLE public.claims;\n"}, set()),
        ({"db/1_a.sql": CLAIMS, "db/2_b.sql": "DROP TABLE claims;\n", "db/3_c.sql": CLAIMS}, {"claims"}),
        ({"db/1_a.sql": CLAIMS, "db/2_b.sql": "DROP TABLE claims;\n" + CLAIMS}, {"claims"}),
        ({"db/2_a.sql": CLAIMS, "db/10_b.sql": "DROP TABLE claims;\n"}, set()),
        ({"db/V2__a.sql": CLAIMS, "db/V10__b.sql": "DROP TABLE claims;\n"}, set()),
        ({"p/2024_a/migration.sql": CLAIMS, "p/2025_b/migration.sql": 'DROP TABLE "claims";\n'}, set()),
        (
            {
                "db/1_a.sql": CLAIMS,
                "db/2_b.sql": "CREATE TABLE `__new` (\n id int\n);\nDROP TABLE claims;\n"
                "ALTER TABLE `__new` RENAME TO `claims`;\n",
            },
            {"claims"},
        ),
        ({"db/1_a.sql": CLAIMS, "db/2_b.sql": "-- DROP TABLE claims;\n"}, {"claims"}),
        ({"db/1_a.up.sql": CLAIMS, "db/1_a.down.sql": "DROP TABLE claims;\n" + OTHER}, {"claims"}),
        ({"db/V1__a.sql": CLAIMS, "db/U1__a.sql": "DROP TABLE claims;\n"}, {"claims"}),
        ({"db/1_a/up.sql": CLAIMS, "db/1_a/down.sql": "DROP TABLE claims;\n"}, {"claims"}),
        ({"db/1_a.sql": CLAIMS + "-- +goose Down\nDROP TABLE claims;\n" + OTHER}, {"claims"}),
        ({"db/1_a.sql": CLAIMS, "db/9_teardown.sql": "DROP TABLE claims;\n"}, {"claims"}),
        ({"db/create.sql": CLAIMS, "db/drop.sql": "DROP TABLE claims;\n"}, {"claims"}),
        ({"a/1_a.sql": CLAIMS, "b/2_b.sql": "DROP TABLE claims;\n"}, {"claims"}),
    ],
)
def test_migrations_of_a_folder_are_replayed_in_their_order(
    tmp_path: Path, files: dict[str, str], tables: set[str]
) -> None:
    assert _tables(tmp_path, files) == tables


def test_a_table_that_is_made_again_stands_at_its_later_place(tmp_path: Path) -> None:
    files = {"db/1_a.sql": CLAIMS, "db/2_b.sql": "DROP TABLE claims;\n", "db/3_c.sql": "\n" + CLAIMS}

    found = scan(write(tmp_path, AI | files)).named("claims")

    assert [one.locator for one in found.evidence] == ["db/3_c.sql:2"]
