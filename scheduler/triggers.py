"""Decide when an instance is due: cron or interval, jitter, and one run for all that was missed."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.cron import Cron

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|[smhdw])")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHORTEST = timedelta(seconds=1)


def parse_duration(text: str) -> timedelta:
    """Read ``30s``, ``5m``, ``6h``, ``1d``, ``2w`` or a sum such as ``1h30m``.

    Raises ``ValueError`` that shows the form.
    """
    compact = text.strip().lower().replace(" ", "")
    parts = _DURATION.findall(compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        raise ValueError(f'{text!r} is not a duration; write it like "30s", "5m", "6h" or "1h30m"')
    try:
        return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))
    except OverflowError as error:
        raise ValueError(f"{text!r} is too long a duration") from error


def duration_text(duration: timedelta) -> str:
    """Write a duration in the form that :func:`parse_duration` reads; whole milliseconds."""
    left = round(duration.total_seconds() * 1000)
    text = ""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSpec:
    """When to run: exactly one of ``cron`` (a five-field expression) and ``every``; ``jitter`` on top.

    Raises ``ValueError`` when built from anything that makes no sense.
    """

    cron: str | None = None
    every: timedelta | None = None
    jitter: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if (self.cron is None) == (self.every is None):
            raise ValueError("give either a cron expression (schedule) or an interval (every)")
        if self.cron is not None:
            Cron.parse(self.cron)
        if self.every is not None and self.every < _SHORTEST:
            raise ValueError(f"the interval must be at least {duration_text(_SHORTEST)}")
        if self.jitter < timedelta(0) or (self.every is not None and self.jitter * 2 >= self.every):
            raise ValueError("jitter must not be negative, and must be shorter than half of the interval")

    @property
    def text(self) -> str:
        """Return one stable line, kept in the schedule table to notice that a schedule changed."""
        when = (
            f"cron {self.cron}"
            if self.cron is not None
            else f"every {duration_text(self.every or _SHORTEST)}"
        )
        return f"{when} jitter {duration_text(self.jitter)}" if self.jitter else when


def next_due(spec: ScheduleSpec, after: datetime, zone: ZoneInfo, *, seed: str) -> datetime:
    """Return the first due time later than ``after``, in UTC.

    The jitter is a pure function of ``seed`` (the instance) and of the due time, so every daemon of a
    store computes the same moment and the unique claim on it means something. It delays, never hurries.
    Intervals are counted from 1970 shifted by the seed, so a restart neither hurries nor delays them.
    Ticks that were missed are not made up: whoever asks after a pause gets one due time.
    """
    start = after - spec.jitter
    while True:
        base = _next_base(spec, start, zone, seed)
        due = base + _jitter(spec.jitter, f"{seed} {base.isoformat()}")
        if due > after:
            return due
        start = base


def first_due(spec: ScheduleSpec, now: datetime, zone: ZoneInfo, *, seed: str) -> datetime:
    """Return when an instance that was just added is due: an interval begins now, cron waits for its time."""
    if spec.every is not None:
        return now + _jitter(spec.jitter, f"{seed} first")
    return next_due(spec, now, zone, seed=seed)


def due_after_run(spec: ScheduleSpec, now: datetime, zone: ZoneInfo, *, seed: str) -> datetime:
    """Return the due time after one that is run ``now``, however late: what was missed is run once.

    An interval's next time is at least half of it away, so a late run is not followed by another at once.
    """
    return next_due(spec, now + spec.every / 2 if spec.every is not None else now, zone, seed=seed)


def _next_base(spec: ScheduleSpec, after: datetime, zone: ZoneInfo, seed: str) -> datetime:
    if spec.cron is not None:
        return Cron.parse(spec.cron).next_after(after, zone)
    every = spec.every or _SHORTEST
    # Instances with the same interval must not all knock on the same second.
    anchor = _EPOCH + _fraction(f"phase {seed}") * every
    return anchor + ((after - anchor) // every + 1) * every


def _jitter(jitter: timedelta, seed: str) -> timedelta:
    if not jitter:
        return jitter
    return timedelta(seconds=int((_fraction(seed) * jitter).total_seconds()))


def _fraction(seed: str) -> float:
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:6]) / 2**48
