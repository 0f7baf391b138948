"""The command line: one file for every noun, nothing heavy imported before a command needs it."""

from __future__ import annotations

import gc
from collections.abc import Sequence

_COLLECT_AFTER = (20_000, 20, 20)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 clean, 1 findings above ``--fail-on`` or a check that failed, 2 usage, configuration or store,
    3 partial, 4 internal error. ``argv`` is without the program's name; ``None`` takes the process's own.
    """
    if argv is None:
        # Imports and catalogues live to the end: looking for cycles among them is a tenth of a short command.
        gc.set_threshold(*_COLLECT_AFTER)
    from discovery.cli.boundary import leave_workers, run

    code = run(argv)
    if argv is None and code:
        leave_workers(code)
    return code
