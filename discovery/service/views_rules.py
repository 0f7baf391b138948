"""The public JSON shapes of rules, gaps and facts of the organisation, beside those of ``views``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class GapView:
    """One gap: a rule that holds for a system, for an asset, or (neither given) for the organisation.

    ``status`` is due, or upcoming while its law does not apply yet (then ``severity`` is one lower).
    ``gap_class`` is missing_record (nobody knows) or failed_control (known to be bad). ``refs`` are
    identifiers by framework, ``wording`` says what it is a gap against. ``changed`` names what the user
    changed of the rule, ``is_own`` marks a rule of the user. ``rule_set`` is the hash of all rules that
    decided. ``framework`` and ``control`` are given when gaps were asked for by framework.
    """

    rule: str
    title: str
    severity: str
    status: str
    gap_class: str
    subject: str
    system_id: str | None = None
    system_name: str | None = None
    asset_id: str | None = None
    asset_name: str | None = None
    applies_from: str | None = None
    framework: str | None = None
    control: str | None = None
    refs: dict[str, list[str]] = field(default_factory=dict)
    wording: list[str] = field(default_factory=list)
    fix: str = ""
    exception_until: str | None = None
    changed: list[str] = field(default_factory=list)
    is_own: bool = False
    rule_set: str = ""
    law_version: str = ""


@dataclass(slots=True, kw_only=True)
class RuleView:
    """One rule as it holds; ``alerts`` is always, registered (systems that are no candidates) or never.

    ``gap_class`` is by_record where the record decides it; ``later`` are days of law for some systems;
    ``when`` is the condition as a tree of operators.
    """

    rule: str
    title: str
    severity: str
    subject: str
    gap_class: str
    applies_from: str | None
    alerts: str
    enabled: bool
    changed: list[str] = field(default_factory=list)
    is_own: bool = False
    refs: dict[str, list[str]] = field(default_factory=dict)
    fix: str = ""
    later: list[str] = field(default_factory=list)
    when: dict[str, Any] = field(default_factory=dict)
    law_version: str = ""


@dataclass(slots=True, kw_only=True)
class RuleTestView:
    """What came of trying one rule on a record; the rest is empty unless it holds."""

    rule: str
    title: str
    holds: bool
    status: str | None = None
    severity: str | None = None
    gap_class: str | None = None
    fix: str = ""


@dataclass(slots=True, kw_only=True)
class OrganisationFactView:
    """One fact that can be said of the organisation; ``value`` is ``None`` while nobody said it."""

    key: str
    label: str
    value: str | None = None
    said_by: str | None = None
    said_at: str | None = None
    reason: str | None = None
    type: str = ""
    words: list[str] = field(default_factory=list)
    help: str = ""
