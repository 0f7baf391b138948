"""Turn items of AWS answers into findings, as their row says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from connectors import clock
from connectors.aws_columns import Facts, LinkRule
from connectors.aws_paths import Path
from connectors.aws_principals import of_arn
from connectors.aws_rows import ARN, Row, TagRules, squeeze
from connectors.catalogue import read_table
from connectors.clients.aws_redact import HIDDEN
from connectors.model import Evidence, Finding, Json, Link, NaturalKey, OwnerHint

PROVIDER = "aws"
_CREATOR_CONFIDENCE = 0.7
_MAX_TEXT = 500
_REFRESH_DAYS = 7
_LAST_S = 253_402_300_800  # the year 10000, which no calendar of Python's holds
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where and when a scope is read; ``fields`` fills templates."""

    account: str
    region: str
    fields: Mapping[str, str]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What later parts need to know of a listed item: little, for there may be many.

    ``params`` are those of the first detail; ``stamp`` is the item's fingerprint; ``created`` is kept where
    somebody asks who made it.
    """

    row: Row
    key: NaturalKey
    name: str
    stamp: str
    params: Mapping[str, Any]
    created: datetime | None = None


def is_vendors_own(row: Row, item: Mapping[str, Any]) -> bool:
    """Say whether an item belongs to AWS's catalogue and not to the account."""
    return any(item.get(name) in values for name, values in row.skip)


def key_of(row: Row, item: Mapping[str, Any], spot: Spot) -> NaturalKey | None:
    """Return the item's identity, ``None`` when the answer lacks it."""
    key = row.key.fill(item, spot.fields)
    return None if key is None else NaturalKey(namespace=row.namespace, key=key)


def name_of(row: Row, item: Mapping[str, Any], key: NaturalKey) -> str:
    """Return the vendor's name for people, else what the ARN says behind the type."""
    name = item.get(row.name) if row.name else row.title
    if isinstance(name, str) and name:
        return name
    resource = key.key.split(":", 5)[-1] if key.namespace == ARN else key.key
    return resource.partition("/")[2] or resource


def stamp_of(row: Row, item: Mapping[str, Any]) -> str:
    """Hash an item's listed fields but for volatile ones, with the row's version: 20 hexadecimal digits."""
    if row.volatile:
        item = {name: value for name, value in item.items() if name not in row.volatile}
    digest = hashlib.blake2b(row.version, digest_size=10)
    digest.update(orjson.dumps(item, default=str, option=_OPTIONS))
    return digest.hexdigest()


