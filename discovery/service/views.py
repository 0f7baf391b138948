"""The public JSON shapes: what ``--format json`` prints, and later the API.

Names are a contract: new fields may be added, none is renamed or removed without a note. Times are UTC
texts with fixed microseconds (``2026-11-22T03:00:00.000000Z``), dates are ``YYYY-MM-DD``. Lists have a
stable order that each class states.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from connectors.model import Json


@dataclass(slots=True, kw_only=True)
class EvidenceView:
    """Where and when something was seen; code locators are ``path:line`` relative to the scanned root."""

    source: str
    locator: str
    observed_at: str
    detail: str


@dataclass(slots=True, kw_only=True)
class CandidateView:
    """Someone the evidence points to; never an owner until a person accepts.

    ``confidence`` is 0 to 1; ``reasons`` are sentences, strongest first.
    """

    party: str
    confidence: float
    reasons: list[str]


@dataclass(slots=True, kw_only=True)
class AssetView:
    """One asset as seen at the moment asked for.

    ``state`` is present, suspect, missing or gone. ``last_seen`` is the last complete look of a part that
    shows it (``None``: no part that shows it was ever complete). ``scopes`` are scope keys, sorted;
    ``evidence`` is sorted by locator; ``owner_candidates`` most confident first.
    """

    asset_id: str
    kind: str
    provider: str
    name: str
    natural_id: str
    state: str
    grade: str
    role: str
    ref: str | None
    account: str | None
    region: str | None
    model: str | None
    system_id: str | None
    first_seen: str
    last_seen: str | None
    scopes: list[str] = field(default_factory=list)
    evidence: list[EvidenceView] = field(default_factory=list)
    owner_candidates: list[CandidateView] = field(default_factory=list)
    attributes: dict[str, Json] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    namespace: str = ""
    application: str | None = None


@dataclass(slots=True, kw_only=True)
class PrefilledView:
    """A proposed answer to one of the four questions: purpose, owner, data, oversight.

    ``confirmed`` is always false: proposals never count as a record; only a person answers.
    """

    question: str
    value: str
    why: str
    locator: str
    confirmed: bool = False


@dataclass(slots=True, kw_only=True)
class OversightView:
    """The four questions and the next review.

    ``complete`` is true when a person confirmed all of them and the review day has not passed.
    ``state`` is none, incomplete, complete, lapsed or withdrawn. ``prefilled`` are proposals from evidence,
    in the order of the questions; they are given for one system at a time, in lists they are left empty.
    ``version`` counts what people changed in the record (0: nothing yet); ``conflicts`` are fields where
    evidence says otherwise than the person, sorted.
    """

    state: str = "none"
    complete: bool = False
    purpose: str | None = None
    data_categories: list[str] = field(default_factory=list)
    mode: str | None = None
    description: str | None = None
    next_review: str | None = None
    confirmed_by: str | None = None
    confirmed_at: str | None = None
    missing: list[str] = field(default_factory=list)
    prefilled: list[PrefilledView] = field(default_factory=list)
    version: int = 0
    stage: str | None = None
    eu_class: str | None = None
    tier: str | None = None
    conflicts: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class SystemView:
    """One system: what people answer for.

    ``owner`` is the accepted accountable party (e-mail, handle or name), else ``None``; ``assets`` are
    the ids of members that are not gone, sorted; ``open_alerts`` counts alerts that still want something
    (open, acknowledged, assigned, in_review). ``alerting`` says whether its gaps raise alerts: test, docs,
    example and vendored code alone does not. ``why`` says what holds its members together. ``key`` is the
    short text that names it since it was registered, and nothing else ever.
    """

    system_id: str
    name: str
    state: str
    kind: str
    owner: str | None
    owner_candidates: list[CandidateView] = field(default_factory=list)
    oversight: OversightView = field(default_factory=OversightView)
    assets: list[str] = field(default_factory=list)
    first_seen: str | None = None
    last_seen: str | None = None
    open_alerts: int = 0
    alerting: bool = True
    aliases: list[str] = field(default_factory=list)
    why: str = ""
    providers: list[str] = field(default_factory=list)
    key: str | None = None


@dataclass(slots=True, kw_only=True)
class AlertView:
    """One alert: a rule that holds for a system, an asset of it, or (neither given) the organisation.

    ``until`` ends an accepted risk or suppression.
    """

    alert_id: str
    rule: str
    severity: str
    state: str
    system_id: str | None
    title: str
    opened_at: str
    due_at: str | None
    reopen_count: int
    resolved_at: str | None = None
    assignee: str | None = None
    until: str | None = None
    system_name: str | None = None
    fix: str = ""
    asset_id: str | None = None


@dataclass(slots=True, kw_only=True)
class AlertEventView:
    """One thing that happened to an alert, oldest first; events are only ever added."""

    at: str
    actor: str
    event: str
    from_state: str | None
    to_state: str
    reason: str


@dataclass(slots=True, kw_only=True)
class AlertDetailView(AlertView):
    """An alert with everything that happened to it."""

    events: list[AlertEventView] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class RunPartView:
    """What became of one part in one run; exceptions are things inside it that could not be read."""

    scope: str
    part: str
    status: str
    reason: str
    seen: int
    added: int
    changed: int
    missing: int
    closed: int
    requests: int
    suspect: bool
    exceptions: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class RunView:
    """One run: ``state`` is running, complete, partial, failed or interrupted; ``duration_s`` in seconds."""

    run_id: str
    state: str
    trigger: str
    actor: str
    started_at: str
    ended_at: str | None
    duration_s: float | None
    scopes: int
    parts: int
    parts_complete: int
    seen: int
    added: int
    changed: int
    missing: int
    closed: int
    requests: int
    suspect: int
    filtered: bool


@dataclass(slots=True, kw_only=True)
class RunDetailView(RunView):
    """A run with its parts, sorted by scope and part."""

    details: list[RunPartView] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class CoverageView:
    """What is known of one part of one scope; sorted by connector, scope, part.

    ``state`` is the scope's: active, retired or unmanaged. ``last_at`` is the last try.
    """

    connector: str
    scope: str
    part: str
    status: str
    reason: str
    last_complete_at: str | None
    instance: str = ""
    label: str = ""
    state: str = "active"
    last_at: str | None = None
    count: int = 0


@dataclass(slots=True, kw_only=True)
class OperationView:
    """One thing a connector may ask a vendor, and the permission that it takes."""

    method: str
    host: str
    path: str
    permission: str


@dataclass(slots=True, kw_only=True)
class ConnectorView:
    """One installed connector."""

    name: str
    title: str
    kinds: list[str]
    extra: str
    docs: list[str]
    operations: list[OperationView] = field(default_factory=list)


class NextStepKind(StrEnum):
    """Name what a next step is about."""

    OWNER = "owner"
    OVERSIGHT = "oversight"
    COVERAGE = "coverage"
    SUSPECT = "suspect"
    ALERTS = "alerts"
    SCAN = "scan"


@dataclass(slots=True, kw_only=True)
class NextStepView:
    """One thing worth doing now: a command to type and why; most useful first."""

    kind: NextStepKind
    command: str
    why: str


@dataclass(slots=True, kw_only=True)
class NewView:
    """What a run brought: ids that were not known before it; each list in order of name."""

    run_id: str
    systems: list[SystemView] = field(default_factory=list)
    assets: int = 0
    alerts_opened: int = 0
    alerts_resolved: int = 0
    assets_gone: int = 0


@dataclass(slots=True, kw_only=True)
class SummaryView:
    """The inventory in numbers."""

    systems: int = 0
    systems_alerting: int = 0
    systems_without_owner: int = 0
    systems_without_oversight: int = 0
    assets: int = 0
    assets_by_state: dict[str, int] = field(default_factory=dict)
    assets_by_kind: dict[str, int] = field(default_factory=dict)
    open_alerts: dict[str, int] = field(default_factory=dict)
    parts: int = 0
    parts_complete: int = 0


def to_json(view: Any) -> Any:
    """Return a view (or a list of views) as plain dicts and lists, fields in the order of the class."""
    if isinstance(view, list | tuple):
        return [to_json(item) for item in view]
    if dataclasses.is_dataclass(view) and not isinstance(view, type):
        return {f.name: to_json(getattr(view, f.name)) for f in dataclasses.fields(view)}
    if isinstance(view, Mapping):
        return {str(key): to_json(value) for key, value in view.items()}
    if isinstance(view, StrEnum):
        return view.value
    return view
