"""Read evidence of human oversight and of data that code touches, by the rows of the catalogue.

A row is tried only in files that hold one of its literals, and where it names a language only there. Lines
that are comments as a whole say nothing. What is kept is the mechanism or the name of a store, never a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from itertools import pairwise

from connectors.catalogue.evidence_rows import DataRow, OversightRow
from connectors.catalogue.tables import Catalogue
from connectors.code.facts import CutShortError, Fact, Hit, Source
from connectors.code.formats import stand_ins, table_changes
from connectors.code.formats.lines import in_comment, in_text, is_comment, line_around, parents, text_lines
from connectors.code.formats.plumbing import (
    is_filled_by_a_build,
    is_given_to_plumbing,
    is_of_a_server,
    is_of_a_tool,
    is_plumbing,
)
from connectors.code.formats.talk import RECORDS, Talk
from connectors.model import Grade, Json
from connectors.patterns import compile_pattern

_MOST_LINES = 5
_MOST_BYTES = 1_000_000
_MOST_LINE = 2_000
_MOST_USED_IN, _MOST_USES = 200_000, 100
"""Size (bytes) of a file, and its number of stores, up to which the use of each bucket is looked for."""
_MOST_HITS = 2_000
_NEAR = 3_000
"""How far (bytes) below a table's name its columns are looked for."""
_TERRAFORM = (".tf", ".tofu")
_GIVEN_NAME = re.compile(
    rb"(?:name|bucket|table_id|dataset_id|identifier|cluster_identifier|domain_name)\s*=\s*"
    rb'"(?P<name>[A-Za-z0-9][\w.-]{0,99}|\(default\))"\s*'
)
# As far as it is plain text: "${local.name}-claims".
_COMPOSED_NAME = re.compile(
    rb"(?:name|bucket|table_id|dataset_id|identifier|cluster_identifier|domain_name)\s*=\s*"
    rb'"(?P<name>(?:[\w.-]|\$\{[^{}\n]{1,120}\}){3,200})"\s*'
)
# What the cloud goes on with: bucket_prefix = "acme-claims-".
_PREFIX = re.compile(
    rb"(?:name_prefix|bucket_prefix|identifier_prefix|cluster_identifier_prefix)\s*=\s*"
    rb'"(?P<name>(?:[\w.-]|\$\{[^{}\n]{1,120}\}){3,200})"\s*'
)
_INSERTED = re.compile(r"\$\{[^{}]*\}")
_TOLD_PART = re.compile(r"[A-Za-z]{3}")
_PROPERTY_NAME = re.compile(
    rb"[\"']?(?:BucketName|TableName|QueueName|DBInstanceIdentifier|DBClusterIdentifier|DomainName)[\"']?\s*:\s*"
    rb"(?P<quote>[\"']?)(?P<name>[A-Za-z0-9][\w.-]{2,99})(?P=quote)\s*,?"
)
# As far as it is plain text: !Sub "${AWS::StackName}-claims".
_PROPERTY_COMPOSED = re.compile(
    rb"[\"']?(?:BucketName|TableName|QueueName|DBInstanceIdentifier|DBClusterIdentifier|DomainName)[\"']?\s*:\s*"
    rb"(?:!Sub|\{?\s*[\"']?Fn::Sub[\"']?\s*:)\s*"
    rb"(?P<quote>[\"']?)(?P<name>(?:[\w.-]|\$\{[^{}\n]{1,120}\}){3,200})(?P=quote)\s*\}?\s*,?"
)
_RESOURCE = re.compile(r"\s*resource\s+\"\w{1,100}\"\s+\"(?P<label>[\w-]{1,100})\"")
# A library that a job fetches lies in its maker's bucket: gs://spark-lib/bigquery/connector.jar.
_PROGRAM = re.compile(r"/[\w./+=@-]{1,200}\.(?:jar|whl|deb|rpm)(?![\w.])")
# Nobody's: gs://somewhere/path/to/model
_MADE_UP_PATH = re.compile(r"(?i)/path[/_-]to[/_-]")
# A class of nothing maps no table, whatever it holds.
_MAPPED = "__tablename__"
_PLAIN_CLASS = re.compile(r"\s*class\s+\w+\s*(?:\(\s*\))?\s*:")
_OPENS = re.compile(r"\(\s*(?:\\n)?[\"']?,?\s*$")
# What a template adds to a name, in front of it or behind.
_CUT_FRONT = re.compile(r"(?:\}|\$\w+|%)[\w.-]*$")
_CUT_BEHIND = re.compile(r"\}{1,2}[\w$.-]|[$%]|\#?\{")
# A constant of an interface that shows what could be written: SAMPLE_ASL.tsx
_SAMPLE = re.compile(r"(?:SAMPLE|EXAMPLE|MOCK)_\w+\.[jt]sx?$")
_NAME_LINES = 4
"""Lines of a call in which its name is looked for."""
# mathGuardrail: InputGuardrail = { name: 'Math homework',
_HOLDS_NAMED = (
    r"(?:\s*:\s*[\w<>\[\], ]{1,60})?\s*=\s*(?:\w{1,40}\()?\{\s*"
    r"name:\s*[\"'`](?P<told>[^\"'`\n{}]{1,80})[\"'`]"
)
_IMPORT = re.compile(
    r"\s*(?:(?:async\s+)?(?:def|func|function|fun|fn)\s|import\b|from\s+[\w.]+\s+import\b(?!.*;)|using\b|package\b|\}?\s*from\s+[\"'])"
)
"""A line that brings a name in, or defines it, and calls nothing."""
# A line of code that is a sentence in quotes tells people of something.
_TOLD = re.compile(r"""\s*["'`][A-Z][\w'’-]*[,:;]?(?:\s+[\w'’()-]+[,:;]?){4}""")


