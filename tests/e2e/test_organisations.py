"""An organisation's repositories from listing to inventory: one store, several ways to one repository."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from connectors.code.options import CodeOptions
from connectors.context import forget_clients
from connectors.forges.github import GitHubOptions
from discovery.config import Config, InstanceConfig
from discovery.service import inventory
from discovery.service.scan import ScanReport, ScanRequest, SilentProgress, run_scan
from store import Store, open_store
from tests.code_samples import git
from tests.fakes_forges import TOKEN
from tests.fakes_github import GitHubFake
from tests.forge_samples import BOT
from tests.pickling_executor import PicklingExecutor


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubFake]:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    with GitHubFake(tmp_path / "hosted") as running:
        yield running
    forget_clients()


@pytest.fixture
def inventory_store(sqlite_store_url: str) -> Iterator[Store]:
    with open_store(sqlite_store_url) as opened:
        yield opened


def scan(store: Store, connector: str, options: Any, executor: Executor | None = None) -> ScanReport:
    instance = InstanceConfig(connector=connector, name="main", options=options)
    config = Config(every_instance=(instance,), path=Path("aicensus.toml"))
    return run_scan(config, store, ScanRequest(), SilentProgress(), executor=executor)


def scan_both(
    store: Store, host: GitHubFake, folder: Path, *which: str, executor: Executor | None = None
) -> ScanReport:
    """Scan with a host and a folder configured; ``which`` chooses connectors, none means both."""
    ways = {"github": github(host), "code": CodeOptions(targets=(str(folder),))}
    instances = [InstanceConfig(connector=name, name="main", options=ways[name]) for name in ways]
    config = Config(every_instance=tuple(instances), path=Path("aicensus.toml"))
    return run_scan(config, store, ScanRequest(connectors=which), SilentProgress(), executor=executor)


def github(host: GitHubFake, **more: Any) -> GitHubOptions:
    return GitHubOptions(organizations=("acme",), base_url=host.api_url, host="git.example.org", **more)


def assets(store: Store) -> dict[str, str]:
    every = inventory.AssetFilter(states=("present", "suspect", "missing", "gone"))
    return {asset.natural_id: asset.asset_id for asset in inventory.iter_assets(store, every)}


def states(store: Store) -> dict[str, str]:
    every = inventory.AssetFilter(states=("present", "suspect", "missing", "gone"))
    return {asset.name: asset.state for asset in inventory.iter_assets(store, every)}


@pytest.mark.parametrize("first", ["folder", "host"])
def test_a_clone_on_disk_and_the_hosts_repository_are_one(
    host: GitHubFake, inventory_store: Store, tmp_path: Path, first: str
) -> None:
    shop = host.add("acme/shop", BOT)
    git(tmp_path, "clone", "-q", str(shop.folder), "clone")
    git(tmp_path / "clone", "remote", "set-url", "origin", "https://git.example.org/acme/shop.git")
    ways = [("code", CodeOptions(targets=(str(tmp_path / "clone"),))), ("github", github(host))]
    ways.sort(key=lambda way: (way[0] == "github") != (first == "host"))

    scan(inventory_store, *ways[0])
    before = assets(inventory_store)
    scan(inventory_store, *ways[1])

    assert set(before) == {".|model|gpt-4o", ".|package|pkg:pypi/openai"}
    assert assets(inventory_store) == before
    assert len(list(inventory.list_systems(inventory_store))) == 1


def test_a_second_scan_writes_nothing_and_loses_nothing(host: GitHubFake, inventory_store: Store) -> None:
    for number in range(3):
        host.add(f"acme/r{number}", BOT)

    first = scan(inventory_store, "github", github(host))
    host.requests.clear()
    second = scan(inventory_store, "github", github(host))

    assert (first.state, second.state) == ("complete", "complete")
    assert (second.tally.seen, second.tally.added, second.tally.changed) == (first.tally.seen, 0, 0)
    assert [one.path for one in host.requests] == ["/api/graphql"]


def test_a_thing_that_went_away_is_missing_and_then_gone(host: GitHubFake, inventory_store: Store) -> None:
    shop = host.add("acme/shop", BOT)
    scan(inventory_store, "github", github(host))
    git(shop.folder, "rm", "-q", "bot.py")
    shop.commit({})

    scan(inventory_store, "github", github(host))
    after_one = states(inventory_store)
    scan(inventory_store, "github", github(host))
    after_two = states(inventory_store)
    host.requests.clear()
    scan(inventory_store, "github", github(host))

    assert after_one == {"openai": "present", "gpt-4o": "missing"}
    assert after_two == {"openai": "present", "gpt-4o": "gone"}
    assert [one.path for one in host.requests] == ["/api/graphql"]


def test_a_renamed_repository_keeps_its_assets(host: GitHubFake, inventory_store: Store) -> None:
    shop = host.add("acme/shop", BOT)
    scan(inventory_store, "github", github(host))
    before = assets(inventory_store)
    shop.folder.rename(shop.folder.parent / "store.git")
    shop.name, shop.folder = "acme/store", shop.folder.parent / "store.git"

    scan(inventory_store, "github", github(host))

    assert assets(inventory_store) == before
    assert set(states(inventory_store).values()) == {"present"}


def test_a_deleted_repository_is_retired_after_two_listings(host: GitHubFake, inventory_store: Store) -> None:
    shop = host.add("acme/shop", BOT)
    host.add("acme/site", {"index.html": "hello\n"})
    scan(inventory_store, "github", github(host))
    host.repositories.remove(shop)

    scan(inventory_store, "github", github(host))
    after_one = states(inventory_store)
    scan(inventory_store, "github", github(host))

    assert set(after_one.values()) == {"present"}
    assert set(states(inventory_store).values()) == {"gone"}


def test_what_is_not_read_is_said_in_the_coverage(host: GitHubFake, inventory_store: Store) -> None:
    host.add("acme/copy", BOT, "fork")

    scan(inventory_store, "github", github(host))

    (row,) = [one for one in inventory.coverage(inventory_store) if one.part == "files"]
    assert (row.status, row.reason) == ("not_opted_in", "a fork. Set forks = true to read forks.")


def test_a_further_branch_opens_and_ages_only_its_own(host: GitHubFake, inventory_store: Store) -> None:
    shop = host.add("acme/shop", BOT)
    git(shop.folder, "checkout", "-q", "-b", "next")
    shop.commit(
        {"more.py": "import anthropic\n", "pyproject.toml": '[project]\ndependencies = ["anthropic"]\n'}
    )
    git(shop.folder, "checkout", "-q", "main")
    options = github(host, branches=("next",))

    scan(inventory_store, "github", options)
    second = scan(inventory_store, "github", options)

    assert states(inventory_store)["anthropic"] == "present"
    assert (second.tally.added, second.tally.changed, second.tally.missing) == (0, 0, 0)


def test_workers_elsewhere_leave_alone_what_has_not_moved(host: GitHubFake, inventory_store: Store) -> None:
    shop = host.add("acme/shop", BOT)
    host.add("acme/site", {"index.html": "hello\n"})
    first = scan(inventory_store, "github", github(host), PicklingExecutor())
    host.requests.clear()

    second = scan(inventory_store, "github", github(host), PicklingExecutor())
    asked = [one.path for one in host.requests]
    shop.commit({"bot.py": 'MODEL = "gpt-4.1"\n'})
    third = scan(inventory_store, "github", github(host), PicklingExecutor())

    assert asked == ["/api/graphql"]
    assert (second.tally.seen, second.tally.changed) == (first.tally.seen, 0)
    assert third.state == "complete"
    assert states(inventory_store)["gpt-4.1"] == "present"


def test_an_inventory_that_was_emptied_of_a_thing_is_filled_again(
    host: GitHubFake, inventory_store: Store
) -> None:
    host.add("acme/shop", BOT)
    scan(inventory_store, "github", github(host))
    with inventory_store.begin() as conn:
        conn.execute(text("DELETE FROM sighting WHERE name = 'gpt-4o'"))

    again = scan(inventory_store, "github", github(host))

    assert again.tally.added == 1
    assert states(inventory_store)["gpt-4o"] == "present"


def test_every_part_of_every_repository_is_in_the_coverage(host: GitHubFake, inventory_store: Store) -> None:
    host.add("acme/shop", BOT)
    host.add("acme/new")

    for _ in range(2):
        scan(inventory_store, "github", github(host))
        rows = [row for row in inventory.coverage(inventory_store) if row.scope.startswith("github:main/R_")]
        assert {row.status for row in rows} == {"complete"}
        assert len(rows) == 2 * len({row.part for row in rows})
        assert all(row.last_complete_at is not None for row in rows)


@pytest.fixture
def clone(host: GitHubFake, tmp_path: Path) -> Path:
    """Return somebody's clone of a hosted repository, with work of its own that nobody else has."""
    shop = host.add("acme/shop", BOT)
    git(tmp_path, "clone", "-q", str(shop.folder), "clone")
    git(tmp_path / "clone", "remote", "set-url", "origin", "https://git.example.org/acme/shop.git")
    return tmp_path / "clone"


