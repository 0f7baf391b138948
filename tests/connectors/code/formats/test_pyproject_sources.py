"""What uv takes from this tree is not the registry's package of that name."""

from __future__ import annotations

import pytest

from tests.code_samples import facts, read

PROJECT = '[project]\ndependencies = ["openai>=1", "mcp"]\n\n[tool.uv.sources]\n'


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("openai = { workspace = true }\n", ["mcp"]),
        ('openai = { path = "../openai" }\nmcp = [{ path = "../mcp" }]\n', []),
        ('openai = { git = "https://git.example.org/o.git" }\n', ["openai", "mcp"]),
        ('openai = { index = "internal" }\n', ["openai", "mcp"]),
        ("openai = 3\n", ["openai", "mcp"]),
    ],
)
def test_only_what_comes_from_elsewhere_is_a_dependency(source: str, names: list[str]) -> None:
    found = read("pyproject.toml", PROJECT + source)

    assert [fact.name for _, fact in found.facts if fact.kind == "package"] == names


def test_a_table_of_another_type_changes_nothing() -> None:
    assert "openai" in facts(
        "pyproject.toml", '[project]\ndependencies = ["openai"]\n[tool.uv]\nsources = 3\n'
    )
