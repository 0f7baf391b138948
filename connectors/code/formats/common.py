"""What parsers share: safe loading of JSON, TOML and YAML, lines of names, and package facts."""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import orjson
from packageurl import PackageURL

from connectors.catalogue.tables import canonical
from connectors.code.facts import Fact, Source, UnreadableError
from connectors.model import Grade, Json
from connectors.patterns import compile_pattern

_CONFLICT = re.compile(rb"^(?:<{7}|>{7}) ", re.M)
# Whatever is not closed runs to an end, so that no text is looked at twice.
_COMMENTS = re.compile(r'"(?:[^"\\\n]|\\.)*+(?:"|(?=\n)|\Z)|//[^\n]*|/\*.*?(?:\*/|\Z)|,(?=\s*[}\]])', re.S)
_YAML_NODES = 200_000
_YAML_DEPTH = 100
_LARGE = 1_000_000
_TABLES = 500_000
# What may nest deeper than that: so many brackets, or a line that begins so far to the right.
_MAY_BE_DEEP = re.compile(rf"^[ \t?:-]{{{_YAML_DEPTH}}}", re.M)
_LONG_KEY = r"(?:[\w\"'-]+[ \t]*\.[ \t]*){200}"


def load_json(source: Source) -> Any:
    """Return parsed JSON; comments and trailing commas are allowed. Raises :class:`UnreadableError`."""
    data = source.data.removeprefix(b"\xef\xbb\xbf")
    _refuse_many(data)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        first = error
    # String by string, so that nothing in a string is taken for a comment; orjson then bounds the depth.
    text = _COMMENTS.sub(lambda found: found.group() if found.group()[0] == '"' else " ", source.text())
    text = _COMMENTS.sub(lambda found: found.group() if found.group()[0] == '"' else " ", text)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise UnreadableError(f"not JSON: {first.msg} at line {first.lineno}") from first


def load_json_object(source: Source) -> dict[str, Any]:
    """Return a JSON object; raises :class:`UnreadableError` for any other value."""
    value = load_json(source)
    if not isinstance(value, dict):
        raise UnreadableError(f"a JSON {type(value).__name__} where an object belongs")
    return value


def load_toml(source: Source) -> dict[str, Any]:
    """Return parsed TOML; raises :class:`UnreadableError`."""
    _refuse_many(source.data)
    text = source.text()
    # The parser's time grows with the square of a key's parts.
    if compile_pattern(_LONG_KEY).search(text):
        raise UnreadableError("a TOML key of more than 200 parts")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise UnreadableError("nested too deep") from error
    except ValueError as error:  # also a number of more digits than Python reads
        place = re.search(r"\(at line (\d+)", str(error))
        raise UnreadableError(f"not TOML{f' at line {place.group(1)}' if place else ''}") from error


def load_yaml(source: Source) -> list[Any]:
    """Return the documents of a YAML file as plain data, without tags; aliases that multiply are refused.

    Raises :class:`UnreadableError`.
    """
    import yaml

    try:
        text = source.text()
        _refuse_hostile(text)
        loader = _plain_loader()(text)
        nodes = 0
        documents = []
        while loader.check_node():
            node = loader.get_node()
            nodes += _count(node, _YAML_NODES - nodes)
            documents.append(loader.construct_document(node))
        return documents
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise UnreadableError(f"not YAML{f' at line {mark.line + 1}' if mark else ''}") from error
    except RecursionError as error:
        raise UnreadableError("nested too deep") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A 13th month, a number of too many digits, a tag that the value beneath it does not fit.
        raise UnreadableError("a YAML value that is none of its type") from error


def _refuse_many(data: bytes) -> None:
    """Raise :class:`UnreadableError` for so many lists and tables that they would take all memory."""
    if len(data) > _LARGE and data.count(b"[") + data.count(b"{") > _TABLES:
        raise UnreadableError(f"more than {_TABLES:,} lists and tables")


