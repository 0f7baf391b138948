"""Take symbolic links to agent files for what they are: the same instructions under another tool's name.

``CLAUDE.md`` is often a link to ``AGENTS.md``. A link is never followed on the disk: where it leads is read
as text and looked up among the agent files that the tree itself holds.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.code.reading import TreeFacts
    from connectors.code.registry import Formats

MOST_LINKS = 500
"""Links of one tree that are looked at."""
LINK_BYTES = 4096
PART = "agent-files"


def add_links(facts: TreeFacts, formats: Formats, links: Mapping[str, str]) -> None:
    """Add a fact for each link (path to target, as written) that leads to an agent file of the tree."""
    known = {seen.path: seen for seen in facts.by_part.get(PART, ())}
    if not known:
        return
    for path, target in sorted(links.items()):
        seen = known.get(posixpath.normpath(posixpath.join(posixpath.dirname(path), target)))
        if seen is None or target.startswith("/"):
            continue
        row = formats.catalogue.agent_file(formats.plan(path).label)
        attributes = {"form": row.name, "link_to": seen.path} | ({"unit_root": True} if row.unit_root else {})
        fact = replace(seen.fact, provider=row.vendor, attributes=attributes)
        facts.by_part[PART].append(replace(seen, path=path, fact=fact))
