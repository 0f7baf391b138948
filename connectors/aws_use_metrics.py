"""See what is used by the metrics that AWS keeps of it: listed free of charge, counted only where allowed.

A metric is listed while it has data in the last two weeks, so a listing alone proves use. How often and when
exactly is for ``GetMetricData``, which costs and is read only up to what the options allow.

**Source:** CloudWatch API reference, ListMetrics (500 a page, data of the last two weeks, up to 15 minutes
late, ``RecentlyActive`` PT3H) and GetMetricData (500 metrics a request, each of them charged); read
2026-11-22. Permissions: ``cloudwatch:ListMetrics``; ``cloudwatch:GetMetricData`` where allowed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from connectors import aws_use_rows
from connectors.aws_use_findings import Subject, Subjects, Use, day_of, days_ago, kept_of, shown, weekly
from connectors.aws_use_rows import MODEL, SERVICE, Metric
from connectors.clients.aws import Listing, Place
from connectors.contract import Context, PartHandle
from connectors.model import Finding, Json, Unchanged

DATA_PART = "cloudwatch.GetMetricData"
_LISTED_DAYS = 14
_RECENT = timedelta(hours=3)
_MOST_VALUES = 50
_QUERIES = 500
_DAY_S = 86_400

Dimensions = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Measured:
    """A subject that metrics show: as what it is called, what stands beside it, how it can be counted."""

    row: Metric
    subject: Subject
    values: set[str] = field(default_factory=set)
    beside: dict[str, set[str]] = field(default_factory=dict)
    dimensions: set[Dimensions] = field(default_factory=set)


class Metrics:
    """Read the metrics of one region; remember what they showed for the parts that come after."""

    def __init__(self, ctx: Context, subjects: Subjects, place: Place) -> None:
        self._ctx = ctx
        self._subjects = subjects
        self._place = place
        self.namespaces: set[str] = set()
        self.measured: list[Measured] = []

    def read(self, row: Metric) -> Iterator[Finding | Unchanged]:
        """Yield what one metric shows to be used."""
        with self._ctx.part(row.part) as part:
            found = self._measured(row, self._items(row), part)
            recent = (
                self._measured(row, self._items(row, RecentlyActive="PT3H"), part)
                if (found and row.is_recent)
                else {}
            )
            days = self._days(row, found, recent)
            part.state(json.dumps(days, sort_keys=True))
            self.measured += found.values()
            uses = [_use(one, days.get(key, "")) for key, one in sorted(found.items())]
            where = f"{row.namespace} {row.metric} in {self._place.region}"
            yield from shown(self._ctx, row.part, uses, self._subjects.spot, where)

    def _items(self, row: Metric, **more: str) -> Iterator[dict[str, Any]]:
        listing = Listing(
            service="cloudwatch",
            operation="ListMetrics",
            items="Metrics",
            params={"Namespace": row.namespace, "MetricName": row.metric, **more},
            token="NextToken",
            next="NextToken",
        )
        return self._ctx.aws.items(listing, self._place)

    def _measured(
        self, row: Metric, items: Iterator[Mapping[str, Any]], part: PartHandle
    ) -> dict[str, Measured]:
        found: dict[str, Measured] = {}
        for item in items:
            pairs = {str(one["Name"]): str(one["Value"]) for one in item.get("Dimensions") or ()}
            value = next((pairs[name] for name in row.dimensions if pairs.get(name)), "")
            if not value:
                continue
            self.namespaces.add(row.namespace)
            subject = self._subject(row, value)
            if subject is None:
                if row.shows != SERVICE and self._subjects.may_be_hidden(row.parts):
                    part.exception(value, "used, but what it is could not be listed")
                continue
            known = found.setdefault(subject.key.key, Measured(row, subject))
            known.values.add(value)
            known.dimensions.add(tuple(sorted(pairs.items())))
            for name, dimension in row.beside:
                if pairs.get(dimension):
                    known.beside.setdefault(name, set()).add(pairs[dimension])
        return found

    def _subject(self, row: Metric, value: str) -> Subject | None:
        if row.shows == SERVICE:
            return self._subjects.of_service(row.service)
        if row.pattern is not None:
            match = row.pattern.search(value)
            value = row.to.format(match[1], **self._subjects.spot.fields) if match else value
        if row.shows == MODEL:
            return self._subjects.of_model(value, row.parts)
        return self._subjects.of_thing(value, row.parts)

    def _days(
        self, row: Metric, found: Mapping[str, Measured], recent: Mapping[str, Measured]
    ) -> dict[str, str]:
        """Return the last day on which each was seen to be used, as far as the scans have seen it."""
        days: dict[str, str] = kept_of(self._ctx.previous_state(row.part)) or {}
        today = day_of(self._ctx.now() - _RECENT)
        return {key: today if key in recent else days[key] for key in found if key in recent or key in days}


def _use(one: Measured, day: str) -> Use:
    attributes: dict[str, Json] = {"used_within_days": _LISTED_DAYS}
    if one.row.shows == SERVICE:
        attributes["operations"] = _texts(one.values)
    elif one.subject.listed is None:
        attributes["invoked_as"] = _texts(one.values)
        attributes[one.row.flag] = True
    for name, values in sorted(one.beside.items()):
        attributes[name] = _texts(values)
    return Use(subject=one.subject, day=day, attributes=attributes)


def _texts(values: set[str]) -> list[Json]:
    return list[Json](sorted(values)[:_MOST_VALUES])


def count(
    ctx: Context, measured: Sequence[Measured], subjects: Subjects, place: Place, allowed: int
) -> Iterator[Finding | Unchanged]:
    """Read how often each was used and when last, for at most ``allowed`` metrics; once a week each."""
    with ctx.part(DATA_PART) as part:
        previous = ctx.previous(DATA_PART)
        due: list[Measured] = []
        left = 0
        for one in sorted(measured, key=lambda one: one.subject.key.key):
            key = one.subject.key
            stamp = weekly(key.key, ctx.now())
            if previous.get((key.namespace, key.key)) == stamp:
                yield Unchanged(natural_key=key, fingerprint=stamp)
            elif allowed >= len(_counted(one)):
                allowed -= len(_counted(one))
                due.append(one)
            else:
                left += 1
        if left:
            part.exception(DATA_PART, f"{left:,} more are beyond what metric_data_metrics allows here")
        uses = list(_counts(ctx, due, place))
        for finding in shown(ctx, DATA_PART, uses, subjects.spot, f"metrics in {place.region}"):
            if isinstance(finding, Finding):
                finding.fingerprint = weekly(finding.natural_key.key, ctx.now())
                yield finding


def _counted(one: Measured) -> list[Dimensions]:
    """Return the dimensions that count each use once: those with the fewest names."""
    fewest = min(map(len, one.dimensions))
    return sorted(pairs for pairs in one.dimensions if len(pairs) == fewest)


def _counts(ctx: Context, due: Sequence[Measured], place: Place) -> Iterator[Use]:
    days = aws_use_rows.load().limits.metric_days
    asked = [(one, pairs) for one in due for pairs in _counted(one)]
    points: dict[str, dict[str, float]] = {}
    for start in range(0, len(asked), _QUERIES):
        for result in _asked(ctx, asked[start : start + _QUERIES], place, days):
            one = asked[start + int(str(result["Id"])[1:])][0]
            by_day = points.setdefault(one.subject.key.key, {})
            for moment, value in zip(
                result.get("Timestamps") or (), result.get("Values") or (), strict=False
            ):
                by_day[day_of(moment)] = by_day.get(day_of(moment), 0.0) + value
    for one in due:
        used = {day: value for day, value in points.get(one.subject.key.key, {}).items() if value > 0}
        yield Use(
            subject=one.subject,
            day=max(used, default=""),
            requests=round(sum(used.values())),
            window_days=days,
        )


def _asked(
    ctx: Context, some: Sequence[tuple[Measured, Dimensions]], place: Place, days: int
) -> Iterator[dict[str, Any]]:
    queries = [
        {"Id": f"m{number}", "MetricStat": _stat(one.row, pairs), "ReturnData": True}
        for number, (one, pairs) in enumerate(some)
    ]
    listing = Listing(
        service="cloudwatch",
        operation="GetMetricData",
        items="MetricDataResults",
        params={
            "MetricDataQueries": queries,
            "StartTime": f"{days_ago(ctx.now(), days)}T00:00:00Z",
            "EndTime": f"{ctx.now():%Y-%m-%dT%H:%M:%SZ}",
        },
        token="NextToken",
        next="NextToken",
    )
    return ctx.aws.items(listing, place)


def _stat(row: Metric, pairs: Dimensions) -> dict[str, Any]:
    metric = {
        "Namespace": row.namespace,
        "MetricName": row.metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in pairs],
    }
    return {"Metric": metric, "Period": _DAY_S, "Stat": "Sum"}
