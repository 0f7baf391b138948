"""The listings of the OpenAI API: one row for each, with its path, permission, pages and reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from connectors import openai_findings as make
from connectors.clients.pages import Cursor, NextToken, OnePage, Pages, Param
from connectors.contract import Context, Operation
from connectors.model import Finding, Json, Part
from connectors.openai_findings import Item, ModelUse, Place, text

ADMIN = "an administration key (api.management.read)"
OF_PROJECT = "a key of the project (read)"
_BELOW = "/organization/projects/{project_id}"
_TRAINS = ("fine-tune", "evals")
_VENDORS_OWN = ("system", "openai")
_MAX_BUCKETS = 31
_PROJECT_SHAPES = ("sk-proj-", "sk-svcacct-")


@dataclass(slots=True, kw_only=True)
class Reading:
    """What is known while one scope is read; ``people`` of the place fills as users are listed."""

    ctx: Context
    place: Place

    def items(self, listing: Listing) -> Iterator[Item]:
        """Yield a listing's objects; a single object is a list of one."""
        path_params = {"project_id": self.place.project_id} if "{project_id}" in listing.path else {}
        credential = self.place.project_id if listing in PROJECT_KEY else ""
        if listing.is_single:
            answer = self.ctx.http.get(listing.path, path_params, credential=credential)
            yield answer.data if isinstance(answer.data, dict) else {}
            return
        params = dict(listing.params)
        if listing in USAGE:
            params["start_time"] = int(self.window_start().timestamp())
        yield from self.ctx.http.paginate(
            listing.path, path_params, params, pages=self.pages(listing), credential=credential
        )

    def pages(self, listing: Listing) -> Pages:
        """Return how a listing is cut into pages."""
        size: int = self.ctx.config.page_size
        if listing in USAGE:
            return NextToken(limit=min(size, _MAX_BUCKETS), more_field="has_more")
        if listing is MODELS:
            return OnePage()
        return Cursor(limit=size)

    def window_start(self) -> datetime:
        """Return the first midnight (UTC) of the usage window."""
        midnight = self.place.now.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight - timedelta(days=self.place.usage_days)


Shown: TypeAlias = Iterator[Finding]
Reader: TypeAlias = Callable[[Reading, Iterator[Item]], Shown]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Listing:
    """One part of a scope and the endpoint behind it."""

    part: Part
    path: str
    read: Reader
    permission: str = ADMIN
    params: Mapping[str, Param] = field(default_factory=dict)
    is_single: bool = False
    has_ids: bool = True


def operations() -> tuple[Operation, ...]:
    """Return everything the connector may ask."""
    return tuple(
        Operation(method="GET", host="{base_url}", path=one.path, permission=one.permission)
        for one in (*ORGANISATION, *PROJECT, *PROJECT_KEY)
    )


def _each(one: Callable[[Place, Item], Finding], reading: Reading, items: Iterator[Item]) -> Shown:
    for item in items:
        yield one(reading.place, item)


def _users(reading: Reading, items: Iterator[Item]) -> Shown:
    """Learn who is who; people are no assets."""
    for item in items:
        who = text(item, "email") or text(item, "name")
        if who:
            reading.place.people[text(item, "id")] = who
    yield from ()


def _projects(reading: Reading, items: Iterator[Item]) -> Shown:
    """Show the projects that can be used; an archived one cannot."""
    for item in items:
        if text(item, "status") != "archived":
            yield make.project(reading.place, item)


def _admin_keys(reading: Reading, items: Iterator[Item]) -> Iterator[Finding]:
    """Show administration keys, without the project keys that the vendor lists among them.

    Those are recognised by how the vendor redacts them. What looks like neither is shown without a level:
    should it be a project's key after all, its id makes it one asset with what the project shows.
    """
    for item in items:
        shape = text(item, "redacted_value")
        if not shape.startswith(_PROJECT_SHAPES):
            yield make.admin_key(reading.place, item, is_sure=shape.startswith("sk-admin"))


def _usage(reading: Reading, buckets: Iterator[Item]) -> Shown:
    """Sum daily buckets up into the models that were really called, by project and model name."""
    uses: dict[tuple[str, str], ModelUse] = {}
    for bucket in buckets:
        day = make.moment(bucket, "start_time")
        results = bucket.get("results")
        for result in results if isinstance(results, list) else ():
            if isinstance(result, dict):
                _add(uses, result, day)
    for (project_id, name), use in sorted(uses.items()):
        yield make.model_in_use(reading.place, name, project_id, use)


def _add(uses: dict[tuple[str, str], ModelUse], result: Item, day: datetime | None) -> None:
    requests = result.get("num_model_requests")
    name = text(result, "model")
    if not name or not isinstance(requests, int) or requests <= 0:
        return
    use = uses.setdefault((text(result, "project_id"), name), ModelUse())
    use.requests += requests
    if day is not None:
        use.last_at = max(use.last_at or day, day)
    if key := text(result, "api_key_id"):
        use.api_keys.add(key)


