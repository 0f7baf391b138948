"""Run one command of aicensus again and again and write down what did not go well; started by tests.

Arguments: how many times, log file, words of the command.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
from pathlib import Path

from discovery.cli import main


def repeat() -> None:
    """Repeat the command; the log, written at the end, holds a line for each failure."""
    times, log, *words = sys.argv[1:]
    lines = []
    for _ in range(int(times)):
        said, complained = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
            code = main(words)
        if code or complained.getvalue():
            lines.append(f"{code} {complained.getvalue()!r}")
        time.sleep(0.1)
    Path(log).write_text("\n".join(lines))


if __name__ == "__main__":
    repeat()
