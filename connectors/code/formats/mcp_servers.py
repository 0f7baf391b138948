"""Find MCP servers built in code: a server SDK imported and a server constructed in the same file.

A server is called by the text that it is given, or by the constant that holds the text. The name of a
variable or of a type of Rust is no name: it only tells two servers of one file apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Source
from connectors.code.formats.constructs import Built, placed
from connectors.code.formats.name_constants import HOLDS_NAMED
from connectors.code.own_joins import NAME_CONSTANT
from connectors.model import Grade, Json

_FIRST = re.compile(
    r"\(\s*(?:&?[\w.]*Implementation\s*\{\s*)?\{?\s*(?:[Nn]ame\s*[:=]\s*)?(?P<constant>[A-Za-z_]\w*)\s*[,)}]"
)
# What a server of Rust tells of itself, mostly in another function: Implementation::new("shop", "1.0")
_TOLD = re.compile(
    r"\bImplementation(?:::new\(\s*|\s*\{\s*name:\s*)\"([^\"\n{}]{1,80})\"(?:\s*\.\s*(?:into|to_string|to_owned)\(\))?"
)
# Or what the environment may say instead: name = os.getenv("NAME", "shop")
_OR_READ = r"(?:os\.(?:getenv|environ\.get)\([ \t]*[\"'][^\"'\n]{1,80}[\"'][ \t]*,[ \t]*)?"
_IMPORTED = r"import\b[^;=]{{0,600}}\b{name}\b"
_LINES = 3
"""Lines of a call in which its first argument is looked for."""


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each server the file constructs; without a name its path becomes its name."""
    for thing in placed(source, source.catalogue.mcp_server_code):
        name, imported = (thing.name, "") if thing.is_named else _constant(source, thing)
        told: dict[str, Json] = {NAME_CONSTANT: imported} if imported else {}
        yield Fact(
            kind="mcp_server",
            provider=thing.row.provider,
            identifier=name or thing.identifier(source.name),
            is_local=bool(thing.name) and not name,
            name=name,
            grade=Grade.CALLED,
            line=thing.line,
            attributes={"form": "code", "library": thing.row.name, **thing.row.proof, **told},
        )


def _constant(source: Source, thing: Built) -> tuple[str, str]:
    """Return the text of the constant that a server is given for a name, if the file gives it one text.

    Of a constant that the file imports its own name is returned, as the second.
    """
    text = source.lenient_text()
    if thing.row.language == "rust":
        told = set(_TOLD.findall(text))
        return str(told.pop()) if len(told) == 1 else "", ""
    call = "\n".join(text.split("\n")[thing.line - 1 :][:_LINES])
    start = max(call.find(thing.name), 0)
    found = _FIRST.search(call, max(call.find("serverInfo(", start), start))
    if found is None:
        return "", ""
    constant = str(found["constant"])
    name = rf"\b{constant}\b[ \t:]*(?:&?(?:'static )?\w+[ \t]*)?"
    values = set(re.findall(rf"{name}:?=[ \t]*{_OR_READ}[\"'`]([^\"'`\n]{{1,80}})[\"'`]", text))
    values = values or set(re.findall(rf"{name}=[ \t]*{HOLDS_NAMED}", text))
    is_imported = not values and re.search(_IMPORTED.format(name=constant), text) is not None
    return str(values.pop()) if len(values) == 1 else "", constant if is_imported else ""
