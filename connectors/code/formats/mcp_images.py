"""Read MCP servers that run as containers of images nobody catalogued: in Kubernetes, Helm values, compose.

An image's name alone says nothing: the same container must also be set up as an MCP server, by a variable
(``MCP_PORT``), its transport or its path. Lines are read, not trees: templates are no YAML until filled.

**Source:** kubernetes/apps/default/home-assistant/mcp of onedr0p/home-ops, read on 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Source, tell_cut
from connectors.code.formats.common import short
from connectors.code.formats.container_images import is_catalogued
from connectors.code.formats.lines import LineCounter, is_comment
from connectors.model import Grade, Json
from connectors.patterns import compile_pattern

_MAX_HITS = 200
_REACH = 60
"""Lines from a mark to its container's image, up and down."""
_NESTED = 6
_LONGEST = 400
"""Characters of a line that are looked at."""
_REFERENCE = (
    r"(?P<name>[a-z0-9][a-z0-9.-]{0,100}(?::\d{1,5}(?=/))?(?:/[a-z0-9._-]{1,100}){0,6})"
    r"(?::(?P<tag>[\w.-]{1,128}))?(?:@[\w:]{1,100})?"
)
_IMAGE = re.compile(
    rf"""(?P<before>[ ]*(?:-[ ]+)?)["']?image["']?[ ]*:[ ]*["']?{_REFERENCE}["']?[ \r]*(?:#.*)?\Z"""
)
_BLOCK = re.compile(r"""(?P<before>[ ]*(?:-[ ]+)?)["']?image["']?[ ]*:[ ]*(?:&\w+[ ]*)?\r?\Z""")
_REPOSITORY = re.compile(rf"""[ ]*["']?repository["']?[ ]*:[ ]*["']?{_REFERENCE}["']?[ \r]*(?:#.*)?\Z""")
# A variable as a key, a name or an assignment; an argument; a path.
_MARK = re.compile(
    r"""\s*(?:-\s+)?(?:name:\s*)?["']?(?:\w{1,40}_)?(?:FAST)?MCP_\w{1,40}["']?\s*(?:[:=]|\Z)"""
    r"""|[^#]{0,200}(?:--transport\b|\bstreamable[-_]?http\b)|[^#]{0,60}\bpath["']?\s*:\s*["']?(?:/\w{1,40})?/mcp\b""",
    re.I,
)


def parse(source: Source) -> Iterator[Fact]:
    """Yield the MCP servers whose images run with settings of the protocol, each image once."""
    if not source.name.endswith((".yaml", ".yml")):
        return
    lines = [line[:_LONGEST] for line in source.lenient_text().split("\n")]
    counter = LineCounter(source.data)
    seen: set[str] = set()
    for number in dict.fromkeys(counter.at(hit.start) - 1 for hit in source.hits[:_MAX_HITS]):
        if is_comment(lines[number]) or not _MARK.match(lines[number]):
            continue
        found = _image(lines, number, can_be_whole=source.name.startswith("values"))
        if found is None:
            continue
        line, image = found
        name = str(image["name"])
        if name not in seen and _is_server(source, name):
            seen.add(name)
            yield _fact(name, image["tag"], line + 1)
    tell_cut(len(source.hits), _MAX_HITS, "settings of MCP servers")


def _is_server(source: Source, name: str) -> bool:
    last = name.rpartition("/")[2].lower()
    catalogue = source.catalogue
    return (
        bool(compile_pattern(catalogue.name_pattern).search(last))
        and not compile_pattern(catalogue.not_name_pattern).search(last)
        and not is_catalogued(catalogue, name)
    )


def _image(lines: list[str], number: int, *, can_be_whole: bool) -> tuple[int, re.Match[str]] | None:
    """Return line and reference of the image of the container in which a line stands.

    ``can_be_whole``: an image at the margin is that of the whole file, as in the values of a chart.
    """
    for step in (-1, 1):
        low = _width(lines[number])
        for place in range(number + step, number + step * _REACH, step):
            if not 0 <= place < len(lines) or lines[place].startswith("---"):
                break
            line = lines[place]
            if not line.strip() or is_comment(line):
                continue
            found = _reference(lines, place)
            if found is not None:
                where, image, before = found
                is_next = step > 0 and "-" in before
                if len(before) <= low and not is_next and (before or can_be_whole):
                    return where, image
            # Keys of a container stand as far in as its image; what stands less far belongs to another.
            low = min(low, _width(line))
            if low == 0 and not can_be_whole:
                break
    return None


def _width(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _reference(lines: list[str], place: int) -> tuple[int, re.Match[str], str] | None:
    """Return line and reference of an ``image:`` and what stands before the key; None where there is none."""
    found = _IMAGE.match(lines[place])
    if found is not None:
        return place, found, found["before"]
    block = _BLOCK.match(lines[place])
    if block is None:
        return None
    for number, line in enumerate(lines[place + 1 : place + 1 + _NESTED], place + 1):
        if line.strip() and _width(line) <= len(block["before"]):
            break
        found = _REPOSITORY.match(line)
        if found is not None:
            return number, found, block["before"]
    return None


def _fact(name: str, tag: str | None, line: int) -> Fact:
    attributes: dict[str, Json] = {"form": "image", "image": short(name)}
    if tag:
        attributes["tag"] = short(tag)
    return Fact(
        kind="mcp_server",
        provider="mcp",
        identifier=f"image/{name}",
        name=name,
        grade=Grade.CONFIGURED,
        line=line,
        attributes=attributes,
    )
