"""Find the commit to compare with, and what git tracks, by plumbing alone.

The history is walked in the private repository of :class:`connectors.clients.git.GitReader`. It is lent two
things more: where a shallow clone's history is cut, and a copy of the index.
"""

from __future__ import annotations

import os
import re
import stat
from datetime import datetime
from pathlib import Path

from connectors.clients.git import GitReader, checked
from connectors.clients.git_folder import GitFolder, read_small
from connectors.errors import BadResponse

_ABBREVIATED = re.compile(r"[0-9a-f]{7,64}")
_STEPS = re.compile(r"(?P<name>[^~^]*)(?P<steps>(?:[~^][0-9]{0,6}){0,20})")
_MOST_INDEX_BYTES = 500_000_000


def open_history(git: GitFolder) -> GitReader:
    """Open a repository to walk its history; the caller closes it."""
    reader = GitReader(git.objects, object_format=git.object_format())
    cut = [line for line in _shallow(git) if line]
    if cut:
        (reader.private / "shallow").write_text("".join(f"{checked(line)}\n" for line in cut))
    return reader


def is_shallow(git: GitFolder) -> bool:
    """Say whether the clone's history was cut off."""
    return bool(_shallow(git))


def find_commit(git: GitFolder, reader: GitReader, name: str) -> str:
    """Return the commit that ``name`` means; empty when there is none here.

    Takes what :meth:`GitFolder.commit_of` takes, ``HEAD``, a remote's branch (``origin/main``), an
    abbreviated id (7 digits or more), and after any of them steps back such as ``~2`` or ``^``.
    """
    parts = _STEPS.fullmatch(name)
    if parts is None:
        return ""
    written = parts["name"]
    try:
        start = git.head()[1] if written in ("HEAD", "@") else git.commit_of(written)
    except OSError:  # longer than a file's name may be
        return ""
    if not start and _ABBREVIATED.fullmatch(written):
        start = written
    if not start:
        return ""
    try:
        found = reader.answer("rev-parse", "--verify", "--quiet", f"{start}{parts['steps']}^{{commit}}")
    except BadResponse:
        return ""
    return checked(found.decode("ascii", "replace").strip())


def merge_base(reader: GitReader, one: str, other: str) -> str:
    """Return the best common ancestor of two commits; empty when they have none here."""
    try:
        found = reader.answer("merge-base", checked(one), checked(other))
    except BadResponse:
        return ""
    return checked(found.decode("ascii", "replace").strip())


def last_before(reader: GitReader, commit: str, moment: datetime) -> str:
    """Return the newest commit before ``moment`` on the line of first parents; empty when there is none."""
    # One second earlier: --min-age takes in the second it names.
    age = f"--min-age={int(moment.timestamp()) - 1}"
    found = reader.answer("rev-list", "-1", "--first-parent", age, checked(commit))
    return found.decode("ascii", "replace").strip()


def tracked(git: GitFolder, reader: GitReader) -> frozenset[bytes] | None:
    """Return the paths in the index of a work tree; ``None`` when it cannot be read."""
    data = _index(git.git_dir / "index")
    if data is None:
        return None
    (reader.private / "index").write_bytes(data)
    try:
        return frozenset(reader.answer("ls-files", "-z", "--cached").split(b"\0"))
    except BadResponse:  # a split index needs files that are not lent
        return None


def _shallow(git: GitFolder) -> list[str]:
    return read_small(git.common_dir / "shallow").split()


def _index(path: Path) -> bytes | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_INDEX_BYTES:
        os.close(handle)
        return None
    with os.fdopen(handle, "rb") as file:
        return file.read(status.st_size)
