"""Make text from scanned things safe to show, and say numbers and times in words.

Names, paths and reasons come from what is scanned and may hold control characters, terminal escapes or
characters that turn the reading direction; :func:`safe` makes every such character visible.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

_MANY = 400
_MARKS_IN_A_ROW = 4


def safe(text: object, *, limit: int = _MANY) -> str:
    """Return ``text`` on one line with every unprintable character escaped, cut at ``limit`` characters."""
    raw = str(text)
    if len(raw) > limit:
        raw = raw[: limit - 1] + "…"
    if raw.isprintable() and raw.isascii():
        return raw
    return "".join(_visible(raw))


def _visible(raw: str) -> list[str]:
    out: list[str] = []
    marks = 0
    for char in raw:
        # Heaps of combining marks paint over the lines above; a real name needs few in a row.
        marks = marks + 1 if unicodedata.combining(char) else 0
        if char.isprintable() and marks <= _MARKS_IN_A_ROW:
            out.append(char)
        elif unicodedata.category(char) == "Zs":
            out.append(" ")
        else:
            out.append(escape_char(char))
    return out


def escape_char(char: str) -> str:
    """Write one character as ``\\xNN``, ``\\uNNNN`` or ``\\UNNNNNNNN``."""
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def count(number: int, one: str, many: str = "") -> str:
    """Return ``1 system``, ``2 systems``, ``1,204 assets``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """Return a span of time in the two largest units that matter: ``0.8 s``, ``42 s``, ``3 min 5 s``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def day(moment: str | None, zone: str = "UTC") -> str:
    """Return the calendar day of a UTC text in ``zone``, or a dash; a plain day stays as it is."""
    return "-" if not moment else _local(moment, zone, "%Y-%m-%d")


def minute(moment: str | None, zone: str = "UTC") -> str:
    """Return a UTC text to the minute in ``zone``, or a dash."""
    return "-" if not moment else _local(moment, zone, "%Y-%m-%d %H:%M")


def words(name: str) -> str:
    """Return a public word as people write it: ``accepted_risk`` becomes ``accepted risk``."""
    return name.replace("_", " ")


def last_day(moment: str | None, zone: str) -> str:
    """Return the last day that a decision holds, given the moment (UTC text) at which it has ended."""
    if not moment:
        return ""
    ended = datetime.fromisoformat(moment) - timedelta(microseconds=1)
    return _local(ended.isoformat(), zone, "%Y-%m-%d")


def short_ids(ids: Iterable[str], *, least: int = 20) -> Callable[[str], str]:
    """Return a function that cuts ids to the shortest length that still tells these apart.

    Ids begin with the time they were minted, so those of one run differ late.
    """
    known = sorted(set(ids))
    length = least
    for one, other in pairwise(known):
        same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
        length = max(length, same + 1)
    return lambda full: full[:length]


def told_apart(things: Iterable[tuple[str, str]], beside: Iterable[str] = ()) -> Callable[[str, str], str]:
    """Return a function that names a thing (name, id), with its id where another one has the same name.

    ``beside`` are ids that no short one may be taken for.
    """
    ids: dict[str, set[str]] = {}
    for name, one in things:
        ids.setdefault(name, set()).add(one)
    shorten = short_ids([*(one for several in ids.values() for one in several), *beside])
    return lambda name, one: f"{name} {shorten(one)}" if len(ids.get(name, ())) > 1 else name


def _local(moment: str, zone: str, form: str) -> str:
    if len(moment) == 10:
        return moment
    tz = UTC if zone == "UTC" else ZoneInfo(zone)
    return datetime.fromisoformat(moment).astimezone(tz).strftime(form)


def changes(in_30: float | None, in_90: float | None) -> str:
    """Return by how much a score changed in 30 and in 90 days, as far as that is known, with two spaces."""
    known = [f"{one:+.0f} in {days} days" for days, one in ((30, in_30), (90, in_90)) if one is not None]
    return f"  {', '.join(known)}" if known else ""


def single_user(number: int) -> str:
    """Return what a report says of so many decisions that no proven second person took."""
    one, many = "decision that takes a second person was", "decisions that take a second person were"
    return f"Single-user mode: {count(number, one, many)} taken without a proven one."
