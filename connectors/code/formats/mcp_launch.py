"""Read MCP servers that Java, Kotlin and C# code starts as a program beside itself.

A client's transport is given a command line; the package that a known program fetches and runs is the
server. Other arguments may hold secrets and stay where they are.

**Source:** the client guides of the MCP Java and C# SDKs and of LangChain4j, read on 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.catalogue.tables import canonical
from connectors.code.facts import Fact, Source, tell_cut
from connectors.code.formats.common import purl
from connectors.code.formats.imports_jvm import line_at
from connectors.code.formats.lines import is_comment, line_around
from connectors.code.formats.mcp import package_of
from connectors.code.formats.talk import Talk
from connectors.model import Grade

_ENDINGS = (".java", ".kt", ".kts", ".scala", ".groovy", ".cs", ".fs", ".vb")
_REACH = 1_500
_MAX_CALLS = 100
_TEXTS = re.compile(r'"((?:[^"\\\n]|\\.){0,300})"')
_END = re.compile(r";[ \t]*(?:\n|$)")


def parse(source: Source) -> Iterator[Fact]:
    """Yield the servers whose packages the file's transports run, each once."""
    if not source.name.endswith(_ENDINGS):
        return
    seen: set[str] = set()
    talk = Talk(source)
    for hit in source.hits[:_MAX_CALLS]:
        line, _ = line_around(source.data, hit.start)
        if is_comment(line) or line.lstrip().startswith(("import ", "using ")):
            continue
        if talk.holds(hit.start):
            continue
        text = source.data[hit.start : hit.start + _REACH].decode("utf-8", "replace")
        end = _END.search(text)
        ecosystem, package = _package(source, _TEXTS.findall(text[: end.start()] if end else text))
        if not package or package in seen:
            continue
        seen.add(package)
        row = source.catalogue.packages.get(ecosystem, {}).get(canonical(ecosystem, package))
        yield Fact(
            kind="mcp_server",
            provider=row.vendor if row else "mcp",
            identifier=package,
            name=package,
            grade=Grade.CALLED,
            line=line_at(source.data, hit.start),
            attributes={
                "form": "started by code",
                "transport": "stdio",
                **(
                    {"package": purl(ecosystem, package), "package_name": package}
                    if ecosystem
                    else {"program": package}
                ),
            },
        )
    tell_cut(len(source.hits), _MAX_CALLS, "places that may start a server")


def _package(source: Source, texts: list[str]) -> tuple[str, str]:
    """Return the package that the first known program among the texts runs."""
    for index in range(len(texts)):
        ecosystem, package = package_of(source, texts[index:])
        if package and package[-1].isalnum():
            return ecosystem, package
    return "", ""
