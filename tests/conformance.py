"""What every connector must do, as checks that run against its own honest counterpart.

A connector joins by ``tests/harness_<name>.py`` with a function ``harness() -> Harness``. The harness
starts the counterpart (a fake server, a repository on disk) in one of the situations of :class:`Fault`;
each check here scans it through the real runner and asserts one promise of the contract. A check that
makes no sense for a connector is named in ``not_applicable`` with the reason.
"""

from __future__ import annotations

import json
import logging
import pickle
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from connectors import registry
from connectors.clients.network import NetworkSettings
from connectors.context import forget_clients
from connectors.contract import Operation
from connectors.kinds import KINDS
from connectors.model import Finding, Grade, PartStatus, Role, Scope, Unchanged
from connectors.outcome import BATCH_SIZE, PartBatch, PartResult, ScopeOutcome
from connectors.runner import (
    Previous,
    ScopeJob,
    list_scopes,
    no_previous,
    packed,
    run_scope,
    run_scope_collected,
)

INSTANCE = "conformance"


class Fault(StrEnum):
    """The situations in which a harness can start its counterpart; the data is the same but where said."""

    NONE = "none"  # every kind is there, and canary secrets lie in fields that must not be kept
    THREE_PAGES = "three_pages"  # the hit part's listing has at least three pages and ``expected`` items
    REPEATED_TOKEN = "repeated_token"  # the hit part's listing names the same next page for ever
    DENIED = "denied"  # the hit part's second page (or, without pages, its first) is refused: 403 or alike
    THROTTLED = "throttled"  # the hit part is told to slow down a few times, then served
    EMPTY = "empty"  # the account is there, and there is nothing in it


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as the counterpart saw it.

    HTTP: method and path below the base URL (``GET``, ``/organization/projects``). SDK: ``CALL`` and
    ``service:Operation`` (``bedrock:ListGuardrails``).
    """

    method: str
    what: str


@dataclass(slots=True, kw_only=True)
class Stage:
    """A running counterpart and how to reach it.

    ``hit`` is the (scope key, part name) that the fault strikes, ``expected`` the number of things that
    the hit part shows under ``Fault.THREE_PAGES``; ``always`` are parts that show something
    even of an empty account, such as its own settings. ``secrets`` are the credential and the canaries.
    ``sent`` returns what has arrived so far.
    """

    options: Any
    secrets: tuple[str, ...] = ()
    hit: tuple[str, str] = ("", "")
    expected: int = 0
    always: frozenset[tuple[str, str]] = frozenset()
    sent: Callable[[], list[Sent]] = list
    network: NetworkSettings = field(default_factory=lambda: NetworkSettings(max_attempts=4))


class Harness(Protocol):
    """What a connector brings to be checked.

    ``not_applicable`` maps a name of :data:`CHECKS` to the reason why it makes no sense here. A large
    connector may have a method ``for_check(check)`` that returns a harness which reads only a part of it.
    """

    name: str
    not_applicable: Mapping[str, str]

    def start(self, fault: Fault) -> Any:
        """Return a context manager that starts the counterpart and gives its :class:`Stage`."""


@dataclass(slots=True)
class Seen:
    """All that one scan of every scope showed."""

    scopes: list[Scope]
    listing: PartResult
    batches: list[PartBatch] = field(default_factory=list)
    outcomes: list[ScopeOutcome] = field(default_factory=list)
    log: str = ""

    @property
    def findings(self) -> list[tuple[str, str, Finding]]:
        """Return (scope key, part, finding) in the order they came."""
        return [(batch.scope_key, batch.part, one) for batch in self.batches for one in batch.findings]

    @property
    def unchanged(self) -> list[tuple[str, str, Unchanged]]:
        """Return (scope key, part, unchanged) in the order they came."""
        return [(batch.scope_key, batch.part, one) for batch in self.batches for one in batch.unchanged]

    @property
    def parts(self) -> dict[tuple[str, str], PartResult]:
        """Return every part's result by (scope key, part)."""
        return {(one.scope_key, name): result for one in self.outcomes for name, result in one.parts.items()}

    def fingerprints(self) -> dict[tuple[str, str, str, str], str]:
        """Return (scope, part, namespace, key) -> fingerprint."""
        items: list[tuple[str, str, Finding | Unchanged]] = [*self.findings, *self.unchanged]
        return {
            (scope, part, one.natural_key.namespace, one.natural_key.key): one.fingerprint
            for scope, part, one in items
        }

    def previous_of(self, scope: Scope) -> Previous:
        """Look up this scan's fingerprints, as a later scan of ``scope`` would be given them."""
        known: dict[str, dict[tuple[str, str], str]] = {}
        for (key, part, namespace, name), fingerprint in self.fingerprints().items():
            if key == scope.key:
                known.setdefault(part, {})[namespace, name] = fingerprint
        return lambda part: known.get(part, {})


