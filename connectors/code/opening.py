"""Open what a target names: a folder, a repository on disk, a git URL; and tell its versions apart.

A folder's version is the stamps of its files (times, size, inode), as git's own index has them: reading all
files to see that none has changed would cost what a scan costs.
"""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from os.path import lexists
from pathlib import Path
from urllib.parse import urlsplit

from connectors.clients.git import GitReader, temporary_folder
from connectors.clients.git_fetch import FetchLimits, fetch, remote_head
from connectors.clients.git_folder import GitFolder, read_small
from connectors.clients.network import NetworkSettings
from connectors.code.options import CodeOptions
from connectors.code.owners import places_for
from connectors.code.reading import TreeFacts
from connectors.code.scanning import catalogue_of
from connectors.code.targets import Target, clones_in
from connectors.code.trees import FolderTree, GitTree, Tree
from connectors.errors import BadResponse, ConfigError
from connectors.model import Ref


@dataclass(slots=True)
class Opened:
    """A tree being read, and how to name its version once it was."""

    tree: Tree
    ref: Callable[[TreeFacts], Ref]


@contextmanager
def opened(target: Target, options: CodeOptions, network: NetworkSettings) -> Iterator[Opened]:
    """Open a target's tree: a URL is fetched into a private folder that is removed afterwards."""
    if target.folder is None:
        with _fetched(target, options, network) as fetched:
            yield fetched
    elif target.git is not None and target.git.work_tree is None:
        with _bare(target, options) as bare:
            yield bare
    else:
        has_commit = target.git is not None and bool(target.git.head()[1])
        folder = _folder(target, target.folder, options, hashes=has_commit)
        yield Opened(folder, lambda facts: _work_tree_ref(target, facts))


def version_facts(
    target: Target, options: CodeOptions, network: NetworkSettings, now: datetime
) -> list[object] | None:
    """Return what tells this version of a target from others, without reading it; ``None``: nothing does.

    That is the head of what is read by commits, and for folders the stamps of all files. Only a version that
    drives is told: no other is on record alone. Raises the errors of :func:`opened`.
    """
    facts: list[object] = [target.repository, target.aliases, target.prefix, options.history_commits]
    git = target.git
    if target.folder is None:
        if options.ref:
            return None
        return [*facts, *_remote_head(target, options, network)]
    if git is None:
        return _stamped(target, target.folder, options, facts, now)
    facts += [read_small(git.common_dir / "shallow"), git.object_format()]
    if git.work_tree is not None:
        return _stamped(target, target.folder, options, [*facts, *git.head()], now)
    ref = _bare_ref(target, git, options)
    return [*facts, ref.name, ref.commit] if ref.drives else None


def _remote_head(target: Target, options: CodeOptions, network: NetworkSettings) -> tuple[str, str]:
    return remote_head(
        target.written,
        authorization=_authorization(target.written, options),
        limits=_limits(options),
        protocols=options.protocols,
        network=network,
    )


def _stamped(
    target: Target, folder: Path, options: CodeOptions, facts: list[object], now: datetime
) -> list[object] | None:
    """Add the stamps of a folder's files, and what is read of its repository above it."""
    stamp = _folder(target, folder, options, hashes=False).stamp(now)
    root = target.git.work_tree if target.git and target.prefix else None
    above = [read_small(root / place) for place in places_for(target.repository)] if root else []
    return [*facts, stamp, above] if stamp else None


def _folder(target: Target, folder: Path, options: CodeOptions, *, hashes: bool) -> FolderTree:
    clones = clones_in(folder, not_entered(options))
    return FolderTree(folder, catalogue_of(options), hashes=hashes, apart=clones)


@contextmanager
def _fetched(target: Target, options: CodeOptions, network: NetworkSettings) -> Iterator[Opened]:
    folder = temporary_folder("fetch")
    try:
        fetched = fetch(
            target.written,
            folder,
            ref=options.ref,
            authorization=_authorization(target.written, options),
            limits=_limits(options),
            protocols=options.protocols,
            network=network,
        )
        drives = fetched.branch == fetched.default_branch
        ref = Ref(name=fetched.branch, commit=fetched.commit, drives=drives)
        with GitReader(folder / "objects") as reader:
            yield Opened(GitTree(reader, fetched.commit), lambda facts: ref)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _bare(target: Target, options: CodeOptions) -> Iterator[Opened]:
    git = target.git
    assert git is not None
    ref = _bare_ref(target, git, options)
    with GitReader(git.objects, object_format=git.object_format()) as reader:
        yield Opened(GitTree(reader, ref.commit), lambda facts: ref)


def _bare_ref(target: Target, git: GitFolder, options: CodeOptions) -> Ref:
    branch, commit = git.head()
    drives = True
    if options.ref:
        wanted = git.commit_of(options.ref)
        if not wanted:
            raise ConfigError(
                f"there is no {options.ref!r} in {target.written!r}", hint="Check the option ref."
            )
        drives = wanted == commit
        branch, commit = options.ref, wanted
    if not commit:
        raise BadResponse("the repository has no commit yet", where=target.written)
    return Ref(name=branch, commit=commit, drives=drives)


def _work_tree_ref(target: Target, facts: TreeFacts) -> Ref:
    """Name the version of a work tree: what is checked out, and whether files differ from it.

    Files are compared by blob id; end-of-line conversion is undone by git on commit only, so a tree checked
    out with it shows as dirty. One of which only a part is checked out lacks no file.
    """
    if target.git is None:
        return Ref(name="")
    branch, commit = target.git.head()
    if not commit:
        return Ref(name=branch, dirty=True)
    prefix = f"{target.prefix}/" if target.prefix else ""
    with GitReader(target.git.objects, object_format=target.git.object_format()) as reader:
        committed = {
            item.path.decode("utf-8", "replace"): item.object_id
            for item in reader.tree(commit)
            if item.mode.startswith("100")
        }
    dirty = any(committed.get(prefix + path, blob) != blob for path, blob in facts.blobs.items())
    root = target.git.work_tree
    if root is not None and not (target.git.git_dir / "info" / "sparse-checkout").exists():
        dirty = dirty or any(
            path.startswith(prefix) and ".." not in path.split("/") and not lexists(f"{root}/{path}")
            for path in committed
        )
    return Ref(name=branch or "HEAD", commit=commit, dirty=dirty)


def _limits(options: CodeOptions) -> FetchLimits:
    return FetchLimits(
        timeout_s=options.fetch_timeout_s,
        size_bytes=options.max_fetch_bytes,
        blob_bytes=options.max_format_bytes,
    )


def _authorization(url: str, options: CodeOptions) -> str:
    host = urlsplit(url).hostname or ""
    secret = options.credentials.get(host)
    if secret is None or not url.startswith("https://"):
        return ""
    token = secret.resolve()
    return "Basic " + base64.b64encode(f"x-access-token:{token}".encode()).decode()


def not_entered(options: CodeOptions) -> frozenset[str]:
    """Return the names of folders in which nothing is looked for, clones neither."""
    catalogue = catalogue_of(options)
    return frozenset((*catalogue.skipped_folders, *catalogue.control_folders))
