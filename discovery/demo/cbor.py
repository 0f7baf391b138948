"""Write and read the little CBOR that AWS services speak: enough for a recorded estate.

**Source:** RFC 8949 and the Smithy RPC v2 CBOR protocol, read 2026-11-20.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Any

_SIMPLE = {False: b"\xf4", True: b"\xf5", None: b"\xf6"}


def encode(value: Any) -> bytes:
    """Return a value as CBOR; times become tag 1 (seconds since 1970)."""
    if value is None or isinstance(value, bool):
        return _SIMPLE[value]
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, datetime):
        return b"\xc1" + encode(value.timestamp())
    if isinstance(value, bytes):
        return _head(2, len(value)) + value
    if isinstance(value, str):
        text = value.encode()
        return _head(3, len(text)) + text
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(encode(key) + encode(item) for key, item in value.items())
    return _head(4, len(value)) + b"".join(encode(item) for item in value)


def _head(major: int, size: int) -> bytes:
    if size < 24:
        return bytes([major << 5 | size])
    for extra, width, code in ((24, 1, "B"), (25, 2, "H"), (26, 4, "I"), (27, 8, "Q")):
        if size < 1 << (8 * width):
            return bytes([major << 5 | extra]) + struct.pack(f">{code}", size)
    raise ValueError(f"too large for CBOR: {size}")


def decode(data: bytes) -> Any:
    """Return the value that CBOR bytes hold; raises ``ValueError`` on what we do not speak."""
    try:
        return _item(data, 0)[0]
    except (IndexError, struct.error) as error:
        raise ValueError("CBOR ends too early") from error


def _item(data: bytes, at: int) -> tuple[Any, int]:
    major, info, at = data[at] >> 5, data[at] & 31, at + 1
    if major == 7:
        return _special(data, at, info)
    if info == 31:
        return _endless(data, at, major)
    size, at = _size(data, at, info)
    if major in (0, 1):
        return (size if major == 0 else -1 - size), at
    if major in (2, 3):
        raw = data[at : at + size]
        if len(raw) < size:
            raise IndexError(size)
        return (raw if major == 2 else raw.decode()), at + size
    if major == 6:
        value, at = _item(data, at)
        return (datetime.fromtimestamp(value, UTC) if size == 1 else value), at
    items: list[Any] = []
    for _ in range(size * (2 if major == 5 else 1)):
        value, at = _item(data, at)
        items.append(value)
    return (items if major == 4 else dict(zip(items[::2], items[1::2], strict=True))), at


def _endless(data: bytes, at: int, major: int) -> tuple[Any, int]:
    items: list[Any] = []
    while data[at] != 0xFF:
        value, at = _item(data, at)
        items.append(value)
    if major == 5:
        return dict(zip(items[::2], items[1::2], strict=True)), at + 1
    return (items if major == 4 else "".join(items)), at + 1


def _size(data: bytes, at: int, info: int) -> tuple[int, int]:
    if info < 24:
        return info, at
    code, width = {24: (">B", 1), 25: (">H", 2), 26: (">I", 4), 27: (">Q", 8)}[info]
    return struct.unpack(code, data[at : at + width])[0], at + width


def _special(data: bytes, at: int, info: int) -> tuple[Any, int]:
    if info in (20, 21, 22):
        return {20: False, 21: True, 22: None}[info], at
    code, width = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}[info]
    return struct.unpack(code, data[at : at + width])[0], at + width
