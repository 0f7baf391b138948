"""Put news into words: one document for machines, a title and lines for people.

The same delivery gives the same message on every try.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from store.deliveries import Delivery

MOST_LISTED = 1_000
_MOST_LINES = 40
_SHORT = ("alert_id", "rule", "severity", "title", "state", "system_id", "due_at", "owner", "assignee")
_WORDS = {"system_id": "system", "due_at": "due"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is sent: ``content`` as JSON, or ``title`` and ``text``; ``id`` is the same on every try."""

    id: str
    content: Mapping[str, Any]
    title: str
    text: str


def message_of(delivery: Delivery) -> Message:
    """Return what a delivery says."""
    payloads = [orjson.loads(one.payload) for one in delivery.items]
    if delivery.kind == "single" and payloads:
        content = {"id": delivery.delivery_id, **payloads[0]}
        return Message(
            id=delivery.delivery_id, content=content, title=_title(payloads[0]), text=_text(payloads[0])
        )
    first = delivery.items[0] if delivery.items else None
    data: dict[str, Any] = {
        "count": len(payloads),
        "items": [_short(one) for one in payloads[:MOST_LISTED]],
        "omitted": max(0, len(payloads) - MOST_LISTED),
    }
    if delivery.kind == "digest":
        cadence = delivery.digest.partition("/")[0]
        data |= {"cadence": cadence, "owner": first.owner if first else ""}
        title = f"aicensus: {cadence} digest, {len(payloads)} news"
    else:
        data |= {"event": first.event if first else "", "rule": first.rule if first else ""}
        title = f"aicensus: {data['event']} {len(payloads)} times: {data['rule'] or 'many'}"
    content = {
        "id": delivery.delivery_id,
        "type": delivery.kind,
        "timestamp": delivery.created_at,
        "data": data,
    }
    lines = [f"- {_title(one)}" for one in payloads[:_MOST_LINES]]
    if len(payloads) > _MOST_LINES:
        lines.append(f"and {len(payloads) - _MOST_LINES} more: aicensus alerts")
    return Message(id=delivery.delivery_id, content=content, title=title, text="\n".join(lines))


def test_message(message_id: str, at: str) -> Message:
    """Return what ``receivers test`` sends."""
    text = "A test of this receiver. Nothing happened."
    content = {"id": message_id, "type": "test", "timestamp": at, "data": {"text": text}}
    return Message(id=message_id, content=content, title="aicensus: test", text=text)


def _short(payload: Mapping[str, Any]) -> dict[str, Any]:
    data = payload.get("data", {})
    told = {name: data[name] for name in _SHORT if data.get(name) is not None}
    return {"type": payload.get("type"), "timestamp": payload.get("timestamp"), **(told or data)}


def _title(payload: Mapping[str, Any]) -> str:
    data = payload.get("data", {})
    event = str(payload.get("type", "")).replace(".", " ").replace("_", " ")
    what = data.get("title") or data.get("name") or data.get("owner") or data.get("run_id") or ""
    severity = f" ({data['severity']})" if data.get("severity") else ""
    return f"aicensus: {event}{severity}: {what}"


def _text(payload: Mapping[str, Any]) -> str:
    data = payload.get("data", {})
    names = ("rule", "state", "system_id", "owner", "assignee", "due_at", "reason", "alert_id", "body")
    lines = [
        f"{_WORDS.get(name, name.removesuffix('_id'))}: {data[name]}" for name in names if data.get(name)
    ]
    lines += [f"{one.get('scope')}: {one.get('error')}" for one in data.get("scopes", ())[:_MOST_LINES]]
    return "\n".join(lines) or _title(payload)
