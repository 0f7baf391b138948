"""Keep evidence of data only where it tells of AI: in units that hold AI which runs.

A bucket in a repository without AI is no business of ours; in a unit that calls a model it is the first half
of the answer to what data the system processes. Files that only instruct a developer's assistant, steps of a
build pipeline and packages that come along through others make no unit an AI unit. What belongs to no unit
but a root without a manifest has the files of its first folder beside it, not all of the repository, and
not where most of the units in that folder do something else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.code import table_joins
from connectors.model import Role

if TYPE_CHECKING:
    from connectors.code.reading import Seen, TreeFacts

PART = "data"
_NOT_RUNNING = frozenset(
    {"agent_config", "ci_step", "data_store", "oversight_control", "evaluation", "mcp_server", "api_key"}
)


def join(facts: TreeFacts) -> None:
    """Let evidence of data stand in units with AI that runs, and drop it everywhere else."""
    found = facts.by_part.get(PART)
    if not found:
        return
    roles = _roles(facts, facts.units.of)
    loose = _loose(facts)
    projects = _roles(facts, facts.roles.project_of)
    kept: list[Seen] = []
    for seen in table_joins.standing(facts, found):
        role = roles.get(facts.units.of(seen.path))
        if role is not None and "/" in seen.path and facts.units.is_loose(seen.path):
            role = loose.get(_top(seen.path)) or loose.get("")
        # A test's bucket says nothing of what the application touches, nor does the database of a pipeline.
        own = facts.roles.of(seen.path)
        # An example or suite with AI of its own counts as one, whatever else its unit is.
        counts = own in (Role.APPLICATION, Role.TEMPLATE) or _has_own_ai(facts, seen, projects)
        is_own = own is role and own is not Role.TEST
        counts = counts or (is_own and not _is_another_example(facts, seen))
        if role is not None and counts and not _is_pipeline(seen.path):
            kept.append(replace(seen, fact=replace(seen.fact, standing=True)))
    facts.by_part[PART] = kept
    facts.unit_roles = roles


def _has_own_ai(facts: TreeFacts, seen: Seen, projects: dict[str, Role]) -> bool:
    project = facts.roles.project_of(seen.path)
    return bool(project) and facts.roles.of(seen.path) is Role.EXAMPLE and project in projects


def _is_another_example(facts: TreeFacts, seen: Seen) -> bool:
    """Say whether a path is one of many examples in a unit that is more than those: they share nothing."""
    unit = facts.units.of(seen.path)
    of_unit = facts.roles.of(f"{unit}/-" if unit != "." else "-")
    return facts.roles.of(seen.path) is Role.EXAMPLE and of_unit is not Role.EXAMPLE


def _top(path: str) -> str:
    """Return the first folder of a path: all that tells what belongs together where no manifest does."""
    return path.partition("/")[0] if "/" in path else ""


def _second(unit: str) -> str:
    """Return the first two folders of a unit's path: what lies deeper belongs together."""
    return "/".join(unit.split("/")[:2])


def _roles(facts: TreeFacts, unit_of: Callable[[str], str]) -> dict[str, Role]:
    """Return for each unit with AI that runs the role of it that matters most."""
    roles: dict[str, Role] = {}
    for several in facts.by_part.values():
        for seen in several:
            if not _runs(seen):
                continue
            unit = unit_of(seen.path)
            role = facts.roles.of(seen.path)
            if unit not in roles or role.rank < roles[unit].rank:
                roles[unit] = role
    return roles


def _loose(facts: TreeFacts) -> dict[str, Role]:
    """Return the first folders with AI that runs; of those that hold several units, where most have it."""
    roles = _roles(facts, _top)
    with_ai: dict[str, set[str]] = {}
    for several in facts.by_part.values():
        for seen in several:
            if _runs(seen):
                with_ai.setdefault(_top(seen.path), set()).add(facts.units.of(seen.path))
    return {top: role for top, role in roles.items() if not top or _is_most(facts, top, with_ai[top])}


def _is_most(facts: TreeFacts, top: str, with_ai: set[str]) -> bool:
    """Say whether half of a first folder's units hold AI; what is loose there is one where no other does."""
    own = len({_second(unit) for unit in with_ai if unit != "."})
    return 2 * (own or 1) >= len({_second(unit) for unit in facts.units.below(top)}) + (not own)


def _is_pipeline(path: str) -> bool:
    return path.startswith(_PIPELINES) or path.rpartition("/")[2].startswith(_PIPELINE_FILES)


_PIPELINES = (".github/", ".circleci/", ".buildkite/", ".gitlab/", ".azuredevops/")
_PIPELINE_FILES = (".gitlab-ci", "azure-pipelines", "bitbucket-pipelines", "Jenkinsfile", ".travis")


def _runs(seen: Seen) -> bool:
    fact = seen.fact
    if not fact.standing or fact.kind in _NOT_RUNNING:
        return False
    return fact.attributes.get("direct") is not False and fact.attributes.get("scope") not in ("dev", "test")
