from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discovery.config_lines import find_lines

TEXT = '''\
# a comment with = and [brackets]
title = "one"            # line 2
a.b . "c d" = 1          # line 3

[scan]                   # line 5
workers = 8
text = """
workers = 9
[not.a.table] \\""" still
"""
fail_on = 'none'         # line 11

[connectors.code.main]   # line 13
targets = [              # line 14
  "one",                 # ]
  { path = "two", x.y = [1,
     2] },
]
since = 2026-11-22 07:32:00
literal = \'\'\'
a = 1 \'\' still
\'\'\'

[[rules]]                # line 24
name = "x"
[[rules]]
name = "y"               # line 27
[rules.more]
deep = true              # line 29
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("a", "b", "c d"), 3),
        (("scan",), 5),
        (("scan", "workers"), 6),
        (("scan", "text"), 7),
        (("scan", "fail_on"), 11),
        (("connectors",), 13),
        (("connectors", "code", "main"), 13),
        (("connectors", "code", "main", "targets", 0), 15),
        (("connectors", "code", "main", "targets", 1, "path"), 16),
        (("connectors", "code", "main", "targets", 1, "x", "y", 1), 17),
        (("connectors", "code", "main", "since"), 19),
        (("connectors", "code", "main", "literal"), 20),
        (("rules",), 24),
        (("rules", 0, "name"), 25),
        (("rules", 1, "name"), 27),
        (("rules", 1, "more", "deep"), 29),
    ],
)
def test_every_key_has_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert find_lines(TEXT).at[path] == line


def test_what_is_missing_has_the_line_of_what_contains_it() -> None:
    lines = find_lines(TEXT)

    assert lines.of(("scan", "nothing")) == 5
    assert lines.of(("elsewhere",)) is None
    assert lines.known(("scan", "text", "str")) == ("scan", "text")


def test_repeated_keys_and_tables_are_noticed_with_both_lines() -> None:
    lines = find_lines("[a]\nx = 1\ny = 2\nx = 3\n[b]\n[a]\n")

    assert lines.repeated == [(("a", "x"), 2, 4), (("a",), 1, 6)]


def test_a_table_opened_after_its_child_is_no_repetition() -> None:
    assert find_lines("[a.b]\nx = 1\n[a]\ny = 2\n").repeated == []


@pytest.mark.parametrize(
    "text", ["x =", "[a", "x = [1,", "= 3", "x = {a = 1", '"', "x = 'unclosed", "\x00", "[" * 9_000]
)
def test_broken_text_ends_the_search_without_an_error(text: str) -> None:
    lines = find_lines(f"first = 1\n{text}")

    assert lines.at[("first",)] == 1


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    """Return the path of every key and element that TOML sees."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path} | {leaf for key, inner in items for leaf in leaves(inner, (*path, key))}


words = st.sampled_from(["a", "b", "c-d", '"e f"', "'g'", "a.b", 'h."i.j"'])
texts = st.sampled_from(
    ['"x"', "'y'", '"""m\n=n"""', "'''o\n[p]'''", "1.5", "true", "2026-01-01", '"q#"', '"\\""']
)
values = st.recursive(
    texts,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[ {', '.join(items)} ]"),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: "[\n" + ", # x = 1\n".join(items) + "\n]"),
        inner.map(lambda item: f"{{ k = {item}, l.m = 1 }}"),
    ),
    max_leaves=5,
)
pairs = st.tuples(words, values).map(lambda pair: f"{pair[0]} = {pair[1]}  # no = key\n")
headers = st.tuples(st.sampled_from(["[{}]\n", "[[{}]]\n", "[ {} ]\n"]), words).map(
    lambda two: two[0].format(two[1])
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(pairs, headers), max_size=6).map("".join))
def test_the_scanner_sees_the_keys_that_the_parser_sees(text: str) -> None:
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return

    lines = find_lines(text)

    assert leaves(parsed) - {()} == set(lines.at)
    assert lines.repeated == []
