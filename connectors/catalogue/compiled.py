"""Keep the catalogue's content in the user's cache folder as JSON, read ten times as fast as TOML.

Only a convenience: what is not there, not ours alone, or not whole is passed over, and the TOML is read. The
name is the digest of the TOML files, so that nothing stale is ever used. JSON makes plain data, no objects,
and all of it is checked as if it came from TOML.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

_MOST_BYTES = 50_000_000
_KEPT_VERSIONS = 3
_DIGEST_BYTES = 64


def recall(version: str) -> dict[str, Any] | None:
    """Return the content kept under ``version``; ``None`` when there is none that can be trusted."""
    folder = _folder()
    data = _read(folder / _name(version)) if folder else b""
    payload = memoryview(data)[_DIGEST_BYTES:]
    if not payload or hashlib.sha256(payload).hexdigest().encode() != data[:_DIGEST_BYTES]:
        return None
    try:
        content = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    return content if isinstance(content, dict) else None


def keep(version: str, content: Mapping[str, Any]) -> None:
    """Keep content for the next process; when that cannot be done, nothing happens."""
    folder = _folder(make=True)
    if folder is None:
        return
    try:
        payload = orjson.dumps(dict(content))
        handle, place = tempfile.mkstemp(dir=folder, prefix="catalogue-", suffix=".new")
        with os.fdopen(handle, "wb") as file:  # mkstemp: mode 0600
            file.write(hashlib.sha256(payload).hexdigest().encode() + payload)
        os.replace(place, folder / _name(version))
        for old in sorted(folder.glob("catalogue-*"), key=lambda one: one.stat().st_mtime)[:-_KEPT_VERSIONS]:
            old.unlink()
    except (OSError, TypeError):
        return


def _name(version: str) -> str:
    return f"catalogue-{version}.json"


def _folder(make: bool = False) -> Path | None:
    """Return our cache folder, when nobody but this user can write to it."""
    if not hasattr(os, "geteuid"):
        return None
    from platformdirs import user_cache_path

    try:
        folder = user_cache_path("aicensus", appauthor=False)
        if make:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder if _is_ours(os.lstat(folder), stat.S_ISDIR) else None
    except (OSError, RuntimeError):
        return None


def _read(path: Path) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    with os.fdopen(handle, "rb") as file:
        is_ours = _is_ours(os.fstat(handle), stat.S_ISREG)
        return file.read(_MOST_BYTES) if is_ours else b""


def _is_ours(status: os.stat_result, is_kind: Any) -> bool:
    return bool(is_kind(status.st_mode)) and status.st_uid == os.geteuid() and not status.st_mode & 0o022
