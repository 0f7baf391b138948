"""``.aicensusignore``: what it hides, and that nothing is hidden in silence."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from connectors.code.ignore import NAME, IgnoreRules
from connectors.code.owners import CodeOwners
from connectors.patterns import compile_pattern
from tests.code_samples import commit, git, scan, write

MODEL = 'model = "gpt-4o"\n'


def _rules(**files: str) -> IgnoreRules:
    rules = IgnoreRules()
    for folder, text in files.items():
        rules.add(f"{folder.replace('__', '/')}/{NAME}" if folder != "root" else NAME, text.encode())
    return rules


@pytest.mark.parametrize(
    ("text", "path", "is_hidden"),
    [
        ("gen/\n", "gen/a.py", True),
        ("gen/\n", "x/gen/a.py", True),
        ("/gen/\n", "x/gen/a.py", False),
        ("*.ipynb\n", "x/y.ipynb", True),
        ("*.ipynb\n!keep.ipynb\n", "x/keep.ipynb", False),
        ("gen/\n!gen/keep.py\n", "gen/keep.py", False),
        ("# gen/\n\n", "gen/a.py", False),
        ("a/**/b.py\n", "a/c/d/b.py", True),
        ("[ab].py\n", "b.py", True),
        ("\\#odd.py\n", "#odd.py", True),
    ],
)
def test_patterns_are_those_of_gitignore(text: str, path: str, is_hidden: bool) -> None:
    rules = _rules(root=text)

    assert rules.hide(path) is is_hidden


def test_a_file_in_a_folder_speaks_for_that_folder_and_wins_over_those_above() -> None:
    rules = _rules(root="*.py\n", a__b="!keep.py\n/own.txt\n")

    paths = ("a/keep.py", "a/b/keep.py", "a/b/x.py", "a/b/own.txt", "own.txt")

    assert [rules.hide(path) for path in paths] == [True, False, True, True, False]


def test_every_line_that_hides_says_how_much_and_the_first_file() -> None:
    rules = _rules(root="# generated\ngen/\n*.none\n")
    for path in ("gen/a.py", "gen/b.py"):
        rules.hide(path)

    assert list(rules.notes()) == [(f"{NAME}:2", "'gen/' hides 2 file(s), the first gen/a.py")]


def test_a_line_that_is_no_pattern_is_told() -> None:
    rules = _rules(root="/\n!\n")

    assert {place for place, _ in rules.notes()} <= {f"{NAME}:1", f"{NAME}:2"}
    assert not rules.hide("a.py")


def test_a_pattern_made_to_be_slow_is_not() -> None:
    rules = _rules(root="*a" * 60 + "b\n")
    started = time.process_time()

    rules.hide("a" * 4_000)

    assert time.process_time() - started < 1.0


def test_a_scan_leaves_out_what_is_ignored_and_lists_it(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            NAME: "gen/\n",
            "gen/pyproject.toml": '[project]\nname = "x"\ndependencies = ["openai"]\n',
            "gen/x.py": MODEL,
            "app.py": 'model = "gpt-4o-mini"\n',
            "b/.aicensusignore": "*.yaml\n",
            "b/x.yaml": "model: gpt-4-turbo\n",
        },
    )

    found = scan(tmp_path)

    assert [one.name for one in found.findings] == ["gpt-4o-mini"]
    assert found.exceptions("files") == {
        ".aicensusignore:1": "'gen/' hides 2 file(s), the first gen/pyproject.toml",
        "b/.aicensusignore:1": "'*.yaml' hides 1 file(s), the first b/x.yaml",
    }


def test_in_a_commit_files_listed_before_the_ignore_file_are_hidden_too(tmp_path: Path) -> None:
    commit(tmp_path / "r", {"!first/x.py": MODEL, NAME: "!first/\n\\!first/\n", "z.py": MODEL})
    git(tmp_path / "r", "clone", "-q", "--bare", str(tmp_path / "r"), str(tmp_path / "bare.git"))

    found = scan(tmp_path / "bare.git")

    assert [one.evidence[0].locator for one in found.findings] == ["z.py:1"]
    assert len(found.exceptions("files")) == 1


def test_include_patterns_do_not_switch_the_ignore_file_off(tmp_path: Path) -> None:
    write(tmp_path, {NAME: "gen/\n", "gen/x.py": MODEL, "app.py": MODEL})

    found = scan(tmp_path, include=("**/*.py",))

    assert [one.evidence[0].locator for one in found.findings] == ["app.py:1"]


def test_patterns_of_a_tree_are_let_go_of_with_it() -> None:
    before = compile_pattern.cache_info().currsize  # type: ignore[attr-defined]

    rules = _rules(root="/of/this/tree/**/alone-*.py\n")
    owners = CodeOwners("/of/this/tree/*/alone/ @acme/team\n", "CODEOWNERS")

    assert rules.hide("of/this/tree/alone-1.py")
    assert owners.hints(["of/this/tree/x/alone/a.py"])
    assert compile_pattern.cache_info().currsize == before  # type: ignore[attr-defined]