def _refuse_hostile(text: str) -> None:
    """Raise :class:`UnreadableError` before nesting that ends the process, for the composer recurses in C,
    and before so many values that they would take all memory.
    """
    is_flat = text.count("[") + text.count("{") < _YAML_DEPTH and not _MAY_BE_DEEP.search(text)
    if is_flat and len(text) < _LARGE:
        return
    import yaml

    depth = values = 0
    # The events of the C parser cost a quarter of reading the file.
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        values += isinstance(event, yaml.NodeEvent)
        if values > 2 * _YAML_NODES:
            raise UnreadableError(f"more than {2 * _YAML_NODES} YAML keys and values")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _YAML_DEPTH:
                raise UnreadableError(f"nested deeper than {_YAML_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _plain_loader() -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class PlainLoader(base):  # type: ignore[misc]
        """Keep unknown tags as the plain data beneath them."""

    def plain(loader: Any, suffix: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return loader.construct_scalar(node)

    PlainLoader.add_multi_constructor("", plain)
    return PlainLoader


def _count(node: Any, left: int) -> int:
    """Count the values a reader would visit, aliases each time anew; raises when there are too many."""
    import yaml

    total, stack = 0, [node]
    while stack:
        total += 1
        if total > left:
            raise UnreadableError(f"more than {_YAML_NODES} YAML values (aliases counted each time)")
        top = stack.pop()
        if isinstance(top, yaml.SequenceNode):
            stack.extend(top.value)
        elif isinstance(top, yaml.MappingNode):
            stack.extend(value for _, value in top.value)
    return total


def refuse_conflicts(source: Source) -> None:
    """Raise :class:`UnreadableError` for a file with merge conflict marks, of which half is not meant."""
    if _CONFLICT.search(source.data):
        raise UnreadableError("holds merge conflict marks")


_BEHIND = frozenset(
    bytes([letter]) for letter in b"/-" + (string.ascii_letters + string.digits + "_").encode()
)
_IN_FRONT = _BEHIND | {b".", b"@"}
_LONGEST_WORD = 300
_LONGEST_VALUE = 200


class Lines:
    """Find the line on which a name first stands as a whole word or quoted string."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._known: dict[tuple[str, ...], int] = {}
        self._last = (0, 1)

    def of(self, *names: str) -> int:
        """Return the line (from 1) of the last of ``names``, each searched after the one before; 0: none."""
        line = self._known.get(names)
        if line is None:
            place = 0
            for name in names:
                place = self._find(name.encode("utf-8", "replace"), place)
                if place < 0:
                    break
            line = self._known[names] = self._at(place) if place >= 0 else 0
        return line

    def of_entry(self, key: str, name: str = "") -> int:
        """Return the line where JSON says ``"key": "name"``, or without a name ``"key": {``; else of both."""
        value = rf'"{re.escape(name)}"' if name else r"\{"
        found = re.search(
            rf'"{re.escape(key)}"\s{{0,20}}:\s{{0,20}}{value}'.encode("utf-8", "replace"), self._data
        )
        return self._at(found.start()) if found else self.of(*filter(None, (key, name)))

    def of_requirement(self, text: str) -> int:
        """Return the line of a PEP 508 text, or of the name that it begins with."""
        name = re.match(r"[\w.-]+", text)
        return self.of(text) or (self.of(name.group()) if name else 0)

    def _at(self, place: int) -> int:
        # Names mostly come in the order of the file, so what was counted is not counted again.
        last, line = self._last if self._last[0] <= place else (0, 1)
        self._last = (place, line + self._data.count(b"\n", last, place))
        return self._last[1]

    def _find(self, name: bytes, start: int) -> int:
        data = self._data
        place = data.find(b'"%s"' % name, start)
        if place >= 0 or len(name) > _LONGEST_WORD:
            return place
        place = data.find(name, start)
        while place >= 0 and (
            data[max(0, place - 1) : place] in _IN_FRONT
            or data[place + len(name) : place + len(name) + 1] in _BEHIND
        ):
            place = data.find(name, place + 1)
        return place


def entries(value: object) -> Iterator[tuple[str, Any]]:
    """Yield the items of a mapping with text keys; nothing for any other value."""
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(key, str):
                yield key, item


@lru_cache(maxsize=4096)
def purl(ecosystem: str, name: str) -> str:
    """Return a package's URL without a version, in canonical spelling; raises :class:`UnreadableError`."""
    namespace, _, base = name.rpartition(":" if ecosystem == "maven" else "/")
    try:
        return PackageURL(type=ecosystem, namespace=namespace or None, name=base).to_string()
    except ValueError as error:
        raise UnreadableError("a package's name ends before it is one") from error


def package_fact(
    source: Source,
    ecosystem: str,
    name: str,
    *,
    line: int | Callable[[], int] = 0,
    grade: Grade = Grade.DECLARED,
    standing: bool = True,
    **attributes: Json,
) -> Iterator[Fact]:
    """Yield a fact when the package is catalogued; ``attributes`` without a value are left out.

    A ``line`` that must be searched for is given as a function, called only then.
    """
    key = canonical(ecosystem, name)
    row = source.catalogue.packages[ecosystem].get(key)
    if row is None:
        return
    standing = standing and not (row.needs_import and grade is Grade.DECLARED)
    kept = {
        key: value[:_LONGEST_VALUE] if isinstance(value, str) else value
        for key, value in attributes.items()
        if value not in (None, "")
    }
    yield Fact(
        kind="package",
        provider=row.vendor,
        identifier=purl(ecosystem, row.name),
        name=row.name,
        grade=grade,
        line=line() if callable(line) else line,
        standing=standing,
        attributes={"ecosystem": ecosystem, "category": row.category, **kept},
    )


def short(text: object, limit: int = 100) -> str:
    """Return a declared range as one short text without credentials of a URL in it."""
    line = " ".join(str(text).split())
    return re.sub(r"(?<=://)[^/@\s]*@", "", line)[:limit]
