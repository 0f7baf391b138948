"""Read what compilers write into programs of the modules in them: Go's build information, Rust's audit data.

Go's stands at the front of the data section and is found by its mark while the file streams by; Rust's is a
section whose place is told at the end of the file, so it is looked for only in files small enough to hold.

**Source:** Go's ``debug/buildinfo`` package (form since Go 1.18), the format of ``cargo auditable``
(section ``.dep-v0``: zlib over JSON), the ELF specification; general knowledge of each.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import orjson

from connectors.images.streams import CHUNK, ByteStream

GO_MARK = b"\xff Go buildinf:"
MAX_HELD_BYTES = 8 * 1024 * 1024
"""Largest program that is held in memory to look for Rust's audit data."""
_MAX_INFO = 4 * 1024 * 1024
_MAX_AUDIT = 8 * 1024 * 1024
_MAX_SECTIONS = 1_000
_SENTINEL = 16
"""Bytes of mark before and behind the module information."""


def read_program(head: bytes, stream: ByteStream, size: int) -> tuple[dict[str, str], dict[str, str]]:
    """Return Go modules and Rust crates (name -> version) of a program whose first bytes are ``head``."""
    if size <= MAX_HELD_BYTES:
        data = bytearray(head)
        while chunk := stream.read(CHUNK):
            data += chunk
        return _go_modules(data), rust_crates(data)
    return _streamed(head, stream), {}


def _streamed(head: bytes, stream: ByteStream) -> dict[str, str]:
    """Look for Go's mark in a window that moves through the file; offsets stay multiples of 16."""
    window, base = bytearray(head), 0
    while True:
        place = window.find(GO_MARK)
        while place >= 0:
            if (base + place) % 16 == 0:
                while len(window) < place + _MAX_INFO and (chunk := stream.read(CHUNK)):
                    window += chunk
                modules = _modules_at(bytes(window[place : place + _MAX_INFO]))
                if modules:
                    return modules
            place = window.find(GO_MARK, place + 1)
        chunk = stream.read(CHUNK)
        if not chunk:
            return {}
        keep = len(window) - len(GO_MARK)
        if keep > 0:
            del window[:keep]
            base += keep
        window += chunk


def _go_modules(data: bytes | bytearray) -> dict[str, str]:
    place = data.find(GO_MARK)
    while place >= 0:
        if place % 16 == 0 and (modules := _modules_at(bytes(data[place : place + _MAX_INFO]))):
            return modules
        place = data.find(GO_MARK, place + 1)
    return {}


def _modules_at(data: bytes) -> dict[str, str]:
    """Return the modules that a block of build information names; nothing for what is none."""
    if len(data) < 32 or not data[15] & 2:  # older forms point into the file instead
        return {}
    version, place = _text(data, 32)
    if not version.startswith((b"go", b"devel")):
        return {}
    info, _ = _text(data, place)
    if len(info) < 2 * _SENTINEL + 1:
        return {}
    modules: dict[str, str] = {}
    replaced = ""
    for line in info[_SENTINEL:-_SENTINEL].decode("utf-8", "replace").splitlines():
        words = line.split("\t")
        if words[0] in ("dep", "mod") and len(words) >= 3:
            replaced = words[1]
            modules[replaced] = words[2]
        elif words[0] == "=>" and len(words) >= 3 and replaced:
            modules[replaced] = words[2]
    return modules


def _text(data: bytes, place: int) -> tuple[bytes, int]:
    """Read a length (as Go's varints are) and so many bytes; returns the place behind them."""
    length = shift = 0
    for at in range(place, min(place + 10, len(data))):
        length |= (data[at] & 0x7F) << shift
        shift += 7
        if not data[at] & 0x80:
            end = at + 1 + length
            return (data[at + 1 : end], end) if end <= len(data) else (b"", len(data))
    return b"", len(data)


def rust_crates(data: bytes | bytearray) -> dict[str, str]:
    """Return the crates that a Rust program was built from, when it was built to say so."""
    section = _elf_section(data, b".dep-v0")
    try:
        content: Any = orjson.loads(zlib.decompressobj().decompress(section, _MAX_AUDIT)) if section else {}
    except (zlib.error, orjson.JSONDecodeError):
        return {}
    packages = content.get("packages") if isinstance(content, dict) else None
    return {
        str(item["name"]): str(item["version"])
        for item in (packages if isinstance(packages, list) else ())
        if isinstance(item, dict) and {"name", "version"} <= item.keys() and item.get("kind") != "build"
    }


def _elf_section(data: bytes | bytearray, wanted: bytes) -> bytes:
    """Return the bytes of a named section of a 64-bit little-endian ELF file; empty when there is none."""
    if data[:6] != b"\x7fELF\x02\x01" or len(data) < 64:
        return b""
    table = struct.unpack_from("<Q", data, 40)[0]
    width, count, names_at = struct.unpack_from("<HHH", data, 58)
    if width < 64 or names_at >= count or count > _MAX_SECTIONS or table + width * count > len(data):
        return b""
    names_start = struct.unpack_from("<Q", data, table + names_at * width + 24)[0]
    for index in range(count):
        header = table + index * width
        name = names_start + struct.unpack_from("<I", data, header)[0]
        if data[name : name + len(wanted) + 1] == wanted + b"\0":
            start, size = struct.unpack_from("<QQ", data, header + 24)
            return bytes(data[start : start + size])
    return b""
