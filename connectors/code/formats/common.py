"""What parsers share: safe loading of JSON, TOML and YAML, lines of names, and package facts."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from packageurl import PackageURL

from connectors.catalogue.tables import canonical
from connectors.code.facts import Fact, Source, UnreadableError
from connectors.model import Grade, Json

_CONFLICT = re.compile(rb"^(?:<{7}|>{7}) ", re.M)
# Whatever is not closed runs to an end, so that no text is looked at twice.
_COMMENTS = re.compile(r'"(?:[^"\\\n]|\\.)*+(?:"|(?=\n)|\Z)|//[^\n]*|/\*.*?(?:\*/|\Z)|,(?=\s*[}\]])', re.S)
_YAML_NODES = 200_000


def load_json(source: Source) -> Any:
    """Return parsed JSON; comments and trailing commas are allowed. Raises :class:`UnreadableError`."""
    data = source.data.removeprefix(b"\xef\xbb\xbf")
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
    try:
        return tomllib.loads(source.text())
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+)", str(error))
        raise UnreadableError(f"not TOML{f' at line {place.group(1)}' if place else ''}") from error


def load_yaml(source: Source) -> list[Any]:
    """Return the documents of a YAML file as plain data, without tags; aliases that multiply are refused.

    Raises :class:`UnreadableError`.
    """
    import yaml

    try:
        loader = _plain_loader()(source.text())
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


class Lines:
    """Find the line on which a name first stands as a whole word or quoted string."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def of(self, *names: str) -> int:
        """Return the line (from 1) of the last of ``names``, each searched after the one before; 0: none."""
        place = 0
        for name in names:
            found = self._find(name.encode("utf-8", "replace"), place)
            if found < 0:
                return 0
            place = found
        return self._data.count(b"\n", 0, place) + 1

    def of_requirement(self, text: str) -> int:
        """Return the line of a PEP 508 text, or of the name that it begins with."""
        name = re.match(r"[\w.-]+", text)
        return self.of(text) or (self.of(name.group()) if name else 0)

    def _find(self, name: bytes, start: int) -> int:
        place = self._data.find(b'"%s"' % name, start)
        if place >= 0:
            return place
        found = re.compile(rb"(?<![\w.@/-])%s(?![\w/-])" % re.escape(name)).search(self._data, start)
        return found.start() if found else -1


def entries(value: object) -> Iterator[tuple[str, Any]]:
    """Yield the items of a mapping with text keys; nothing for any other value."""
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(key, str):
                yield key, item


def purl(ecosystem: str, name: str) -> str:
    """Return a package's URL without a version, in canonical spelling."""
    namespace, _, base = name.rpartition(":" if ecosystem == "maven" else "/")
    return PackageURL(type=ecosystem, namespace=namespace or None, name=base).to_string()


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
    kept = {key: value for key, value in attributes.items() if value not in (None, "")}
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
