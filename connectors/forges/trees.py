"""List a moved repository and bring only the blobs that are not known yet.

How a repository's bytes come is decided by rule:

- never read before: git, one commit with all blobs, in one answer;
- moved since: its list of files (one request, or git without blobs), then the blobs whose facts no
  repository of the store has shown yet: up to :data:`API_BLOBS` by the host's API, more by git, by id.

Measured on loopback, CPU with children: git costs 25 to 30 ms to bring one blob or a hundred, 22 to bring
trees alone, 55 to bring 300 files whole; a blob by API costs 2.2 ms, a list of 300 files 3 ms, and each one
request of the credential's hourly limit, which git does not draw on.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from connectors.clients.git import GitReader, temporary_folder
from connectors.clients.git_fetch import FetchLimits, Refused, fetch, fetch_blobs
from connectors.clients.network import NetworkSettings
from connectors.code.trees import Entry, Notes, blob_id, is_pointer, shown, too_large
from connectors.contract import Cache
from connectors.errors import BadResponse, Unavailable
from connectors.forges.base import TreeItem

API_BLOBS = 10
"""Blobs brought one by one at most; beyond that git is cheaper in CPU, and asks less."""

_SIZE = "code/blob-size/"
Blobs = Callable[[Sequence[str]], Iterator[tuple[str, bytes]]]


@dataclass(slots=True, kw_only=True)
class Clone:
    """A private folder into which git brings what is asked for; made when it is needed first."""

    url: str
    branch: str
    authorization: Callable[[], str]
    limits: FetchLimits
    protocols: tuple[str, ...]
    network: NetworkSettings
    folder: Path | None = field(default=None, init=False)

    def whole(self) -> str:
        """Bring the branch's newest commit with its blobs; return the commit."""
        return self._fetch(without_blobs=False)

    def trees(self) -> str:
        """Bring the branch's newest commit without blobs (as far as the host can leave them out)."""
        return self._fetch(without_blobs=True)

    def bring(self, blobs: Sequence[str]) -> None:
        """Bring those of the blobs that are not there yet."""
        with self.reader() as reader:
            there = reader.sizes(blobs)
        missing = [one for one in blobs if one not in there]
        if not missing:
            return
        try:
            fetch_blobs(
                self.url,
                self._place(),
                missing,
                authorization=self.authorization(),
                limits=self.limits,
                protocols=self.protocols,
                network=self.network,
            )
        except Refused:
            raise
        except Unavailable:  # a host that gives no single objects still gives a commit
            self.whole()

    def reader(self) -> GitReader:
        """Read what was brought."""
        return GitReader(self._place() / "objects")

    def close(self) -> None:
        """Remove the folder."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _fetch(self, *, without_blobs: bool) -> str:
        return fetch(
            self.url,
            self._place(),
            ref=f"refs/heads/{self.branch}",
            default_branch=self.branch,
            without_blobs=without_blobs,
            authorization=self.authorization(),
            limits=self.limits,
            protocols=self.protocols,
            network=self.network,
        ).commit

    def _place(self) -> Path:
        if self.folder is None:
            self.folder = temporary_folder("fetch")
            (self.folder / "objects").mkdir()
        return self.folder


@contextmanager
def closing(clone: Clone) -> Iterator[Clone]:
    """Remove a clone's folder at the end."""
    try:
        yield clone
    finally:
        clone.close()


def items_of(clone: Clone, commit: str) -> Iterator[TreeItem]:
    """Yield the entries of a commit that was brought."""
    with clone.reader() as reader:
        for one in reader.tree(commit):
            yield TreeItem(path=one.path.decode("utf-8", "surrogateescape"), mode=one.mode, id=one.object_id)


def by_git(clone: Clone) -> Blobs:
    """Return what brings blobs by git."""

    def blobs(wanted: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        clone.bring(wanted)
        with clone.reader() as reader:
            yield from reader.blobs(wanted)

    return blobs


def checked_blob(wanted: str, data: bytes) -> bytes:
    """Return bytes whose id is the one asked for; raises ``BadResponse``.

    What is cached of a blob serves every repository of the store: no host may put words into another's.
    """
    if len(wanted) == 40 and blob_id(data) != wanted:
        raise BadResponse(f"the host gave other bytes than those of the blob {wanted}")
    return data


class ListedTree:
    """A tree whose list of files is at hand, and whose blobs are brought when they are asked for."""

    knows_blobs = True

    def __init__(self, items: Iterable[TreeItem], blobs: Blobs, cache: Cache) -> None:
        self._items = items
        self._blobs = blobs
        self._cache = cache
        self.notes = Notes()

    def batches(self, wanted: Callable[[str], bool]) -> Iterator[list[Entry]]:
        """Yield all files at once, so that what is wanted of them can be brought at once."""
        batch: list[Entry] = []
        for item in self._items:
            path = shown(item.path)
            if item.mode == "160000":
                self.notes.places.append((path, "a submodule; scan its repository as a target of its own"))
            elif wanted(path):
                files = self.notes.links if item.mode == "120000" else batch
                files.append(Entry(path, item.id, item.size))
        yield sorted(batch, key=lambda entry: entry.path.encode("utf-8", "surrogateescape"))

    def read(self, entries: Sequence[Entry], limit: Callable[[str], int]) -> Iterator[tuple[Entry, bytes]]:
        """Yield the blobs; those over their limit or missing are noted."""
        by_blob: dict[str, list[Entry]] = {}
        large = self._known_sizes(entries)
        for entry in entries:
            size = max(entry.size, large.get(entry.blob, -1))
            if size > limit(entry.path):
                self.notes.files.append((entry.path, too_large(size)))
            else:
                by_blob.setdefault(entry.blob, []).append(entry)
        for blob, data in self._blobs(list(by_blob)) if by_blob else ():
            for entry in by_blob.pop(blob, ()):
                if len(data) > limit(entry.path):
                    self.notes.files.append((entry.path, too_large(len(data))))
                    self._cache.put(_SIZE + blob, str(len(data)).encode())
                elif not is_pointer(data, entry, self.notes):
                    yield entry, data
        for entry in (one for rest in by_blob.values() for one in rest):
            self.notes.files.append((entry.path, "the host did not give its content"))

    def _known_sizes(self, entries: Sequence[Entry]) -> dict[str, int]:
        """Return the sizes of large blobs that git has brought before: its lists of files say none."""
        wanted = [_SIZE + entry.blob for entry in entries if entry.size < 0]
        found = self._cache.get_many(wanted) if wanted else {}
        return {key.removeprefix(_SIZE): int(size) for key, size in found.items() if size.isdigit()}
