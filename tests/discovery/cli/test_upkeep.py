"""Commands around the inventory: connectors, configuration, store, export."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from connectors import registry
from connectors.kinds import KINDS
from store import open_store
from store.schema import revision
from tests.discovery.cli.conftest import Aicensus
from tests.discovery.cli.seeding import seed


def test_connectors_are_listed_with_every_operation(aicensus: Aicensus) -> None:
    rows = aicensus("connectors", "list", "--format", "json").json

    assert [row["name"] for row in rows] == registry.names()
    assert all(set(row["kinds"]) <= set(KINDS) for row in rows)
    table = aicensus("connectors").out
    assert all(name in table for name in registry.names())


@pytest.mark.parametrize("name", registry.names())
def test_every_connector_is_shown_with_options_and_rights(name: str, aicensus: Aicensus) -> None:
    shown = aicensus("connectors", "show", name)
    rights = aicensus("connectors", "permissions", name)
    operations = aicensus("connectors", "permissions", name, "--format", "json").json

    assert shown.code == rights.code == 0
    assert f"aicensus connectors permissions {name}" in shown.out
    assert set(rights.out.splitlines()) == {one["permission"] for one in operations if one["permission"]}


def test_iam_policy_allows_exactly_the_declared_reading(aicensus: Aicensus) -> None:
    policies = [
        policy
        for part in ("member", "scanner", "management", "paid")
        for policy in _listed(
            aicensus("connectors", "permissions", "aws", "--format", "iam", "--part", part).json
        )
    ]

    statements = [one for policy in policies for one in policy["Statement"]]
    allowed = {action for one in statements for action in _listed(one["Action"])}
    declared = {action for one in registry.info("aws").operations for action in one.permission.split(", ")}
    assert allowed == declared - {""}
    assert {one["Effect"] for one in statements} == {"Allow"}
    assert not [action for action in allowed if "*" in action]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_iam_policy_of_another_vendor_is_a_usage_error(aicensus: Aicensus) -> None:
    assert aicensus("connectors", "permissions", "openai", "--format", "iam").code == 2


def test_unknown_connector_gets_the_nearest_name(aicensus: Aicensus) -> None:
    for words in (
        ("connectors", "show", "opena"),
        ("connectors", "check", "opena"),
        ("scan", "--connector", "opena"),
    ):
        ran = aicensus(*words)

        assert ran.code == 2
        assert "openai" in ran.err


def test_check_says_what_a_credential_reaches(
    aicensus: Aicensus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    ran = aicensus("connectors", "check", "--format", "json")

    assert ran.code == 0, ran.err
    assert ran.json[0] | {"instance": "code:main", "works": True, "status": "complete"} == ran.json[0]


def test_check_without_a_credential_fails_and_says_what_is_missing(aicensus: Aicensus) -> None:
    ran = aicensus("connectors", "check", "openai")

    assert ran.code in (1, 2)
    assert "OPENAI_ADMIN_KEY" in ran.out + ran.err


def test_configuration_mistakes_come_all_at_once_with_their_lines(aicensus: Aicensus, tmp_path: Path) -> None:
    path = tmp_path / "aicensus.toml"
    path.write_text('[scan]\nworker = 4\nstrict = "yes"\n[connectors.code.main]\ntargts = ["."]\n')

    ran = aicensus("config", "check", "--config", str(path))

    assert ran.code == 2
    assert all(f"aicensus.toml:{line}" in ran.err for line in (2, 3, 5))
    assert "`workers`" in ran.err


def test_missing_secret_is_found_before_a_scan(aicensus: Aicensus, tmp_path: Path) -> None:
    path = tmp_path / "aicensus.toml"
    path.write_text('[store]\nurl = { env = "NOT_SET_ANYWHERE" }\n')

    checked = aicensus("config", "check", "--config", str(path))
    used = aicensus("systems", "--config", str(path))

    assert (checked.code, used.code) == (2, 2)
    assert "NOT_SET_ANYWHERE" in checked.err
    assert "NOT_SET_ANYWHERE" in used.err


def test_right_configuration_is_called_right_and_shown_whole(aicensus: Aicensus, tmp_path: Path) -> None:
    path = tmp_path / "aicensus.toml"
    path.write_text(
        '[organisation]\nname = "Acme"\n[connectors.openai.main]\nadmin_key = { env = "SOME_KEY" }\n'
    )

    shown = aicensus("config", "show", "--config", str(path))
    whole = aicensus("config", "show", "--format", "json", "--config", str(path)).json

    assert "[connectors.openai.main]" in shown.out
    assert whole["organisation"]["name"] == "Acme"
    assert whole["connectors.openai.main"]["admin_key"] == {"env": "SOME_KEY"}


def test_store_is_described(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    told = aicensus("db", "info", "--db", db)
    numbers = aicensus("db", "info", "--db", db, "--format", "json").json[0]

    assert db in told.out
    assert numbers | {"systems": 2, "assets": 4, "open_alerts": 4, "runs": 1} == numbers


def test_upgrade_of_a_current_store_changes_nothing(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    assert "up to date" in aicensus("db", "upgrade", "--db", db).out


def test_prune_counts_first_and_is_kept_in_the_audit_log(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)
    words = ("db", "prune", "--older-than", "30", "--reason", "retention", "--db", db)

    dry = aicensus(*words, "--dry-run")
    done = aicensus(*words, "--yes")

    assert dry.out == "Would delete 0 rows.\n"
    assert done.out == "Deleted 0 rows.\n"
    assert "whole: 1 entry" in aicensus("audit", "verify", "--db", db).out


def test_use_by_people_is_forgotten_after_the_days_of_the_configuration(
    aicensus: Aicensus, db: str, url: str, tmp_path: Path
) -> None:
    seed(url)
    config = tmp_path / "aicensus.toml"
    config.write_text("[store]\npersonal_days = 30\n")
    words = ("db", "prune", "--personal", "--reason", "retention", "--db", db, "--yes")

    unsaid = aicensus(*words)
    done = aicensus(*words, "--config", str(config))
    plain = aicensus("db", "prune", "--reason", "retention", "--db", db, "--yes", "--config", str(config))

    assert (unsaid.code, plain.code) == (2, 2)
    assert "--older-than DAYS, or set personal_days in [store]" in unsaid.err
    assert done.out == "Deleted 0 rows.\n"
    assert "whole: 1 entry" in aicensus("audit", "verify", "--db", db).out


def test_prune_without_a_person_to_ask_deletes_nothing(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    ran = aicensus("db", "prune", "--older-than", "30", "--reason", "retention", "--db", db)

    assert ran.code == 2
    assert "--yes" in ran.err
    assert "whole: 0 entries" in aicensus("audit", "verify", "--db", db).out


def test_daemon_without_a_schedule_says_how_to_write_one(aicensus: Aicensus, db: str) -> None:
    ran = aicensus("daemon", "--db", db)

    assert ran.code == 2
    assert 'every = "6h"' in ran.err


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "cyclonedx"])
def test_export_writes_the_same_to_a_file_as_to_standard_output(
    form: str, aicensus: Aicensus, db: str, url: str, tmp_path: Path
) -> None:
    seed(url)
    path = tmp_path / "export"

    to_file = aicensus("export", form, "-o", str(path), "--db", db, "--as-of", "2099-01-01")
    printed = aicensus("export", form, "--db", db, "--as-of", "2099-01-01")

    assert (to_file.code, printed.code) == (0, 0)
    assert to_file.out == ""
    assert without_clock(path.read_text()) == without_clock(printed.out)
    assert "support-bot" in printed.out
    assert [left.name for left in tmp_path.iterdir() if left.name.startswith(".export")] == []


def without_clock(text: str) -> list[str]:
    return [line for line in text.splitlines() if "exported_at" not in line]


def test_exports_can_be_read_back(aicensus: Aicensus, db: str, url: str) -> None:
    seed(url)

    document = json.loads(aicensus("export", "json", "--db", db).out)
    rows = list(csv.DictReader(io.StringIO(aicensus("export", "csv", "--db", db).out)))

    assert len(document["assets"]) == len(rows) == 4
    assert {row["system"] for row in rows} == {"support-bot", "recommender"}


def test_export_into_a_folder_that_is_not_there_is_a_clear_error(
    aicensus: Aicensus, db: str, url: str, tmp_path: Path
) -> None:
    seed(url)

    ran = aicensus("export", "json", "-o", str(tmp_path / "no" / "file"), "--db", db)

    assert ran.code == 2
    assert "No such file or directory" in ran.err


def test_a_store_that_a_wrong_clock_wrote_to_is_refused_and_mended(
    aicensus: Aicensus, db: str, url: str
) -> None:
    seed(url)
    ahead = (datetime.now(UTC) + timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    with open_store(url) as store, store.begin() as conn:
        last = conn.execute(select(func.max(revision.c.rev))).scalar_one()
        conn.execute(revision.insert().values(rev=last + 1, at=ahead, actor="x", kind="decision"))
    words = ("owner", "set", "support-bot", "dana@example.org", "--db", db)

    refused = aicensus(*words)
    mended = aicensus("db", "mend-clock", "--reason", "it was a year ahead", "--db", db)
    done = aicensus(*words)
    again = aicensus("db", "mend-clock", "--reason", "once more", "--db", db)

    assert (refused.code, "aicensus db mend-clock" in refused.err) == (2, True)
    assert "1 revision lay ahead of this machine's clock" in mended.out
    assert (done.code, "Nothing lies ahead" in again.out) == (0, True)
    assert aicensus("audit", "verify", "--db", db).code == 0
