"""Tell which places of a file are talk, never use.

Talk are comments, docstrings of Python, prose in JSON (the text of an issue, a description), what a shell
prints on the terminal, annotations that document, and files that only describe an interface: what stands in
an OpenAPI document, or in the types generated from one, is what may be said there. So are recorded requests.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from connectors.code.facts import Source
from connectors.code.formats.annotations import ENDINGS, documenting
from connectors.code.formats.lines import (
    docstrings,
    line_around,
    long_texts,
    opens_sentence,
    parents,
    written_texts,
)
from connectors.code.formats.spans import Spans, is_program

_INTERFACE = re.compile(
    rb"""(?:\A\s*\{\s*|\n[ \t]{0,4})"(?:openapi|swagger|asyncapi)"\s*:\s*"[23]\.\d"""
    rb"""|(?:\A|\n)(?:openapi|swagger|asyncapi)[ \t]*:[ \t]*["']?[23]\.\d"""
)
_GENERATED = re.compile(
    rb"(?i)generated (?:by|from|with)\b[^\n]{0,80}\b(?:openapi|swagger|datamodel-codegen|stainless)"
)
# What was once asked over HTTP and answered, recorded for tests.
_RECORDED = re.compile(
    rb"""\A\s*(?:---\s*\n|\{\s*|\#[^\n]*\n)*"?(?:interactions|http_interactions)"?\s*:|\A\s*\{\s*"log"\s*:\s*\{\s*"(?:version|creator)\""""
    # Rows of a database, exported: [{"_id": "66d7...", ...}, ...]
    rb"""|\A\s*\[\s*\{\s*"_id"\s*:"""
)
# A value on each line: records, whatever the file is called.
_RECORD_LINES = re.compile(rb"\A\s*\{[^\n]{2,}\}[ \t]*\r?\n\{[^\n]{2,}\}[ \t]*\r?\n")
_HEAD = 2_000
_PROSE = frozenset(
    (
        *("abstract", "analysis", "answer", "bio", "body", "bodytext", "body_html", "caption", "changelog"),
        *(
            "comment",
            "comments",
            "content",
            "description",
            "details",
            "evidence",
            "excerpt",
            "explanation",
            "help",
        ),
        *(
            "longdescription",
            "markdown",
            "markdowndescription",
            "message",
            "note",
            "notes",
            "question",
            "quote",
        ),
        *(
            "readme",
            "reason",
            "releasenotes",
            "report",
            "response",
            "snippet",
            "subject",
            "subtitle",
            "summary",
        ),
        *("tagline", "text", "title", "tooltip", "transcript"),
    )
)
"""Keys of JSON whose values are written for people to read."""
_PROSE_ENDS = frozenset(
    ("answer", "question", "reasoning", "rationale", "explanation", "summary", "description", "transcript")
)
"""Last words of longer keys of that kind: ``generated_answer``, ``referenceAnswer``."""
_KEY_WORDS = re.compile(r"[A-Z]?[a-z]+")
# What an interface shows in an empty field, or says of one: nothing is called there.
_SHOWN = re.compile(
    rb"""(?i)\b(?:placeholder=\{[^{}]*|(?:\w*placeholder|help(?:er)?_?text|hint(?:_?text)?|tool_?tip)["']?\s{0,40}"""
    rb"""(?:[:=]|=>)\s{0,40}\{?\s{0,40}\w{0,4}\(?\s{0,40}["'`][^"'`]*|(?:help|description)["']?\s{0,40}"""
    rb"""(?:[:=(]|=>)\s{0,40}\{?\s{0,40}\w{0,3}\(?\s{0,40}["'`][^"'`\s][^"'`]*\s[^"'`]*"""
    rb"""|\w{0,40}(?:placeholder|[a-z]tip)\s{0,40}[:=]\s{0,40}`[^`]*)\Z"""
)
_SHOWN_WITHIN = 300
# Files of what an interface shows in one language: a word among others there is read, not called.
_TRANSLATED = ("strings.xml", ".strings", ".xcstrings", ".resx", ".xlf", ".xliff", ".arb")
_AROUND = 300
_EDGE = re.compile(rb"""[<>"'`]|\\n""")
"""Where a text of data ends, or a line or a text of the code in it."""
RECORDS = (".jsonl", ".ndjson", ".traj")
"""Files that are data themselves: what they name, no code touches."""
_EXAMPLE = re.compile(r"(?i)(?:^|[\s(\[,;:])(?:e\.\s?g\.|for (?:example|instance)\b|such as\b|examples?:\s)")
# The last of several words before an address or a name: "must follow pattern: https://..."
_SENTENCE = re.compile(
    r"""(?:[A-Za-z][\w'’-]*[,:.;]?[ ]+){3}(?:[A-Za-z][\w'’-]*[,:.;]?[ ]+)*(?:\w+=)?["'`(<]?(?:\w{1,8}://)?[\w.*{}<>$-]*\Z"""
)
# What YAML says of a thing or to a model, on the line of the key or on the lines below it.
_DESCRIBED = re.compile(
    r"""\s*(?:-\s+)?["']?(?:\w*description|summary|help\w*|tool_?tip|documentation|notes?|comments?|changelog|readme"""
    r"""|system(?:_?(?:prompt|message))?|prompt|instructions?)"""
    r"""["']?\s*:\s*(?P<text>\S.*)""",
    re.I,
)
_SENTENCE_WITHIN = 200
_MOST_DESCRIBED = 2_000
"""Places of one file whose lines above are looked at; a file with more is a table."""
_LEVELS = 4
"""Lines of a text may be indented below each other: so many are looked at."""
_TEXTS = re.compile(r"""[^"'`]++|"(?:[^"\\]|\\.)*+"?|'(?:[^'\\]|\\.)*+'?|`[^`]*+`?""")
_SHELLS = (".sh", ".bash", ".zsh", ".ksh", ".fish", "Makefile", ".mk", ".ps1", ".bat", ".cmd")
# Two words or more: a single one may be what a function of the shell returns.
_PRINTED = re.compile(
    r"(?i)(?:^|[;&|{(]|\b(?:then|do|else))\s*@?(?:echo|printf|print|print_\w+|log_\w+|write-host|write-output)\s+"
    r"(?P<text>[^|;&]*)$"
)
# A page that is written for readers: notes.md, the summary of a workflow's run.
_PAGE = rb"(?:[\w./${}\"'-]{1,120}\.(?:md|markdown|rst|html?)[\"']?|[\"']?\$\{?GITHUB_STEP_SUMMARY\}?[\"']?)"
_USAGE = re.compile(
    rb"(?m)^[ \t]*cat[ \t]+(?:>>?[ \t]*" + _PAGE + rb"[ \t]+)?<<-?[ \t]*[\"']?(?P<mark>\w{1,40})[\"']?"
    rb"[ \t]*(?:>>?[ \t]*" + _PAGE + rb"[ \t]*)?\r?\n"
    rb"(?P<text>(?:[^\n]*\n){0,200}?)[ \t]*(?P=mark)[ \t]*\r?$"
)
_ENDED = re.compile(r"(?:;|&&|\|\|)\s*\\\s*$")
_TAKEN = re.compile(r"\||>(?!\s*(?:&2|/dev/(?:stderr|tty|null)))\s*[\w$\"'./{>&]")
_KEY = re.compile(rb'"([^"\\]{1,40})"\s{0,40}:\s{0,40}\Z')
# What was said to a model and what it answered, kept as a text: [{"role": "system", "content": "..."}, ...].
_CONVERSATION = re.compile(
    rb'(?:\\[nt]|\s){0,20}\[(?:\\[nt]|\s){0,20}\{(?:\\[nt]|\s){0,20}\\"role\\"\s{0,5}:'
)
_MAY_BE_EXAMPLE = re.compile(rb"(?i)e\.\s?g\.|for (?:example|instance)|such as|examples?:\s")
# OPENAI_API_BASE="https://api.openai.com/v1" # deprecated
_WITHDRAWN = re.compile(r"\s#+.{0,60}?\b(?:deprecated|obsolete|no longer (?:used|needed|read))\b", re.I)
_CODE_IN_TEXT = re.compile(rb"[A-Za-z]{2}[^`\\]*\\`(?:\w{1,8}://)?\Z")
_DATA = (".json", ".ipynb", ".yaml", ".yml", ".toml")
_JINJA = (".j2", ".jinja", ".jinja2")
_MOST_LINE = 2_000
_QUOTES = "\"'`"
_REACH = 40_000
"""Bytes of a string that are looked through; whoever writes longer ones writes no prose."""
_MOST_QUOTES = 400


