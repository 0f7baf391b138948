"""Load rules: trees of operators over a derived record, no expression language.

A rule says when there is a gap. The operators are those of :mod:`discovery.service.rule_trees`, the fields
those of :mod:`discovery.service.rule_fields`. The loader refuses unknown operators, unknown fields, wrong
operands and double ids, and says where.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any

import yaml

from connectors.errors import ConfigError
from discovery.service import rule_trees, yaml_texts
from discovery.service.rule_fields import BY_SUBJECT, FIELDS, Fields, fields_of
from discovery.service.rule_trees import OPERATORS, Moment, Record, Test, check

__all__ = [
    "CLASSES",
    "FAMILIES",
    "FIELDS",
    "FRAMEWORKS",
    "LAW_VERSION",
    "OPERATORS",
    "SEVERITIES",
    "SUBJECTS",
    "Moment",
    "Record",
    "Rule",
    "built_in",
    "load",
    "read",
    "rule_of",
]

SEVERITIES = ("low", "medium", "high", "critical")
SUBJECTS = ("system", "asset", "organisation")
CLASSES = ("missing_record", "failed_control")
"""Nobody knows, or it is known to be bad."""
FRAMEWORKS: Mapping[str, str] = {
    "iso42001": "ISO/IEC 42001",
    "eu_ai_act": "EU AI Act",
    "nist_ai_rmf": "NIST AI RMF",
}
FAMILIES = (
    *("inventory", "owners", "purpose", "data", "oversight", "risk", "life_cycle", "suppliers", "reviews"),
    *("evidence", "transparency", "security", "organisation"),
)
"""The files of the built-in rules, in the order of their questions."""
LAW_VERSION = "02024R1689-20260727"
"""Regulation (EU) 2024/1689 as amended by Regulation (EU) 2026/1744: what built-in dates and refs mean."""
_LIVING = ("candidate", "registered", "governed")
_STATES = (*_LIVING, "retired", "rejected")
_NEEDED = ("id", "title", "severity", "subject", "when", "fix")
_KEYS = frozenset(
    (*_NEEDED, "class", "failed_when", "record_states", "applies_from", "later", "refs", "enabled")
)
_MOST_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; ``test(record, moment)`` is true when there is a gap. ``refs`` are ids by framework.

    ``states`` are the states of systems that it is asked of. ``gap_class`` is one of :data:`CLASSES`;
    ``fails`` (where there is one) says of a record whether it is a failed control rather than a missing
    record. ``later`` are days of law for some: (which, from when). ``raw`` is what it was read from.
    ``changed`` names the fields that differ from the built-in rule; ``is_own`` marks the user's rules.
    ``needs`` are the fields that the condition looks at.
    """

    id: str
    title: str
    severity: str
    subject: str
    applies_from: date | None
    refs: Mapping[str, tuple[str, ...]]
    fix: str
    test: Test
    gap_class: str = "missing_record"
    fails: Test | None = None
    states: tuple[str, ...] = _LIVING
    later: tuple[tuple[Test, date], ...] = ()
    law_version: str = LAW_VERSION
    enabled: bool = True
    changed: tuple[str, ...] = ()
    is_own: bool = False
    needs: frozenset[str] = frozenset()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def family(self) -> str:
        """Return the beginning of the id, such as ``OWN``."""
        return self.id.partition("-")[0]

    def holds(self, record: Record, now: datetime, timezone: str = "UTC") -> bool:
        """Say whether there is a gap; for many records make one :class:`Moment` and use ``test``."""
        return self.test(record, Moment(now, timezone))

    def class_of(self, record: Record, now: Moment) -> str:
        """Return whether a gap of this record is a missing record or a failed control."""
        if self.fails is None:
            return self.gap_class
        return "failed_control" if self.fails(record, now) else "missing_record"

    def applies_to(self, record: Record, now: Moment) -> date | None:
        """Return the day from which the rule applies to what a record describes (``None``: always)."""
        for test, day in self.later:
            if test(record, now):
                return day
        return self.applies_from

    def is_due(self, today: date) -> bool:
        """Say whether the rule applies already; before that its gap is upcoming."""
        return self.applies_from is None or self.applies_from <= today

    def severity_on(self, today: date, since: date | None = None) -> str:
        """Return the severity; an upcoming gap counts one level lower. ``since`` is :meth:`applies_to`."""
        start = since or self.applies_from
        level = SEVERITIES.index(self.severity)
        return self.severity if start is None or start <= today else SEVERITIES[max(0, level - 1)]


@cache
def built_in() -> tuple[Rule, ...]:
    """Return the rules that come with the product."""
    return tuple(
        rule_of(raw, where)
        for name in (f"{family}.yaml" for family in FAMILIES)
        for raw, where in _tables(yaml_texts.shipped(f"rules/{name}"), name)
    )


def load(text: str, where: str) -> tuple[Rule, ...]:
    """Read rules from YAML; raises ``ConfigError`` that names the file, the rule and the mistake."""
    rules: dict[str, Rule] = {}
    for raw, place in read(text, where):
        rule = rule_of(raw, place)
        check(rule.id not in rules, f"the rule {rule.id!r} is there twice", where)
        rules[rule.id] = rule
    return tuple(rules.values())


