"""List and read the files of a tree: a folder on disk, or a commit of a git repository.

Both give entries in batches and read what is asked for of a batch; what cannot be read becomes a note. A
folder is walked by descriptors (``openat``), never through a link, and only regular files are opened.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import stat
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from connectors.catalogue.tables import Catalogue
from connectors.clients.git import GitReader
from connectors.errors import PermissionDenied, Unavailable

BATCH = 500
MAX_DEPTH = 128
RACY_NS = 2_000_000_000
LFS = b"version https://git-lfs.github.com/spec/"
LFS_POINTER_BYTES = 1024
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(slots=True)
class Entry:
    """One file: its path as shown, its blob id (empty until read from a folder), its size in bytes.

    ``head``: so many bytes from its front are enough; a larger file is then read to there and no further, and
    a Git LFS pointer is handed out like any content (the pointer says what the file is).
    """

    path: str
    blob: str = ""
    size: int = -1
    raw_name: str = ""
    head: int = 0


@dataclass(slots=True)
class Notes:
    """What was not read: ``files`` by path (its parts must hold their sightings), ``places`` besides.

    ``links`` are symbolic links: nobody follows them, but where they lead is their content (a blob, or
    ``link_targets`` by path where the system said it while listing). ``binaries`` are files over their limit
    that look binary: a loss only where a known format was expected.
    """

    files: list[tuple[str, str]] = field(default_factory=list)
    places: list[tuple[str, str]] = field(default_factory=list)
    binaries: list[tuple[str, str]] = field(default_factory=list)
    links: list[Entry] = field(default_factory=list)
    link_targets: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large a file may be to be read (bytes): any text, and one of a known format."""

    text_bytes: int = 2_000_000
    format_bytes: int = 16_000_000


class Tree(Protocol):
    """Files that can be listed and read."""

    knows_blobs: bool
    notes: Notes

    def batches(self, wanted: Callable[[str], bool]) -> Iterator[list[Entry]]:
        """Yield the wanted files in batches; a batch must be read before the next is asked for."""

    def read(self, entries: Sequence[Entry], limit: Callable[[str], int]) -> Iterator[tuple[Entry, bytes]]:
        """Yield the bytes of the given files of the last batch, up to each one's size limit."""


class GitTree:
    """The tree of one commit."""

    knows_blobs = True

    def __init__(self, reader: GitReader, commit: str, prefix: str = "") -> None:
        self._reader = reader
        self._commit = commit
        self._prefix = prefix
        self.notes = Notes()

    def batches(self, wanted: Callable[[str], bool]) -> Iterator[list[Entry]]:
        """Yield the files of the commit; submodules and links out of the tree are noted."""
        batch: list[Entry] = []
        for item in self._reader.tree(self._commit):
            path = shown(os.fsdecode(item.path))
            if self._prefix:
                if not path.startswith(f"{self._prefix}/"):
                    continue
                path = path[len(self._prefix) + 1 :]
            if item.mode == "160000":
                self.notes.places.append((path, "a submodule; scan its repository as a target of its own"))
            elif wanted(path):
                files = self.notes.links if item.mode == "120000" else batch
                files.append(Entry(path, item.object_id))
            if len(batch) >= BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    def read(self, entries: Sequence[Entry], limit: Callable[[str], int]) -> Iterator[tuple[Entry, bytes]]:
        """Yield the blobs; those over their limit or missing are noted."""
        sizes = self._reader.sizes([entry.blob for entry in entries])
        by_blob: dict[str, list[Entry]] = {}
        for entry in entries:
            size = sizes.get(entry.blob)
            if size is None:
                self.notes.files.append(
                    (entry.path, "its content is not in the repository (too large or partial)")
                )
            elif entry.head and size > limit(entry.path):
                yield entry, self._reader.head(entry.blob, entry.head)
            elif size > limit(entry.path):
                self.notes.files.append((entry.path, too_large(size)))
            else:
                by_blob.setdefault(entry.blob, []).append(entry)
        for blob, data in self._reader.blobs(list(by_blob)):
            for entry in by_blob[blob]:
                if is_pointer(data, entry, self.notes):
                    continue
                yield entry, data[: entry.head] if entry.head else data


