"""Turn the conditions of rules into functions over a derived record; no expression language.

Operators (a tree is one operator with its operands; paths are dotted field names)::

    all, any      [tree, ...]
    not           tree
    missing       path                 nonempty     path
    eq            [path, value]        in           [path, [value, ...]]
    lt, gt        [path, number]       contains_any [path, [value, ...]]
    older_than_days [path, days]       past         path
    before        [path, day]
    any_where     [path, {field: value}]    none_where [path, {field: value}]

A comparison with a missing value is false, except ``in`` and ``eq`` with ``null``. Times are texts of
:func:`connectors.clock.to_text` or days (``YYYY-MM-DD``), and are compared as texts: both sort as time does.
A day has passed when it is over where the organisation is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors import clock
from connectors.errors import ConfigError
from discovery.service.rule_fields import Fields, nearest

Record = Mapping[str, Any]
_DAY = 10
_MOST_NAMED = 20


class Moment:
    """The moment of an evaluation, as the texts that records are compared with."""

    __slots__ = ("_ago", "at", "text", "today", "today_text")

    def __init__(self, at: datetime, timezone: str = "UTC") -> None:
        self.at = at
        self.text = clock.to_text(at)
        self.today: date = at.astimezone(UTC if timezone == "UTC" else ZoneInfo(timezone)).date()
        self.today_text = self.today.isoformat()
        self._ago: dict[float, str] = {}

    def ago(self, days: float) -> str:
        """Return the moment so many days ago, as text."""
        found = self._ago.get(days)
        if found is None:
            found = self._ago[days] = clock.to_text(self.at - timedelta(days=days))
        return found


Test = Callable[[Record, Moment], bool]


def compiled(raw: Any, fields: Fields, where: str) -> Test:
    """Return the function of a tree; raises ``ConfigError`` for what is not one."""
    operator, operand = _taken_apart(raw, where)
    if operator in ("all", "any"):
        check(isinstance(operand, list) and bool(operand), f"{operator} takes a list of conditions", where)
        return _JOINED[operator]([compiled(one, fields, where) for one in operand])
    if operator == "not":
        inner = compiled(operand, fields, where)
        return lambda record, now: not inner(record, now)
    if operator in _UNARY:
        return _UNARY[operator](_path(operand, fields, where))
    check(operator in _BINARY, f"unknown operator {operator!r}", where, "Known: " + ", ".join(OPERATORS))
    check(isinstance(operand, list) and len(operand) == 2, f"{operator} takes [field, value]", where)
    path = _path(operand[0], fields, where)
    _check_value(operator, path, operand[1], fields, where)
    return _BINARY[operator](path, operand[1])


def paths(raw: Any) -> set[str]:
    """Return the fields that a tree (one that :func:`compiled` took) looks at."""
    ((operator, operand),) = raw.items()
    if operator in ("all", "any"):
        return {path for one in operand for path in paths(one)}
    if operator == "not":
        return paths(operand)
    return {operand if operator in _UNARY else operand[0]}


GIVEN = object()
"""Stands for a value that is there, whatever it is, in what :func:`reduced` knows."""


def reduced(raw: Any, known: Mapping[str, Any]) -> Any:
    """Return what is left of a tree when some fields are known: ``True``, ``False``, or a smaller tree.

    Most rules are decided by a few fields that many records share: they need not be tried on each.
    """
    ((operator, operand),) = raw.items()
    if operator in ("all", "any"):
        return _reduced_join(operator, [reduced(one, known) for one in operand])
    if operator == "not":
        inner = reduced(operand, known)
        return (not inner) if isinstance(inner, bool) else {"not": inner}
    path = operand if operator in _UNARY else operand[0]
    if path not in known:
        return raw
    value = known[path]
    if value is GIVEN:
        return {"missing": False, "nonempty": True}.get(operator, raw)
    if value is not None and operator not in ("missing", "nonempty", "eq", "in"):
        return raw
    test = _UNARY[operator](path) if operator in _UNARY else _BINARY[operator](path, operand[1])
    return test(known, _NEVER)


def _reduced_join(operator: str, parts: Sequence[Any]) -> Any:
    decisive = operator == "any"
    if any(one is decisive for one in parts):
        return decisive
    left = [one for one in parts if not isinstance(one, bool)]
    if not left:
        return not decisive
    return left[0] if len(left) == 1 else {operator: left}


def check(is_right: bool, what: str, where: str, hint: str = "") -> None:
    """Raise ``ConfigError`` unless something is right."""
    if not is_right:
        raise ConfigError(what, where=where, hint=hint)


def _taken_apart(raw: Any, where: str) -> tuple[str, Any]:
    check(
        isinstance(raw, dict) and len(raw) == 1,
        f"a condition is one operator with its operands: {raw!r}",
        where,
    )
    ((operator, operand),) = raw.items()
    return operator, operand


def _path(raw: Any, fields: Fields, where: str) -> str:
    if isinstance(raw, str) and raw in fields:
        return raw
    near = nearest(raw, fields) if isinstance(raw, str) else None
    hint = f"Did you mean {near!r}?" if near else _known(raw, fields)
    raise ConfigError(f"unknown field {raw!r}", where=where, hint=hint)


def _known(raw: Any, fields: Fields) -> str:
    """Return a hint with the fields of the same group, or where to find them all when there are many."""
    group = str(raw).partition(".")[0]
    same = sorted(name for name in fields if name.partition(".")[0] == group)
    if same or len(fields) <= _MOST_NAMED:
        return "Known: " + ", ".join(same or sorted(fields))
    derived = sorted(name for name in fields if name.startswith(("flags.", "counts.", "provenance.")))
    return f"See: aicensus record fields; and what is derived: {', '.join(derived)}"


def _check_value(operator: str, path: str, value: Any, fields: Fields, where: str) -> None:
    if operator in ("in", "contains_any"):
        check(isinstance(value, list), f"{operator} takes a list of values", where)
        _no_yes(value, where)
    elif operator in ("any_where", "none_where"):
        check(isinstance(value, dict) and bool(value), f"{operator} takes a table of field: value", where)
        unknown = sorted(map(str, value.keys() - fields[path]))
        near = nearest(unknown[0], fields[path]) if unknown else None
        hint = f"Did you mean {near!r}?" if near else ""
        what = f"items of {path!r} have no field {', '.join(map(repr, unknown))}"
        check(not unknown, what, where, hint)
    elif operator in ("lt", "gt", "older_than_days"):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        check(is_number, f"{operator} takes a number", where)
    elif operator == "before":
        check(_is_day(value), "before takes a day (YYYY-MM-DD)", where)


def _no_yes(values: Sequence[Any], where: str) -> None:
    truths = [one for one in values if isinstance(one, bool)]
    words = [one for one in values if isinstance(one, str)]
    hint = 'YAML reads a bare yes or no as true or false; write "yes" or "no" in quotes.'
    check(not (truths and words), f"{truths[:1]!r} stands among words", where, hint)


def _is_day(value: Any) -> bool:
    if isinstance(value, str):
        try:
            date.fromisoformat(value)
        except ValueError:
            return False
        return len(value) == _DAY
    return isinstance(value, date) and not isinstance(value, datetime)


def _all(tests: Sequence[Test]) -> Test:
    if len(tests) == 2:
        first, second = tests
        return lambda record, now: first(record, now) and second(record, now)
    if len(tests) == 3:
        one, two, three = tests
        return lambda record, now: one(record, now) and two(record, now) and three(record, now)

    def every(record: Record, now: Moment) -> bool:
        # Not all(): a generator would cost more than most tests.
        for test in tests:  # noqa: SIM110
            if not test(record, now):
                return False
        return True

    return every


def _any(tests: Sequence[Test]) -> Test:
    def some(record: Record, now: Moment) -> bool:
        for test in tests:  # noqa: SIM110
            if test(record, now):
                return True
        return False

    return some


def _missing(path: str) -> Test:
    return lambda record, _: record.get(path) in _NOTHING


def _nonempty(path: str) -> Test:
    return lambda record, _: record.get(path) not in _NOTHING


def _past(path: str) -> Test:
    def test(record: Record, now: Moment) -> bool:
        value = record.get(path)
        if not isinstance(value, str) or not value:
            return False
        return value < now.today_text if len(value) == _DAY else value <= now.text

    return test


def _eq(path: str, wanted: Any) -> Test:
    return lambda record, _: record.get(path) == wanted


def _in(path: str, wanted: Sequence[Any]) -> Test:
    return lambda record, _: record.get(path) in wanted


def _lt(path: str, limit: float) -> Test:
    def test(record: Record, _: Moment) -> bool:
        value = record.get(path)
        return isinstance(value, int | float) and value < limit

    return test


def _gt(path: str, limit: float) -> Test:
    def test(record: Record, _: Moment) -> bool:
        value = record.get(path)
        return isinstance(value, int | float) and value > limit

    return test


def _contains_any(path: str, wanted: Sequence[Any]) -> Test:
    def test(record: Record, _: Moment) -> bool:
        value = record.get(path)
        if not value:
            return False
        for one in (value,) if isinstance(value, str) else value:  # noqa: SIM110
            if one in wanted:
                return True
        return False

    return test


def _older(path: str, days: float) -> Test:
    def test(record: Record, now: Moment) -> bool:
        value = record.get(path)
        return isinstance(value, str) and bool(value) and value < now.ago(days)

    return test


def _before(path: str, day: date | str) -> Test:
    limit = str(day)

    def test(record: Record, _: Moment) -> bool:
        value = record.get(path)
        return isinstance(value, str) and bool(value) and value[:_DAY] < limit

    return test


def _any_where(path: str, fields: Mapping[str, Any]) -> Test:
    wanted = tuple(fields.items())

    def test(record: Record, _: Moment) -> bool:
        for item in record.get(path) or ():
            for name, value in wanted:
                if item.get(name) != value:
                    break
            else:
                return True
        return False

    return test


def _none_where(path: str, fields: Mapping[str, Any]) -> Test:
    some = _any_where(path, fields)
    return lambda record, now: not some(record, now)


_NOTHING: tuple[Any, ...] = (None, "", [], ())
_JOINED: Mapping[str, Callable[[Sequence[Test]], Test]] = {"all": _all, "any": _any}
_UNARY: Mapping[str, Callable[[str], Test]] = {"missing": _missing, "nonempty": _nonempty, "past": _past}
_BINARY: Mapping[str, Callable[[str, Any], Test]] = {
    "eq": _eq,
    "in": _in,
    "lt": _lt,
    "gt": _gt,
    "contains_any": _contains_any,
    "older_than_days": _older,
    "before": _before,
    "any_where": _any_where,
    "none_where": _none_where,
}
OPERATORS = ("all", "any", "not", *_UNARY, *_BINARY)
_NEVER = Moment(datetime(1970, 1, 1, tzinfo=UTC))
"""For tests of values that are not there: no moment matters to them."""