def read(text: str, where: str) -> list[tuple[dict[str, Any], str]]:
    """Return the tables of rules in a YAML text, each with its place; the rules are not checked yet."""
    if len(text) > _MOST_BYTES:
        raise ConfigError("the rules file is too large", where=where, hint="Split it.")
    try:
        content = yaml_texts.load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"the rules are not valid YAML: {error}", where=where) from error
    return _tables(content, where)


def _tables(content: object, where: str) -> list[tuple[dict[str, Any], str]]:
    if not isinstance(content, dict) or not isinstance(content.get("rules"), list):
        raise ConfigError("the rules file needs a list under `rules`", where=where)
    version = content.get("law_version", LAW_VERSION)
    check(isinstance(version, str), "law_version is a text", where)
    found = []
    for index, raw in enumerate(content["rules"]):
        name = raw.get("id") if isinstance(raw, dict) else None
        place = f"{where}, rule {name or index + 1}"
        check(isinstance(raw, dict), "a rule is a table of fields", place)
        found.append(({"law_version": version} | raw, place))
    return found


def rule_of(
    raw: Mapping[str, Any], where: str, *, changed: tuple[str, ...] = (), is_own: bool = False
) -> Rule:
    """Check the table of one rule and make the rule; raises ``ConfigError`` for the first mistake."""
    _check_keys(raw, where)
    fields = fields_of(raw["subject"]) if is_own else BY_SUBJECT[raw["subject"]]
    fails = raw.get("failed_when")
    return Rule(
        id=raw["id"],
        title=raw["title"],
        severity=raw["severity"],
        subject=raw["subject"],
        applies_from=_day(raw.get("applies_from"), where),
        refs=_refs(raw.get("refs"), where),
        fix=raw["fix"],
        test=rule_trees.compiled(raw["when"], fields, where),
        gap_class=raw.get("class", "missing_record"),
        fails=None if fails is None else rule_trees.compiled(fails, fields, f"{where}, failed_when"),
        states=tuple(raw.get("record_states", _LIVING)),
        later=_later(raw, fields, where),
        law_version=raw.get("law_version", LAW_VERSION),
        enabled=raw.get("enabled", True),
        changed=changed,
        is_own=is_own,
        needs=frozenset(rule_trees.paths(raw["when"])),
        raw=raw,
    )


def _check_keys(raw: Mapping[str, Any], where: str) -> None:
    unknown = sorted(str(key) for key in raw.keys() - _KEYS - {"law_version"})
    what = f"unknown field {', '.join(map(repr, unknown))}"
    check(not unknown, what, where, "Known: " + ", ".join(sorted(_KEYS)))
    for name in _NEEDED:
        check(bool(raw.get(name)), f"the field {name!r} is missing", where)
    for name in ("id", "title", "fix"):
        check(isinstance(raw[name], str), f"{name} is a text", where)
    _one_of("severity", raw["severity"], SEVERITIES, where)
    _one_of("subject", raw["subject"], SUBJECTS, where)
    _one_of("class", raw.get("class", CLASSES[0]), CLASSES, where)
    check(isinstance(raw.get("enabled", True), bool), "enabled is true or false", where)
    states = raw.get("record_states", [])
    check(isinstance(states, list), "record_states is a list", where)
    for state in states:
        _one_of("record state", state, _STATES, where)


def _one_of(what: str, value: Any, known: tuple[str, ...], where: str) -> None:
    check(value in known, f"unknown {what} {value!r}", where, "Known: " + ", ".join(known))


def _day(value: Any, where: str, name: str = "applies_from") -> date | None:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    is_day = value is None or (isinstance(value, date) and not isinstance(value, datetime))
    check(is_day, f"{name} is a day (YYYY-MM-DD) or null", where)
    found: date | None = value
    return found


def _later(raw: Mapping[str, Any], fields: Fields, where: str) -> tuple[tuple[Test, date], ...]:
    rows = raw.get("later") or []
    check(isinstance(rows, list), "later is a list of {from: day, when: condition}", where)
    found = []
    for row in rows:
        is_row = isinstance(row, dict) and row.keys() == {"from", "when"}
        check(is_row, "later is a list of {from: day, when: condition}", where)
        day = _day(row["from"], where, "from")
        check(day is not None, "from is a day (YYYY-MM-DD)", where)
        test = rule_trees.compiled(row["when"], fields, f"{where}, later")
        if day is not None:
            found.append((test, day))
    return tuple(found)


def _refs(raw: Any, where: str) -> Mapping[str, tuple[str, ...]]:
    refs = raw or {}
    check(isinstance(refs, dict), "refs is a table of lists", where)
    for name, ids in refs.items():
        _one_of("framework", name, tuple(FRAMEWORKS), where)
        check(isinstance(ids, list), f"refs of {name} is a list", where)
    return {str(name): tuple(map(str, ids)) for name, ids in refs.items()}
