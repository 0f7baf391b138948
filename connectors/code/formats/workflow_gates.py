"""Read the environments that jobs of GitHub workflows deploy to: people may have to approve them there.

Whether an environment is protected is kept at GitHub and not in the file. The fact stands only in a workflow
that runs AI (:mod:`connectors.code.gate_joins`).

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
# Nobody is asked before something goes to one of these.
_OPEN = re.compile(
    r"(?i)(?:ci|dev|develop|development|local|docs?|github-pages|pages|preview|pr|sandbox|tests?|testing|e2e"
    r"|integration|benchmarks?|nightly)(?:[ _.-].*)?"
)


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
        if name and name not in seen:
            seen.add(name)
            yield Fact(
                kind="oversight_control",
                provider="github",
                identifier=f"environment:{name}",
                name=f"environment {name}",
                grade=Grade.CONFIGURED,
                line=lines.of("environment", name) or lines.of("environment"),
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
    is_name = isinstance(value, str) and _NAME.fullmatch(value) and not _OPEN.fullmatch(value)
    return value if isinstance(value, str) and is_name else ""
