"""Tell jobs and runs together: that a service works, with what, and when it last did.

Jobs come by the thousand and are no systems of their own. Of each kind the newest are read; they become one
finding for account and region, and the last use of the things that they name.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.aws_evidence import Uses, fills_of
from connectors.aws_findings import PROVIDER, Listed, Spot, bare, moment_of
from connectors.aws_rows import Row
from connectors.model import Evidence, Finding, Json, NaturalKey, Unchanged, Usage

WINDOW_DAYS = 30
_MOST_VALUES = 20


class Told:
    """Gather the items of one listing of jobs."""

    def __init__(self, row: Row, spot: Spot, most: int) -> None:
        assert row.activity is not None
        self._row = row
        self._activity = row.activity
        self._spot = spot
        self._most = most
        self._times: list[datetime] = []
        self._count = 0
        self._statuses: Counter[str] = Counter()
        self._kept: dict[str, set[str]] = {}
        self._used: dict[tuple[Uses, str], list[datetime]] = {}

    def add(self, item: Mapping[str, Any]) -> None:
        """Note one job."""
        at = moment_of(self._activity.at.first(item))
        self._count += 1
        self._times += [at] if at else []
        self._statuses[str(self._activity.status.first(item) or "unknown")] += 1
        for name, path in self._activity.keep:
            self._kept.setdefault(name, set()).update(str(value) for value in path.all(item))
        for uses in self._activity.uses:
            for subject in uses.subjects(item, self._spot.fields):
                self._used.setdefault((uses, subject), []).extend([at] if at else [])

    def shown(
        self, listed: Mapping[str, list[Listed]], previous: Mapping[tuple[str, str], str]
    ) -> Iterator[Finding | Unchanged]:
        """Yield the finding of all jobs, and the last use of the things of this scope that they name.

        What was used by jobs that are no longer among the newest keeps what was last seen of it.
        """
        if self._count:
            yield _or_unchanged(self._together(), previous)
        done: set[tuple[str, str]] = set()
        for uses in self._activity.uses:
            things = {one.key.key: one for part in uses.parts for one in listed.get(part, ())}
            for key in sorted(things):
                thing = things[key]
                name = (thing.key.namespace, key)
                times = self._used.get((uses, key), [])
                if name in done or not (times or name in previous):
                    continue
                done.add(name)
                if times:
                    yield _or_unchanged(self._use(thing, times), previous)
                else:
                    yield Unchanged(natural_key=thing.key, fingerprint=previous[name])

    def _together(self) -> Finding:
        row, spot = self._row, self._spot
        key = fills_of(row.key, spot.fields)
        attributes: dict[str, Json] = {
            "jobs": self._count,
            "are_more": self._count >= self._most,
            "statuses": [f"{name}: {number}" for name, number in sorted(self._statuses.items())],
        }
        for name, values in sorted(self._kept.items()):
            attributes[name] = list[Json](sorted(values)[:_MOST_VALUES])
        finding = Finding(
            kind=row.kind,
            provider=PROVIDER,
            natural_key=NaturalKey(namespace=row.namespace, key=key),
            name=row.title,
            evidence=(Evidence(source=row.part, locator=key, observed_at=spot.now),),
            grade=row.grade,
            account=spot.account,
            region=spot.region,
            attributes=attributes,
            usage=self._usage(self._times),
        )
        finding.fingerprint = _fingerprint(row, f"{attributes}{finding.usage}")
        return finding

    def _use(self, thing: Listed, times: list[datetime]) -> Finding:
        finding = bare(thing.row, thing, self._row.part, self._spot)
        finding.usage = self._usage(times)
        finding.fingerprint = _fingerprint(self._row, f"{finding.usage}{thing.name}")
        return finding

    def _usage(self, times: list[datetime]) -> Usage:
        since = self._spot.now - timedelta(days=WINDOW_DAYS)
        return Usage(
            last_used_at=max(times, default=None),
            requests=sum(at >= since for at in times),
            window_days=WINDOW_DAYS,
        )


def _or_unchanged(finding: Finding, previous: Mapping[tuple[str, str], str]) -> Finding | Unchanged:
    key = finding.natural_key
    if previous.get((key.namespace, key.key)) == finding.fingerprint:
        return Unchanged(natural_key=key, fingerprint=finding.fingerprint)
    return finding


def _fingerprint(row: Row, text: str) -> str:
    return hashlib.blake2b(row.version + text.encode(), digest_size=10).hexdigest()
