"""Look at where a SQLite file is to lie before it is opened: folder, rights, file system."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from store.errors import NetworkFileSystem, StoreCorrupt, StoreMissing, StoreReadOnly

# Where POSIX locks are not dependable between machines. 9p and virtiofs are left out: they are also what
# sandboxes and virtual machines show for a local disk.
# **Source:** SQLite, "Over a Network, Caveats and Considerations" (useovernet.html), read 2026-11-22.
NETWORK_TYPES = frozenset(
    {
        *("afs", "afpfs", "beegfs", "ceph", "cifs", "coda", "davfs", "glusterfs", "gpfs", "lustre", "ncpfs"),
        *("nfs", "nfs4", "ocfs2", "pvfs2", "smb", "smb2", "smb3", "smbfs", "webdav"),
        *("fuse.ceph", "fuse.gcsfuse", "fuse.glusterfs", "fuse.goofys", "fuse.rclone", "fuse.s3fs"),
        "fuse.sshfs",
    }
)
_MAGIC = b"SQLite format 3\x00"


def prepare_file(path: Path, *, create: bool, read_only: bool) -> bool:
    """Make sure that ``path`` can hold a store and return whether the file was made just now.

    A new folder gets mode 0700 and a new file 0600. Raises the kind of ``StoreError`` that says what is
    in the way.
    """
    refuse_network(path.parent, _mount_table())
    try:
        is_there = path.exists()
    except PermissionError as error:
        raise StoreReadOnly(
            "the folder of the store may not be entered",
            where=str(path.parent),
            hint="Allow it, or give --db a file in a folder of your own.",
        ) from error
    if is_there:
        _check_file(path, read_only=read_only)
        return False
    if not create or read_only:
        raise StoreMissing(
            "there is no inventory yet",
            where=str(path),
            hint="Run aicensus scan first, or give --db another place.",
        )
    _make(path)
    return True


def _check_file(path: Path, *, read_only: bool) -> None:
    if not path.is_file():
        raise StoreCorrupt("the store is not a file", where=str(path), hint="Give --db the path of a file.")
    if not os.access(path, os.R_OK):
        raise StoreReadOnly(
            "the store may not be read",
            where=str(path),
            hint="Ask its owner for the right to read and write it.",
        )
    if not read_only and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        raise StoreReadOnly(
            "the store or its folder may not be written",
            where=str(path),
            hint="Allow writing to both, or give --db a file in a folder of your own.",
        )
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
    if head and head != _MAGIC:
        raise StoreCorrupt(
            "the file is not a SQLite database",
            where=str(path),
            hint="Give --db another file, or restore a backup.",
        )


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Made by us before SQLite opens it: its own files beside it take over this mode.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | getattr(os, "O_CLOEXEC", 0), 0o600))
    except PermissionError as error:
        raise StoreReadOnly(
            "the folder of the store may not be written",
            where=str(path.parent),
            hint="Allow writing there, or give --db a file in a folder of your own.",
        ) from error
    except OSError as error:
        raise StoreReadOnly(
            f"the store cannot be made: {error.strerror}", where=str(path), hint="Give --db another place."
        ) from error


def refuse_network(folder: Path, mount_table: str) -> None:
    """Raise ``NetworkFileSystem`` if ``mount_table`` says that ``folder`` lies on one."""
    kind = file_system_of(folder, mount_table)
    if kind in NETWORK_TYPES:
        raise NetworkFileSystem(
            f"the store would lie on a network file system ({kind}), where SQLite files get damaged",
            where=str(folder),
            hint="Give --db a place on a local disk, or use PostgreSQL for a shared store.",
        )


def file_system_of(folder: Path, mount_table: str) -> str:
    """Return the type of the file system that holds ``folder`` (empty: unknown).

    ``mount_table`` is the text of ``/proc/self/mountinfo``. The folder need not exist yet.
    """
    wanted = folder.resolve()
    best, kind = -1, ""
    for mount_point, mount_kind in _mounts(mount_table):
        # ">=": of two mounts on one point the later one is what is seen.
        if wanted.is_relative_to(mount_point) and len(mount_point) >= best:
            best, kind = len(mount_point), mount_kind
    return kind


def _mounts(mount_table: str) -> Iterator[tuple[str, str]]:
    for line in mount_table.splitlines():
        left, separator, right = line.partition(" - ")
        fields = left.split()
        if separator and len(fields) > 4 and right.split():
            yield fields[4].encode().decode("unicode_escape"), right.split()[0]


def _mount_table() -> str:
    if not sys.platform.startswith("linux"):
        return ""
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
