from __future__ import annotations

from pathlib import Path

from connectors.code.targets import is_url, machine, open_target
from tests.code_samples import commit, git


def test_paths_and_urls_are_told_apart(tmp_path: Path) -> None:
    answers = [
        is_url(text) for text in ("https://x.example.org/y", "git@x.example.org:y", ".", "a/b", "ext::x")
    ]

    assert answers == [True, True, False, False, True]


def test_without_a_remote_machine_and_path_are_the_identity(tmp_path: Path) -> None:
    target = open_target(str(tmp_path), ("https",))

    assert target.repository == f"local/{machine()}{tmp_path.resolve()}"


def test_the_machines_own_id_is_not_shown() -> None:
    own = Path("/etc/machine-id")

    assert len(machine()) == 12
    assert not own.exists() or machine() not in own.read_text()


def test_only_urls_of_the_same_remote_are_aliases(tmp_path: Path) -> None:
    commit(tmp_path, {"a": "1"})
    git(tmp_path, "remote", "add", "origin", "https://git.example.org/acme/fork")
    git(tmp_path, "remote", "set-url", "--push", "origin", "git@mirror.example.org:acme/fork.git")
    git(tmp_path, "remote", "add", "upstream", "https://git.example.org/other/original")

    target = open_target(str(tmp_path), ("https",))

    assert target.repository == "git.example.org/acme/fork"
    assert target.aliases == ("mirror.example.org/acme/fork",)
