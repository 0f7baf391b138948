from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from discovery.cli import main
from tests.integrations.pipeline import INTEGRATIONS, branch, load, shell

JOB: dict[str, Any] = load(INTEGRATIONS / "gitlab" / "aicensus.gitlab-ci.yml")["aicensus"]


def run(folder: Path, **variables: str) -> tuple[int, str]:
    given = {name: str(value) for name, value in JOB["variables"].items()}
    ran = shell("\n".join([*JOB["before_script"], *JOB["script"]]), folder, {**given, **variables})
    return ran.code, ran.said


def test_job_keeps_what_it_writes_and_fetches_the_whole_history() -> None:
    text = "\n".join(JOB["script"])

    assert JOB["variables"]["GIT_DEPTH"] == "0"
    assert JOB["artifacts"]["when"] == "always"
    assert all(path in text for path in JOB["artifacts"]["paths"])
    assert JOB["allow_failure"] == {"exit_codes": [3]}


@pytest.mark.parametrize("part", ["before_script", "script"])
def test_shell_parts_are_valid(part: str) -> None:
    checked = subprocess.run(["bash", "-n", "-c", "\n".join(JOB[part])], capture_output=True, text=True)

    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_merge_request_fails_when_it_brings_ai(tmp_path: Path) -> None:
    base = branch(tmp_path / "shop", "anthropic==0.40")

    ended, said = run(tmp_path / "shop", CI_MERGE_REQUEST_DIFF_BASE_SHA=base)

    assert ended == 1, said
    assert json.loads((tmp_path / "shop" / "aicensus.sarif").read_text())["version"] == "2.1.0"
    assert "since" in (tmp_path / "shop" / "aicensus.md").read_text()


def test_the_default_branch_is_scanned_whole_and_does_not_fail_for_new(tmp_path: Path) -> None:
    branch(tmp_path / "shop", "anthropic==0.40")

    ended, said = run(tmp_path / "shop")

    assert ended == 0, said


def test_a_baseline_is_used_where_one_is_named(tmp_path: Path) -> None:
    branch(tmp_path / "shop", "anthropic==0.40")
    known = tmp_path / "shop" / "known.json"
    main(["scan", str(tmp_path / "shop"), "--fresh", "--no-progress", "--write-baseline", str(known)])

    ended, said = run(tmp_path / "shop", AICENSUS_BASELINE="known.json")

    assert ended == 0, said
    assert "Baseline: 2 known, 0 new." in said
