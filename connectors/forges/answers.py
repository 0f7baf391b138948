"""Read fields of a host's answers without trusting their types."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.clients.git_history import Touch
from connectors.errors import BadResponse


def text(item: Mapping[str, Any], name: str) -> str:
    """Return a field as text: numbers as they are written, anything else empty."""
    value = item.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def flag(item: Mapping[str, Any], name: str) -> bool:
    """Say whether a field is true."""
    return item.get(name) is True


def commit_of(item: Any, name: str, where: str) -> str:
    """Return the commit that a branch's answer holds under ``name``; raises ``BadResponse``."""
    commit = text(item, name) if isinstance(item, Mapping) else ""
    if not commit:
        raise BadResponse("a branch without its commit", where=where)
    return commit


def decoded(data: Any, where: str) -> bytes:
    """Return the bytes of a blob that came as base64 in JSON; raises ``BadResponse``."""
    content = data.get("content") if isinstance(data, Mapping) else None
    if not isinstance(content, str) or data.get("encoding") != "base64":
        raise BadResponse("the blob did not come as base64", where=where)
    try:
        return base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadResponse("the blob is no base64", where=where) from None


def objects(data: Any, name: str = "") -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a list, which is the answer itself or stands in it under ``name``."""
    found = data.get(name) if name and isinstance(data, Mapping) else data
    yield from (item for item in found if isinstance(item, Mapping)) if isinstance(found, list) else ()


def below(item: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return an object inside of objects; empty where one of them is none."""
    value: Any = item
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def touch_of(commit: str, author: Mapping[str, Any], when: str | int, mail: str = "email") -> Touch:
    """Return a commit's author as a change of a file; ``when``: seconds since 1970, or a dated time."""
    try:
        at = when if isinstance(when, int) else int(datetime.fromisoformat(when).timestamp())
    except (ValueError, OverflowError):
        at = 0
    name = text(author, "name")[:200]
    return Touch(commit=commit[:64], at=at, mail=text(author, mail)[:200], name=name, added=False, blob="")
