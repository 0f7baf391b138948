"""The command line: one file for every noun, nothing heavy imported before a command needs it."""

from __future__ import annotations

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 clean, 1 findings above ``--fail-on`` or a check that failed, 2 usage, configuration or store,
    3 partial, 4 internal error. ``argv`` is without the program's name; ``None`` takes the process's own.
    """
    from discovery.cli.boundary import leave_workers, run

    code = run(argv)
    if argv is None and code:
        leave_workers(code)
    return code