def due_stamp(listed: Listed, now: datetime) -> str:
    """Return the fingerprint that a detail read now has: the listed one and the item's own week."""
    jitter = int.from_bytes(hashlib.blake2b(listed.key.key.encode(), digest_size=2).digest()) % _REFRESH_DAYS
    week = (int(now.timestamp()) // 86_400 + jitter) // _REFRESH_DAYS
    return f"{listed.stamp}.{week:x}"


def from_listing(row: Row, item: Mapping[str, Any], listed: Listed, spot: Spot, tags: TagRules) -> Finding:
    """Build the finding of a listed item."""
    finding = bare(row, listed, row.part, spot)
    apply_facts(finding, row.facts, item, spot)
    if row.tags:
        apply_tags(finding, tag_map(item.get(row.tags)), tags)
    finding.fingerprint = listed.stamp
    return finding


def bare(row: Row, listed: Listed, source: str, spot: Spot) -> Finding:
    """Build a finding that says only what the thing is and where it was seen."""
    account, region = spot.account, spot.region
    if listed.key.namespace == ARN:
        pieces = listed.key.key.split(":", 5)
        if len(pieces) == 6:  # shared items belong to the account in their ARN
            account, region = pieces[4] or account, pieces[3] or region
    return Finding(
        kind=row.kind,
        provider=PROVIDER,
        natural_key=listed.key,
        name=listed.name,
        evidence=(Evidence(source=source, locator=listed.key.key, observed_at=spot.now),),
        grade=row.grade,
        account=account,
        region=region,
    )


def apply_facts(finding: Finding, facts: Facts, item: Mapping[str, Any], spot: Spot) -> None:
    """Add what the facts keep of an item: attributes, creation time, model, links, creators."""
    attributes: dict[str, Json] = dict(finding.attributes)
    for name, path in facts.attributes:
        value = plain(path.value(item))
        if value is not None and value != []:
            attributes[name] = value
    for name, path, wanted in facts.counts:
        attributes[name] = sum(not wanted or str(value) == wanted for value in path.all(item))
    finding.attributes = attributes
    if facts.created is not None:
        finding.created_at = moment_of(facts.created.first(item)) or finding.created_at
    finding.model = finding.model or _model(facts.model, item)
    if facts.links:
        found = [link for rule in facts.links for link in _links(rule, item, spot)]
        finding.links = tuple(dict.fromkeys((*finding.links, *found)))
    if facts.creators:
        finding.owner_hints += tuple(_creators(facts.creators, item, finding.evidence[0].source))


def moment_of(value: Any) -> datetime | None:
    """Return a time (UTC); some services send a text, or milliseconds since 1970."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        seconds = value if value < _LAST_S else value / 1000
        return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < _LAST_S else None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def plain(value: Any) -> Json:
    """Return a value as JSON: times as text, maps as their sorted keys, long texts cut."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value if len(value) <= _MAX_TEXT else value[:_MAX_TEXT] + "..."
    if isinstance(value, datetime):
        return clock.to_text(value)
    if isinstance(value, Mapping):
        return list[Json](sorted(str(key) for key in value))
    if isinstance(value, list):
        return [plain(element) for element in value if isinstance(element, str | int | float)]
    return str(value)[:_MAX_TEXT]


def _model(paths: Iterable[Path], item: Mapping[str, Any]) -> str | None:
    """Return the first model named, without the ARN around a foundation model's id."""
    for path in paths:
        name = path.first(item)
        if isinstance(name, str) and name and not name.startswith(HIDDEN):
            return name.rpartition("foundation-model/")[2] or name
    return None


def _links(rule: LinkRule, item: Mapping[str, Any], spot: Spot) -> Iterable[Link]:
    for value in rule.path.all(item):
        if not isinstance(value, str) or not value or value.startswith(HIDDEN):
            continue
        key = value if value.startswith("arn:") else rule.to.format(value, **spot.fields)
        if key.startswith("arn:"):
            yield Link(relation=rule.relation, target=NaturalKey(namespace=ARN, key=key))
            used = _in_use(key, spot)
            if used:
                yield Link(relation=rule.relation, target=used)


def _in_use(arn: str, spot: Spot) -> NaturalKey | None:
    """Return what a model of AWS's catalogue is in the account, once there is evidence that it is called."""
    _, is_catalogue, name = arn.rpartition(":foundation-model/")
    if not is_catalogue or "." not in name:
        return None
    models = read_table("aws_use")["models"]
    first, _, rest = name.partition(".")
    own = rest if first in models["profiles"] and rest else name
    return NaturalKey(namespace=models["namespace"], key=models["key"].format(own, **spot.fields))


def _creators(paths: Iterable[Path], item: Mapping[str, Any], source: str) -> Iterable[OwnerHint]:
    """Yield who made the thing; a role or a pipeline is nobody."""
    seen: set[str] = set()
    for path in paths:
        value = path.first(item)
        if not isinstance(value, str) or not value:
            continue
        person = of_arn(value).person
        if person and person not in seen:
            seen.add(person)
            yield OwnerHint(
                candidate=person,
                source="creator",
                confidence=_CREATOR_CONFIDENCE,
                why=f"{path.text} in {source}",
            )


def tag_map(tags: Any) -> dict[str, str]:
    """Return ``[{Key, Value}]``, or the map that newer services send, as a map."""
    if isinstance(tags, Mapping):
        return {str(key): str(value) for key, value in tags.items() if key}
    if not isinstance(tags, list):
        return {}
    return {
        str(tag["Key"]): str(tag.get("Value", ""))
        for tag in tags
        if isinstance(tag, Mapping) and tag.get("Key")
    }


def apply_tags(finding: Finding, tags: Mapping[str, str], rules: TagRules) -> None:
    """Add tags, and what they say about the owner and the application."""
    finding.tags = dict(tags)
    if not tags:
        return
    by_key = _squeezed(tags)
    for key, value, confidence in named_in(tags, rules):
        hint = OwnerHint(candidate=value, source="tag", confidence=confidence, why=f"tag {key}")
        finding.owner_hints += (hint,)
    for word in rules.application:
        key, value = by_key.get(word, ("", ""))
        if value.strip():
            finding.application = value.strip().rpartition("/applications/")[2]
            return


def named_in(tags: Mapping[str, str], rules: TagRules) -> Iterable[tuple[str, str, float]]:
    """Yield (key, value, confidence) of the tags that name somebody, whatever the spelling of the key."""
    by_key = _squeezed(tags)
    for word, confidence in rules.owners.items():
        key, value = by_key.get(word, ("", ""))
        name = value.strip()
        if name.lower() not in rules.nobody:
            name = of_arn(name).person if name.startswith("arn:") else name
            if name:
                yield key, name, confidence


def _squeezed(tags: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return squeezed key -> (key, value); a company's prefix (``acme:owner``) counts for less."""
    own = sorted((key, value) for key, value in tags.items() if not key.startswith("aws:"))
    short = {squeeze(_PREFIX.sub("", key)): (key, value) for key, value in own if _PREFIX.match(key)}
    return {**short, **{squeeze(key): (key, value) for key, value in own}}


_PREFIX = re.compile(r"[\w.-]+[:/](?=[^:/]+$)")
