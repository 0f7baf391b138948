"""Join what only a whole tree tells: what a unit builds itself, and what the place of a file says against it.

A unit's own package is no dependency of it. A published MCP server shows itself several times: by its
manifest, by an entry for the registry, and by the code that builds it; the manifest names it, the rest adds
evidence. A file with an ordinary name instructs agents only where they look for it, and the files of a skill
are one. A template compiled from another file says nothing that the file does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.model import Role

if TYPE_CHECKING:
    from connectors.code.reading import Seen, TreeFacts

OWN = "own_package"
"""The kind of note that says which catalogued package a manifest builds (``provider``: the ecosystem)."""
CONSTANTS = "name_constants"
"""The kind of note that holds the texts of a file's constants that name something."""
NAME_CONSTANT = "name_constant"
"""The attribute of a server whose name an imported constant holds; it never leaves these joins."""
_NAMING = ("package", "registry entry", "bundle")
"""The forms in which a server is published, the one that names it first."""
_HOSTED = "hosting"
"""The form of a server in the settings of a host, which do not name it."""


def join_packages(facts: TreeFacts) -> None:
    """Drop what says that a unit depends on the package that it is."""
    own = {
        (facts.units.of(seen.path), seen.fact.provider, seen.fact.identifier)
        for seen in facts.notes.get(OWN, ())
    }
    for part, rows in facts.by_part.items():
        if part.startswith("packages-"):
            facts.by_part[part] = [seen for seen in rows if _thing(facts, seen) not in own]


def _thing(facts: TreeFacts, seen: Seen) -> tuple[str, str, str]:
    return facts.units.of(seen.path), str(seen.fact.attributes.get("ecosystem", "")), seen.fact.name


def join_servers(facts: TreeFacts) -> None:
    """Let the one server that a unit publishes be the one that its code builds."""
    rows = facts.by_part.get("mcp", [])
    _name_by_constants(facts, rows)
    rows[:] = _without_own_starts(rows)
    by_unit: dict[str, list[int]] = {}
    for index, seen in enumerate(rows):
        if seen.fact.attributes.get("form") in (*_NAMING, "code", _HOSTED):
            by_unit.setdefault(facts.units.of(seen.path), []).append(index)
    for indexes in by_unit.values():
        members = [index for index in indexes if facts.roles.of(rows[index].path) is not Role.TEST]
        published = [index for index in members if rows[index].fact.attributes["form"] in _NAMING]
        built = _without_bases(
            rows, [index for index in members if rows[index].fact.attributes["form"] == "code"]
        )
        if built:  # a package that builds a server is one, whatever its name says
            for index in published:
                rows[index] = replace(rows[index], fact=replace(rows[index].fact, standing=True))
        forms = [rows[index].fact.attributes["form"] for index in published]
        if published and len(set(forms)) == len(forms):
            best = min(published, key=lambda index: _NAMING.index(str(rows[index].fact.attributes["form"])))
            _rename(rows, [index for index in published if index != best], best)
            _rename(rows, _published_code(facts, rows, built), best)
        _name_hosted(rows, members)


def _name_by_constants(facts: TreeFacts, rows: list[Seen]) -> None:
    """Give servers that are called by an imported constant the one text that it has in their unit."""
    values: dict[tuple[str, str], set[str]] = {}
    for seen in facts.notes.get(CONSTANTS, ()):
        names = seen.fact.attributes["constants"]
        for constant, value in names.items() if isinstance(names, dict) else ():
            values.setdefault((facts.units.of(seen.path), constant), set()).add(str(value))
    for index, seen in enumerate(rows):
        if NAME_CONSTANT not in seen.fact.attributes:
            continue
        attributes = {key: value for key, value in seen.fact.attributes.items() if key != NAME_CONSTANT}
        told = values.get((facts.units.of(seen.path), str(seen.fact.attributes[NAME_CONSTANT])), set())
        fact = replace(seen.fact, attributes=attributes)
        if len(told) == 1:
            name = next(iter(told))
            fact = replace(fact, identifier=name, name=name, is_local=False)
        rows[index] = replace(seen, fact=fact)


def _published_code(facts: TreeFacts, rows: list[Seen], built: list[int]) -> list[int]:
    """Return the code of the server that a unit publishes: all that builds one, or all that has no name.

    What only examples build is beside the one that is published; two with names are two.
    """
    if len({(rows[index].path, rows[index].fact.identifier) for index in built}) == 1:
        return built
    unnamed = [index for index in built if _is_unnamed(rows[index])]
    named = [index for index in built if index not in unnamed]
    is_other = any(facts.roles.of(rows[index].path) is Role.APPLICATION for index in named)
    return [] if is_other else unnamed


_BASES = ("fastmcp-class", "mcp-typescript-class")
"""Libraries' rows for classes, which without a name may be what other servers of the unit are made of."""


def _without_bases(rows: list[Seen], built: list[int]) -> list[int]:
    """Return the servers that code builds; a class without a name stands only where there is no other."""
    bases = [
        index
        for index in built
        if rows[index].fact.is_local and rows[index].fact.attributes.get("library") in _BASES
    ]
    others = [index for index in built if index not in bases]
    others = others or bases
    # The server within a class that is one, and is called by it.
    files = {rows[index].path for index in others if rows[index].fact.name and not rows[index].fact.is_local}
    inner = [index for index in others if rows[index].path in files and _is_unnamed(rows[index])]
    for index in (*(bases if others != bases else ()), *inner):
        rows[index] = replace(rows[index], fact=replace(rows[index].fact, standing=False))
    return [index for index in others if index not in inner]


