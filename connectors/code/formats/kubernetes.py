"""Read Kubernetes objects of AI operators, and the cloud resources that controllers in a cluster declare.

An object is its ``apiVersion`` and the ``kind`` beside it, in YAML (templates included), JSON, or the same
keys in HCL; lines are read, not trees. Roles, webhooks and definitions name kinds elsewhere and are none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.chart_joins import TEMPLATE
from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats.common import short
from connectors.code.formats.lines import LineCounter, is_comment, line_around
from connectors.model import Grade, Json

_API = re.compile(
    r"^(?P<indent>\s*(?:-\s+)?)(?P<quote>[\"']?)apiVersion(?P=quote)\s*[:=]\s*[\"']?(?P<group>[a-z0-9.-]+)/"
    r"(?P<version>[A-Za-z0-9]+)[\"']?\s*,?\s*(?:#.*)?$"
)
_KEY = re.compile(r"[\"']?([A-Za-z][\w./-]*)[\"']?\s*[:=]\s*(.*?)\s*,?$")
_MODEL = re.compile(
    r"(?m)^[ \t]*(?:-[ \t]+)?[\"']?(?:model|modelId|modelName|model_name|modelURL|storageUri|presetName"
    r"|preset)[\"']?[ \t]*(?P<sets>[:=])"
    r"[ \t]*[\"']?(?P<model>[^\s\"'#,{}\[\]()]{3,150})(?![\w(./:-])"
)
_COLON_ONLY = (".yaml", ".yml", ".json")
"""Where ``model = ...`` is a line of a script in a text, never the object's own."""
_NAME = re.compile(r"[\"']?name[\"']?\s*[:=]\s*[\"']?([A-Za-z0-9][\w.-]*)[\"']?\s*,?\s*(?:#.*)?$")
# The full name that a chart gives its release's objects begins with the chart's own.
_CHART_NAME = re.compile(
    r"[\"']?name[\"']?\s*:\s*[\"']?\{\{-?\s*(?:include|template)\s+\"(?P<chart>[A-Za-z][\w-]*)\.(?:full)?name\""
    r"[^{}]*\}\}(?P<rest>(?:-[\w-]+)?)[\"']?\s*(?:#.*)?$"
)
# What a template puts in a name is told as "*": {{ .Release.Name }}-notebook.
_COMPOSED_NAME = re.compile(
    r"[\"']?name[\"']?\s*:\s*[\"']?(?P<name>(?:[\w.-]|\$?\{\{[^{}\n]{1,120}\}\}|\$\{[^{}\n]{1,120}\}){1,200})"
    r"[\"']?\s*(?:#.*)?$"
)
_INSERTED = re.compile(r"\$?\{\{[^{}]*\}\}|\$\{[^{}]*\}")
_TOLD_PART = re.compile(r"[A-Za-z]{3}")
_IMAGE = re.compile(
    r"(?m)^[ \t]*(?:-[ \t]+)?[\"']?image[\"']?[ \t]*[:=][ \t]*[\"']?([a-z0-9][\w./:@-]{2,250})[\"']?"
    r",?[ \t\r]*(?:#|$)"
)
_INLINE_NAME = re.compile(r"^\{[^{}]*?\bname[\"']?\s*:\s*[\"']?([A-Za-z0-9][\w.-]*)")
_MAX_OBJECTS = 5_000
_SPAN = 200
"""Lines looked at on each side of an object's ``apiVersion``."""


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each object of a catalogued kind."""
    rows = {row.type: row for row in source.catalogue.kubernetes}
    lines: list[str] | None = None
    seen: set[int] = set()
    counter = LineCounter(source.data)
    for hit in source.hits[:_MAX_OBJECTS]:
        found = _api(source, hit)
        if found is None:
            continue
        lines = lines if lines is not None else source.lenient_text().split("\n")
        number = counter.at(hit.start) - 1
        kind_name, name, template, body = _object(lines, number, found)
        row = rows.get(f"{_plain_group(found.group('group'))}/{kind_name}")
        if row is None or number in seen or (not name and _LEFT_OPEN.search(body)):
            continue
        seen.add(number)
        api = f"{found.group('group')}/{found.group('version')}"
        attributes: dict[str, Json] = {"resource_type": kind_name, "api_version": api}
        if re.search(r"nvidia\.com/gpu|amd\.com/gpu", body):
            attributes["gpu"] = True
        model, image = _model_of(source.name, body), _IMAGE.search(body)
        if template:
            attributes[TEMPLATE] = template
        if image:
            attributes["image"] = short(image.group(1))
        yield Fact(
            kind=row.kind,
            provider=row.provider,
            identifier=f"{row.type}/{name}",
            is_local=True,
            name=f"{kind_name}/{name}" if name else kind_name,
            grade=Grade.DECLARED,
            line=number + 1,
            model=short(model) if model and "://" not in model else None,
            attributes=attributes,
        )


# A sample whose name somebody has yet to fill in: name: <your-name>
_LEFT_OPEN = re.compile(r"(?m)^\s*[\"']?name[\"']?\s*:\s*[\"']?<[A-Za-z][\w .-]*>[\"']?\s*$")


def _model_of(name: str, body: str) -> str:
    """Return what an object sets as its model; empty where it sets none."""
    sets = ":" if name.endswith(_COLON_ONLY) else ":="
    return next((found["model"] for found in _MODEL.finditer(body) if found["sets"] in sets), "")


def _api(source: Source, hit: Hit) -> re.Match[str] | None:
    text, _ = line_around(source.data, hit.start)
    return None if is_comment(text) else _API.match(text)


def _plain_group(group: str) -> str:
    """Return a Crossplane group for namespaced resources as the one for the whole cluster."""
    return group.replace(".m.upbound.io", ".upbound.io").replace(".m.crossplane.io", ".crossplane.io")


def _object(lines: list[str], number: int, api: re.Match[str]) -> tuple[str, str, str, str]:
    """Return the kind, the name or its template, and the text of the object with ``apiVersion`` on a line."""
    width = len(api.group("indent"))
    start = number
    # Another apiVersion at the same place belongs to another object, however the file is cut.
    while start > max(0, number - _SPAN) and _belongs(lines[start - 1], width):
        if _API.match(lines[start - 1]):
            break
        start -= 1
        if _starts_item(lines[start], width):
            break
    end = number + 1
    while end < min(len(lines), number + _SPAN) and _belongs(lines[end], width):
        if _starts_item(lines[end], width) or (_API.match(lines[end]) and end > number):
            break
        end += 1
    body = lines[start:end]
    kind = name = template = ""
    is_object = False
    for index, line in enumerate(body):
        key, value = _key(line, width)
        if key == "kind" and not kind:
            kind = value
        elif key == "metadata" and not is_object:
            is_object = True
            inline = _INLINE_NAME.search(value)
            name, template = (inline.group(1), "") if inline else _name(body[index + 1 :], width)
    # A reference to an object (`scaleTargetRef`) has a name, but no metadata.
    return kind if is_object else "", name, template, "\n".join(body)


def _belongs(line: str, width: int) -> bool:
    bare = line.strip()
    if bare.startswith(("---", "...")):
        return False
    if not bare or bare.startswith(("#", "{{", "//")):
        return True
    indent = len(line) - len(line.lstrip(" \t"))
    return indent >= width or (line.lstrip().startswith("- ") and indent + 2 == width)


def _starts_item(line: str, width: int) -> bool:
    """Say whether a line is the first of a list's item whose keys are indented by ``width``."""
    return width >= 2 and line[: width - 2].strip() == "" and line[width - 2 : width] == "- "


