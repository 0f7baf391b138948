"""Read notebooks: the code of their cells, each line where it stands in the file."""

from __future__ import annotations

import re
from typing import Any

import orjson

from connectors.code.facts import Source, UnreadableError
from connectors.code.formats.common import entries

_STRING = re.compile(r'\s*("(?:[^"\\]|\\.)*+")\s*,?\s*(?:\]\s*,?\s*)?')
_KEY = re.compile(r'\s*"(cell_type|source|outputs|metadata|attachments)"\s*:\s*(.*)')


def code_text(source: Source) -> str:
    """Return the code of a notebook's cells, every line at its own line number; prose and outputs are blank.

    A notebook that is not written line by line (all on one line) gives its code without true line numbers.
    """
    text = source.lenient_text()
    lines = text.split("\n")
    if len(lines) < 5:
        return _code_of_one_line(source)
    return "\n".join(_code_lines(lines))


def without_prose(data: bytes) -> bytes:
    """Return a notebook in which only the code of its cells and the marks of its form are left.

    Every line stays at its number. A notebook that is not written line by line, or that gives cells no
    type or their source before it, comes back as it is.
    """
    lines = data.decode("utf-8", "replace").split("\n")
    cell_type, cell_source = data.find(b'"cell_type"'), data.find(b'"source"')
    if len(lines) < 5 or cell_type < 0 or 0 <= cell_source < cell_type:
        return data
    is_code = _code_lines(lines)
    kept = (line if code else _form(line) for line, code in zip(lines, is_code, strict=True))
    return "\n".join(kept).encode()


def _form(line: str) -> str:
    """Return what of a line without code tells which lines are code."""
    key = _KEY.match(line)
    if key is None:
        return line if line.strip() in ("]", "],") else ""
    return line if key.group(1) == "cell_type" else line[: key.start(2)]


def _code_lines(lines: list[str]) -> list[str]:
    kept: list[str] = []
    is_code = is_source = False
    for line in lines:
        key = _KEY.match(line)
        code = ""
        if key:
            if key.group(1) == "cell_type":
                is_code = '"code"' in key.group(2)
            is_source = key.group(1) == "source"
            code = _string(key.group(2).lstrip("[")) if is_source and is_code else ""
        elif is_source and is_code:
            code = _string(line)
            is_source = line.strip() not in ("]", "],")
        kept.append(code)
    return kept


def _string(line: str) -> str:
    found = _STRING.fullmatch(line)
    if found is None:
        return ""
    try:
        value = orjson.loads(found.group(1))
    except orjson.JSONDecodeError:
        return ""
    return str(value).rstrip("\n").replace("\n", " ")


def _code_of_one_line(source: Source) -> str:
    try:
        content: Any = orjson.loads(source.data)
    except orjson.JSONDecodeError as error:
        raise UnreadableError(f"not JSON: {error.msg} at line {error.lineno}") from error
    cells = dict(entries(content)).get("cells")
    pieces: list[str] = []
    for cell in cells if isinstance(cells, list) else []:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            code = cell.get("source")
            words = code if isinstance(code, list) else [code]
            pieces.append("".join(word for word in words if isinstance(word, str)))
    return "\n".join(pieces)
