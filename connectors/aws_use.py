"""Find what is used on AWS though it leaves no resource, who calls it, when last, and who could.

What counts is in ``catalogue/aws_use.toml``. Metrics and events are read in every region after its listings,
for they also speak of what those showed; policies are read only where something is used. Calls that cost
money are parts only where an option allows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from connectors import aws_rows, aws_use_invokers, aws_use_keys, aws_use_lake, aws_use_rows, aws_use_spend
from connectors.aws_rows import Row
from connectors.aws_scan import ScopeScan
from connectors.aws_use_events import Events
from connectors.aws_use_findings import Subjects
from connectors.aws_use_invokers import Callable
from connectors.aws_use_metrics import DATA_PART, Measured, Metrics, count
from connectors.aws_use_roles import ROLE, Roles
from connectors.aws_use_rows import MODEL, SERVICE, EventRow
from connectors.clients.aws import Place
from connectors.contract import Context, Operation
from connectors.model import Finding, Part, Scope, Unchanged

CALLERS_PART = "cloudtrail.LookupEvents#callers"
"""What the callers that are assets themselves called."""
SHARE = "metric_data"
"""The key in a scope's ``listed`` under which its share of the metrics stands that may be paid for."""


def operations() -> tuple[Operation, ...]:
    """Return what is called here and nowhere else, free of charge."""
    return aws_use_rows.load().support


def services() -> frozenset[str]:
    """Return the services that are asked here, as the AWS CLI names them."""
    return frozenset({"ce", "cloudtrail", *(one.host for one in aws_use_rows.load().support)})


def kinds() -> frozenset[str]:
    """Return the kinds that evidence of use may show by itself."""
    return frozenset({"model", "ai_service"})


def parts(options: Any, account: str, own: str, *, is_global: bool) -> tuple[Part, ...]:
    """Return the parts of a region (of the account itself when ``is_global``)."""
    if is_global:
        return tuple(_of_account(options, account, own))
    return _regional(options.services, is_counted=bool(options.metric_data_metrics))


def _of_account(options: Any, account: str, own: str) -> Iterator[Part]:
    """Yield what is asked once, of one account for all: the bill and the lake; only where it may cost."""
    is_payer = account == (options.organization_account or own)
    if options.cost_explorer_requests and is_payer and _is_asked("ce", options.services):
        yield Part(name=aws_use_spend.PART, kinds=("ai_service",))
    if options.cloudtrail_lake_gb and account == own and _is_asked("cloudtrail", options.services):
        yield Part(name=aws_use_lake.PART, kinds=("model",))


@cache
def _regional(services: tuple[str, ...], *, is_counted: bool) -> tuple[Part, ...]:
    table = aws_use_rows.load()
    made = [
        Part(name=one.part, kinds=one.kinds) for one in table.metrics if _is_asked("cloudwatch", services)
    ]
    if is_counted and made:
        kinds = tuple(dict.fromkeys(kind for one in table.metrics for kind in one.kinds))
        made.append(Part(name=DATA_PART, kinds=kinds, details=True))
    if _is_asked("cloudtrail", services):
        made += [Part(name=one.part, kinds=one.kinds) for one in table.events]
        made.append(Part(name=CALLERS_PART, kinds=_caller_kinds(), details=True))
    if made and _is_asked("iam", services):
        made.append(Part(name=aws_use_invokers.PART, kinds=table.kinds, details=True))
    return tuple(made)