def scan(harness: Harness, stage: Stage, before: Seen | None = None) -> Seen:
    """List and scan every scope through the real runner, keeping all that is logged."""
    with _logged() as lines:
        scopes, listing = list_scopes(_job(harness, stage, _nowhere(harness)))
        seen = Seen(scopes or [], listing)
        for scope in seen.scopes:
            if scope.left_out is not None:
                continue
            previous = before.previous_of(scope) if before else no_previous
            seen.outcomes.append(run_scope(_job(harness, stage, scope, previous), seen.batches.append))
    seen.log = "\n".join(lines)
    return seen


@contextmanager
def staged(harness: Harness, fault: Fault = Fault.NONE) -> Iterator[Stage]:
    """Start the counterpart and forget the shared clients when it stops."""
    try:
        with harness.start(fault) as stage:
            yield stage
    finally:
        forget_clients()


def three_pages(harness: Harness) -> None:
    """Check that a listing is read over three pages, each item once."""
    with staged(harness, Fault.THREE_PAGES) as stage:
        seen = scan(harness, stage)

    result = seen.parts[stage.hit]
    keys = [one.natural_key for scope, part, one in seen.findings if (scope, part) == stage.hit]
    assert result.status is PartStatus.COMPLETE, result.reason
    assert result.requests >= 3, f"{result.requests} requests cannot be three pages"
    assert len(keys) == len(set(keys)) == result.count == stage.expected


def repeated_token(harness: Harness) -> None:
    """Check that a listing that leads in a circle ends as incomplete and takes nothing else with it."""
    with staged(harness, Fault.REPEATED_TOKEN) as stage:
        seen = scan(harness, stage)

    result = seen.parts[stage.hit]
    assert result.status is PartStatus.INCOMPLETE, f"{result.status}: {result.reason}"
    assert result.reason, "an incomplete part must say why"
    assert result.requests < 50, f"{result.requests} requests for a listing that repeats its token"
    _others_are_complete(seen, stage)


def denied_half_way(harness: Harness) -> None:
    """Check that a refusal ends its part as denied, with the missing permission, and only that part."""
    with staged(harness, Fault.DENIED) as stage:
        seen = scan(harness, stage)

    result = seen.parts[stage.hit]
    assert result.status is PartStatus.DENIED, f"{result.status}: {result.reason}"
    assert result.reason, "a denied part must say what is missing"
    _others_are_complete(seen, stage)


def throttled(harness: Harness) -> None:
    """Check that being told to wait loses nothing."""
    with staged(harness) as stage:
        calm = scan(harness, stage)
    with staged(harness, Fault.THROTTLED) as stage:
        pressed = scan(harness, stage)

    assert pressed.parts[stage.hit].status is PartStatus.COMPLETE, pressed.parts[stage.hit].reason
    assert pressed.parts[stage.hit].requests > calm.parts[stage.hit].requests, "the fault did not strike"
    assert pressed.fingerprints() == calm.fingerprints()


def empty(harness: Harness) -> None:
    """Check that "looked, found none" is complete with count 0."""
    with staged(harness, Fault.EMPTY) as stage:
        seen = scan(harness, stage)

    assert seen.listing.status is PartStatus.COMPLETE, seen.listing.reason
    assert {key: result.status for key, result in seen.parts.items() if result.status != "complete"} == {}
    assert {key: one.count for key, one in seen.parts.items() if one.count and key not in stage.always} == {}


def stable(harness: Harness) -> None:
    """Check that two scans of the same account give the same scopes, identities and fingerprints."""
    with staged(harness) as stage:
        first = scan(harness, stage)
    with staged(harness) as stage:
        second = scan(harness, stage)

    assert [scope.key for scope in first.scopes] == [scope.key for scope in second.scopes]
    assert first.fingerprints(), "nothing was found, so nothing was compared"
    assert first.fingerprints() == second.fingerprints()


