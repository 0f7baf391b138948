"""Read which files a pipeline hands to an agent as its prompt: they instruct it where nobody watches.

A pipeline names the file; whether the tree holds it, and whether the pipeline runs an agent at all, only the
tree tells (:mod:`connectors.code.prompt_joins`).

**Source:** general knowledge of the options of claude and of the inputs of openai/codex-action and
github/ai-inference; .github/workflows/_cve-remediation.yml of sourcebot-dev/sourcebot, read on 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Source, tell_cut
from connectors.code.formats.ci import MAX_LINE, runs_ai
from connectors.code.formats.lines import is_comment
from connectors.model import Grade

PROMPT = "pipeline_prompt"
"""The kind of note that says which file a pipeline gives an agent (``identifier``: its path as written)."""
_MAX_PROMPTS = 100
_PATH = r"""["']?(?P<path>(?:\$\{\{[^}\n]{1,80}\}\}/)?[^\s"'`|;&<>()*]{1,300}\.(?:md|txt))\b"""
_GIVEN = re.compile(
    r"(?:--(?:append-)?system-prompt-file[= ]|--prompt-file[= ]|\b(?:system[-_])?prompt[-_]file[\"']?\s?:)"
    + r"\s{0,9}"
    + _PATH
)
# What a command reads may be a question's subject: the path must say that it is an instruction.
_READ = re.compile(r"(?:\bcat\s{1,9}|<\s{0,9})" + _PATH)
_INSTRUCTS = re.compile(r"(?i)prompt|instruct|agent|command|skill")
_ROOT = re.compile(r"(?:\$\{\{[^}]*\}\}|\$\{?\w+\}?|\.)/")


def parse(source: Source) -> Iterator[Fact]:
    """Yield a note for each file of text that a line of the pipeline gives an agent."""
    seen: dict[str, int] = {}
    for number, raw in enumerate(source.data.split(b"\n"), 1):
        if len(raw) > MAX_LINE or not (b".md" in raw or b".txt" in raw):
            continue
        line = raw.decode("utf-8", "replace")
        if is_comment(line):
            continue
        paths = [found["path"] for found in _GIVEN.finditer(line)]
        read = [found["path"] for found in _READ.finditer(line) if _INSTRUCTS.search(found["path"])]
        if read and runs_ai(source.catalogue, line.strip().removeprefix("- ").removeprefix("run:")):
            paths += read
        for path in paths:
            seen.setdefault(_ROOT.sub("", path, count=1), number)
    for path, number in list(seen.items())[:_MAX_PROMPTS]:
        if "$" not in path and ".." not in path:
            yield Fact(
                kind=PROMPT, provider="", identifier=path, name="", grade=Grade.CONFIGURED, line=number
            )
    tell_cut(len(seen), _MAX_PROMPTS, "prompts of agents")
