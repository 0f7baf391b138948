"""Put together which rules hold: the built-in ones, the user's own, and what the user changed.

A rule set has a hash over all that decides: each evaluation is kept with it. Which rules open alerts is part
of it; every gap is shown by ``aicensus gaps`` all the same (see the decision "A gap is not an alert").
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from connectors.errors import ConfigError
from discovery.service import rules
from discovery.service.rule_fields import fields_of, nearest, words_of
from discovery.service.rule_trees import GIVEN, Moment, Record, Test, check, compiled, paths, reduced
from discovery.service.rules import SEVERITIES, Rule
from store import rule_sets as kept
from store.rule_sets import KeptRules

if TYPE_CHECKING:
    from discovery.config import Config
    from store.database import ReadTx, WriteTx

ALERT = ("high", "INV-02", "OWN-01", "OVR-00", "OVR-05", "SEC-*")
"""What opens alerts unless configured: ids, families, and from which severity on registered systems."""
# Of an asset's system only whether there is one, and last.
_DECIDING: Mapping[str, tuple[str, ...]] = {
    "system": (
        *("record_state", "kind", "lifecycle.stage", "risk.eu_class", "flags.live", "flags.high_risk"),
        *("flags.high_impact", "flags.registered", "flags.recorded"),
    ),
    "asset": ("state", "kind", "exposure.public", "exposure.auth", "exposure.leaked", "system_id"),
    "organisation": (),
}
_UNRECORDED = ("record_state", "kind", "owners", "capabilities")
_MOST_KEPT = 5_000
_ID = re.compile(r"[A-Z][A-Z0-9]{0,11}-[A-Z0-9][A-Z0-9._-]{0,23}")
_HASH_CHARS = 16


class Asked(NamedTuple):
    """A rule with the test to put to a record of a sort."""

    rule: Rule
    test: Test


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules that hold; ``always`` are those that alert wherever they hold.

    ``level`` is the least severity (its place in ``SEVERITIES``) from which a rule alerts on systems that
    are no candidates, and on the organisation once something was said of it; ``None``: no rule does so.
    """

    rules: tuple[Rule, ...]
    alert: tuple[str, ...] = ALERT
    hash: str = ""
    always: frozenset[str] = frozenset()
    level: int | None = None
    content: str = field(default="", repr=False)
    alerting: Mapping[tuple[str, bool], tuple[Rule, ...]] = field(default_factory=dict, repr=False)
    _possible: dict[tuple[Any, ...], tuple[Asked, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def law_version(self) -> str:
        """Return the text of the law that the built-in rules refer to."""
        return rules.LAW_VERSION

    @property
    def fixes(self) -> Mapping[str, str]:
        """Return by rule what closes its gap."""
        return {one.id: one.fix for one in self.rules}

    def of(self, subject: str) -> tuple[Rule, ...]:
        """Return the enabled rules of a subject."""
        return tuple(one for one in self.rules if one.subject == subject and one.enabled)

    def get(self, rule_id: str) -> Rule:
        """Return one rule; raises ``ConfigError`` that names the nearest."""
        for one in self.rules:
            if one.id == rule_id.upper():
                return one
        near = nearest(rule_id.upper(), [one.id for one in self.rules])
        hint = f"Did you mean {near}?" if near else "List them with: aicensus rules list"
        raise ConfigError(f"there is no rule {rule_id!r}", hint=hint)

    def asked(self, subject: str, *, is_known: bool) -> tuple[Rule, ...]:
        """Return the rules of a subject that open alerts.

        ``is_known``: the system was registered, or something was said of the organisation.
        """
        return self.alerting.get((subject, is_known), ())

    def possible(self, subject: str, record: Record, *, is_known: bool | None = None) -> tuple[Asked, ...]:
        """Return the rules that may hold for a record, by the few fields that decide most of them.

        Each comes with a test that takes those fields for granted. With ``is_known`` only those of
        :meth:`asked`.
        """
        names = _DECIDING[subject]
        key = (subject, is_known, *map(record.get, names))
        if subject == "asset" and key[-1] is not None:
            key = (*key[:-1], GIVEN)
        found = self._possible.get(key)
        if found is None:
            rules = self.of(subject) if is_known is None else self.asked(subject, is_known=is_known)
            found = tuple(_reduced(subject, rules, dict(zip(names, key[2:], strict=True))))
            if len(self._possible) < _MOST_KEPT:
                self._possible[key] = found
        return found

    def asks_silent(self, kind: str, *, is_known: bool | None = None) -> bool:
        """Say whether a rule may hold for an asset in a system whose attributes tell nothing."""
        key = ("asset", kind, is_known)
        found = self._possible.get(key)
        if found is None:
            record = {"state": "active", "kind": kind, "system_id": ""}
            found = self._possible[key] = self.possible("asset", record, is_known=is_known)
        return bool(found)


@cache
def built_in() -> RuleSet:
    """Return the rules that come with the product, alerting as they do unless configured."""
    return _set(rules.built_in(), ALERT)


def of_config(config: Config) -> RuleSet:
    """Return the rules as configured; raises ``ConfigError`` for the first mistake in them."""
    section = config.rules
    if not section.files and not section.override and section.alert == ALERT:
        return built_in()
    folder = config.path.parent if config.path else Path()
    found = {one.id: one for one in rules.built_in()}
    for name in section.files:
        for rule in own_rules(folder / Path(name).expanduser()):
            if rule.id in found:
                hint = f"Give it another id, or change the built-in one in [rules.override.{rule.id}]."
                raise ConfigError(f"there is a rule {rule.id} already", where=name, hint=hint)
            found[rule.id] = rule
    for rule_id, change in section.override.items():
        where = f"[rules.override.{rule_id}]"
        check(rule_id in found, f"there is no rule {rule_id!r}", where, _did_you_mean(rule_id, found))
        found[rule_id] = _overridden(found[rule_id], change.model_dump(exclude_none=True), where)
    return _set(tuple(found.values()), section.alert)


def own_rules(path: Path) -> list[Rule]:
    """Read a file of the user's rules; raises ``ConfigError`` that names the rule and the mistake."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigError(f"the rules cannot be read: {reason}", where=str(path)) from error
    found: dict[str, Rule] = {}
    for raw, place in rules.read(text, str(path)):
        rule = rules.rule_of(raw, place, is_own=True)
        check(bool(_ID.fullmatch(rule.id)), f"{rule.id!r} is no id", place, "Write one such as ACME-01.")
        check(rule.id not in found, f"the rule {rule.id!r} is there twice", str(path))
        for tree in (raw["when"], raw.get("failed_when")):
            _check_words(tree, place)
        found[rule.id] = rule
    return list(found.values())


def in_force(tx: ReadTx | WriteTx, rev: int | None = None) -> RuleSet:
    """Return the rules by which the store judges: those of the last scan, else the built-in ones."""
    if rev is None and kept.hash_in_force(tx.conn) in (None, built_in().hash):
        return built_in()
    found = kept.in_force(tx.conn, rev)
    return built_in() if found is None else _read_back(found.content, found.hash)


def asks(rules: RuleSet, name: str, *, alerting: bool = False) -> bool:
    """Say whether a rule about systems looks at a field; ``alerting``: one that opens alerts."""
    if alerting:
        several = [one for is_known in (True, False) for one in rules.asked("system", is_known=is_known)]
    else:
        several = [*rules.of("system")]
    return any(name in paths(tree) for one in several for tree in _trees(one))


def _trees(rule: Rule) -> Iterator[Mapping[str, Any]]:
    yield rule.raw["when"]
    if "failed_when" in rule.raw:
        yield rule.raw["failed_when"]
    for row in rule.raw.get("later") or ():
        yield row["when"]


def to_keep(rule_set: RuleSet) -> KeptRules:
    """Return a rule set as the store keeps it."""
    return KeptRules(hash=rule_set.hash, law_version=rule_set.law_version, content=rule_set.content)


def _reduced(subject: str, found: Sequence[Rule], known: dict[str, Any]) -> Iterator[Asked]:
    """Yield the rules that what is known does not rule out."""
    if subject == "system" and not known["flags.recorded"]:
        for name in set().union(*(one.needs for one in found)) - known.keys():
            if not name.startswith(("flags.", "counts.", "provenance.")) and name not in _UNRECORDED:
                known[name] = None
    fields = fields_of(subject)
    for one in found:
        tree = reduced(one.raw["when"], known)
        if tree is False or known.get("record_state", one.states[0]) not in (None, *one.states):
            continue
        yield Asked(one, _always if tree is True else compiled(tree, fields, one.id))


def _always(_: Record, __: Moment) -> bool:
    return True


def _overridden(rule: Rule, change: Mapping[str, Any], where: str) -> Rule:
    raw = {**rule.raw, **change}
    changed = tuple(
        name for name in sorted(change) if change[name] != rule.raw.get(name, _DEFAULTS.get(name))
    )
    return rules.rule_of(raw, where, changed=changed, is_own=rule.is_own)


_DEFAULTS = {"enabled": True}


def _set(found: Sequence[Rule], alert: Sequence[str]) -> RuleSet:
    always, level = _alerting(found, alert)
    content = orjson.dumps(
        {
            "alert": list(alert),
            "rules": [dict(one.raw) | {"+changed": list(one.changed), "+own": one.is_own} for one in found],
        },
        option=orjson.OPT_SORT_KEYS,
    )
    digest = hashlib.sha256(content).hexdigest()[:_HASH_CHARS]
    alerting = {
        (subject, is_known): tuple(
            one
            for one in found
            if one.enabled and one.subject == subject and _opens(one, always, level if is_known else None)
        )
        for subject in rules.SUBJECTS
        for is_known in (True, False)
    }
    return RuleSet(tuple(found), tuple(alert), digest, always, level, content.decode(), alerting)


def _opens(rule: Rule, always: frozenset[str], level: int | None) -> bool:
    return rule.id in always or (level is not None and SEVERITIES.index(rule.severity) >= level)


@lru_cache(maxsize=8)
def _read_back(content: str, digest: str) -> RuleSet:
    raw = orjson.loads(content)
    found = []
    for one in raw["rules"]:
        changed, is_own = tuple(one.pop("+changed")), one.pop("+own")
        found.append(rules.rule_of(one, f"rule set {digest}", changed=changed, is_own=is_own))
    return replace(_set(found, raw["alert"]), hash=digest, content=content)


def _alerting(found: Sequence[Rule], alert: Sequence[str]) -> tuple[frozenset[str], int | None]:
    ids = {one.id for one in found}
    families = {one.family for one in found}
    always: set[str] = set()
    level: int | None = None
    for word in alert:
        if word in SEVERITIES:
            level = min(SEVERITIES.index(word), level if level is not None else len(SEVERITIES))
        elif word.endswith("-*") and word[:-2] in families:
            always |= {one for one in ids if one.startswith(word[:-1])}
        else:
            hint = _did_you_mean(word, ids) or "Write ids, families such as SEC-*, or one severity."
            check(word in ids, f"{word!r} names no rule", "alert of [rules]", hint)
            always.add(word)
    return frozenset(always), level


def _did_you_mean(word: str, known: Mapping[str, Rule] | set[str]) -> str:
    near = nearest(word.upper(), known)
    return f"Did you mean {near}?" if near else ""


def _check_words(tree: Any, where: str) -> None:
    """Refuse words that a field of the record can never hold: the rule would be silent for ever."""
    if tree is None:
        return
    ((operator, operand),) = tree.items()
    if operator in ("all", "any"):
        for one in operand:
            _check_words(one, where)
    elif operator == "not":
        _check_words(operand, where)
    elif operator in ("eq", "in", "contains_any"):
        values = operand[1] if isinstance(operand[1], list) else [operand[1]]
        _check_values(operand[0], words_of(operand[0]), values, where)
    elif operator in ("any_where", "none_where"):
        for name, value in operand[1].items():
            _check_values(f"{operand[0]}.{name}", words_of(operand[0], name), [value], where)


def _check_values(path: str, words: Sequence[str], values: Sequence[Any], where: str) -> None:
    for value in values:
        if words and value is not None and value not in words:
            near = nearest(str(value), words)
            hint = f"Did you mean {near!r}?" if near else "Known: " + ", ".join(words)
            raise ConfigError(f"{path!r} is never {value!r}", where=where, hint=hint)


__all__ = ["ALERT", "RuleSet", "built_in", "fields_of", "in_force", "of_config", "own_rules", "to_keep"]