def write_own_work(clone: Path) -> None:
    (clone / "bot.py").unlink()
    (clone / "pyproject.toml").write_text('[project]\nname = "bot"\ndependencies = ["anthropic"]\n')
    (clone / "more.py").write_text("import anthropic\n")


def shown(store: Store) -> dict[str, tuple[str, str | None]]:
    """Return state and ref of all assets by name."""
    every = inventory.AssetFilter(states=("present", "suspect", "missing", "gone"))
    return {asset.name: (asset.state, asset.ref) for asset in inventory.iter_assets(store, every)}


@pytest.mark.parametrize("executor", [None, PicklingExecutor()], ids=["threads", "pickled"])
def test_a_folder_whose_repository_is_read_from_its_host_opens_closes_and_ages_nothing(
    host: GitHubFake, inventory_store: Store, clone: Path, executor: Executor | None
) -> None:
    scan_both(inventory_store, host, clone, "github", executor=executor)
    before, alerts = shown(inventory_store), len(list(inventory.list_alerts(inventory_store)))
    write_own_work(clone)

    for _ in range(3):
        scan_both(inventory_store, host, clone, executor=executor)

    after = shown(inventory_store)
    assert {name: after[name] for name in before} == before == dict.fromkeys(BOT_ASSETS, ("present", "main"))
    assert after["anthropic"] == ("present", "main+folder")
    assert len(list(inventory.list_alerts(inventory_store))) == alerts


