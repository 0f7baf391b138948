"""Ask CloudTrail once who made each new thing, and keep the answer when the event has long gone.

The event history ends after 90 days, the inventory does not: what this part showed stays as long as the thing
is listed, and nothing is asked twice. A thing that came with a stack is traced on to who made the stack;
roles, services and pipelines are noted as the way it came and are never somebody who may answer for it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from connectors.aws_findings import Listed, Spot, bare
from connectors.aws_stacks import Stack
from connectors.aws_trail import KEPT, LATE, Event, Question, Trail
from connectors.catalogue import read_table
from connectors.clients.aws import Place
from connectors.contract import Context
from connectors.errors import Incomplete
from connectors.model import Evidence, Finding, Json, OwnerHint, Unchanged

CREATORS_PART = "cloudtrail.LookupEvents#creators"
_CONFIDENCE = 0.65
_LEAD = timedelta(minutes=30)
_AFTER = timedelta(hours=1)
_JOIN = timedelta(hours=6)
"""Things made closer together than this are looked up together."""
_STACK_EVENTS = ("CreateStack", "CreateChangeSet")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Something whose creation is looked up: by which events, in which time, and how to know it in them.

    ``sure`` identifies it wherever it stands (an ARN); ``likely`` (ids and names) only in an event of the
    service whose name begins with ``prefix``.
    """

    key: str
    events: tuple[str, ...]
    since: datetime
    until: datetime
    sure: str
    likely: tuple[str, ...]
    prefix: str

    def is_in(self, event: Event) -> bool:
        """Say whether an event speaks of its making."""
        if event.error or event.name not in self.events:
            return False
        if self.sure in event.about:
            return True
        return event.source.startswith(self.prefix) and not event.about.isdisjoint(self.likely)


@dataclass(slots=True)
class Answers:
    """What was found by key, and which keys could not be looked up to the end."""

    found: dict[str, Event] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)


@cache
def _table() -> Mapping[str, Any]:
    return read_table("aws_creators")


@cache
def events_of(service: str, operation: str, tier: str) -> tuple[str, ...]:
    """Return the events that create what an operation lists; empty where nobody looks them up."""
    table = _table()
    if tier not in table["tiers"]:
        return ()
    named = table["events"].get(f"{service}.{operation}")
    return tuple(named) if named is not None else (f"Create{_noun(operation)}",)


def _noun(operation: str) -> str:
    noun = re.sub(r"^(?:List|Describe|Get|Search)", "", operation).removesuffix("Summaries")
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    return noun.removesuffix("s")


