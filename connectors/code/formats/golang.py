"""Read Go's modules: go.mod with its blocks, go.sum and go.work.sum.

**Source:** the Go Modules Reference (go.mod and go.sum files), from general knowledge of it, 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import package_fact, refuse_conflicts, short
from connectors.code.formats.lines import text_lines

_BLOCK = re.compile(r"(require|replace|exclude|retract|tool|ignore|godebug)\s*\(\s*(?://.*)?")
_LINE = re.compile(r"(require|replace)\s+(\S.*)")
_REQUIRED = re.compile(r'"?([^\s"]+)"?\s+(v\d\S*)\s*(?://\s*(.*))?')
_REPLACED = re.compile(r'"?([^\s"]+)"?(?:\s+v\S+)?\s+=>\s+"?([^\s"]+)"?')
_SUM = re.compile(r"(\S+) (v\S+) h1:\S+")
_MAJOR = re.compile(r"/v[1-9]\d*$|\.v\d+$")
_LONGEST_PATH = 300


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued modules that a go.mod requires; what it excludes or only replaces is no use.

    The version of a requirement is the lowest that is allowed, and the one that is built.
    """
    refuse_conflicts(source)
    required: list[tuple[int, str, str, str | None]] = []
    replaced: dict[str, str] = {}
    for number, verb, rest in _statements(source.text()):
        if verb == "require" and (found := _REQUIRED.fullmatch(rest)):
            required.append((number, found.group(1), found.group(2), found.group(3)))
        elif verb == "replace" and (swap := _REPLACED.match(rest)):
            replaced[swap.group(1)] = swap.group(2)
    for number, path, version, comment in required:
        other = replaced.get(path, "")
        if other.startswith((".", "/")):
            continue  # the module's code lies in this tree
        yield from package_fact(
            source,
            "golang",
            _catalogued(source, path),
            line=number,
            declared=version,
            locked=None if other else version,
            replaced_by=short(other) if other else None,
            module_path=path if path != _catalogued(source, path) else None,
            direct=not (comment or "").startswith("indirect"),
            scope="runtime",
        )


def _statements(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield line, verb and the rest of every statement, the ones in blocks with their block's verb."""
    verb = ""
    for number, raw in enumerate(text_lines(text), 1):
        line = raw.strip()
        if not line or line.startswith("//"):
            continue
        if verb:
            if line.startswith(")"):
                verb = ""
            else:
                yield number, verb, line
        elif opened := _BLOCK.fullmatch(line):
            verb = opened.group(1)
        elif single := _LINE.fullmatch(line):
            yield number, single.group(1), single.group(2)


def parse_sum(source: Source) -> Iterator[Fact]:
    """Yield what a go.sum adds to the modules that are required.

    It keeps checksums of modules that were only looked at and never built, so it shows none by itself.
    """
    refuse_conflicts(source)
    for number, line in enumerate(text_lines(source.text()), 1):
        found = _SUM.fullmatch(line.strip())
        if found and not found.group(2).endswith("/go.mod"):
            yield from package_fact(
                source,
                "golang",
                _catalogued(source, found.group(1)),
                line=number,
                locked=found.group(2),
                direct=False,
                standing=False,
            )


def _catalogued(source: Source, path: str) -> str:
    """Return the catalogued module that a path names: without a major version, or a module above it.

    All major versions are one package, and what is kept below an AI module belongs to it.
    """
    known = source.catalogue.packages["golang"]
    name = _MAJOR.sub("", path[:_LONGEST_PATH])
    while name.count("/") > 2 and name not in known:
        name = name.rpartition("/")[0]
    return name