def _project_users(reading: Reading, items: Iterator[Item]) -> Shown:
    """Show the project once, with its owners as candidates."""
    members, hints = 0, []
    for item in items:
        members += 1
        hint = make.project_owner(item)
        if hint is not None:
            hints.append(hint)
    hints.sort(key=lambda hint: hint.candidate)
    if members:
        yield make.project_with(reading.place, owner_hints=tuple(hints), attributes={"members": members})


def _model_permissions(reading: Reading, items: Iterator[Item]) -> Shown:
    for item in items:
        ids = item.get("model_ids")
        texts = {one for one in ids if isinstance(one, str)} if isinstance(ids, list) else set()
        names: list[Json] = [*sorted(texts)]
        mode = text(item, "mode")
        in_force = mode == "allow_list" or (mode == "deny_list" and bool(names))
        facts: dict[str, Json] = {"mode": mode, "model_ids": names}
        yield from make.project_setting(reading.place, "model_permissions", "Allowed models", facts, in_force)


def _tool_permissions(reading: Reading, items: Iterator[Item]) -> Shown:
    for item in items:
        facts: dict[str, Json] = {
            name: tool["enabled"]
            for name, tool in sorted(item.items())
            if isinstance(tool, dict) and isinstance(tool.get("enabled"), bool)
        }
        yield from make.project_setting(
            reading.place, "hosted_tool_permissions", "Allowed hosted tools", facts, False in facts.values()
        )


def _project_retention(reading: Reading, items: Iterator[Item]) -> Shown:
    for item in items:
        kind = text(item, "type")
        in_force = kind not in ("", "organization_default", "none")
        yield from make.project_setting(
            reading.place, "data_retention", "Data retention of the project", {"type": kind}, in_force
        )


def _files(reading: Reading, items: Iterator[Item]) -> Shown:
    for item in items:
        if text(item, "purpose") in _TRAINS:
            yield make.dataset(reading.place, item)


def _own_models(reading: Reading, items: Iterator[Item]) -> Shown:
    """Show only models that belong to the organisation; the rest is the vendor's catalogue."""
    for item in items:
        owner = text(item, "owned_by")
        if owner and owner not in _VENDORS_OWN and not owner.startswith("openai-"):
            yield make.custom_model(reading.place, item)


def _list(name: str, kinds: tuple[str, ...], path: str, read: Reader, **more: Param) -> Listing:
    return Listing(part=Part(name=name, kinds=kinds), path=path, read=read, params=more)


def _single(name: str, kinds: tuple[str, ...], path: str, read: Reader) -> Listing:
    return Listing(part=Part(name=name, kinds=kinds), path=path, read=read, is_single=True, has_ids=False)


def _own(name: str, kind: str, path: str, read: Reader) -> Listing:
    return Listing(part=Part(name=name, kinds=(kind,)), path=path, read=read, permission=OF_PROJECT)


def _use(name: str) -> Listing:
    return Listing(
        part=Part(name=f"usage_{name}", kinds=("model",)),
        path=f"/organization/usage/{name}",
        read=_usage,
        params={"bucket_width": "1d", "group_by": ("project_id", "model", "api_key_id")},
        has_ids=False,
    )


PROJECTS = _list("projects", ("ai_project",), "/organization/projects", _projects, include_archived=True)
USAGE = tuple(
    map(
        _use, ("completions", "embeddings", "images", "audio_speeches", "audio_transcriptions", "moderations")
    )
)
_CONTROL = ("ai_project", "oversight_control")

ORGANISATION = (
    _list("users", (), "/organization/users", _users),
    PROJECTS,
    _list("admin_api_keys", ("api_key",), "/organization/admin_api_keys", _admin_keys),
    *USAGE,
    _single(
        "data_retention",
        ("oversight_control",),
        "/organization/data_retention",
        partial(_each, make.org_retention),
    ),
)
API_KEYS = _list(
    "api_keys",
    ("api_key",),
    f"{_BELOW}/api_keys",
    partial(_each, make.project_key),
    owner_project_access="any",
)
PROJECT = (
    _list("users", ("ai_project",), f"{_BELOW}/users", _project_users),
    API_KEYS,
    _list(
        "service_accounts", ("identity",), f"{_BELOW}/service_accounts", partial(_each, make.service_account)
    ),
    _single("model_permissions", _CONTROL, f"{_BELOW}/model_permissions", _model_permissions),
    _single("hosted_tool_permissions", _CONTROL, f"{_BELOW}/hosted_tool_permissions", _tool_permissions),
    _single("data_retention", _CONTROL, f"{_BELOW}/data_retention", _project_retention),
)
MODELS = _own("models", "model", "/models", _own_models)
PROJECT_KEY = (
    _own("assistants", "agent", "/assistants", partial(_each, make.assistant)),
    _own("vector_stores", "vector_store", "/vector_stores", partial(_each, make.vector_store)),
    _own("fine_tuning_jobs", "training_job", "/fine_tuning/jobs", partial(_each, make.training_job)),
    _own("files", "dataset", "/files", _files),
    MODELS,
    _own("skills", "tool", "/skills", partial(_each, make.skill)),
)
