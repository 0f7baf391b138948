"""Least privilege: every right is used, nothing else is, and losing any one of them costs exactly its parts.

One scan of everything tells which operation is sent for which part. Then each operation is denied: many in
one scan, as long as none of them touches a part of another, so that what turns denied is its own doing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

import pytest

from connectors import aws_rows, aws_use_rows
from connectors.aws import AwsConnector, AwsOptions
from connectors.aws_stacks import STACKS_PART
from connectors.aws_tags import TAGS_PART
from connectors.clients.network import NetworkSettings
from connectors.context import forget_clients
from connectors.model import Finding, PartStatus, Scope, Unchanged
from connectors.outcome import PartBatch, PartResult
from connectors.runner import ScopeJob, list_scopes, run_scope
from tests import aws_samples, aws_use_samples
from tests.connectors.test_aws_use_paid import FakeLake
from tests.fakes_aws_organization import FakeOrganization
from tests.harness_aws import environment

Op = tuple[str, str]
Place = tuple[str, str]
"""A part: scope key and name."""

ITEMS = 3
"""Enough of everything that a part whose every single read is refused gives up as denied."""
ELSEWHERE: Mapping[Op, str] = {
    ("sts", "GetCallerIdentity"): "nobody can be denied it",
    ("sts", "AssumeRole"): "of other accounts: test_aws, test_aws_organization",
    ("account", "ListRegions"): "the listing of scopes: test_aws",
    ("ec2", "DescribeRegions"): "asked where ListRegions is denied: test_aws",
    ("organizations", "ListAccounts"): "the listing of scopes: test_aws_organization",
    ("ssm", "GetParametersByPath"): "asked for large scans: test_aws_presence",
}
PAID = {"cloudwatch.GetMetricData"}
SOME = ("bedrock", "ce", "cloudtrail", "cloudwatch", "iam")
"""Services that show evidence of every sort."""
DECIDING = {("cloudwatch", "ListMetrics"), ("cloudtrail", "LookupEvents")}
"""What these show decides what else is asked, so that each is denied alone."""
FEW = 20
"""Groups of fewer operations are denied in a scan of their services only."""
NETWORK = NetworkSettings(max_attempts=1, connect_timeout_s=2, read_timeout_s=5)


@dataclass
class Walk:
    """What one scan of everything showed, and which operations each part sent."""

    results: dict[Place, PartResult] = field(default_factory=dict)
    shown: dict[Place, dict[tuple[str, str], str]] = field(default_factory=dict)
    sent: dict[Op, set[Place]] = field(default_factory=dict)
    listings: set[Place] = field(default_factory=set)

    def listed(self) -> set[tuple[str, str]]:
        """Return the keys of everything that a listing shows."""
        return {key for place in self.listings for key in self.shown.get(place, ())}


@contextmanager
def account() -> Iterator[FakeOrganization]:
    """Start a fake account with some of everything in one region."""
    with FakeOrganization() as fake:
        aws_samples.fill(fake, count=ITEMS)
        aws_use_samples.fill(fake)
        FakeLake(fake, an_hour=1)
        yield fake


def options(services: tuple[str, ...] = ()) -> AwsOptions:
    """Return options that switch everything on, calls that cost money included."""
    return AwsOptions(
        organization=True,
        services=services,
        cost_explorer_requests=10_000,
        metric_data_metrics=10_000,
        cloudtrail_lake_gb=10_000,
    )


def scopes_of(fake: FakeOrganization, services: tuple[str, ...] = ()) -> list[Scope]:
    """Return the account's scopes with the parts of some services, or of all."""
    nowhere = Scope(connector="aws", instance="walk", ids=("*",), parts=())
    with patch.dict(os.environ, environment(fake)):
        scopes, listing = list_scopes(_job(nowhere, services=services))
    forget_clients()
    assert scopes, listing
    return scopes


