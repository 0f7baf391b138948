"""Whatever of a tree could not be read is listed with the reason, up to the coverage that a person sees."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from discovery.cli import main
from tests.code_samples import commit, git, write

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"
GOOD = '[project]\nname = "bot"\ndependencies = ["openai"]\n'


EXPECTED = (
    ("models", "big.py", "larger than the limit"),
    ("packages-npm", "broken/package.json", "not JSON"),
    ("packages-npm", "odd/package.json", "not "),
    ("packages-npm", "deep/package.json", "not JSON"),
    ("packages-npm", "lfs/package-lock.json", "Git LFS pointer"),
    ("files", "sub/", "submodule"),
    ("files", "out", "symbolic link"),
    ("files", "pipe", "not a regular file"),
    ("files", "node_modules", "not entered"),
    ("files", ".aicensusignore:1", "hides 1 file"),
    ("files", "quiet.py:1", "suppressed: model gpt-4o (reason: an old test)"),
    ("files", "loud.py:1", "counts for nothing"),
)


def _json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    """Run a command and return what it printed; 1 only says that there are alerts."""
    capsys.readouterr()
    code = main((*words, "--format", "json"))
    said = capsys.readouterr()
    assert code in (0, 1), said.err
    return json.loads(said.out)


def _write_shop(root: Path, other: Path) -> None:
    """Write a repository that holds one of each thing that cannot be read."""
    write(
        root,
        {
            "pyproject.toml": GOOD,
            "big.py": "# " + "x" * 3_000_000,
            "broken/package.json": '{"dependencies": {',
            "odd/package.json": b'{"name": "\xff\xfe"}',
            "deep/package.json": '{"dependencies": ' * 5_000,
            "lfs/package-lock.json": LFS,
            ".aicensusignore": "generated/\n",
            "generated/x.py": 'M = "gpt-4o"\n',
            "quiet.py": 'M = "gpt-4o"  # aicensus: ignore reason=an old test\n',
            "loud.py": 'M = "gpt-4-turbo"  # aicensus: ignore\n',
            "node_modules/x/index.js": "1\n",
        },
    )
    (root / "out").symlink_to("/etc")
    os.mkfifo(root / "pipe")
    commit(other, {"a.py": "x = 1\n"})
    commit(root)
    git(root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "sub")


def test_each_kind_of_unread_thing_is_listed_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _write_shop(tmp_path / "shop", tmp_path / "other")
    db = str(tmp_path / "inventory.db")

    _json(capsys, "scan", str(tmp_path / "shop"), "--db", db)
    coverage = _json(capsys, "coverage", "--db", db)
    run = _json(capsys, "runs", "show", "latest", "--db", db)

    reasons: Mapping[str, str] = {row["part"]: row["reason"] for row in coverage}
    listed = {
        part["part"]: {one["locator"]: one["reason"] for one in part["exceptions"]}
        for part in run[0]["details"]
    }
    for part, place, reason in EXPECTED:
        assert reason in listed[part][place], (part, place)
        assert f"{len(listed[part]):,} not read" in reasons[part], part
