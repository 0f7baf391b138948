"""Put a gap analysis together: gaps by framework and system, what is covered and what is not, maturity.

It says *gap against* and *may breach*, never that anything is not compliant; it names the version of the law
and the rules, tells what nobody said from what is known to be bad, and what could not be seen.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from connectors import clock
from discovery.service import gaps, inventory, maturity_facts, single_user
from discovery.service.gaps import GapFilter
from store import rule_sets as kept

if TYPE_CHECKING:
    from discovery.service.maturity import MaturityView
    from discovery.service.rule_sets import RuleSet
    from discovery.service.views_rules import GapView
    from store import Store

_BLIND = ("incomplete", "denied", "throttled", "failed", "never")
_NOTHING_THERE = ("not_enabled", "not_licensed", "not_offered", "not_opted_in")


@dataclass(slots=True, kw_only=True)
class CoverageStatement:
    """What the report rests on: parts by what became of them, and each that could not be seen."""

    scopes: int
    parts: int
    complete: int
    nothing_there: int
    unseen: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class GapReportView:
    """A gap analysis of a moment; ``single_user`` lists what no proven second person decided.

    ``rules_since`` is when the store first judged by these rules; ``None``: it did not yet.
    """

    organisation: str
    made_at: str
    as_of: str
    framework: str | None
    system: str | None
    law_version: str
    rule_set: str
    rules_since: str | None
    systems: int
    due: dict[str, int]
    upcoming: int
    missing_records: int
    failed_controls: int
    coverage: CoverageStatement
    single_user: list[str]
    gaps: list[GapView] = field(default_factory=list)
    maturity: MaturityView | None = None


def make(
    store: Store,
    *,
    rules: RuleSet,
    organisation: str = "",
    framework: str | None = None,
    system: str | None = None,
    timezone: str = "UTC",
    as_of: datetime | None = None,
) -> GapReportView:
    """Make the report of now or of a moment; maturity is left out of a report on one system."""
    now = clock.now()
    wanted = GapFilter(framework=framework, system=system)
    found = gaps.list_gaps(store, wanted, rules=rules, timezone=timezone, as_of=as_of)
    once = {(one.rule, one.system_id, one.asset_id): one for one in found}.values()
    due = [one for one in once if one.status == "due"]
    tally = Counter(one.severity for one in due)
    rule_set = next((one.rule_set for one in found), rules.hash)
    with store.read(as_of) as tx:
        rules_since = kept.since(tx.conn, rule_set, None if as_of is None else tx.rev)
    return GapReportView(
        organisation=organisation,
        made_at=clock.to_text(now),
        as_of=clock.to_text(as_of or now),
        framework=framework,
        system=system,
        law_version=rules.law_version,
        rule_set=rule_set,
        rules_since=rules_since,
        systems=1 if system else inventory.count_systems(store, as_of=as_of),
        due={name: tally[name] for name in ("critical", "high", "medium", "low")},
        upcoming=len(once) - len(due),
        missing_records=sum(one.gap_class == "missing_record" for one in due),
        failed_controls=sum(one.gap_class == "failed_control" for one in due),
        coverage=coverage(store, as_of=as_of),
        single_user=single_user.decisions(store, system=system, timezone=timezone, as_of=as_of),
        gaps=found,
        maturity=None
        if system
        else maturity_facts.measure(store, timezone=timezone, as_of=as_of, with_change=True),
    )


def coverage(store: Store, *, as_of: datetime | None = None) -> CoverageStatement:
    """Say what was read and what was not: the ground that every report stands on."""
    known = inventory.coverage(store, as_of=as_of)
    return CoverageStatement(
        scopes=len({one.scope for one in known}),
        parts=len(known),
        complete=sum(one.status == "complete" for one in known),
        nothing_there=sum(one.status in _NOTHING_THERE for one in known),
        unseen=[
            f"{one.scope} {one.part}: {one.status}" + (f", {one.reason}" if one.reason else "")
            for one in known
            if one.status in _BLIND
        ],
    )
