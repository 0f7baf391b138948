"""Join what the build files of the JVM and of .NET say across files: versions, aliases, imports, servers.

A parser sees one file. Here a module's ``${property}`` is looked up in its parents, a dependency without a
version gets the one that is managed above it, the alias of a version catalogue becomes its package, imports
beside a manifest that declares their family become evidence only, and an MCP server's starter, settings and
code become one server of their unit.
"""

from __future__ import annotations

import posixpath
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from connectors.code.formats.build_files import BUILD_PROPERTIES, resolve
from connectors.code.formats.common import short
from connectors.code.formats.gradle import ACCESSOR
from connectors.code.reading import Seen
from connectors.model import Grade, Json

if TYPE_CHECKING:
    from connectors.catalogue.tables import Package
    from connectors.code.facts import Fact
    from connectors.code.reading import TreeFacts

_PARTS = {"maven": "packages-maven", "nuget": "packages-nuget"}
_MAX_PARENTS = 20


def join_versions(facts: TreeFacts) -> None:
    """Fill in versions that other build files of the tree hold, and packages behind catalogue aliases."""
    given = _given(facts.notes.get(BUILD_PROPERTIES, []))
    # Maven inherits along parents alone; scripts and props files also import each other by computed paths.
    anywhere = {system: _anywhere(rows) for system, rows in given.items() if system != "maven"}
    _join_aliases(facts, given.get("gradle-catalogue", {}))
    for part, systems in (("packages-maven", ("maven", "gradle")), ("packages-nuget", ("msbuild",))):
        rows = facts.by_part.get(part, [])
        for index, seen in enumerate(rows):
            system = _SYSTEM_OF.get(seen.format, "")
            if system in systems:
                fact = _with_version(seen, given.get(system, {}), anywhere.get(system, {}))
                rows[index] = replace(seen, fact=fact) if fact is not seen.fact else seen


_SYSTEM_OF = {
    "maven-pom": "maven",
    "gradle": "gradle",
    "gradle-catalogue": "gradle",
    "nuget-project": "msbuild",
}


@dataclass(slots=True)
class _Given:
    """What one folder's build files give the files below it."""

    values: dict[str, str] = field(default_factory=dict)
    managed: dict[str, str] = field(default_factory=dict)
    boms: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, list[str]] = field(default_factory=dict)
    parent: str | None = None


