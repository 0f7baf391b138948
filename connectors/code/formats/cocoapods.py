"""Read CocoaPods' Podfile, Podfile.lock and pod specifications; literals only.

**Source:** the CocoaPods guides (Podfile and Podspec syntax), general knowledge, 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import package_fact, refuse_conflicts, short
from connectors.code.formats.lines import text_lines

_POD = re.compile(r"""(?:pod|\w+\.(?:ios\.|osx\.)?dependency)[\s(]+(['"])([\w.+-]+)(?:/[^'"]*)?\1(.*)""")
_RANGE = re.compile(r"""\s*,\s*(['"])([~<>=!]*\s*\d[\w.\s-]*)\1""")
_LOCKED = re.compile(r"""  - "?([\w.+-]+)(?:/[^\s(]+)? \((\d[^)\s]*)\)"?:?""")


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued pods that a Podfile or a pod specification names."""
    for number, raw in enumerate(text_lines(source.text()), 1):
        found = _POD.match(raw.strip())
        if not found or re.search(r":path\s*=>|\bpath:", found.group(3)):
            continue
        declared = _RANGE.match(found.group(3))
        is_elsewhere = re.search(r":(?:git|podspec)\s*=>|\b(?:git|podspec):", found.group(3))
        yield from package_fact(
            source,
            "cocoapods",
            found.group(2),
            line=number,
            declared=short(declared.group(2)) if declared else "from a URL" if is_elsewhere else None,
            scope="runtime",
            direct=True,
        )


def parse_lock(source: Source) -> Iterator[Fact]:
    """Yield the catalogued pods of a Podfile.lock, once each; the Podfile says which are direct."""
    refuse_conflicts(source)
    section, seen = "", set()
    for number, line in enumerate(text_lines(source.text()), 1):
        if line and line[0] not in " -":
            section = line.rstrip().rstrip(":")
        elif section == "PODS" and (found := _LOCKED.fullmatch(line)) and found.group(1) not in seen:
            seen.add(found.group(1))
            yield from package_fact(
                source, "cocoapods", found.group(1), line=number, locked=found.group(2), direct=False
            )
