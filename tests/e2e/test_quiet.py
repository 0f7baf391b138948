"""What a comment suppresses stays in the inventory and raises no alert."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from discovery.cli import main
from tests.code_samples import write


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    code = main((*words, "--format", "json"))
    said = capsys.readouterr()
    assert code in (0, 1), said.err
    return json.loads(said.out)


def test_a_suppressed_thing_is_listed_and_raises_no_alert_until_the_comment_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write(tmp_path / "shop", {"a.py": 'M = "gpt-4o"  # aicensus: ignore reason=labels of a menu\n'})
    db = str(tmp_path / "inventory.db")

    _json(capsys, "scan", str(root), "--db", db)
    quiet = _json(capsys, "alerts", "--db", db)
    (kept,) = _json(capsys, "assets", "--db", db)
    write(root, {"a.py": 'M = "gpt-4o"\n'})
    _json(capsys, "scan", str(root), "--db", db)
    loud = _json(capsys, "alerts", "--db", db)
    (again,) = _json(capsys, "assets", "--db", db)

    assert (quiet, kept["role"]) == ([], "suppressed")
    assert kept["attributes"]["suppressed_reason"] == "labels of a menu"
    assert {one["rule"] for one in loud} == {"OWN-01", "OVR-00"}
    assert (again["role"], again["asset_id"]) == ("application", kept["asset_id"])


def test_proposed_answers_are_shown_with_the_system_and_are_no_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write(
        tmp_path / "shop",
        {
            "pyproject.toml": '[project]\ndescription = "Answers mail"\ndependencies = ["openai"]\n',
            "a.py": 'import openai\nM = "gpt-4o"\ns3.put_object(Bucket="mail-in", Key="k")\n',
        },
    )
    db = str(tmp_path / "inventory.db")

    _json(capsys, "scan", str(root), "--db", db)
    (system,) = _json(capsys, "systems", "show", "shop", "--db", db)

    proposed = {(one["question"], one["value"]) for one in system["oversight"]["prefilled"]}
    assert ("purpose", "Answers mail") in proposed
    assert ("data", "bucket mail-in") in proposed
    assert system["oversight"]["state"] == "none"
