"""Read Cargo.toml and Cargo.lock.

What a member inherits from its workspace (``workspace = true``) stands in another file: the workspace's
table becomes notes, joined per tree by :mod:`connectors.code.joins_cargo`.
**Source:** the Cargo Book, "Specifying Dependencies" and "Workspaces", general knowledge, 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from connectors.code.facts import Fact, Source, UnreadableError
from connectors.code.formats.common import (
    entries,
    load_toml,
    package_fact,
    refuse_conflicts,
    short,
)
from connectors.code.formats.lines import text_lines
from connectors.model import Grade

WORKSPACE = "cargo_workspace"
"""The kind of a note: the workspace calls the crate in attribute ``crate`` by the name ``identifier``."""
MEMBER = "cargo_member"
"""The kind of a note: a member takes ``identifier`` from its workspace, a name that no crate has."""

_TABLES = {
    "dependencies": "runtime",
    "dev-dependencies": "dev",
    "dev_dependencies": "dev",
    "build-dependencies": "dev",
    "build_dependencies": "dev",
}
_MAX_MEMBER_NOTES = 500
_SHARED = "workspace.dependencies"
_HEADER = re.compile(
    r"\s*\[\s*(?:(workspace)\.|target\..*\.)?((?:dev[-_]|build[-_])?dependencies)(?:\.\"?([\w-]+)\"?)?\s*\]"
)
_KEY = re.compile(r"\s*\"?([\w-]+)\"?\s*[.=]")
_KeyLines = dict[tuple[str, str], int]
"""The line of each name, by the table that it stands in."""


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued crates that a Cargo.toml declares, and the notes of a workspace."""
    content = load_toml(source)
    lines = _lines(source.text())
    notes = 0
    for table, scope, name, value in _declared(content):
        crate, details = _crate(name, value)
        if not crate:
            continue
        optional = details.get("optional") is True
        if details.get("workspace") is True:
            if name not in source.catalogue.packages["cargo"]:
                notes += 1
                if notes <= _MAX_MEMBER_NOTES:
                    yield _note(MEMBER, name, {"scope": scope}, lines.get((table, name), 0))
                continue
            details["called"] = name
        yield from package_fact(
            source,
            "cargo",
            crate,
            line=lines.get((table, name), 0),
            declared=_range(details),
            inherited="called" in details or None,
            called=details.get("called"),
            scope="optional" if optional and scope == "runtime" else scope,
            direct=True,
        )
    yield from _workspace(source, content, lines)


def _workspace(source: Source, content: dict[str, Any], lines: _KeyLines) -> Iterator[Fact]:
    """Yield a note of the workspace itself, and one for each catalogued crate it hands to members."""
    if "workspace" in content:
        yield _note(WORKSPACE, "", {}, 0)
    for name, value in entries(_table(content, "workspace").get("dependencies")):
        crate, details = _crate(name, value)
        if crate in source.catalogue.packages["cargo"]:
            facts = {"crate": crate, "declared": _range(details)}
            yield _note(WORKSPACE, name, facts, lines.get((_SHARED, name), 0))


def _note(kind: str, identifier: str, attributes: dict[str, Any], line: int) -> Fact:
    return Fact(
        kind=kind,
        provider="",
        identifier=identifier,
        name=identifier,
        grade=Grade.DECLARED,
        line=line,
        attributes={key: value for key, value in attributes.items() if value},
    )


def _declared(content: dict[str, Any]) -> Iterator[tuple[str, str, str, Any]]:
    targets = [table for _, table in entries(content.get("target")) if isinstance(table, dict)]
    for holder in (content, *targets):
        for table, scope in _TABLES.items():
            for name, value in entries(holder.get(table)):
                yield table, scope, name, value


def _crate(name: str, value: Any) -> tuple[str, dict[str, Any]]:
    """Return the crate's real name and its details; no name for this tree's own crates or another registry's.

    A copy among what others made is still their crate: ``{ path = "../third_party/x" }``.
    """
    details: dict[str, Any] = dict(value) if isinstance(value, dict) else {"version": value}
    registry = details.get("registry", "crates-io")
    if (
        ("path" in details and not _is_copy(details["path"]))
        or registry != "crates-io"
        or "registry-index" in details
    ):
        return "", {}
    renamed = details.get("package")
    return (renamed if isinstance(renamed, str) else name), details


_COPIES = re.compile(
    r"(?i)(?:vendor(?:ed|s)?|third[-_]?party|external(?:s|[-_](?:crates|deps|libs?|packages))?|forks?"
    r"|(?:forked|patched|vendored)[-_](?:crates|deps|libs?|packages))"
)
"""Names of folders that hold copies of what others made."""


def _is_copy(path: object) -> bool:
    return isinstance(path, str) and any(map(_COPIES.fullmatch, re.split(r"[/\\]", path[:_MAX_PATH])[:-1]))


_MAX_PATH = 500


def _range(details: dict[str, Any]) -> str | None:
    if "path" in details:
        return "from a path"
    if "git" in details:
        return "from a URL"
    version = details.get("version")
    return short(version) if isinstance(version, str) else None


def _lines(text: str) -> _KeyLines:
    """Return the line of each name below a table of dependencies, found in one pass over the text."""
    known: _KeyLines = {}
    table = ""
    for number, line in enumerate(text_lines(text), 1):
        if header := _HEADER.match(line):
            table, name = header.group(2), header.group(3)
            table = _SHARED if header.group(1) else table
            if name:
                known.setdefault((table, name), number)
                table = ""
        elif line.lstrip().startswith("["):
            table = ""
        elif table and (key := _KEY.match(line)):
            known.setdefault((table, key.group(1)), number)
    return known


def _table(content: dict[str, Any], key: str) -> dict[str, Any]:
    value = content.get(key)
    return value if isinstance(value, dict) else {}


@dataclass(slots=True)
class _Locked:
    """One package of a lock while its lines are read."""

    line: int
    name: str = ""
    version: str = ""
    is_of_tree: bool = True


def parse_lock(source: Source) -> Iterator[Fact]:
    """Yield the catalogued crates of a Cargo.lock; which are direct, the manifests of the tree say."""
    refuse_conflicts(source)
    packages = list(_locked(source))
    if not packages and source.data.strip() and b"version =" not in source.data:
        raise UnreadableError("not a Cargo.lock: it has no packages")
    for package in packages:
        if not package.is_of_tree:
            yield from package_fact(
                source,
                "cargo",
                package.name,
                line=package.line,
                locked=package.version,
                direct=False,
            )


def _locked(source: Source) -> Iterator[_Locked]:
    """Yield the packages of a lock; Cargo writes one key a line, so no TOML parser is needed."""
    package: _Locked | None = None
    for number, line in enumerate(text_lines(source.text()), 1):
        if line.startswith("["):
            if package is not None:
                yield package
            package = _Locked(number) if line.startswith("[[package]]") else None
        elif package is not None and (found := _LOCK_LINE.match(line)):
            key, value = found.groups()
            if key == "name":
                package.name, package.line = value, number
            elif key == "version":
                package.version = value
            else:
                package.is_of_tree = False
    if package is not None:
        yield package


_LOCK_LINE = re.compile(r'(name|version|source) = "([^"]*)"')
