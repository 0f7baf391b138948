"""Ask a person on a terminal, until the answer can be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

T = TypeVar("T")


def asked(question: str, default: str, read: Callable[[str], T]) -> T:
    """Ask until the answer can be read: a slip of the pen costs one line, not the whole screen."""
    from discovery.render.text import safe
    from discovery.service.errors import ServiceError

    while True:
        answer: str = click.prompt(
            safe(question, limit=1000),
            default=safe(default, limit=2000),
            show_default=bool(default),
            err=True,
            type=str,
            prompt_suffix="\n> ",
        )
        try:
            return read(answer.strip())
        except (click.BadParameter, ServiceError) as error:
            told = error.format_message() if isinstance(error, click.BadParameter) else str(error)
            click.echo(f"   {safe(told, limit=1000)}", err=True)