def _key(line: str, width: int) -> tuple[str, str]:
    """Return the key and plain value of a line at exactly this indentation."""
    if len(line) <= width or line[:width].strip(" \t-") or line[width] in " \t":
        return "", ""
    found = _KEY.match(line[width:])
    if found is None:
        return "", ""
    return found.group(1), found.group(2).partition(" #")[0].strip().strip("\"'")


def _name(lines: list[str], width: int) -> tuple[str, str]:
    """Return the name below ``metadata``; of what a chart's template makes, the chart's part.

    Where that leaves nothing, the template comes second: the chart's values may tell it.
    """
    inner = 0
    for line in lines[:40]:
        bare = line.lstrip(" \t")
        if not bare or bare.startswith(("#", "{{")):
            continue
        indent = len(line) - len(bare)
        if indent <= width:
            break
        inner = inner or indent
        found = _NAME.match(bare) if indent == inner else None
        if found:
            return short(found.group(1)), ""
        if indent == inner and (made := _CHART_NAME.match(bare)):
            return short(made["chart"] + made["rest"]), ""
        if indent == inner and (made := _COMPOSED_NAME.match(bare)):
            name = _INSERTED.sub("*", made["name"])
            is_told = _TOLD_PART.search(name) is not None
            return short(name) if is_told else "", "" if is_told or ".Values." not in made["name"] else made[
                "name"
            ]
    return "", ""
