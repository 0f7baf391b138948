"""What import-linter cannot say: which parts of the standard library reach the network or run programs."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache

import pytest

from tests.test_house import sources

# module -> the places (path prefixes) that may import it
ALLOWED = {
    # Only to tell the C library that threads share one heap; no data of anybody's goes through it.
    "ctypes": ("scheduler/executors.py",),
    "ftplib": (),
    "http.client": ("connectors/", "discovery/outbound/http.py"),
    "http.server": ("discovery/demo/", "discovery/web/"),
    "imaplib": (),
    "marshal": (),
    "poplib": (),
    "pickle": ("connectors/runner.py", "scheduler/"),
    "pty": (),
    "runpy": (),
    "shelve": (),
    "smtplib": ("discovery/outbound/",),
    "socket": (
        "connectors/clients/",
        "discovery/outbound/",
        "discovery/demo/",
        "scheduler/",
        "discovery/service/",
    ),
    "subprocess": ("connectors/clients/git",),
    # The proxy that the machine is set up with; nothing is fetched by it.
    "urllib.request": ("discovery/outbound/http.py",),
    "xmlrpc": (),
}


@cache
def imports() -> dict[str, frozenset[str]]:
    return {name: frozenset(_imported(tree)) for name, tree, _ in sources()}


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("module", sorted(ALLOWED))
def test_module_is_imported_only_where_it_is_allowed(module: str) -> None:
    places = [name for name, found in imports().items() if module in found]

    assert [name for name in places if not name.startswith(ALLOWED[module])] == []


def test_nothing_is_evaluated() -> None:
    calls = [
        f"{name}:{node.lineno}"
        for name, tree, _ in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in {"eval", "exec", "compile"}
    ]

    assert calls == []


def test_demo_needs_nothing_but_the_standard_library() -> None:
    known = sys.stdlib_module_names | {"discovery"}
    foreign = [
        f"{name}: {module}"
        for name, found in imports().items()
        if name.startswith("discovery/demo/")
        for module in found
        if module.split(".")[0] not in known
    ]

    assert foreign == []
