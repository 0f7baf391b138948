"""Turn single objects of the OpenAI API into findings; nothing here talks to anyone.

Every field may be missing, null or of a new shape: what cannot be read is left out, never guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from connectors.hygiene import canonical, fingerprint
from connectors.key_marks import of_shown
from connectors.model import (
    Evidence,
    Finding,
    Grade,
    Json,
    Link,
    NaturalKey,
    OwnerHint,
    RelationKind,
    Usage,
)

Item: TypeAlias = dict[str, Any]
PROVIDER = "openai"
_NAME_LENGTH = 256
_TEXT_LENGTH = 1_024
_INSTRUCTIONS_LENGTH = 10_000_000


@dataclass(slots=True, kw_only=True)
class Place:
    """Where objects are being read: organisation, project (empty: none), part and moment (UTC).

    ``people`` maps user ids to addresses or names, as far as the organisation's user list was readable.
    """

    org: str
    base_url: str
    now: datetime
    usage_days: int
    project_id: str = ""
    project_name: str = ""
    path: str = ""
    people: dict[str, str] = field(default_factory=dict)

    def key(self, what: str, name: str) -> NaturalKey:
        """Identify an object inside the organisation."""
        return NaturalKey(namespace=f"{PROVIDER}/{self.org}/{what}", key=name)

    def evidence(self, tail: str = "", detail: str = "") -> tuple[Evidence, ...]:
        """Point to the object in the API."""
        path = self.path.replace("{project_id}", self.project_id)
        locator = f"{self.base_url}{path}{'/' if tail else ''}{tail}"
        return (Evidence(source=f"GET {self.path}", locator=locator, observed_at=self.now, detail=detail),)

    def finding(self, kind: str, what: str, name: str, shown: str, **fields: Any) -> Finding:
        """Make a finding with its identity and a fingerprint free of what changes with every look.

        The vendor's ids are unique across organisations: an alias without the organisation keeps the
        identity when the option ``organization`` is set later.
        """
        values: dict[str, Any] = {
            "evidence": self.evidence(name if what in _OWN_PAGE else ""),
            "grade": Grade.CONFIGURED,
            "application": self.project_id or None,
        }
        made = Finding(
            kind=kind,
            provider=PROVIDER,
            natural_key=self.key(what, name),
            name=(shown or name)[:_NAME_LENGTH],
            account=self.org,
            aliases=(NaturalKey(namespace=f"{PROVIDER}/{what}", key=name),),
            **{**values, **fields},
        )
        made.fingerprint = fingerprint(canonical(replace(made, evidence=(), usage=_coarse(made.usage))))
        return made


_OWN_PAGE = frozenset(
    {"project", "api_key", "service_account", "assistant", "vector_store", "fine_tuning_job"}
)


def project(place: Place, item: Item) -> Finding:
    """Read a project: the vendor's container of work, and our application."""
    name = text(item, "id")
    attributes = known(status=text(item, "status"), residency=text(item, "residency"))
    return place.finding(
        *("ai_project", "project", name, text(item, "name")),
        application=name,
        created_at=moment(item, "created_at"),
        attributes=attributes,
    )


def project_with(place: Place, **fields: Any) -> Finding:
    """Say more about the project that is being read: owners, attributes, controls."""
    name = place.project_id
    return place.finding(
        "ai_project", "project", name, place.project_name, evidence=place.evidence(), **fields
    )


def project_owner(item: Item) -> OwnerHint | None:
    """Read a member of a project; only those with the role owner are candidates."""
    who = text(item, "email") or text(item, "name") or text(item, "id")
    if text(item, "role") != "owner" or not who:
        return None
    return OwnerHint(
        candidate=who, source="openai/project_user", confidence=0.7, why="owner of the OpenAI project"
    )


def project_key(place: Place, item: Item) -> Finding:
    """Read a project's API key: its name, its holder and whether that one still has access.

    Of the vendor's ``redacted_value`` only a mark is kept (:mod:`connectors.key_marks`): even a part of a key
    is not ours to keep.
    """
    owner = item.get("owner") if isinstance(item.get("owner"), dict) else None
    kind = text(owner or {}, "type")
    holder = (owner or {}).get(kind)
    holder = holder if isinstance(holder, dict) else {}
    access = text(item, "owner_project_access")
    attributes = known(
        level="project",
        owner_type=kind,
        owner_id=text(holder, "id"),
        owner_project_access=access,
        orphan=True if access == "inactive" or not holder else None,
        orphan_reason="the owner has no access to the project" if access == "inactive" else "",
    )
    if not holder:
        attributes["orphan_reason"] = "the key has no owner"
    return _key(place, item, attributes, _holder_hints(kind, holder, access))


