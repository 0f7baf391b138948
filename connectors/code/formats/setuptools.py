"""Read what setuptools packages declare: setup.cfg, and the literals of setup.py, which is never run."""

from __future__ import annotations

import ast
import configparser
import threading
import warnings
from collections.abc import Iterator
from functools import partial

from connectors.code.facts import Fact, Source, UnreadableError
from connectors.code.formats.common import Lines
from connectors.code.formats.requirements import from_pep508, scope_of
from connectors.patterns import compile_pattern

_SCOPES = {
    "install_requires": "runtime",
    "tests_require": "test",
    "setup_requires": "dev",
    "extras_require": "",
}
# A syntax tree takes up to 1.5 kB of memory for a byte of text, and the reader of INI files, which notes each
# wrong line, the square of their number in time; the longest known file of either sort has 60 kB.
_LONGEST_BYTES = 96 * 1024
# Python's own parser puts a dotted name together part by part, which takes the square of its length.
_LONG_NAME = r"(?:[\w\x80-\xff]+[ \t]*(?:\\\r?\n[ \t]*)?\.[ \t]*(?:\\\r?\n[ \t]*)?){200}"
_HUSHED = threading.Lock()


def parse_cfg(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of ``[options]`` and ``[options.extras_require]``."""
    _refuse_long(source.data)
    reader = configparser.RawConfigParser(strict=False, interpolation=None)
    try:
        reader.read_string(source.text())
    except configparser.Error as error:
        raise UnreadableError(f"not an INI file: {type(error).__name__}") from error
    texts: list[tuple[str, str]] = []
    for key, scope in _SCOPES.items():
        if scope and reader.has_option("options", key):
            texts += [(line, scope) for line in reader.get("options", key).splitlines()]
    if reader.has_section("options.extras_require"):
        for group, value in reader.items("options.extras_require"):
            texts += [(line, _extra_scope(group)) for line in value.splitlines()]
    yield from _facts(source, texts)


def parse_py(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that stand as literals in the call of ``setup`` or in a list it names."""
    _refuse_long(source.data)
    module = _module(source.data)
    named = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    texts: list[tuple[str, str]] = []
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and _called(node.func) == "setup":
            for keyword in node.keywords:
                if keyword.arg in _SCOPES:
                    texts += _literals(keyword.value, dict(named), _SCOPES[keyword.arg])
    yield from _facts(source, texts)


def _refuse_long(data: bytes) -> None:
    if len(data) > _LONGEST_BYTES:
        raise UnreadableError(f"longer than {_LONGEST_BYTES:,} bytes")


def _module(data: bytes) -> ast.Module:
    if compile_pattern(_LONG_NAME).search(data.decode("latin-1")):
        raise UnreadableError("a name of more than 200 parts")
    try:
        # The tokenizer warns on standard error of what it reads, in whatever thread; only one may hush it.
        with _HUSHED, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(data)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise UnreadableError(f"not Python 3: {type(error).__name__}") from error


def _called(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _literals(node: ast.expr, named: dict[str, ast.expr], scope: str) -> list[tuple[str, str]]:
    if isinstance(node, ast.Name):
        # Each name once: lists that are sums of lists could name each other without end.
        node = named.pop(node.id, node)
    if isinstance(node, ast.BinOp):
        return _literals(node.left, named, scope) + _literals(node.right, named, scope)
    if isinstance(node, ast.Dict):
        found: list[tuple[str, str]] = []
        for key, value in zip(node.keys, node.values, strict=True):
            group = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
            found += _literals(value, named, _extra_scope(group))
        return found
    if isinstance(node, ast.List | ast.Tuple):
        return [
            (item.value, scope or "optional")
            for item in node.elts
            if isinstance(item, ast.Constant) and isinstance(item.value, str)
        ]
    return []


def _extra_scope(group: str) -> str:
    scope = scope_of(group.lower())
    return scope if scope != "runtime" else "optional"


def _facts(source: Source, texts: list[tuple[str, str]]) -> Iterator[Fact]:
    lines = Lines(source.data)
    for text, scope in texts:
        text = text.encode("utf-8", "replace").decode().strip()  # a literal may spell half a character
        if text:
            yield from from_pep508(source, text, line=partial(lines.of_requirement, text), scope=scope)
