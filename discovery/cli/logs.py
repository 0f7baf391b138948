"""Decide what of the log people see: a daemon's lines, all on request, else nothing beside our own words."""

from __future__ import annotations

import logging

import click

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class CleanFormatter(logging.Formatter):
    """Write one record without secrets, terminal escapes and, unless asked for, traces."""

    def __init__(self, *, traces: bool) -> None:
        super().__init__(_FORMAT, datefmt="%Y-%m-%dT%H:%M:%SZ")
        import time

        self.converter = time.gmtime
        self._traces = traces

    def formatException(self, ei: object) -> str:
        """Return a trace only when traces are wanted."""
        return super().formatException(ei) if self._traces else ""  # type: ignore[arg-type]

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's lines, each made safe."""
        from connectors.secrets import redact
        from discovery.render.text import safe

        if not self._traces and record.exc_info:
            # Records are shared with other handlers; the cached text of one must not leak into ours.
            record.exc_text = None
        lines = redact(super().format(record)).splitlines()
        return "\n".join(safe(line, limit=4000) for line in lines if line)


class _OurHandler(logging.StreamHandler):  # type: ignore[type-arg]
    """Mark the handler as ours, so that a second command in one process replaces it."""


def debug_wanted() -> bool:
    """Say whether ``--debug`` was given to the command that runs."""
    context = click.get_current_context(silent=True)
    return bool(context and context.find_root().meta.get("debug"))


def set_up_logs(*, lines: bool = False) -> None:
    """Send log records to standard error: from INFO with ``lines`` or ``--debug``, else none at all.

    What a command has to say of failures it says itself; a record would only repeat it.
    """
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _OurHandler)]:
        root.removeHandler(handler)
    debug = debug_wanted()
    handler = _OurHandler()
    handler.setFormatter(CleanFormatter(traces=debug))
    handler.setLevel(logging.INFO if lines or debug else logging.CRITICAL + 1)
    root.addHandler(handler)
    if lines or debug:
        logging.getLogger("aicensus").setLevel(logging.DEBUG if debug else logging.INFO)
