"""Reading a repository where it is hosted: as a clone would show it, and only what moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from connectors.context import forget_clients
from connectors.forges.github import GitHubOptions
from connectors.forges.trees import API_BLOBS
from connectors.hygiene import canonical
from connectors.model import Finding, PartStatus
from tests.code_samples import commit, git, scan
from tests.fakes_forges import TOKEN, Fault, Hosted
from tests.fakes_github import GitHubFake
from tests.forge_samples import BOT, Account


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubFake]:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    with GitHubFake(tmp_path / "hosted") as running:
        yield running
    forget_clients()


@pytest.fixture
def shop(host: GitHubFake) -> Hosted:
    return host.add("acme/shop", BOT | {"CODEOWNERS": "* @acme/ml\n"})


def account(host: GitHubFake, **options: object) -> Account:
    # Who changed the files is another question, asked in test_hosts.
    chosen: dict[str, object] = {
        "organizations": ("acme",),
        "base_url": host.api_url,
        "host": "git.example.org",
    }
    chosen |= {"history_files": 0, **options}
    return Account("github", GitHubOptions.model_validate(chosen))


def asked(host: GitHubFake) -> list[str]:
    """Return what was asked since the last call, by kind."""
    words = {"graphql": "list", "trees": "tree", "blobs": "blob", "refs": "git", "git-upload-pack": "git"}
    found = [next(kind for word, kind in words.items() if word in one.path) for one in host.requests]
    host.requests.clear()
    return found


def test_a_repository_shows_byte_for_byte_what_its_url_shows(host: GitHubFake, shop: Hosted) -> None:
    there = account(host).look().findings["acme/shop"]
    here = scan(f"file://{shop.folder}", protocols=("file",)).findings

    assert there
    assert [_said(one) for one in there] == [_said(one) for one in here]
    assert {one.attributes["repository_visibility"] for one in there} == {"private"}


def _said(one: Finding) -> bytes:
    """Return all that a finding says, but for whose it is and what the host says of the repository."""
    plain = replace(
        one,
        natural_key=replace(one.natural_key, namespace=""),
        account=None,
        aliases=(),
        links=(),
        attributes={name: value for name, value in one.attributes.items() if name != "repository_visibility"},
    )
    return canonical(plain)


def test_the_address_of_a_clone_is_an_alias_of_what_the_host_shows(
    host: GitHubFake, shop: Hosted, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", str(shop.folder), "clone")
    git(tmp_path / "clone", "remote", "set-url", "origin", "git@git.example.org:acme/shop.git")

    there = account(host).look().findings["acme/shop"]
    here = scan(tmp_path / "clone").findings

    assert {one.natural_key for one in here} == {alias for one in there for alias in one.aliases}
    assert {one.natural_key.namespace for one in there} == {f"code/git.example.org/{shop.id}"}


def test_a_repository_in_which_nothing_moved_costs_no_request(host: GitHubFake, shop: Hosted) -> None:
    watched = account(host)
    first = watched.look()
    asked(host)

    second = watched.look()

    assert asked(host) == ["list"]
    assert second.findings["acme/shop"] == []
    assert {one.natural_key for one in second.unchanged["acme/shop"]} == {
        one.natural_key for one in first.findings["acme/shop"]
    }
    assert {name: result.count for name, result in second.parts["acme/shop"].items()} == {
        name: result.count for name, result in first.parts["acme/shop"].items()
    }


def test_a_moved_repository_gives_only_its_new_blobs_and_by_the_api_when_they_are_few(
    host: GitHubFake, shop: Hosted
) -> None:
    watched = account(host)
    watched.look()
    asked(host)
    shop.commit({"bot.py": 'import openai\n\nMODEL = "gpt-4.1"\n'})

    moved = watched.look()

    # CODEOWNERS is looked at each time: who owns a file is no fact of its bytes alone.
    assert asked(host) == ["list", "tree", "blob", "blob"]
    assert [one.name for one in moved.findings["acme/shop"] if one.kind == "model"] == ["gpt-4.1"]


def test_many_new_blobs_come_by_git_in_one_go(host: GitHubFake, shop: Hosted) -> None:
    watched = account(host)
    watched.look()
    asked(host)
    shop.commit({f"part{number}.py": f"import openai  # {number}\n" for number in range(API_BLOBS + 1)})

    moved = watched.look()

    assert set(asked(host)) == {"list", "tree", "git"}
    assert moved.named("acme/shop")["openai"].attributes["places"] == API_BLOBS + 3


def test_a_tree_that_the_host_cuts_short_is_read_by_git(host: GitHubFake, shop: Hosted) -> None:
    watched = account(host)
    watched.look()
    host.faults.append(Fault(path="*/git/trees/*", action="truncated"))
    shop.commit({"bot.py": 'MODEL = "gpt-4.1"\n'})

    moved = watched.look()

    assert "gpt-4.1" in moved.named("acme/shop")


def test_a_host_that_gives_other_bytes_is_not_believed(host: GitHubFake, shop: Hosted) -> None:
    watched = account(host)
    watched.look()
    host.faults.append(Fault(path="*/git/blobs/*", action="lie"))
    shop.commit({"bot.py": 'MODEL = "gpt-4.1"\n'})

    moved = watched.look()

    assert "other bytes" in moved.errors["acme/shop"]
    assert moved.findings["acme/shop"] == []


def test_what_another_repository_has_shown_is_not_brought_again(host: GitHubFake, shop: Hosted) -> None:
    watched = account(host)
    other = host.add("acme/other", {"a.txt": "nothing\n"})
    watched.look()
    asked(host)
    other.commit({"vendor/bot.py": BOT["bot.py"]})

    moved = watched.look()

    assert asked(host) == ["list", "tree"]
    assert "gpt-4o" in moved.named("acme/other")


def test_a_thing_that_went_away_is_looked_for_once_more(host: GitHubFake, shop: Hosted) -> None:
    watched = account(host)
    watched.look()
    commit(shop.folder)
    git(shop.folder, "rm", "-q", "bot.py")
    shop.commit({})

    moved, again = watched.look(), watched.look()

    names = {one.natural_key.key for one in (*moved.findings["acme/shop"], *moved.unchanged["acme/shop"])}
    assert not any("gpt-4o" in name for name in names)
    assert again.findings["acme/shop"] == []


@pytest.mark.parametrize(
    "change",
    [{"own_packages": ("openai",)}, {"exclude": ("bot.py",)}, {"max_text_bytes": 1_000}],
    ids=["own", "paths", "limits"],
)
def test_other_options_of_reading_make_it_read_again(
    host: GitHubFake, shop: Hosted, change: dict[str, object]
) -> None:
    watched = account(host)
    watched.look()
    asked(host)

    watched.look(**change)

    assert "tree" in asked(host)


def test_what_the_host_says_of_a_repository_counts_without_a_new_commit(
    host: GitHubFake, shop: Hosted
) -> None:
    watched = account(host)
    watched.look()
    shop.flags.add("archived")

    archived = watched.look()

    assert archived.named("acme/shop")["openai"].attributes["repository_marks"] == ["archived"]


def test_a_renamed_repository_keeps_its_scope_and_its_things(host: GitHubFake, shop: Hosted) -> None:
    watched = account(host)
    before = watched.look()
    shop.folder.rename(shop.folder.parent / "store.git")
    shop.name, shop.folder = "acme/store", shop.folder.parent / "store.git"

    after = watched.look()

    assert after.scopes["acme/store"].key == before.scopes["acme/shop"].key
    assert {one.natural_key for one in after.findings["acme/store"]} == {
        one.natural_key for one in before.findings["acme/shop"]
    }


def test_a_refused_repository_is_denied_in_every_part_and_alone(host: GitHubFake, shop: Hosted) -> None:
    host.add("acme/site", BOT)
    host.faults.append(Fault(path="/acme/shop.git/*", action="403"))

    look = account(host).look()

    assert {result.status for result in look.parts["acme/shop"].values()} == {PartStatus.DENIED}
    assert {result.status for result in look.parts["acme/site"].values()} == {PartStatus.COMPLETE}


def test_a_refused_repository_is_read_again_next_time(host: GitHubFake, shop: Hosted) -> None:
    watched = account(host)
    watched.look()
    shop.commit({"bot.py": 'MODEL = "gpt-4.1"\n'})
    host.faults.append(Fault(path="*/git/trees/*", action="404", times=1))
    refused = watched.look()

    again = watched.look()

    assert {result.status for result in refused.parts["acme/shop"].values()} == {PartStatus.DENIED}
    assert "gpt-4.1" in again.named("acme/shop")


def test_what_could_not_be_read_is_said_again_while_nothing_moves(host: GitHubFake) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"
    host.add("acme/lfs", BOT | {"data.json": pointer})
    watched = account(host)

    first, second = watched.look(), watched.look()

    told = {name: result.exceptions for name, result in first.parts["acme/lfs"].items()}
    assert ("data.json", "a Git LFS pointer; its content is not in the repository") in told["models"]
    assert {name: result.exceptions for name, result in second.parts["acme/lfs"].items()} == told


def test_a_submodule_is_listed_whichever_way_the_tree_came(host: GitHubFake, shop: Hosted) -> None:
    git(shop.folder, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},lib/dep")
    git(shop.folder, "commit", "-q", "-m", "a submodule")
    watched = account(host)

    by_git = watched.look().parts["acme/shop"]["files"].exceptions
    (shop.folder / "new.py").write_text("x = 1\n")
    git(shop.folder, "add", "new.py")
    git(shop.folder, "commit", "-q", "-m", "more")
    by_api = watched.look().parts["acme/shop"]["files"].exceptions

    assert [path for path, _ in by_git] == ["lib/dep"]
    assert by_api == by_git
