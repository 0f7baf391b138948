"""A folder of clones: each one is a scope of its own, bare or not, whatever lies around it."""

from __future__ import annotations

from pathlib import Path

from connectors.model import PartStatus
from tests.code_samples import Scanned, commit, git, scan, write

BOT = {"bot.py": 'import openai\n\nMODEL = "gpt-4o"\n', "requirements.txt": "openai\n"}


def _clone(folder: Path, name: str, *, files: dict[str, str] | None = None) -> Path:
    """Make a clone of ``acme/<name>`` as one has it on disk."""
    place = folder / name
    place.mkdir(parents=True)
    commit(place, files or BOT)
    git(place, "remote", "add", "origin", f"https://git.example.org/acme/{name.rpartition('/')[2]}.git")
    return place


def _bare(folder: Path, name: str) -> None:
    origin = _clone(folder.parent / "origins", name)
    git(folder, "clone", "-q", "--bare", str(origin), f"{name}.git")
    git(folder / f"{name}.git", "remote", "set-url", "origin", f"git@git.example.org:acme/{name}.git")


def _keys(look: Scanned) -> set[str]:
    return {scope.key for scope in look.scopes}


def test_five_clones_in_a_folder_are_five_scopes_and_the_folder_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "clones"
    folder.mkdir()
    for name in ("shop", "deep/er/search", "web"):
        _clone(folder, name)
    _bare(folder, "archive")
    _clone(folder, "empty", files={"README.md": "nothing\n"})
    write(folder, {"notes.py": 'MODEL = "gpt-4.1"\n'})

    look = scan(folder)

    repositories = [f"git.example.org/acme/{name}" for name in ("archive", "empty", "search", "shop", "web")]
    assert sorted(scope.ids[0] for scope in look.scopes if scope.ids[0].startswith("git.")) == repositories
    assert len(look.scopes) == 6
    by_account: dict[str, set[str]] = {}
    for one in look.findings:
        by_account.setdefault(str(one.account), set()).add(one.name)
    assert {account: names for account, names in by_account.items() if account in repositories} == {
        f"git.example.org/acme/{name}": {"openai", "gpt-4o"} for name in ("archive", "search", "shop", "web")
    }
    assert [names for account, names in by_account.items() if account not in repositories] == [{"gpt-4.1"}]
    assert {result.status for result in look.parts.values()} == {PartStatus.COMPLETE}


def test_a_clone_of_the_same_repository_twice_is_two_scopes_of_one_repository(tmp_path: Path) -> None:
    _clone(tmp_path, "a/shop")
    _clone(tmp_path, "b/shop")

    look = scan(tmp_path)

    accounts = [scope.account for scope in look.scopes if (scope.account or "").startswith("git.")]
    assert accounts == ["git.example.org/acme/shop"] * 2
    assert len(_keys(look)) == 3


def test_a_bare_clone_given_as_target_shows_what_its_checkout_shows(tmp_path: Path) -> None:
    folder = tmp_path / "clones"
    folder.mkdir()
    _bare(folder, "shop")

    bare = scan(folder / "shop.git")
    tree = scan(tmp_path / "origins" / "shop")

    assert _keys(bare) == _keys(tree) == {"code:main/git.example.org/acme/shop"}
    assert {one.natural_key for one in bare.findings} == {one.natural_key for one in tree.findings}


def test_a_clone_that_is_broken_costs_only_itself(tmp_path: Path) -> None:
    _clone(tmp_path, "shop")
    broken = tmp_path / "broken.git"
    (broken / "objects").mkdir(parents=True)
    (broken / "refs").mkdir()
    (broken / "HEAD").write_text("ref: refs/heads/main\n")

    look = scan(tmp_path)

    assert {one.name for one in look.findings} >= {"openai", "gpt-4o"}
    assert "no commit" in look.error
