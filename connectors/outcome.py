"""What comes back from scanning a scope, in bounded batches."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from connectors.model import Finding, PartStatus, Unchanged

BATCH_SIZE = 2_000
"""Findings in one batch at most: small enough for one short write transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartResult:
    """What became of a part.

    ``count`` is how many things it showed (findings and unchanged); ``exceptions`` are ``(locator,
    reason)`` of single things that could not be read; ``requests`` were sent while it was open. ``state``
    is a text that the connector wants back at the next scan (empty unless complete). ``stands``: the part
    shows exactly what is on record, and so nothing was handed on. Times are UTC.
    """

    status: PartStatus
    reason: str
    count: int
    exceptions: tuple[tuple[str, str], ...]
    requests: int
    started_at: datetime
    ended_at: datetime
    state: str = ""
    stands: bool = False

    @classmethod
    def never_read(cls, reason: str, now: datetime, status: PartStatus = PartStatus.FAILED) -> PartResult:
        """Return the result of a part that was promised and not read: failed or denied, never empty."""
        return cls(
            status=status,
            reason=reason,
            count=0,
            exceptions=(),
            requests=0,
            started_at=now,
            ended_at=now,
        )


@dataclass(slots=True, kw_only=True)
class PartBatch:
    """Some of what a part showed; batches of a part come in order and the last one has ``final``."""

    scope_key: str
    part: str
    findings: list[Finding]
    unchanged: list[Unchanged]
    final: PartResult | None = None


@dataclass(slots=True, kw_only=True)
class ScopeOutcome:
    """How a scope ended: the result of every declared part, and what stopped it (empty: nothing)."""

    scope_key: str
    parts: dict[str, PartResult] = field(default_factory=dict)
    requests: int = 0
    elapsed_s: float = 0.0
    error: str = ""
