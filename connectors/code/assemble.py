"""Join the facts of a tree into findings: one for each thing of a unit, with all its places as evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from connectors.code import links
from connectors.code.facts import Fact
from connectors.code.formats.models import LEFT_OUT
from connectors.code.history import place_of
from connectors.code.owners import CodeOwners
from connectors.code.reading import Seen, TreeFacts
from connectors.code.targets import Target
from connectors.model import Evidence, Finding, Grade, Json, Link, NaturalKey, OwnerHint, Ref, Role

MAX_HINTS = 15
MAX_EVIDENCE = 50
"""Places listed of one finding; the attribute ``places`` counts them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What all findings of a tree have in common.

    ``owned_from`` is the tree's path below the folder whose CODEOWNERS file counts (empty: its own).
    """

    target: Target
    ref: Ref
    observed_at: datetime
    code_owners: CodeOwners | None
    owned_from: str = ""
    own_packages: tuple[str, ...] = ()


def findings(facts: TreeFacts, part: str, frame: Frame) -> Iterator[Finding]:
    """Yield the findings of a part, sorted by unit, kind and identifier."""
    groups: dict[tuple[str, str, str], list[Seen]] = {}
    for seen in facts.by_part[part]:
        unit = facts.units.of(seen.path)
        identifier = _identifier(seen, unit, frame)
        groups.setdefault((_join(frame.target.prefix, unit), seen.fact.kind, identifier), []).append(seen)
    _join_locks(groups)
    for (unit, _, identifier), members in sorted(groups.items()):
        if _stands(members, facts):
            yield _finding(facts, frame, unit, identifier, members)


def marked_as_own(facts: TreeFacts, own: Sequence[str]) -> list[tuple[str, str]]:
    """Return, for the coverage, each package that the options mark as the organisation's own."""
    found: dict[str, tuple[str, str]] = {}
    for seen in (seen for several in facts.by_part.values() for seen in several) if own else ():
        name = seen.fact.name
        if seen.fact.kind == "package" and any(fnmatchcase(name, pattern) for pattern in own):
            found.setdefault(name, (seen.path, f"{name} is marked as the organisation's own package"))
    return list(found.values())


def _identifier(seen: Seen, unit: str, frame: Frame) -> str:
    fact = seen.fact
    folder = seen.path.rpartition("/")[0] or "."
    if fact.is_local and folder != unit:
        return f"{_join(frame.target.prefix, folder)}/{fact.identifier}"
    return fact.identifier or _join(frame.target.prefix, seen.path)


def _join_locks(groups: dict[tuple[str, str, str], list[Seen]]) -> None:
    """Hand what a workspace's common lock says of a package to the units below that declare it."""
    by_thing: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for key in groups:
        by_thing.setdefault(key[1:], []).append(key)
    for key in [key for key, members in groups.items() if all(_is_locked_only(seen) for seen in members)]:
        unit = key[0]
        below = [
            other
            for other in by_thing[key[1:]]
            if other in groups and other != key and (unit == "." or other[0].startswith(f"{unit}/"))
        ]
        declaring = [other for other in below if not all(_is_locked_only(seen) for seen in groups[other])]
        if declaring:
            locked = groups.pop(key)
            for other in declaring:
                groups[other] += locked


def _is_locked_only(seen: Seen) -> bool:
    return seen.fact.attributes.get("direct") is False


def _stands(members: Sequence[Seen], facts: TreeFacts) -> bool:
    """Say whether a fact shows the thing by itself; an import of a module of this very tree does not."""
    for seen in members:
        is_local = facts.local_modules.hides(seen.fact.attributes.get("module"), seen.path)
        if seen.fact.standing and not is_local:
            return True
    return False


def _finding(facts: TreeFacts, frame: Frame, unit: str, identifier: str, members: Sequence[Seen]) -> Finding:
    roles = {seen.path: facts.roles.of(seen.path) for seen in members}
    role = min((roles[seen.path] for seen in _deciding(members)), key=lambda role: role.rank)
    suppressed = _suppressed(members, roles, role, facts)
    # Evidence of the role that counts comes first, of one grade what shows the thing by itself, then by
    # place; the best of it names the thing.
    ordered = sorted(
        members,
        key=lambda seen: (
            *(_is_mention(seen), roles[seen.path].rank < role.rank, roles[seen.path].rank),
            *_order(seen.fact),
            *(seen.path, seen.fact.line),
        ),
    )
    first = ordered[0].fact
    kind = first.kind
    target = frame.target
    # What only a variable tells from others is called by its file.
    name = first.name or (_join(frame.target.prefix, ordered[0].path) if first.is_local else identifier)
    key = f"{unit}|{kind}|{identifier}"
    return Finding(
        kind=kind,
        provider=first.provider,
        natural_key=NaturalKey(namespace=f"code/{target.repository}", key=key),
        name=name,
        evidence=tuple(_evidence(seen, frame.observed_at) for seen in ordered[:MAX_EVIDENCE]),
        grade=max(
            (seen.fact.grade for seen in _counting(ordered, roles, role)), key=lambda grade: grade.rank
        ),
        role=Role.SUPPRESSED
        if suppressed
        else _told_role(facts, role, ordered, is_of_examples=_is_of_examples(facts, frame)),
        ref=frame.ref,
        aliases=tuple(NaturalKey(namespace=f"code/{other}", key=key) for other in target.aliases),
        account=target.repository,
        application=unit,
        model=next((seen.fact.model for seen in ordered if seen.fact.model), None),
        attributes=_attributes(ordered, frame) | suppressed | _of_unit(facts, ordered),
        tags=_tags(ordered) | _system_tag(facts, ordered),
        owner_hints=_hints(facts, frame, ordered, name),
        links=_links(facts, frame, ordered),
    )


