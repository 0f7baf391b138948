"""Read the resources that Terraform and OpenTofu files declare (HCL and its JSON form).

HCL is cut at the headers of its blocks: a full parser reads 0.09 MB a second, and types, names and literal
arguments need none. Data sources declare nothing. A call of a module beside it (``./``, ``../``) says only
which unit that module belongs to; modules from elsewhere are not fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from connectors.catalogue.tables import ResourceType
from connectors.code.facts import MODULE_CALL, Fact, Source, UnreadableError
from connectors.code.formats.common import Lines, entries, load_json_object, short
from connectors.model import Grade, Json

_BLOCK = re.compile(
    r'^(?:resource[ \t]+"?([\w-]+)"?[ \t]+"?([\w-]+)"?[ \t]*\{|(module)\b[^\n={]*\{|[a-z]+\b[^\n={]*\{)', re.M
)
# Whatever is not closed runs to the end of its line, so that no text is looked at twice.
_NOISE = re.compile(r'"(?:[^"\\\n]|\\.)*+(?:"|(?=\n)|\Z)|#[^\n]*|//[^\n]*|/\*|<<[-~]?[ \t]*"?(\w+)"?[^\n]*\n')
_ARGUMENT = re.compile(r'^([ \t]*)(\w+)[ \t]*=[ \t]*"((?:[^"\\\n$]|\\.|\$(?!\{))*)"[ \t]*,?[ \t]*$', re.M)
_ANY_ARGUMENT = re.compile(r"^([ \t]*)(\w+)[ \t]*(?:=|\{)", re.M)
_MODEL_BLOCK = re.compile(r"^[ \t]*model[ \t]*\{([^{}]*)\}", re.M)
_TAGS = re.compile(r"^[ \t]*(?:tags|labels|user_labels)[ \t]*=[^\n{]*\{([^{}]{0,10000})\}", re.M)
_TAG = re.compile(r'["\s(]?([\w:./ -]{1,128}?)"?\)?[ \t]*[=:][ \t]*"([^"\n$]*)"')


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each resource of a catalogued type and each local module call in a ``.tf`` file."""
    if b"resource" not in source.data and b"module" not in source.data:
        return
    text = _without_noise(source.text())
    blocks = list(_BLOCK.finditer(text))
    line, last = 1, 0
    for block, after in zip_longest(blocks, blocks[1:]):
        body = text[block.end() : after.start() if after else len(text)]
        if block.group(3):
            yield from _module_call(_arguments(body).get("source"))
        if block.group(1) is None:
            continue
        line += text.count("\n", last, block.start())
        last = block.start()
        arguments = _arguments(body)
        outer = _outer(body) | {*source.catalogue.model_arguments}
        own = {key: value for key, value in arguments.items() if key in outer}
        yield from _resource(source, block.group(1), block.group(2), own, _tags(body), line)


def parse_json(source: Source) -> Iterator[Fact]:
    """Yield a fact for each resource of a catalogued type and each module call of a ``.tf.json`` file."""
    content = load_json_object(source)
    lines = Lines(source.data)
    for _, body in entries(_merged(content.get("module"))):
        first = body[0] if isinstance(body, list) and body else body
        yield from _module_call(first.get("source") if isinstance(first, dict) else None)
    for type_name, named in entries(_merged(content.get("resource"))):
        for name, body in entries(_merged(named)):
            first = body[0] if isinstance(body, list) and body else body
            table = first if isinstance(first, dict) else {}
            arguments = {
                key: value for key, value in table.items() if isinstance(value, str) and "${" not in value
            }
            tags = {key: value for key, value in entries(table.get("tags")) if isinstance(value, str)}
            yield from _resource(source, type_name, name, arguments, tags, lines.of(type_name, name))


def _module_call(source: object) -> Iterator[Fact]:
    if isinstance(source, str) and source.startswith(("./", "../")):
        yield Fact(
            kind=MODULE_CALL,
            provider="terraform",
            identifier=source.rstrip("/"),
            name="",
            grade=Grade.DECLARED,
            standing=False,
        )


def _merged(value: Any) -> dict[str, Any]:
    """Return the JSON form's object, which may also be written as a list of objects."""
    if isinstance(value, list):
        return {key: item for table in value for key, item in entries(table)}
    return value if isinstance(value, dict) else {}


def _resource(
    source: Source, type_name: str, name: str, arguments: Mapping[str, str], tags: dict[str, str], line: int
) -> Iterator[Fact]:
    catalogue = source.catalogue
    row = catalogue.resource_types.get(type_name)
    if row is None and type_name in ("azapi_resource", "azapi_update_resource"):
        row = catalogue.arm_types.get(arguments.get("type", "").partition("@")[0].lower())
    if row is None or not _is_needed(row, arguments):
        return
    model = next((arguments[key] for key in catalogue.model_arguments if arguments.get(key)), None)
    kept: dict[str, Json] = {
        key: short(arguments[key]) for key in catalogue.kept_arguments if arguments.get(key)
    }
    yield Fact(
        kind=row.kind,
        provider=row.provider,
        identifier=f"{type_name}.{name}",
        is_local=True,
        name=f"{type_name}.{name}",
        grade=Grade.DECLARED,
        line=line,
        model=short(model) if model else None,
        attributes={"resource_type": row.type, **kept},
        tags={short(key): short(value) for key, value in tags.items()},
    )


def _is_needed(row: ResourceType, arguments: Mapping[str, str]) -> bool:
    return row.needs is None or arguments.get(row.needs.argument, "").upper() in row.needs.values


def _arguments(body: str) -> dict[str, str]:
    """Return literal arguments by name, the outermost of a name first; a nested model's as ``model.name``."""
    found = sorted(_ARGUMENT.finditer(body), key=lambda match: (len(match.group(1)), match.start()))
    arguments: dict[str, str] = {}
    for match in found:
        arguments.setdefault(match.group(2), match.group(3))
    nested = _MODEL_BLOCK.search(body)
    for match in _ARGUMENT.finditer(nested.group(1)) if nested else ():
        arguments.setdefault(f"model.{match.group(2)}", match.group(3))
    return arguments


def _outer(body: str) -> set[str]:
    """Return the names of the arguments that belong to the resource itself, told by their indentation."""
    lines = _ANY_ARGUMENT.findall(body)
    least = min((len(indent) for indent, _ in lines), default=0)
    return {name for indent, name in lines if len(indent) == least}


def _tags(body: str) -> dict[str, str]:
    block = _TAGS.search(body)
    return dict(_TAG.findall(block.group(1))) if block else {}


def _without_noise(text: str) -> str:
    """Blank comments and heredocs, keeping every line where it is; raises for one that never ends."""
    pieces: list[str] = []
    place = 0
    while found := _NOISE.search(text, place):
        token = found.group()
        pieces.append(text[place : found.start()])
        if token.startswith('"'):
            pieces.append(token)
            place = found.end()
            continue
        if token == "/*":
            end = text.find("*/", found.end())
            stop = end + 2
        elif token.startswith("<<"):
            closing = re.compile(rf"^[ \t]*{re.escape(found.group(1))}\b", re.M).search(text, found.end())
            end = stop = closing.end() if closing else -1
        else:
            end = stop = found.end()
        if end < 0:
            raise UnreadableError(
                f"a comment or heredoc that never ends, line {text.count(chr(10), 0, found.start()) + 1}"
            )
        pieces.append('""' if token.startswith("<<") else "")
        pieces.append("\n" * text.count("\n", found.start(), stop))
        place = stop
    return "".join([*pieces, text[place:]])
