"""Write what a scan shows as Markdown, for the summary page of a pipeline.

Names and paths come from what is scanned: they are set as code, so that nothing in them becomes a link, an
image or HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from discovery.render.text import count, safe, words

if TYPE_CHECKING:
    from discovery.service.judging import Thing

_MOST = 50


def summary(things: Sequence[Thing], *, compared_with: str = "", reasons: Sequence[str] = ()) -> str:
    """Return a section of Markdown: what is new, what was excused and why, what could not be seen."""
    new = [one for one in things if one.counts]
    since = f" since {code(compared_with)}" if compared_with else ""
    lines = [f"## AI found: {len(new):,} new{since}", ""]
    if new:
        lines += [*_table(new[:_MOST]), ""]
    if len(new) > _MOST:
        lines += [f"… and {len(new) - _MOST:,} more.", ""]
    known = [one for one in things if not one.is_new]
    if known:
        lines += [f"{count(len(known), 'thing')} known before.", ""]
    excused = [one for one in things if one.is_new and one.excuse is not None]
    lines += _excused(excused)
    if reasons:
        lines += ["Not seen:", "", *(f"- {code(reason)}" for reason in reasons[:_MOST]), ""]
    return "\n".join(lines) + "\n"


def code(text: object) -> str:
    """Return text as a code span that also holds in a table's cell."""
    plain = safe(text, limit=200).replace("|", "\\|")
    longest = max((len(run) for run in _runs_of_ticks(plain)), default=0)
    ticks = "`" * (longest + 1)
    padding = " " if "`" in plain else ""
    return f"{ticks}{padding}{plain}{padding}{ticks}" if plain else ""


def _runs_of_ticks(text: str) -> list[str]:
    return [run for run in "".join(char if char == "`" else " " for char in text).split() if run]


def _table(things: Sequence[Thing]) -> list[str]:
    rows = ["| thing | kind | provider | evidence | where |", "|---|---|---|---|---|"]
    for one in things:
        where = one.places[0].locator if one.places else one.asset.natural_id
        cells = (
            code(one.asset.name),
            words(one.asset.kind),
            code(one.asset.provider),
            one.asset.grade,
            code(where),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _excused(things: Sequence[Thing]) -> list[str]:
    if not things:
        return []
    lines = ["New, but not counted:", ""]
    for one in things[:_MOST]:
        reason = one.excuse.reason if one.excuse else ""
        lines.append(f"- {code(one.asset.name)} ({words(one.asset.kind)}): {code(reason)}")
    if len(things) > _MOST:
        lines.append(f"- … and {len(things) - _MOST:,} more")
    return [*lines, ""]
