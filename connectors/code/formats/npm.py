"""Read package.json."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import Lines, entries, load_json_object, package_fact, short

SECTIONS = {
    "dependencies": "runtime",
    "devDependencies": "dev",
    "optionalDependencies": "optional",
    "peerDependencies": "optional",
}
_LOCAL = ("workspace:", "file:", "link:", "portal:")
_ALIAS = re.compile(r"npm:((?:@[^/@]+/)?[^/@]+)(?:@(.*))?")


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that package.json declares; packages of the same tree are left out."""
    content = load_json_object(source)
    lines = Lines(source.data)
    for section, scope in SECTIONS.items():
        for name, value in entries(content.get(section)):
            declared = value if isinstance(value, str) else ""
            line = partial(lines.of, section, name)
            alias = _ALIAS.fullmatch(declared)
            if alias:
                name, declared = alias.group(1), alias.group(2) or ""
            if declared.startswith(_LOCAL):
                continue
            yield from package_fact(
                source, "npm", name, line=line, declared=short(_range(declared)), scope=scope, direct=True
            )


def _range(declared: str) -> str:
    return "from a URL" if "://" in declared or declared.startswith("git") else declared
