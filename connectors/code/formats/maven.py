"""Read pom.xml: dependencies with their scope, what is managed, properties, and the parent in the tree.

What a file inherits stands elsewhere: notes carry properties, managed versions and BOMs to
:mod:`connectors.code.joins`. Managed packages and BOMs are no dependencies; they only add evidence. Plug-ins
build the thing and are no part of it.

**Source:** the POM reference of Apache Maven, from general knowledge.
"""

from __future__ import annotations

from collections.abc import Iterator

from connectors.code.facts import Fact, Source, UnreadableError
from connectors.code.formats.build_files import jvm_fact, properties_note, resolve, server_fact
from connectors.code.formats.common import short
from connectors.code.formats.xml_tree import Element, load_xml

_SCOPES = {"test": "test", "import": "runtime"}


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a pom.xml and a note of what its children inherit."""
    project = load_xml(source)
    if project.tag != "project":
        raise UnreadableError("not a Maven project: its root element is another")
    parts = [project, *project.all("profiles", "profile")]
    properties = _properties(project, parts)
    managed: dict[str, str] = {}
    boms: dict[str, str] = {}
    for part in parts:
        for element in part.all("dependencyManagement", "dependencies", "dependency"):
            group, artifact, version = _coordinates(element, properties)
            table = boms if element.value("scope") == "import" else managed
            table.setdefault(f"{group}:{artifact}", version)
            yield from jvm_fact(
                source,
                group,
                artifact,
                line=element.line,
                standing=False,
                declared=short(version),
                direct=False,
            )
    for part in parts:
        for element in part.all("dependencies", "dependency"):
            yield from _dependency(source, element, properties, managed)
    yield from _inherited(source, project, properties)
    yield from properties_note(
        "maven",
        properties,
        parent=_parent(project),
        managed={name: version for name, version in managed.items() if _is_known(source, name)},
        boms=dict(list(boms.items())[:50]),
    )


def parse_servers(source: Source) -> Iterator[Fact]:
    """Yield the MCP server that a project is when it depends on a starter that makes it one."""
    if b"mcp" not in source.data:
        return
    project = load_xml(source)
    if project.value("packaging") == "pom":
        return  # what its children inherit; each of them may be one
    properties = _properties(project, [project])
    starters = frozenset(source.catalogue.server_starters)
    for element in project.all("dependencies", "dependency"):
        group, artifact, _ = _coordinates(element, properties)
        is_framework = group == properties.get("project.groupId")  # a part of what makes servers, none itself
        if f"{group}:{artifact}" in starters and element.value("scope") != "test" and not is_framework:
            name = resolve(project.value("artifactId"), properties)
            yield server_fact(name, f"{group}:{artifact}", element.line)
            return


def _properties(project: Element, parts: list[Element]) -> dict[str, str]:
    """Return the file's own properties and what Maven itself calls the project and its parent."""
    found: dict[str, str] = {}
    for part in parts:
        for holder in part.all("properties"):
            for child in holder.children:
                found.setdefault(child.tag, child.text.strip())
    for name in ("groupId", "version"):
        value = project.value(name) or project.value("parent", name)
        if value:
            found.setdefault(f"project.{name}", value)
        if project.value("parent", name):
            found.setdefault(f"project.parent.{name}", project.value("parent", name))
    return found


def _coordinates(element: Element, properties: dict[str, str]) -> tuple[str, str, str]:
    group, artifact, version = (
        resolve(element.value(name), properties) for name in ("groupId", "artifactId", "version")
    )
    return group, artifact, version


def _dependency(
    source: Source, element: Element, properties: dict[str, str], managed: dict[str, str]
) -> Iterator[Fact]:
    group, artifact, version = _coordinates(element, properties)
    scope = _SCOPES.get(resolve(element.value("scope"), properties), "runtime")
    if element.value("optional") == "true" and scope == "runtime":
        scope = "optional"
    version = version or managed.get(f"{group}:{artifact}", "")
    yield from jvm_fact(
        source, group, artifact, line=element.line, declared=short(version), scope=scope, direct=True
    )


def _inherited(source: Source, project: Element, properties: dict[str, str]) -> Iterator[Fact]:
    """Yield the SDK that a parent of its name brings in; by itself it only adds evidence."""
    parent = project.first("parent")
    if parent is not None:
        group, artifact, version = _coordinates(parent, properties)
        name = artifact.removesuffix("-parent")
        yield from jvm_fact(
            source, group, name, line=parent.line, standing=False, declared=short(version), direct=False
        )


def _parent(project: Element) -> str | None:
    parent = project.first("parent")
    if parent is None:
        return None
    path = parent.first("relativePath")
    if path is None:
        return "../pom.xml"
    return path.text.strip()[:200] or None


def _is_known(source: Source, name: str) -> bool:
    return name in source.catalogue.packages["maven"]
