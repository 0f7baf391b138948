"""Read Ruby's Gemfile (gems.rb), Gemfile.lock (gems.locked) and gem specifications; literals only.

**Source:** Bundler's manual of Gemfile(5) and the RubyGems specification reference, general knowledge,
2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import package_fact, refuse_conflicts, short
from connectors.code.formats.lines import text_lines

_GEM = re.compile(r"""gem[\s(]+(['"])([\w.-]+)\1(.*)""")
_SPEC = re.compile(r"""[\w]+\.add_((?:runtime_|development_)?dependency)[\s(]+(['"])([\w.-]+)\2(.*)""")
_RANGES = re.compile(r"""\s*+,\s*+(?:\[\s*+)?(['"])([~<>=!]*+\s*+\d[\w.\s-]*+)\1""")
_GROUP = re.compile(r"group[\s(]++(.+?)\)?\s+do\b")
_IN_GROUP = re.compile(r"""\b(?:groups?:|:groups?\s*=>)\s*(\[[^\]]*\]|:\w+|['"]\w+['"])""")
_OPENS = re.compile(r"(?:if|unless|case|begin|while|def)\b|.*\bdo\s*(?:\|[^|]*\|)?$")
_URL = re.compile(r"\b(?:git|github|gist|bitbucket)\s*(?::|=>)|:(?:git|github)\s*=>")
_PATH = re.compile(r"\bpath:|:path\s*=>")
_LOCKED = re.compile(r"    ([\w.-]+) \(([^)\s]+)\)")
_NEEDED = re.compile(r"  ([\w.-]+)(?:!| \(.*)?$")

_LONGEST_LINE = 500


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued gems that a Gemfile names, with the scope of their group."""
    blocks: list[str] = []
    for number, raw in enumerate(text_lines(source.text()), 1):
        line = raw.strip()[:_LONGEST_LINE]
        if not line or line.startswith("#"):
            continue
        if found := _GEM.match(line):
            yield from _gem(source, number, found.group(2), found.group(3), blocks)
        elif re.match(r"end\b", line):
            if blocks:
                blocks.pop()
        elif group := _GROUP.match(line):
            blocks.append(scope_of(group.group(1)))
        elif _OPENS.match(line):
            blocks.append("path" if re.match(r"path\b", line) else "")


def parse_inline(source: Source) -> Iterator[Fact]:
    """Yield the catalogued gems that a Ruby script installs for itself (``require "bundler/inline"``)."""
    if source.name.endswith(".rb") or "." not in source.name:
        yield from parse(source)


def _gem(source: Source, line: int, name: str, rest: str, blocks: list[str]) -> Iterator[Fact]:
    if _PATH.search(rest) or "path" in blocks:
        return  # a gem of the same tree
    group = _IN_GROUP.search(rest)
    around = next((scope for scope in reversed(blocks) if scope), "runtime")
    yield from package_fact(
        source,
        "gem",
        name,
        line=line,
        declared="from a URL" if _URL.search(rest) else _ranges(rest),
        scope=scope_of(group.group(1)) if group else around,
        direct=True,
    )


def parse_spec(source: Source) -> Iterator[Fact]:
    """Yield the catalogued gems that a gem specification depends on."""
    for number, raw in enumerate(text_lines(source.text()), 1):
        found = _SPEC.match(raw.strip()[:_LONGEST_LINE])
        if found:
            yield from package_fact(
                source,
                "gem",
                found.group(3),
                line=number,
                declared=_ranges(found.group(4)),
                scope="dev" if found.group(1).startswith("development") else "runtime",
                direct=True,
            )


def _ranges(rest: str) -> str:
    """Return the version ranges that follow a gem's name, in their order."""
    ranges: list[str] = []
    place = 0
    while len(ranges) < 5 and (found := _RANGES.match(rest, place)):
        ranges.append(found.group(2))
        place = found.end()
    return short(", ".join(ranges))


def scope_of(groups: str) -> str:
    """Say what gems of these groups are for; one group outside of tests and development decides."""
    names = set(re.findall(r"\w+", groups)) - {"optional", "true", "false"}
    if not names or names - {"test", "development", "dev", "ci", "lint", "doc", "docs"}:
        return "runtime"
    return "test" if names == {"test"} else "dev"


_ALL_OF_AWS, _OF_AWS = "aws-sdk-resources", "aws-sdk-"


def parse_lock(source: Source) -> Iterator[Fact]:
    """Yield the catalogued gems of a Gemfile.lock; its last section says which are direct."""
    refuse_conflicts(source)
    text = source.text()
    direct, locked, section = set(), [], ""
    for number, line in enumerate(text_lines(text), 1):
        if line and line[0] != " ":
            section = line.strip()
        elif section == "DEPENDENCIES" and (needed := _NEEDED.match(line)):
            direct.add(needed.group(1))
        elif section in ("GEM", "GIT") and (found := _LOCKED.fullmatch(line)):
            locked.append((number, found.group(1), found.group(2)))
    brings_all = any(name == _ALL_OF_AWS for _, name, _ in locked)
    for number, name, version in locked:
        # The gem for all services of AWS locks hundreds: what is called, a program's own lines say.
        stands = name in direct or not (brings_all and name.startswith(_OF_AWS))
        yield from package_fact(
            source, "gem", name, line=number, standing=stands, locked=version, direct=name in direct
        )
