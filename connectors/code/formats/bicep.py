"""Read the resources that Bicep files declare, child resources by their parents, and registry modules.

A resource marked ``existing`` is read, not declared; the fact says so. Parameters and variables with a
literal value are followed where they name a kind or a model.

Source: the documentation of Bicep's resource and module declarations (general knowledge, 2026-11-22).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from connectors.catalogue.infra_rows import ResourceType
from connectors.code.facts import Fact, Source, UnreadableError, within
from connectors.code.formats.common import short
from connectors.model import Grade, Json

# Whatever is not closed runs to an end, so that no text is looked at twice.
_NOISE = re.compile(r"'''.*?(?:'''|\Z)|'(?:[^'\\\n]|\\.)*+(?:'|(?=\n)|\Z)|//[^\n]*|/\*.*?(?:\*/|\Z)", re.S)
_DECLARED = re.compile(
    r"(?m)^[ \t]*(?:(?P<what>resource)[ \t]+(?P<name>\w+)[ \t]+'(?P<type>[^'@\n]{1,300})(?:@[^'\n]{0,60})?'"
    r"[ \t]*(?P<existing>existing)?"
    r"|module[ \t]+(?P<module>\w+)[ \t]+'(?P<source>[^'\n]{1,500})')[ \t]*="
)
_LITERAL = re.compile(
    r"(?m)^[ \t]*(?:param[ \t]+(\w+)[ \t]+\w+|var[ \t]+(\w+))[ \t]*=[ \t]*'([^'\n$]{1,200})'"
)
_ARGUMENT = re.compile(r"(?m)^([ \t]*)(\w+)[ \t]*:[ \t]*(?:'([^'\n$]{1,300})'|([A-Za-z_]\w*))[ \t]*$")
_ANY_ARGUMENT = re.compile(r"(?m)^([ \t]*)\w+[ \t]*:")
_MODEL_NAME = re.compile(
    r"\bmodel[ \t]*:[ \t]*\{[^{}]{0,400}?\bname[ \t]*:[ \t]*(?:'([^'\n$]{1,200})'|([A-Za-z_]\w*))"
)


_MAX_DEPTH = 20
_MAX_BLOCKS = 2_000
_MAX_BRACES = 100_000
_BODY = 6_000
"""Characters of a declaration that are looked at."""


@dataclass(frozen=True, slots=True)
class _Block:
    """A resource's declaration: the match, its full type, and where its text ends."""

    found: re.Match[str]
    type: str
    end: int


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each resource of a catalogued type and each catalogued module."""
    if b"resource" not in source.data and b"module" not in source.data:
        return
    if source.data.count(b"{") > _MAX_BRACES:
        raise UnreadableError(f"more than {_MAX_BRACES:,} braces")
    text = _NOISE.sub(_without_comment, source.text())
    literals = {param or var: value for param, var, value in _LITERAL.findall(text)}
    starts = [match.start() for match in re.finditer("\n", text)]
    modules = {row.type: row for row in source.catalogue.module}
    for block in _blocks(text):
        found = block.found
        line = bisect_right(starts, found.start()) + 1
        if found.group("source"):
            yield from _module(modules, found, line)
            continue
        row = source.catalogue.arm_types.get(block.type.lower())
        if row is None:
            continue
        body = text[found.end() : min(block.end, found.end() + _BODY)]
        arguments = _arguments(body, literals)
        if row.needs and arguments.get(row.needs.argument, "").upper() not in row.needs.values:
            continue
        yield _fact(source, row, block, arguments, _model(body, literals), line)


def _without_comment(found: re.Match[str]) -> str:
    token = found.group()
    return token if token[0] == "'" else "\n" * token.count("\n")


def _blocks(text: str) -> Iterator[_Block]:
    """Yield the declarations in order, with the full types of those inside another."""
    parents: list[_Block] = []
    opens, ends = _braces(_NOISE.sub(lambda found: " " * len(found.group()), text))
    for found in within(_DECLARED.finditer(text), _MAX_BLOCKS, "declarations"):
        while parents and parents[-1].end <= found.start():
            parents.pop()
        brace = bisect_left(opens, found.end())
        end = ends[opens[brace]] if brace < len(opens) else len(text)
        kind = found.group("type") or ""
        if parents and "." not in kind.partition("/")[0]:
            kind = f"{parents[-1].type}/{kind}"
        block = _Block(found, kind, end)
        if found.group("what") and len(parents) < _MAX_DEPTH:
            parents.append(block)
        yield block


def _braces(text: str) -> tuple[list[int], dict[int, int]]:
    """Return where braces open, in order, and where each of them is closed."""
    opens: list[int] = []
    unclosed: list[int] = []
    ends: dict[int, int] = {}
    for brace in re.finditer(r"[{}]", text):
        if brace.group() == "{":
            opens.append(brace.start())
            unclosed.append(brace.start())
        elif unclosed:
            ends[unclosed.pop()] = brace.end()
    return opens, ends | dict.fromkeys(unclosed, len(text))


def _arguments(body: str, literals: Mapping[str, str]) -> dict[str, str]:
    """Return the block's own literal arguments, told by their indentation."""
    least = min((len(indent) for indent in _ANY_ARGUMENT.findall(body)), default=0)
    arguments: dict[str, str] = {}
    for indent, key, value, name in _ARGUMENT.findall(body):
        known = value or literals.get(name, "")
        if len(indent) == least and known:
            arguments.setdefault(key, known)
    return arguments


def _model(body: str, literals: Mapping[str, str]) -> str | None:
    found = _MODEL_NAME.search(body)
    if found is None:
        return None
    return found.group(1) or literals.get(found.group(2)) or None


def _fact(
    source: Source,
    row: ResourceType,
    block: _Block,
    arguments: Mapping[str, str],
    model: str | None,
    line: int,
) -> Fact:
    name = block.found.group("name")
    kept: dict[str, Json] = {
        key: short(arguments[key]) for key in source.catalogue.kept_arguments if arguments.get(key)
    }
    if block.found.group("existing"):
        kept["access"] = "read"
    return Fact(
        kind=row.kind,
        provider=row.provider,
        identifier=f"{source.name}:{name}",
        is_local=True,
        name=f"{row.type}/{name}",
        grade=Grade.DECLARED,
        line=line,
        model=short(model) if model and row.kind == "model_endpoint" else None,
        attributes={"resource_type": row.type, **kept},
    )


def _module(modules: Mapping[str, ResourceType], found: re.Match[str], line: int) -> Iterator[Fact]:
    """Yield a fact for a module of the public registry (``br/public:avm/...:1.0`` or its full address)."""
    address = re.sub(r"^br(?:/[\w-]+)?:(?:mcr\.microsoft\.com/bicep/)?", "", found.group("source"))
    path = address.rpartition(":")[0]
    row = modules.get(path)
    if row is not None:
        yield Fact(
            kind=row.kind,
            provider=row.provider,
            identifier=f"module/{found.group('module')}",
            is_local=True,
            name=f"{path}/{found.group('module')}",
            grade=Grade.DECLARED,
            line=line,
            attributes={"resource_type": row.type},
        )
