"""Read Gradle's version catalogues, locks and property files.

**Source:** "Version catalogs" and "Locking versions" of the Gradle user manual, from general knowledge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Source
from connectors.code.formats.build_files import jvm_fact, properties_note
from connectors.code.formats.common import entries, load_toml, short
from connectors.code.formats.lines import text_lines
from connectors.model import Json


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that a version catalogue names, and a note of its aliases.

    Naming one there declares it for the whole build: the scripts that use an alias say where.
    """
    content = load_toml(source)
    lines = _lines(source.text())
    versions = dict(entries(content.get("versions")))
    aliases: dict[str, Json] = {}
    for alias, value in entries(content.get("libraries")):
        group, artifact, version = _library(value, versions)
        if not artifact:
            continue
        facts = list(
            jvm_fact(
                source,
                group,
                artifact,
                line=lines.get(alias, 0),
                declared=short(version),
                direct=False,
            )
        )
        if facts:
            aliases[_dotted(alias)] = [f"{group}:{artifact}"]
        yield from facts
    for bundle, members in entries(content.get("bundles")):
        names = [_dotted(one) for one in members if isinstance(one, str)] if isinstance(members, list) else []
        known = [name for one in names for name in _strings(aliases.get(one))]
        if known:
            aliases[f"bundles.{_dotted(bundle)}"] = list[Json](known)
    yield from properties_note("gradle-catalogue", {}, aliases=aliases)


def _lines(text: str) -> dict[str, int]:
    """Return the line of each key of the table of libraries."""
    found: dict[str, int] = {}
    is_inside = False
    for number, line in enumerate(text_lines(text), 1):
        key = re.match(r"""\s*(\[)?["']?([\w.-]+)""", line)
        if key and key.group(1):
            is_inside = key.group(2) == "libraries"
            found.setdefault(key.group(2).removeprefix("libraries."), number)
        elif key and is_inside:
            found.setdefault(key.group(2), number)
    return found


def _library(value: object, versions: dict[str, object]) -> tuple[str, str, str]:
    if isinstance(value, str):
        group, artifact, version = (*value.split(":", 2), "", "")[:3]
        return group, artifact, version
    if not isinstance(value, dict):
        return "", "", ""
    group, artifact = str(value.get("group", "")), str(value.get("name", ""))
    if isinstance(value.get("module"), str):
        group, _, artifact = value["module"].partition(":")
    named = value.get("version")
    if isinstance(named, dict) and isinstance(named.get("ref"), str):
        named = versions.get(named["ref"])
    return group, artifact, _range(named)


def _range(version: object) -> str:
    if isinstance(version, dict):
        version = next((version[key] for key in ("strictly", "require", "prefer") if key in version), "")
    return version if isinstance(version, str) else ""


def _strings(value: Json) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _dotted(alias: str) -> str:
    return re.sub(r"[-_]", ".", alias)


def parse_lock(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a gradle.lockfile (``group:artifact:version=configurations``)."""
    for number, line in enumerate(text_lines(source.text()), 1):
        coordinates, _, configurations = line.partition("=")
        parts = coordinates.strip().split(":")
        if len(parts) != 3 or line.startswith("#"):
            continue
        is_test = all("test" in name.lower() for name in configurations.split(","))
        scope = "test" if is_test else "runtime"
        yield from jvm_fact(
            source, parts[0], parts[1], line=number, locked=parts[2], scope=scope, direct=False
        )


def parse_properties(source: Source) -> Iterator[Fact]:
    """Yield a note of what gradle.properties gives the scripts below it."""
    values: dict[str, str] = {}
    for line in source.lenient_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and re.fullmatch(r"\s*[A-Za-z][\w.]{0,80}\s*", name):
            values.setdefault(name.strip(), value.strip())
    yield from properties_note("gradle", values)
