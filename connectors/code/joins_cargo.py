"""Give the members of a Cargo workspace what they take from its root: which crate, and which range.

The parser (:mod:`connectors.code.formats.cargo`) sees one file; a member's ``x = { workspace = true }`` says
neither. A name that the root knows as a package of this very tree is dropped here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.code.facts import Fact, Source
from connectors.code.formats.cargo import MEMBER, WORKSPACE
from connectors.code.formats.common import package_fact

if TYPE_CHECKING:
    from connectors.code.reading import Seen, TreeFacts

PART = "packages-cargo"

Workspaces = dict[str, dict[str, Fact]]
"""For each workspace's folder: what its members may take, by the name they use."""


def join(facts: TreeFacts) -> None:
    """Fill in what members inherit, in place."""
    workspaces: Workspaces = {}
    for seen in facts.notes.get(WORKSPACE, []):
        known = workspaces.setdefault(_folder(seen.path), {})
        if seen.fact.identifier:
            known[seen.fact.identifier] = seen.fact
    kept = [
        joined
        for seen in facts.by_part[PART]
        for joined in (
            _inherited(facts, seen, workspaces) if "inherited" in seen.fact.attributes else (seen,)
        )
    ]
    for seen in facts.notes.get(MEMBER, []):
        kept += _inherited(facts, seen, workspaces)
    facts.by_part[PART] = kept


def _inherited(facts: TreeFacts, seen: Seen, workspaces: Workspaces) -> Iterator[Seen]:
    known = _nearest(seen.path, workspaces)
    if known is None:
        if seen.fact.kind == "package":
            yield seen  # the workspace lies outside of what was read
        return
    called = str(seen.fact.attributes.get("called") or seen.fact.identifier)
    note = known.get(called)
    if note is None:
        return  # the workspace takes it from this tree
    source = Source(data=b"", name="Cargo.toml", syntax="config", catalogue=facts.catalogue)
    attributes = note.attributes
    for fact in package_fact(
        source,
        "cargo",
        str(attributes["crate"]),
        line=seen.fact.line,
        declared=attributes.get("declared"),
        scope=seen.fact.attributes.get("scope"),
        direct=True,
    ):
        yield replace(seen, fact=fact)


def _nearest(path: str, workspaces: Workspaces) -> dict[str, Fact] | None:
    folder = _folder(path)
    while folder not in workspaces:
        if not folder:
            return None
        folder = folder.rpartition("/")[0]
    return workspaces[folder]


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
