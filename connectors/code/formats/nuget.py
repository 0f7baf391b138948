"""Read the package references of .NET projects, of central management and of packages.config.

With central package management a project names a package and ``Directory.Packages.props`` its version:
the version alone is no use of a package, it only adds evidence to the projects below. Properties may stand in
other files of the tree; notes carry them to :mod:`connectors.code.joins`.

**Source:** "PackageReference in project files", "Central Package Management" and "packages.config" of the
NuGet documentation, from general knowledge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Source
from connectors.code.formats.build_files import properties_note, resolve
from connectors.code.formats.common import package_fact, purl, short
from connectors.code.formats.lines import LineCounter, text_lines
from connectors.code.formats.xml_tree import Element, load_xml
from connectors.model import Grade

_REFERENCES = frozenset({"packagereference", "globalpackagereference", "packagedownload"})
_TEST_PACKAGES = frozenset(
    {"microsoft.net.test.sdk", "xunit", "xunit.v3", "nunit", "mstest", "mstest.testframework", "tunit"}
)
_DIRECTIVE = re.compile(rb"#:package[ \t]+([\w.-]{1,120})(?:@([^\s]{1,60}))?[ \t]*\r?$", re.M)
_REFERENCE = re.compile(rb'#r \\?"nuget:[ \t]*([\w.-]{1,120})(?:[ \t]*,[ \t]*([^"\\\s]{1,60}))?')
_MAX_DIRECTIVES = 500
_PAKET = re.compile(r"\s*nuget\s+([\w.-]{1,120})(?:[ \t]+(.{1,60}))?", re.I)


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a project, a props or a targets file, and a note of its properties."""
    root = load_xml(source)
    elements = list(root.walk())
    properties = _properties(root)
    named = {_name(element) for element in elements if element.tag.lower() == "packagereference"}
    is_test = bool(named & _TEST_PACKAGES) or properties.get("IsTestProject", "").lower() == "true"
    for element in elements:
        tag = element.tag.lower()
        if tag in _REFERENCES:
            yield from _reference(source, element, properties, is_test=is_test)
        elif tag == "packageversion":
            yield from _central(source, element, properties)
    yield from properties_note("msbuild", properties)


def _properties(root: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for group in root.children:
        if group.tag.lower() == "propertygroup":
            for child in group.children:
                found.setdefault(child.tag, child.text.strip())
    return found


def _name(element: Element) -> str:
    return (element.named("include") or element.named("update")).lower()


def _reference(
    source: Source, element: Element, properties: dict[str, str], *, is_test: bool
) -> Iterator[Fact]:
    included = element.named("include")
    version = element.named("version") or element.named("versionoverride")
    private = element.named("privateassets").lower() == "all"
    for name in (included or element.named("update")).split(";"):
        yield from package_fact(
            source,
            "nuget",
            name.strip(),
            line=element.line,
            standing=bool(included),
            declared=short(resolve(version.strip("[]") if "," not in version else version, properties)),
            scope="test" if is_test else "dev" if private else "runtime",
            direct=True,
        )


def _central(source: Source, element: Element, properties: dict[str, str]) -> Iterator[Fact]:
    for name in (element.named("include") or element.named("update")).split(";"):
        yield from package_fact(
            source,
            "nuget",
            name.strip(),
            line=element.line,
            standing=False,
            declared=short(resolve(element.named("version"), properties)),
            direct=False,
        )


def parse_config(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a packages.config, whose versions are exact."""
    for element in load_xml(source).all("package"):
        yield from package_fact(
            source,
            "nuget",
            element.named("id"),
            line=element.line,
            declared=short(element.named("version")),
            locked=short(element.named("version")),
            scope="dev" if element.named("developmentdependency").lower() == "true" else "runtime",
            direct=True,
        )


def parse_directives(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that a file names itself: apps of one file, scripts and notebooks.

    ``#:package Name@1.0.0`` in C#; ``#r "nuget: Name, 1.0.0"`` in scripts and, with escaped quotes, in cells.
    """
    pattern = _DIRECTIVE if source.name.endswith(".cs") else _REFERENCE
    if not source.name.endswith((".cs", ".csx", ".fsx", ".dib", ".ipynb")):
        return
    lines = LineCounter(source.data)
    for hit in source.hits[:_MAX_DIRECTIVES]:
        found = pattern.match(source.data, hit.start)
        front = source.data[source.data.rfind(b"\n", 0, hit.start) + 1 : hit.start].strip()
        if found is None or front not in (b"", b'"'):
            continue
        name, version = found.group(1).decode("ascii", "replace"), found.group(2)
        yield from package_fact(
            source,
            "nuget",
            name,
            line=lines.at(hit.start),
            declared=short(version.decode("utf-8", "replace")) if version else None,
            scope="runtime",
            direct=True,
        )


def parse_paket(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a paket.dependencies."""
    for number, line in enumerate(text_lines(source.text()), 1):
        found = _PAKET.match(line)
        if found:
            declared = short(found.group(2) or "")
            yield from package_fact(
                source, "nuget", found.group(1), line=number, declared=declared, scope="runtime", direct=True
            )


def parse_servers(source: Source) -> Iterator[Fact]:
    """Yield the MCP server that a project packs for NuGet (``<PackageType>McpServer</PackageType>``)."""
    if b"McpServer" not in source.data:
        return
    root = load_xml(source)
    properties = _properties(root)
    types = [kind.strip() for kind in properties.get("PackageType", "").split(";")]
    if "McpServer" not in types:
        return
    name = next(
        (properties[key] for key in ("PackageId", "AssemblyName") if "$" not in properties.get(key, "$")),
        source.name.rpartition(".")[0],
    )
    line = next((element.line for element in root.walk() if element.tag == "PackageType"), 0)
    yield Fact(
        kind="mcp_server",
        provider="mcp",
        identifier=purl("nuget", name),
        name=name,
        grade=Grade.DECLARED,
        line=line,
        attributes={"form": "package", "package": purl("nuget", name), "package_name": name},
    )
