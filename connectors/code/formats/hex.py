"""Read Elixir's mix.exs and mix.lock, Erlang's rebar.config and Gleam's gleam.toml."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from connectors.code.facts import Fact, Source, UnreadableError
from connectors.code.formats.common import (
    Lines,
    entries,
    load_toml,
    package_fact,
    refuse_conflicts,
    short,
)
from connectors.code.formats.lines import LineCounter, text_lines

# A tuple holds lists and strings but no other tuple, and ends soon.
_TUPLE = re.compile(r"""\{\s*:(\w+)\s*,\s*((?:"[^"\n]*"|[^{}"#]){1,500})\}""")
_VERSION = re.compile(r'"([^"\n]*)"')
_SOURCE = re.compile(r"\b(?:git|github):")
_OPTION = re.compile(
    r"\b(?:git|github|path|hex|in_umbrella|only|override|optional|runtime|repo|organization):"
)
_RENAMED = re.compile(r"""\bhex:\s*[:"](\w+)""")
_ONLY = re.compile(r"\bonly:\s*(\[[^\]]*\]|:\w+)")
_LOCKED = re.compile(r"""\s*"(\w+)":\s*\{:(hex|git),\s*[:"]([^",\s]+)"?,\s*"([^"]*)\"""")
_ERLANG = re.compile(r"""\{\s*(\w+)\s*,\s*(?:"([^"\n]*)"|\{(?:git|pkg)\b)""")


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that a mix.exs depends on; only literal tuples count."""
    text = re.sub(r"(?m)^[ \t]*#.*$", "", source.text())
    lines = LineCounter(text)
    for found in _TUPLE.finditer(text):
        name, rest = found.groups()
        version = _VERSION.match(rest)
        if re.search(r"\b(?:path|in_umbrella):", rest) or not (version or _OPTION.search(rest)):
            continue  # a package of the same tree, or some other tuple
        renamed = _RENAMED.search(rest)
        yield from package_fact(
            source,
            "hex",
            renamed.group(1) if renamed else name,
            line=lines.at(found.start()),
            declared=short(version.group(1)) if version else "from a URL" if _SOURCE.search(rest) else None,
            scope=_scope(rest),
            direct=True,
        )


def parse_script(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that an Elixir script installs for itself (``Mix.install``)."""
    if source.name.endswith((".exs", ".ex")) and source.name != "mix.exs":
        yield from parse(source)


def _scope(rest: str) -> str:
    only = _ONLY.search(rest)
    if only:
        environments = set(re.findall(r":(\w+)", only.group(1)))
        if environments == {"test"}:
            return "test"
        return "runtime" if "prod" in environments else "dev"
    return "optional" if re.search(r"\boptional:\s*true", rest) else "runtime"


def parse_lock(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a mix.lock; it does not say which are direct."""
    refuse_conflicts(source)
    text = source.text()
    if text.strip() and not text.lstrip().startswith("%{"):
        raise UnreadableError("not a mix.lock: it is no map")
    for number, line in enumerate(text_lines(text), 1):
        found = _LOCKED.match(line[:2000])
        if found:
            name, kind, package, version = found.groups()
            yield from package_fact(
                source,
                "hex",
                package if kind == "hex" else name,
                line=number,
                locked=version[:100],
                direct=False,
            )


def parse_rebar(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that a rebar.config names in its tuples."""
    text = re.sub(r"(?m)^[ \t]*%.*$", "", source.text())
    lines = LineCounter(text)
    for found in _ERLANG.finditer(text):
        yield from package_fact(
            source,
            "hex",
            found.group(1),
            line=lines.at(found.start()),
            declared=short(found.group(2) or "from a URL"),
            scope="runtime",
            direct=True,
        )


def parse_gleam(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that a gleam.toml depends on."""
    content = load_toml(source)
    lines = Lines(source.data)
    for table, scope in (
        ("dependencies", "runtime"),
        ("dev-dependencies", "dev"),
        ("dev_dependencies", "dev"),
    ):
        for name, value in entries(content.get(table)):
            if not isinstance(value, dict) or "path" not in value:
                yield from package_fact(
                    source,
                    "hex",
                    name,
                    line=partial(lines.of, table, name),
                    declared=short(value) if isinstance(value, str) else None,
                    scope=scope,
                    direct=True,
                )
