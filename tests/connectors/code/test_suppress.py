"""Comments that suppress findings: what they cover, and that each of them is listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.model import Role
from tests.code_samples import read, scan, write


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.py", 'M = "gpt-4o"  # aicensus: ignore[model] reason=only a test id\n'),
        ("a.py", '# aicensus: ignore[model] reason=only a test id\nM = "gpt-4o"\n'),
        ("a.py", '# aicensus: ignore reason=only a test id\nM = "gpt-4o"\n'),
        ("a.ts", 'const m = "gpt-4o"; // aicensus: ignore[model,package] reason=only a test id\n'),
        ("a.ts", '/* aicensus: ignore[model] reason=only a test id */\nconst m = "gpt-4o";\n'),
        ("a.sql", "-- aicensus: ignore[model] reason=only a test id\nSET model = 'gpt-4o';\n"),
        ("a.yaml", "model: gpt-4o  # aicensus: ignore[model] reason=only a test id\n"),
    ],
)
def test_a_comment_on_the_line_or_alone_above_it_suppresses(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path, {name: text})

    found = scan(tmp_path).named("gpt-4o")

    assert found.role is Role.SUPPRESSED
    assert found.attributes["suppressed"] is True
    assert found.attributes["suppressed_reason"] == "only a test id"
    assert found.attributes["suppressed_role"] == "application"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('M = "gpt-4o"  # aicensus: ignore[model]\n', "without reason"),
        ('M = "gpt-4o"  # aicensus: ignore[modle] reason=typo\n', "unknown kind 'modle'"),
        ('M = "gpt-4o"  # aicensus: ignore[package] reason=another kind\n', "covers nothing"),
        ('x = 1  # aicensus: ignore reason=not alone\nM = "gpt-4o"\n', "covers nothing"),
        ('# aicensus: ignore reason=too far\n\nM = "gpt-4o"\n', "covers nothing"),
    ],
)
def test_a_comment_that_does_not_count_is_told(tmp_path: Path, text: str, told: str) -> None:
    write(tmp_path, {"a.py": text})

    found = scan(tmp_path)

    assert found.named("gpt-4o").role is Role.APPLICATION
    assert told in found.exceptions("files")["a.py:1"]


def test_one_place_that_is_not_covered_keeps_the_thing_in_force(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"a.py": 'M = "gpt-4o"  # aicensus: ignore reason=old\n', "b.py": 'M = "gpt-4o"\n'},
    )

    assert scan(tmp_path).named("gpt-4o").role is Role.APPLICATION


def test_a_place_of_lesser_role_need_not_be_covered(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"a.py": 'M = "gpt-4o"  # aicensus: ignore reason=old\n', "tests/b.py": 'M = "gpt-4o"\n'},
    )

    assert scan(tmp_path).named("gpt-4o").role is Role.SUPPRESSED


def test_a_suppression_is_listed_with_what_it_covers(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": 'import openai\nM = "gpt-4o"  # aicensus: ignore reason=old\n'})

    assert scan(tmp_path).exceptions("files") == {"a.py:2": "suppressed: model gpt-4o (reason: old)"}


def test_a_comment_in_a_file_that_is_only_read_for_its_name_counts(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": "openai  # aicensus: ignore[package] reason=moving out\n"})

    assert scan(tmp_path).named("openai").role is Role.SUPPRESSED


def test_the_words_in_a_string_are_no_comment() -> None:
    found = read("a.py", 'HELP = "write aicensus: ignore reason=x to hide"\n')

    assert not [fact for _, fact in found if fact.kind == "suppression"]
