"""The words connectors speak: scopes, parts, findings and their evidence.

Plain data, safe to pickle, free of secrets. Times are timezone-aware UTC ``datetime`` values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


class Grade(StrEnum):
    """Say how strong the evidence is, weakest first."""

    DECLARED = "declared"
    IMPORTED = "imported"
    CALLED = "called"
    CONFIGURED = "configured"
    DEPLOYED = "deployed"
    LIVE = "live"

    @property
    def rank(self) -> int:
        """Order grades: 0 is the weakest."""
        return _GRADE_RANK[self]


_GRADE_RANK = {grade: rank for rank, grade in enumerate(Grade)}


class Role(StrEnum):
    """Say what part of a tree a finding lies in; only ``application`` raises alerts by default.

    ``suppressed`` is what a comment in the code asks for, with a reason: it never raises an alert.
    """

    APPLICATION = "application"
    TEMPLATE = "template"
    TEST = "test"
    DOCS = "docs"
    EXAMPLE = "example"
    VENDORED = "vendored"
    SUPPRESSED = "suppressed"

    @property
    def rank(self) -> int:
        """Order roles: 0 is the one that matters most when several sightings disagree."""
        return _ROLE_RANK[self]


_ROLE_RANK = {role: rank for rank, role in enumerate(Role)}


class PartStatus(StrEnum):
    """Say what became of a part in a run; only ``complete`` may age assets."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    DENIED = "denied"
    NOT_ENABLED = "not_enabled"
    NOT_LICENSED = "not_licensed"
    NOT_OFFERED = "not_offered"
    NOT_OPTED_IN = "not_opted_in"
    THROTTLED = "throttled"
    FAILED = "failed"
    NEVER = "never"


class RelationKind(StrEnum):
    """Name how one asset uses another."""

    USES_MODEL = "uses_model"
    DEPLOYS = "deploys"
    DECLARES = "declares"
    HOLDS_KEY = "holds_key"
    CALLS = "calls"
    SERVED_BY = "served_by"
    GUARDED_BY = "guarded_by"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One listing inside a scope: an API operation or a file format.

    ``details`` names the part as a reader of single items; its answers enrich what another part lists,
    so it never ages anything by itself. ``kinds`` are the kinds of :mod:`connectors.kinds` it can show.
    """

    name: str
    kinds: tuple[str, ...]
    details: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """The version of code a sighting was read from.

    ``drives`` is true when it may open, close and age assets: the remote's default branch, or a folder
    that no connector covers otherwise.
    """

    name: str
    commit: str = ""
    dirty: bool = False
    drives: bool = True

    @property
    def label(self) -> str:
        """Return what the inventory calls it: a work tree with changes of its own is marked."""
        return f"{self.name}+dirty" if self.dirty and self.drives else self.name


LEFT_OUT_PART = Part(name="left out", kinds=())
"""What a scope shows that is left out and was never read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Say why a scope is listed but not read in this run.

    ``status`` is the vendor's own reason (a region that is not opted in to) and is shown for its parts;
    without one they keep the status of their last reading.
    """

    reason: str
    status: PartStatus | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownScope:
    """What is on record of a scope: how many things it shows, and how it was read last.

    ``tried`` counts the listings that were tried, ``tried_at`` is the oldest of their last tries (UTC,
    ``None``: none); ``is_cut`` says that one of them failed, was throttled or cut off. Requests and
    seconds are those of the last run that read the scope.
    """

    things: int = 0
    tried: int = 0
    tried_at: datetime | None = None
    is_cut: bool = False
    requests: int | None = None
    elapsed_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadScope:
    """A scope of any instance that is read from an address: its key, its connector instance, the address."""

    key: str
    reader: str
    locator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One unit of work: a connector instance and the vendor's own immutable ids.

    ``label`` (for people) and ``locator`` (where to read: a path, URL or host) may change without making
    it another scope. ``parts`` is all that the connector promises to open; a promised part that is never
    opened is recorded as failed. ``ref`` is the one ref that a scan of a code scope reads: sightings age
    only within it, unless ``sole_ref`` says that the scope never holds more than one: then a complete
    reading also ends what earlier ones showed of others. ``listed`` is what else the listing said and the
    scan needs; it travels with the scope and is not stored. ``left_out`` says that neither this scope nor any
    known one beneath its ids is read now, and that none of them ages. Holds no secret.
    """

    connector: str
    instance: str
    ids: tuple[str, ...]
    parts: tuple[Part, ...] = field(compare=False, repr=False)
    label: str = field(default="", compare=False)
    locator: str = field(default="", compare=False)
    account: str | None = field(default=None, compare=False)
    region: str | None = field(default=None, compare=False)
    ref: Ref | None = field(default=None, compare=False)
    sole_ref: bool = field(default=False, compare=False)
    listed: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    left_out: LeftOut | None = field(default=None, compare=False, repr=False)

    @property
    def key(self) -> str:
        """Return the stable text form, e.g. ``aws:main/123456789012/eu-west-1``."""
        return f"{self.connector}:{self.instance}/{'/'.join(self.ids)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NaturalKey:
    """An identity given by the vendor, never by us and never a display name.

    ``namespace`` is the issuing authority, its instance and the object type (``aws/arn``,
    ``openai/org-1/project``, ``code/<repository id>``); ``key`` is the id inside it, already in the
    namespace's own canonical case.
    """

    namespace: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where and when something was seen, enough to look again.

    ``source`` is the operation or file format, ``locator`` an ARN, URL or ``path:line`` relative to the
    scanned root (always ``/``), ``detail`` at most 200 characters without secrets.
    """

    source: str
    locator: str
    observed_at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerHint:
    """Someone who may answer for an asset, with the reason; never an owner by itself.

    ``candidate`` is written as seen (address, handle, team or person name); ``confidence`` is 0 to 1.
    """

    candidate: str
    source: str
    confidence: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Say that the found thing uses another, named by that one's natural key."""

    relation: RelationKind
    target: NaturalKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Measured use: when last, and how many requests in the stated window (days)."""

    last_used_at: datetime | None = None
    requests: int | None = None
    window_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Say how a thing stands against an earlier version of what is scanned.

    ``is_introduced``: the earlier version does not show it at all. ``locators`` are the places of its
    evidence that lie in what changed since. For the report of one run only; the store does not keep it.
    """

    is_introduced: bool
    locators: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Finding:
    """What a connector saw, in the vendor's terms.

    ``natural_key`` identifies the thing, ``aliases`` are further identities of the same thing.
    ``account``, ``region`` and ``application`` say where it lives and what it belongs to
    (``application`` is the vendor's own grouping: a project, an application tag, a repository unit).
    ``created_at`` is the vendor's creation time: a newer one under the same key is a new incarnation.
    ``fingerprint`` is a stable hash of everything listed but volatile fields; empty lets the runner
    compute it from the content. ``comparison`` is set by a scan that looks only at what changed.
    """

    kind: str
    provider: str
    natural_key: NaturalKey
    name: str
    evidence: tuple[Evidence, ...]
    grade: Grade
    role: Role = Role.APPLICATION
    ref: Ref | None = None
    aliases: tuple[NaturalKey, ...] = ()
    account: str | None = None
    region: str | None = None
    application: str | None = None
    model: str | None = None
    created_at: datetime | None = None
    attributes: Mapping[str, Json] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    owner_hints: tuple[OwnerHint, ...] = ()
    links: tuple[Link, ...] = ()
    usage: Usage | None = None
    fingerprint: str = ""
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchanged:
    """Say that a thing is still there exactly as last recorded under this part."""

    natural_key: NaturalKey
    fingerprint: str
