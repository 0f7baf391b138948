"""Patterns that every supported Python takes alike."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import connectors.code
import connectors.code.formats

_PARSER: Any = importlib.import_module("re._parser")


def _patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    for package in (connectors.code, connectors.code.formats):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, re.Pattern):
                    yield f"{module.name}.{name}", value


def _parts(tree: Any) -> Iterator[tuple[str, Any]]:
    for name, value in tree:
        yield str(name), value
        for inner in _trees(value):
            yield from _parts(inner)


def _trees(value: Any) -> Iterator[Any]:
    if isinstance(value, _PARSER.SubPattern):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _trees(item)


def test_no_possessive_quantifier_holds_another_or_a_look_around() -> None:
    """Python before 3.11.5 matches those wrongly (CPython issue 106052); an atomic group says the same."""
    inner = {"POSSESSIVE_REPEAT", "ASSERT", "ASSERT_NOT"}
    wrong = [
        name
        for name, pattern in _patterns()
        for kind, value in _parts(_PARSER.parse(pattern.pattern, pattern.flags & ~re.UNICODE))
        if kind == "POSSESSIVE_REPEAT" and value[1] > 1
        if any(part in inner for part, _ in _parts(value[2]))
    ]

    assert sorted(set(wrong)) == []