class FolderTree:
    """A folder on disk: everything in it, tracked or not, but never through a link.

    ``hashes``: also compute git blob ids of what is read, to compare with a commit. ``apart`` are folders
    (absolute) that belong to other scopes and are not entered.
    """

    knows_blobs = False

    def __init__(
        self, root: Path, catalogue: Catalogue, *, hashes: bool = False, apart: Collection[Path] = ()
    ) -> None:
        self._apart = frozenset(f"{shown(folder.relative_to(root).as_posix())}/" for folder in apart)
        self._root = root
        self._control = frozenset(catalogue.control_folders)
        self._skipped = frozenset(catalogue.skipped_folders)
        self._proofs = dict(catalogue.skipped_when)
        self._hashes = hashes
        self._folder = -1
        self.notes = Notes()

    def batches(self, wanted: Callable[[str], bool]) -> Iterator[list[Entry]]:
        """Yield the files folder by folder, names sorted."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
        try:
            root = os.open(self._root, flags)
        except OSError as error:
            kind = PermissionDenied if isinstance(error, PermissionError) else Unavailable
            raise kind(
                f"the folder {str(self._root)!r} cannot be opened: {error.strerror}",
                hint="Let the user that scans read it.",
            ) from error
        try:
            yield from self._walk(root, "", 0, wanted)
        finally:
            os.close(root)

    def stamp(self, now: datetime) -> str:
        """Return what changes with any file of the folder, without reading one; empty: nothing does for sure.

        Times, size and inode of every file, as git compares them. A file touched within the last seconds may
        be written once more in the same tick of the clock: then there is no stamp. Uses up the tree's notes.
        """
        newest, digest = 0, hashlib.blake2b(digest_size=16)
        for batch in self.batches(lambda path: True):
            for entry in batch:
                try:
                    status = os.stat(entry.raw_name, dir_fd=self._folder, follow_symlinks=False)
                except OSError:
                    return ""
                newest = max(newest, status.st_mtime_ns, status.st_ctime_ns)
                told = (entry.path, status.st_mode, status.st_size, status.st_ino)
                digest.update(repr((*told, status.st_mtime_ns, status.st_ctime_ns)).encode())
        if self.notes.files or now.timestamp() * 1e9 - newest < RACY_NS:
            return ""
        digest.update(repr((self.notes.places, sorted(self.notes.link_targets.items()))).encode())
        return digest.hexdigest()

    def _walk(
        self, folder: int, path: str, depth: int, wanted: Callable[[str], bool]
    ) -> Iterator[list[Entry]]:
        names, folders = self._list(folder, path)
        files = [entry for entry in names if wanted(entry.path)]
        for start in range(0, len(files), BATCH):
            self._folder = folder
            yield files[start : start + BATCH]
        for name in folders:
            below = f"{path}{shown(name)}/"
            if below in self._apart:
                self.notes.places.append((below, "a repository of its own, with a scope of its own"))
                continue
            if depth >= MAX_DEPTH:
                self.notes.places.append((below, f"deeper than {MAX_DEPTH} folders"))
                continue
            try:
                inner = os.open(name, _FOLDER_FLAGS, dir_fd=folder)
            except OSError as error:
                self.notes.files.append((below, f"the folder cannot be opened: {error.strerror}"))
                continue
            try:
                yield from self._walk(inner, below, depth + 1, wanted)
            finally:
                os.close(inner)

    def _list(self, folder: int, path: str) -> tuple[list[Entry], list[str]]:
        """Return a folder's files and the folders in it to enter, both sorted; the rest is noted."""
        files: list[Entry] = []
        folders: list[str] = []
        try:
            with os.scandir(folder) as items:
                listed = sorted(items, key=lambda item: item.name)
        except OSError as error:
            self.notes.files.append((path or ".", f"the folder cannot be listed: {error.strerror}"))
            return [], []
        names = {item.name for item in listed}
        for proof, what in self._proofs.items():
            if path and proof in names:
                self.notes.places.append((path, f"not entered: {what}"))
                return [], []
        if path and any(item.name == ".git" and item.is_file(follow_symlinks=False) for item in listed):
            self.notes.places.append(
                (path, "a submodule or linked work tree; scan it as a target of its own")
            )
            return [], []
        for item in listed:
            self._sort_in(item, folder, path, files, folders)
        return files, folders

    def _sort_in(
        self, item: os.DirEntry[str], folder: int, path: str, files: list[Entry], folders: list[str]
    ) -> None:
        name = shown(item.name)
        place = path + name
        if item.is_dir(follow_symlinks=False):
            if name != item.name:
                self.notes.places.append((place, "its name is not printable UTF-8; shown escaped"))
            if item.name in self._skipped:
                self.notes.places.append((place, "not entered: put there by tools, not by people"))
            elif item.name not in self._control:
                folders.append(item.name)
        elif item.is_symlink():
            self._note_link(item.name, folder, place)
        elif item.is_file(follow_symlinks=False):
            if name != item.name:
                self.notes.places.append((place, "its name is not printable UTF-8; shown escaped"))
            files.append(Entry(place, raw_name=item.name))
        else:
            self.notes.places.append((place, "not a regular file (pipe, socket or device)"))

    def _note_link(self, name: str, folder: int, place: str) -> None:
        try:
            target = os.readlink(name, dir_fd=folder)
        except OSError:
            target = ""
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(place), target))
        if not target or target.startswith("/") or joined.startswith(".."):
            self.notes.places.append((place, "a symbolic link that may lead out of the tree; not followed"))
        else:
            self.notes.link_targets[place] = target

    def read(self, entries: Sequence[Entry], limit: Callable[[str], int]) -> Iterator[tuple[Entry, bytes]]:
        """Yield the files' bytes; one that is too large, gone or not to be opened is noted."""
        for entry in entries:
            try:
                data = self._read_file(entry, limit(entry.path))
            except OSError as error:
                self.notes.files.append((entry.path, f"cannot be read: {error.strerror}"))
                continue
            if data is not None and not is_pointer(data, entry, self.notes):
                yield entry, data

    def _read_file(self, entry: Entry, limit: int) -> bytes | None:
        handle = os.open(entry.raw_name, _FILE_FLAGS, dir_fd=self._folder)
        try:
            status = os.fstat(handle)
            entry.size = status.st_size
            if not stat.S_ISREG(status.st_mode):
                self.notes.places.append((entry.path, "not a regular file (pipe, socket or device)"))
                return None
            if entry.head and status.st_size > entry.head:
                return _read_exactly(handle, entry.head)
            if status.st_size > limit:
                is_text = b"\0" not in os.read(handle, 8192)
                notes = self.notes.files if is_text else self.notes.binaries
                notes.append((entry.path, too_large(status.st_size)))
                return None
            # One byte more than it said: a file that grows while it is read must not run away.
            data = os.read(handle, status.st_size + 1)
            data += _read_exactly(handle, status.st_size - len(data))
        finally:
            os.close(handle)
        if self._hashes:
            entry.blob = blob_id(data)
        return data


_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def _read_exactly(handle: int, size: int) -> bytes:
    """Read ``size`` bytes, or as many as there are."""
    data = b""
    while len(data) < size and (more := os.read(handle, size - len(data))):
        data += more
    return data


def blob_id(data: bytes) -> str:
    """Return the id git gives these bytes (SHA-1 form)."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def is_pointer(data: bytes, entry: Entry, notes: Notes) -> bool:
    """Note a Git LFS pointer, whose content is elsewhere, and say whether it is one."""
    if len(data) > LFS_POINTER_BYTES or not data.startswith(LFS):
        return False
    if entry.head:
        return False  # its format knows what a pointer says
    notes.files.append((entry.path, "a Git LFS pointer; its content is not in the repository"))
    return True


def shown(name: str) -> str:
    """Return a name that can be printed and stored: what is no UTF-8 or no character becomes ``%XX``."""
    return _CONTROL.sub(_escaped, name) if _CONTROL.search(name) else name


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in os.fsencode(found.group()))


def too_large(size: int) -> str:
    """Return the reason that is noted for a file over its limit (bytes)."""
    return f"larger than the limit ({size / 1_000_000:.1f} MB)"