def unchanged(harness: Harness) -> None:
    """Check that a second scan that knows the first one says so, and asks for no detail again."""
    with staged(harness) as stage:
        first = scan(harness, stage)
        second = scan(harness, stage, before=first)

    assert [(part, one.name) for _, part, one in second.findings] == [], "found again though nothing changed"
    stands = any(one.stands and one.count for one in second.parts.values())
    assert second.unchanged or stands, "nothing was reported as unchanged"
    details = {(scope.key, part.name) for scope in second.scopes for part in scope.parts if part.details}
    assert {key: second.parts[key].requests for key in details if second.parts[key].requests} == {}
    lists = {key: result.count for key, result in first.parts.items() if key not in details}
    assert {key: second.parts[key].count for key in lists} == lists


def no_secret(harness: Harness) -> None:
    """Check that neither the credential nor a canary is in anything that leaves the connector."""
    with staged(harness) as stage:
        seen = scan(harness, stage)
        jobs = pickle.dumps([packed(_job(harness, stage, scope)) for scope in seen.scopes])
    with staged(harness, Fault.DENIED) as other:
        denied = scan(harness, other)

    assert stage.secrets, "the harness planted no secret"
    for secret in {*stage.secrets, *other.secrets}:
        assert secret not in seen.log + denied.log, "a secret is in the log"
        assert secret not in repr((seen, denied)), "a secret is in a finding, an outcome or a scope"
        assert secret.encode() not in jobs + pickle.dumps((seen, denied)), "a secret is in a pickle"


def only_declared(harness: Harness) -> None:
    """Check that all declared operations only read, and that nothing else was sent."""
    operations = registry.info(harness.name).operations
    with staged(harness) as stage:
        scan(harness, stage)
        sent = stage.sent()

    assert [one for one in operations if not _only_reads(one)] == [], "a declared operation may write"
    assert [one for one in operations if not one.permission] == [], "an operation names no permission"
    assert sent or not operations, "the harness saw no request"
    strange = {one for one in sent if not any(_is(operation, one) for operation in operations)}
    assert strange == set(), "sent, but not declared"


def every_kind(harness: Harness) -> None:
    """Check that the kinds shown are exactly those that the connector declares."""
    with staged(harness) as stage:
        seen = scan(harness, stage)

    declared = set(registry.info(harness.name).kinds)
    parts = {kind for scope in seen.scopes for part in scope.parts for kind in part.kinds}
    assert {one.kind for _, _, one in seen.findings} == declared
    assert parts <= declared, "a part declares a kind that the connector does not"


def every_part(harness: Harness) -> None:
    """Check that every declared part of every scope is opened and read to its end."""
    with staged(harness) as stage:
        seen = scan(harness, stage)

    assert seen.listing.status is PartStatus.COMPLETE, seen.listing.reason
    assert seen.scopes, "the connector listed no scope"
    assert [one.error for one in seen.outcomes if one.error] == []
    declared = {(scope.key, part.name) for scope in seen.scopes for part in scope.parts}
    bad = {key: result.reason for key, result in seen.parts.items() if result.status != PartStatus.COMPLETE}
    assert set(seen.parts) == declared
    assert bad == {}


def travels(harness: Harness) -> None:
    """Check that jobs and outcomes survive being pickled both ways, and show the same there."""
    with staged(harness) as stage:
        here = scan(harness, stage)
        there = Seen(here.scopes, here.listing)
        for scope in here.scopes:
            job = pickle.loads(pickle.dumps(packed(_job(harness, stage, scope))))
            back = pickle.loads(pickle.dumps(run_scope_collected(job)))
            there.batches.extend(back.unpack())
            there.outcomes.append(back.outcome)

    assert there.fingerprints() == here.fingerprints()
    assert {key: one.status for key, one in there.parts.items()} == {
        key: one.status for key, one in here.parts.items()
    }


def well_formed(harness: Harness) -> None:
    """Check the shape of every finding: known kind, UTC times, evidence, identity unique in its part."""
    with staged(harness) as stage:
        seen = scan(harness, stage)

    assert all(len(batch.findings) <= BATCH_SIZE for batch in seen.batches)
    for scope, part, one in seen.findings:
        assert _faults_of(one) == [], f"{part} of {scope}: {one.name}"
    for key in seen.parts:
        names = [one.natural_key for scope, part, one in seen.findings if (scope, part) == key]
        assert len(names) == len(set(names)), f"{key} shows one identity twice"


def leaves_no_trace(harness: Harness) -> None:
    """Check that a scan changes neither its options nor its scope, and keeps no state between scans."""
    with staged(harness) as stage:
        options = repr(stage.options)
        first = scan(harness, stage)
        scopes = repr(first.scopes)
        again = scan(harness, stage)

    assert repr(stage.options) == options
    assert repr(first.scopes) == scopes
    assert again.fingerprints() == first.fingerprints()
    assert [_kept(one) for _, _, one in again.findings] == [_kept(one) for _, _, one in first.findings]