def parse_oversight(source: Source) -> Iterator[Fact]:
    """Yield approval gates, guardrails, evaluation and tracing, the first few lines of each."""
    rows = dict.fromkeys(hit.row for hit in source.hits[:_MOST_HITS])
    tried = [source.catalogue.oversight[row] for row in rows]
    tried = [row for row in tried if _applies(source, row)]
    if not tried or len(source.data) > _MOST_BYTES:
        return
    text = source.lenient_text()
    talk = Talk(source)
    starts = _line_starts(source.data)
    # Of a notebook each line is a text in quotes.
    is_code = source.syntax == "source" and not source.name.endswith(".ipynb")
    for row in tried:
        is_shown = partial(_is_line_shown, talk, source.data, starts)
        named = [(line, _named(text, row, line)) for line in _lines_of(text, row, is_shown, is_code=is_code)]
        # Where one has a name of its own, a line without one only passes it on.
        is_named = any(name for _, name in named)
        yield from (_gate(source, row, line, name) for line, name in named if name or not is_named)


def _line_starts(data: bytes) -> list[int]:
    """Return where each line begins, in bytes."""
    return [0, *(found.end() for found in re.finditer(rb"\n", data))]


def _is_line_shown(talk: Talk, data: bytes, starts: list[int], number: int) -> bool:
    """Say whether a line lies in a comment, is a sentence, or lies in a text of code that is only shown."""
    start = starts[number - 1]
    head = data[start : start + _MOST_LINE]
    if _TOLD.match(head.partition(b"\n")[0].decode("utf-8", "replace")):
        return True
    first = start + len(head) - len(head.lstrip(b" \t"))
    return talk.is_sample(first) or talk.holds(first)