def test_what_a_folder_showed_before_its_host_was_read_ends(
    host: GitHubFake, inventory_store: Store, clone: Path
) -> None:
    write_own_work(clone)
    scan_both(inventory_store, host, clone, "code")
    alone = shown(inventory_store)

    scan_both(inventory_store, host, clone, "github")
    scan_both(inventory_store, host, clone)

    assert alone == {"anthropic": ("present", "main+dirty")}
    assert shown(inventory_store) == {
        **dict.fromkeys(BOT_ASSETS, ("present", "main")),
        "anthropic": ("present", "main+folder"),
    }


def test_a_folder_drives_again_when_nobody_else_reads_its_repository(
    host: GitHubFake, inventory_store: Store, clone: Path
) -> None:
    scan_both(inventory_store, host, clone, "github")
    scan_both(inventory_store, host, clone, "code")
    covered = shown(inventory_store)
    host.repositories.clear()
    for _ in range(2):
        scan_both(inventory_store, host, clone, "github")

    scan_both(inventory_store, host, clone, "code")
    git(clone, "rm", "-q", "bot.py")
    for _ in range(2):
        scan_both(inventory_store, host, clone, "code")

    assert covered == dict.fromkeys(BOT_ASSETS, ("present", "main"))
    assert shown(inventory_store)["openai"] == ("present", "main+dirty")
    assert shown(inventory_store)["gpt-4o"][0] == "gone"


def test_another_branch_in_a_covered_folder_takes_the_place_of_the_last(
    host: GitHubFake, inventory_store: Store, clone: Path
) -> None:
    scan_both(inventory_store, host, clone, "github")
    write_own_work(clone)
    scan_both(inventory_store, host, clone, "code")
    git(clone, "checkout", "-q", "-b", "next")

    scan_both(inventory_store, host, clone, "code")

    assert shown(inventory_store)["anthropic"] == ("present", "next+folder")


@pytest.mark.parametrize("is_bare", [False, True], ids=["work tree", "bare"])
def test_a_folder_of_which_a_ref_was_asked_for_is_covered_like_any_other(
    host: GitHubFake, inventory_store: Store, clone: Path, tmp_path: Path, is_bare: bool
) -> None:
    git(clone, "checkout", "-q", "-b", "next")
    write_own_work(clone)
    git(clone, "add", "-A")
    git(clone, "commit", "-q", "-m", "own work")
    folder = tmp_path / "bare.git" if is_bare else clone
    if is_bare:
        git(tmp_path, "clone", "-q", "--bare", str(clone), "bare.git")
        git(folder, "remote", "set-url", "origin", "https://git.example.org/acme/shop.git")
    options = CodeOptions(targets=(str(folder),), ref="next")
    scan(inventory_store, "code", options)
    alone = shown(inventory_store)["anthropic"]

    scan(inventory_store, "github", github(host))
    scan(inventory_store, "code", options)

    assert alone == ("present", "next")
    assert shown(inventory_store)["anthropic"] == ("present", "next+folder")


def test_a_folder_is_covered_by_an_address_of_any_form(
    host: GitHubFake, inventory_store: Store, clone: Path
) -> None:
    scan(inventory_store, "github", github(host))
    with inventory_store.begin() as conn:
        conn.execute(text("UPDATE scope SET locator = 'git@git.example.org:acme/shop.git'"))
    write_own_work(clone)

    scan(inventory_store, "code", CodeOptions(targets=(str(clone),)))

    assert shown(inventory_store)["anthropic"] == ("present", "main+folder")


def test_a_covered_folder_is_said_to_be_one(
    host: GitHubFake, inventory_store: Store, clone: Path, tmp_path: Path
) -> None:
    scan_both(inventory_store, host, clone, "github")
    notes: list[str] = []
    progress = SilentProgress()
    progress.note = notes.append  # type: ignore[method-assign]
    instances = (
        InstanceConfig(connector="code", name="main", options=CodeOptions(targets=(str(clone),))),
        InstanceConfig(connector="github", name="main", options=github(host)),
    )

    run_scan(Config(every_instance=instances), inventory_store, ScanRequest(connectors=("code",)), progress)

    assert notes == [
        "1 folder is read from the host by github:main, too: what lies here is marked +folder, "
        "opens no alert and ages nothing"
    ]


BOT_ASSETS = ("openai", "gpt-4o")
