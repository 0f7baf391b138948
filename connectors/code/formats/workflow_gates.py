"""Read the environments that jobs of GitHub workflows deploy to: people may have to approve them there.

Whether an environment is protected is kept at GitHub and not in the file: only one whose name, or the comment
above it, says that somebody is asked is told of. The fact stands only in a workflow that runs AI
(:mod:`connectors.code.gate_joins`).

**Source:** general knowledge of the workflow syntax; its page was not opened for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connectors.code.facts import Fact, Source, UnreadableError
from connectors.code.formats.common import Lines, entries, load_yaml
from connectors.model import Grade

_NAME = re.compile(r"[\w .-]{1,60}")
_ASKS = re.compile(r"(?i)approv|(?<!p)review|\bgates?\b|manual|human|confirm|sign[ _-]?off|consent")
_LINES_ABOVE = 2


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each environment that a job names; a broken workflow is listed by others."""
    if b"environment:" not in source.data:
        return
    try:
        documents = load_yaml(source)
    except UnreadableError:
        return
    content = documents[0] if documents else None
    lines = Lines(source.data)
    seen: set[str] = set()
    for _, job in entries(content.get("jobs") if isinstance(content, dict) else None):
        name = _environment(job)
        line = lines.of("environment", name) or lines.of("environment") if name else 0
        if name and name not in seen and _asks(source, name, line):
            seen.add(name)
            yield Fact(
                kind="oversight_control",
                provider="github",
                identifier=f"environment:{name}",
                name=f"environment {name}",
                grade=Grade.CONFIGURED,
                line=line,
                standing=False,
                detail="deployment environment",
                attributes={
                    "answers": "oversight",
                    "mechanism": "deployment environment, perhaps protected",
                },
            )


def _environment(job: Any) -> str:
    value = job.get("environment") if isinstance(job, dict) else None
    if isinstance(value, dict):
        value = value.get("name")
    # An expression is filled in when the job runs.
    is_name = isinstance(value, str) and _NAME.fullmatch(value)
    return value if isinstance(value, str) and is_name else ""


def _asks(source: Source, name: str, line: int) -> bool:
    """Say whether an environment's name or a comment beside it says that people are asked."""
    if _ASKS.search(name):
        return True
    near = source.lenient_text().split("\n")[max(0, line - 1 - _LINES_ABOVE) : line]
    return any(_ASKS.search(text.partition("#")[2]) for text in near)
