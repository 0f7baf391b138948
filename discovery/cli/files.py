"""Write a file that takes its place only when it is whole."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click


@contextmanager
def opened(output: Path | None, *, add: bool = False) -> Iterator[TextIO]:
    """Open an output (``None`` and ``-``: standard output); a file is replaced only after all was written.

    ``add`` writes at the end of what is there, as summaries of pipelines want it.
    """
    if output is None or str(output) == "-":
        yield sys.stdout
        return
    in_place = add or (output.exists() and not output.is_file())
    if in_place:  # a pipe or a device is written to, never replaced
        with (
            _named(output),
            output.open("a" if add else "w", encoding="utf-8", errors="backslashreplace", newline="") as out,
        ):
            yield out
        return
    output = output.resolve()  # a link stays a link
    with _named(output):
        handle, name = tempfile.mkstemp(prefix=f".{output.name}.", dir=output.parent)
        draft = Path(name)
        try:
            # Surrogates from undecodable names may reach a CSV cell; they are written escaped.
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="") as out:
                yield out
            draft.replace(output)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def _named(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise click.FileError(str(output), error.strerror or type(error).__name__) from error
