"""Write rows as a quiet table: no lines, bold heads, long cells folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from discovery.render.text import safe

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Column(Generic[T]):
    """One column: its head, the text of a row, and how it is set.

    ``whole`` columns (ids, dates, counts) are never folded. Texts longer than ``most`` characters end in an
    ellipsis (0: no limit), for what is told in full elsewhere. ``style`` gives a rich style for a row's cell.
    """

    title: str
    text: Callable[[T], str]
    style: Callable[[T], str] | None = None
    right: bool = False
    whole: bool = False
    most: int = 0


def write_table(console: Console, columns: Sequence[Column[T]], rows: Iterable[T], *, indent: int = 0) -> int:
    """Write ``rows`` below the heads and return how many; every text is made safe here."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for column in columns:
        table.add_column(
            column.title,
            justify="right" if column.right else "left",
            no_wrap=column.whole or column.most > 0,
            overflow="ellipsis" if column.most else "fold",
            max_width=column.most or None,
            min_width=min(len(column.title), 10),
        )
    written = 0
    least = [_least(column, len(column.title)) for column in columns]
    for row in rows:
        written += 1
        cells = [_cell(column, row) for column in columns]
        least = [
            max(so_far, _least(column, cell.cell_len))
            for column, cell, so_far in zip(columns, cells, least, strict=True)
        ]
        table.add_row(*cells)
    _print(console, table, indent, least=sum(least) + 2 * len(least) + indent)
    return written


def _least(column: Column[T], length: int) -> int:
    """Return the room that a text of ``length`` must have: all of it where it is never folded."""
    return length if column.whole else min(length, column.most or 10)


def _cell(column: Column[T], row: T) -> Text:
    from rich.text import Text

    style = column.style(row) if column.style else ""
    return Text(safe(column.text(row)), style=style)


def _print(console: Console, table: Table, indent: int, *, least: int) -> None:
    """Print at the console's width, or wider where it is too narrow to show every column."""
    from rich.padding import Padding

    width = console.width
    console.width = max(width, least)
    with console.capture() as captured:
        console.print(Padding(table, (0, 0, 0, indent), expand=False))
    console.width = width
    text = captured.get()
    if not console.is_terminal:
        text = "".join(line.rstrip() + "\n" for line in text.splitlines())
    console.file.write(text)
