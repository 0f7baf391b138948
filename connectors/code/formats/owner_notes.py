"""Read who is named by Backstage files, OWNERS, MAINTAINERS and manifests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connectors.code.facts import Fact, Source, UnreadableError
from connectors.code.formats.common import Lines, load_json, load_toml, load_yaml
from connectors.code.formats.lines import text_lines
from connectors.code.formats.unit_notes import MANIFESTS
from connectors.code.owner_files import NOTE
from connectors.code.unit_notes import SYSTEM_FILES
from connectors.model import Grade

_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_HANDLE = re.compile(r"(?:(?<=\s)|(?<=\()|^)@[\w-]+(?:/[\w.-]+)?")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}")
_PERSON = re.compile(r"([^<(]*+)(?:<([^>]*)>\s*+)?(?:\([^)]*\)\s*+)?$")
_MOST = 20
_MOST_LINES = 500
_MOST_LINE = 1_000


def parse(source: Source) -> Iterator[Fact]:
    """Yield a note for each person or team that the file names, at most twenty."""
    seen: set[tuple[str, str]] = set()
    try:
        for note in _notes(source):
            key = (note.name, note.identifier)
            if note.identifier and key not in seen and len(seen) < _MOST:
                seen.add(key)
                yield note
    except UnreadableError:
        if source.name not in MANIFESTS:
            raise


def _notes(source: Source) -> Iterator[Fact]:
    name = source.name
    if name.startswith("catalog-info."):
        yield from _backstage(source)
    elif name in SYSTEM_FILES:
        yield from _system(source)
    elif name == "OWNERS":
        yield from _owners(source)
    elif name.startswith("MAINTAINERS"):
        yield from _maintainers(source)
    elif name.endswith(".toml"):
        yield from _toml(source)
    else:
        yield from _json(source)


def _backstage(source: Source) -> Iterator[Fact]:
    lines = Lines(source.data)
    for document in load_yaml(source)[:50]:
        if not isinstance(document, dict) or "backstage" not in str(document.get("apiVersion", "")):
            continue
        spec = document.get("spec")
        owner = spec.get("owner") if isinstance(spec, dict) else None
        if isinstance(owner, str) and owner.strip():
            kind, _, name = owner.strip().rpartition(":")
            name = name.rpartition("/")[2]
            # A bare reference is a group; only "user:" says that it is a person.
            who = name if kind == "user" or "@" in name else f"team {name}"
            yield _note(source, "backstage owner", who, "its owner", lines.of("owner"))


def _system(source: Source) -> Iterator[Fact]:
    documents = load_yaml(source)
    owner = documents[0].get("owner") if documents and isinstance(documents[0], dict) else None
    if isinstance(owner, str) and owner.strip():
        line = Lines(source.data).of("owner")
        yield _note(source, "ai-system owner", owner.strip()[:100], "its owner", line)


def _owners(source: Source) -> Iterator[Fact]:
    """Read OWNERS: YAML with approvers and reviewers (Kubernetes), or an address a line (Chromium)."""
    text = source.text()
    if re.search(r"^(?:approvers|reviewers|filters|options|emeritus_approvers)\s*:", text, re.M):
        documents = load_yaml(source)
        content = documents[0] if documents and isinstance(documents[0], dict) else {}
        lines = Lines(source.data)
        for key, sort in (("approvers", "OWNERS approver"), ("reviewers", "OWNERS reviewer")):
            for login in _strings(content.get(key)):
                if _LOGIN.fullmatch(login):
                    yield _note(source, sort, f"@{login}", key[:-1], lines.of(login))
                elif _MAIL.fullmatch(login):
                    yield _note(source, sort, login, key[:-1], lines.of(login))
        return
    for number, line in enumerate(text_lines(text)[:_MOST_LINES], 1):
        words = line.split("#")[0].split()
        # "per-file *.py=a@b.c" and "set noparent" are rules; a bare address owns the folder.
        if len(words) == 1 and _MAIL.fullmatch(words[0]):
            yield _note(source, "OWNERS approver", words[0], "owner", number)


def _maintainers(source: Source) -> Iterator[Fact]:
    for number, line in enumerate(text_lines(source.text())[:_MOST_LINES], 1):
        line = line[:_MOST_LINE]
        if line.lstrip().startswith(("L:", "F:", "W:", "T:", "K:", "X:")):
            continue  # Linux: lists, files and links
        for found in (*_MAIL.findall(line), *_HANDLE.findall(_MAIL.sub(" ", line))):
            yield _note(source, "MAINTAINERS", found, "maintainer", number)


def _json(source: Source) -> Iterator[Fact]:
    content = load_json(source)
    if not isinstance(content, dict):
        return
    lines = Lines(source.data)
    for key, sort in (("maintainers", "manifest maintainer"), ("author", _AUTHOR), ("authors", _AUTHOR)):
        value = content.get(key)
        for person in value if isinstance(value, list) else [value]:
            yield from _person(source, sort, person, lines.of(key))


_AUTHOR = "manifest author"


def _toml(source: Source) -> Iterator[Fact]:
    content = load_toml(source)
    lines = Lines(source.data)
    tables = [content.get("project"), content.get("package")]
    tool = content.get("tool")
    tables.append(tool.get("poetry") if isinstance(tool, dict) else None)
    for table in tables:
        if isinstance(table, dict):
            for key, sort in (("maintainers", "manifest maintainer"), ("authors", _AUTHOR)):
                value = table.get(key)
                for person in value if isinstance(value, list) else ():
                    yield from _person(source, sort, person, lines.of(key))


def _person(source: Source, sort: str, person: Any, line: int) -> Iterator[Fact]:
    """Yield a person given as text (``Name <address>``) or as a table of name and address."""
    if isinstance(person, str):
        parts = _PERSON.match(person[:300])
        name, mail = (parts.group(1).strip(), parts.group(2)) if parts else ("", "")
    elif isinstance(person, dict):
        name, mail = person.get("name"), person.get("email")
    else:
        return
    who = mail if isinstance(mail, str) and _MAIL.fullmatch(mail) else name
    if isinstance(who, str) and who.strip():
        yield _note(source, sort, who.strip()[:100], sort.removeprefix("manifest "), line)


def _strings(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _note(source: Source, sort: str, who: str, what: str, line: int) -> Fact:
    return Fact(
        kind=NOTE,
        provider="",
        identifier=who,
        name=sort,
        grade=Grade.DECLARED,
        line=line,
        detail=what,
        standing=False,
    )
