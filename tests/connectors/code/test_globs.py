from __future__ import annotations

import pytest

from connectors.code.globs import GlobTable


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("package.json", "a/b/package.json", True),
        ("package.json", "a/package.json5", False),
        ("*.tf", "a/main.tf", True),
        ("*.tf", "main.tfvars", False),
        ("requirements*.txt", "x/requirements-dev.txt", True),
        ("**/.cursor/rules/**.mdc", ".cursor/rules/a/b.mdc", True),
        ("**/.cursor/rules/**.mdc", "x/.cursor/rules/a.mdc", True),
        ("**/.cursor/rules/**.mdc", "x.cursor/rules/a.mdc", False),
        ("**/.github/agents/*.md", ".github/agents/deep/a.md", False),
        ("**/requirements/*.txt", "requirements/base.txt", True),
    ],
)
def test_globs_match_names_and_ends_of_paths(glob: str, path: str, matches: bool) -> None:
    table = GlobTable([(glob, "yes")])

    assert table.find(path) == (("yes",) if matches else ())


def test_answers_come_in_the_order_of_the_table() -> None:
    table = GlobTable([("*.json", "second"), ("a.json", "first"), ("**/x/*.json", "third")])

    assert table.find("x/a.json") == ("second", "first", "third")


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("**/*.mlpackage/Manifest.json", "app/Model.mlpackage/Manifest.json", True),
        ("**/*.mlpackage/Manifest.json", "Model.mlpackage/Manifest.json", True),
        ("**/*.mlpackage/Manifest.json", "app/Manifest.json", False),
        ("**/*/skills/*.md", "a/skills/x.md", True),
    ],
)
def test_a_folder_with_a_wildcard_in_front_is_found(glob: str, path: str, expected: bool) -> None:
    assert bool(GlobTable([(glob, "x")]).find(path)) is expected
