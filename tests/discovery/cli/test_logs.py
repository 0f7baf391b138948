from __future__ import annotations

import logging

import pytest

from connectors.secrets import remember
from discovery.cli.logs import set_up_logs


@pytest.fixture(autouse=True)
def log() -> logging.Logger:
    logger = logging.getLogger("aicensus.test")
    yield logger  # type: ignore[misc]
    root = logging.getLogger()
    for handler in [one for one in root.handlers if type(one).__name__ == "_OurHandler"]:
        root.removeHandler(handler)
    logging.getLogger("aicensus").setLevel(logging.NOTSET)


def fail(log: logging.Logger) -> None:
    try:
        raise ZeroDivisionError("sent hunter3-hunter3")
    except ZeroDivisionError:
        log.exception("scope %s failed \x1b[2J", "hunter3-hunter3")


def test_commands_show_no_log_at_all(log: logging.Logger, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs()

    fail(log)

    assert capsys.readouterr().err == ""


def test_daemon_logs_lines_without_traces_secrets_and_escapes(
    log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    remember("hunter3-hunter3")
    set_up_logs(lines=True)

    log.info("begun")
    fail(log)

    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith("INFO aicensus.test: begun")
    assert second.endswith("ERROR aicensus.test: scope [redacted] failed \\x1b[2J")


def test_second_command_in_one_process_does_not_log_twice(
    log: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs(lines=True)
    set_up_logs(lines=True)

    log.info("once")

    assert len(capsys.readouterr().err.splitlines()) == 1
