"""Drop secrets and prompt texts from AWS answers before anything else sees them.

Describe answers hold environment values and instructions. Which fields those are is a catalogue matter;
where they sit in an answer is read once from the service model, so that answers without them cost nothing.

**Source:** AWS service models in botocore 1.44.5, read 2026-11-20.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from connectors.clients.aws_events import lean_event
from connectors.secrets import redact

Plan: TypeAlias = dict[str, Any]
"""Member name -> what to do there: a plan for what is inside, or one of the words below."""

_MAP = "map"
_TEXT = "text"
_EVENT = "event"
_PAIRS = "pairs"
_ELEMENTS = "[]"
_MODEL_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,63}(?::\d{1,4}k?)?(?:/[\w.:-]{1,96})?")
HIDDEN = "[redacted]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """Name the fields whose values are dropped: ``maps`` keep their keys, ``texts`` length and hash.

    ``keep`` are keys of such maps whose values name a model; they stay when they look like a model id.
    ``events`` hold a record of CloudTrail, which is cut down to who did what. ``pairs`` are lists of a name
    and a value, which keep the names. Where a value is an address, ``host_of`` says which host may stay.
    """

    maps: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()
    pairs: frozenset[str] = frozenset()
    host_of: Callable[[str], str] | None = None


@dataclass(slots=True)
class Redactor:
    """Apply a :class:`Redaction`; plans are made once per operation and may be shared by threads."""

    rules: Redaction
    _plans: dict[tuple[str, str], Plan] = field(default_factory=dict)

    def clean(self, operation: tuple[str, str], shape: Any, answer: dict[str, Any]) -> dict[str, Any]:
        """Drop in place what the rules name; ``shape`` is botocore's output shape of the operation."""
        plan = self._plans.get(operation)
        if plan is None:
            plan = self._plans[operation] = self._plan(shape, frozenset()) if shape is not None else {}
        if plan:
            self._apply(answer, plan)
        return answer

    def _plan(self, shape: Any, above: frozenset[str]) -> Plan:
        if shape.type_name == "list":
            inner = self._plan(shape.member, above)
            return {_ELEMENTS: inner} if inner else {}
        if shape.type_name != "structure" or shape.name in above:
            return {}
        plan: Plan = {}
        for name, member in shape.members.items():
            todo = self._todo(name, member) or self._plan(member, above | {shape.name})
            if todo:
                plan[name] = todo
        return plan

    def _todo(self, name: str, shape: Any) -> str:
        if name in self.rules.maps and shape.type_name == "map":
            return _MAP
        if name in self.rules.texts and (shape.type_name != "structure" or not shape.members):
            return _TEXT
        if name in self.rules.events and shape.type_name == "string":
            return _EVENT
        return _PAIRS if name in self.rules.pairs and _is_pairs(shape) else ""

    def _apply(self, value: Any, plan: Plan) -> None:
        if isinstance(value, list):
            for element in value:
                self._apply(element, plan.get(_ELEMENTS, {}))
            return
        if not isinstance(value, dict):
            return
        for name, todo in plan.items():
            inside = value.get(name)
            if inside is None:
                continue
            if todo == _MAP:
                value[name] = self._keys_only(inside)
            elif todo == _TEXT:
                value[name] = measured(inside)
            elif todo == _EVENT:
                value[name] = lean_event(inside)
            elif todo == _PAIRS:
                value[name] = self._names_only(inside)
            else:
                self._apply(inside, todo)

    def _keys_only(self, values: Any) -> dict[str, str]:
        if not isinstance(values, Mapping):
            return {}
        return {str(key): self._shown(str(key), value) for key, value in values.items()}

    def _shown(self, key: str, value: Any) -> str:
        if key in self.rules.keep and isinstance(value, str) and _MODEL_ID.fullmatch(value):
            return redact(value)
        host = self.rules.host_of(value) if self.rules.host_of and isinstance(value, str) else ""
        return f"{HIDDEN} {host}" if host else HIDDEN

    def _names_only(self, pairs: Any) -> list[dict[str, str]]:
        found = (one for one in pairs if isinstance(one, Mapping)) if isinstance(pairs, list) else ()
        return [
            {
                "name": str(one.get("name", "")),
                "value": self._shown(str(one.get("name", "")), one.get("value")),
            }
            for one in found
        ]


def _is_pairs(shape: Any) -> bool:
    """Say whether a shape is a list of names with values."""
    member = shape.member if shape.type_name == "list" else None
    return (
        member is not None and member.type_name == "structure" and {"name", "value"} <= member.members.keys()
    )


def measured(value: Any) -> Any:
    """Return a text's length and hash in place of the text."""
    if isinstance(value, list):
        return [measured(element) for element in value]
    text = str(value)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"[{len(text)} characters, sha256 {digest}]"
