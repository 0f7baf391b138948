"""Read pip requirement files: requirements, constraints and their ``.in`` sources."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import package_fact, short
from connectors.code.formats.lines import text_lines

# The name, extras and what follows; pip's grammar is wider, but a line that names a package begins so.
_LINE = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^\]]*)\])?\s*(.*)")
_EGG = re.compile(r"#egg=([A-Za-z0-9][A-Za-z0-9._-]*)")
_PIN = re.compile(r"===?\s*([^\s,;=]+)$")
_DEV = re.compile(r"(?:^|[-_.])(?:dev|development|lint|ci)(?:[-_.]|$)")
_TEST = re.compile(r"(?:^|[-_.])tests?(?:ing)?(?:[-_.]|$)")


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that a requirements file names, pinned or not."""
    is_constraint = source.name.startswith("constraint")
    scope = scope_of(source.name)
    number = 0
    logical = ""
    for raw in text_lines(source.text()):
        number += 1
        logical += raw.rstrip("\\") if raw.endswith("\\") else raw
        if raw.endswith("\\"):
            continue
        line, logical = logical, ""
        # A constraint only bounds a version; without another line it installs nothing.
        yield from _requirement(source, line, number, scope, standing=not is_constraint)


def _requirement(
    source: Source, line: str, number: int | Callable[[], int], scope: str, *, standing: bool
) -> Iterator[Fact]:
    egg = _EGG.search(line)
    if line.lstrip().startswith(("-", "git+", "http://", "https://")):
        if egg:
            yield from package_fact(
                source,
                "pypi",
                egg.group(1),
                line=number,
                standing=standing,
                declared="from a URL",
                scope=scope,
            )
        return
    text = re.split(r"(?:^|\s)#", line)[0].split(" --")[0]
    found = _LINE.fullmatch(text)
    if not found:
        return
    name, extras, rest = found.groups()
    specifier, _, marker = rest.partition(";")
    specifier = specifier.strip()
    if specifier and specifier[0] not in "<>=!~@(":
        return  # prose or another format under this name
    pinned = _PIN.search(specifier) if not specifier.startswith("@") else None
    yield from package_fact(
        source,
        "pypi",
        name,
        line=number,
        standing=standing,
        declared="from a URL" if specifier.startswith("@") else short(specifier),
        locked=pinned.group(1) if pinned and "*" not in pinned.group(1) else None,
        extras=short(extras) if extras else None,
        marker=short(marker) if marker else None,
        scope=scope,
        direct=True,
    )


def scope_of(name: str) -> str:
    """Say from a file's or group's name what its packages are for: runtime, dev or test."""
    if _TEST.search(name):
        return "test"
    return "dev" if _DEV.search(name) else "runtime"


def from_pep508(source: Source, text: str, *, line: Callable[[], int], scope: str) -> Iterator[Fact]:
    """Yield the fact of one PEP 508 requirement."""
    yield from _requirement(source, text, line, scope, standing=True)
