"""What the formats of build tools share: package facts by Maven coordinates, and notes of properties."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import package_fact, purl
from connectors.model import Grade, Json

BUILD_PROPERTIES = "build_properties"
"""The kind of the notes that say what a build file gives others: see :func:`properties_note`."""
_MAX_PROPERTIES = 500
_VERSION_LIKE = re.compile(r"[\w.+$(){}\[\],-]{1,60}")
_SCALA = re.compile(r"_(?:2\.1[0-9]|3)$")
_PROPERTY = re.compile(r"\$\{([\w.-]{1,80})\}|\$\(([\w.-]{1,80})\)|\$([A-Za-z]\w{0,80})")


def jvm_fact(
    source: Source,
    group: str,
    artifact: str,
    *,
    line: int | Callable[[], int] = 0,
    grade: Grade = Grade.DECLARED,
    standing: bool = True,
    **attributes: Json,
) -> Iterator[Fact]:
    """Yield a fact for a catalogued artifact; one built for a Scala version counts as the artifact."""
    known = source.catalogue.packages["maven"]
    name = f"{group}:{artifact}"
    if name not in known:
        name = _SCALA.sub("", name)
    yield from package_fact(source, "maven", name, line=line, grade=grade, standing=standing, **attributes)


def resolve(text: str, properties: Mapping[str, str]) -> str:
    """Return a text with the properties in it replaced that are known; at most five one inside another."""
    for _ in range(5):
        replaced = _PROPERTY.sub(
            lambda found: properties.get(found.group(found.lastindex or 0), found.group()), text
        )
        if replaced == text or len(replaced) > 300:
            break
        text = replaced
    return text


def properties_note(
    system: str,
    properties: Mapping[str, str],
    *,
    parent: str | None = None,
    managed: Mapping[str, str] | None = None,
    boms: Mapping[str, str] | None = None,
    aliases: Mapping[str, Json] | None = None,
) -> Iterator[Fact]:
    """Yield a note of what a build file gives the files that inherit from it; nothing when it gives nothing.

    ``parent`` is the path of the file it inherits from, ``managed`` and ``boms`` are versions by
    ``group:artifact``, ``aliases`` the names of a version catalogue.
    """
    values: dict[str, Json] = {}
    for name, value in properties.items():
        if _VERSION_LIKE.fullmatch(value) and len(values) < _MAX_PROPERTIES:
            values[name] = value
    attributes: dict[str, Json] = {"values": values}
    for key, table in (("managed", managed), ("boms", boms), ("aliases", aliases)):
        if table:
            attributes[key] = dict(table)
    if parent:
        attributes["parent"] = parent
    if values or len(attributes) > 1:
        yield Fact(
            kind=BUILD_PROPERTIES,
            provider=system,
            identifier=system,
            name=system,
            grade=Grade.DECLARED,
            standing=False,
            attributes=attributes,
        )


def server_fact(name: str, starter: str, line: int) -> Fact:
    """Return the fact of a server made by a starter; without a name its file's path tells it apart."""
    return Fact(
        kind="mcp_server",
        provider="mcp",
        identifier=name,
        name=name,
        grade=Grade.DECLARED,
        line=line,
        attributes={"form": "starter", "package": purl("maven", starter), "package_name": starter},
    )
