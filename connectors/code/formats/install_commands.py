"""Read packages that commands bring in: ``RUN pip install x``, ``%pip install x`` in a notebook, ``npx x``.

Only files that hold commands are read (Dockerfiles, scripts, pipelines, notebooks), only words in the place
of a command count (no comment, no text that is printed), and of those only catalogued packages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.catalogue.tables import Installer
from connectors.code.facts import Fact, Hit, Source, tell_cut
from connectors.code.formats.common import package_fact, short
from connectors.code.formats.conda import spec
from connectors.code.formats.requirements import from_pep508
from connectors.patterns import compile_pattern

_REACH = 400
_MAX_HITS = 300
"""Places looked at in one file; commands beyond are not read."""
_MAX_COMMAND = 2000
"""Bytes of one command looked at; longer ones are cut."""
_MAX_WORDS = 100
# What may stand before a command: the start of the line (in YAML: of the value of a key that runs something),
# a shell's separator, a word that starts another program, settings of variables, a path of the program.
_START = (
    r"(?:^[\s@{-]*(?:[\"']?(?:run|script|command|cmd|args|entrypoint|install|before_script|after_script|shell"
    r"|onCreateCommand|updateContentCommand|postCreateCommand|postStartCommand)[\"']?\s*:\s*)?(?:[|>][-+]?\s*)?"
    r"|&&|\|\||;|\||\$\(|`|\{|\bRUN\s+--\S+|\b-m|\s-[a-z]*c"
    r"|\b(?:sudo|then|do|else|exec|time|RUN|CMD|ENTRYPOINT|nohup|env|uv|sh|bash|if))"
    r"(?:\s*\[?\s*[\"'])?(?:\s+-{1,2}[\w=-]+)*\s*(?:[A-Za-z_]\w*=\S*\s+)*(?:[\w./~${}-]*/)?$"
    r"|\bpython[\d.]*(?:\.exe)?\s+-m\s*$"
)
_CELL = r'^\s*"?\s*(?:[!%]{1,2}|.*(?:&&|;)\s*|.*\bpython[\d.]*\s+-m\s+)\s*(?:uv\s+|sudo\s+)?$'
_TALK = r"(?i)^\s*(?:#|//|rem\s|::)|\b(?:echo|printf|print|raise|log|warn|error|info)\b[^&;|]*$"
_JSON_LINE = re.compile(r'\\n|(?<!\\)"')
_END = re.compile(r"\s(?:&&|\|\||\||>{1,2}|2>|#)|;|\n|`|\)\s*$")
_VERSIONED = re.compile(r"(@?[^@\s=]+)(?:@|==|:)(.+)")


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that the commands of a file install or run."""
    if not holds_commands(source):
        return
    seen: set[tuple[int, str]] = set()
    line, last = 1, 0
    for hit in sorted(source.hits, key=lambda hit: hit.start)[:_MAX_HITS]:
        if not is_command(source, hit):
            continue
        line += source.data.count(b"\n", last, hit.start)
        last = hit.start
        installer = source.catalogue.installer[hit.row]
        for word in _packages(_words(source, hit), installer):
            for fact in _facts(source, installer, word, line):
                if (line, fact.identifier) not in seen:
                    seen.add((line, fact.identifier))
                    yield fact
    tell_cut(len(source.hits), _MAX_HITS, "commands")


def holds_commands(source: Source) -> bool:
    """Say whether a file is one of those that hold commands, told by its name."""
    is_dockerfile = source.name.startswith(("Dockerfile.", "Containerfile."))
    return is_dockerfile or source.name.endswith(source.catalogue.command_files)


def is_command(source: Source, hit: Hit) -> bool:
    """Say whether a hit stands in the place of a command: no comment, and no text that is printed."""
    data = source.data
    low = max(0, hit.start - _REACH)
    front = data[max(low, data.rfind(b"\n", low, hit.start) + 1) : hit.start].decode("utf-8", "replace")
    start = _START
    if source.name.endswith(".ipynb"):
        # From the start of the line of code: of the JSON string, or of what follows a newline in it.
        front = _JSON_LINE.split(front)[-1]
        start = _CELL
    if compile_pattern(_TALK).search(front):
        return False
    return compile_pattern(start).search(front) is not None


def text_of(source: Source, hit: Hit) -> str:
    """Return what follows a command up to its end; a line that ends in a backslash goes on."""
    text = source.data[hit.end : hit.end + _MAX_COMMAND].decode("utf-8", "replace")
    if source.name.endswith((".ipynb", ".json")):
        # A line that goes on does so in the next JSON string.
        text = re.sub(r'\\\\\\n(?:",\s*")?', " ", text)
        text = re.split(r'(?<!\\)"|\\n', text, maxsplit=1)[0].replace('\\"', '"')
    else:
        # A comment between continued lines is none of the command's.
        text = re.sub(r"\\\r?\n(?:\s*#[^\n]*\n)*|`\r?\n", " ", text)
    end = _END.search(text)
    return text[: end.start()] if end else text


def _words(source: Source, hit: Hit) -> list[str]:
    return [word.strip("\"'`,") for word in text_of(source, hit).split()[:_MAX_WORDS]]


def _packages(words: list[str], installer: Installer) -> Iterator[str]:
    is_value = is_named = False
    for word in words:
        if is_named:
            yield word
            return
        if is_value:
            is_value = False
        elif word.startswith("-"):
            option, _, value = word.partition("=")
            if option == installer.package_option:
                if value:
                    yield value
                    return
                is_named = True
            elif not value:
                is_value = option in installer.value_options
        else:
            yield word
            if installer.only_first:
                return


def _facts(source: Source, installer: Installer, word: str, line: int) -> Iterator[Fact]:
    if installer.names == "conda":
        yield from spec(source, word, line=line)
    elif installer.ecosystem == "pypi":
        # ``uvx tool@1.2`` and ``uvx tool@latest`` are no requirements.
        text = word.replace("@", "==", 1) if installer.only_first and "://" not in word else word
        yield from from_pep508(source, text.replace("==latest", ""), line=lambda: line, scope="runtime")
    else:
        found = _VERSIONED.fullmatch(word)
        name, version = found.groups() if found else (word, "")
        yield from package_fact(
            source,
            installer.ecosystem,
            name,
            line=line,
            declared=short(version),
            scope="runtime",
            direct=True,
        )
