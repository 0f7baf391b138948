"""Read imports of catalogued packages; the byte search has found them, here they are proved.

A Python import stands by itself when the module's name belongs to one package alone. A JavaScript import
only adds to what a manifest declares: ``"ai"`` in quotes may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats.common import package_fact
from connectors.model import Grade

_PYTHON = frozenset({"py", "pyi", "ipynb"})
_SCRIPT = frozenset({"js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "vue", "svelte", "astro"})
# A statement begins its line, or follows ";" or a one-line "try:"; in a notebook a line is a JSON string.
_BEFORE_PYTHON = re.compile(rb"^\s*(?:(?:try|else|except[^:]*|if [^:]*):\s+|[^\"'#]*;\s*)?$")
_BEFORE_CELL = re.compile(rb'(?:"|\\n)\s*$')
_MAX_TRIES = 200
_AFTER_PYTHON = re.compile(rb"(?![A-Za-z0-9_])")
_IMPORT = re.compile(rb"(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*$")


def parse_python(source: Source) -> Iterator[Fact]:
    """Yield an imported fact for every catalogued module that a Python file or notebook imports."""
    if source.name.rsplit(".", 1)[-1] not in _PYTHON:
        return
    for hit, line in _first(source, _is_python_import):
        package = source.catalogue.pypi[hit.row]
        statement = source.data[hit.start : hit.end].decode("ascii", "replace")
        module = statement.split()[1]
        yield from package_fact(
            source,
            "pypi",
            package.name,
            line=line,
            grade=Grade.IMPORTED,
            standing=not package.needs_manifest,
            module=module,
        )


def parse_npm(source: Source) -> Iterator[Fact]:
    """Yield an imported fact, which only adds evidence, for every catalogued package a script imports."""
    if source.name.rsplit(".", 1)[-1] not in _SCRIPT:
        return
    for hit, line in _first(source, _is_script_import):
        name = source.catalogue.npm[hit.row].name
        yield from package_fact(source, "npm", name, line=line, grade=Grade.IMPORTED, standing=False)


def _first(source: Source, is_import: Callable[[Source, Hit], bool]) -> Iterator[tuple[Hit, int]]:
    """Yield the first proved hit of each row with its line."""
    seen: set[int] = set()
    tries: dict[int, int] = {}
    line, last = 1, 0
    for hit in sorted(source.hits, key=lambda hit: hit.start):
        line += source.data.count(b"\n", last, hit.start)
        last = hit.start
        tries[hit.row] = tries.get(hit.row, 0) + 1
        if hit.row in seen or tries[hit.row] > _MAX_TRIES or not is_import(source, hit):
            continue
        seen.add(hit.row)
        yield hit, line


def _is_python_import(source: Source, hit: Hit) -> bool:
    data = source.data
    is_cell = source.name.endswith(".ipynb")
    start = data.rfind(b"\n", 0, hit.start) + 1
    before = (_BEFORE_CELL if is_cell else _BEFORE_PYTHON).search(
        data[max(start, hit.start - 200) : hit.start]
    )
    if not before or not _AFTER_PYTHON.match(data, hit.end) or (not is_cell and _in_text(data, hit.start)):
        return False
    statement = data[hit.start : hit.end]
    if statement.startswith(b"import "):
        return True
    rest = data[hit.end : hit.end + 40]
    return b" import " in statement or re.match(rb"[\w.]*\s+import\b", rest) is not None


def _in_text(data: bytes, place: int) -> bool:
    """Say whether a place lies in a string of several lines: the examples in a docstring run nothing."""
    return any(data.count(quotes, 0, place) % 2 for quotes in (b'"""', b"'''"))


def _is_script_import(source: Source, hit: Hit) -> bool:
    return _IMPORT.search(source.data[max(0, hit.start - 40) : hit.start]) is not None
