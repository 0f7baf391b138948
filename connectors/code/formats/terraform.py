"""Read the resources that Terraform and OpenTofu files declare (HCL and its JSON form).

HCL is cut at the headers of its blocks: a full parser reads 0.09 MB a second, and types, names and literal
arguments need none. A data source reads what is declared elsewhere, and says so. A call of a module beside it
(``./``, ``../``) says only which unit that module belongs to; modules from elsewhere are not fetched, but
some are known to be about AI.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from connectors.catalogue.infra_rows import ResourceType
from connectors.code.facts import MODULE_CALL, Fact, Source, UnreadableError
from connectors.code.formats.common import Lines, entries, load_json_object, short
from connectors.model import Grade, Json

_BLOCK = re.compile(
    r'^(?:(?P<what>resource|data)[ \t]+"?(?P<type>[\w-]+)"?[ \t]+"?(?P<name>[\w-]+)"?[ \t]*\{'
    r'|module[ \t]+"?(?P<module>[\w-]+)"?[ \t]*\{|[a-z]+\b[^\n={]*\{)',
    re.M,
)
# Whatever is not closed runs to the end of its line, so that no text is looked at twice.
_NOISE = re.compile(
    r'"(?>(?:[^"\\\n$]|\\.|\$\{(?>(?:[^{}"\n]|"(?:[^"\\\n]|\\.)*+")*)\}|\$)*)(?:"|(?=\n)|\Z)'
    r'|#[^\n]*|//[^\n]*|/\*|<<[-~]?[ \t]*"?(\w+)"?[^\n]*(?:\n|\Z)'
)
_ARGUMENT = re.compile(r'^([ \t]*)(\w+)[ \t]*=[ \t]*"((?:[^"\\\n$]|\\.|\$(?!\{))*)"[ \t]*,?[ \t]*$', re.M)
_ANY_ARGUMENT = re.compile(r"^([ \t]*)(\w+)[ \t]*(?:=|\{)", re.M)
_MODEL_BLOCK = re.compile(r"^[ \t]*model[ \t]*\{([^{}]*)\}", re.M)
_TAGS = re.compile(r"^[ \t]*(?:tags|labels|user_labels)[ \t]*=[^\n{]*\{([^{}]{0,10000})\}", re.M)
# A key begins and ends with a letter or sign: spaces around it are tried once, however many there are.
_TAG = re.compile(r'([\w:./-](?:[\w:./ -]{0,126}?[\w:./-])??)"?\)?[ \t]{0,60}[=:][ \t]{0,60}"([^"\n$]*)"')


_REFERENCE = re.compile(r"(?<![\w.-])(data\.)?([a-z][a-z0-9-]*_\w+)\.[A-Za-z_][\w-]*")
_MAX_REFERENCES = 5
"""Places of one resource that are listed of one file."""
_AZAPI = ("azapi_resource", "azapi_update_resource", "azapi_data_plane_resource", "azapi_resource_action")


@dataclass(frozen=True, slots=True)
class Named:
    """A resource's type and name; ``front`` is ``data.`` for a data source."""

    type: str
    name: str
    front: str = ""

    @property
    def address(self) -> str:
        """Return what its folder calls it."""
        return f"{self.front}{self.type}.{self.name}"


def parse(source: Source) -> Iterator[Fact]:
    """Yield the resources, data sources and module calls of a ``.tf`` file, and its references to them."""
    text = _without_noise(source.text())
    blocks = list(_BLOCK.finditer(text))
    declared: set[tuple[str, int]] = set()
    line, last = 1, 0
    for block, after in zip_longest(blocks, blocks[1:]):
        body = text[block.end() : after.start() if after else len(text)]
        line += text.count("\n", last, block.start())
        last = block.start()
        if block.group("module"):
            yield from _module_call(source, block.group("module"), _arguments(body).get("source"), line)
        if block.group("what") is None:
            continue
        arguments = _arguments(body)
        outer = _outer(body) | {*source.catalogue.model_arguments}
        own = {key: value for key, value in arguments.items() if key in outer}
        front = "data." if block.group("what") == "data" else ""
        named = Named(block.group("type"), block.group("name"), front)
        declared.add((named.address, line))
        yield from resource(source, named, own, _tags(body), line)
    yield from _references(source, text, declared)


