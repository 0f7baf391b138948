"""Read CloudFormation and SAM resources wherever they stand: templates, serverless.yml, code.

A resource is a line ``Type: AWS::Service::Name``; what is indented below the line's own keys is its content.
Lines are read, not trees: tags such as ``!Sub`` and templates of templates then need no care.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.catalogue.infra_rows import ResourceType
from connectors.code.facts import Fact, Source
from connectors.code.formats.common import short
from connectors.code.formats.lines import is_comment, line_around, parents
from connectors.model import Grade, Json

_TYPE = re.compile(
    r"^\s*(?:-\s+)?[\"']?Type[\"']?\s*:\s*[\"']?(?P<type>AWS::\w+::\w+)[\"']?\s*,?\s*(?:[#}].*)?$"
)
_INLINE_TYPE = re.compile(r"\"Type\"\s*:\s*\"(?P<type>AWS::\w+::\w+)\"")
_CODE_TYPE = re.compile(r"(?:\btype\s*[:=]\s*|CfnResource\([^\"']{0,100})[\"'](?P<type>AWS::\w+::\w+)[\"']")
_KEY = re.compile(r"^\s*[\"']?([A-Za-z][\w.${}-]*)[\"']?\s*:\s*(?:\{\s*)?(?:#.*)?$")
_INLINE_KEY = re.compile(r"\"([\w.-]+)\"\s*:\s*\{\s*$")
_MODEL = re.compile(
    r"(?m)^[ \t]*(?:-[ \t]+)?[\"']?(?:FoundationModel|ModelId|ModelIdentifier|EmbeddingModelArn"
    r"|FoundationModelArn|ModelName)[\"']?[ \t]*:"
    r"[ \t]*(?:!Sub[ \t]+)?[\"']?([A-Za-z0-9][^\s\"',]{2,200})"
)
_ARN = re.compile(r"^arn:.*(?:foundation-model|inference-profile|custom-model)/")
_BODY = 12_000


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each resource of a catalogued type."""
    rows = {row.type: row for row in source.catalogue.cloudformation}
    lines, last, seen_until = 1, 0, -1
    for hit in sorted(source.hits, key=lambda hit: hit.start):
        lines += source.data.count(b"\n", last, hit.start)
        last = hit.start
        if hit.start < seen_until:
            continue
        found = _type_at(source, hit.start)
        if found is None:
            continue
        row = rows.get(found.group("type"))
        body = _body(source.data, hit.end)
        if row is None or not _is_needed(row, body):
            continue
        seen_until = hit.end
        yield _fact(row, _logical_id(source, hit.start, found), body, lines)


def _type_at(source: Source, place: int) -> re.Match[str] | None:
    text, column = line_around(source.data, place)
    if is_comment(text):
        return None
    if source.syntax == "source":
        is_cdk = b"CfnResource" in source.data
        return _CODE_TYPE.search(text, max(0, column - 120)) if is_cdk else None
    whole = _TYPE.match(text)
    if whole:
        return whole
    for found in _INLINE_TYPE.finditer(text):
        if found.start("type") <= column < found.end():
            return found
    return None


def _body(data: bytes, place: int) -> str:
    """Return the lines after the type that are indented at least as deep as it."""
    start = data.rfind(b"\n", 0, place) + 1
    first = data[start:place].decode("utf-8", "replace")
    width = len(first) - len(first.lstrip(" \t"))
    kept = []
    for line in data[place : place + _BODY].decode("utf-8", "replace").split("\n")[1:]:
        bare = line.lstrip(" \t")
        if (bare.strip() and len(line) - len(bare) < width) or _TYPE.match(line):
            break
        kept.append(line)
    return "\n".join(kept)


def _is_needed(row: ResourceType, body: str) -> bool:
    if row.needs is None:
        return True
    wanted = rf"(?m)^[ \t]*[\"']?{re.escape(row.needs.argument)}[\"']?[ \t]*:\s*[\"']?(\w+)"
    return any(value.upper() in row.needs.values for value in re.findall(wanted, body))


def _logical_id(source: Source, place: int, found: re.Match[str]) -> str:
    """Return the key that the type's line stands under; empty when it has no line of its own."""
    if found.re is not _TYPE:
        inline = _INLINE_KEY.search(found.string[: found.start()])
        return inline.group(1) if inline else ""
    above = parents(source.data, place, levels=1)
    key = _KEY.match(above[0]) if above else None
    return key.group(1) if key else ""


def _fact(row: ResourceType, logical_id: str, body: str, line: int) -> Fact:
    attributes: dict[str, Json] = {"resource_type": row.type}
    model = _MODEL.search(body)
    identity = _ARN.sub("", model.group(1)) if model else ""
    is_model = bool(identity) and not identity.startswith(("arn:", "$"))
    return Fact(
        kind=row.kind,
        provider=row.provider,
        identifier=f"{row.type}:{logical_id}",
        is_local=True,
        name=f"{row.type}/{logical_id}" if logical_id else row.type,
        grade=Grade.DECLARED,
        line=line,
        model=short(identity) if is_model else None,
        attributes=attributes,
    )
