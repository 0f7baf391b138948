"""Read infrastructure written in a programming language: CDK constructs, Pulumi and Terraform resources.

A construction counts when the name it uses leads, through the file's imports, to a catalogued class: imports
bind names to module paths, a call's dotted name is expanded by them and looked up. Pulumi's own YAML names
types outright.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from connectors.catalogue.infra_rows import ResourceType, plain_path
from connectors.code.facts import Fact, Source, tell_cut, within
from connectors.code.formats.common import short
from connectors.code.formats.lines import LineCounter
from connectors.model import Grade

_MAX_CALLS = 20_000
_ARGUMENTS = 1_500
"""Characters after a call that are looked at for an argument."""
_SCRIPT = re.compile(r"\bfrom\s{0,20}['\"]([^'\"\n]{1,200})['\"]")
_SCRIPT_NAMES = re.compile(r"import\s+(?:type\s+)?([\w$*{},\s]*)")
_REQUIRE = re.compile(
    r"\b(?:const|let|var)\s+([\w$]+|\{[^{}]{1,2000}\})\s*=\s*"
    r"require\(\s*['\"]([^'\"\n]{1,200})['\"]"
)
_MAX_IMPORTS = 5_000
_PYTHON = re.compile(
    r"(?m)^[ \t]*(?:from[ \t]+(?P<module>[\w.]+)[ \t]+import[ \t]+"
    r"(?:\((?P<many>[^()]{1,4000})\)|(?P<names>[^\n(]{1,500}))"
    r"|import[ \t]+(?P<plain>[\w.]+)(?:[ \t]+as[ \t]+(?P<alias>\w+))?)"
)
_JAVA = re.compile(r"(?m)^[ \t]*import[ \t]+(?:static[ \t]+)?(?P<path>[\w.]+)\.(?P<name>\w+|\*);?[ \t]*$")
_DOTNET = re.compile(
    r"(?m)^[ \t]*(?:global[ \t]+)?using[ \t]+(?:(?P<alias>\w+)[ \t]*=[ \t]*)?(?P<path>[\w.]+);"
)
_GO = re.compile(
    r"(?m)^[ \t]*(?:import[ \t]+)?(?:(?P<alias>\w+)[ \t]+)?"
    r"\"(?P<path>github\.com/(?:aws/aws-cdk-go|pulumi|cdklabs|pinecone-io|datarobot-community)/[\w./-]+)\""
)
_CALL = re.compile(r"\b([A-Z]\w*)(?:\.Builder(?:\.create)?)?\(")
_QUALIFIER = re.compile(r"(?:\b[A-Za-z_]\w*\.){1,4}$")
_FIRST_TEXT = re.compile(r"[^\"'`;{=:]{0,80}?[\"'`]([\w ./-]{1,80})[\"'`]")
_YAML_TYPE = re.compile(r"(?m)^[ \t]+type:[ \t]*[\"']?([a-z-]+:(?:[\w/-]+:)?\w+)[\"']?[ \t\r]*$")
_YAML_NAME = re.compile(r"^\s+([\w-]+):\s*$")


@dataclass(slots=True)
class _Imports:
    """What a file's names stand for: module paths by local name, and modules whose names stand alone."""

    bound: dict[str, str] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)
    count: int = 0

    def expand(self, name: str) -> Iterator[str]:
        """Yield the full paths that a dotted name may stand for."""
        first, dot, rest = name.partition(".")
        if first in self.bound:
            yield f"{self.bound[first]}{dot}{rest}"
        yield from (f"{module}.{name}" for module in self.opened)


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each construction of a catalogued class."""
    text = source.lenient_text()
    if source.name.endswith((".yaml", ".yml")):
        yield from _yaml(source, text)
        return
    if source.syntax != "source":
        return
    imports = _imports(text, source.name)
    if not imports.bound and not imports.opened:
        return
    types, classes = source.catalogue.construct_types, source.catalogue.construct_classes
    counter = LineCounter(text)
    for call in within(_CALL.finditer(text), _MAX_CALLS, "calls"):
        last = call.group(1).lower()
        if last not in classes and last.removeprefix("new") not in classes:
            continue
        qualifier = _QUALIFIER.search(text[max(0, call.start() - 150) : call.start()])
        name = (qualifier.group() if qualifier else "") + call.group(1)
        row = next((types[path] for path in _paths(imports, name) if path in types), None)
        if row is not None and _is_needed(row, text[call.end() : call.end() + _ARGUMENTS]):
            own = _FIRST_TEXT.match(text, call.end())
            yield _fact(row, own.group(1) if own else "", counter.at(call.start()))
    tell_cut(imports.count, _MAX_IMPORTS, "imports")


def _paths(imports: _Imports, name: str) -> Iterator[str]:
    """Yield a construction's possible full names in the catalogue's spelling; Go puts ``New`` in front."""
    module, dot, last = name.rpartition(".")
    for one in dict.fromkeys((last, last.removeprefix("New"))):
        yield from (plain_path(path) for path in imports.expand(f"{module}{dot}{one}"))


def _is_needed(row: ResourceType, arguments: str) -> bool:
    """Say whether a construction has the literal argument that its type must have."""
    if row.needs is None:
        return True
    name = re.escape(row.needs.argument).replace("_", "_?")  # as Terraform writes it, or in one word
    wanted = rf"(?i)\b{name}\s*(?:[:=]|\()\s*(?:jsii\.String\()?[\"']([\w.-]+)[\"']"
    found = re.search(wanted, arguments)
    return found is not None and found.group(1).upper() in row.needs.values


def _fact(row: ResourceType, name: str, line: int) -> Fact:
    return Fact(
        kind=row.kind,
        provider=row.provider,
        identifier=f"{row.type}:{name}",
        is_local=True,
        name=f"{row.type}/{short(name)}" if name else row.type,
        grade=Grade.DECLARED,
        line=line,
        attributes={"resource_type": row.type},
    )


def _yaml(source: Source, text: str) -> Iterator[Fact]:
    """Yield the resources of a Pulumi program in YAML; a type may spell its module twice (``a:b/c:C``)."""
    if "resources:" not in text:
        return
    rows = {row.type: row for row in source.catalogue.pulumi}
    lines = text.split("\n")
    counter = LineCounter(text)
    for found in _YAML_TYPE.finditer(text):
        package, _, rest = found.group(1).partition(":")
        module, _, name = rest.rpartition(":")
        module = module.partition("/")[0] or "index"  # ``a:C`` stands for ``a:index:C``
        row = rows.get(f"{package}:{module}:{name}")
        if package == "aws-native":
            row = source.catalogue.construct_types.get(f"pulumi.awsnative.{module.lower()}.{name.lower()}")
        if row is not None:
            line = counter.at(found.start(1))
            above = _YAML_NAME.match(lines[line - 2]) if line > 1 else None
            yield _fact(row, above.group(1) if above else "", line)


def _imports(text: str, name: str) -> _Imports:
    ending = name.rpartition(".")[2]
    found = _Imports()
    if ending == "py":
        _python(text, found)
    elif ending in ("java", "kt", "scala", "groovy"):
        for match in _JAVA.finditer(text):
            path, last = match.group("path"), match.group("name")
            if last == "*":
                found.opened.append(path)
            else:
                found.bound[last] = f"{path}.{last}"
    elif ending in ("cs", "fs", "vb"):
        for match in _DOTNET.finditer(text):
            if match.group("alias"):
                found.bound[match.group("alias")] = match.group("path")
            else:
                found.opened.append(match.group("path"))
    elif ending == "go":
        for match in _GO.finditer(text):
            path = match.group("path")
            last = next(part for part in reversed(path.split("/")) if not re.fullmatch(r"v\d+", part))
            found.bound[match.group("alias") or last] = path
    else:
        _script(text, found)
    return found


def _python(text: str, found: _Imports) -> None:
    for match in _PYTHON.finditer(text):
        module = match.group("module")
        if module is None:
            plain, alias = match.group("plain"), match.group("alias")
            found.bound[alias or plain.partition(".")[0]] = plain if alias else plain.partition(".")[0]
            continue
        for item in re.sub(r"#[^\n]*", "", match.group("many") or match.group("names")).split(","):
            words = item.split()
            if words and words[0] != "*":
                found.bound[words[-1]] = f"{module}.{words[0]}"


def _script(text: str, found: _Imports) -> None:
    for match in islice(_SCRIPT.finditer(text), _MAX_IMPORTS + 1):
        found.count += 1
        # From its end backwards: an import has no mark by which to tell how far it reaches.
        start = text.rfind("import", max(0, match.start() - 3_000), match.start())
        names = _SCRIPT_NAMES.fullmatch(text, start, match.start()) if start >= 0 else None
        if names is not None:
            _script_names(names.group(1), match.group(1), found)
    for match in islice(_REQUIRE.finditer(text), _MAX_IMPORTS):
        _script_names(match.group(1), match.group(2), found)


def _script_names(names: str, module: str, found: _Imports) -> None:
    star = re.search(r"\*\s+as\s+([\w$]+)", names)
    if star:
        found.bound[star.group(1)] = module
    braces = re.search(r"\{([^{}]*)\}", names)
    for item in braces.group(1).split(",") if braces else ():
        words = [word for word in re.split(r"\s+as\s+|\s*:\s*|\s+", item.strip()) if word not in ("", "type")]
        if words:
            found.bound[words[-1]] = f"{module}.{words[0]}"
    plain = re.match(r"\s*([\w$]+)\s*(?:,|$)", names)
    if plain:
        found.bound[plain.group(1)] = module
