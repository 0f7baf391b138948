"""Read five-field cron expressions and walk through their moments in a time zone.

Ours instead of APScheduler's ``CronTrigger`` because that one counts week days from Monday (``0`` is
Sunday in every crontab), combines day and week day by "and" where cron says "or", and in a
short trial around a change of clocks (3.11.3, Europe/Berlin) fired at an hour that did not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
# The longest wait between two 29 Februaries is eight years (2096 to 2104); what has no day in nine has none.
_HORIZON_DAYS = 366 * 9
_CLOCK_CHANGE = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of month", 1, 31),
    _Field("month", 1, 12, ("", *_MONTHS)),
    _Field("day of week", 0, 7, tuple(_DAYS)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """A cron expression, read: the sets of minutes, hours, days, months and week days (0 is Sunday).

    ``either_day`` is cron's rule that, with both day fields restricted, one of the two is enough.
    ``every_hour`` marks expressions that follow elapsed time, so they run in both of the two equal hours
    when clocks go back; all others run once.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    every_hour: bool

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Read ``minute hour day month weekday`` or a nickname such as ``@daily``.

        Raises ``ValueError`` that names the field which makes no sense.
        """
        fields = _NICKNAMES.get(text.strip().lower(), text).split()
        if len(fields) != 5:
            raise ValueError(
                f"a cron expression has 5 fields (minute hour day month weekday), not {len(fields)}: {text!r}"
            )
        sets = [_read_field(field, value) for field, value in zip(_FIELDS, fields, strict=True)]
        cron = cls(
            minutes=tuple(sorted(sets[0])),
            hours=tuple(sorted(sets[1])),
            days=frozenset(sets[2]),
            months=frozenset(sets[3]),
            weekdays=frozenset(day % 7 for day in sets[4]),
            either_day=not fields[2].startswith("*") and not fields[4].startswith("*"),
            every_hour=fields[1].startswith("*"),
        )
        if next(cron._days(date(2024, 1, 1)), None) is None:
            raise ValueError(f"the cron expression {text!r} never comes true: no such day exists")
        return cron

    def next_after(self, after: datetime, zone: ZoneInfo) -> datetime:
        """Return the first moment later than ``after`` (aware), in UTC.

        A wall time that a clock change skips runs as much later as the clocks moved; one that comes
        twice runs the first time only, unless the expression runs every hour. Raises ``ValueError`` for an
        expression that never comes true.
        """
        wall = after.astimezone(zone).replace(tzinfo=None)
        best: datetime | None = None
        for candidate in self._walls(wall - _CLOCK_CHANGE):
            if best is not None and candidate > best.astimezone(zone).replace(tzinfo=None) + _CLOCK_CHANGE:
                break
            for fold in (0, 1) if self.every_hour else (0,):
                moment = candidate.replace(tzinfo=zone, fold=fold).astimezone(UTC)
                if moment > after and (best is None or moment < best):
                    best = moment
        if best is None:
            raise ValueError(f"no moment after {after.isoformat()} satisfies the cron expression")
        return best

    def _walls(self, start: datetime) -> Iterator[datetime]:
        for day in self._days(start.date()):
            for hour in self.hours:
                for minute in self.minutes:
                    wall = datetime.combine(day, time(hour, minute))
                    if wall >= start:
                        yield wall

    def _days(self, start: date) -> Iterator[date]:
        for offset in range(_HORIZON_DAYS):
            day = start + timedelta(days=offset)
            if day.month in self.months and self._is_day(day):
                yield day

    def _is_day(self, day: date) -> bool:
        by_date = day.day in self.days
        by_weekday = day.isoweekday() % 7 in self.weekdays
        return by_date or by_weekday if self.either_day else by_date and by_weekday


def _read_field(field: _Field, text: str) -> set[int]:
    values: set[int] = set()
    for item in text.split(","):
        span, slash, step_text = item.partition("/")
        low, high = _read_span(field, span, has_step=bool(slash))
        step = _number(field, step_text) if slash else 1
        if step < 1:
            raise ValueError(f"cron: the step of {field.name} must be 1 or more, not {step_text!r}")
        values.update(range(low, high + 1, step))
    return values


def _read_span(field: _Field, span: str, *, has_step: bool) -> tuple[int, int]:
    if span == "*":
        return field.low, field.high if field.high != 7 else 6
    first, dash, last = span.partition("-")
    low = _number(field, first)
    high = _number(field, last) if dash else (field.high if has_step else low)
    if not field.low <= low <= high <= field.high:
        raise ValueError(f"cron: {field.name} {span!r} is not within {field.low} to {field.high}")
    return low, high


def _number(field: _Field, text: str) -> int:
    name = text.lower()
    if name and name in field.names:
        return field.names.index(name)
    if text.isascii() and text.isdigit() and len(text) <= 4:
        return int(text)
    raise ValueError(f"cron: {field.name} {text!r} is not a number{' or a name' if field.names else ''}")
