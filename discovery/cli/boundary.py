"""Turn whatever ends a command into one clear text on standard error and an exit code.

The one place that knows all families of errors. No traceback unless ``--debug``; secrets never.
"""

from __future__ import annotations

import errno
import hashlib
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from types import TracebackType
from typing import Any, NoReturn

import click

_NAME = "aicensus"
_COMPLETE = "_AICENSUS_COMPLETE"


class ExitCode(IntEnum):
    """What a command's exit code says; :func:`worst` decides between several."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    PARTIAL = 3
    INTERNAL = 4


_PRECEDENCE = (ExitCode.USAGE, ExitCode.INTERNAL, ExitCode.FINDINGS, ExitCode.PARTIAL)


def worst(codes: Sequence[ExitCode]) -> ExitCode:
    """Return the code that wins: 2, then 4, then 1, then 3, else 0."""
    return next((code for code in _PRECEDENCE if code in codes), ExitCode.CLEAN)


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """Write to standard output; when its reader has gone, go on as if all had been written."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _reader_left()


def stop(code: ExitCode) -> NoReturn:
    """End the command with ``code``."""
    raise click.exceptions.Exit(int(code))


def run(argv: Sequence[str] | None) -> int:
    """Run the command line and return the exit code."""
    from discovery.render.terminal import make_tolerant

    _open_missing_streams()
    make_tolerant()
    with Boundary() as boundary:
        boundary.code = _invoke(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
    return boundary.code


def _open_missing_streams() -> None:
    """Put the null device where a standard stream was closed (``>&-``), before a store's file gets there."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, open(number, "r" if number == 0 else "w", closefd=False))  # noqa: SIM115


def _invoke(words: list[str]) -> int:
    # Not through ``main`` of click: it has ideas of its own about broken pipes and interrupts.
    from discovery.cli.app import cli

    wish = os.environ.get(_COMPLETE)
    if wish:
        from click.shell_completion import shell_complete

        return shell_complete(cli, {}, _NAME, _COMPLETE, wish)
    with cli.make_context(_NAME, words) as context:
        cli.invoke(context)
    return ExitCode.CLEAN


def leave_workers(code: int) -> None:
    """End the process at once when a scan that broke off left workers that still wait for a vendor.

    The interpreter would wait for them; whatever they bring would not be written any more.
    """
    import threading

    if any(thread.name.startswith("aicensus-scope") for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class Boundary:
    """Catch what a command raises; ``code`` is the exit code afterwards."""

    def __init__(self) -> None:
        self.code = 0

    def __enter__(self) -> Boundary:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None:
            return True
        if isinstance(error, SystemExit | GeneratorExit):
            return False
        self.code = int(_explain(error))
        return True


def _explain(error: BaseException) -> ExitCode:
    if isinstance(error, click.exceptions.Exit):
        return ExitCode(error.exit_code)
    if isinstance(error, BrokenPipeError):
        return _reader_left()
    if isinstance(error, click.Abort | KeyboardInterrupt):
        return _say(
            "Stopped. What was finished is saved; run the same command again to go on.", ExitCode.PARTIAL
        )
    if isinstance(error, click.UsageError):
        return _usage(error)
    if isinstance(error, click.ClickException):
        return _say(f"Error: {error.format_message()}", ExitCode.USAGE)
    if _comes_from(error, "connectors.errors", "ConnectorError"):
        partial = not _comes_from(error, "connectors.errors", "ConfigError")
        return _say(f"Error: {error}", ExitCode.PARTIAL if partial else ExitCode.USAGE)
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return _no_room(error)
    for module, name in _EXPECTED:
        if _comes_from(error, module, name):
            return _say(f"Error: {error}", ExitCode.USAGE)
    return _internal(error)


# Families of errors that people can mend; named, so that a short command need not import them.
_EXPECTED = (
    ("store.errors", "StoreError"),
    ("discovery.guard", "NameTaken"),
)


def _comes_from(error: BaseException, module: str, name: str) -> bool:
    loaded: Any = getattr(sys.modules.get(module), name, None)
    return isinstance(loaded, type) and isinstance(error, loaded)


def _usage(error: click.UsageError) -> ExitCode:
    if error.ctx is not None and error.__class__ is not click.exceptions.NoArgsIsHelpError:
        _write(error.ctx.get_usage())
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _write(error.format_message())
        return ExitCode.USAGE
    message = error.format_message()
    _say(f"Error: {message}", ExitCode.USAGE)
    if error.ctx is not None and "--help" not in message:
        _write(f"See '{error.ctx.command_path} --help'.")
    return ExitCode.USAGE


def _reader_left() -> ExitCode:
    # The reader of our output has gone (``| head``): nothing is wrong, and nothing more can be written.
    _discard_output()
    return ExitCode.CLEAN


def _discard_output() -> None:
    devnull = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(devnull, sys.stdout.fileno())
    except (OSError, ValueError):  # standard output is not a real file, as under a test
        pass
    finally:
        os.close(devnull)


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _no_room(error: OSError) -> ExitCode:
    # The rest of the buffer would fail again when the interpreter ends, with a text of its own.
    _discard_output()
    return _say(
        f"Error: the output cannot be written: {error.strerror}. Free some space or write it elsewhere; "
        "the inventory is kept.",
        ExitCode.USAGE,
    )


def _internal(error: BaseException) -> ExitCode:
    trace = "".join(traceback.format_exception(error))
    places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    reference = hashlib.sha256("|".join([type(error).__name__, *places]).encode()).hexdigest()[:8]
    context = click.get_current_context(silent=True)
    debug = bool(context and context.find_root().meta.get("debug")) or "--debug" in sys.argv
    if debug or os.environ.get("AICENSUS_DEBUG"):
        _write(trace)
    return _say(
        f"Internal error {reference}: {type(error).__name__}: {error}\n"
        "This is a mistake of aicensus. Run the command again with --debug, and report the trace with "
        "that number.",
        ExitCode.INTERNAL,
    )


def _say(text: str, code: ExitCode) -> ExitCode:
    _write(text)
    return code


def _write(text: str) -> None:
    from connectors.secrets import redact
    from discovery.render.text import safe

    for line in redact(text).splitlines():
        click.echo(safe(line, limit=2000), err=True)
