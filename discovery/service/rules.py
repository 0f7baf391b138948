"""Load rules and evaluate them: trees of operators over a derived record, no expression language.

Operators (a tree is one operator with its operands; paths are dotted field names)::

    all, any      [tree, ...]
    not           tree
    missing       path                 nonempty     path
    eq            [path, value]        in           [path, [value, ...]]
    lt, gt        [path, number]       contains_any [path, [value, ...]]
    older_than_days [path, days]       past         path
    before        [path, day]
    any_where     [path, {field: value}]    none_where [path, {field: value}]

A comparison with a missing value is false, except ``in`` and ``eq`` with ``null``. The loader refuses unknown
operators, unknown fields (:data:`FIELDS`), wrong operands and double ids, and says where.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any

import yaml

from connectors import clock
from connectors.errors import ConfigError

Record = Mapping[str, Any]
Test = Callable[[Record, datetime], bool]

SEVERITIES = ("low", "medium", "high", "critical")
SUBJECTS = ("system", "asset", "organisation")
_KEYS = {"id", "title", "severity", "subject", "when", "applies_from", "refs", "fix", "enabled"}

FIELDS: Mapping[str, frozenset[str]] = {
    "record_state": frozenset(),
    "kind": frozenset(),
    "owners": frozenset({"role", "source", "accepted", "active", "confidence"}),
    "lifecycle.stage": frozenset(),
    "purpose.statement": frozenset(),
    "data.categories": frozenset(),
    "oversight.mode": frozenset(),
    "oversight.description": frozenset(),
    "reviews.next_due_at": frozenset(),
    "provenance.first_seen_at": frozenset(),
    "flags.record_complete": frozenset(),
    "flags.record_withdrawn": frozenset(),
    "counts.components": frozenset(),
    "counts.active_assets": frozenset(),
    "counts.purpose_chars": frozenset(),
}
"""Fields of a system's derived record, with the fields of an item where it is a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; ``holds(record, now)`` is true when there is a gap. ``refs`` are ids by framework."""

    id: str
    title: str
    severity: str
    subject: str
    applies_from: date | None
    refs: Mapping[str, tuple[str, ...]]
    fix: str
    holds: Test

    def is_due(self, today: date) -> bool:
        """Say whether the rule applies already; before that its gap is upcoming."""
        return self.applies_from is None or self.applies_from <= today

    def severity_on(self, today: date) -> str:
        """Return the severity; an upcoming gap counts one level lower."""
        level = SEVERITIES.index(self.severity)
        return self.severity if self.is_due(today) else SEVERITIES[max(0, level - 1)]


@cache
def built_in() -> tuple[Rule, ...]:
    """Return the rules that come with the product."""
    text = resources.files("discovery").joinpath("rules.yaml").read_text(encoding="utf-8")
    return load(text, "rules.yaml")