def parse_data(source: Source) -> Iterator[Fact]:
    """Yield the stores that a file names; they stand only beside AI (``connectors.code.data_joins``)."""
    if source.name.endswith(RECORDS) or _SAMPLE.match(source.name.rpartition("/")[2]):
        return
    seen: set[str] = set()
    rows = {hit.row for hit in source.hits[:_MOST_HITS]}
    applying = {row for row in rows if _applies(source, source.catalogue.data[row])}
    # What a migration takes back is not there when it has run.
    down = table_changes.down_at(source.data) if source.name.endswith(".sql") else len(source.data)
    hits = [hit for hit in source.hits[:_MOST_HITS] if hit.row in applying and hit.start < down]
    hits.sort(key=lambda hit: hit.start)
    copied = table_changes.copied_schemas(source)
    foreign = table_changes.foreign_spans(source)
    talk = Talk(source)
    line, last = 1, 0
    for number, hit in enumerate(hits):
        row = source.catalogue.data[hit.row]
        name = _name_of(source, row, hit)
        line += source.data.count(b"\n", last, hit.start)
        last = hit.start
        is_talk = talk.holds(hit.start) or talk.is_written(hit.start)
        is_talk = is_talk or (bool(copied) and name.partition(".")[0] in copied)
        is_talk = is_talk or any(start <= hit.start < end for start, end in foreign)
        if name and _identity(row, name) not in seen and not is_talk:
            seen.add(_identity(row, name))
            if row.store == "bucket" and _is_plumbing(source, row, hit, name, is_few=len(seen) < _MOST_USES):
                continue
            if row.store == "database" and is_of_a_server(source.catalogue, name):
                continue
            if row.store == "table" and is_of_a_tool(source.catalogue, name):
                continue
            end = hits[number + 1].start if number + 1 < len(hits) else len(source.data)
            yield _store(source, row, name, line, source.data[hit.start : min(end, hit.start + _NEAR)])
    yield from table_changes.ended(source)
    if len(source.hits) > _MOST_HITS:
        raise CutShortError(f"more than {_MOST_HITS} places that may name a store; the rest is left out")


def _applies(source: Source, row: OversightRow | DataRow) -> bool:
    if row.files and not source.name.endswith(row.files):
        return False
    return not row.requires or any(text.encode() in source.data for text in row.requires)


def _lines_of(
    text: str, row: OversightRow, is_shown: Callable[[int], bool], *, is_code: bool
) -> Iterator[int]:
    """Yield the first lines that match and are neither comments nor bare imports."""
    found = 0
    # One pass over the whole says no to most files; only the others are taken line by line.
    if compile_pattern(f"(?m){row.pattern}").search(text) is None:
        return
    pattern = compile_pattern(row.pattern)
    unless = compile_pattern(row.unless) if row.unless else None
    above = ""
    for number, (line, below) in enumerate(pairwise([*text_lines(text), ""]), 1):
        call, above = above, line
        if (
            len(line) <= _MOST_LINE
            and (match := pattern.search(line))
            and not _is_remark(line, is_code=is_code)
        ):
            if is_code and match.group().endswith("(") and in_text(line, match.end()):
                continue  # a call that a text speaks of
            told = (line, _opened(call), _with_first(line, below))
            if _IMPORT.match(line) or (unless and any(map(unless.search, told))):
                continue
            if is_shown(number):
                continue
            yield number
            found += 1
            if found == _MOST_LINES:
                return


def _is_remark(line: str, *, is_code: bool) -> bool:
    """Say whether a line is a comment as a whole, in a notebook within the quotes of its text."""
    return is_comment(line) or (not is_code and is_comment(line.lstrip().removeprefix('"')))


def _opened(line: str) -> str:
    """Return a line that opens a call which the next one goes on with; empty where it does not."""
    return line if len(line) <= _MOST_LINE and _OPENS.search(line) else ""


def _with_first(line: str, below: str) -> str:
    """Return a line that opens a table with the table's first line; empty where it opens none."""
    line = line.rstrip()
    return f"{line} {below.strip()[:_NEAR]}" if line.endswith(("{", "[")) else ""