def scopes_are_ours(harness: Harness) -> None:
    """Check that scopes carry the connector's and the instance's name, ids, and parts without doubles."""
    with staged(harness) as stage:
        seen = scan(harness, stage)

    for scope in seen.scopes:
        assert (scope.connector, scope.instance) == (harness.name, INSTANCE)
        assert scope.ids, "a scope needs the vendor's ids"
        assert all(scope.ids), f"an empty id in {scope.key}"
        names = [part.name for part in scope.parts]
        assert len(names) == len(set(names)), f"{scope.key} declares a part twice"


CHECKS: dict[str, Callable[[Harness], None]] = {
    check.__name__: check
    for check in (
        three_pages,
        repeated_token,
        denied_half_way,
        throttled,
        empty,
        stable,
        unchanged,
        no_secret,
        only_declared,
        every_kind,
        every_part,
        travels,
        well_formed,
        leaves_no_trace,
        scopes_are_ours,
    )
}


def _job(harness: Harness, stage: Stage, scope: Scope, previous: Previous = no_previous) -> ScopeJob:
    return ScopeJob(
        connector=harness.name,
        instance=INSTANCE,
        scope=scope,
        options=stage.options,
        network=stage.network,
        previous=previous,
    )


def _nowhere(harness: Harness) -> Scope:
    return Scope(connector=harness.name, instance=INSTANCE, ids=("*",), parts=())


def _others_are_complete(seen: Seen, stage: Stage) -> None:
    bad = {key: f"{one.status}: {one.reason}" for key, one in seen.parts.items() if one.status != "complete"}
    bad.pop(stage.hit, None)
    assert bad == {}, "the fault of one part struck others"
    assert len(seen.parts) > 1, "there is no other part to compare with"


_READS = re.compile(r"(?:Batch)?(?:List|Get|Describe|Search|Lookup|Scan|Query)[A-Z]\w*")
_LOGINS = {("sts", "AssumeRole"), ("sts", "GetCallerIdentity")}


def _only_reads(operation: Operation) -> bool:
    if operation.method == "CALL":
        is_known = (operation.host, operation.path) in _LOGINS
        return is_known or operation.is_query or bool(_READS.fullmatch(operation.path))
    return operation.method in ("GET", "HEAD") or (operation.method == "POST" and operation.is_query)


def _is(operation: Operation, sent: Sent) -> bool:
    if operation.method != sent.method:
        return False
    if operation.method == "CALL":
        return f"{operation.host}:{operation.path}" == sent.what
    pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(operation.path))
    return re.fullmatch(pattern, sent.what) is not None


def _faults_of(one: Finding) -> list[str]:
    """Name what is wrong with a finding."""
    rules = {
        "kind": one.kind in KINDS,
        "provider": bool(one.provider),
        "name": bool(one.name),
        "identity": bool(one.natural_key.namespace and one.natural_key.key),
        "evidence": bool(one.evidence) and all(item.source and item.locator for item in one.evidence),
        "locator": all("\\" not in item.locator for item in one.evidence),
        "detail": all(len(item.detail) <= 200 for item in one.evidence),
        "grade": one.grade in tuple(Grade) and one.role in tuple(Role),
        "fingerprint": bool(one.fingerprint),
        "times": all(_is_utc(moment) for moment in _moments(one)),
        "tags": all(isinstance(text, str) for pair in one.tags.items() for text in pair),
        "attributes": json.loads(json.dumps(dict(one.attributes))) == dict(one.attributes),
        "confidence": all(0 <= hint.confidence <= 1 and hint.candidate for hint in one.owner_hints),
        "links": all(link.target.namespace and link.target.key for link in one.links),
    }
    return [rule for rule, holds in rules.items() if not holds]


def _is_utc(moment: datetime) -> bool:
    return moment.utcoffset() == timedelta(0)


def _moments(value: Any) -> Iterator[datetime]:
    """Find every time inside a finding."""
    if isinstance(value, datetime):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from _moments(getattr(value, one.name))
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _moments(one)


def _kept(one: Finding) -> str:
    """Write a finding without the times at which it was observed."""
    return re.sub(r"observed_at=datetime\.datetime\([^)]*\)", "", repr(one))


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Collect every record of every logger, as text with its traceback."""
    lines: list[str] = []
    handler = _Collector(lines)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


class _Collector(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self._lines = lines
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))
