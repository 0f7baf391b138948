"""Let what only the code of tests, or results of runs, name stand for nothing, and list it.

A test makes up what a client is told to call, whose resource a host is, which agents and servers for
assistants there are and the keys that it sets itself, and a guardrail that it sets guards nothing; where the
code that it tests uses the same thing, the test is one place more. What is configured for a test (but for
servers and prompts), a key that it reads, and a server out there that one calls, is really there. Ids of
models have rules of their own (:mod:`connectors.code.model_joins`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.model import Grade, Role

if TYPE_CHECKING:
    from connectors.code.reading import Seen, TreeFacts

_CALLED = {
    "agent": "the agent",
    "workflow": "the workflow",
    "prompt": "the prompt",
    "provider_endpoint": "the address",
    "mcp_server": "the server",
    "guardrail": "the guardrail",
    "oversight_control": "the control",
}
_ALWAYS = frozenset({"mcp_server", "prompt"})
"""Kinds that tests make up in their settings as well, to see how these are read."""
_NAMED = {**_CALLED, "api_key": "the key"}
_MANIFESTS = (".yaml", ".yml", ".json", ".yaml.tmpl", ".tpl")
"""Endings of files that are applied as they are; an object in any other is one that code makes up."""
_FIXTURES = re.compile(
    r"(?i)(?:^|/)(?:(?:__)?(?:fixtures?|test_?data|mocks?|snapshots?|cassettes|recordings|responses|(?:seed_?)?corp(?:us|ora))(?:__)?|test/resources)/"
)
_ANSWERS = re.compile(
    r"(?i)(?:^|/)(?:__)?(?:fixtures?|test_?data|mocks?|snapshots?|cassettes|recordings|responses)(?:__)?/"
)
# A folder of that name alone may hold what a program begins with.
_OF_TESTS = re.compile(
    r"(?i)(?:^|[/_.-])(?:tests?|test_?data|__tests__|specs?|e2e|cypress|playwright|fuzz(?:ing|ers?)?)/"
)
_EXPECTED = ".snapshot/"
# What a run was told and gave, kept for readers: results/run_2/args.yaml.
_RECORDED = re.compile(r"(?i)(?:^|/)(?:results|trajectories)/.*\.(?:ya?ml|json|txt|log|csv|traj)$")
_TRIED = re.compile(r"(?i)(?:test|mock|dummy|fake)(?:[-_ ]?mcp)?[-_ ]?(?:server|agent)$")
_LISTED = 50


def join(facts: TreeFacts) -> None:
    """Let addresses, servers and controls that tests alone name not stand."""
    made_up: list[Seen] = []
    _drop_expected(facts)
    _drop_recorded(facts)
    for part in ("endpoints", "mcp", "oversight", "kubernetes", "agents", "cloud-constructs", "images"):
        rows = facts.by_part.get(part, [])
        for index, seen in enumerate(rows):
            if seen.fact.standing and _is_of_a_test(facts, seen) and _is_made_up(seen):
                rows[index] = replace(seen, fact=replace(seen.fact, standing=False))
                made_up.append(seen)
        stand = {(seen.fact.kind, seen.fact.identifier) for seen in rows if seen.fact.standing}
        made_up = [seen for seen in made_up if (seen.fact.kind, seen.fact.identifier) not in stand]
    _tell(facts, made_up)


def _drop_expected(facts: TreeFacts) -> None:
    """Drop what lies in snapshots that a stack's templates are compared with: its code says the same."""
    for part, rows in facts.by_part.items():
        if any(_EXPECTED in seen.path for seen in rows):
            facts.by_part[part] = [seen for seen in rows if _EXPECTED not in seen.path]


def _drop_recorded(facts: TreeFacts) -> None:
    """Drop the addresses and models of runs whose results are kept, and list them."""
    told: dict[tuple[str, str], int] = {}
    for part in ("endpoints", "models"):
        rows = facts.by_part.get(part, [])
        recorded = [seen for seen in rows if _RECORDED.search(seen.path)]
        if not recorded:
            continue
        facts.by_part[part] = [seen for seen in rows if not _RECORDED.search(seen.path)]
        for seen in recorded:
            told.setdefault((seen.path, seen.fact.name), seen.fact.line)
    _list(
        facts,
        [
            (f"{path}:{line}", f"{name!r} is left out: the file is a result of a run")
            for (path, name), line in told.items()
        ],
        "results of runs name",
    )


def is_fixture(path: str) -> bool:
    """Say whether a file of a test is data that the test feeds to code."""
    return _FIXTURES.search(path) is not None and _OF_TESTS.search(path) is not None


def is_answer(path: str) -> bool:
    """Say whether a file of a test is data by the name of its folder, and no settings of the test."""
    return _ANSWERS.search(path) is not None and _OF_TESTS.search(path) is not None


def _is_of_a_test(facts: TreeFacts, seen: Seen) -> bool:
    """Say whether a file makes up what it needs; an evaluation does where the name itself says so."""
    if facts.roles.makes_up(seen.path):
        return True
    return _TRIED.match(seen.fact.name) is not None and facts.roles.of(seen.path) is Role.TEST


def _is_made_up(seen: Seen) -> bool:
    """Say whether a fact in a test is no proof there: in code, or as a resource or address of one's own."""
    fact = seen.fact
    if seen.format == "kubernetes":
        return not seen.path.endswith(_MANIFESTS) or is_fixture(seen.path)
    if fact.kind == "provider_endpoint":
        return fact.grade is Grade.CALLED or "form" in fact.attributes or is_fixture(seen.path)
    if seen.format == "cloud-construct":
        return "integ" not in seen.path.lower()  # such a test builds a stack and asks it
    if (
        seen.format == "container-image" and fact.kind not in _ALWAYS
    ):  # what tests are fed with; what they are started with is a manifest
        return seen.path.endswith(".json") and "devcontainer" not in seen.path
    if fact.kind == "api_key":
        return fact.attributes.get("form") == "name written"
    is_used = fact.attributes.get("form") == "used by code"
    return fact.kind in _CALLED and (fact.grade is Grade.CALLED or fact.kind in _ALWAYS) and not is_used


def _tell(facts: TreeFacts, made_up: list[Seen]) -> None:
    """List the first place of each thing and file."""
    places: dict[tuple[str, str, str], int] = {}
    for seen in made_up:
        places.setdefault((seen.path, seen.fact.kind, seen.fact.name), seen.fact.line)
    told = [
        (f"{path}:{line}", f"{_NAMED.get(kind, 'the object')} {name!r} is left out: only tests name it")
        for (path, kind, name), line in places.items()
    ]
    _list(facts, told, "only tests name")


def _list(facts: TreeFacts, told: list[tuple[str, str]], why: str) -> None:
    facts.places += told[:_LISTED]
    if len(told) > _LISTED:
        facts.places.append((".", f"{len(told) - _LISTED} more that {why} are left out"))
