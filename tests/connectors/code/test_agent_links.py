"""A link to an agent file is one as well, by whatever way the tree is read; no link is followed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.code_samples import git, scan, write


def _tree(root: Path) -> Path:
    write(
        root,
        {"AGENTS.md": "# Rules", "docs/notes.md": "# Notes", "web/app.py": "", "secret/CLAUDE.md": "# x"},
    )
    for link, target in {
        "CLAUDE.md": "AGENTS.md",
        "web/.cursorrules": "../AGENTS.md",
        "GEMINI.md": "docs/notes.md",
        "web/CLAUDE.md": "/etc/hostname",
        "docs/AGENTS.md": "../../outside/AGENTS.md",
        "README.md": "AGENTS.md",
    }.items():
        os.symlink(target, root / link)
    return root


@pytest.mark.parametrize("is_git", [False, True])
def test_links_to_agent_files_count(tmp_path: Path, is_git: bool) -> None:
    root = _tree(tmp_path / "repo")
    target = root
    if is_git:
        git(root, "init", "-q", "-b", "main")
        git(root, "add", "-A")
        git(root, "commit", "-qm", "all")
        git(root, "clone", "-q", "--bare", str(root), str(tmp_path / "bare.git"))
        target = tmp_path / "bare.git"

    found = {item.name: item for item in scan(target).findings if item.kind == "agent_config"}

    assert set(found) == {"AGENTS.md", "CLAUDE.md", "web/.cursorrules", "secret/CLAUDE.md"}
    assert found["CLAUDE.md"].provider == "anthropic"
    assert found["CLAUDE.md"].attributes["link_to"] == "AGENTS.md"


def test_a_filter_holds_for_links_too(tmp_path: Path) -> None:
    found = scan(_tree(tmp_path), exclude=("web/**",)).findings

    assert [item.name for item in found if "cursorrules" in item.name] == []