def _holder_hints(kind: str, holder: Item, access: str) -> tuple[OwnerHint, ...]:
    who = text(holder, "email") or text(holder, "name")
    if kind != "user" or not who:
        return ()
    if access == "inactive":
        return (_hint(who, 0.1, "holds the key, but has lost access to the project"),)
    return (_hint(who, 0.5, "holds the API key"),)


def admin_key(place: Place, item: Item, *, is_sure: bool) -> Finding:
    """Read an administration key, which opens the whole organisation; ``level`` is said only when sure."""
    owner = item.get("owner")
    owner = owner if isinstance(owner, dict) else {}
    attributes = known(
        level="organisation" if is_sure else "",
        owner_type=text(owner, "type"),
        owner_id=text(owner, "id"),
        expires_at=_iso(moment(item, "expires_at")),
        expires=moment(item, "expires_at") is not None,
        orphan=None if owner else True,
        orphan_reason="" if owner else "the key has no owner",
    )
    who = place.people.get(text(owner, "id")) or text(owner, "name")
    hints = (
        (_hint(who, 0.5, "holds the administration key"),) if who and text(owner, "type") == "user" else ()
    )
    return _key(place, item, attributes, hints)


def _key(place: Place, item: Item, attributes: dict[str, Json], hints: tuple[OwnerHint, ...]) -> Finding:
    mark = of_shown(PROVIDER, text(item, "redacted_value"))
    if mark:
        attributes["key_fingerprint"] = [mark]
    used = moment(item, "last_used_at")
    is_live = used is not None and used > place.now - timedelta(days=place.usage_days)
    return place.finding(
        *("api_key", "api_key", text(item, "id"), text(item, "name")),
        grade=Grade.LIVE if is_live else Grade.CONFIGURED,
        created_at=moment(item, "created_at"),
        attributes=attributes,
        owner_hints=hints,
        usage=Usage(last_used_at=used) if used else None,
    )


def _hint(who: str, confidence: float, why: str) -> OwnerHint:
    return OwnerHint(candidate=who, source="openai/api_key", confidence=confidence, why=why)


def service_account(place: Place, item: Item) -> Finding:
    """Read a service account: an identity that is nobody's person."""
    return place.finding(
        *("identity", "service_account", text(item, "id"), text(item, "name")),
        created_at=moment(item, "created_at"),
        attributes=known(role=text(item, "role")),
    )


def org_retention(place: Place, item: Item) -> Finding:
    """Read what the vendor keeps of the organisation's data, and for how much oversight of its own."""
    return place.finding(
        *("oversight_control", "data_retention", place.org, "Data retention of the organisation"),
        attributes=known(data_retention=text(item, "type")),
    )


def project_setting(
    place: Place, setting: str, title: str, facts: dict[str, Json], in_force: bool
) -> list[Finding]:
    """Put a setting on its project, and show it as a control when it limits something."""
    control = place.key("project_control", f"{place.project_id}/{setting}")
    links = (Link(relation=RelationKind.GUARDED_BY, target=control),) if in_force else ()
    shown = [project_with(place, attributes={setting: facts}, links=links)]
    if in_force:
        shown.append(
            place.finding("oversight_control", "project_control", control.key, title, attributes=facts)
        )
    return shown


def model_in_use(place: Place, name: str, project_id: str, use: ModelUse) -> Finding:
    """Show a model that was really called; ``use`` sums the window up."""
    keys: list[Json] = [*sorted(use.api_keys)[:50]]
    return place.finding(
        *("model", "model", f"{project_id or '-'}/{name}", name),
        grade=Grade.LIVE,
        application=project_id or None,
        model=name,
        attributes=known(fine_tuned=name.startswith("ft:") or None) | ({"api_key_ids": keys} if keys else {}),
        usage=Usage(last_used_at=use.last_at, requests=use.requests, window_days=place.usage_days),
    )


@dataclass(slots=True)
class ModelUse:
    """Requests to one model in one project: how many, the last day (its start, UTC), by which keys."""

    requests: int = 0
    last_at: datetime | None = None
    api_keys: set[str] = field(default_factory=set)


def assistant(place: Place, item: Item) -> Finding:
    """Read an assistant; its instructions may hold secrets, so only their hash and length are kept."""
    instructions = text(item, "instructions", limit=_INSTRUCTIONS_LENGTH)
    model = text(item, "model")
    stores = _dig(item, "tool_resources", "file_search", "vector_store_ids")
    tools: list[Json] = [*sorted({text(tool, "type") for tool in _dicts(item.get("tools"))} - {""})]
    links = [Link(relation=RelationKind.USES_MODEL, target=place.key("model", f"{place.project_id}/{model}"))]
    links += [
        Link(relation=RelationKind.CALLS, target=place.key("vector_store", one))
        for one in (stores if isinstance(stores, list) else [])
        if isinstance(one, str) and one
    ]
    return place.finding(
        *("agent", "assistant", text(item, "id"), text(item, "name")),
        grade=Grade.DEPLOYED,
        model=model or None,
        created_at=moment(item, "created_at"),
        attributes=known(
            instructions_sha256=hashlib.sha256(instructions.encode("utf-8", "replace")).hexdigest()
            if instructions
            else "",
            instructions_length=len(instructions),
        )
        | {"tools": tools},
        tags=tags(item),
        links=tuple(links[0 if model else 1 :]),
    )


