from __future__ import annotations

import os
from pathlib import Path

import pytest

from connectors.clients.git_folder import find_repository, normalise_url, parse_config, read_small
from tests.code_samples import commit, git


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/Acme/Shop.git", "github.com/acme/shop"),
        ("git@github.com:Acme/Shop.git", "github.com/acme/shop"),
        ("ssh://git@GitHub.com:22/Acme/Shop/", "github.com/acme/shop"),
        ("https://user:pass@git.example.org:8443/Acme//Shop", "git.example.org:8443/Acme/Shop"),
        ("https://git.example.org:443/x", "git.example.org/x"),
        ("/srv/git/x.git", ""),
        ("../x", ""),
        ("file:///srv/git/x", ""),
        ("C:\\work\\x", ""),
    ],
)
def test_urls_of_one_repository_have_one_name(url: str, name: str) -> None:
    assert normalise_url(url) == name or (url.startswith("C:") and name == "")


def test_head_branch_and_remote_are_read_as_written(tmp_path: Path) -> None:
    head = commit(tmp_path, {"a": "1"})
    git(tmp_path, "remote", "add", "origin", "https://git.example.org/acme/shop.git")

    found = find_repository(tmp_path)

    assert found is not None
    assert found.head() == ("main", head)
    assert found.remote_urls() == ["https://git.example.org/acme/shop.git"]
    assert found.work_tree == tmp_path


def test_packed_refs_and_annotated_tags_lead_to_their_commit(tmp_path: Path) -> None:
    head = commit(tmp_path, {"a": "1"})
    git(tmp_path, "tag", "-a", "v1", "-m", "one")
    git(tmp_path, "pack-refs", "--all")

    found = find_repository(tmp_path)

    assert found is not None
    assert found.commit_of("v1") == head
    assert found.head() == ("main", head)
    assert found.commit_of("none") == ""


def test_a_subfolder_knows_its_repository(tmp_path: Path) -> None:
    commit(tmp_path, {"services/a/x": "1"})

    found = find_repository(tmp_path / "services" / "a")

    assert found is not None
    assert found.work_tree == tmp_path


def test_a_linked_work_tree_is_followed_and_a_planted_one_is_not(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    commit(own, {"a": "1"})
    git(own, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "side")
    planted = tmp_path / "planted"
    planted.mkdir()
    (planted / ".git").write_text(f"gitdir: {own}/.git\n")

    linked, other = find_repository(tmp_path / "linked"), find_repository(planted)

    assert linked is not None
    assert linked.head()[0] == "side"
    assert linked.objects == own / ".git" / "objects"
    assert other is None


def test_includes_of_a_configuration_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "other"
    secret.write_text('[remote "origin"]\nurl = https://git.example.org/planted\n')

    found = parse_config(
        f'[include]\n path = {secret}\n[remote "origin"]\n url = "https://git.example.org/x"\n'
    )

    assert found["remote.origin.url"] == ["https://git.example.org/x"]


def test_small_files_are_never_links_or_pipes(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "pipe")

    texts = [read_small(tmp_path / name) for name in ("real", "link", "pipe", "none")]

    assert texts == ["x", "", "", ""]
