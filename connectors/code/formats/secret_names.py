"""Find the names of credentials of AI providers: where code reads them and where configuration sets them.

The name leaves this module, and what makes the key known again elsewhere: which secret of a store it is,
which project of its vendor, a mark of a key that stands there in the clear (:mod:`connectors.key_marks`),
and that it does. Nothing else of a value does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from connectors import key_marks
from connectors.catalogue.code_rows import Secret
from connectors.catalogue.tables import Catalogue
from connectors.code.facts import Fact, Hit, Source
from connectors.code.formats.lines import is_comment, line_around, parents
from connectors.code.formats.talk import Talk
from connectors.model import Grade, Json

_WORD = re.compile(r"[A-Za-z0-9_]")
# Read from an environment (env.X, $X, ${X}, secrets.X), quoted as a whole, or the name that a line sets.
_REFERENCE = re.compile(r"(?:[.$]|\$\{|\{\{\s*|%)$")
_KEY = re.compile(
    r"^\s*(?:[-+]\s+)?(?:export\s+|set\s+|setx\s+|ENV\s+|ARG\s+"
    r"|(?:public\s+|static\s+|readonly\s+|const\s+|let\s+|var\s+|val\s+)+)?$"
)
_ARGUMENT = re.compile(r"(?:-e|--env|--build-arg|--secret|--from-literal[= ]|name:|key:)\s*$")
_SET = re.compile(r"\s*(?:[:=?]|\+=)")
# Looked for in a text (`"KEY" in message`), where it would be read from an environment.
_IN_TEXT = re.compile(r"\W{1,2}\s*(?:not\s+)?in\s+(?!\w*\.?\w*(?:env|ENV|secrets|config|settings))")
# Taken away, or named so that it can be: `unset KEY`, `delete process.env.KEY`, `SECRETS_TO_HIDE = [...]`.
_TAKEN_AWAY = re.compile(
    r"""(?:\bdelete\s+[\w.]+[.\[]|\bunset\s+(?:\w+\s+)*|\bunset_?env\(|\bdel_?env\(|\bremove_?env\w*\("""
    r"""|\benv(?:iron)?\.(?:pop|delete|remove)\(|\bdel\s+os\.environ\[|\benv\s+-u\s+|\breplace(?:_?all)?\([^"'`]{0,80})["'`]?$""",
    re.I,
)
_HIDING = re.compile(
    r"(?i)(?:^|[^a-z])\w*(?:block|deny|denied|forbid|hide|ignore|mask|redact|sanitiz|scrub|sensitive|strip)\w*"
    r"[^=\[{(]{0,80}=?\s*(?:\w+\()?[\[{(]\s*(?:[\"'`][\w\s\"'`,-]*)?[\"'`]?$"
)
_ITEM = re.compile(r"""\s*["'`]\w+["'`],?\s*(?:["'`]\w+["'`],?\s*)*$""")
_LISTED = 3
"""So many names without anything else on their lines are a list of what is known."""
# What is read from an environment by a name that stands elsewhere.
_READS_ANY = re.compile(
    rb"(?i)(?:getenv|env(?:iron)?(?:\.get)?|env::var\w*|environmentvariable)\s{0,5}[(\[]\s{0,5}&?[a-z_$]"
)
# A name of the program's own for what is read under another one.
_READS = re.compile(
    r"""\s*(?::\s*\w+\s*)?=\s*(?:\w+\s*=\s*)?(?:await\s+)?(?:process\.env\.|import\.meta\.env\.|env\.|[\w.:]{0,40}"""
    r"""(?:getenv|env(?:iron)?(?:\.get)?|lookup_?env)[(\[]\s*["'`])(?P<name>[A-Z][A-Z0-9_]+)""",
    re.I,
)
# Read from an environment, a store of secrets or settings, and not set there.
_READ = re.compile(
    r"""(?i)(?:(?:env|secrets?|settings?|config|options)[.\[]|\b(?:get\w*|fetch|(?:env::)?var(?:_os)?|env|lookup_?env|require_?env)[(\[]"""
    r"""|environ(?:\.get)?[(\[]|\$\{?\{?\s*(?:\w+\.)?)\s*["'`:]?$"""
)
_GIVEN = re.compile(r"""["'`]?\s*\]?\s*=(?!=)\s*["'`](?!\$|\{)""")
# What a page or a text shows for a terminal: `export KEY="..."`, `-H "Authorization: Bearer $KEY"`.
_TYPED = re.compile(
    r"(?:(?:^|[\s\"'`>\\]|\\n)(?:export|setx?|setenv)\s+|\$env:|\$Env:)$"
    r"|(?i:(?:bearer|x-api-key:|api-key:|x-goog-api-key:|[?&]key=)\s*\\?[$%]\{?)$"
)
# A command's words in a program run where it runs commands.
_RUNS = re.compile(
    rb"(?i)\bsubprocess\b|child_process|\bspawn|\bexec\w*\(|os\.system|\bpopen\b|shell_exec|ProcessBuilder|Process\.Start"
    rb"|Command::new|exec\.Command|\b(?:run|execute|shell)_?(?:command|script|cmd|shell)\b|\bsandbox\b|\bexeca\b|zx\b"
    rb"|\.bashrc|\.zshrc|user_?data|startup_?script|Dockerfile"
)
# A program that writes commands for a terminal, and one that reads its own environment.
_SNIPPETS = re.compile(rb"[\"'`>][^\n\"'`]{0,40}(?:\bcurl\s+[\S]|\bexport\s+(?:\$\{|[A-Z_]{3,60}=))")
_SNIPPET_WORDS = (b"curl", b"export")
_READS_ENV = re.compile(rb"(?i)process\.env|getenv|environ|import\.meta\.env|env::var|deno\.env|\$env/")
_IN_SAMPLE = re.compile(r"(?:process\.env\.|os\.(?:environ(?:\.get)?|getenv)[\[(][\"'])$")
# What is not in a list is handed on: "if name not in SECRETS", "!SECRETS.has(name)".
_LIST_NAME = re.compile(
    r"\s*(?:(?:export|const|let|var|val|static|final|private|public)\s+)*(?P<name>\w{3,60})\s*[:=]"
)
_LONGEST_FRONT = 60
_EXAMPLES = (".example", ".sample", ".template", ".dist", ".tmpl", ".tpl")
_TRIES = 50
# What a program puts in front for a name of its own: LLM_OPENAI_API_KEY, NEXT_PUBLIC_OPENAI_API_KEY.
_OWN_FRONT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_$")
_NO_FRONT = re.compile(
    r"(?:^|_)(?:AZURE|YOUR|MY|THE|A|HAS|IS|NO|NOT|MISSING|INVALID|BAD|WRONG|EMPTY|UNSET|MOCK|FAKE|DUMMY|TEST|EXAMPLE"
    r"|SAMPLE|PLACEHOLDER|ERR|ERROR|REQUIRE[SD]?|NEEDS?|USES?|ENABLE|CHECK|VALIDATE|SKIP|KEY|ENV|VAR|NAME|HEADER)_"
)
_LINES, _REACH = 3, 600
"""Lines and bytes after a name within which the place of its secret stands."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """Which names of a program stand in commands and code that it only shows: it runs nothing."""

    source: Source
    is_writer: bool

    @classmethod
    def of(cls, source: Source) -> _Shown:
        """Look at a file once; where commands are run, what it writes is taken for use."""
        data = source.data
        may_write = source.syntax == "source" and any(word in data for word in _SNIPPET_WORDS)
        writes = may_write and _SNIPPETS.search(data) is not None and _READS_ENV.search(data) is None
        return cls(source=source, is_writer=writes and _RUNS.search(data) is None)

    def holds(self, talk: Talk, place: int, before: str) -> bool:
        """Say whether the name at a place, with ``before`` in front of it, is only shown."""
        if self.is_writer or self.source.syntax != "source":
            return self.is_writer
        is_sample = _IN_SAMPLE.search(before) is not None and talk.is_sample(place)
        is_shown = is_sample or _TYPED.search(before) is not None
        return is_shown and _RUNS.search(self.source.data) is None


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for the first place at which each catalogued name is read or set."""
    tries: dict[int, int] = {}
    done: set[str] = set()
    talk = Talk(source)
    is_listed = _has_list(source)
    shown = _Shown.of(source)
    line, last = 1, 0
    for hit in sorted(source.hits, key=lambda hit: hit.start):
        line += source.data.count(b"\n", last, hit.start)
        last = hit.start
        tries[hit.row] = tries.get(hit.row, 0) + 1
        row = source.catalogue.secret[hit.row]
        if tries[hit.row] > _TRIES:
            continue
        text, column = line_around(source.data, hit.start)
        front = _front(source.catalogue, text[:column], row)
        name, column = front + row.name, column - len(front)
        if name in done or not _has_context(source.data, row.needs):
            continue
        if not _is_used(source, text, column, name):
            continue
        if talk.holds(hit.start) or shown.holds(talk, hit.start, text[:column]):
            continue
        if _is_hidden(source, hit, text, column, is_listed=is_listed):
            continue
        done.add(name)
        is_set = source.syntax == "config" and not source.name.endswith(_EXAMPLES)
        yield Fact(
            kind="api_key",
            provider=row.provider,
            identifier=name,
            name=name,
            grade=Grade.CONFIGURED if is_set else Grade.DECLARED,
            line=line,
            attributes={"form": _form(source, text[:column], text[column + len(name) :])}
            | _told(source, hit, row.provider, text[column:]),
        )


def _form(source: Source, before: str, after: str) -> str:
    """Say whether a name is read or configured, or a program only writes it: to set it, or to hand it on."""
    is_read = _READ.search(before) is not None and not _GIVEN.match(after)
    return "variable name" if source.syntax != "source" or is_read else "name written"


def _front(catalogue: Catalogue, before: str, row: Secret) -> str:
    """Return what a program's own name for a key has in front of the provider's; empty where it has none."""
    found = _OWN_FRONT.search(before[-_LONGEST_FRONT:])
    if found is None or row.needs or not row.name.isupper():
        return ""
    whole = found.group() + row.name
    # A longer name of the catalogue is told as that one.
    is_told = any(whole == other.name for other in catalogue.secret)
    return "" if is_told or _NO_FRONT.search(found.group()) else found.group()


def _told(source: Source, hit: Hit, provider: str, line: str) -> dict[str, Json]:
    """Return what makes the key known again: of its line, a stored secret also of the next ones."""
    told: dict[str, Json] = {}
    marks = key_marks.in_text(provider, line)
    if marks:
        told |= {"key_fingerprint": list[Json](marks), "leaked": True}
    end = hit.end
    for _ in range(_LINES):
        end = source.data.find(b"\n", end + 1, hit.end + _REACH)
        if end < 0:
            end = min(hit.end + _REACH, len(source.data))
            break
    end = min([end, *(one.start for one in source.hits if one.start > hit.start)])
    near = key_marks.references(source.data[hit.end : end].decode("utf-8", "replace"))
    if near:
        told["key_reference"] = list[Json](near[:1])
    projects = key_marks.projects(provider, source.lenient_text()) if b"proj" in source.data else []
    if len(projects) == 1:
        told["project_id"] = projects[0]
    return told


def _is_used(source: Source, text: str, column: int, name: str) -> bool:
    before, after = text[:column], text[column + len(name) :]
    if _WORD.match(before[-1:]) or _WORD.match(after[:1]) or is_comment(text):
        return False
    if _TAKEN_AWAY.search(before):
        return False
    if before.endswith(('"', "'", "`")) and after.lstrip("\\")[:1] == before[-1]:
        return not _IN_TEXT.match(after)
    if _REFERENCE.search(before):
        return True
    if _KEY.search(before):
        other = _READS.match(after) if source.syntax == "source" else None
        if other is not None and other.group("name").isupper() and other.group("name") != name:
            return False
        return bool(_SET.match(after)) or (source.syntax == "config" and not after.strip() and "-" in before)
    if source.syntax != "config":
        return False
    return bool(_ARGUMENT.search(before)) or (after[:1] == "=" and before[-1:] in " \t\"';&")


def _is_hidden(source: Source, hit: Hit, text: str, column: int, *, is_listed: bool) -> bool:
    """Say whether a name stands in a list of what must not be shown or handed on, or is only known."""
    if source.syntax != "source":
        return False
    if not _ITEM.fullmatch(text):
        return _HIDING.search(text[:column]) is not None
    above = parents(source.data, hit.start, levels=1)
    is_hiding = bool(above) and (
        _HIDING.search(above[0].rstrip()) is not None or _is_left_out(source, above[0])
    )
    return is_listed or is_hiding


def _is_left_out(source: Source, opening: str) -> bool:
    """Say whether a program hands on only what is not in the list that a line opens."""
    found = _LIST_NAME.match(opening)
    if found is None:
        return False
    name = re.escape(found["name"].encode())
    return (
        re.search(rb"\bnot\s+in\s+" + name + rb"\b|!\s*" + name + rb"\.(?:has|includes)\(", source.data)
        is not None
    )


def _has_list(source: Source) -> bool:
    """Say whether a program lists names and reads none of them: to know them again, or to tell of them."""
    if source.syntax != "source" or len(source.hits) < _LISTED:
        return False
    listed = {one.row for one in source.hits if _ITEM.fullmatch(line_around(source.data, one.start)[0])}
    return len(listed) >= _LISTED and not _READS_ANY.search(source.data)


def _has_context(data: bytes, needs: tuple[str, ...]) -> bool:
    return not needs or any(need.encode() in data for need in needs)