class Creators:
    """Read the part of one scope; ``stacks`` are those that things were found in, by the thing's key."""

    def __init__(self, ctx: Context, place: Place, spot: Spot, stacks: Mapping[str, Stack]) -> None:
        self._ctx = ctx
        self._spot = spot
        self._stacks = stacks
        self._makers = Answers()
        self._asked_stacks: set[str] = set()
        self._trail = Trail(ctx.aws, place, requests=ctx.config.creator_lookups)

    def run(self, listed: Iterable[Listed], created: Mapping[str, datetime]) -> Iterator[Finding | Unchanged]:
        """Yield what is known of everything listed; ``created`` are times that details told, by key."""
        with self._ctx.part(CREATORS_PART) as part:
            previous = self._ctx.previous(CREATORS_PART)
            seen: set[str] = set()
            by_events: dict[tuple[str, ...], dict[str, Listed]] = defaultdict(dict)
            for one in listed:
                stamp = _stamp(one)
                if previous.get((one.key.namespace, one.key.key)) == stamp:
                    yield Unchanged(natural_key=one.key, fingerprint=stamp)
                elif one.key.key not in seen and self._may_be_known(one):
                    seen.add(one.key.key)
                    by_events[events_of(one.row.service, one.row.operation, one.row.tier)][one.key.key] = one
            left = 0
            for events in sorted(by_events):  # one kind after the other: what is known of each is little
                asked = self._asked(by_events.pop(events), created)
                left += yield from asked
            if left:
                part.exception(
                    CREATORS_PART, f"{left:,} new things are asked about at the next scan (creator_lookups)"
                )

    def _may_be_known(self, one: Listed) -> bool:
        """Say whether the history may tell of it: it is young enough, and its event has had time to come."""
        if not events_of(one.row.service, one.row.operation, one.row.tier):
            return False
        return one.created is None or self._spot.now - KEPT < one.created < self._spot.now - LATE

    def _asked(
        self, new: Mapping[str, Listed], created: Mapping[str, datetime]
    ) -> Generator[Finding, None, int]:
        """Yield what is found of some new things; return how many are left for another scan."""
        wanted = [self._wanted(one, one.created or created.get(key)) for key, one in new.items()]
        answers = self._answers([one for one in wanted if one.since < one.until])
        stacks = self._answers(list(self._wanted_stacks(new, answers)))
        self._makers.found.update(stacks.found)
        self._makers.left |= stacks.left
        left = answers.left | {key for key in new if self._stack_of(key) in self._makers.left}
        for key, one in new.items():
            if key not in left:
                yield self._finding(one, answers.found.get(key), self._makers.found.get(self._stack_of(key)))
        return len(left)

    def _stack_of(self, key: str) -> str:
        stack = self._stacks.get(key)
        return stack.id if stack else ""

    def _wanted(self, one: Listed, created: datetime | None) -> Wanted:
        oldest, now = self._spot.now - KEPT, self._spot.now
        hours = _table()["lead_hours"].get(one.row.part)
        lead = timedelta(hours=hours) if hours else _LEAD
        tail = re.split(r"[/:]", one.key.key)[-1]
        return Wanted(
            key=one.key.key,
            events=events_of(one.row.service, one.row.operation, one.row.tier),
            since=max(oldest, created - lead) if created else oldest,
            until=min(now, created + _AFTER) if created else now,
            sure=one.key.key,
            likely=tuple({tail, one.name}),
            prefix=one.row.permission.partition(":")[0],
        )

    def _wanted_stacks(self, new: Mapping[str, Listed], answers: Answers) -> Iterator[Wanted]:
        """Yield the stacks of things that no person made by hand."""
        for key in new:
            stack, event = self._stacks.get(key), answers.found.get(key)
            if stack is None or (event and event.who.person) or key in answers.left:
                continue
            if stack.id in self._asked_stacks:
                continue
            self._asked_stacks.add(stack.id)
            if stack.created is not None and stack.created > self._spot.now - KEPT:
                yield Wanted(
                    key=stack.id,
                    events=_STACK_EVENTS,
                    since=stack.created - _LEAD,
                    until=min(self._spot.now, stack.created + _AFTER),
                    sure=stack.id,
                    likely=(stack.name,),
                    prefix="cloudformation",
                )

    def _answers(self, wanted: Sequence[Wanted]) -> Answers:
        answers = Answers()
        by_event: dict[str, list[Wanted]] = defaultdict(list)
        for one in wanted:
            for name in one.events:
                by_event[name].append(one)
        for name in sorted(by_event):
            for window in windows(by_event[name]):
                self._look(name, [one for one in window if one.key not in answers.found], answers)
        answers.left -= answers.found.keys()
        return answers

    def _look(self, name: str, wanted: list[Wanted], answers: Answers) -> None:
        """Look one event up in one stretch of time, until everything wanted is found."""
        waiting = {one.key: one for one in wanted}
        if not waiting:
            return
        question = Question(
            attribute="EventName",
            value=name,
            since=min(one.since for one in wanted),
            until=max(one.until for one in wanted),
        )
        try:
            for event in self._trail.events(question):
                for key in [key for key, one in waiting.items() if one.is_in(event)]:
                    answers.found[key] = event
                    del waiting[key]
                if not waiting:
                    return
        except Incomplete:
            answers.left |= waiting.keys()

    def _finding(self, one: Listed, event: Event | None, stack_event: Event | None) -> Finding:
        finding = bare(one.row, one, CREATORS_PART, self._spot)
        finding.fingerprint = _stamp(one)
        teller = event if event and event.who.person else stack_event or event
        if teller is None:
            return finding
        detail = f"{teller.name} on {teller.at:%Y-%m-%d}"
        finding.evidence = (
            Evidence(source=CREATORS_PART, locator=one.key.key, observed_at=self._spot.now, detail=detail),
        )
        if teller.who.person:
            hint = OwnerHint(
                candidate=teller.who.person,
                source="cloudtrail",
                confidence=_CONFIDENCE,
                why=f"{detail} in CloudTrail",
            )
            finding.owner_hints = (hint,)
        finding.attributes = _way(event or teller)
        return finding


def _way(event: Event) -> dict[str, Json]:
    """Return how a thing came: the role or service that made it, and the tool that was used."""
    way = (event.who.machine, event.via, event.tool)
    return {"created_via": ", ".join(dict.fromkeys(one for one in way if one))} if any(way) else {}


def _stamp(one: Listed) -> str:
    """Return the fingerprint of an answer: the same key made anew is asked about anew."""
    return f"creator.1.{int(one.created.timestamp()) if one.created else 0:x}"


def windows(wanted: Iterable[Wanted]) -> Iterator[list[Wanted]]:
    """Gather what lies close together in time, the newest first."""
    window: list[Wanted] = []
    since = None
    for one in sorted(wanted, key=lambda one: (one.until, one.since, one.key), reverse=True):
        if since is not None and one.until < since - _JOIN:
            yield window
            window, since = [], None
        window.append(one)
        since = one.since if since is None else min(since, one.since)
    if window:
        yield window
