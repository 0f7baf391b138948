"""Read workflows written for an agent (GitHub Agentic Workflows): Markdown with a front matter.

What runs the agent is a pipeline's step; the same files, and those that they import, configure MCP servers.

**Source:** the front matter reference of gh-aw and its public collection of workflows, read on 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import Lines, entries, load_yaml
from connectors.code.formats.mcp import server_fact
from connectors.model import Grade

_MATTER = re.compile(r"---\r?\n(.{0,30000}?)\n---", re.S)
_SERVERS = ("mcp-servers", "mcp_servers")


def matter_of(source: Source) -> str:
    """Return the front matter of a Markdown file behind a line feed; empty when it has none."""
    matter = _MATTER.match(source.lenient_text())
    return "\n" + matter.group(1) if matter else ""


def is_agentic(text: str) -> bool:
    """Say whether a front matter says when an agent runs, and with which engine or what it may write."""
    return "\non:" in text and any(f"\n{key}:" in text for key in ("engine", "safe-outputs"))


def parse(source: Source) -> Iterator[Fact]:
    """Yield a pipeline's step that runs an agent: a workflow in the place of workflows."""
    text = matter_of(source)
    if not is_agentic(text) and not ("\non:" in text and "\npermissions:" in text):
        return
    engine = re.search(r"\nengine:\s*(?:\n\s+id:\s*)?([a-z-]+)", text)
    provider = {"claude": "anthropic", "codex": "openai", "gemini": "google"}.get(
        engine.group(1) if engine else "", "github"
    )
    yield Fact(
        kind="ci_step",
        provider=provider,
        identifier="",
        name="",
        grade=Grade.CONFIGURED,
        line=1,
        attributes={"form": "agentic workflow"},
    )


def parse_servers(source: Source) -> Iterator[Fact]:
    """Yield the MCP servers that a workflow, or a file that workflows import, gives its agent."""
    text = matter_of(source)
    if not any(f"\n{key}:" in text for key in _SERVERS):
        return
    # The opening line stays, so that lines are counted as in the file.
    front = replace(source, data=("---" + text).encode())
    lines = Lines(front.data)
    for document in load_yaml(front):
        for key in _SERVERS:
            for name, server in entries(document.get(key) if isinstance(document, dict) else None):
                started = _started(server) if isinstance(server, dict) else {}
                if started:
                    yield server_fact(source, name, started, lines.of(key, name))


def _started(server: dict[str, object]) -> dict[str, object]:
    """Return a server as other tools configure it; a container is one that Docker runs."""
    container = server.get("container")
    if isinstance(container, str) and container:
        return {**server, "command": "docker", "args": ["run", container]}
    is_one = isinstance(server.get("command"), str) or isinstance(server.get("url"), str)
    return server if is_one else {}