def load(text: str, where: str) -> tuple[Rule, ...]:
    """Read rules from YAML; raises ``ConfigError`` that names the file, the rule and the mistake."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"the rules are not valid YAML: {error}", where=where) from error
    if not isinstance(content, dict) or not isinstance(content.get("rules"), list):
        raise ConfigError("the rules file needs a list under `rules`", where=where)
    rules: dict[str, Rule] = {}
    for index, raw in enumerate(content["rules"]):
        name = raw.get("id") if isinstance(raw, dict) else None
        rule = _rule(raw, f"{where}, rule {name or index + 1}")
        if rule.id in rules:
            raise ConfigError(f"the rule {rule.id!r} is there twice", where=where)
        rules[rule.id] = rule
    return tuple(rules.values())


def _rule(raw: Any, where: str) -> Rule:
    _check(isinstance(raw, dict), "a rule is a table of fields", where)
    unknown = sorted(raw.keys() - _KEYS)
    _check(
        not unknown,
        f"unknown field {', '.join(map(repr, unknown))}",
        where,
        "Known: " + ", ".join(sorted(_KEYS)),
    )
    for name in ("id", "title", "severity", "subject", "when", "fix"):
        _check(bool(raw.get(name)), f"the field {name!r} is missing", where)
    _check(
        raw["severity"] in SEVERITIES, f"unknown severity {raw['severity']!r}", where, ", ".join(SEVERITIES)
    )
    _check(raw["subject"] in SUBJECTS, f"unknown subject {raw['subject']!r}", where, ", ".join(SUBJECTS))
    since = raw.get("applies_from")
    _check(since is None or isinstance(since, date), "applies_from is a day (YYYY-MM-DD) or null", where)
    refs = raw.get("refs") or {}
    _check(isinstance(refs, dict), "refs is a table of lists", where)
    return Rule(
        id=raw["id"],
        title=raw["title"],
        severity=raw["severity"],
        subject=raw["subject"],
        applies_from=since,
        refs={str(name): tuple(map(str, ids)) for name, ids in refs.items()},
        fix=raw["fix"],
        holds=_tree(raw["when"], where),
    )


def _check(is_right: bool, what: str, where: str, hint: str = "") -> None:
    if not is_right:
        raise ConfigError(what, where=where, hint=hint)


def _tree(raw: Any, where: str) -> Test:
    _check(
        isinstance(raw, dict) and len(raw) == 1,
        f"a condition is one operator with its operands: {raw!r}",
        where,
    )
    ((operator, operand),) = raw.items()
    if operator in ("all", "any"):
        _check(isinstance(operand, list) and bool(operand), f"{operator} takes a list of conditions", where)
        return _joined(operator == "all", [_tree(one, where) for one in operand])
    if operator == "not":
        inner = _tree(operand, where)
        return lambda record, now: not inner(record, now)
    if operator in _UNARY:
        return _unary(_UNARY[operator], _path(operand, where))
    _check(operator in _BINARY, f"unknown operator {operator!r}", where, "Known: " + ", ".join(OPERATORS))
    _check(isinstance(operand, list) and len(operand) == 2, f"{operator} takes [field, value]", where)
    path = _path(operand[0], where)
    _check_value(operator, path, operand[1], where)
    return _binary(_BINARY[operator], path, operand[1])


def _joined(is_all: bool, tests: Sequence[Test]) -> Test:
    if is_all:
        return lambda record, now: all(test(record, now) for test in tests)
    return lambda record, now: any(test(record, now) for test in tests)


def _unary(test: Callable[[Any, datetime], bool], path: str) -> Test:
    return lambda record, now: test(record.get(path), now)


def _binary(test: Callable[[Any, Any, datetime], bool], path: str, value: Any) -> Test:
    return lambda record, now: test(record.get(path), value, now)


def _path(raw: Any, where: str) -> str:
    _check(
        isinstance(raw, str) and raw in FIELDS, f"unknown field {raw!r}", where, "Known: " + ", ".join(FIELDS)
    )
    return str(raw)


def _check_value(operator: str, path: str, value: Any, where: str) -> None:
    if operator in ("in", "contains_any"):
        _check(isinstance(value, list), f"{operator} takes a list of values", where)
    elif operator in ("any_where", "none_where"):
        _check(isinstance(value, dict) and bool(value), f"{operator} takes a table of field: value", where)
        unknown = sorted(set(value) - FIELDS[path])
        _check(not unknown, f"items of {path!r} have no field {', '.join(map(repr, unknown))}", where)
    elif operator in ("lt", "gt", "older_than_days"):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        _check(is_number, f"{operator} takes a number", where)
    elif operator == "before":
        _check(isinstance(value, date), "before takes a day (YYYY-MM-DD)", where)


def _moment(value: Any) -> datetime | None:
    return clock.from_text(value) if isinstance(value, str) and value else None


def _older(value: Any, days: float, now: datetime) -> bool:
    moment = _moment(value)
    return moment is not None and now - moment > timedelta(days=days)


def _past(value: Any, now: datetime) -> bool:
    moment = _moment(value)
    return moment is not None and moment <= now


def _before(value: Any, day: date, _: datetime) -> bool:
    moment = _moment(value)
    return moment is not None and moment.date() < day


def _some(value: Any, fields: Mapping[str, Any]) -> bool:
    return any(all(item.get(name) == wanted for name, wanted in fields.items()) for item in value or ())


_UNARY: Mapping[str, Callable[[Any, datetime], bool]] = {
    "missing": lambda value, _: value in (None, "", [], ()),
    "nonempty": lambda value, _: value not in (None, "", [], ()),
    "past": _past,
}
_BINARY: Mapping[str, Callable[[Any, Any, datetime], bool]] = {
    "eq": lambda value, wanted, _: value == wanted,
    "in": lambda value, wanted, _: value in wanted,
    "lt": lambda value, limit, _: value is not None and value < limit,
    "gt": lambda value, limit, _: value is not None and value > limit,
    "contains_any": lambda value, wanted, _: any(one in wanted for one in value or ()),
    "older_than_days": _older,
    "before": _before,
    "any_where": lambda value, fields, _: _some(value, fields),
    "none_where": lambda value, fields, _: not _some(value, fields),
}
OPERATORS = ("all", "any", "not", *_UNARY, *_BINARY)
