"""Read Gradle build scripts in Groovy and Kotlin.

A script is a program and is not run: its comments are taken out, and coordinates, catalogue accessors and
plain assignments are read where they stand. The word before a dependency (its configuration) gives the
scope, the blocks around it say whether it is a dependency at all.

**Source:** "Declaring dependencies" of the Gradle user manual, from general knowledge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.code.facts import Fact, Source
from connectors.code.formats.build_files import jvm_fact, properties_note, resolve, server_fact
from connectors.code.formats.common import short
from connectors.model import Grade

ACCESSOR = "gradle_accessor"
"""The kind of a note: the file uses ``identifier`` (``libs.a.b``), an alias of a version catalogue."""
_MAX_LINE = 2_000
_MAX_BLOCKS = 50
# Whatever is not closed runs to an end, so that no text is looked at twice.
_NOISE = re.compile(
    r'"""(?>(?:[^"\\]|\\.|"(?!""))*)(?:"""|\Z)|"(?:[^"\\\n]|\\.)*+(?:"|(?=\n)|\Z)'
    r"|'(?:[^'\\\n]|\\.)*+(?:'|(?=\n)|\Z)|//[^\n]*|/\*.*?(?:\*/|\Z)",
    re.S,
)
_COORDINATES = re.compile(
    r"""["']([A-Za-z][\w.-]*):([A-Za-z][\w.-]*)(?::([^"':@\s]*))?(?::[\w-]+)?(?:@\w+)?["']"""
)
_MAP = re.compile(
    r"""\bgroup\s*[:=]\s*["']([\w.-]+)["']\s*,\s*name\s*[:=]\s*["']([\w.-]+)["']"""
    r"""(?:\s*,\s*version\s*[:=]\s*["']?([^"',)\s]+))?"""
)
_ACCESSOR = re.compile(r"^\s*([A-Za-z]\w*)[\s(]+(?:(?:enforcedP|p)latform\s*\(\s*)?([A-Za-z]\w*\.[\w.]+)")
_FIND_LIBRARY = re.compile(r"""\bfind(?:Library|Bundle)\(\s*["']([\w.-]+)["']""")
_TEXT = re.compile(r'"[^"]*"|\'[^\']*\'')
_BLOCK = re.compile(r"\b([A-Za-z]\w*)\s*(?:\([^(){}]*\))?\s*$")
_BEFORE = 80
"""Characters before a place that are looked at for a word; searching a whole line each time would be slow."""
_WORD = re.compile(r"""([A-Za-z]\w*)["']?[\s(]*$""")
_ASSIGNMENT = re.compile(
    r"""^\s*(?:(?:val|var|def|const|private|String|ext\.|extra)\b[\s.]*)*(?:set\(\s*)?["'\[]*([A-Za-z][\w.]*)["'\]]*\s*"""
    r"""(?::\s*String\s*)?(?:=|,|\bby\s+extra\()\s*["']([^"'\n]{1,60})["']"""
)
_WRAPPERS = frozenset({"platform", "enforcedPlatform", "testFixtures", "create"})
_NO_DEPENDENCY = frozenset(
    {"constraints", "dependencyManagement", "imports", "resolutionStrategy", "exclude", "plugins"}
)
_BOM_WORDS = frozenset({"platform", "enforcedPlatform", "mavenBom", "force", "dependency"})


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a build script, notes of its accessors, and of its properties."""
    properties: dict[str, str] = {}
    boms: dict[str, str] = {}
    text = _without_comments(source.text())
    for line in text.split("\n"):
        found = _ASSIGNMENT.match(line[:_MAX_LINE])
        if found:
            properties.setdefault(found.group(1).removeprefix("ext."), found.group(2))
    for statement in _statements(text):
        # What both look for holds one of these; most lines of a script hold none.
        if ":" in statement.text or "=" in statement.text:
            yield from _coordinate_facts(source, statement, properties, boms)
        if "." in statement.text or "find" in statement.text:
            yield from _accessor_notes(statement)
    yield from properties_note("gradle", properties, boms=boms)


@dataclass(frozen=True, slots=True)
class _Statement:
    """A line of a script without comments, and the names of the blocks around it."""

    text: str
    line: int
    blocks: tuple[str, ...]

    def scope(self, word: str) -> str:
        """Return the scope of what the configuration ``word`` of this line declares."""
        lowered = word.lower()
        if "buildscript" in self.blocks or lowered in ("classpath", "kapt", "ksp", "annotationprocessor"):
            return "dev"
        if "test" in lowered or any(block.lower().endswith("test") for block in self.blocks):
            return "test"
        return "dev" if lowered == "developmentonly" else "runtime"


def _statements(text: str) -> Iterator[_Statement]:
    blocks: list[str] = []
    around: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        line = line[:_MAX_LINE]
        if "{" not in line and "}" not in line:
            yield _Statement(line, number, around)
            continue
        bare = _TEXT.sub('""', line)
        opened = {found.start(): _block_name(bare, found.start()) for found in re.finditer(r"\{", bare)}
        yield _Statement(line, number, (*blocks, *opened.values()))
        for brace in re.finditer(r"[{}]", bare):
            if brace.group() == "}":
                del blocks[-1:]
            elif len(blocks) < _MAX_BLOCKS:
                blocks.append(opened[brace.start()])
        around = tuple(blocks)


def _block_name(line: str, place: int) -> str:
    """Return the word that names the block which a brace opens: ``dependencies {``, ``named("x") {``."""
    found = _BLOCK.search(line[max(0, place - _BEFORE) : place])
    return found.group(1) if found else ""


def _without_comments(text: str) -> str:
    """Take comments out; the lines stay where they are."""

    def kept(found: re.Match[str]) -> str:
        token = found.group()
        return token if token[0] in "\"'" else "\n" * token.count("\n")

    return _NOISE.sub(kept, text)


def _coordinate_facts(
    source: Source, statement: _Statement, properties: dict[str, str], boms: dict[str, str]
) -> Iterator[Fact]:
    for pattern in (_COORDINATES, _MAP):
        for found in pattern.finditer(statement.text):
            words = _words_before(statement.text, found.start())
            group, artifact = found.group(1), found.group(2)
            version = resolve(found.group(3) or "", properties)
            is_bom = bool(_BOM_WORDS & {*words}) or bool(_NO_DEPENDENCY & {*statement.blocks})
            if is_bom:
                boms.setdefault(f"{group}:{artifact}", version)
            configuration = next((one for one in words if one not in _WRAPPERS), "")
            yield from jvm_fact(
                source,
                group,
                artifact,
                line=statement.line,
                standing=not is_bom,
                declared=short(version),
                scope=None if is_bom else statement.scope(configuration),
                direct=not is_bom,
            )


def _words_before(text: str, place: int) -> list[str]:
    """Return the last words before a place, nearest first: ``platform`` and ``implementation``."""
    words: list[str] = []
    front = text[max(0, place - _BEFORE) : place]
    while len(words) < 3 and (word := _WORD.search(front)):
        words.append(word.group(1))
        front = front[: word.start()]
    return words


def _accessor_notes(statement: _Statement) -> Iterator[Fact]:
    found = _ACCESSOR.match(statement.text)
    named = [(found.group(2), found.group(1))] if found else []
    named += [
        (f"libs.{alias.replace('-', '.').replace('_', '.')}", "")
        for alias in _FIND_LIBRARY.findall(statement.text)
    ]
    for accessor, configuration in named[:20]:
        is_bom = "latform(" in statement.text or bool(_NO_DEPENDENCY & {*statement.blocks})
        yield Fact(
            kind=ACCESSOR,
            provider="gradle",
            identifier=accessor.removesuffix(".get"),
            name=accessor,
            grade=Grade.DECLARED,
            line=statement.line,
            standing=not is_bom,
            attributes={"scope": statement.scope(configuration)},
        )


def parse_servers(source: Source) -> Iterator[Fact]:
    """Yield the MCP server that a build makes when it depends on a starter that makes it one."""
    if b"mcp" not in source.data:
        return
    starters = frozenset(source.catalogue.server_starters)
    for fact in parse(source):
        if fact.name in starters and fact.standing and fact.attributes.get("scope") != "test":
            yield server_fact("", fact.name, fact.line)
            return
