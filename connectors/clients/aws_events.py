"""Cut a CloudTrail record down to who did what to which thing, before anything else sees it.

A record repeats the parameters of the call: prompts, environment values, addresses of people. Kept are the
caller's identity, ids and names of what was called for, and which tool sent the call; the rest is dropped.

**Source:** AWS CloudTrail user guide, "CloudTrail record contents" and "userIdentity element", read
2026-11-22.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from connectors.secrets import redact

_PLAIN = ("eventName", "eventSource", "eventTime", "errorCode", "awsRegion", "recipientAccountId")
_WHO = ("type", "arn", "accountId", "userName", "invokedBy")
_ISSUER = ("type", "arn", "userName")
_IS_ID = re.compile(r"(?:arn|id|name|identifier)s?$", re.IGNORECASE)
_NO_ID = re.compile(r"secret|token|password|accesskey|kmskey|displayname", re.IGNORECASE)
_TOOL = re.compile(r"(?i)terraform|opentofu|pulumi|cloudformation|aws-cdk|console|crossplane")
_AWS_HOST = re.compile(r"[a-z][a-z0-9.-]{0,60}\.amazonaws\.com(?:\.cn)?")
_MOST_TEXT = 512
_MOST_IDS = 64
_MOST_DEPTH = 6


def lean_event(text: Any) -> str:
    """Return a record as JSON text with what is kept; empty when it is no record.

    Members: the plain ones of CloudTrail, ``userIdentity``, ``about`` (ids, names and ARNs in the parameters
    and the answer), ``modelId``, ``via`` (an AWS service that called for somebody), ``tool``, ``isBearer``.
    """
    try:
        record = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return ""
    if not isinstance(record, dict):
        return ""
    asked, more = _mapping(record, "requestParameters"), _mapping(record, "additionalEventData")
    kept: dict[str, Any] = {name: _text(record.get(name)) for name in _PLAIN}
    kept["userIdentity"] = _who(_mapping(record, "userIdentity"))
    kept["about"] = _ids(record)
    kept["modelId"] = _text(asked.get("modelId"))
    kept["via"] = next((one for one in _hosts(record) if one), "")
    tool = _TOOL.search(str(record.get("userAgent", ""))[:_MOST_TEXT])
    kept["tool"] = tool[0].lower() if tool else ""
    kept["isBearer"] = more.get("callWithBearerToken") is True
    return orjson.dumps({name: value for name, value in kept.items() if value}).decode()


def _who(identity: Mapping[str, Any]) -> dict[str, Any]:
    session = _mapping(identity, "sessionContext")
    kept: dict[str, Any] = {name: _text(identity.get(name)) for name in _WHO}
    kept["sourceIdentity"] = _text(session.get("sourceIdentity"))
    issuer = _mapping(session, "sessionIssuer")
    kept["issuer"] = {name: _text(issuer.get(name)) for name in _ISSUER if _text(issuer.get(name))}
    return {name: value for name, value in kept.items() if value}


def _hosts(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the service that called for somebody; an address of a person is none."""
    for value in (_mapping(record, "userIdentity").get("invokedBy"), record.get("sourceIPAddress")):
        yield value if isinstance(value, str) and _AWS_HOST.fullmatch(value) else ""


def _ids(record: Mapping[str, Any]) -> list[str]:
    found: dict[str, None] = {}
    for part in ("resources", "responseElements", "requestParameters"):
        for value in _walk(record.get(part), is_id=False, depth=0):
            found[value] = None
            if len(found) >= _MOST_IDS:
                return list(found)
    return list(found)


def _walk(value: Any, *, is_id: bool, depth: int) -> Iterator[str]:
    if depth > _MOST_DEPTH:
        return
    if isinstance(value, str):
        kept = _text(value) if is_id else ""
        if kept:
            yield kept
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            fits = bool(_IS_ID.search(str(name))) and not _NO_ID.search(str(name))
            yield from _walk(inner, is_id=fits, depth=depth + 1)
    elif isinstance(value, list):
        for inner in value[:_MOST_IDS]:
            yield from _walk(inner, is_id=is_id, depth=depth + 1)


def _text(value: Any) -> str:
    """Return a short text that holds no secret, else nothing."""
    if not isinstance(value, str) or not 0 < len(value) <= _MOST_TEXT:
        return ""
    return value if redact(value) == value else ""


def _mapping(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = value.get(name)
    return inner if isinstance(inner, Mapping) else {}