def _named(text: str, row: OversightRow, line: int) -> str:
    """Return what a call calls the mechanism, where the row's pattern reads that; empty: only what it is.

    A variable that holds a thing with a name in text is called by that.
    """
    if "(?P<name>" not in row.pattern:
        return ""
    call = "\n".join(text.split("\n", line + _NAME_LINES)[line - 1 : line - 1 + _NAME_LINES])
    found = compile_pattern(row.pattern).search(call)
    groups = [group for group in ("name", "other") if f"(?P<{group}>" in row.pattern]
    name = next((str(found.group(group)) for group in groups if found.group(group)), "") if found else ""
    if name and (told := re.search(rf"\b{re.escape(name)}\b{_HOLDS_NAMED}", text)):
        return str(told.group("told"))
    return name


def _gate(source: Source, row: OversightRow, line: int, name: str) -> Fact:
    attributes: dict[str, Json] = {"answers": "oversight", "mechanism": row.mechanism}
    if row.autonomy:
        attributes["autonomy"] = True
    return Fact(
        kind=row.kind,
        provider=row.provider,
        identifier=f"{row.name}/{name}" if name else row.name,
        name=name or row.name,
        grade=Grade.CONFIGURED if source.syntax == "config" else Grade.CALLED,
        line=line,
        detail=row.mechanism,
        attributes=attributes,
    )


def _name_of(source: Source, row: DataRow, hit: Hit) -> str:
    text, _ = line_around(source.data, hit.start)
    if is_comment(text):
        return ""
    found = compile_pattern(row.pattern).search(text)
    if found is None or in_comment(text, found.end(), is_notebook=source.name.endswith(".ipynb")):
        return ""
    if row.named_by_parent:
        label = _parent(source.data, hit.start)
        given = _property_name(source.data, hit.start) if label else ""
        return given if given and not stand_ins.is_store(source.catalogue, given) else label
    name = str(found.group("name") or "")
    if not name:
        return ""
    if _MAPPED in text and any(map(_PLAIN_CLASS.match, parents(source.data, hit.start, levels=1))):
        return ""
    value = str(found.group()).rpartition(name)[0]
    start = found.start() + len(value)
    if _is_cut(text, start, start + len(name)) or (
        row.store == "bucket" and _PROGRAM.match(text, start + len(name))
    ):
        return ""
    if row.store == "database" and source.syntax != "config" and value.endswith((" ", "=", ":")):
        return ""  # in code what stands without quotes is a variable again
    if _MADE_UP_PATH.match(text, start + len(name)):
        return ""
    if row.store == "database" and value.strip("\"'` :=") == name:
        return ""  # what a setting is called, told again: MYSQL_DATABASE = "MYSQL_DATABASE"
    if any("example" in line.lower() for line in parents(source.data, hit.start, levels=8)):
        return ""  # what an interface shows its readers
    if source.name.endswith(_TERRAFORM) and text[:start].lstrip().startswith("resource"):
        name = _given_name(source.data, hit.end) or name
    return "" if stand_ins.is_store(source.catalogue, name) else name


def _parent(data: bytes, place: int) -> str:
    above = parents(data, place, levels=1)
    return re.sub(r"[\"':\s{]", "", above[0])[:100] if above else ""


def _given_name(data: bytes, place: int) -> str:
    """Return the name that a resource of Terraform gives itself, with ``*`` for what is put in."""
    own: int | None = None  # how far its own arguments are indented, those of blocks in it are further
    for line in data[place : place + _NEAR].partition(b"\n}")[0].split(b"\n")[1:]:
        bare = line.lstrip(b" \t")
        own = len(line) - len(bare) if own is None and bare else own
        if len(line) - len(bare) != own:
            continue
        if found := _GIVEN_NAME.fullmatch(bare) or _COMPOSED_NAME.fullmatch(bare):
            name = _INSERTED.sub("*", found["name"].decode())
            return name if _TOLD_PART.search(name) else ""
        if found := _PREFIX.fullmatch(bare):
            name = _INSERTED.sub("*", found["name"].decode()) + "*"
            return name if _TOLD_PART.search(name) else ""
    return ""


