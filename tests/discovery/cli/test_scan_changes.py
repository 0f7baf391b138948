"""``aicensus scan`` as pipelines call it: --diff, --since, --baseline, --fail-on new, SARIF and a summary."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.code_samples import commit, git, write
from tests.discovery.cli.conftest import Aicensus

BOT = {"bot/requirements.txt": "openai==1.2.3\n"}


@pytest.fixture
def branch(tmp_path: Path) -> Path:
    """A branch that brings a second provider to a service on ``main``."""
    folder = tmp_path / "shop"
    folder.mkdir()
    commit(folder, BOT)
    git(folder, "checkout", "-q", "-b", "feature")
    commit(folder, {"bot/requirements.txt": "openai==1.2.3\nanthropic==0.40\n"})
    return folder


def test_a_pull_request_that_brings_ai_fails_and_names_it(aicensus: Aicensus, branch: Path) -> None:
    ran = aicensus("scan", str(branch), "--fresh", "--diff", "main", "--fail-on", "new")

    assert ran.code == 1, ran.err
    assert "Changed since main: 1 new, 1 known before." in ran.out
    assert "anthropic" in ran.out
    assert "bot/requirements.txt:2" in ran.out
    assert "nothing counts as gone" in ran.out


def test_a_pull_request_without_ai_passes_and_says_so(aicensus: Aicensus, branch: Path) -> None:
    git(branch, "checkout", "-q", "-b", "other", "main")
    commit(branch, {"bot/README.md": "# A bot\n"})

    ran = aicensus("scan", str(branch), "--fresh", "--diff", "main", "--fail-on", "new")

    assert ran.code == 0, ran.err
    assert "no AI in what changed" in ran.out


@pytest.mark.parametrize(("threshold", "code"), [("none", 0), ("new", 1), ("high", 1), ("critical", 0)])
def test_thresholds_ask_about_what_the_branch_brings(
    threshold: str, code: int, aicensus: Aicensus, branch: Path
) -> None:
    assert aicensus("scan", str(branch), "--fresh", "--diff", "main", "--fail-on", threshold).code == code


@pytest.mark.parametrize("threshold", ["new", "low"])
def test_a_change_beside_known_ai_does_not_fail_for_the_alerts_that_were_there(
    threshold: str, aicensus: Aicensus, branch: Path
) -> None:
    git(branch, "checkout", "-q", "-b", "bump", "main")
    commit(branch, {"bot/requirements.txt": "openai==1.99\n"})

    ran = aicensus("scan", str(branch), "--fresh", "--diff", "main", "--fail-on", threshold)

    assert ran.code == 0, ran.out
    assert "0 new, 1 known before" in ran.out


def test_a_scan_of_changes_ages_nothing_and_is_journaled_as_such(
    aicensus: Aicensus, branch: Path, db: str
) -> None:
    aicensus("scan", str(branch), "--db", db)
    write(branch, {"bot/requirements.txt": "cohere==5\n"})

    for _ in range(3):
        aicensus("scan", str(branch), "--db", db, "--diff", "HEAD")

    names = {row["name"]: row["state"] for row in aicensus("assets", "--db", db, "--format", "json").json}
    assert names == {"openai": "present", "anthropic": "present", "cohere": "present"}
    runs = aicensus("runs", "--db", db, "--format", "json").json
    assert [run["filtered"] for run in runs] == [True, True, True, False]


def test_a_whole_scan_after_one_of_changes_finds_everything_as_it_was(
    aicensus: Aicensus, branch: Path, db: str
) -> None:
    aicensus("scan", str(branch), "--db", db)
    aicensus("scan", str(branch), "--db", db, "--diff", "main")

    aicensus("scan", str(branch), "--db", db)

    (last, *_) = aicensus("runs", "--db", db, "--format", "json").json
    assert (last["added"], last["changed"], last["closed"], last["missing"]) == (0, 0, 0, 0)


def test_clones_inside_a_target_are_not_retired_by_scans_of_changes(
    aicensus: Aicensus, branch: Path, db: str, tmp_path: Path
) -> None:
    inner = branch / "checkout"
    inner.mkdir()
    commit(inner, {"requirements.txt": "cohere==5\n"})
    config = tmp_path / "aicensus.toml"
    config.write_text(f"[connectors.code.main]\ntargets = [{json.dumps(str(branch))}]\n")
    options = ("--config", str(config), "--db", db)
    aicensus("scan", *options)

    for _ in range(3):
        aicensus("scan", *options, "--diff", "main")

    coverage = aicensus("coverage", *options, "--format", "json").json
    assert any(row["scope"].endswith("/shop/checkout") for row in coverage)
    assert {row["state"] for row in coverage} <= {"active", "listing"}


def test_a_fresh_inventory_is_forgotten(
    aicensus: Aicensus, branch: Path, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.db"
    monkeypatch.setenv("AICENSUS_DB", str(kept))

    aicensus("scan", str(branch), "--fresh")

    assert not kept.exists()
    assert not list(home.rglob("*.db"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--fresh", "--db", "x.db"), "--fresh and --db"),
        (("--diff", "main", "--since", "main"), "--diff and --since"),
        (("--diff", ""), "need a branch"),
        (("--diff", "main", "--write-baseline", "x.json"), "wants a whole scan"),
        (("--diff", "nowhere"), "there is no commit 'nowhere'"),
        (("--diff", "main", "--connector", "openai"), "openai:main has none"),
        (("--baseline", "missing.json"), "--write-baseline"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    words: tuple[str, ...],
    said: str,
    aicensus: Aicensus,
    branch: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(branch)
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-none")
    monkeypatch.setenv("AICENSUS_DB", str(tmp_path / "some.db"))

    ran = aicensus("scan", *words)

    assert ran.code == 2
    assert said in ran.err


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"format": "other/1"}', '{"format": "aicensus.baseline/1"}', "nul"]
)
def test_a_baseline_that_is_none_is_said_before_the_scan(
    content: str, aicensus: Aicensus, branch: Path, tmp_path: Path
) -> None:
    (tmp_path / "known.json").write_text(content)

    ran = aicensus("scan", str(branch), "--fresh", "--baseline", str(tmp_path / "known.json"))

    assert ran.code == 2
    assert "known.json" in ran.err


def test_since_takes_a_commit_or_a_day(aicensus: Aicensus, branch: Path) -> None:
    by_commit = aicensus("scan", str(branch), "--fresh", "--since", "HEAD~1", "--fail-on", "new")
    by_day = aicensus("scan", str(branch), "--fresh", "--since", "2020-01-01", "--fail-on", "new")
    later = aicensus("scan", str(branch), "--fresh", "--since", "2100-01-01", "--fail-on", "new")

    assert "1 new, 1 known" in by_commit.out
    assert "2 new, 0 known" in by_day.out
    assert "no AI in what changed" in later.out
    assert (by_commit.code, by_day.code, later.code) == (1, 1, 0)


def test_json_holds_the_systems_of_what_changed_and_nothing_else(aicensus: Aicensus, branch: Path) -> None:
    commit(branch, {"other/requirements.txt": "cohere==5\n"})

    rows = aicensus("scan", str(branch), "--fresh", "--since", "HEAD~1", "--format", "json").json

    assert [row["name"] for row in rows] == ["other"]


def test_what_a_baseline_holds_is_known_and_what_comes_on_top_fails(
    aicensus: Aicensus, branch: Path, tmp_path: Path
) -> None:
    known = str(tmp_path / "known.json")
    git(branch, "checkout", "-q", "main")
    wrote = aicensus("scan", str(branch), "--fresh", "--write-baseline", known)
    same = aicensus("scan", str(branch), "--fresh", "--baseline", known, "--fail-on", "new")
    git(branch, "checkout", "-q", "feature")
    more = aicensus("scan", str(branch), "--fresh", "--baseline", known, "--fail-on", "new")

    assert (wrote.code, same.code, more.code) == (0, 0, 1)
    assert "Wrote 1 thing" in wrote.err
    assert "Baseline: 1 known, 0 new." in same.out
    as_json = aicensus("scan", str(branch), "--fresh", "--baseline", known, "--format", "json")
    assert [row["name"] for row in as_json.json] == ["bot"]
    assert "Baseline: 1 known, 1 new.\n  package anthropic: bot/requirements.txt:2" in more.out


def test_alerts_of_what_a_baseline_holds_do_not_fail(
    aicensus: Aicensus, branch: Path, tmp_path: Path
) -> None:
    known = str(tmp_path / "known.json")
    aicensus("scan", str(branch), "--fresh", "--write-baseline", known)

    without = aicensus("scan", str(branch), "--fresh", "--fail-on", "high")
    ran = aicensus("scan", str(branch), "--fresh", "--baseline", known, "--fail-on", "high")

    assert (without.code, ran.code) == (1, 0)


def test_a_baseline_reads_the_same_whoever_writes_it(
    aicensus: Aicensus, branch: Path, tmp_path: Path
) -> None:
    git(branch, "clone", "-q", str(branch), str(tmp_path / "elsewhere"))
    git(tmp_path / "elsewhere", "remote", "remove", "origin")
    for number, folder in enumerate((branch, tmp_path / "elsewhere")):
        aicensus("scan", str(folder), "--fresh", "--write-baseline", str(tmp_path / f"{number}.json"))

    one, other = ((tmp_path / f"{number}.json").read_text() for number in (0, 1))

    assert one == other
    assert json.loads(one)["things"] == [
        {
            "namespace": "code/local",
            "key": f"bot|package|pkg:pypi/{name}",
            "kind": "package",
            "name": name,
        }
        for name in ("anthropic", "openai")
    ]


def test_new_things_of_tests_and_suppressed_ones_are_shown_and_do_not_fail(
    aicensus: Aicensus, branch: Path
) -> None:
    commit(
        branch,
        {
            "bot/tests/test_bot.py": 'ask(model="gpt-4o", max_tokens=5)\n',
            "bot/app.py": 'MODEL = "o3-mini"  # aicensus: ignore[model] reason=only a label in a list\n',
        },
    )

    ran = aicensus("scan", str(branch), "--fresh", "--since", "HEAD~1", "--fail-on", "new")

    assert ran.code == 0, ran.out
    assert "new, excused" in ran.out
    assert "Not counted: 1 thing, in code that is test only." in ran.out
    assert "only a label in a list" in ran.out


def test_what_a_change_hides_from_the_scan_is_told(aicensus: Aicensus, branch: Path, tmp_path: Path) -> None:
    commit(branch, {".aicensusignore": "secret/\n", "secret/requirements.txt": "cohere==5\n"})
    page = tmp_path / "summary.md"

    ran = aicensus("scan", str(branch), "--fresh", "--since", "HEAD~1", "--summary", str(page))

    assert "Hidden: .aicensusignore:1: 'secret/' hides 1 file" in " ".join(ran.out.split())
    assert ".aicensusignore:1" in page.read_text()


def test_new_without_anything_to_compare_with_is_what_the_inventory_did_not_hold(
    aicensus: Aicensus, branch: Path, db: str
) -> None:
    first = aicensus("scan", str(branch), "--db", db, "--fail-on", "new")
    again = aicensus("scan", str(branch), "--db", db, "--fail-on", "new")
    write(branch, {"bot/requirements.txt": "openai\nanthropic\ncohere\n"})
    more = aicensus("scan", str(branch), "--db", db, "--fail-on", "new")

    assert (first.code, again.code, more.code) == (1, 0, 1)


def test_files_for_other_tools_hold_what_was_scanned_and_not_the_whole_inventory(
    aicensus: Aicensus, branch: Path, db: str, tmp_path: Path
) -> None:
    write(tmp_path / "other", {"requirements.txt": "cohere==5\n"})
    aicensus("scan", str(tmp_path / "other"), "--db", db)

    document = aicensus("scan", str(branch), "--db", db, "--format", "sarif").json
    whole = aicensus("export", "sarif", "--db", db).json

    names = [
        {one["properties"]["name"] for one in found["runs"][0]["results"]} for found in (document, whole)
    ]
    assert names == [{"openai", "anthropic"}, {"openai", "anthropic", "cohere"}]


def test_sarif_is_written_beside_the_report_or_instead_of_it(
    aicensus: Aicensus, branch: Path, tmp_path: Path
) -> None:
    beside = tmp_path / "out.sarif"

    aicensus("scan", str(branch), "--fresh", "--diff", "main", "--sarif", str(beside))
    instead = aicensus("scan", str(branch), "--fresh", "--diff", "main", "--format", "sarif")

    kept = json.loads(beside.read_text())
    for document in (kept, instead.json):
        results = {one["properties"]["name"]: one for one in document["runs"][0]["results"]}
        assert {name: one["baselineState"] for name, one in results.items()} == {
            "anthropic": "new",
            "openai": "unchanged",
        }
        place = results["anthropic"]["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "bot/requirements.txt"
        assert place["region"] == {"startLine": 2}


def test_sarif_paths_start_at_the_root_of_the_repository(aicensus: Aicensus, branch: Path) -> None:
    document = aicensus("scan", str(branch / "bot"), "--fresh", "--format", "sarif").json

    uris = {
        one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for one in document["runs"][0]["results"]
    }
    assert uris == {"bot/requirements.txt"}


def test_a_summary_is_added_to_what_is_there(aicensus: Aicensus, branch: Path, tmp_path: Path) -> None:
    page = tmp_path / "summary.md"
    page.write_text("before\n")

    aicensus("scan", str(branch), "--fresh", "--diff", "main", "--summary", str(page))

    text = page.read_text()
    assert text.startswith("before\n## AI found: 1 new since `main`")
    assert "| `anthropic` | package | `anthropic` | declared | `bot/requirements.txt:2` |" in text
    assert "1 thing known before." in text


def test_a_file_that_cannot_be_written_is_said(aicensus: Aicensus, branch: Path, tmp_path: Path) -> None:
    ran = aicensus("scan", str(branch), "--fresh", "--sarif", str(tmp_path / "none" / "x.sarif"))

    assert ran.code == 2
    assert "x.sarif" in ran.err