def _given(notes: list[Seen]) -> dict[str, dict[str, _Given]]:
    """Return what is given, by build system and the path of the file (Maven) or its folder (the others)."""
    found: dict[str, dict[str, _Given]] = {}
    for seen in notes:
        system = seen.fact.identifier
        place = seen.path if system == "maven" else seen.path.rpartition("/")[0]
        given = found.setdefault(system, {}).setdefault(place, _Given())
        attributes = seen.fact.attributes
        given.values = {**_texts(attributes.get("values")), **given.values}
        given.managed |= _texts(attributes.get("managed"))
        given.boms |= _texts(attributes.get("boms"))
        aliases = attributes.get("aliases")
        for alias, names in aliases.items() if isinstance(aliases, dict) else ():
            given.aliases[alias] = (
                [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
            )
        parent = attributes.get("parent")
        given.parent = parent if isinstance(parent, str) else given.parent
    return found


def _texts(value: Json) -> dict[str, str]:
    return (
        {key: item for key, item in value.items() if isinstance(item, str)} if isinstance(value, dict) else {}
    )


def _above(path: str, system: str, given: dict[str, _Given]) -> Iterator[_Given]:
    """Yield what a file inherits, nearest first: along Maven's parents, or up the folders."""
    if system != "maven":
        folder = path
        while folder:
            folder = folder.rpartition("/")[0]
            if folder in given:
                yield given[folder]
        return
    for _ in range(_MAX_PARENTS):
        own = given.get(path)
        if own is None:
            return
        yield own
        if own.parent is None:
            return
        path = posixpath.normpath(posixpath.join(path.rpartition("/")[0], own.parent))
        path = path if path.endswith(".xml") else posixpath.join(path, "pom.xml").removeprefix("./")


def _with_version(seen: Seen, given: dict[str, _Given], anywhere: dict[str, str]) -> Fact:
    """Return a fact with its declared version worked out as far as the tree says it."""
    fact = seen.fact
    declared = fact.attributes.get("declared", "")
    if fact.grade is not Grade.DECLARED or (declared and "$" not in str(declared)):
        return fact
    above = list(_above(seen.path, _SYSTEM_OF[seen.format], given))
    values = ChainMap(*(one.values for one in above), anywhere)
    managed_by = ""
    if not declared and fact.attributes.get("direct"):
        declared, managed_by = _managed(fact.name, above)
    version = short(resolve(str(declared), values))
    if not version or "$" in version:
        return fact
    attributes: dict[str, Json] = {**fact.attributes, "declared": version}
    if managed_by:
        attributes["managed_by"] = managed_by
    return replace(fact, attributes=attributes)


def _anywhere(given: dict[str, _Given]) -> dict[str, str]:
    """Return the properties with one value in the tree: imports of files by files are not followed."""
    seen: dict[str, set[str]] = {}
    for one in given.values():
        for name, value in one.values.items():
            seen.setdefault(name, set()).add(value)
    return {name: values.pop() for name, values in seen.items() if len(values) == 1}


def _managed(name: str, above: list[_Given]) -> tuple[str, str]:
    """Return the version managed for a package, or that of its own group's BOM, and which BOM it is."""
    for one in above:
        if name in one.managed:
            return one.managed[name], ""
    group = name.partition(":")[0]
    for one in above:
        for bom, version in one.boms.items():
            if version and bom.partition(":")[0] == group:
                return version, bom
    return "", ""


def _join_aliases(facts: TreeFacts, given: dict[str, _Given]) -> None:
    """Add a declared package for each use of an alias; the catalogue's own line then only adds evidence."""
    rows = facts.by_part.get("packages-maven", [])
    if not given or ACCESSOR not in facts.notes:
        return
    named = {
        (seen.path.rpartition("/")[0], seen.fact.name): seen.fact
        for seen in rows
        if seen.format == "gradle-catalogue"
    }
    for seen in facts.notes[ACCESSOR]:
        place, names = _aliased(seen, given)
        for name in names:
            known = named.get((place, name))
            if known is None:
                continue
            attributes = {**known.attributes, "direct": True, "scope": seen.fact.attributes.get("scope")}
            fact = replace(known, line=seen.fact.line, standing=seen.fact.standing, attributes=attributes)
            rows.append(Seen(seen.path, fact, "gradle"))


def _aliased(seen: Seen, given: dict[str, _Given]) -> tuple[str, list[str]]:
    """Return the packages an accessor means and where: ``libs.a.b`` is ``a.b`` of the nearest catalogue."""
    alias = seen.fact.identifier.partition(".")[2]
    candidates = [place for place in given if alias in given[place].aliases]
    if not candidates:
        return "", []

    def nearness(place: str) -> int:
        root = place.removesuffix("gradle").rstrip("/")
        return len(root) if not root or seen.path.startswith(f"{root}/") else -1

    nearest = max(sorted(candidates), key=nearness)
    return nearest, given[nearest].aliases[alias]


def join_imports(facts: TreeFacts) -> None:
    """Let imports stand only where no manifest of their unit, or of one around it, declares their family.

    An import of a Java package whose sources lie in this very tree is no use of somebody else's package.
    """
    known = facts.catalogue.packages["nuget"]
    local = _by_last_word(facts.jvm_folders)
    for ecosystem, family in (("maven", _group), ("nuget", lambda name: _family(name, known))):
        rows = facts.by_part.get(_PARTS[ecosystem], [])
        declared = _declared_families(facts, rows, family)
        for index, seen in enumerate(rows):
            fact = seen.fact
            if fact.grade is not Grade.IMPORTED:
                continue
            attributes = {key: value for key, value in fact.attributes.items() if key != "java_package"}
            names = declared_around(facts.units.of(seen.path), family(fact.name), declared)
            stands = fact.standing and (not names or fact.name in names)
            stands = stands and not _is_local(str(fact.attributes.get("java_package", "")), local)
            rows[index] = replace(seen, fact=replace(fact, standing=stands, attributes=attributes))


def _by_last_word(folders: set[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for folder in folders:
        found.setdefault(folder.rpartition("/")[2], []).append(f"/{folder}")
    return found


def _is_local(package: str, folders: dict[str, list[str]]) -> bool:
    """Say whether sources of a Java package lie in a folder that ends like it."""
    path = "/" + package.replace(".", "/")
    return bool(package) and any(one.endswith(path) for one in folders.get(path.rpartition("/")[2], ()))


def _group(name: str) -> str:
    return name.partition(":")[0]


def _family(name: str, known: Mapping[str, Package]) -> str:
    """Return the shortest catalogued id that an id begins with: ``Microsoft.SemanticKernel`` of its parts."""
    words = name.lower().split(".")
    return next(
        (front for end in range(1, len(words)) if (front := ".".join(words[:end])) in known), name.lower()
    )


def _declared_families(
    facts: TreeFacts, rows: list[Seen], family: Callable[[str], str]
) -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for seen in rows:
        fact = seen.fact
        if fact.grade is Grade.DECLARED and fact.standing:
            found.setdefault((facts.units.of(seen.path), family(fact.name)), set()).add(fact.name)
    return found


def declared_around(unit: str, family: str, declared: dict[tuple[str, str], set[str]]) -> set[str]:
    """Return the packages of a family that a unit declares, or the units around it."""
    names = set(declared.get((unit, family), ()))
    while unit != ".":
        unit = unit.rpartition("/")[0] or "."
        names |= declared.get((unit, family), set())
    return names


def join_servers(facts: TreeFacts) -> None:
    """Give one server of a unit one identity, however many files show it."""
    rows = facts.by_part.get("mcp", [])
    by_unit: dict[str, list[int]] = {}
    for index, seen in enumerate(rows):
        by_unit.setdefault(facts.units.of(seen.path), []).append(index)
    for indexes in by_unit.values():
        _join_started(rows, indexes)
        _join_own(rows, [index for index in indexes if _form(rows[index]) in _OWN_FORMS])


_OWN_FORMS = ("settings", "code", "starter")


def _form(seen: Seen) -> str:
    return str(seen.fact.attributes.get("form", ""))


def _join_own(rows: list[Seen], indexes: list[int]) -> None:
    """Name the unit's own server by its settings, else its code; a starter alone names it by its project."""
    if not any(_form(rows[index]) == "starter" for index in indexes):
        return
    named = [index for index in indexes if rows[index].fact.identifier]
    if not named:
        return
    best = rows[min(named, key=lambda index: _OWN_FORMS.index(_form(rows[index])))].fact
    for index in indexes:
        if _form(rows[index]) == "starter" or not rows[index].fact.identifier:
            rows[index] = _known_as(rows[index], best)


def _join_started(rows: list[Seen], indexes: list[int]) -> None:
    """Let a server that code starts be the configured one that runs the same package."""
    configured = {
        rows[index].fact.attributes.get("package"): rows[index].fact
        for index in indexes
        if rows[index].fact.grade is Grade.CONFIGURED
    }
    for index in indexes:
        same = configured.get(rows[index].fact.attributes.get("package"))
        if same is not None and _form(rows[index]) == "started by code":
            known = _known_as(rows[index], same)
            attributes = {key: value for key, value in known.fact.attributes.items() if key != "form"}
            rows[index] = replace(known, fact=replace(known.fact, attributes=attributes))


def _known_as(seen: Seen, other: Fact) -> Seen:
    return replace(seen, fact=replace(seen.fact, identifier=other.identifier, name=other.name))