class Talk:
    """The talk of one file, looked for when it is first asked about."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._code = Spans(source.data, source.name)
        self._is_interface: bool | None = None
        self._is_records: bool | None = None
        self._described = 0
        self._usages: list[tuple[int, int]] | None = None
        self._spans: list[tuple[int, int]] | None = None
        self._written: list[tuple[int, int]] | None = None
        self._texts: list[tuple[int, int]] | None = None
        self._annotations: list[tuple[int, int]] | None = None
        self._remarks: list[tuple[int, int]] | None = None

    def is_written(self, place: int) -> bool:
        """Say whether the place (in bytes) lies in a text of Python written for a reader, be it a model."""
        if not self._source.name.endswith((".py", ".pyi")):
            return False
        if self._written is None:
            self._written = written_texts(self._source.data.decode("latin-1"))
        return _holds(self._written, place)

    def is_sample(self, place: int) -> bool:
        """Say whether the place (in bytes) lies in a text of a program: code that is shown or written out."""
        name = self._source.name
        if not name.endswith((".py", ".pyi")):
            return self._code.in_text(place)
        if self._texts is None:
            self._texts = long_texts(self._source.data.decode("latin-1"))
        return _holds(self._texts, place)

    def holds(self, place: int) -> bool:
        """Say whether the place (in bytes) is talk."""
        return (
            self._code.in_comment(place)
            or self._is_template_comment(place)
            or self._is_told(place)
            or self._is_printed(place)
            or self._is_given_as_example(place)
            or self._is_annotation(place)
            or self._is_withdrawn(place)
            or self._is_worded(place)
            or self._is_snippet(place)
        )

    def _is_snippet(self, place: int) -> bool:
        """Say whether the place lies in a program that is only a text of another one."""
        if not self._source.name.endswith((".py", ".pyi")):
            return self._code.in_snippet(place)
        if self._texts is None:
            self._texts = long_texts(self._source.data.decode("latin-1"))
        return any(
            start <= place < end and is_program(self._source.data, start, end) for start, end in self._texts
        )

    def _is_worded(self, place: int) -> bool:
        """Say whether the place follows other words of a text: with letters beyond ASCII, or quoted as code.

        ``"Modell wählen: gpt-4o"`` is read by people, ``\\`http://localhost:11434\\``` in a text by a model.
        """
        data = self._source.data
        before = data[max(data.rfind(b"\n", 0, place) + 1, place - _MOST_LINE) : place]
        if _CODE_IN_TEXT.search(before) is not None:
            return True
        if before.isascii() or self._source.name.endswith(_DATA):
            return False
        text, is_quoted = self._text_before(place)
        return is_quoted and not text.isascii()

    def _is_template_comment(self, place: int) -> bool:
        """Say whether the place lies in a comment of a template of Jinja: ``{# ... #}``."""
        if not self._source.name.endswith(_JINJA):
            return False
        if self._remarks is None:
            self._remarks = list(_remarks(self._source.data))
        return _holds(self._remarks, place)

    def _is_withdrawn(self, place: int) -> bool:
        """Say whether an environment's file says itself that nothing reads the place any more."""
        if ".env" not in self._source.name:
            return False
        line, column = line_around(self._source.data, place)
        return _WITHDRAWN.search(line, column) is not None

    def _is_annotation(self, place: int) -> bool:
        """Say whether the place lies in an annotation that documents."""
        if not self._source.name.endswith(ENDINGS):
            return False
        if self._annotations is None:
            text = self._source.data.decode("latin-1")
            self._annotations = documenting(text, self._source.name)
        return _holds(self._annotations, place)

    def _is_given_as_example(self, place: int) -> bool:
        """Say whether a form shows the place in an empty field, or a text names it with words like "e.g."."""
        data = self._source.data
        if _SHOWN.search(data, max(0, place - _SHOWN_WITHIN), place) is not None:
            return True
        start = max(data.rfind(b"\n", 0, place) + 1, place - _MOST_LINE)
        if _MAY_BE_EXAMPLE.search(data, start, place) is None:
            return False
        text, _ = self._text_before(place)
        return _EXAMPLE.search(text) is not None

    def is_in_sentence(self, place: int) -> bool:
        """Say whether the place (in bytes) ends a sentence of a quoted text: three words or more."""
        text, is_quoted = self._text_before(place)
        return is_quoted and _SENTENCE.search(text[-_SENTENCE_WITHIN:]) is not None

    def _text_before(self, place: int) -> tuple[str, bool]:
        """Return what stands before a place in the text of its line that holds it; and is that quoted?"""
        data = self._source.data
        start = max(data.rfind(b"\n", 0, place) + 1, place - _MOST_LINE)
        end = data.find(b"\n", place, place + _MOST_LINE)
        line = data[start : end if end >= 0 else place + _MOST_LINE].decode("latin-1")
        column = place - start
        if self._source.name.endswith(".ipynb"):  # a text of JSON: its own quotes are taken off first
            column -= len(line) - len(line.lstrip()) + 1
            line = line.lstrip().removeprefix('"').replace('\\"', " '")  # as long as before
        for found in _TEXTS.finditer(line):
            if found.end() > column:
                return line[found.start() : max(column, found.start())], found.group()[0] in _QUOTES
        return "", False

    def _is_described(self, place: int) -> bool:
        """Say whether the place lies in what YAML says of a thing for its readers."""
        line, column = line_around(self._source.data, place)
        found = _DESCRIBED.match(line)
        if found is not None and found.start("text") <= column and " " in found.group("text"):
            return True
        self._described += 1
        if self._described > _MOST_DESCRIBED:
            return False
        return any(map(_DESCRIBED.match, parents(self._source.data, place, levels=_LEVELS)))

    def _is_printed(self, place: int) -> bool:
        """Say whether a shell prints the place on the terminal: in a line of several words, or a text."""
        if self._source.name.endswith((*_SHELLS, ".yml", ".yaml")) and self._is_in_usage(place):
            return True
        if not self._source.name.endswith(_SHELLS):
            return False
        line, column = line_around(self._source.data, place)
        found = _PRINTED.search(line[:column])
        goes_on = line.rstrip().endswith("\\") and not _ENDED.search(line)
        if found is None or _TAKEN.search(line, column) is not None or goes_on:
            return False
        return len(line[found.start("text") :].split()) > 1

    def _is_in_usage(self, place: int) -> bool:
        """Say whether the place lies in a text that ``cat`` prints, or writes for readers: usage, a page."""
        if self._usages is None:
            found = _USAGE.finditer(self._source.data)
            self._usages = [(text.start("text"), text.end("text")) for text in found]
        return _holds(self._usages, place)

    def _is_shown_text(self, place: int) -> bool:
        """Say whether the text around a place has letters beyond ASCII, or in a translation other words."""
        data = self._source.data
        front = _EDGE.split(data[max(0, place - _AROUND) : place])[-1]
        text = front + _EDGE.split(data[place : place + _AROUND], maxsplit=1)[0]
        is_worded = self._source.name.endswith(_TRANSLATED) and len(text.split()) > 1
        return is_worded or not text.isascii()

    def _is_told(self, place: int) -> bool:
        name = self._source.name
        if self._is_records is None:
            is_lines = name.endswith(".json") and _RECORD_LINES.match(self._source.data) is not None
            self._is_records = is_lines or name.endswith(RECORDS)
        if self._is_records:
            return True
        if name.endswith((".json", *_TRANSLATED)) and self._is_shown_text(place):
            return True
        if name.endswith((".json", ".yaml", ".yml")):
            if self._is_interface is None:
                data = self._source.data
                self._is_interface = bool(_INTERFACE.search(data) or _RECORDED.match(data))
            is_json = name.endswith(".json")
            is_told = _is_prose(self._source.data, place) if is_json else self._is_described(place)
            return self._is_interface or is_told
        if self._is_interface is None:
            self._is_interface = _GENERATED.search(self._source.data, 0, _HEAD) is not None
        if self._is_interface or not name.endswith((".py", ".pyi")):
            return self._is_interface
        if self._spans is None:
            # One character a byte, so that places in the text are places in the bytes.
            self._spans = docstrings(self._source.data.decode("latin-1"))
        return _holds(self._spans, place)


def _remarks(data: bytes) -> Iterator[tuple[int, int]]:
    end = 0
    while (start := data.find(b"{#", end)) >= 0 and (end := data.find(b"#}", start)) >= 0:
        yield start, end


def _holds(spans: list[tuple[int, int]], place: int) -> bool:
    index = bisect_right(spans, place, key=lambda span: span[0]) - 1
    return index >= 0 and place < spans[index][1]


def _is_prose(data: bytes, place: int) -> bool:
    """Say whether a place in JSON lies in a text of several words under a key for people."""
    start = _quote_before(data, place)
    if start < 0:
        return False
    if opens_sentence(data[start + 1 : place].decode("latin-1")):
        return True
    if _CONVERSATION.match(data, start + 1) is not None:
        return True
    key = _KEY.search(data[max(0, start - 130) : start])
    if key is None or not _is_for_people(key.group(1).decode("utf-8", "replace")):
        return False
    if data[start + 1 : start + 2] in (b"{", b"[", b"<"):  # a document in a document
        return False
    end = data.find(b'"', place, place + 300)
    return b" " in data[start + 1 : end if end >= 0 else place + 300]


def _is_for_people(key: str) -> bool:
    words = _KEY_WORDS.findall(key)
    return key.lower() in _PROSE or (len(words) > 1 and words[-1].lower() in _PROSE_ENDS)


def _quote_before(data: bytes, place: int) -> int:
    """Return where the nearest quote without a backslash before it stands; below 0 when none is near."""
    end, least = place, max(0, place - _REACH)
    for _ in range(_MOST_QUOTES):
        found = data.rfind(b'"', least, end)
        if found <= 0 or data[found - 1 : found] != b"\\":
            return found
        end = found
    return -1
