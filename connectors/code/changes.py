"""Tell what a change brings: compare a tree with an earlier commit of its repository.

The tree itself is read whole, for a thing's unit, role and grade depend on files that did not change. Of the
earlier commit only the files that differ are read: the facts of all others are the same, being a function of
their bytes. Shown are the things with evidence in a changed file; introduced are those that the earlier
version did not show anywhere in the same unit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from connectors.clients.git import GitReader
from connectors.clients.git_compare import (
    find_commit,
    is_shallow,
    last_before,
    merge_base,
    open_history,
    tracked,
)
from connectors.clients.git_folder import GitFolder
from connectors.code.assemble import Frame, findings, source_of
from connectors.code.options import Changes
from connectors.code.reading import Seen, TreeFacts, TreeReader
from connectors.code.targets import Target
from connectors.code.trees import LFS, LFS_POINTER_BYTES, GitTree, shown
from connectors.errors import ConfigError
from connectors.hygiene import clean
from connectors.model import Comparison, Finding, NaturalKey
from connectors.secrets import redact

_DEEPEN = "The clone is shallow: fetch more of the history (in CI: fetch depth 0)."
_CHECK = "Check the name; a branch of the remote is written origin/NAME."


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What differs from the earlier version: paths below the target, and what the earlier version held."""

    base: str
    changed: frozenset[str]
    before: TreeFacts

    def shown(self, part: str, frame: Frame, facts: TreeFacts) -> Iterator[Finding]:
        """Yield a part's findings with evidence in a changed file, each with how it compares."""
        before: set[NaturalKey] | None = None
        for finding in findings(facts, part, frame):
            places = tuple(one.locator for one in finding.evidence if source_of(one.locator) in self.changed)
            if not places:
                continue
            if before is None:  # most parts of most changes show nothing
                before = {one.natural_key for one in findings(self.before, part, frame)}
            is_introduced = finding.natural_key not in before
            finding.comparison = Comparison(is_introduced=is_introduced, locators=places)
            yield clean(finding)


def check_comparable(target: Target, changes: Changes) -> None:
    """Find the commit to compare with; raises ``ConfigError`` that says why there is none."""
    git = _repository(target)
    with open_history(git) as reader:
        _base_of(git, reader, _head_of(target, git), changes, target.written)


def compare(
    target: Target,
    facts: TreeFacts,
    head: str,
    changes: Changes,
    reader: Callable[[Callable[[str], bool]], TreeReader],
) -> Compared:
    """Compare what was read of a target with the earlier version; ``head`` is the commit it stands on.

    ``reader`` makes what reads the chosen files of the earlier version. Raises ``ConfigError``.
    """
    git = _repository(target)
    with open_history(git) as history:
        base = _base_of(git, history, head or _head_of(target, git), changes, target.written)
        earlier = _blobs(history, base, target.prefix)
        known = tracked(git, history) if git.work_tree else None
        changed = _changed(facts, earlier, None if known is None else _below(known, target.prefix))
        if git.work_tree:
            at_head = head or _head_of(target, git)
            changed -= _stored_elsewhere(history, changed & earlier.keys(), earlier, at_head, target.prefix)
        gone = {path for path, blob in earlier.items() if facts.blobs.get(path) != blob}
        read = reader(gone.__contains__)
        before = read.read(GitTree(history, base, target.prefix)) if base and gone else None
    return Compared(base=base, changed=changed, before=_earlier(facts, changed | gone, before))


def _repository(target: Target) -> GitFolder:
    if target.git is None:
        is_url = target.folder is None
        why = "is fetched without its history" if is_url else "is no git repository"
        raise ConfigError(
            f"{redact(target.written)!r} {why}; there is nothing to compare with",
            hint="Clone it and scan the clone." if is_url else "Leave --diff and --since out.",
        )
    return target.git


def _head_of(target: Target, git: GitFolder) -> str:
    commit = git.head()[1]
    if not commit:
        raise ConfigError(f"{target.written!r} has no commit yet; there is nothing to compare with")
    return commit


def _base_of(git: GitFolder, reader: GitReader, head: str, changes: Changes, written: str) -> str:
    """Return the commit to compare with; empty when the whole history is later than the day asked for."""
    if changes.since_at is not None:
        return _before(git, reader, head, changes, written)
    name = changes.base or changes.since
    found = find_commit(git, reader, name)
    if not found:
        hint = _DEEPEN if is_shallow(git) else _CHECK
        raise ConfigError(f"there is no commit {name!r} in {written!r}", hint=hint)
    if not changes.base:
        return found
    base = merge_base(reader, found, head)
    if not base:
        hint = _DEEPEN if is_shallow(git) else "Their histories are unrelated; --since compares directly."
        raise ConfigError(f"{name!r} and HEAD have no common commit in {written!r}", hint=hint)
    return base


def _before(git: GitFolder, reader: GitReader, head: str, changes: Changes, written: str) -> str:
    assert changes.since_at is not None
    found = last_before(reader, head, changes.since_at)
    if not found and is_shallow(git):
        raise ConfigError(f"the history in {written!r} does not reach back so far", hint=_DEEPEN)
    return found


def _blobs(reader: GitReader, commit: str, prefix: str) -> dict[str, str]:
    """Return the blob ids of a commit's files below ``prefix``, by the path below it."""
    if not commit:
        return {}
    paths = {
        shown(os.fsdecode(item.path)): item.object_id
        for item in reader.tree(commit)
        if item.mode.startswith("100")
    }
    if not prefix:
        return paths
    front = f"{prefix}/"
    return {path.removeprefix(front): blob for path, blob in paths.items() if path.startswith(front)}


def _below(paths: Iterable[bytes], prefix: str) -> frozenset[str]:
    front = f"{prefix}/" if prefix else ""
    texts = (shown(os.fsdecode(path)) for path in paths)
    return frozenset(text.removeprefix(front) for text in texts if text.startswith(front))


def _changed(facts: TreeFacts, earlier: Mapping[str, str], known: Collection[str] | None) -> frozenset[str]:
    """Return the files that differ; what git does not track is no part of a change, as in ``git diff``."""
    return frozenset(
        path
        for path, blob in facts.blobs.items()
        if earlier.get(path) != blob and (known is None or path in known or path in earlier)
    )


def _stored_elsewhere(
    history: GitReader, paths: Collection[str], earlier: Mapping[str, str], head: str, prefix: str
) -> set[str]:
    """Return the files whose commits did not change and hold only a Git LFS pointer to what lies here."""
    if not paths:
        return set()
    now = _blobs(history, head, prefix)
    same = {earlier[path]: path for path in paths if now.get(path) == earlier[path]}
    small = [blob for blob, size in history.sizes(list(same)).items() if size <= LFS_POINTER_BYTES]
    pointers = {blob for blob, data in history.blobs(small) if data.startswith(LFS)}
    return {path for path in paths if earlier[path] in pointers and now.get(path) == earlier[path]}


def _earlier(facts: TreeFacts, differing: Collection[str], before: TreeFacts | None) -> TreeFacts:
    """Return the facts as they were: those of files that stand, and of the others what they said then."""
    by_part = {
        part: _kept(seen, differing) + (before.by_part[part] if before else [])
        for part, seen in facts.by_part.items()
    }
    modules = facts.local_modules | before.local_modules if before else facts.local_modules
    return replace(facts, by_part=by_part, local_modules=modules)


def _kept(seen: Iterable[Seen], differing: Collection[str]) -> list[Seen]:
    return [one for one in seen if one.path not in differing]
