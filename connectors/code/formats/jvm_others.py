"""Read the dependency declarations of sbt, Mill, Scala CLI, JBang, Clojure (deps.edn, project.clj) and Bazel.

Each of them names a package in one short form of its own; the files are programs and are only read.

**Source:** sbt, "Library dependencies"; tools.deps, "deps.edn"; Leiningen, sample.project.clj; JBang,
"Dependencies"; rules_jvm_external. All from general knowledge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.code.facts import Fact, Source
from connectors.code.formats.build_files import jvm_fact, resolve
from connectors.code.formats.common import short
from connectors.code.formats.lines import LineCounter, text_lines

_SBT = re.compile(
    r'"([A-Za-z][\w.-]*)"\s*%%?%?\s*"([\w.-]+)"\s*%\s*("[^"\n]*"|[\w.]+)(?:\s*%\s*"?([\w,>;-]+))?'
)
_VAL = re.compile(r'\b(?:val|def)\s+(\w+)\s*(?::\s*String\s*)?=\s*"([^"\n]{1,60})"(?!\s*%)')
_MILL = re.compile(r'\b(?:ivy|mvn|dep)"([A-Za-z][\w.-]*)::{0,2}([\w.-]+)::?([^"\s;]*)"')
_DEPS_EDN = re.compile(
    r"(?<![\w.-])([A-Za-z][\w.-]{0,100})(?:/([\w.-]{1,100}))?(?:\$[\w-]{1,60})?[ \t\n]{0,20}"
    r'\{[^{}]{0,300}?:mvn/version\s{0,20}"([^"\n]{1,60})"'
)
_LEIN = re.compile(r'\[\s{0,20}([A-Za-z][\w.-]{0,100})(?:/([\w.-]{1,100}))?\s{1,20}"([^"\n]{1,60})"')
_MAX_DIRECTIVES = 500
_CLOJURE_NOISE = re.compile(r'("(?:[^"\\]|\\.)*+(?:"|\Z))|;[^\n]*', re.S)
_DIRECTIVE = re.compile(
    r"(?://DEPS\s|//>\s*using\s+(test\.)?(?:dep|deps|lib)\s|@file:DependsOn\(|@Grab\()\s*([^\n]{1,500})"
)
_QUOTED = re.compile(r'"([A-Za-z][\w.-]*):([\w.-]+):([^":\s]{1,60})"')
_COORDINATES = re.compile(r"([A-Za-z][\w.-]*)::{0,2}([\w.-]+)::?([^\s:,@\"'()]+)")


def parse_sbt(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of an sbt build or a Mill one."""
    text = source.text()
    properties = dict(_VAL.findall(text))
    for number, line in _lines(text, "//"):
        for found in _SBT.finditer(line):
            group, artifact, version, configuration = found.groups()
            version = (
                version.strip('"') if version[0] == '"' else properties.get(version.rpartition(".")[2], "")
            )
            scope = "test" if configuration and "test" in configuration.lower() else "runtime"
            if (
                configuration
                and "provided" not in configuration.lower()
                and "optional" in configuration.lower()
            ):
                scope = "optional"
            yield from jvm_fact(
                source, group, artifact, line=number, declared=short(version), scope=scope, direct=True
            )
        for found in _MILL.finditer(line):
            group, artifact, version = found.groups()
            yield from jvm_fact(
                source,
                group,
                artifact,
                line=number,
                declared=short(resolve(version, properties)),
                scope="runtime",
                direct=True,
            )


def parse_deps_edn(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a deps.edn; those under an alias named for tests are for tests."""
    yield from _clojure(source, _DEPS_EDN)


def parse_lein(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of a project.clj."""
    yield from _clojure(source, _LEIN)


def _clojure(source: Source, pattern: re.Pattern[str]) -> Iterator[Fact]:
    text = _CLOJURE_NOISE.sub(lambda found: found.group(1) or "", source.text())
    tests = re.search(r":(?:test|dev)\s*\{", text)
    line, last = 1, 0
    for found in pattern.finditer(text):
        line += text.count("\n", last, found.start())
        last = found.start()
        group, artifact, version = found.groups()
        scope = "dev" if tests and found.start() > tests.start() else "runtime"
        yield from jvm_fact(
            source, group, artifact or group, line=line, declared=version, scope=scope, direct=True
        )


def parse_bazel(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages whose Maven coordinates a Bazel file names."""
    for number, line in _lines(source.text(), "#"):
        for found in _QUOTED.finditer(line):
            group, artifact, version = found.groups()
            yield from jvm_fact(
                source, group, artifact, line=number, declared=short(version), scope="runtime", direct=True
            )


def parse_directives(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that a script names itself.

    ``//DEPS`` of JBang, ``//> using dep`` of Scala CLI, ``@file:DependsOn`` of Kotlin, ``@Grab`` of Groovy.
    """
    lines = LineCounter(source.data)
    for hit in source.hits[:_MAX_DIRECTIVES]:
        start = source.data.rfind(b"\n", 0, hit.start) + 1
        if source.data[start : hit.start].strip():
            continue
        line = source.data[hit.start : hit.start + 600].split(b"\n", 1)[0].decode("utf-8", "replace")
        found = _DIRECTIVE.match(line)
        for group, artifact, version in _COORDINATES.findall(found.group(2)) if found else ():
            yield from jvm_fact(
                source,
                group,
                artifact,
                line=lines.at(start),
                declared=short(version),
                scope="test" if found and found.group(1) else "runtime",
                direct=True,
            )


def _lines(text: str, comment: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are no comment, each at most 2,000 characters."""
    for number, line in enumerate(text_lines(text), 1):
        if not line.lstrip().startswith(comment):
            yield number, line[:2_000]
