"""Count working time: the hours of working days where the organisation is, without holidays.

Every moment has a place on one line of working seconds, so that adding and subtracting are look-ups. A change
of the clock in spring or autumn changes the length of the day it falls on, if it falls into working hours.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_FIRST, _LAST = date(2024, 1, 1), date(2041, 1, 1)
"""Moments outside are taken as the nearest one inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """When work is done: ``days`` are weekdays (Monday is 0), ``begins`` and ``ends`` minutes of the day."""

    zone: str = "UTC"
    days: tuple[int, ...] = (0, 1, 2, 3, 4)
    begins: int = 9 * 60
    ends: int = 17 * 60
    holidays: tuple[str, ...] = ()

    @property
    def day_s(self) -> float:
        """Return the length of a working day in seconds."""
        return (self.ends - self.begins) * 60.0

    def between(self, start: datetime, end: datetime) -> float:
        """Return the working seconds from ``start`` to ``end``; 0 when the end comes first."""
        line = _line(self)
        return max(0.0, line.place(end) - line.place(start))

    def after(self, start: datetime, seconds: float) -> datetime:
        """Return the moment (UTC) at which so much working time has passed since ``start``."""
        line = _line(self)
        return line.moment(line.place(start) + seconds)

    def seconds(self, text: str) -> float:
        """Read ``4h`` or ``7d`` as working seconds; raises ``ValueError``."""
        number, unit = text[:-1], text[-1:]
        if not number.isdecimal() or unit not in "hd" or not 0 < int(number) <= 3650:
            raise ValueError(f"{text!r} is no time; write working hours or days, such as 4h or 7d")
        return int(number) * (3600.0 if unit == "h" else self.day_s)


@dataclass(frozen=True, slots=True)
class _Line:
    starts: Sequence[float]
    lengths: Sequence[float]
    before: Sequence[float]

    def place(self, moment: datetime) -> float:
        stamp = moment.timestamp()
        at = bisect_right(self.starts, stamp) - 1
        return 0.0 if at < 0 else self.before[at] + min(stamp - self.starts[at], self.lengths[at])

    def moment(self, place: float) -> datetime:
        at = bisect_right(self.before, place) - 1
        # The end of a day, not the beginning of the next one, is when its time is over.
        if at > 0 and self.before[at] == place:
            at -= 1
        inside = min(place - self.before[at], self.lengths[at])
        return datetime.fromtimestamp(self.starts[at] + inside, UTC)


@lru_cache(maxsize=8)
def _line(hours: WorkingHours) -> _Line:
    zone = UTC if hours.zone == "UTC" else ZoneInfo(hours.zone)
    free = {date.fromisoformat(one) for one in hours.holidays}
    starts: list[float] = []
    lengths: list[float] = []
    before: list[float] = []
    total = 0.0
    day = _FIRST
    while day < _LAST:
        if day.weekday() in hours.days and day not in free:
            start, end = (_stamp(day, minute, zone) for minute in (hours.begins, hours.ends))
            starts.append(start)
            lengths.append(end - start)
            before.append(total)
            total += end - start
        day += timedelta(days=1)
    return _Line(starts, lengths, before)


def _stamp(day: date, minute: int, zone: ZoneInfo | object) -> float:
    begin = datetime.combine(day + timedelta(days=minute // 1440), time(minute % 1440 // 60, minute % 60))
    return begin.replace(tzinfo=zone).timestamp()  # type: ignore[arg-type]  # UTC or a ZoneInfo
