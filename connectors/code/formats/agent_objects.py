"""Read files that are an agent, tool, prompt or flow in a known form: A2A cards and their like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connectors.code.facts import Fact, Source
from connectors.code.formats.common import Lines, load_json_object, load_yaml, short
from connectors.code.formats.copilot_agents import is_agent_schema
from connectors.code.formats.lines import LineCounter
from connectors.code.formats.model_ids import family_of, owner_of
from connectors.model import Grade, Json

_FROM = re.compile(r"(?im)^FROM[ \t]+([A-Za-z0-9][\w./:-]{0,150})[ \t]*$")
_MATTER = re.compile(r"---\r?\n(.{0,8000}?)\n---", re.S)
_TOLD = re.compile(r"(?i)\b(?:you are|you're|your (?:task|goal|role|job|purpose|mission)|act as)\b")
_TITLES = re.compile(r"(?:#[^\n]{0,300}\n|\s){0,20}")
_WORD = re.compile(r"[^\W\d_]{2,40}")
_OPENING = 400
"""Characters in which a prompt's text turns to the model; a page about prompts does so later, if at all."""
_PROMPT_KEYS = ("model:", "inputs:", "input:", "config:", "sample:", "authors:", "output:")


def parse_card(source: Source) -> Iterator[Fact]:
    """Yield the agent of an A2A card, or of a Microsoft 365 declarative agent that names no schema."""
    content = load_json_object(source)
    schema, name = str(content.get("$schema", "")), content.get("name")
    if not isinstance(name, str) or not name.strip():
        return
    is_card = isinstance(content.get("skills"), list) and (
        isinstance(content.get("capabilities"), dict) or isinstance(content.get("url"), str)
    )
    is_declared = (
        not is_agent_schema(schema)  # those are found by their schema, whatever the file is called
        and isinstance(content.get("instructions"), str)
        and isinstance(content.get("capabilities"), list)
    )
    if is_card:
        yield _fact(source, "agent", "a2a", name, form="A2A card")
    elif is_declared:
        yield _fact(source, "agent", "microsoft", name, form="declarative agent")


def parse_plugin(source: Source) -> Iterator[Fact]:
    """Yield the tool that an ``ai-plugin.json`` offers to models."""
    name = load_json_object(source).get("name_for_model")
    if isinstance(name, str) and name:
        yield _fact(source, "tool", "openai", name, form="plug-in manifest")


def parse_rasa(source: Source) -> Iterator[Fact]:
    """Yield the assistant of a Rasa domain file."""
    if b"intents:" not in source.data and b"slots:" not in source.data:
        return
    content = _table(source)
    if "responses" in content and ("intents" in content or "flows" in content) and "version" in content:
        yield _fact(source, "agent", "rasa", "", form="domain")


def parse_prompt_flow(source: Source) -> Iterator[Fact]:
    """Yield the flow of an Azure prompt flow definition."""
    content = _table(source)
    nodes = content.get("nodes")
    if (isinstance(nodes, list) and "outputs" in content) or "entry" in content:
        yield _fact(source, "workflow", "azure", "", form="prompt flow")


def parse_prompt(source: Source) -> Iterator[Fact]:
    """Yield a prompt kept as a file: Prompty, Genkit's dotprompt, GitHub Models' ``.prompt.yml``."""
    if source.name.endswith((".yml", ".yaml")):
        content = _table(source)
        if isinstance(content.get("messages"), list):
            yield _fact(source, "prompt", "github", "", form="prompt")
        return
    matter = _MATTER.match(source.lenient_text())
    text = "\n" + matter.group(1) if matter else ""
    if any(f"\n{key}" in text for key in _PROMPT_KEYS):
        vendor = "microsoft" if source.name.endswith(".prompty") else "google"
        yield _fact(source, "prompt", vendor, "", form="prompt")


def parse_system_prompt(source: Source) -> Iterator[Fact]:
    """Yield the prompt of a file called so; one in Markdown only where it begins by speaking to the model."""
    text = source.lenient_text()[:10_000]
    if source.name.endswith(".md"):
        matter = _MATTER.match(text)
        rest = text[matter.end() :] if matter else text
        titles = _TITLES.match(rest)
        if not _TOLD.search(rest[titles.end() if titles else 0 :].partition("```")[0][:_OPENING]):
            return
    if len(set(_WORD.findall(text[:_OPENING]))) >= 3:
        yield _fact(source, "prompt", "agents", "", form="system prompt")


def parse_copilot_studio(source: Source) -> Iterator[Fact]:
    """Yield the agent that a Copilot Studio component describes; a topic is no agent of its own."""
    content = _table(source)
    if content.get("kind") == "GptComponentMetadata":
        name = content.get("displayName")
        yield _fact(
            source, "agent", "microsoft", name if isinstance(name, str) else "", form="Copilot Studio"
        )


def parse_modelfile(source: Source) -> Iterator[Fact]:
    """Yield the model that an Ollama Modelfile builds on; a path to weights is none."""
    text = source.lenient_text()[:100_000]
    lines = LineCounter(text)
    for found in _FROM.finditer(text):
        model = found.group(1)
        if model.lower().endswith((".gguf", ".bin", ".safetensors")):
            continue
        family = family_of(source.catalogue, model)
        vendor = family.vendor if family and not family.whole else owner_of(source.catalogue, model)
        yield Fact(
            kind="model",
            provider=vendor or "ollama",
            identifier=model,
            name=model,
            grade=Grade.CONFIGURED,
            line=lines.at(found.start()),
            model=model,
            attributes={"family": family.name} if family and not family.whole else {},
        )


def _table(source: Source) -> dict[str, Any]:
    documents = load_yaml(source)
    first = documents[0] if documents else None
    return first if isinstance(first, dict) else {}


def _fact(source: Source, kind: str, provider: str, name: str, **attributes: Json) -> Fact:
    plain = short(name)
    return Fact(
        kind=kind,
        provider=provider,
        identifier=plain,
        name=plain,
        grade=Grade.CONFIGURED,
        line=(Lines(source.data).of(name) if plain else 0) or 1,
        attributes=attributes,
    )
