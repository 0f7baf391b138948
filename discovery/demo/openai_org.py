"""The state behind the OpenAI fake: one made-up organisation, in the shape of the vendor's answers."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

Item: TypeAlias = dict[str, Any]
_AGO = "_days_ago"
_DAY_S = 86_400


@dataclass(slots=True, kw_only=True)
class Use:
    """Requests to one model on one day: ``endpoint`` is the last word of the usage path."""

    endpoint: str
    days_ago: int
    model: str
    project_id: str
    api_key_id: str
    requests: int


@dataclass(slots=True, kw_only=True)
class Project:
    """A project: its own object, and the lists below it by the last word of their path."""

    item: Item
    lists: dict[str, list[Item]] = field(default_factory=dict)
    settings: dict[str, Item] = field(default_factory=dict)
    key: str = field(default_factory=lambda: f"sk-proj-{secrets.token_urlsafe(24)}", repr=False)

    @property
    def id(self) -> str:
        """Return the project's id."""
        return str(self.item["id"])


@dataclass(slots=True, kw_only=True)
class Org:
    """An organisation; ``admin_key`` opens ``/organization``, a project's ``key`` opens its objects."""

    projects: list[Project] = field(default_factory=list)
    users: list[Item] = field(default_factory=list)
    admin_api_keys: list[Item] = field(default_factory=list)
    usage: list[Use] = field(default_factory=list)
    data_retention: Item = field(default_factory=dict)
    now_s: float = field(default_factory=time.time)
    admin_key: str = field(default_factory=lambda: f"sk-admin-{secrets.token_urlsafe(24)}", repr=False)

    @classmethod
    def example(cls, now_s: float | None = None) -> Org:
        """Return the organisation of the example estate; times of use are relative to ``now_s`` (UTC)."""
        now = time.time() if now_s is None else now_s
        text = Path(__file__).with_name("openai_acme.json").read_text(encoding="utf-8")
        data = _dated(json.loads(text), now)
        return cls(
            projects=[Project(**project) for project in data["projects"]],
            users=data["users"],
            admin_api_keys=data["admin_api_keys"],
            usage=[Use(**use) for use in data["usage"]],
            data_retention=data["data_retention"],
            now_s=now,
        )

    def project(self, project_id: str) -> Project | None:
        """Return a project by id."""
        return next((one for one in self.projects if one.id == project_id), None)


def _dated(value: Any, now: float) -> Any:
    """Replace every ``<name>_days_ago: n`` inside the lists by ``<name>``, seconds since 1970."""
    if isinstance(value, list):
        return [_dated(one, now) for one in value]
    if not isinstance(value, dict):
        return value
    dated = {}
    for name, one in value.items():
        if name.endswith(_AGO):
            dated[name.removesuffix(_AGO)] = None if one is None else int(now - one * _DAY_S)
        else:
            dated[name] = _dated(one, now)
    return dated
