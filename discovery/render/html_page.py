"""Write a report as one self-contained HTML page that prints well; every text in it is escaped.

No script, no font, no picture and no link leads out of the page, so that it can be kept and mailed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources

from discovery.render.text import safe


class Html(str):
    """Text that is HTML already; everything else is escaped."""

    __slots__ = ()


def page(title: str, under: str, parts: Iterable[Html]) -> str:
    """Return the whole page."""
    body = "\n".join(parts)
    style = resources.files("discovery.render").joinpath("report.css").read_text(encoding="utf-8")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        f"<title>{text(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f'<h1>{text(title)}</h1>\n<p class="dim">{text(under)}</p>\n{body}\n</body>\n</html>\n'
    )


def text(value: object) -> Html:
    """Return a value as text: escaped, without characters that could act on anything."""
    return value if isinstance(value, Html) else Html(escape(safe(str(value), limit=2_000)))


def heading(value: str) -> Html:
    """Return the heading of a section."""
    return Html(f"<h2>{text(value)}</h2>")


def paragraph(value: str, style: str = "") -> Html:
    """Return a paragraph."""
    return Html(f"<p{_class(style)}>{text(value)}</p>")


def cards(facts: Iterable[tuple[str, object]]) -> Html:
    """Return numbers side by side."""
    inner = "".join(f'<div class="card"><b>{text(value)}</b>{text(name)}</div>' for name, value in facts)
    return Html(f'<div class="cards">{inner}</div>')


def styled(value: str, style: str) -> Html:
    """Return text in one of the styles of the page."""
    return Html(f"<span{_class(style)}>{text(value)}</span>")


def interval(low: float, score: float | None, high: float) -> Html:
    """Return a bar from 0 to 100 that shows an interval and a score in it."""
    mark = "" if score is None else f'<b style="left:{_percent(score)}"></b>'
    return Html(
        f'<div class="bar"><i style="left:{_percent(low)};right:{_percent(100 - high)}"></i>{mark}</div>'
    )


def table(titles: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> Html:
    """Return a table, or ``empty`` as a sentence when there are no rows."""
    lines = ["<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    if not lines:
        return paragraph(empty, "dim")
    head = "".join(f"<th>{text(title)}</th>" for title in titles)
    return Html(f"<table><thead><tr>{head}</tr></thead><tbody>\n" + "\n".join(lines) + "\n</tbody></table>")


def _class(style: str) -> str:
    return f' class="{style}"' if style.isalpha() else ""


def _percent(value: float) -> str:
    return f"{min(100.0, max(0.0, value)):.1f}%"