def scan(fake: FakeOrganization, services: tuple[str, ...] = (), before: Walk | None = None) -> Walk:
    """Scan some services, or all, each part's calls noted as it ends.

    Rows that speak about other rows' things are told what they said ``before``; all else is read anew.
    """
    walk = Walk()
    taken = 0

    def emit(batch: PartBatch) -> None:
        nonlocal taken
        place = (batch.scope_key, batch.part)
        shown = walk.shown.setdefault(place, {})
        every: list[Finding | Unchanged] = [*batch.findings, *batch.unchanged]
        for one in every:
            shown[one.natural_key.namespace, one.natural_key.key] = one.fingerprint
        if batch.final:
            walk.results[place] = batch.final
            for call in fake.calls[taken:]:
                walk.sent.setdefault((call.service, call.operation), set()).add(place)
            taken = len(fake.calls)

    scopes = scopes_of(fake, services)
    with patch.dict(os.environ, environment(fake)):
        for scope in scopes:
            walk.listings |= {(scope.key, part.name) for part in scope.parts if not part.details}
            taken = len(fake.calls)
            outcome = run_scope(_job(scope, before, services), emit)
            assert outcome.error == ""
        forget_clients()
    return walk


def _job(scope: Scope, before: Walk | None = None, services: tuple[str, ...] = ()) -> ScopeJob:
    about = {row.part for row in aws_rows.load().rows if row.about}
    known = before.shown if before else {}
    return ScopeJob(
        connector="aws",
        instance="walk",
        scope=scope,
        options=options(services),
        network=NETWORK,
        previous=lambda part: known.get((scope.key, part), {}) if part in about else {},
    )


@pytest.fixture(scope="module")
def whole() -> Iterator[tuple[FakeOrganization, Walk]]:
    with account() as fake:
        yield fake, scan(fake)


def test_every_declared_action_is_called_and_every_call_is_declared(
    whole: tuple[FakeOrganization, Walk],
) -> None:
    fake, walk = whole
    declared = {(one.host, one.path) for one in AwsConnector.info.operations}

    called = {(call.service, call.operation) for call in fake.calls}

    assert called - declared == set()
    assert declared - called - ELSEWHERE.keys() == set()
    assert {place: one.reason for place, one in walk.results.items() if one.status != "complete"} == {}


def test_any_one_action_of_a_row_denied_turns_exactly_its_parts_denied_and_leaves_the_rest(
    whole: tuple[FakeOrganization, Walk],
) -> None:
    fake, before = whole
    groups = list(_disjoint(sorted(of_rows(before)), before))

    wrong = [problem for group in groups for problem in denied(fake, group, reach(group, before), before)]

    assert wrong == []
    assert {op for group in groups for op in group} == of_rows(before)
    assert len(groups) <= 10, "the walk is cheap because few scans deny everything once"


def test_any_one_action_beside_the_rows_denied_turns_exactly_its_parts_denied(
    whole: tuple[FakeOrganization, Walk],
) -> None:
    fake, everything = whole
    fake.faults.clear()
    before = scan(fake, SOME)

    beside = before.sent.keys() - of_rows(everything) - ELSEWHERE.keys()
    groups = [*([op] for op in sorted(beside & DECIDING)), *_disjoint(sorted(beside - DECIDING), before)]

    wrong = [problem for group in groups for problem in denied(fake, group, SOME, before)]

    assert wrong == []
    assert {op for group in groups for op in group} == beside
    assert beside >= DECIDING
    assert everything.sent.keys() - before.sent.keys() - ELSEWHERE.keys() <= of_rows(everything)


def of_rows(walk: Walk) -> set[Op]:
    """Return the operations that were sent for rows only, and not about things of all rows."""
    parts = {one for row in aws_rows.load().rows for one in (row.part, row.details_part)}
    rows = {op for op, places in walk.sent.items() if all(part in parts for _, part in places)}
    return rows - ELSEWHERE.keys()


