"""Make a finding fit to leave the connector: no secret in any text, and with a fingerprint."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from connectors.errors import ContractError
from connectors.model import Finding, Json, NaturalKey
from connectors.secrets import HIDDEN, redact

# A name that ends so belongs to a secret ("max_tokens" does not).
_SECRET_NAME = re.compile(
    r"(?i)(?:^|[^a-z])(?:api[_-]?key|access[_-]?key|private[_-]?key|passw(?:or)?d|secret|token|credential)$"
)
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


def clean(finding: Finding) -> Finding:
    """Return the finding with a fingerprint and without secrets; raises ``ContractError`` on bad data.

    The common case costs one serialisation and one search; fields are rewritten only on a hit.
    """
    if _names_secret(finding.tags):
        finding = replace(finding, tags=_without_secrets(finding.tags))
    content = canonical(finding)
    text = content.decode("utf-8", "replace")
    if redact(text) != text:
        finding = _redacted(finding)
        content = canonical(finding)
    if not finding.fingerprint:
        finding.fingerprint = fingerprint(content)
    return finding


def holds_secret(content: bytes, *tags: Mapping[str, str]) -> bool:
    """Say whether a serialised text, or a tag among ``tags``, holds what must not be kept."""
    text = content.decode("utf-8", "replace")
    return redact(text) != text or any(_names_secret(one) for one in tags)


def fingerprint(content: bytes) -> str:
    """Hash canonical content into 20 hexadecimal characters."""
    return hashlib.blake2b(content, digest_size=10).hexdigest()


def canonical(finding: Finding) -> bytes:
    """Serialise all that a finding says, but for when it was observed, in one stable form.

    Raises ``ContractError`` for what JSON cannot hold.
    """
    ref = finding.ref
    usage = finding.usage
    content: list[Any] = [
        *(finding.kind, finding.provider, finding.name, finding.grade, finding.role, finding.model),
        *(finding.natural_key.namespace, finding.natural_key.key),
        *(finding.account, finding.region, finding.application, finding.created_at),
        [(key.namespace, key.key) for key in finding.aliases],
        (ref.name, ref.dirty, ref.drives) if ref else None,
        [(item.source, item.locator, item.detail) for item in finding.evidence],
        finding.attributes,
        finding.tags,
        [(hint.candidate, hint.source, hint.confidence, hint.why) for hint in finding.owner_hints],
        [(link.relation, link.target.namespace, link.target.key) for link in finding.links],
        (usage.last_used_at, usage.requests, usage.window_days) if usage else None,
    ]
    try:
        return orjson.dumps(content, option=_OPTIONS)
    except (TypeError, ValueError) as error:
        what = f"finding {finding.natural_key.key!r} of kind {finding.kind!r}"
        raise ContractError(f"{what} holds data that is not JSON: {error}") from error


def _redacted(finding: Finding) -> Finding:
    return replace(
        finding,
        natural_key=_redact_key(finding.natural_key),
        aliases=tuple(_redact_key(key) for key in finding.aliases),
        links=tuple(replace(link, target=_redact_key(link.target)) for link in finding.links),
        name=redact(finding.name),
        model=_redact_text(finding.model),
        account=_redact_text(finding.account),
        region=_redact_text(finding.region),
        application=_redact_text(finding.application),
        evidence=tuple(
            replace(item, locator=redact(item.locator), detail=redact(item.detail))
            for item in finding.evidence
        ),
        attributes=_redact_json(dict(finding.attributes)),
        tags={redact(key): redact(value) for key, value in finding.tags.items()},
        owner_hints=tuple(
            replace(hint, candidate=redact(hint.candidate), why=redact(hint.why))
            for hint in finding.owner_hints
        ),
    )


def _names_secret(tags: Mapping[str, str]) -> bool:
    return any(_SECRET_NAME.search(name) for name in tags)


def _without_secrets(tags: Mapping[str, str]) -> dict[str, str]:
    """Drop the values of tags whose name says that they are secret; that the tag is there is kept."""
    return {name: HIDDEN if _SECRET_NAME.search(name) else value for name, value in tags.items()}


def _redact_text(text: str | None) -> str | None:
    return redact(text) if text else text


def _redact_key(key: NaturalKey) -> NaturalKey:
    """Keep two things apart even when only a secret told them apart: add a short digest."""
    shown = redact(key.key)
    if shown == key.key:
        return key
    return replace(key, key=f"{shown}#{fingerprint(key.key.encode())[:8]}")


def _redact_json(value: Json) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_redact_json(item) for item in value]
    if isinstance(value, dict):
        return {redact(str(key)): _redact_json(item) for key, item in value.items()}
    return value
