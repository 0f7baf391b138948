"""Write rows as a quiet table: no lines, bold heads, long cells folded, nothing cut off."""

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

    ``whole`` columns (ids, dates, counts) are never folded. ``style`` gives a rich style for a row's cell.
    """

    title: str
    text: Callable[[T], str]
    style: Callable[[T], str] | None = None
    right: bool = False
    whole: bool = False


def write_table(console: Console, columns: Sequence[Column[T]], rows: Iterable[T], *, indent: int = 0) -> int:
    """Write ``rows`` below the heads and return how many; every text is made safe here."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for column in columns:
        table.add_column(
            column.title,
            justify="right" if column.right else "left",
            no_wrap=column.whole,
            overflow="fold",
            min_width=min(len(column.title), 10),
        )
    written = 0
    for row in rows:
        written += 1
        table.add_row(*(_cell(column, row) for column in columns))
    _print(console, table, indent)
    return written


def _cell(column: Column[T], row: T) -> Text:
    from rich.text import Text

    style = column.style(row) if column.style else ""
    return Text(safe(column.text(row)), style=style)


def _print(console: Console, table: Table, indent: int) -> None:
    from rich.padding import Padding

    with console.capture() as captured:
        console.print(Padding(table, (0, 0, 0, indent), expand=False))
    text = captured.get()
    if not console.is_terminal:
        text = "".join(line.rstrip() + "\n" for line in text.splitlines())
    console.file.write(text)
