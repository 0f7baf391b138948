"""Know the terminal: width, colour, and where people read along.

Colour only on a terminal and never with ``NO_COLOR``; off a terminal lines are 80 columns (or
``COLUMNS``) and carry no escape at all.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

PLAIN_WIDTH = 80


def console(stream: TextIO | None = None) -> Console:
    """Open a console on ``stream`` (default: standard output) that takes no markup from text."""
    from rich.console import Console

    class Plain(Console):
        """Leave a reader that has gone to our own boundary; rich would end the program with 1."""

        def on_broken_pipe(self) -> None:
            raise  # rich calls this while it handles the BrokenPipeError

    return Plain(file=stream or sys.stdout, markup=False, highlight=False, emoji=False, soft_wrap=False)


def is_interactive() -> bool:
    """Say whether a person can answer questions here."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def make_tolerant() -> None:
    """Let standard output and error take any text: what cannot be encoded is written escaped."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
