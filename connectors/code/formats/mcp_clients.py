"""Find MCP servers that Python and JavaScript code starts or calls: a client and what it is given.

The package that a known program fetches and runs is the server, or the host that an address names. All other
arguments may hold secrets and stay where they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from connectors.catalogue.tables import canonical
from connectors.code.facts import Fact, Source, tell_cut
from connectors.code.formats.common import purl
from connectors.code.formats.lines import is_comment, line_around
from connectors.code.formats.mcp import BRIDGES, package_of
from connectors.code.formats.talk import Talk
from connectors.model import Grade, Json

_ENDINGS = (".py", ".ipynb", ".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")
_REACH = 900
_MAX_CALLS = 100
_TEXTS = re.compile(r"""\\?["'`]((?:[^"'`\\\n]|\\.){1,300})\\?["'`]""")
_LABEL = re.compile(r"""server_?label["']?\s*[:=]\s*["']([\w.-]{1,80})["']""", re.I)
_ADDRESS = re.compile(r"""server_?url["']?\s*[:=]\s*["'](https?://[^"'\s]{1,300})["']""", re.I)


def parse(source: Source) -> Iterator[Fact]:
    """Yield the servers that the file's clients start or call, each once."""
    if not source.name.endswith(_ENDINGS):
        return
    seen: set[str] = set()
    talk = Talk(source)
    line, last = 1, 0
    for hit in sorted(source.hits, key=lambda hit: hit.start)[:_MAX_CALLS]:
        line += source.data.count(b"\n", last, hit.start)
        last = hit.start
        text, _ = line_around(source.data, hit.start)
        if is_comment(text) or talk.is_sample(hit.start) or talk.holds(hit.start):
            continue
        call = source.catalogue.mcp_client_calls[hit.row]
        window = source.data[hit.start : hit.start + _REACH].decode("utf-8", "replace")
        fact = _label(window, line) if call == "server_label" else _called(source, window, line)
        if fact is not None and fact.identifier not in seen:
            seen.add(fact.identifier)
            yield fact
    tell_cut(len(source.hits), _MAX_CALLS, "places that may call a server")


def _called(source: Source, text: str, line: int) -> Fact | None:
    code = "\n".join(line for line in _arguments(text).split("\n") if not is_comment(line))
    words = [word for word in _TEXTS.findall(code) if word not in ("command", "args")]
    for index, word in enumerate(words):
        ecosystem, package = package_of(source, words[index:])
        if package in BRIDGES:
            continue  # the server is where it leads
        if package and package[-1].isalnum() and not package.isupper():
            row = source.catalogue.packages.get(ecosystem, {}).get(canonical(ecosystem, package))
            told: dict[str, Json] = {"transport": "stdio"}
            if ecosystem:
                told |= {"package": purl(ecosystem, package), "package_name": package}
            else:
                told["program"] = package
            return _fact(package, row.vendor if row else "mcp", line, told)
        host = "" if _FETCHED.search(word) else host_of(word)
        if host:
            return _fact(host, "mcp", line, {"transport": "http", "host": host})
    return None


def _label(text: str, line: int) -> Fact | None:
    """Read a hosted tool of a model's API: a label and the server's address."""
    found = _LABEL.match(text)
    address = _ADDRESS.search(text)
    host = host_of(address.group(1)) if address else ""
    return _fact(found.group(1), "mcp", line, {"transport": "http", "host": host}) if found and host else None


def _arguments(text: str) -> str:
    """Return the text up to the bracket that closes the call's first."""
    depth = 0
    for found in re.finditer(r"[(){}\[\]]", text):
        depth += 1 if found.group() in "({[" else -1
        if depth <= 0:
            return text[: found.end()]
    return text


def host_of(word: str) -> str:
    """Return the host that an address names; empty for numbers, names of one word and made-up ones."""
    if not word.startswith(("https://", "http://")):
        return ""
    try:
        host = urlsplit(word).hostname or ""
    except ValueError:
        return ""
    is_name = re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", host) and not host.endswith(_EXAMPLES)
    return host if is_name and not re.fullmatch(r"[0-9.]+", host) else ""


# What is fetched and run is no server by itself: .../releases/download/v1/acme_server-1.0-py3-none-any.whl
_FETCHED = re.compile(r"^git\+|\.(?:whl|zip|tgz|tar\.gz|git)(?:[@#?]|$)")
_EXAMPLES = ("example.com", "example.org", "example.net", ".invalid", ".test", ".example")


def _fact(name: str, provider: str, line: int, attributes: dict[str, Json]) -> Fact:
    return Fact(
        kind="mcp_server",
        provider=provider,
        identifier=name,
        name=name,
        grade=Grade.CALLED,
        line=line,
        attributes={"form": "used by code", **attributes},
    )
