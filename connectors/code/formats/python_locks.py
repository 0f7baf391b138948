"""Read the lock files made of ``[[package]]`` tables: poetry.lock, uv.lock, pdm.lock and pylock.toml.

They are written by tools in one shape, so the tables are cut apart by their headers: tomllib reads about
1 MB a second, and a lock may be larger than all the code beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import load_toml, package_fact, refuse_conflicts

_TABLE = re.compile(r"^\[\[packages?\]\][ \t\r]*$", re.M)
_NAME = re.compile(r'^name = "([^"\n]+)"', re.M)
_VERSION = re.compile(r'^version = "([^"\n]+)"', re.M)
_LOCAL = re.compile(r"^source = \{ (?:virtual|editable|directory) = ", re.M)
_GROUPS = re.compile(r"^(?:category = \"dev\"|groups = \[(?![^\]]*\"(?:main|default)\"))", re.M)


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a lock; which are direct, the manifest beside it says."""
    refuse_conflicts(source)
    text = source.text()
    starts = [found.start() for found in _TABLE.finditer(text)]
    if not starts:
        load_toml(source)  # an empty lock is fine, anything else is malformed
        return
    line, last = 1, 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        line += text.count("\n", last, start)
        last = start
        table = text[start:end]
        name, version = _NAME.search(table), _VERSION.search(table)
        if name is None or _LOCAL.search(table):
            continue
        yield from package_fact(
            source,
            "pypi",
            name.group(1),
            line=line + table.count("\n", 0, name.start()),
            locked=version.group(1) if version else None,
            scope="dev" if _GROUPS.search(table) else "runtime",
            direct=False,
        )