def _is_unnamed(seen: Seen) -> bool:
    return seen.fact.is_local or not seen.fact.name


def _without_own_starts(rows: list[Seen]) -> list[Seen]:
    """Drop starts in plain text that another reader knows better, or that a publisher shows its users."""
    own = {seen.fact.name for seen in rows if seen.fact.attributes.get("form") in _NAMING}
    own |= {name.rpartition("/")[2] for name in own}
    others = [seen for seen in rows if seen.format != _LITERAL]
    known = {(seen.path, seen.fact.attributes.get("package")) for seen in others}
    known |= {(seen.path, seen.fact.identifier) for seen in others}

    def is_known(seen: Seen) -> bool:
        # An image is called by its last word, a package by all of it.
        name = str(seen.fact.attributes.get("package_name", ""))
        is_own = name in own or (not name.startswith("@") and name.rpartition("/")[2] in own)
        same = {(seen.path, seen.fact.attributes.get("package")), (seen.path, seen.fact.identifier)}
        return is_own or not known.isdisjoint(same)

    return [seen for seen in rows if seen.format != _LITERAL or not is_known(seen)]


_LITERAL = "mcp-literal"


def _name_hosted(rows: list[Seen], members: list[int]) -> None:
    """Let what is put on a host, which has no name of its own, be the one server of the unit."""
    hosted = [index for index in members if rows[index].fact.attributes["form"] == _HOSTED]
    others = [index for index in members if index not in hosted]
    if hosted and len({rows[index].fact.identifier for index in others}) == 1:
        _rename(rows, hosted, others[0])


def _rename(rows: list[Seen], indexes: Iterable[int], best: int) -> None:
    known = rows[best].fact
    for index in indexes:
        fact = rows[index].fact
        called = {"server_name": fact.name} if fact.name and fact.name != known.name else {}
        rows[index] = replace(
            rows[index],
            fact=replace(
                fact,
                identifier=known.identifier,
                name=known.name,
                is_local=False,
                attributes={**fact.attributes, **called},
            ),
        )


def join_places(facts: TreeFacts) -> None:
    """Drop agent files in places where agents do not look."""
    rows = facts.by_part.get("agent-files", [])
    read = [_without_mark(seen) for seen in rows if _is_read_there(facts, seen)]
    facts.by_part["agent-files"] = _with_whole_skills(read)


def _with_whole_skills(rows: list[Seen]) -> list[Seen]:
    """Let a skill be its SKILL.md: what lies beside and below it is a part of the skill, and only counted."""
    skills = {seen.path.rpartition("/")[0]: seen for seen in rows if seen.path.endswith(_SKILL)}
    parts: dict[str, int] = {}
    kept: list[Seen] = []
    for seen in rows:
        skill = None if seen.path.endswith(_SKILL) else _skill_around(seen, skills)
        if skill is None:
            kept.append(seen)
        else:
            parts[skill.path] = parts.get(skill.path, 0) + 1
    return [_with_parts(seen, parts[seen.path]) if seen.path in parts else seen for seen in kept]


_SKILL = "/SKILL.md"


def _skill_around(seen: Seen, skills: Mapping[str, Seen]) -> Seen | None:
    """Return the skill of the nearest folder that is one; a file of another form instructs by itself."""
    folder = seen.path
    while folder := folder.rpartition("/")[0]:
        skill = skills.get(folder)
        if skill is not None:
            is_same = skill.fact.attributes.get("form") == seen.fact.attributes.get("form")
            return skill if is_same else None
    return None


def _with_parts(seen: Seen, count: int) -> Seen:
    return replace(seen, fact=replace(seen.fact, attributes={**seen.fact.attributes, "parts": count}))


def join_compiled(facts: TreeFacts) -> None:
    """Drop what another file of the same tree says better.

    An ARM template that was compiled from the Bicep file beside it says what that one does, and a handle on
    an existing resource of a type that the tree itself declares is most likely that one.
    """
    for part in ("azure-templates", "terraform"):
        _drop_handles(facts.by_part.get(part, []))
    rows = facts.by_part.get("azure-templates", [])
    written = {seen.path.removesuffix(".bicep") for seen in rows if seen.path.endswith(".bicep")}
    facts.by_part["azure-templates"] = [
        seen
        for seen in rows
        if not (seen.format == "arm-template" and seen.path.removesuffix(".json") in written)
    ]


def _drop_handles(rows: list[Seen]) -> None:
    declared = {_type_of(seen) for seen in rows if not _is_read(seen)}
    rows[:] = [seen for seen in rows if not (_is_read(seen) and _type_of(seen) in declared)]


def _is_read(seen: Seen) -> bool:
    return seen.fact.attributes.get("access") == "read"


def _type_of(seen: Seen) -> str:
    return str(seen.fact.attributes.get("resource_type", ""))


def _is_read_there(facts: TreeFacts, seen: Seen) -> bool:
    folder = seen.path.rpartition("/")[0]
    return "unit_root" not in seen.fact.attributes or facts.units.of(seen.path) == (folder or ".")


def _without_mark(seen: Seen) -> Seen:
    if "unit_root" not in seen.fact.attributes:
        return seen
    attributes = {key: value for key, value in seen.fact.attributes.items() if key != "unit_root"}
    return replace(seen, fact=replace(seen.fact, attributes=attributes))