def vector_store(place: Place, item: Item) -> Finding:
    """Read a vector store: documents that assistants can search."""
    used = moment(item, "last_active_at")
    return place.finding(
        *("vector_store", "vector_store", text(item, "id"), text(item, "name")),
        grade=Grade.DEPLOYED,
        created_at=moment(item, "created_at"),
        attributes=known(status=text(item, "status"), files=_count(_dig(item, "file_counts", "total"))),
        tags=tags(item),
        usage=Usage(last_used_at=used) if used else None,
    )


def training_job(place: Place, item: Item) -> Finding:
    """Read a fine-tuning job: what was made from what."""
    made, base = text(item, "fine_tuned_model"), text(item, "model")
    targets = [place.key("model", f"{place.project_id}/{name}") for name in (base, made) if name]
    data = [place.key("file", one) for one in (text(item, "training_file"),) if one]
    return place.finding(
        *("training_job", "fine_tuning_job", text(item, "id"), f"fine-tuning of {base}" if base else ""),
        model=made or base or None,
        created_at=moment(item, "created_at"),
        attributes=known(status=text(item, "status"), base_model=base, fine_tuned_model=made),
        tags=tags(item),
        links=tuple(Link(relation=RelationKind.USES_MODEL, target=one) for one in targets)
        + tuple(Link(relation=RelationKind.CALLS, target=one) for one in data),
    )


def dataset(place: Place, item: Item) -> Finding:
    """Read the metadata of a file that trains or evaluates a model; its content is never asked for."""
    return place.finding(
        *("dataset", "file", text(item, "id"), text(item, "filename")),
        created_at=moment(item, "created_at"),
        attributes=known(purpose=text(item, "purpose"), size_bytes=_count(item.get("bytes"))),
    )


def custom_model(place: Place, item: Item) -> Finding:
    """Read a model that the organisation owns."""
    name = text(item, "id")
    return place.finding(
        *("model", "model", f"{place.project_id}/{name}", name),
        model=name,
        created_at=moment(item, "created"),
        attributes=known(
            owned_by=text(item, "owned_by"),
            shutdown_date=text(item, "shutdown_date"),
            fine_tuned=name.startswith("ft:") or None,
        ),
    )


def skill(place: Place, item: Item) -> Finding:
    """Read a skill: a capability that is handed to agents."""
    return place.finding(
        *("tool", "skill", text(item, "id"), text(item, "name")),
        grade=Grade.DEPLOYED,
        created_at=moment(item, "created_at"),
        attributes=known(latest_version=text(item, "latest_version")),
    )


def text(item: Mapping[str, Any], name: str, *, limit: int = _TEXT_LENGTH) -> str:
    """Return a text field up to ``limit`` characters, or nothing when it is missing or no text."""
    value = item.get(name)
    return value[:limit] if isinstance(value, str) else ""


def moment(item: Mapping[str, Any], name: str) -> datetime | None:
    """Return seconds since 1970 as UTC, or ``None`` when missing or out of range."""
    value = item.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 32_503_680_000:
        return None
    return datetime.fromtimestamp(value, UTC)


def tags(item: Item) -> dict[str, str]:
    """Return the user's own metadata, which OpenAI keeps as text pairs."""
    metadata = item.get("metadata")
    if not isinstance(metadata, dict):
        return {}
    return {str(name): value for name, value in metadata.items() if isinstance(value, str)}


def known(**facts: Json) -> dict[str, Json]:
    """Keep the facts that are known: neither empty nor ``None``."""
    return {name: value for name, value in facts.items() if value not in ("", None)}


def _iso(value: datetime | None) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ") if value else ""


def _coarse(usage: Usage | None) -> Usage | None:
    """Round use to its week: it would otherwise rewrite every key and model on every run."""
    if usage is None or usage.last_used_at is None:
        return None
    day = usage.last_used_at.replace(hour=0, minute=0, second=0, microsecond=0)
    return Usage(last_used_at=day - timedelta(days=day.weekday()))


def _dig(item: Any, *names: str) -> Any:
    for name in names:
        item = item.get(name) if isinstance(item, dict) else None
    return item


def _dicts(value: Any) -> list[Item]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
