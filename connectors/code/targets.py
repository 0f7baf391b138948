"""Turn a configured target into a repository with an identity that stays.

The repository's id is its normalised remote URL; without a remote, a digest of this machine and the path.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from connectors.clients.git_fetch import check_url
from connectors.clients.git_folder import (
    GitFolder,
    find_repository,
    nested_repositories,
    normalise_url,
    read_small,
)
from connectors.errors import ConfigError
from connectors.model import ReadScope, Ref
from connectors.secrets import redact


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is to be scanned.

    ``written`` is the target as configured, ``folder`` where it is on disk (``None`` for a URL),
    ``repository`` its immutable id, ``prefix`` the target's path inside the repository (empty: its root),
    ``aliases`` further ids of the same repository.
    """

    written: str
    folder: Path | None
    repository: str
    prefix: str = ""
    aliases: tuple[str, ...] = ()
    git: GitFolder | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """Return what tells this target's scope from others."""
        return (self.repository, self.prefix) if self.prefix else (self.repository,)

    @property
    def is_work_tree(self) -> bool:
        """Say whether files that are checked out are read, whichever ref is asked for."""
        return self.git is not None and self.git.work_tree is not None

    @property
    def label(self) -> str:
        """Return a short name for people."""
        base = (
            self.repository
            if self.folder is None or not self.repository.startswith("local/")
            else self.folder.name
        )
        return f"{base}/{self.prefix}" if self.prefix and base == self.repository else base


def is_url(text: str) -> bool:
    """Say whether a target is a git URL rather than a path."""
    if "://" in text or "::" in text:
        return True
    return bool(normalise_url(text)) and not os.path.exists(text)


def open_target(written: str, protocols: tuple[str, ...]) -> Target:
    """Look at a target; raises ``ConfigError`` when it is not there or not allowed."""
    if not written.strip():
        raise ConfigError("an empty target", hint="Name a folder, a git repository or a git URL.")
    if is_url(written):
        check_url(written, protocols)
        repository = normalise_url(written) or local_id(Path(written.partition("://")[2]))
        return Target(written=written, folder=None, repository=repository)
    if written.startswith("-"):
        raise ConfigError(
            f"not a target: {written!r}", hint="It must not begin with '-'; write ./ before a path."
        )
    folder = Path(written).expanduser()
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise ConfigError(
            f"the target {redact(written)!r} {what}", hint="Name a folder, a repository or a git URL."
        )
    return _in_folder(written, folder.resolve())


def _in_folder(written: str, folder: Path) -> Target:
    git = find_repository(folder)
    if git is None:
        return Target(written=written, folder=folder, repository=local_id(folder))
    root = git.work_tree or git.git_dir
    names = [name for name in map(normalise_url, git.remote_urls()) if name]
    repository = names[0] if names else local_id(root)
    prefix = folder.relative_to(root).as_posix() if git.work_tree else ""
    return Target(
        written=written,
        folder=folder,
        repository=repository,
        prefix="" if prefix == "." else prefix,
        aliases=tuple(dict.fromkeys(name for name in names[1:] if name != repository)),
        git=git,
    )


def with_clones(target: Target, skipped: Collection[str]) -> list[Target]:
    """Return the target and, as further targets, the clones in its folder; ``skipped`` is not entered."""
    if target.folder is None or (target.git is not None and target.git.work_tree is None):
        return [target]
    return [target, *(_in_folder(str(clone), clone) for clone in clones_in(target.folder, skipped))]


def clones_in(folder: Path, skipped: Collection[str]) -> list[Path]:
    """Return the clones below a folder; each is a scope of its own and no part of the folder's."""
    return list(nested_repositories(folder, skipped))


def distinct(targets: list[Target]) -> list[tuple[tuple[str, ...], Target]]:
    """Return scope ids with their targets: a second checkout of one repository gets its path's digest."""
    seen: set[tuple[str, ...]] = set()
    places: set[tuple[tuple[str, ...], str]] = set()
    found: list[tuple[tuple[str, ...], Target]] = []
    for target in targets:
        place = (target.ids, str(target.folder or target.written))
        if place in places:  # the same target, written twice
            continue
        places.add(place)
        ids = target.ids if target.ids not in seen else (*target.ids, f"at-{_digest(place[1])}")
        seen.add(target.ids)
        found.append((ids, target))
    return found


def covered_by(target: Target, elsewhere: Iterable[ReadScope]) -> str:
    """Return which connector instance reads a folder's repository from its host; empty: none does."""
    if target.folder is None or target.git is None:
        return ""
    addresses = {target.repository, *target.aliases}
    return next((one.reader for one in elsewhere if normalise_url(one.locator) in addresses), "")


def covered_ref(target: Target, ref: str = "") -> Ref:
    """Name what is read of a covered folder: whatever it is, it is not what the host has.

    That is the branch that is checked out; of a bare repository ``ref``, if one is asked for.
    """
    branch = target.git.head()[0] if target.git else ""
    name = branch if target.is_work_tree else ref or branch
    return Ref(name=f"{name or 'HEAD'}+folder", drives=False)


def local_id(folder: Path) -> str:
    """Return the id of a folder without a remote: this machine (as a digest) and the path."""
    return f"local/{machine()}{folder.as_posix()}"


@cache
def machine() -> str:
    """Return a digest that stands for this machine; the machine's own id must not be shown."""
    own = read_small(Path("/etc/machine-id")).strip() or platform.node()
    return _digest(f"aicensus:{own}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]
