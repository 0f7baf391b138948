"""Read the first gaps without judging every system: only those that may have one of them.

Gaps are put in order by rank (due before upcoming, gravest first, systems before assets), then by name. For
each rank systems are looked at in order of name until the page is full. What a system may have is told by its
record alone, without its assets: a rule that these bear on may hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from discovery.service import derived, evidence_facts, rule_trees
from discovery.service.gaps import Placed, Reader, in_order, rank_of
from discovery.service.rules import SEVERITIES, Rule
from store import oversight, rule_facts
from store.alerts import SystemFacts

if TYPE_CHECKING:
    from discovery.service.views_rules import GapView
    from store.rule_facts import Outline

FEWEST, MOST = 16, 256
"""Systems looked at in one go: few at first, as a system may have thousands of assets."""


def first(reader: Reader, limit: int) -> list[GapView]:
    """Return the first gaps in their order."""
    return _Page(reader, limit).filled()


@dataclass
class _Page:
    """Gaps found so far, by rank, and what was looked at for them."""

    reader: Reader
    limit: int
    found: dict[int, list[Placed]] = field(default_factory=lambda: defaultdict(list))
    judged: set[str] = field(default_factory=set)
    may: dict[str, frozenset[int]] = field(default_factory=dict)
    is_rest_read: bool = False
    _alike: dict[tuple[Any, ...], frozenset[int]] = field(default_factory=dict)

    def filled(self) -> list[GapView]:
        """Fill the page rank by rank."""
        shown: list[GapView] = []
        for rank in sorted(self._ranks("system") | self._ranks("asset") | self._ranks("organisation")):
            wanted = self.limit - len(shown)
            if wanted <= 0:
                break
            self._look(rank, wanted)
            shown += in_order(self.found[rank])[:wanted]
        return shown

    def _look(self, rank: int, wanted: int) -> None:
        """Judge what may have gaps of a rank, until there are as many as wanted."""
        if rank not in self._ranks("system"):
            self._read_rest()
        if rank in self._ranks("organisation"):
            return
        ahead: set[str] = set()
        for step in self._steps():
            self._note(step)
            due = [one.system_id for one in step if rank in self.may[one.system_id]]
            fresh = [one for one in due if one not in self.judged]
            if fresh:
                self._keep(self.reader.of_systems(self.reader.facts(fresh)))
                self.judged.update(fresh)
            ahead.update(due)
            # Those judged for an earlier rank may lie behind what was looked at so far: they do not count.
            sure = (not system_id or system_id in ahead for (_, _, system_id, *_), _ in self.found[rank])
            if sum(sure) >= wanted:
                return

    def _read_rest(self) -> None:
        """Read the gaps of assets in no system and of the organisation, once."""
        if not self.is_rest_read:
            self.is_rest_read = True
            self._keep([*self.reader.of_lone_assets(), *self.reader.of_organisation()])

    def _steps(self) -> Iterator[Sequence[Outline]]:
        """Yield systems in their order, more and more at once."""
        start, size = 0, FEWEST
        while start < len(self._outlines):
            yield self._outlines[start : start + size]
            start, size = start + size, min(2 * size, MOST)

    def _keep(self, found: Iterable[Placed]) -> None:
        for one in found:
            self.found[one[0][0]].append(one)

    def _note(self, step: Sequence[Outline]) -> None:
        """Find out of systems which ranks their gaps may have."""
        fresh = [one for one in step if one.system_id not in self.may]
        recorded = [one.system_id for one in fresh if one.is_recorded]
        records = oversight.of_systems(self.reader.tx.conn, recorded, self.reader.rev) if recorded else {}
        for one in fresh:
            of_assets = self._asset_ranks if one.system_id in self._exposed else frozenset()
            record = records.get(one.system_id)
            if record is not None:
                self.may[one.system_id] = frozenset(self._of_record(one, record)) | of_assets
                continue
            alike = (one.state, one.kind, one.system_id in self._equipped)
            if alike not in self._alike:
                self._alike[alike] = frozenset(self._of_record(one, None))
            self.may[one.system_id] = self._alike[alike] | of_assets

    def _of_record(self, one: Outline, record: oversight.Record | None) -> Iterator[int]:
        """Yield the ranks of gaps that a system may have by its record."""
        reader = self.reader
        if reader.filters.subject not in (None, "system"):
            return
        facts = SystemFacts(
            system_id=one.system_id,
            name=one.name,
            kind=one.kind,
            state=one.state,
            first_seen_at=one.first_seen_at,
            roles={},
            owners=(),
            record=record,
        )
        known = derived.system_record(facts, reader.now, reader.organisation)
        is_bare = record is None and one.system_id not in self._equipped
        for rule, test in reader.rules.possible("system", known):
            if rule.needs.isdisjoint(derived.EVIDENCED):
                if not test(known, reader.now):
                    continue
            elif is_bare and rule_trees.reduced(rule.raw["when"], {"capabilities": None}) is False:
                continue
            yield from self._ranks_of(rule)

    @cached_property
    def _outlines(self) -> list[Outline]:
        found = rule_facts.outlines(self.reader.tx.conn, self.reader.rev)
        return sorted(found, key=lambda one: (one.name.casefold(), one.system_id))

    @cached_property
    def _equipped(self) -> frozenset[str]:
        """Return the systems with something that gives capabilities."""
        conn, rev = self.reader.tx.conn, self.reader.rev
        return rule_facts.holding_kinds(conn, evidence_facts.GIVING, rev)

    @cached_property
    def _exposed(self) -> frozenset[str]:
        """Return the systems with an asset for which a rule may hold."""
        from connectors.kinds import KINDS

        reader = self.reader
        if not self._asset_ranks:
            return frozenset()
        names = sorted(evidence_facts.exposing())
        silent = [one for one in KINDS if reader.rules.asks_silent(one)]
        conn, rev = reader.tx.conn, reader.rev
        return rule_facts.telling(conn, names, rev) | rule_facts.holding_kinds(conn, silent, rev)

    @cached_property
    def _asset_ranks(self) -> frozenset[int]:
        return self._ranks("asset")

    def _ranks(self, subject: str) -> frozenset[int]:
        """Return the ranks that gaps of a subject may have."""
        filters = self.reader.filters
        if filters.subject not in (None, subject):
            return frozenset()
        return frozenset(rank for rule in self.reader.rules.of(subject) for rank in self._ranks_of(rule))

    def _ranks_of(self, rule: Rule) -> Iterator[int]:
        """Yield the ranks that gaps of a rule may have: its day may differ from record to record."""
        filters, today = self.reader.filters, self.reader.now.today
        if filters.rule not in (None, rule.id):
            return
        for since in (rule.applies_from, *(day for _, day in rule.later)):
            is_due = since is None or since <= today
            severity = rule.severity if is_due else rule.severity_on(today, since)
            status = "due" if is_due else "upcoming"
            if filters.status not in (None, status):
                continue
            if filters.severity is None or SEVERITIES.index(severity) >= SEVERITIES.index(filters.severity):
                yield rank_of(status, severity, rule.subject)
