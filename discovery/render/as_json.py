"""Write public objects as one JSON array, as JSON lines, or as one document.

The values are never altered. Characters that a terminal could act on are written as ``\\uNNNN``, which is
the same JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, TextIO

import orjson

# JSON itself escapes C0; C1, DEL, bidirectional and invisible characters it would let through.
_ACTIVE = re.compile("[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


def dumps(value: Any, *, indent: bool = False) -> str:
    """Return ``value`` as JSON text; lone surrogates (undecodable names) stay escaped instead of failing."""
    try:
        text = orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else 0).decode()
    except TypeError:
        # orjson refuses integers over 64 bits and lone surrogates; the standard library writes both.
        text = json.dumps(value, indent=2 if indent else None, separators=None if indent else (",", ":"))
    return _ACTIVE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def write_array(rows: Iterable[Any], out: TextIO) -> int:
    """Write one array, one object a line, and return how many; rows are taken one at a time."""
    written = 0
    for row in rows:
        written += 1
        out.write("[\n" if written == 1 else ",\n")
        out.write(dumps(row))
    out.write("\n]\n" if written else "[]\n")
    return written


def write_lines(rows: Iterable[Any], out: TextIO) -> int:
    """Write one object a line and return how many."""
    written = 0
    for row in rows:
        written += 1
        out.write(dumps(row) + "\n")
    return written