def _references(source: Source, text: str, declared: set[tuple[str, int]]) -> Iterator[Fact]:
    """Yield where the file uses what its folder declares; that adds places to a resource and shows none."""
    types = source.catalogue.resource_types
    line, last = 1, 0
    counts: dict[str, int] = {}
    for found in _REFERENCE.finditer(text):
        row = types.get(found.group(2))
        if row is None:
            continue
        address = found.group()
        line += text.count("\n", last, found.start())
        last = found.start()
        counts[address] = counts.get(address, 0) + 1
        if (address, line) in declared or counts[address] > _MAX_REFERENCES:
            continue
        declared.add((address, line))
        yield Fact(
            kind=row.kind,
            provider=row.provider,
            identifier=address,
            is_local=True,
            name=address,
            grade=Grade.DECLARED,
            line=line,
            standing=False,
            attributes={"resource_type": row.type},
        )


def parse_json(source: Source) -> Iterator[Fact]:
    """Yield a fact for each resource of a catalogued type and each module call of a ``.tf.json`` file."""
    content = load_json_object(source)
    lines = Lines(source.data)
    for name, body in entries(_merged(content.get("module"))):
        first = body[0] if isinstance(body, list) and body else body
        address = first.get("source") if isinstance(first, dict) else None
        yield from _module_call(source, name, address, lines.of("module", name))
    for what, front in (("resource", ""), ("data", "data.")):
        for type_name, named in entries(_merged(content.get(what))):
            for name, body in entries(_merged(named)):
                first = body[0] if isinstance(body, list) and body else body
                table = first if isinstance(first, dict) else {}
                tags = {key: value for key, value in entries(table.get("tags")) if isinstance(value, str)}
                line = lines.of(type_name, name)
                yield from resource(source, Named(type_name, name, front), literals(table), tags, line)


def literals(table: Mapping[str, Any]) -> dict[str, str]:
    """Return the literal texts of a resource's arguments by name; a nested model's as ``model.name``."""
    found = {key: value for key, value in entries(table) if isinstance(value, str) and "${" not in value}
    nested = table.get("model")
    first = nested[0] if isinstance(nested, list) and nested else nested
    for key, value in entries(first):
        if isinstance(value, str) and "${" not in value:
            found[f"model.{key}"] = value
    return found


def _module_call(source: Source, name: str, address: object, line: int) -> Iterator[Fact]:
    if not isinstance(address, str):
        return
    if address.startswith(("./", "../")):
        yield Fact(
            kind=MODULE_CALL,
            provider="terraform",
            identifier=address.rstrip("/"),
            name="",
            grade=Grade.DECLARED,
            standing=False,
        )
        return
    row = _known_module(source, address)
    if row is not None:
        yield Fact(
            kind=row.kind,
            provider=row.provider,
            identifier=f"module.{name}",
            is_local=True,
            name=f"module.{name}",
            grade=Grade.DECLARED,
            line=line,
            attributes={"resource_type": row.type},
        )


def _known_module(source: Source, address: str) -> ResourceType | None:
    """Return the row of a registry module, named by its path, or by the git address behind it.

    A module within it (``//modules/...``) may have a row of its own.
    """
    plain = re.sub(r"^(?:registry\.terraform\.io|app\.terraform\.io)/", "", address)
    path, _, inner = re.sub(r"^[\w:+]{1,12}://", "", plain).partition("//")
    git = re.search(r"github\.com[/:]([\w-]+)/terraform-(\w+?)-([\w-]+?)(?:\.git)?(?:[?/]|$)", address)
    if git:
        path = f"{git.group(1)}/{git.group(3)}/{git.group(2)}"
    rows = {row.type.lower(): row for row in source.catalogue.module}
    within = f"{path}//{inner.partition('?')[0]}".lower()
    return rows.get(within) or rows.get(path.lower())


def _merged(value: Any) -> dict[str, Any]:
    """Return the JSON form's object, which may also be written as a list of objects."""
    if isinstance(value, list):
        return {key: item for table in value for key, item in entries(table)}
    return value if isinstance(value, dict) else {}


def resource(
    source: Source,
    named: Named,
    arguments: Mapping[str, str],
    tags: dict[str, str],
    line: int,
    grade: Grade = Grade.DECLARED,
) -> Iterator[Fact]:
    """Yield the fact of a resource or data source when its type is catalogued."""
    catalogue = source.catalogue
    row = catalogue.resource_types.get(named.type)
    if row is None and named.type in _AZAPI:
        row = catalogue.arm_types.get(arguments.get("type", "").partition("@")[0].lower())
    if row is None or not _is_needed(row, arguments):
        return
    model = next((arguments[key] for key in catalogue.model_arguments if arguments.get(key)), None)
    kept: dict[str, Json] = {
        key: short(arguments[key]) for key in catalogue.kept_arguments if arguments.get(key)
    }
    if named.front == "data.":
        kept["access"] = "read"
    yield Fact(
        kind=row.kind,
        provider=row.provider,
        identifier=named.address,
        is_local=True,
        name=named.address,
        grade=grade,
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
