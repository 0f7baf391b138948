"""Read commands that give an agent MCP servers: ``claude mcp add``, and the gateway that starts several.

Arguments and variables may hold secrets: only a server's name, its package and its host leave this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from connectors.catalogue.tables import McpRegistrar
from connectors.code.facts import Fact, Hit, Source, tell_cut
from connectors.code.formats.install_commands import holds_commands, is_command, text_of
from connectors.code.formats.lines import LineCounter, is_comment, line_around
from connectors.code.formats.mcp import server_fact
from connectors.code.formats.talk import Talk
from connectors.model import Grade

_MAX_HITS = 200
_MAX_LINES = 60
"""Lines of a service, or of a command that goes on, that are looked at to each side of its image."""
_LINE = 1_000
_MAX_WORDS = 100
_WORDS = re.compile(r"""\"(?:[^"\\]|\\.){0,1000}\"|'[^']{0,1000}'|[^\s"'][^\s]{0,1000}""")
_NAME = re.compile(r"[A-Za-z0-9@][\w.@/-]{0,79}")
_VARIABLE = re.compile(r"\$[({]?([A-Za-z_]\w{0,60})(?::-([\w.@/-]{1,80}))?[)}]?")
_PROGRAM = re.compile(r"[\w./~-]{1,300}")
_PAIR = re.compile(r"[A-Za-z_]\w{0,80}=")
_JSON = re.compile(r"""\\?["'](command|url)\\?["']\s{0,9}:\s{0,9}\\?["']([^"'\\\s]{1,300})""")
_JSON_ARGUMENTS = re.compile(r"""\\?["']args\\?["']\s{0,9}:\s{0,9}\[([^\]]{0,600})""")
_SERVERS = re.compile(
    r"--servers(?:=|[\"']?,?\s{1,40}(?:-\s{1,9})?)[\"']?"
    r"((?:docker://)?[\w./:@-]{1,100}(?:,\s?(?:docker://)?[\w./:@-]{1,100}){0,50})"
)
_TAG = re.compile(r"(?<=[^/]):[\w.-]{1,100}$|@sha256:.*$")
_IMAGE = re.compile(r"\s*(?:-\s+)?[\"']?image[\"']?\s*:")


def parse(source: Source) -> Iterator[Fact]:
    """Yield the servers that the commands of a script register with an agent, each once."""
    if not holds_commands(source):
        return
    seen: set[str] = set()
    counter = LineCounter(source.data)
    for hit in sorted(source.hits, key=lambda hit: hit.start)[:_MAX_HITS]:
        if not is_command(source, hit):
            continue
        name, server = _registered(source, source.catalogue.mcp_registrar[hit.row], hit)
        if name and name not in seen:
            seen.add(name)
            fact = server_fact(source, name, server, counter.at(hit.start))
            told = {key: value for key, value in fact.attributes.items() if server or key != "transport"}
            yield replace(fact, attributes={"form": "registered by a command", **told})
    tell_cut(len(source.hits), _MAX_HITS, "commands")


def _registered(source: Source, row: McpRegistrar, hit: Hit) -> tuple[str, dict[str, Any]]:
    """Return the name and the start of a server that a command adds; no name when it is not plain."""
    words = [word.strip("\"'`") for word in _WORDS.findall(text_of(source, hit))[:_MAX_WORDS]]
    is_json = words[:1] == ["-json"]
    if source.data[hit.end : hit.end + 1].strip() and not is_json:
        return "", {}  # another word: ``mcp added``
    named, rest = _split(row, words[1:] if is_json else words)
    name = _plain(source, named)
    if not name or is_json:
        return name, _from_json(" ".join(rest))
    url = next((word for word in rest[:1] if word.startswith(("https://", "http://"))), "")
    if url:
        return name, {"url": url}
    is_plain = bool(rest) and _PROGRAM.fullmatch(rest[0]) is not None
    return name, {"command": rest[0], "args": rest[1:]} if is_plain else {}


def _split(row: McpRegistrar, words: list[str]) -> tuple[str, list[str]]:
    """Return the server's name and the words of its start: what stands in front of them are options."""
    name = url = ""
    place = 0
    while place < len(words):
        word = words[place]
        option, equals, value = word.partition("=")
        if word == "--":
            place += 1
            break
        if word.startswith("-"):
            if option in row.value_options and not equals:
                place += 1
                value = words[place] if place < len(words) else ""
            elif not equals and option not in row.flags:
                return name, [url] if url else []  # the next word may be its value, and a secret
            name = value if option == row.name_option else name
            url = value if option == "--url" else url
        elif not _PAIR.match(word):
            if name:
                break
            name = word
        place += 1
    return name, [url] if url else words[place:]


