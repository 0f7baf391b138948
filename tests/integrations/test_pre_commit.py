from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.code_samples import git
from tests.integrations.pipeline import ROOT, branch, load, shell

HOOKS: list[dict[str, Any]] = load(ROOT / ".pre-commit-hooks.yaml")


def test_hook_has_what_pre_commit_needs_and_is_given_no_file_names() -> None:
    (hook,) = HOOKS

    assert {"id", "name", "entry", "language"} <= hook.keys()
    assert hook["language"] == "python"
    assert hook["pass_filenames"] is False


def test_hook_fails_for_staged_ai_and_not_for_what_is_not_added(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    branch(folder, "requests==2")
    (folder / "bot" / "new.py").write_text('model = "gpt-4o"\n')

    untracked = shell(HOOKS[0]["entry"], folder, {})
    git(folder, "add", "-A")
    staged = shell(HOOKS[0]["entry"], folder, {})

    assert untracked.code == 0, untracked.said
    assert staged.code == 1, staged.said
    assert "gpt-4o" in staged.said