def denied(fake: FakeOrganization, group: list[Op], services: tuple[str, ...], before: Walk) -> Iterator[str]:
    """Deny operations in a scan of some services, and yield what is wrong with what it shows."""
    permissions = {(one.host, one.path): one.permission for one in AwsConnector.info.operations}
    fake.faults.clear()
    for service, operation in group:
        fake.fail(service, operation, "AccessDeniedException")
    after = scan(fake, services, before)
    for op in group:
        yield from missed(op, permissions[op], before, after)
    yield from harmed(group, before, after)


def reach(group: list[Op], walk: Walk) -> tuple[str, ...]:
    """Return the services that a small group can have to do with; empty, which means all, for a large one."""
    if len(group) > FEW:
        return ()
    parts = {part for _, part in touch({place for op in group for place in walk.sent[op]}, dependants())}
    rows = [row for row in aws_rows.load().rows if row.part in parts and row.about]
    about = {one for row in rows if row.about for one in row.about.parts}
    return tuple(sorted({part.partition(".")[0] for part in parts | about}))


def _disjoint(waiting: list[Op], walk: Walk) -> Iterator[list[Op]]:
    """Gather operations into groups in which no two touch the same part, the far-reaching ones first."""
    needs = dependants()
    touched = {op: touch(walk.sent[op], needs) for op in waiting}
    waiting = sorted(waiting, key=lambda op: -len(touched[op]))
    while waiting:
        taken: set[Place] = set()
        group = []
        for op in waiting:
            if taken.isdisjoint(touched[op]):
                taken |= touched[op]
                group.append(op)
        yield group
        waiting = [op for op in waiting if op not in group]


def dependants() -> Mapping[str, set[str]]:
    """Return which parts cannot be whole when a part is not."""
    needs: dict[str, set[str]] = {TAGS_PART: {STACKS_PART}}
    for metric in aws_use_rows.load().metrics:
        needs[metric.part] = {row.part for row in aws_use_rows.load().events} | PAID
    for row in aws_rows.load().rows:
        if row.details:
            needs.setdefault(row.part, set()).add(row.details_part)
        if row.parent:
            needs.setdefault(f"{row.service}.{row.parent.operation}", set()).add(row.part)
        for part in row.about.parts if row.about else ():
            needs.setdefault(part, set()).add(row.part)
    return needs


def touch(places: set[Place], needs: Mapping[str, set[str]]) -> set[Place]:
    """Return parts and all that depends on them, in their scopes."""
    found: set[Place] = set()
    waiting = list(places)
    while waiting:
        scope, part = place = waiting.pop()
        if place not in found:
            found.add(place)
            waiting += [(scope, one) for one in needs.get(part, ())]
    return found


def missed(op: Op, permission: str, before: Walk, after: Walk) -> Iterator[str]:
    """Yield the own parts of a denied operation that do not say which right is missing."""
    for place in before.sent[op]:
        result = after.results[place]
        reasons = [result.reason, *(reason for _, reason in result.exceptions)]
        is_told = result.status is PartStatus.DENIED or result.exceptions
        if not is_told or not any(permission in reason for reason in reasons):
            yield f"{'.'.join(op)}: {place[1]} is {result.status}: {result.reason!r}"


def harmed(group: list[Op], before: Walk, after: Walk) -> Iterator[str]:
    """Yield parts that lost or changed something without a reason."""
    own = {place for op in group for place in before.sent[op]}
    touched = touch(own, dependants())
    still_there = after.listed()
    for place, result in after.results.items():
        old, new = before.shown.get(place, {}), after.shown.get(place, {})
        lost = {key for key in old.keys() - new.keys() if key in still_there or place in after.listings}
        changed = {key for key in new if old.get(key) != new[key]}
        if place in own:
            if result.status is PartStatus.COMPLETE and not result.exceptions:
                yield f"{place[1]} is complete without its right"
        elif place in touched:
            if (
                lost
                and result.status is PartStatus.COMPLETE
                and not result.exceptions
                and place in after.listings
            ):
                yield f"{place[1]} lost {len(lost)} things and calls itself complete"
        elif result.status is not before.results[place].status or lost or changed:
            yield f"{place[1]} is {result.status} ({result.reason!r}), lost {lost}, changed {changed}"