def _is_mention(seen: Seen) -> bool:
    """Say whether a place only speaks of what another one shows: a table of models, a test's mock."""
    return seen.fact.kind != "package" and not seen.fact.standing


def _deciding(members: Sequence[Seen]) -> list[Seen]:
    """Return what decides the role: a table of prices does not make a test's model the application's.

    Nor does a lock or a list of versions for the whole workspace: who references a package decides.
    """
    used = [seen for seen in members if not _is_mention(seen)] or list(members)
    return [seen for seen in used if not _is_pin(seen)] or used


def _is_pin(seen: Seen) -> bool:
    """Say whether a place only says which version of a package is taken, wherever it is used."""
    is_managed = seen.fact.grade is Grade.DECLARED and not seen.fact.standing
    return seen.fact.kind == "package" and (_is_locked_only(seen) or is_managed)


def _order(fact: Fact) -> tuple[int, bool]:
    return -fact.grade.rank, not fact.standing


_OF_REPOSITORY = ("agent_config", "ci_step")
"""Kinds that work on the repository itself, whatever it holds; so does all in a hidden folder of its root."""


def _is_of_examples(facts: TreeFacts, frame: Frame) -> bool:
    """Say whether the repository is a collection of examples, by its own name or its README's title."""
    target = frame.target
    folder = (target.folder.name,) if target.folder is not None and not target.prefix else ()
    names = {
        name.rpartition("/")[2].removesuffix(".git") for name in (target.repository, *target.aliases, *folder)
    }
    globs = facts.catalogue.repository_names
    return facts.is_of_examples or any(fnmatchcase(name, glob) for name in names for glob in globs)


def _told_role(facts: TreeFacts, role: Role, ordered: Sequence[Seen], *, is_of_examples: bool) -> Role:
    """Return the role as told: what only supports AI never matters more than the AI of its unit.

    Tests try what the code beside them does: where they alone show AI in a unit of a tree whose other units
    use it, a store keeps its own role; so does one beside templates, which somebody fills in and runs.
    In a collection of examples nothing is an application, but for what works on the repository itself.
    """
    first = ordered[0]
    is_for_work = first.fact.kind in _OF_REPOSITORY or first.path.startswith(".")
    if role is Role.APPLICATION and is_of_examples and not is_for_work:
        return Role.EXAMPLE
    if ordered[0].fact.kind != "data_store":
        return role
    of_unit = facts.unit_roles.get(facts.units.of(ordered[0].path), role)
    if of_unit is Role.TEMPLATE or (of_unit is Role.TEST and Role.APPLICATION in facts.unit_roles.values()):
        return role
    return max(role, of_unit, key=lambda one: one.rank)


def _suppressed(
    members: Sequence[Seen], roles: Mapping[str, Role], role: Role, facts: TreeFacts
) -> dict[str, Json]:
    """Return what a suppression adds, when comments cover every place that shows the thing by itself."""
    if facts.suppressions is None:
        return {}
    showing = [seen for seen in members if seen.fact.standing and roles[seen.path] is role]
    found = [facts.suppressions.of(seen) for seen in showing]
    if not found or any(one is None for one in found):
        return {}
    reasons = list(dict.fromkeys(one.reason for one in found if one))
    return {"suppressed": True, "suppressed_reason": "; ".join(reasons)[:300], "suppressed_role": role.value}


def _of_unit(facts: TreeFacts, ordered: Sequence[Seen]) -> dict[str, Json]:
    """Return what manifests and history say: what the unit is for, and when the thing came."""
    told: dict[str, Json] = {}
    described = facts.unit_notes.descriptions.get(facts.units.of(ordered[0].path))
    if described is not None:
        told["unit_description"] = described.text
        told["unit_description_at"] = described.locator
    if facts.history is not None:
        introduced = facts.history.introduced([place_of(seen) for seen in ordered[:MAX_EVIDENCE]])
        if introduced is not None:
            told["introduced"] = introduced
    return told


