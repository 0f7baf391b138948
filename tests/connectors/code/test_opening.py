"""A tree in which nothing moved is left alone; whatever could show something new is read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors import clock
from connectors.clients.network import NetworkSettings
from connectors.code import CodeConnector
from connectors.code.options import CodeOptions
from connectors.context import NoCache, OpenPart, RunContext, Services
from connectors.errors import Unavailable
from connectors.model import Finding, PartStatus
from connectors.outcome import PartResult
from tests.code_samples import commit, git, write

SERVICE = {
    "pyproject.toml": '[project]\nname = "bot"\ndependencies = ["openai>=1"]\n',
    "app/bot.py": 'import openai\n\nMODEL = "gpt-4o"\n',
    "broken/package.json": "{",
    # Large enough that a folder's reader asks the cache for it, too.
    "web/package-lock.json": '{"packages": {}, "about": "' + "-" * 40_000 + '"}',
}


class AskedCache(NoCache):
    """Count how often somebody reads and therefore asks."""

    def __init__(self) -> None:
        self.asked = 0

    def get_many(self, keys: Iterable[str]) -> dict[str, bytes]:
        self.asked += 1
        return {}


@dataclass(slots=True)
class Scans:
    """Scan one target again and again, an hour later, remembering what the store would."""

    target: str
    options: dict[str, Any] = field(default_factory=dict)
    shown: dict[str, dict[tuple[str, str], str]] = field(default_factory=dict)
    results: dict[str, PartResult] = field(default_factory=dict)

    def __call__(self, **options: Any) -> bool:
        """Scan, and say whether anything was read."""
        chosen = CodeOptions(targets=(self.target,), **self.options, **options)
        cache = AskedCache()
        services = Services(
            connector=CodeConnector(),
            instance="main",
            options=chosen,
            network=NetworkSettings(),
            previous=lambda part: self.shown.get(part, {}),
            cache=cache,
            clock=lambda: clock.now() + timedelta(hours=1),
            previous_state=lambda part: self.results[part].state if part in self.results else "",
        )
        (scope, *_) = CodeConnector().scopes(RunContext(services, None, lambda part, result: None))
        ended: dict[str, PartResult] = {}
        shown: dict[str, dict[tuple[str, str], str]] = {}

        def end(part: OpenPart, result: PartResult) -> None:
            ended[part.part.name] = result
            if result.stands:
                shown[part.part.name] = self.shown.get(part.part.name, {})

        ctx = RunContext(services, scope, end)
        for item in CodeConnector().scan(ctx):
            assert ctx.current is not None
            key = item.natural_key
            part = shown.setdefault(ctx.current.part.name, {})
            part[key.namespace, key.key] = item.fingerprint or ("seen" if isinstance(item, Finding) else "")
        self.shown, self.results = shown, ended
        return cache.asked > 0


def folder(place: Path) -> Scans:
    return Scans(str(write(place / "folder", SERVICE)))


def work_tree(place: Path) -> Scans:
    tree = place / "tree"
    tree.mkdir()
    commit(tree, SERVICE)
    return Scans(str(tree))


def bare(place: Path) -> Scans:
    work_tree(place)
    git(place, "clone", "-q", "--bare", str(place / "tree"), str(place / "bare"))
    return Scans(str(place / "bare"))


def url(place: Path) -> Scans:
    work_tree(place)
    return Scans(f"file://{place / 'tree'}", {"protocols": ("file",)})


EVERY = pytest.mark.parametrize("make", [folder, work_tree, bare, url])


@EVERY
def test_a_tree_in_which_nothing_moved_is_left_alone(make: Callable[[Path], Scans], tmp_path: Path) -> None:
    scan = make(tmp_path)
    was_read = scan()
    first = scan.shown

    again = scan()

    assert (was_read, again) == (True, False)
    assert scan.shown == first
    assert "broken/package.json" in {path for one in scan.results.values() for path, _ in one.exceptions}
    assert {result.status for result in scan.results.values()} == {PartStatus.COMPLETE}
    assert not scan()


@EVERY
@pytest.mark.parametrize(
    "options", [{"exclude": ("docs",)}, {"own_packages": ("x",)}, {"history_commits": 7}]
)
def test_other_options_read_again(
    make: Callable[[Path], Scans], tmp_path: Path, options: dict[str, Any]
) -> None:
    scan = make(tmp_path)
    scan()

    assert scan(**options)


@EVERY
def test_a_thing_that_is_missing_on_record_reads_again(make: Callable[[Path], Scans], tmp_path: Path) -> None:
    scan = make(tmp_path)
    scan()
    lost = next(part for part, things in scan.shown.items() if things)
    del scan.shown[lost]

    assert scan()


@pytest.mark.parametrize("make", [bare, url])
def test_a_new_head_is_read(make: Callable[[Path], Scans], tmp_path: Path) -> None:
    scan = make(tmp_path)
    scan()
    commit(tmp_path / "tree", {"more.py": "import anthropic\n"})
    if make is bare:
        git(tmp_path / "bare", "fetch", "-q", str(tmp_path / "tree"), "+main:main")

    assert scan()


def _new(root: Path) -> None:
    write(root, {"app/more.py": "import anthropic\n"})


def _changed(root: Path) -> None:
    write(root, {"app/bot.py": 'import openai\n\nMODEL = "gpt-4x"\n'})


def _changed_with_old_time(root: Path) -> None:
    before = (root / "app/bot.py").stat()
    _changed(root)
    os.utime(root / "app/bot.py", ns=(before.st_atime_ns, before.st_mtime_ns))


def _removed(root: Path) -> None:
    (root / "app/bot.py").unlink()


def _moved(root: Path) -> None:
    (root / "app").rename(root / "application")


def _linked(root: Path) -> None:
    (root / "out").symlink_to("/etc")


def _linked_within(root: Path) -> None:
    (root / "within.py").symlink_to("app/bot.py")


CHANGES = [_new, _changed, _changed_with_old_time, _removed, _moved, _linked, _linked_within]


@pytest.mark.parametrize("make", [folder, work_tree])
@pytest.mark.parametrize("change", CHANGES)
def test_any_change_in_a_folder_is_read(
    make: Callable[[Path], Scans], change: Callable[[Path], None], tmp_path: Path
) -> None:
    scan = make(tmp_path)
    scan()
    change(Path(scan.target))

    assert scan()


def test_a_new_commit_of_the_same_files_is_read(tmp_path: Path) -> None:
    scan = work_tree(tmp_path)
    scan()
    git(tmp_path / "tree", "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q",
        "--allow-empty", "-m", "again")  # fmt: skip

    assert scan()


def test_owners_above_a_subfolder_belong_to_its_version(tmp_path: Path) -> None:
    work_tree(tmp_path)
    scan = Scans(str(tmp_path / "tree" / "app"))
    scan()
    stood = not scan()
    write(tmp_path / "tree", {"CODEOWNERS": "* @acme/bots\n"})

    assert stood
    assert scan()


def test_another_ref_than_the_default_is_always_read(tmp_path: Path) -> None:
    scan = bare(tmp_path)
    git(tmp_path / "tree", "checkout", "-q", "-b", "side")
    commit(tmp_path / "tree", {"more.py": "import anthropic\n"})
    git(tmp_path / "bare", "fetch", "-q", str(tmp_path / "tree"), "+side:side")
    scan(ref="side")

    assert scan(ref="side")


def test_a_folder_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    from connectors.catalogue import load_catalogue
    from connectors.code.trees import FolderTree

    gone = FolderTree(tmp_path / "gone", load_catalogue())

    with pytest.raises(Unavailable, match=r"gone' cannot be opened: No such file.*scans read it"):
        list(gone.batches(lambda path: True))


def test_files_touched_this_moment_give_no_stamp(tmp_path: Path) -> None:
    from connectors.catalogue import load_catalogue
    from connectors.code.trees import FolderTree

    write(tmp_path, SERVICE)

    now, later = clock.now(), clock.now() + timedelta(minutes=1)
    stamps = [FolderTree(tmp_path, load_catalogue()).stamp(moment) for moment in (now, later, later)]

    assert stamps[0] == ""
    assert stamps[1] == stamps[2] != ""