def read(ctx: Context, scan: ScopeScan, place: Place, roles: Roles) -> Iterator[Finding | Unchanged]:
    """Yield what evidence of use shows in a scope whose listings were read."""
    declared = {part.name for part in ctx.scope.parts}
    table = aws_use_rows.load()
    subjects = Subjects(scan)
    if aws_use_spend.PART in declared:
        yield from aws_use_spend.read(ctx, subjects, place)
    if aws_use_lake.PART in declared:
        yield from aws_use_lake.read(ctx, subjects, place.account)
    metrics, events = Metrics(ctx, subjects, place), Events(ctx, subjects, place)
    for metric in table.metrics:
        if metric.part in declared:
            yield from metrics.read(metric)
    for row in table.events:
        if row.part in declared:
            is_worth = not row.after or row.after in metrics.namespaces
            yield from events.read(row, is_worth=is_worth)
    if CALLERS_PART in declared:
        yield from events.read_callers(CALLERS_PART, roles, _caller_kinds())
    if DATA_PART in declared:
        allowed = int(ctx.scope.listed.get(SHARE, "0"))
        yield from count(ctx, metrics.measured, subjects, place, allowed)
    if aws_use_invokers.PART in declared:
        yield from aws_use_invokers.read(ctx, _callable(metrics, events), subjects, place)


def roles_of(ctx: Context) -> Roles:
    """Return what watches a scan for the roles that its assets run as."""
    return Roles(lambda: ctx.previous_state(CALLERS_PART))


def _callable(metrics: Metrics, events: Events) -> list[Callable]:
    """Return all that is in use with the ways to call it, each thing once."""
    ways: dict[str, set[tuple[str, str]]] = {}
    subjects = {}
    found = [(one.subject, way) for one in metrics.measured for way in _metric_ways(one)]
    found += [(subject, (_event_action(row), subject.arn)) for row, subject, _ in events.calls]
    for subject, (action, resource) in found:
        if action:
            subjects[subject.key.key] = subject
            ways.setdefault(subject.key.key, set()).add((action, resource or "*"))
    return [Callable(subject=one, ways=frozenset(ways[key])) for key, one in sorted(subjects.items())]


def _metric_ways(one: Measured) -> list[tuple[str, str]]:
    """Return what calls a thing; of a ready service the operations that were called."""
    row, listed = one.row, one.subject.listed
    if row.shows == SERVICE:
        prefix = _action(row.service).partition(":")[0]
        return [(f"{prefix}:{operation}", "*") for operation in sorted(one.values)] if prefix else []
    action = row.actions.get(listed.row.part, row.action) if listed else row.action
    return [(action, row.resource or one.subject.arn)]


def _event_action(row: EventRow) -> str:
    if row.shows == MODEL:
        return next(one.action for one in aws_use_rows.load().metrics if one.shows == MODEL)
    return _action(row.service)


def _action(service: str) -> str:
    known = aws_use_rows.load().services.get(service)
    return known.action if known else ""


def _is_asked(service: str, wanted: tuple[str, ...]) -> bool:
    return not wanted or service in wanted


@cache
def _caller_kinds() -> tuple[str, ...]:
    """Return the kinds of things that may call: what runs as a role, and keys."""
    rows = [row for row in aws_rows.load().rows if any(name == ROLE for name, _ in _attributes(row))]
    kinds = {kind for row in rows for kind in (*row.kinds, *row.details_kinds) if kind}
    return tuple(sorted(kinds | {aws_use_keys.KIND}))


def _attributes(row: Row) -> Iterator[tuple[str, object]]:
    for facts in (row.facts, *(one.facts for one in row.details)):
        yield from facts.attributes


def shared(scopes: Sequence[Scope], options: Any) -> list[Scope]:
    """Give each region to read its share of what one scan may pay for, so that the limit holds everywhere."""
    counting = [scope for scope in scopes if any(part.name == DATA_PART for part in scope.parts)]
    counting = [scope for scope in counting if scope.left_out is None]
    if not counting:
        return list(scopes)
    each, more = divmod(options.metric_data_metrics, len(counting))
    share = {scope.key: each + (number < more) for number, scope in enumerate(counting)}
    return [
        replace(scope, listed={**scope.listed, SHARE: str(share[scope.key])}) if scope.key in share else scope
        for scope in scopes
    ]


def is_paid_for(ctx: Context, account: str, region: str) -> bool:
    """Say, in ``scopes()``, whether the last bill that was read shows spend on AI in a region."""
    return aws_use_spend.spent(ctx).is_sign(account, region)