def _plain(source: Source, word: str) -> str:
    """Return a server's name, read from the one place that sets it where a variable stands for it."""
    if _NAME.fullmatch(word):
        return word
    variable = _VARIABLE.fullmatch(word)
    if variable is None:
        return ""
    if variable.group(2):
        return variable.group(2)
    setting = re.compile(
        r"(?m)^[ \t]{0,40}(?:(?:export|local|readonly|declare|set)[ \t]{1,9}|\$(?:env:)?)?"
        rf"{variable.group(1)}"
        r"[ \t]{0,9}[:?]?=[ \t]{0,9}[\"']?([^\s\"'#]{0,100})"
    )
    values = {found.group(1) for found in setting.finditer(source.lenient_text())}
    value = values.pop() if len(values) == 1 else ""
    return value if _NAME.fullmatch(value) else ""


def _from_json(text: str) -> dict[str, Any]:
    found = _JSON.search(text)
    if found is None:
        return {}
    arguments = _JSON_ARGUMENTS.search(text)
    words = re.split(r"""[\\"',\s]{1,9}""", arguments.group(1)) if arguments else []
    return {found.group(1): found.group(2), "args": [word for word in words if word]}


def parse_gateway(source: Source) -> Iterator[Fact]:
    """Yield the servers that a gateway starts: in the service of its image, or behind its command."""
    if source.syntax != "config":
        return
    seen: set[str] = set()
    talk = Talk(source)
    counter = LineCounter(source.data)
    lines: list[str] = []
    for hit in source.hits[:_MAX_HITS]:
        text, _ = line_around(source.data, hit.start)
        if is_comment(text) or talk.holds(hit.start):
            continue
        lines = lines or source.lenient_text().split("\n")
        for name, number in _of_gateway(lines, counter.at(hit.start) - 1):
            if name not in seen:
                seen.add(name)
                yield Fact(
                    kind="mcp_server",
                    provider="mcp",
                    identifier=name,
                    name=name,
                    grade=Grade.CONFIGURED,
                    line=number,
                    attributes={"form": "started by a gateway", "gateway": "docker/mcp-gateway"},
                )
    tell_cut(len(source.hits), _MAX_HITS, "gateways")


def _of_gateway(lines: list[str], number: int) -> Iterator[tuple[str, int]]:
    """Yield the names behind ``--servers`` with their lines; only the gateway's own text is looked at."""
    is_image = _IMAGE.match(lines[number][:_LINE]) is not None
    first, last = _service(lines, number) if is_image else _command(lines, number)
    kept = [
        "" if is_comment(line) or len(line) > _LINE else line.removesuffix("\\").rstrip()
        for line in lines[first:last]
    ]
    text = "\n".join(kept)
    for found in _SERVERS.finditer(text):
        at = first + text.count("\n", 0, found.start(1)) + 1
        for word in found.group(1).split(","):
            name = _TAG.sub("", word.strip().removeprefix("docker://"))
            if _NAME.fullmatch(name):
                yield name, at


def _service(lines: list[str], number: int) -> tuple[int, int]:
    """Return where the mapping begins and ends in which a line with a key stands."""
    width = _indent(lines[number])
    first, last = number, number + 1
    while first > max(0, number - _MAX_LINES) and _is_within(lines[first - 1], width):
        first -= 1
    while last < min(len(lines), number + _MAX_LINES) and _is_within(lines[last], width):
        last += 1
    return first, last


def _command(lines: list[str], number: int) -> tuple[int, int]:
    """Return where a command begins and ends that goes on behind a backslash."""
    first, last = number, number + 1
    while last < min(len(lines), number + _MAX_LINES) and lines[last - 1].rstrip().endswith("\\"):
        last += 1
    return first, last


def _is_within(line: str, width: int) -> bool:
    return not line.strip() or _indent(line) >= width


def _indent(line: str) -> int:
    """Return how far to the right a line begins; the mark of a list's item belongs to what it holds."""
    front = re.match(r"[ \t]*", line)
    return len(front.group()) if front else 0
