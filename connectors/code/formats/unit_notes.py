"""Read what manifests say of their own unit: its description, its package, whether it is a workspace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connectors.catalogue.tables import canonical
from connectors.code.facts import Fact, Source, UnreadableError
from connectors.code.formats.common import Lines, load_json, load_toml, load_yaml
from connectors.code.own_joins import OWN
from connectors.code.unit_notes import DESCRIPTION, SYSTEM, SYSTEM_FILES, WORKSPACE
from connectors.model import Grade

_MOST = 300
_MOST_NAME = 100
_XML_NOISE = re.compile(
    rb"<!--.*?(?:-->|\Z)|<(dependencies|dependencyManagement|build|parent|licenses|developers|organization|profiles)>.*?(?:</\1>|\Z)",
    re.S,
)
_XML_DESCRIPTION = re.compile(rb"<[dD]escription>([^<]{1,2000})</[dD]escription>")
# How manifests that are no data call their own package. All major versions of a Go module are one.
_OWN_NAMES = {
    "mix.exs": ("hex", re.compile(r"(?m)^[ \t]*(?:def project,?.{0,40})?\[?[ \t]*app:[ \t]*:(\w+)")),
    "go.mod": (
        "golang",
        re.compile(r"(?m)^module[ \t]+\"?([\w.~/-]{1,300}?)(?:/v\d+|\.v\d+)?\"?[ \t]*(?://.*)?\r?$"),
    ),
    "pubspec.yaml": ("pub", re.compile(r"(?m)^name:[ \t]*[\"']?(\w+)")),
    "DESCRIPTION": ("cran", re.compile(r"(?m)^Package:[ \t]*([A-Za-z][\w.]*)")),
    "gemspec": ("gem", re.compile(r"(?m)^[ \t]*\w+\.name[ \t]*=[ \t]*[\"']([\w.-]+)[\"']")),
}
_PACKAGE_ID = re.compile(rb"<PackageId>\s{0,40}([A-Za-z0-9_.-]{1,200})\s{0,40}</PackageId>")
_MODULES = re.compile(rb"<modules>\s*<module>")


MANIFESTS = ("package.json", "pyproject.toml", "Cargo.toml", "composer.json")
"""Files whose own formats list them when they cannot be read; to do so here again would only be noise."""


def parse(source: Source) -> Iterator[Fact]:
    """Yield a note for the description, and one when the manifest holds others together."""
    try:
        yield from _notes(source)
    except UnreadableError:
        if source.name not in MANIFESTS:
            raise


def _notes(source: Source) -> Iterator[Fact]:
    name = source.name
    if name == "package.json":
        yield from _package_json(source)
    elif name in ("pyproject.toml", "Cargo.toml"):
        yield from _toml(source)
    elif name == "composer.json":
        content = load_json(source)
        yield from _described(source, "composer", _get(content, "description"))
        yield from _own(source, "composer", _get(content, "name"))
    elif own := _OWN_NAMES.get(name) or _OWN_NAMES.get(name.rpartition(".")[2]):
        ecosystem, pattern = own
        found = pattern.search(source.lenient_text())
        yield from _own(source, ecosystem, found.group(1) if found else None)
    elif name == "Chart.yaml":
        yield from _described(source, "helm", _get(_first(load_yaml(source)), "description"))
    elif name in SYSTEM_FILES:
        yield from _system(source)
    elif name.startswith("catalog-info."):
        for document in load_yaml(source)[:20]:
            yield from _described(source, "catalog-info", _get(_get(document, "metadata"), "description"))
    else:
        yield from _xml(source)


def _package_json(source: Source) -> Iterator[Fact]:
    content = load_json(source)
    yield from _own(source, "npm", _get(content, "name"))
    yield from _described(source, "package-json", _get(content, "description"))
    if _get(content, "workspaces"):
        yield _note(WORKSPACE, "", "", Lines(source.data).of("workspaces"))


def _system(source: Source) -> Iterator[Fact]:
    """Read the name and purpose of the record that a team keeps beside its code."""
    content, lines = _first(load_yaml(source)), Lines(source.data)
    purpose = _get(content, "purpose")
    said = purpose if isinstance(purpose, str) else _get(purpose, "statement")
    yield from _described(source, "ai-system", said or _get(content, "description"), lines.of("purpose"))
    name = _get(content, "name")
    if isinstance(name, str) and (text := " ".join(name[: _MOST * 4].split())[:_MOST_NAME]):
        yield _note(SYSTEM, "ai-system", text, lines.of("name"))


def _toml(source: Source) -> Iterator[Fact]:
    content = load_toml(source)
    if source.name == "Cargo.toml":
        yield from _described(source, "cargo", _get(_get(content, "package"), "description"))
        yield from _own(source, "cargo", _get(_get(content, "package"), "name"))
        if isinstance(content.get("workspace"), dict) and "package" not in content:
            yield _note(WORKSPACE, "", "", Lines(source.data).of("workspace"))
        return
    tool = _get(content, "tool")
    described = _get(_get(content, "project"), "description") or _get(_get(tool, "poetry"), "description")
    yield from _described(source, "pyproject", described)
    named = _get(_get(content, "project"), "name") or _get(_get(tool, "poetry"), "name")
    yield from _own(source, "pypi", named)
    if _get(_get(tool, "uv"), "workspace") and "project" not in content:
        lines = Lines(source.data)
        yield _note(WORKSPACE, "", "", lines.of("tool.uv.workspace") or lines.of("workspace"))


def _xml(source: Source) -> Iterator[Fact]:
    """Look for the project's own description; no parser is needed that could be made to expand anything."""
    data = _XML_NOISE.sub(lambda found: b"\n" * found.group().count(b"\n"), source.data[:2_000_000])
    is_maven = source.name == "pom.xml"
    found = _XML_DESCRIPTION.search(data)
    if found:
        text = re.sub(r"&(?:lt|gt|amp|quot|apos);", " ", found.group(1).decode("utf-8", "replace"))
        line = data.count(b"\n", 0, found.start()) + 1
        yield from _described(source, "pom" if is_maven else "msbuild", text, line)
    if not is_maven:
        named = _PACKAGE_ID.search(data)
        stem = source.name.removesuffix(".csproj")
        yield from _own(source, "nuget", named.group(1).decode("utf-8", "replace") if named else stem)
    modules = _MODULES.search(data) if is_maven else None
    if modules:
        yield _note(WORKSPACE, "", "", data.count(b"\n", 0, modules.start()) + 1)


def _described(source: Source, sort: str, value: Any, line: int = 0) -> Iterator[Fact]:
    if isinstance(value, str) and (text := " ".join(value[: _MOST * 4].split())[:_MOST]):
        yield _note(DESCRIPTION, sort, text, line or Lines(source.data).of("description"))


def _own(source: Source, ecosystem: str, name: Any) -> Iterator[Fact]:
    """Yield a note when the unit is a catalogued package itself."""
    row = (
        source.catalogue.packages[ecosystem].get(canonical(ecosystem, name))
        if isinstance(name, str)
        else None
    )
    if row is not None:
        yield _note(OWN, row.name, "", Lines(source.data).of("name"), ecosystem)


def _note(kind: str, sort: str, text: str, line: int, provider: str = "") -> Fact:
    return Fact(
        kind=kind,
        provider=provider,
        identifier=sort,
        name="",
        grade=Grade.DECLARED,
        line=line,
        detail=text,
        standing=False,
    )


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _first(values: list[Any]) -> Any:
    return values[0] if values else None
