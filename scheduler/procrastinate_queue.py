"""Name the queue, connect to it, and put calls and answers into the texts that its jobs carry."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Callable, Coroutine
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException

CALLS = "aicensus"
"""The queue that workers read."""
CALL_TASK = "aicensus.call"
REPLY_TASK = "aicensus.reply"
_PAYLOAD = re.compile(r"payload='[^']*'")
_LOGGERS = ("procrastinate.worker", "procrastinate.jobs", "procrastinate.manager", "procrastinate.tasks")


class RemoteFailure(RuntimeError):
    """The work failed with an error that cannot travel; the text says which."""


class _WithoutPayload(logging.Filter):
    """Keep calls and answers out of the log: Procrastinate writes a job's arguments into its messages."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = _PAYLOAD.sub("payload='...'", record.getMessage()), ()
        for name in ("job", "task_kwargs"):
            record.__dict__.pop(name, None)
        return True


def make_app(
    url: str, answered: Callable[[str, str], Coroutine[Any, Any, None]], open_timeout_s: float = 15
) -> App:
    """Return a Procrastinate app that knows the task of answers."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(known, _WithoutPayload) for known in logger.filters):
            logger.addFilter(_WithoutPayload())
    app = App(
        connector=PsycopgConnector(conninfo=libpq_url(url), min_size=1, max_size=6, timeout=open_timeout_s)
    )

    @app.task(name=REPLY_TASK)
    async def reply(ticket: str, payload: str) -> None:
        await answered(ticket, payload)

    return app


async def open_app(app: App) -> None:
    """Connect, and create Procrastinate's tables where they are missing."""
    await app.open_async()
    if await app.check_connection_async():
        return
    try:
        await app.schema_manager.apply_schema_async()
    except ConnectorException:
        # Another process was faster; then the tables are there now.
        if not await app.check_connection_async():
            raise


def libpq_url(url: str) -> str:
    """Return a SQLAlchemy PostgreSQL URL as the plain one that psycopg takes."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}{separator}{rest}"


def to_text(payload: bytes) -> str:
    """Write bytes as a text that JSON holds."""
    return base64.b64encode(payload).decode("ascii")


def from_text(text: str) -> bytes:
    """Read what :func:`to_text` wrote."""
    return base64.b64decode(text)
