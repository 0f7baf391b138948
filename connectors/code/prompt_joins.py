"""Let the files that a pipeline gives its agent as a prompt be what instructs that agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.code.agent_links import PART
from connectors.code.facts import Fact
from connectors.code.formats.ci_prompts import PROMPT
from connectors.code.reading import Seen
from connectors.model import Grade

if TYPE_CHECKING:
    from connectors.code.reading import TreeFacts


def join(facts: TreeFacts) -> None:
    """Add each file of the tree that a pipeline with a step of AI hands over, once, by its own path."""
    steps = {seen.path: seen.fact.provider for seen in reversed(facts.by_part.get("ci", []))}
    rows = facts.by_part.get(PART)
    if rows is None:
        return
    known = {seen.path for seen in rows}
    for note in facts.notes[PROMPT]:
        path = _in_tree(note.fact.identifier, facts.texts)
        if not path or path in known or note.path not in steps:
            continue
        known.add(path)
        fact = Fact(
            kind="agent_config",
            provider=steps[note.path],
            identifier="",
            name="",
            grade=Grade.CONFIGURED,
            line=1,
            attributes={"form": "pipeline-prompt", "given_by": note.path},
        )
        rows.append(Seen(path, fact, note.format))


def _in_tree(path: str, texts: set[str]) -> str:
    """Return the file that a path means; the repository may have been checked out into a folder."""
    while path:
        if path in texts:
            return path
        path = path.partition("/")[2]
        if "/" not in path:
            return ""  # a name alone may be any file's
    return ""
