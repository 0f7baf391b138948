"""Read CODEOWNERS and say who is named for a file; a hint, never an owner.

The first file found counts, in it the last matching line; GitLab's sections each add their own, Bitbucket's
groups (``@@group``, ``@@@group`` defined in the file) are teams. Patterns are
relative to the repository's root; in a scanned subfolder that holds such a file itself, to that subfolder.
Files deeper in the tree count for nobody, as on the hosts.

**Source:** stored copies, looked at on 2026-11-22, of GitHub's page "About code owners" (places, last match,
``docs/*`` against ``docs/``) and GitLab's reference "Syntax of CODEOWNERS file" (sections, default owners,
``@@role``, exclusions). GitLab's order of places is from an issue of its tracker (366394), not from a page.
Atlassian's page "Set up and use code owners" and the guide of a user of the Code Owners app for Bitbucket
(groups, quotes, ``@`` before an address), both on the same day.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from connectors.code.globs import to_regex
from connectors.model import OwnerHint
from connectors.patterns import Pattern, compile_foreign

PLACES = (
    *(".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"),
    ".bitbucket/CODEOWNERS",
)
"""Where the file may lie, the first one that is there counts."""
_BY_HOST = {
    "gitlab": ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"),
    "bitbucket": (".bitbucket/CODEOWNERS", "CODEOWNERS"),
}

_SECTION = re.compile(r"\^?\[([^\]]+)\](?:\[\d+\])?(.*)")
# GitLab's roles ("@@maintainer") name whoever holds them, nobody in particular.
_OWNER = re.compile(r"(?<![@\w])@[\w./-]+|[^\s@]+@[^\s@]+\.[^\s@]+")
# In Bitbucket's form "@@" is a group, with quotes around a name with spaces; an address may follow an "@".
_BITBUCKET = re.compile(
    r'@{2,3}(?:"[^"\n]{1,100}"|[\w.-]+)|(?<![@\w])@?[^\s@"]+@[^\s@"]+\.[^\s@"]+|(?<![@\w])@[\w./-]+'
)
_DEFINITION = re.compile(r'@@@("[^"\n]{1,100}"|[\w.-]+)')
_MAX_LINES = 5_000
_MAX_LINE = 2_000


def places_for(repository: str) -> tuple[str, ...]:
    """Return where the file may lie by the repository's host (``host/path``), the first that counts first."""
    host = repository.partition("/")[0]
    first = next((places for name, places in _BY_HOST.items() if name in host), ())
    return (*first, *(place for place in PLACES if place not in first))


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    pattern: str
    owners: tuple[str, ...]
    section: str


class CodeOwners:
    """The lines of one CODEOWNERS file."""

    def __init__(self, text: str, path: str) -> None:
        self._path = path
        is_bitbucket = path.startswith(".bitbucket/") or bool(re.search(r"^@@@", text, re.M))
        self._lines = _bitbucket_lines(text) if is_bitbucket else _lines(text)
        self._known: dict[str, list[_Line]] = {}

    def hints(self, files: Sequence[str]) -> tuple[OwnerHint, ...]:
        """Return who is named for any of the files (paths from the repository's root), each once."""
        found: dict[str, OwnerHint] = {}
        for file in files:
            for line in self._matching(file):
                for owner in line.owners:
                    found.setdefault(owner, self._hint(owner, line, file))
        return tuple(found.values())[:10]

    def _hint(self, owner: str, line: _Line, file: str) -> OwnerHint:
        return OwnerHint(
            candidate=owner,
            source="CODEOWNERS",
            # A line for everything says less than a line for this folder.
            confidence=0.5 if line.pattern in ("*", "/", "**") else 0.8,
            why=f"{self._path}:{line.number} names {owner} for {file}",
        )

    def _matching(self, file: str) -> list[_Line]:
        # One file is evidence of many findings.
        if file not in self._known:
            self._known[file] = self._last_lines(file)
        return self._known[file]

    def _last_lines(self, file: str) -> list[_Line]:
        last: dict[str, _Line] = {}
        for line, pattern in self._patterns:
            if pattern.fullmatch(file):
                last[line.section] = line
        return list(last.values())

    @cached_property
    def _patterns(self) -> list[tuple[_Line, Pattern]]:
        return [(line, compile_foreign(_regex(line.pattern))) for line in self._lines]


def _regex(pattern: str) -> str:
    """Translate a pattern for the linear engine; its author may want a slow one to hang us."""
    body = pattern.strip("/")
    is_anchored = "/" in pattern.rstrip("/")
    front = "" if is_anchored and not body.startswith("**/") else "(?:.*/)?"
    # "docs/*" are the files of docs alone; any other pattern holds for all below a folder it matches.
    if is_anchored and body.endswith("/*"):
        below = ""
    else:
        below = "/.*" if pattern.endswith("/") and body else "(?:/.*)?"
    return front + to_regex(body.removeprefix("**/")) + below


def _lines(text: str) -> list[_Line]:
    section = ""
    inherited: tuple[str, ...] = ()
    found: list[_Line] = []
    for number, raw in enumerate(text.splitlines()[:_MAX_LINES], 1):
        line = raw[:_MAX_LINE].split(" #")[0].strip()
        if not line or line.startswith("#"):
            continue
        header = _SECTION.fullmatch(line)
        if header:
            section, inherited = header.group(1).lower(), tuple(_OWNER.findall(header.group(2)))
            continue
        pattern, *rest = re.split(r"(?<!\\)\s+", line)
        owners = tuple(_OWNER.findall(" ".join(rest))) or inherited
        if pattern.startswith("!"):  # GitLab: what this matches has no owner
            pattern, owners = pattern[1:], ()
        found.append(_Line(number, pattern.replace("\\ ", " "), owners, section))
    return found


def _bitbucket_lines(text: str) -> list[_Line]:
    groups: dict[str, tuple[str, ...]] = {}
    found: list[_Line] = []
    for number, raw in enumerate(text.splitlines()[:_MAX_LINES], 1):
        line = raw[:_MAX_LINE].split(" #")[0].strip()
        if not line or line.startswith("#") or re.match(r"CODEOWNERS\.|Check\(", line):
            continue  # a comment, or a setting of the app
        definition = _DEFINITION.match(line)
        if definition:
            groups[definition.group(1)] = _bitbucket_owners(line[definition.end() :], groups)
            continue
        quoted = re.match(r'"([^"]+)"\s*', line)
        pattern = quoted.group(1) if quoted else re.split(r"(?<!\\)\s+", line)[0]
        rest = line[quoted.end() :] if quoted else line[len(pattern) :]
        owners = _bitbucket_owners(rest, groups)
        if pattern.startswith("!"):
            pattern, owners = pattern[1:], ()
        found.append(_Line(number, re.sub(r"\\(?=[ #!])", "", pattern), owners, ""))
    return found


def _bitbucket_owners(text: str, groups: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the owners of a line; a group that the file defines stands for its members."""
    owners: dict[str, None] = {}
    for word in _BITBUCKET.findall(text):
        name = word.lstrip("@")
        if word.startswith("@@@"):
            owners.update(dict.fromkeys(groups.get(name, ())))
        elif word.startswith("@@"):
            owners["team " + name.strip('"')] = None
        else:
            owners[name if "@" in name else word] = None
    return tuple(owners)[:50]
