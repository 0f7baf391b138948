"""Who owner files and manifests name."""

from __future__ import annotations

import json

import pytest

from tests.code_samples import read

BACKSTAGE = """apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: bot}
spec:
  type: service
  owner: group:default/claims
"""


def _notes(path: str, text: str) -> list[tuple[str, str, int]]:
    return [
        (fact.name, fact.identifier, fact.line) for _, fact in read(path, text) if fact.kind == "owner_note"
    ]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("catalog-info.yaml", BACKSTAGE, [("backstage owner", "team claims", 6)]),
        (
            "catalog-info.yaml",
            BACKSTAGE.replace("group:default/claims", "user:ada"),
            [("backstage owner", "ada", 6)],
        ),
        (
            "OWNERS",
            "approvers:\n- ada\nreviewers:\n  - bob\n",
            [("OWNERS approver", "@ada", 2), ("OWNERS reviewer", "@bob", 4)],
        ),
        (
            "x/OWNERS",
            "# who\nset noparent\nada@example.org\nper-file *.py=bob@example.org\n",
            [("OWNERS approver", "ada@example.org", 3)],
        ),
        (
            "MAINTAINERS",
            "Ada L <ada@example.org> (@ada)\nL:\tlist@example.org\n",
            [("MAINTAINERS", "ada@example.org", 1), ("MAINTAINERS", "@ada", 1)],
        ),
        ("MAINTAINERS.md", "| Bob | @bob/x |\n", [("MAINTAINERS", "@bob/x", 1)]),
        (
            "package.json",
            json.dumps({"author": "Ada <ada@example.org> (https://example.org)"}),
            [("manifest author", "ada@example.org", 1)],
        ),
        (
            "package.json",
            '{\n"maintainers": [{"name": "Ada"}, "Bob"]}',
            [("manifest maintainer", "Ada", 2), ("manifest maintainer", "Bob", 2)],
        ),
        (
            "pyproject.toml",
            '[project]\nauthors = [{name = "Ada"}, {email = "bob@example.org"}]\n',
            [("manifest author", "Ada", 2), ("manifest author", "bob@example.org", 2)],
        ),
        (
            "pyproject.toml",
            '[tool.poetry]\nauthors = ["Ada <ada@example.org>"]\n',
            [("manifest author", "ada@example.org", 2)],
        ),
        ("Cargo.toml", '[package]\nauthors = ["Ada"]\n', [("manifest author", "Ada", 2)]),
    ],
)
def test_owner_files_name_people_and_teams(
    path: str, text: str, expected: list[tuple[str, str, int]]
) -> None:
    assert _notes(path, text) == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("catalog-info.yaml", "kind: Component\nspec: {owner: x}\n"),
        ("catalog-info.yaml", BACKSTAGE.replace("group:default/claims", "[1]")),
        ("catalog-info.yaml", "[" * 3_000),
        ("OWNERS", "approvers: 7\n"),
        ("OWNERS", "approvers:\n- [a]\n- 'not a login!'\n"),
        ("package.json", '{"author": 7, "maintainers": {"a": [1]}, "authors": [[[]]]}'),
        ("package.json", '{"author": {"name": 7, "email": []}}'),
        ("pyproject.toml", "[project]\nauthors = 3\n[tool]\npoetry = 1\n"),
        ("MAINTAINERS", ""),
    ],
)
def test_wrong_types_name_nobody(path: str, text: str) -> None:
    assert _notes(path, text) == []


def test_a_long_list_ends_after_twenty() -> None:
    text = "\n".join(f"p{number}@example.org" for number in range(100))

    assert len(_notes("OWNERS", text)) == 20
