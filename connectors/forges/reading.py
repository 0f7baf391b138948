"""Read one repository of a host: leave it when nothing moved, else bring what is new and tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from connectors.clients.git_fetch import FetchLimits
from connectors.code.assemble import Frame
from connectors.code.kept import Standing, kept_of, standing
from connectors.code.reading import TreeFacts
from connectors.code.registry import Formats
from connectors.code.scanning import FILES, code_owners_in, formats_of, handed_on, told, tree_reader
from connectors.code.trees import GitTree, Tree
from connectors.contract import Context, PartHandle
from connectors.errors import NoteAndGoOn
from connectors.forges.base import ForgeConnector
from connectors.forges.options import ForgeOptions
from connectors.forges.people import last_people
from connectors.forges.repositories import Repository, protocols_for
from connectors.forges.state import reading_version
from connectors.forges.trees import (
    API_BLOBS,
    Blobs,
    Clone,
    ListedTree,
    by_git,
    checked_blob,
    closing,
    items_of,
)
from connectors.model import Finding, Json, Ref, Unchanged


def read(forge: ForgeConnector, ctx: Context, repository: Repository) -> Iterator[Finding | Unchanged]:
    """Yield what a repository shows, part by part; what kept it from being read holds for every part."""
    formats = formats_of(ctx.config)
    reading: Standing | _Read | None = None
    failure: NoteAndGoOn | None = None
    with ctx.part(FILES) as files:
        try:
            reading = _look(forge, ctx, repository, formats)
        except NoteAndGoOn as error:
            failure = error
            raise
        yield from reading.tell(ctx, FILES, files)
    for name in formats.parts:
        with ctx.part(name) as part:
            if reading is None:
                assert failure is not None  # any other error has ended the scope
                raise failure
            yield from reading.tell(ctx, name, part)


@dataclass(slots=True, kw_only=True)
class _Read:
    """The repository was read; ``facts`` is ``None`` when it holds no commit yet."""

    version: str
    facts: TreeFacts | None
    frame: Frame
    marks: dict[str, Json]

    def tell(self, ctx: Context, name: str, part: PartHandle) -> Iterator[Finding | Unchanged]:
        """Yield what a part shows, and keep what it takes to leave the part alone next time."""
        exceptions = self._exceptions(name)
        for path, reason in exceptions:
            part.exception(path, reason)
        previous = ctx.previous(name)
        items: list[Finding | Unchanged] = []
        if self.facts is not None and name != FILES:
            items = told(self.facts, name, self.frame, previous, self.marks)
        yield from handed_on(items, self.frame, part, previous)
        part.state(kept_of(self.version, items, exceptions).text())

    def _exceptions(self, name: str) -> Sequence[tuple[str, str]]:
        if self.facts is None:
            return ()
        return self.facts.places if name == FILES else self.facts.exceptions[name]


def _look(forge: ForgeConnector, ctx: Context, repository: Repository, formats: Formats) -> Standing | _Read:
    """Compare the head with the last reading, and read when anything moved."""
    options: ForgeOptions = ctx.config
    if repository.branch and not repository.head:
        repository = replace(repository, head=forge.head(ctx, repository))
    version = reading_version(repository, repository.head, options, formats)
    unmoved = standing(ctx, formats, version)
    if unmoved is not None:
        return unmoved
    facts, commit = None, ""
    if repository.branch:
        with _opened(forge, ctx, repository) as (tree, commit):
            facts = tree_reader(options, formats, ctx.cache).read(tree)
        facts.history, untold = last_people(forge, ctx, repository, commit, facts)
        facts.places += untold
    if commit != repository.head:  # it moved once more while we were on our way
        version = reading_version(repository, commit, options, formats)
    frame = Frame(
        target=repository.target(),
        ref=Ref(name=repository.branch, commit=commit, drives=repository.is_default),
        observed_at=ctx.now(),
        code_owners=code_owners_in(facts, repository.repository) if facts else None,
        own_packages=options.own_packages,
    )
    return _Read(version=version, facts=facts, frame=frame, marks=_marks(repository))


def _marks(repository: Repository) -> dict[str, Json]:
    """Return what the host says of the repository, for each of its findings."""
    said: dict[str, Json] = {}
    if repository.marks:
        said["repository_marks"] = list[Json](repository.marks)
    if repository.visibility:
        said["repository_visibility"] = repository.visibility
    if repository.fork_of:
        said["fork_of"] = repository.fork_of
    if repository.fork_of and repository.fork_by:
        said["fork_by"] = repository.fork_by
    return said


@contextmanager
def _opened(forge: ForgeConnector, ctx: Context, repository: Repository) -> Iterator[tuple[Tree, str]]:
    """Open the tree of the branch's head by the cheapest way (:mod:`connectors.forges.trees`)."""
    options: ForgeOptions = ctx.config
    limits = FetchLimits(
        timeout_s=options.fetch_timeout_s,
        size_bytes=options.max_fetch_bytes,
        blob_bytes=options.max_format_bytes,
    )
    clone = Clone(
        url=repository.url,
        branch=repository.branch,
        authorization=lambda: forge.git_authorization(ctx),
        limits=limits,
        protocols=protocols_for(repository.url),
        network=ctx.network,
    )
    with closing(clone):
        if not ctx.previous_state(FILES):
            commit = clone.whole()
            with clone.reader() as reader:
                yield GitTree(reader, commit), commit
            return
        commit = repository.head
        items = forge.tree(ctx, repository, commit)
        if items is None:
            commit = clone.trees()
            items = list(items_of(clone, commit))
        yield ListedTree(items, _blobs(forge, ctx, repository, clone), ctx.cache), commit


def _blobs(forge: ForgeConnector, ctx: Context, repository: Repository, clone: Clone) -> Blobs:
    """Return what brings blobs: a few by the host's API where it has one, else git."""
    git = by_git(clone)

    def blobs(wanted: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        if len(wanted) > API_BLOBS or not forge.has_blobs:
            yield from git(wanted)
            return
        for one in wanted:
            yield one, checked_blob(one, forge.blob(ctx, repository, one))

    return blobs
