"""Try rules on a record in a file, and show rules as they hold: for people who write and read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from connectors import clock
from connectors.errors import ConfigError
from discovery.service import derived, gaps, yaml_texts
from discovery.service.rule_fields import fields_of, nearest
from discovery.service.rule_sets import RuleSet
from discovery.service.rule_trees import Moment
from discovery.service.rules import Rule
from discovery.service.views_rules import RuleTestView, RuleView

_MOST_BYTES = 1_000_000


def views(rule_set: RuleSet, *, framework: str | None = None, subject: str | None = None) -> list[RuleView]:
    """Return the rules as they hold, in their order; only those of a framework and a subject, if given."""
    return [
        view(rule_set, rule)
        for rule in rule_set.rules
        if (framework is None or rule.refs.get(framework)) and subject in (None, rule.subject)
    ]


def view(rule_set: RuleSet, rule: Rule) -> RuleView:
    """Return one rule in its public shape."""
    raw = rule.raw
    return RuleView(
        rule=rule.id,
        title=rule.title,
        severity=rule.severity,
        subject=rule.subject,
        gap_class=rule.gap_class if rule.fails is None else "by_record",
        applies_from=rule.applies_from.isoformat() if rule.applies_from else None,
        alerts=_alerts(rule_set, rule),
        enabled=rule.enabled,
        changed=list(rule.changed),
        is_own=rule.is_own,
        refs={name: list(ids) for name, ids in rule.refs.items()},
        fix=rule.fix,
        later=[
            one["from"] if isinstance(one["from"], str) else str(one["from"]) for one in raw.get("later", ())
        ],
        when=_plain(raw["when"]),
        law_version=rule.law_version,
    )


def try_record(
    path: Path, rules: Sequence[Rule], *, timezone: str, now: datetime | None = None
) -> list[RuleTestView]:
    """Evaluate rules of one subject on the record in a YAML or JSON file; dotted names or nested tables.

    What follows from days and classes is added as for a real record; what the file says itself stands.
    Raises ``ConfigError`` that names the nearest field.
    """
    moment = Moment(now or clock.now(), timezone)
    subjects = {rule.subject for rule in rules}
    known = {name for subject in subjects for name in fields_of(subject)}
    values = _flat(_read(path), known, str(path))
    record = derived.record_of_values(values, moment) if subjects == {"system"} else values
    state = record.get("record_state")
    asked = gaps.asked(one for one in rules if state in (None, *one.states))
    held = {one.rule.id: one for one in gaps.of_record(asked, record, moment)}
    return [_tried(rule, held.get(rule.id)) for rule in rules]


def _tried(rule: Rule, held: gaps.Held | None) -> RuleTestView:
    tried = RuleTestView(rule=rule.id, title=rule.title, holds=held is not None)
    if held is not None:
        tried.status, tried.severity, tried.gap_class = held.status, held.severity, held.gap_class
        tried.fix = rule.fix
    return tried


def _alerts(rule_set: RuleSet, rule: Rule) -> str:
    for is_known, word in ((False, "always"), (True, "registered")):
        if rule in rule_set.asked(rule.subject, is_known=is_known):
            return word
    return "never"


def _read(path: Path) -> Mapping[str, Any]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"the record cannot be read: {error.strerror}", where=str(path)) from error
    if len(data) > _MOST_BYTES:
        raise ConfigError("the record is too large", where=str(path))
    try:
        content = yaml_texts.load(data.decode("utf-8-sig"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"the record is neither YAML nor JSON: {error}", where=str(path)) from error
    if not isinstance(content, dict):
        raise ConfigError("the record is a table of fields", where=str(path))
    return content


def _flat(content: Mapping[Any, Any], known: set[str], where: str, start: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in content.items():
        name = f"{start}{key}"
        if name in known:
            found[name] = _plain(value)
        elif isinstance(value, dict):
            found |= _flat(value, known, where, f"{name}.")
        else:
            near = nearest(name, known)
            hint = f"Did you mean {near!r}?" if near else "See docs/rules.md for the fields."
            raise ConfigError(f"unknown field {name!r}", where=where, hint=hint)
    return found


def _plain(value: Any) -> Any:
    """Return days as texts, as records hold them."""
    if isinstance(value, datetime):
        return clock.to_text(value) if value.tzinfo else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value
