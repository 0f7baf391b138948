from __future__ import annotations

from pathlib import Path

from connectors.code.targets import is_url, machine, open_target
from tests.code_samples import commit, git, scan, write

BOT = {"bot.py": 'MODEL = "gpt-4o"\n'}


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


def test_clones_in_a_folder_are_scopes_of_their_own_and_the_rest_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "all"
    for name in ("bot", "deep/er/shop"):
        (folder / name).mkdir(parents=True)
        commit(folder / name, BOT)
        git(folder / name, "remote", "add", "origin", f"https://git.example.org/acme/{Path(name).name}")
    git(tmp_path, "clone", "-q", "--bare", str(folder / "bot"), str(folder / "mirror.git"))
    git(folder / "mirror.git", "remote", "set-url", "origin", "https://git.example.org/acme/mirror")
    write(folder, {"loose.py": 'MODEL = "o3-mini"\n'})

    found = scan(folder)

    clones = {f"git.example.org/acme/{name}" for name in ("bot", "shop", "mirror")}
    accounts = {scope.account for scope in found.scopes}
    assert accounts == {*clones, open_target(str(folder), ()).repository}
    assert {one.account for one in found.findings if one.name == "gpt-4o"} == clones
    assert {one.account for one in found.findings if one.name == "o3-mini"} == accounts - clones


def test_a_clone_is_named_in_what_its_folder_did_not_enter(tmp_path: Path) -> None:
    (tmp_path / "zoo" / "bot").mkdir(parents=True)
    commit(tmp_path / "zoo" / "bot", BOT)

    inner, outer = tmp_path / "zoo" / "bot", tmp_path / "zoo"
    # The folder's own scope is scanned last of the two, so that its coverage is what is left to see.
    found = scan(inner, outer)

    assert "a scope of its own" in found.exceptions("files")["bot/"]


def test_what_only_looks_like_a_clone_stays_a_part_of_its_folder(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "empty/.git/keep": "",
            "empty/a.py": 'MODEL = "gpt-4o"\n',
            "bare/HEAD": "ref: refs/heads/main\n",
            "bare/b.py": 'MODEL = "o3-mini"\n',
        },
    )

    found = scan(tmp_path)

    assert len(found.scopes) == 1
    assert {one.name for one in found.findings} == {"gpt-4o", "o3-mini"}
