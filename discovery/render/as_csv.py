"""Write public objects as CSV that a spreadsheet cannot be made to run.

A cell that a spreadsheet would take for a formula gets a leading apostrophe (OWASP: CSV injection);
control characters are made visible, so that printing the file is harmless too.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from discovery.render.as_json import dumps
from discovery.render.text import safe

_CELL_LIMIT = 32_000  # a spreadsheet's own limit is 32,767 characters
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")


def guard(text: str) -> str:
    """Return ``text`` so that a spreadsheet shows it instead of computing it."""
    plain = safe(text, limit=_CELL_LIMIT)
    return "'" + plain if text.lstrip(" ").startswith(_STARTS) else plain


def cell(value: Any) -> str:
    """Return one cell: empty for nothing, plain for scalars, ``a; b`` for lists of scalars, else JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return guard(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return guard("; ".join(value))
    return guard(dumps(value)) if value else ""


def write_rows(rows: Iterable[Mapping[str, Any]], fields: Sequence[str], out: TextIO) -> int:
    """Write a header and one line a row, in the order of ``fields``; return how many rows."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(fields)
    written = 0
    for row in rows:
        written += 1
        writer.writerow([cell(row.get(name)) for name in fields])
    return written
