from __future__ import annotations

import time

import pytest

from connectors.code.owners import PLACES, CodeOwners, places_for


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


@pytest.mark.parametrize(
    ("text", "file", "owners"),
    [
        ("* one@example.org @two  # all of it\n", "y.py", ["one@example.org", "@two"]),
        ("*.js @@JSExperts\n", "x/y.js", ["team JSExperts"]),
        ('*.ts @@"Dev Ops Team" @paul\n', "y.ts", ["team Dev Ops Team", "@paul"]),
        ("@@@Mine @paul@example.org @@JSDevs\n*.py @@@Mine\n", "y.py", ["paul@example.org", "team JSDevs"]),
        ('"a/path with spaces/*" docs@example.org\n', "a/path with spaces/b", ["docs@example.org"]),
        ("\\#mine.rb @paul\n", "#mine.rb", ["@paul"]),
        ("CODEOWNERS.enforce true\n* @a\nCheck(@@x >= 2)\n", "y", ["@a"]),
        ("* @a\n!*.lock\n", "y.lock", []),
        ("*.py @@@unknown\n", "y.py", []),
    ],
)
def test_bitbucket_names_groups_and_addresses(text: str, file: str, owners: list[str]) -> None:
    hints = CodeOwners(text, ".bitbucket/CODEOWNERS").hints([file])

    assert [hint.candidate for hint in hints] == owners


@pytest.mark.parametrize(
    ("repository", "first"),
    [
        ("github.com/acme/shop", ".github/CODEOWNERS"),
        ("gitlab.example.org/acme/shop", "CODEOWNERS"),
        ("bitbucket.org/acme/shop", ".bitbucket/CODEOWNERS"),
        ("local/0123/home/shop", ".github/CODEOWNERS"),
    ],
)
def test_the_host_decides_which_file_counts(repository: str, first: str) -> None:
    places = places_for(repository)

    assert places[0] == first
    assert sorted(places) == sorted(PLACES)


@pytest.mark.parametrize("path", ["CODEOWNERS", ".bitbucket/CODEOWNERS"])
@pytest.mark.parametrize("word", ["a", "-", "@", '"', "@@", "a.", "\\"])
def test_a_line_made_to_be_slow_is_not(path: str, word: str) -> None:
    started = time.process_time()

    CodeOwners(f"* {word * 200_000}\n{word * 200_000} @a\n", path).hints(["x"])

    assert time.process_time() - started < 1.0
