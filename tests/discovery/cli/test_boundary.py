from __future__ import annotations

import os
import re

import click
import pytest

from connectors.errors import AuthError, ConfigError
from connectors.secrets import remember
from discovery.cli.boundary import Boundary, ExitCode, worst
from discovery.guard import NameTaken
from store.errors import NewerSchema


def ended(error: BaseException) -> int:
    with Boundary() as boundary:
        raise error
    return boundary.code


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (ConfigError("no instance aws:x", hint="Add a table."), 2, "Error: no instance aws:x. Add a table."),
        (NewerSchema("the store is newer", where="a.db", hint="Upgrade."), 2, "newer (a.db). Upgrade."),
        (NameTaken("other packages use our names"), 2, "other packages use our names"),
        (click.UsageError("bad"), 2, "Error: bad"),
        (AuthError("the token is wrong", where="openai:main"), 3, "the token is wrong (openai:main)"),
        (KeyboardInterrupt(), 3, "What was finished is saved"),
        (click.Abort(), 3, "Stopped."),
        (ZeroDivisionError("division by zero"), 4, "ZeroDivisionError: division by zero"),
    ],
)
def test_every_family_of_errors_has_its_text_and_exit_code(
    error: BaseException, code: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(error) == code

    said = capsys.readouterr()
    assert text in said.err
    assert said.out == ""
    assert "Traceback" not in said.err


def test_internal_error_gives_a_number_that_is_the_same_next_time(capsys: pytest.CaptureFixture[str]) -> None:
    def numbers() -> list[str]:
        for _ in range(2):
            ended(ZeroDivisionError())
        return re.findall(r"Internal error (\w{8})", capsys.readouterr().err)

    first, second = numbers()

    assert first == second


def test_internal_error_shows_its_trace_only_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AICENSUS_DEBUG", "1")

    ended(ZeroDivisionError("division by zero"))

    assert "Traceback (most recent call last)" in capsys.readouterr().err


@pytest.mark.parametrize("debug", ["", "1"])
def test_error_text_holds_no_secret_and_no_escape(
    debug: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    remember("hunter2-hunter2")
    monkeypatch.setenv("AICENSUS_DEBUG", debug)

    ended(RuntimeError("sent hunter2-hunter2 and sk-abcdefghijklmnop1234 \x1b[2J"))

    said = capsys.readouterr().err
    assert "hunter2" not in said
    assert "sk-abcdef" not in said
    assert "\x1b" not in said
    assert "[redacted]" in said


def test_reader_that_left_is_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(BrokenPipeError()) == 0

    assert capsys.readouterr().err == ""
    assert os.path.exists(os.devnull)


def test_several_codes_go_by_precedence() -> None:
    usage, internal, findings, partial = (ExitCode(code) for code in (2, 4, 1, 3))

    assert worst([]) == 0
    assert worst([partial]) == 3
    assert worst([partial, findings]) == 1
    assert worst([partial, findings, internal]) == 4
    assert worst([partial, internal, usage]) == 2