def _property_name(data: bytes, place: int) -> str:
    """Return the name that a resource of CloudFormation gives itself, with ``*`` for what is put in."""
    start = data.rfind(b"\n", 0, place) + 1
    lines = data[start : place + _NEAR].split(b"\n")
    own = len(lines[0]) - len(lines[0].lstrip(b" \t"))
    for line, below in pairwise([*lines[1:], b""]):
        bare = line.strip()
        width = len(line) - len(line.lstrip(b" \t"))
        if bare and width < own:
            break
        # The next level only: what lies deeper belongs to a part of the resource.
        if not own < width <= own + 8:
            continue
        bare += below.strip() if bare.endswith((b":", b"{")) else b""
        if found := _PROPERTY_NAME.fullmatch(bare):
            return found["name"].decode()
        if found := _PROPERTY_COMPOSED.fullmatch(bare):
            name = _INSERTED.sub("*", found["name"].decode())
            return name if _TOLD_PART.search(name) else ""
    return ""


def _is_plumbing(source: Source, row: DataRow, hit: Hit, name: str, *, is_few: bool) -> bool:
    """Say whether a bucket serves the infrastructure, by its name or by what the file does with it."""
    label = _label(source, hit, is_parent=row.named_by_parent) or name
    if is_plumbing(source.catalogue, name) or is_plumbing(source.catalogue, label):
        return True
    if not is_few or len(source.data) > _MOST_USED_IN:
        return False
    text = source.lenient_text()
    is_given = source.syntax == "config" and is_given_to_plumbing(text, label, name)
    return is_given or is_filled_by_a_build(text, name)


def _label(source: Source, hit: Hit, *, is_parent: bool) -> str:
    """Return what the files of a stack call a resource, whatever its own name is."""
    if is_parent:
        return _parent(source.data, hit.start)
    if not source.name.endswith(_TERRAFORM):
        return ""
    found = _RESOURCE.match(line_around(source.data, hit.start)[0])
    return found["label"] if found else ""


def _is_cut(text: str, start: int, end: int) -> bool:
    """Say whether a template adds more to the name: ``${NAME:-app}_development`` is not called app."""
    return bool(_CUT_FRONT.search(text[:start]) or _CUT_BEHIND.match(text, end))


def _store(source: Source, row: DataRow, name: str, line: int, below: bytes) -> Fact:
    attributes: dict[str, Json] = {"answers": "data", "store": row.store}
    if row.store in ("table", "index", "database"):
        fields = sorted(_personal(source.catalogue, below))
        if fields:
            attributes["personal_data_hint"] = list[Json](fields[:10])
            known = _categories(source.catalogue)
            attributes["data_categories_hint"] = list[Json](sorted({known[field] for field in fields}))
    return Fact(
        kind="data_store",
        provider=row.provider or "unknown",
        identifier=_identity(row, name),
        name=name,
        grade=Grade.CONFIGURED if source.syntax == "config" else Grade.CALLED,
        line=line,
        standing=False,
        detail=row.store,
        attributes=attributes,
    )


def _identity(row: DataRow, name: str) -> str:
    """Return what tells a store from others: names of buckets are free in each cloud."""
    is_other_cloud = row.store == "bucket" and row.provider not in ("", "aws")
    return f"{row.store}:{row.provider}:{name}" if is_other_cloud else f"{row.store}:{name}"


def _personal(catalogue: Catalogue, text: bytes) -> Iterable[str]:
    known = _categories(catalogue)
    words = {word.decode().lower() for word in re.findall(rb"[A-Za-z][A-Za-z0-9_]{1,40}", text)}
    return words & known.keys()


def _categories(catalogue: Catalogue) -> dict[str, str]:
    return _by_field(tuple((row.category, row.names) for row in catalogue.personal_fields))


@cache
def _by_field(rows: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, str]:
    return {name: category for category, names in rows for name in names}
