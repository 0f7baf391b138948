"""Write a list of one noun in the format that was asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

import click

from discovery.render.as_table import Column

T = TypeVar("T")
FORMATS = ("table", "json", "jsonl", "csv")


@dataclass(slots=True, kw_only=True)
class Listing(Generic[T]):
    """How one noun is listed: table columns, public JSON and CSV fields.

    ``fields`` are the public JSON names in order; ``empty`` is what people read when there is nothing.
    """

    one: str
    many: str
    columns: Sequence[Column[T]]
    to_json: Callable[[T], Mapping[str, Any]]
    fields: Sequence[str]
    empty: str

    def write(self, rows: Iterable[T], fmt: str, *, limit: int = 0) -> int:
        """Write ``rows`` to standard output in ``fmt``; at most ``limit`` (0: all). Return how many."""
        shown = islice(rows, limit) if limit and fmt != "table" else rows
        if fmt == "table":
            return self._table(rows, limit)
        if fmt == "csv":
            from discovery.render.as_csv import write_rows

            return write_rows(map(self.to_json, shown), self.fields, sys.stdout)
        from discovery.render.as_json import write_array, write_lines

        write = write_lines if fmt == "jsonl" else write_array
        return write(map(self.to_json, shown), sys.stdout)

    def _table(self, rows: Iterable[T], limit: int) -> int:
        from discovery.render.as_table import write_table
        from discovery.render.terminal import console
        from discovery.render.text import count

        source = iter(rows)
        taken = list(islice(source, limit) if limit else source)
        if not taken:
            click.echo(self.empty)
            return 0
        write_table(console(), self.columns, taken)
        more = next(source, None) is not None
        tail = (
            f"The first {count(len(taken), self.one, self.many)}; --limit 0 shows all."
            if more
            else (count(len(taken), self.one, self.many) + ".")
        )
        click.echo(f"\n{tail}")
        return len(taken)
