"""Read fields of a host's answers without trusting their types."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

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
