"""The catalogue can be searched, and a wrong file shows all of its mistakes at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.catalogue.looking import all_rows, mistakes, search
from connectors.errors import ConfigError

RIGHT = """
pypi = [
    { name = "acme-llm", category = "gateway", vendor = "acme", modules = ["acme_llm"] },
]
provider = [
    { name = "acme", title = "Acme's own gateway", hosts = ["llm.acme.example"] },
]
[[family]]
name = "acme-model"
vendor = "acme"
stems = ["acme-chat-"]
pattern = 'acme-chat-\\d+'
example = "acme-chat-2"
not_example = "acme-chatter"
"""
MISSED = """
[[family]]
name = "x"
vendor = "x"
stems = ["x-"]
pattern = "x-.*"
example = "y"
not_example = "z"
"""
TWICE = """
pypi = [
    { name = "a_b", category = "gateway", vendor = "x" },
    { name = "A-B", category = "gateway", vendor = "x" },
]
"""
WRONG = """
pypi = [
    { name = "acme-llm", category = "gateway", vendor = "acme" },
    { name = "acme-two", category = "no such", vendor = "acme", colour = "red" },
    { category = "gateway", vendor = 3 },
]
nonsense = []
family = [
    { name = "a", vendor = "acme", stems = ["a"], pattern = '(', example = "a", not_example = "b" },
]
"""


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_our_own_tables_have_no_mistake() -> None:
    assert mistakes() == []


def test_a_right_file_has_no_mistake(tmp_path: Path) -> None:
    assert mistakes(own(tmp_path, RIGHT)) == []


def test_all_mistakes_of_a_file_are_listed_with_their_place(tmp_path: Path) -> None:
    found = {one.path: one.text for one in mistakes(own(tmp_path, WRONG))}

    assert set(found) == {
        ("nonsense",),
        ("pypi", 1, "category"),
        ("pypi", 1, "colour"),
        ("pypi", 2, "name"),
        ("pypi", 2, "vendor"),
        ("family", 0, "pattern"),
    }
    assert "unknown key" in found["pypi", 1, "colour"]
    assert "missing" in found["pypi", 2, "name"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MISSED, "does not match its example"),
        ('provider = [{ name = "x", title = "X", hosts = ["api.openai.com"] }]', "is there 2 times"),
        (TWICE, "is there 2 times"),
    ],
)
def test_what_is_wrong_only_beside_our_rows_is_found_too(text: str, said: str, tmp_path: Path) -> None:
    (found,) = mistakes(own(tmp_path, text))

    assert said in found.text


@pytest.mark.parametrize(
    "text",
    [
        "pypi = 3",
        "pypi = [3]",
        'pypi = [{ name = ["x"] }, "x"]',
        "pypi = [[[[]]]]",
        'family = [{ pattern = "(" }]',
        "owners = 3",
        'syntax = "x"',
    ],
)
def test_wrong_types_at_every_level_are_mistakes_and_not_errors(text: str, tmp_path: Path) -> None:
    assert mistakes(own(tmp_path, text))


def test_what_is_no_toml_cannot_be_looked_at(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="TOML"):
        mistakes(own(tmp_path, "pypi = ["))


def test_a_word_is_found_in_names_and_in_what_rows_say() -> None:
    by_name = {(row.table, row.name) for row in search("anthropic")}
    by_host = {(row.table, row.name) for row in search("API.OPENAI.COM")}

    assert ("pypi", "anthropic") in by_name
    assert ("npm", "@anthropic-ai/sdk") in by_name
    assert ("provider", "openai") in by_host


def test_a_search_can_be_held_to_one_table() -> None:
    assert {row.table for row in search("bedrock", table="terraform")} == {"terraform"}


def test_operations_of_a_cloud_are_found_by_service() -> None:
    assert "bedrock:ListGuardrails" in {row.name for row in search("listguardrails", table="operation")}


def test_rows_of_a_users_file_come_first(tmp_path: Path) -> None:
    first = next(search("acme-llm", own(tmp_path, RIGHT)))

    assert (first.table, first.name, first.file) == ("pypi", "acme-llm", "own.toml")


def test_every_row_of_ours_has_a_name() -> None:
    assert [row for row in all_rows() if not row.name.strip()] == []