def _hints(facts: TreeFacts, frame: Frame, ordered: Sequence[Seen], what: str) -> tuple[OwnerHint, ...]:
    """Return who may answer for a thing: by CODEOWNERS, other owner files and the history, in this order."""
    seen_at = ordered[:MAX_EVIDENCE]
    paths = list(dict.fromkeys(seen.path for seen in seen_at))
    found: list[OwnerHint] = []
    if frame.code_owners:
        found += frame.code_owners.hints([_join(frame.owned_from, path) for path in paths])
    if facts.owner_files:
        found += facts.owner_files.hints(paths)
    if facts.history:
        found += facts.history.hints([place_of(seen) for seen in seen_at], what)
    return tuple(found[:MAX_HINTS])


def _links(facts: TreeFacts, frame: Frame, ordered: Sequence[Seen]) -> tuple[Link, ...]:
    """Return the links to other things of the same file."""
    if facts.things is None:
        facts.things = links.things_by_file(facts)

    def key(seen: Seen) -> str:
        unit = facts.units.of(seen.path)
        return f"{_join(frame.target.prefix, unit)}|{seen.fact.kind}|{_identifier(seen, unit, frame)}"

    namespace = f"code/{frame.target.repository}"
    return tuple(
        Link(relation=relation, target=NaturalKey(namespace=namespace, key=other))
        for relation, other in links.links(ordered, facts.things, key)
    )


def _counting(ordered: Sequence[Seen], roles: dict[str, Role], role: Role) -> Iterable[Seen]:
    """Return the evidence of the role that counts: what a test calls, the code need not call."""
    return [seen for seen in ordered if roles[seen.path] is role]


def _evidence(seen: Seen, observed_at: datetime) -> Evidence:
    fact = seen.fact
    detail = " ".join(str(fact.attributes[key]) for key in ("declared", "locked") if fact.attributes.get(key))
    return Evidence(
        source=seen.format,
        locator=f"{seen.path}:{fact.line}" if fact.line else seen.path,
        observed_at=observed_at,
        detail=(fact.detail or detail)[:200],
    )


def _attributes(ordered: Sequence[Seen], frame: Frame) -> dict[str, Json]:
    """Merge attributes: the first that says something wins, but for what several places decide together."""
    merged: dict[str, Json] = {}
    for seen in ordered:
        for key, value in seen.fact.attributes.items():
            merged.setdefault(key, value)
    if any(seen.fact.attributes.get("direct") is True for seen in ordered):
        merged["direct"] = True
    scopes = {str(seen.fact.attributes["scope"]) for seen in ordered if _says_scope(seen.fact)}
    if scopes:
        merged["scope"] = min(
            scopes, key=lambda scope: _SCOPES.index(scope) if scope in _SCOPES else len(_SCOPES)
        )
    for name in _GATHERED:
        if len(several := _all_of(ordered, name)) > 1:
            merged[name] = list[Json](several[:_MOST_GATHERED])
    versions = sorted(
        {str(seen.fact.attributes["locked"]) for seen in ordered if seen.fact.attributes.get("locked")}
    )
    if len(versions) > 1:
        merged["locked_versions"] = list[Json](versions[:20])
    if any(fnmatchcase(ordered[0].fact.name, own) for own in frame.own_packages):
        merged["own_package"] = True
    more = sum(count for seen in ordered if isinstance(count := seen.fact.attributes.get(LEFT_OUT), int))
    merged.pop(LEFT_OUT, None)
    if len(ordered) + more > 1:
        merged["places"] = len(ordered) + more
    merged.pop("module", None)
    return merged


_GATHERED = ("key_fingerprint", "key_reference", "role_names")
"""Lists of which every place gives its own."""
_MOST_GATHERED = 20


def _all_of(ordered: Sequence[Seen], name: str) -> list[str]:
    found: dict[str, None] = {}
    for seen in ordered:
        values = seen.fact.attributes.get(name)
        if isinstance(values, list):
            found.update((str(one), None) for one in values)
    return sorted(found)


_SCOPES = ("runtime", "optional", "dev", "test")


def _says_scope(fact: Fact) -> bool:
    """Say whether a fact's scope is one: locks that do not know call everything runtime."""
    return "scope" in fact.attributes and fact.attributes.get("direct") is not False


def _tags(ordered: Sequence[Seen]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for seen in ordered:
        for key, value in seen.fact.tags.items():
            merged.setdefault(key, value)
    return merged


def _system_tag(facts: TreeFacts, ordered: Sequence[Seen]) -> dict[str, str]:
    """Return the tag by which a unit's own ``ai-system.yaml`` says which system all of it is."""
    system = facts.unit_notes.systems.get(facts.units.of(ordered[0].path))
    return {"ai-system": system} if system else {}


def _join(prefix: str, path: str) -> str:
    if not prefix:
        return path
    return prefix if path == "." else f"{prefix}/{path}"


def source_of(locator: str) -> str:
    """Return the path of a ``path:line`` locator."""
    return re.sub(r":\d+$", "", locator)
