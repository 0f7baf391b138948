from __future__ import annotations

import pytest

from connectors.code.owners import CodeOwners


@pytest.mark.parametrize(
    ("text", "file", "owners"),
    [
        ("* @a\n*.py @b\n", "x/y.py", ["@b"]),
        ("* @a\n/docs/ @b\n", "x/docs/y.py", ["@a"]),
        ("/x/ @org/team one@example.org\n", "x/y.py", ["@org/team", "one@example.org"]),
        ("# * @a\n\n*.py @b # why\n", "y.py", ["@b"]),
        ("*.py @a\n*.py\n", "y.py", []),
        ("[ML] @ml\n*.py\n[Docs]\n*.py @docs\n", "y.py", ["@ml", "@docs"]),
        ("^[Optional][2] @ml\n*.py\n", "y.py", ["@ml"]),
        ("/docs/* @a\n", "docs/x/y.py", []),
        ("docs/ @a\n", "x/docs/y.py", ["@a"]),
        ("/apps/**/x.py @a\n", "apps/b/c/x.py", ["@a"]),
        ("**/logs @a\n", "b/logs/c", ["@a"]),
        ("my\\ file.py @a\n", "my file.py", ["@a"]),
        ("!!!\\ [ @a\n* @b\n", "y.py", ["@b"]),
        ("* @a\n!*.lock\n", "x/y.lock", []),
        ("/config/ @@maintainer @a @@developers\n", "config/x", ["@a"]),
    ],
)
def test_the_last_line_that_matches_names_the_owners(text: str, file: str, owners: list[str]) -> None:
    hints = CodeOwners(text, "CODEOWNERS").hints([file])

    assert [hint.candidate for hint in hints] == owners


def test_a_line_for_everything_counts_less() -> None:
    owners = CodeOwners("* @a\n/x/ @b\n", "CODEOWNERS")

    (wide,), (narrow,) = owners.hints(["y"]), owners.hints(["x/y"])

    assert wide.confidence < narrow.confidence
    assert narrow.why == "CODEOWNERS:2 names @b for x/y"
