"""See who calls models and ready services, by CloudTrail's event history; what was seen is kept for 90 days.

A scan reads the events since the last one, newest first and a few pages at most; where there are more, that
is said with the part. Callers are named as roles and users; a person is an owner hint of the family "caller",
automation never is. Calls of agents, flows, knowledge bases, SageMaker endpoints and bedrock-mantle models
are data events, which the history does not hold.

Permission: ``cloudtrail:LookupEvents``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors import aws_use_keys, aws_use_rows
from connectors.aws_principals import Principal
from connectors.aws_trail import KEPT, LATE, Event, Question, Trail
from connectors.aws_use_findings import Subject, Subjects, Use, day_of, days_ago, kept_of, shown
from connectors.aws_use_roles import Roles
from connectors.aws_use_rows import MODEL, EventRow
from connectors.clients.aws import Place
from connectors.contract import Context, PartHandle
from connectors.errors import Incomplete
from connectors.model import Finding, Json, OwnerHint, Unchanged

_READS = re.compile(r"(?:Batch)?(?:List|Get|Describe|Search)[A-Z]")
_CALLER_CONFIDENCE = 0.3
_MOST_KEPT = 200


@dataclass(slots=True)
class Caller:
    """Who called a subject: a name, the day of the last call, the ARN of user or role, with an API key?"""

    name: str
    day: str
    arn: str = ""
    is_person: bool = False
    is_bearer: bool = False


@dataclass(slots=True)
class Called:
    """A subject by the text that names it in events, and its callers by name."""

    value: str
    callers: dict[str, Caller] = field(default_factory=dict)


class Events:
    """Read the calls of one region."""

    def __init__(self, ctx: Context, subjects: Subjects, place: Place) -> None:
        self._ctx = ctx
        self._subjects = subjects
        self._place = place
        self._limits = aws_use_rows.load().limits
        self.calls: list[tuple[EventRow, Subject, Caller]] = []

    def read(self, row: EventRow, *, is_worth: bool) -> Iterator[Finding | Unchanged]:
        """Yield what was called and by whom; nothing is asked where it is not ``is_worth`` it."""
        with self._ctx.part(row.part) as part:
            known, since = self._known(row)
            if is_worth or known:
                for event in self._events(row, since, part):
                    self._note(row, event, known)
                part.state(self._state(known))
            uses = list(self._uses(row, known, part))
            where = f"{row.source} events in {self._place.region}"
            yield from shown(self._ctx, row.part, uses, self._subjects.spot, where)

    def read_callers(self, name: str, roles: Roles, kinds: Sequence[str]) -> Iterator[Finding | Unchanged]:
        """Yield the assets that made calls themselves, linked to what they called."""
        with self._ctx.part(name) as part:
            part.state(json.dumps(roles.remembered()))
            calls = [(subject, one.arn, one.day) for _, subject, one in self.calls if one.arn]
            by_key = [(subject, one.arn, one.day) for _, subject, one in self.calls if one.is_bearer]
            uses = roles.uses(calls, kinds)
            uses += aws_use_keys.uses(self._ctx, by_key, self._subjects.spot)
            yield from shown(self._ctx, name, uses, self._subjects.spot, self._place.region)

    def _events(self, row: EventRow, since: datetime, part: PartHandle) -> Iterator[Event]:
        now = self._ctx.now()
        for value in row.values:
            trail = Trail(self._ctx.aws, self._place, requests=row.requests)
            question = Question(attribute=row.attribute, value=value, since=since, until=now)
            try:
                yield from trail.events(question)
            except Incomplete:
                reason = f"there are more of these events since {since:%Y-%m-%d}; the newest were read"
                part.exception(f"{row.part} {value}", reason)

    def _note(self, row: EventRow, event: Event, known: dict[str, Called]) -> None:
        """Remember who made a call that worked; reading what there is is no use."""
        value = event.model if row.shows == MODEL else row.service
        if event.error or not value or event.source != row.source or _READS.match(event.name):
            return
        name = event.who.person or named(event.who, self._subjects.spot.account)
        day = day_of(event.at)
        caller = known.setdefault(value, Called(value)).callers.setdefault(name, Caller(name, day))
        caller.day = max(caller.day, day)
        caller.arn = caller.arn or event.who.arn
        caller.is_person = bool(event.who.person)
        caller.is_bearer = caller.is_bearer or event.is_bearer

    def _uses(self, row: EventRow, known: Mapping[str, Called], part: PartHandle) -> Iterator[Use]:
        by_key: dict[str, tuple[Subject, dict[str, Caller], set[str]]] = {}
        for value, called in sorted(known.items()):
            subject = (
                self._subjects.of_model(value, row.parts)
                if row.shows == MODEL
                else self._subjects.of_service(row.service)
            )
            if subject is None:
                if self._subjects.may_be_hidden(row.parts):
                    part.exception(value, "called, but what it is could not be listed")
                continue
            _, callers, values = by_key.setdefault(subject.key.key, (subject, {}, set()))
            values.add(value)
            for caller in called.callers.values():
                _join(callers, caller)
        for _, (subject, callers, values) in sorted(by_key.items()):
            self.calls += [(row, subject, one) for one in callers.values()]
            yield self._use(row, subject, callers, values)

    def _use(self, row: EventRow, subject: Subject, callers: Mapping[str, Caller], values: set[str]) -> Use:
        ordered = sorted(callers.values(), key=lambda one: one.name)
        newest = sorted(ordered, key=_newest_first)[: self._limits.callers]
        attributes: dict[str, Json] = {
            "callers": list[Json](sorted(one.name for one in newest)),
            "caller_count": len(ordered),
        }
        machines = sorted({one.arn for one in newest if one.arn and not one.is_person})
        if machines:
            attributes["called_by"] = list[Json](machines)
        if any(one.is_bearer for one in ordered):
            attributes["called_with_api_key"] = True
        if row.shows == MODEL and subject.listed is None:
            attributes["called_as"] = list[Json](sorted(values))
        hints = tuple(_hint(one, subject) for one in newest if one.is_person)
        return Use(
            subject=subject,
            day=max(one.day for one in ordered),
            attributes=attributes,
            hints=tuple(sorted(hints, key=lambda hint: hint.candidate)),
        )

    def _known(self, row: EventRow) -> tuple[dict[str, Called], datetime]:
        """Return what earlier scans saw, without what is too old, and from when on events are news."""
        now = self._ctx.now()
        state: dict[str, Any] | None = kept_of(self._ctx.previous_state(row.part))
        if state is None:
            return {}, now - KEPT
        oldest = days_ago(now, self._limits.caller_days)
        known: dict[str, Called] = {}
        for value, callers in state["called"].items():
            fresh = [Caller(*one) for one in callers if one[1] >= oldest]
            if fresh:
                known[value] = Called(value, {one.name: one for one in fresh})
        return known, max(datetime.fromisoformat(state["until"]) - LATE, now - KEPT)

    def _state(self, known: Mapping[str, Called]) -> str:
        called = {
            value: [
                [caller.name, caller.day, caller.arn, caller.is_person, caller.is_bearer]
                for caller in sorted(one.callers.values(), key=_newest_first)[:_MOST_KEPT]
            ]
            for value, one in known.items()
        }
        until = self._ctx.now().astimezone(UTC).isoformat()
        return json.dumps({"until": until, "called": called}, sort_keys=True)


def named(who: Principal, account: str) -> str:
    """Return what people call a machine, with its account where that is another one."""
    pieces = who.arn.split(":")
    other = pieces[4] if len(pieces) > 5 else ""
    return f"{who.machine} of {other}" if other not in ("", account) else who.machine


def _newest_first(caller: Caller) -> tuple[int, str]:
    return -int(caller.day.replace("-", "")), caller.name


def _join(callers: dict[str, Caller], caller: Caller) -> None:
    known = callers.setdefault(caller.name, caller)
    if caller.day > known.day or (caller.is_bearer and not known.is_bearer):
        callers[caller.name] = Caller(
            known.name,
            max(known.day, caller.day),
            known.arn or caller.arn,
            known.is_person,
            known.is_bearer or caller.is_bearer,
        )


def _hint(caller: Caller, subject: Subject) -> OwnerHint:
    return OwnerHint(
        candidate=caller.name,
        source="caller",
        confidence=_CALLER_CONFIDENCE,
        why=f"called {subject.name}",
    )
