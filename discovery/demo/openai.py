"""A truthful stand-in for the OpenAI administration API, for the demo and the tests.

It keeps state (:class:`~discovery.demo.openai_org.Org`), checks the credential and its kind, accepts
exactly the documented query parameters within their limits, honours only cursors that it has issued, and
answers with the vendor's own error bodies. Anything undocumented is a 400, so a wrong client fails here
and not at the vendor. :class:`Fault` makes it misbehave in the ways the real one can.

**Source:** OpenAI API description 2.3.0 (openai/openai-openapi at f85dbe2, read 2026-11-22). The error texts
and the ``Invalid URL`` answer are from general knowledge of the API; no document was read for them.
"""

from __future__ import annotations

import copy
import fnmatch
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from discovery.demo.httpd import LoopbackServer, Request, Response, json_response
from discovery.demo.openai_endpoints import (
    GROUPS,
    USAGE,
    ApiError,
    Endpoint,
    Query,
    check_params,
    find_endpoint,
    refusal,
    unknown_url,
)
from discovery.demo.openai_org import Item, Org, Project, Use

__all__ = ["Fault", "OpenAIFake", "Org"]

_DAY_S = 86_400


@dataclass(slots=True, kw_only=True)
class Fault:
    """Misbehave on paths that match ``path`` (``*`` wild, below ``/v1``), after ``skip`` good answers.

    ``action`` is a status (``"403"``), ``truncate``, ``garbage``, ``slow`` (drips), ``repeat_cursor``,
    ``empty_page`` (first page empty, with a next), ``delete_next`` (the item behind this page vanishes),
    ``unknown_enum``, ``null_owner``, ``extra_fields``. ``times`` limits how often (-1: always).
    """

    path: str
    action: str
    times: int = -1
    skip: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    def strikes(self, path: str) -> bool:
        """Say whether to misbehave now, and count."""
        if not fnmatch.fnmatchcase(path, self.path) or self.times == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= self.times > 0
        return True


class OpenAIFake(LoopbackServer):
    """Serve one organisation; ``faults`` may be changed at any time.

    ``hidden`` holds path patterns below ``/v1`` that this organisation is not offered.
    """

    def __init__(self, org: Org | None = None, *, faults: Iterable[Fault] = ()) -> None:
        super().__init__()
        self.org = org or Org.example()
        self.faults = list(faults)
        self.hidden: set[str] = set()
        self._cursors: dict[tuple[str, str], frozenset[str]] = {}
        self._pages: dict[str, int] = {}

    @property
    def base_url(self) -> str:
        """Return the URL to configure, ending in ``/v1``."""
        return super().base_url + "/v1"

    def handle(self, request: Request) -> Response:
        """Answer one request, checked from the outside in."""
        path = request.path.removeprefix("/v1")
        with self.lock:
            struck = [fault for fault in self.faults if fault.strikes(path)]
            try:
                body = self._answer(request, path, struck)
                response = json_response(200, body)
            except ApiError as error:
                response = json_response(error.status, error.body)
        response.headers["x-request-id"] = f"req_{secrets.token_hex(8)}"
        for fault in struck:
            _spoil(response, fault)
        return response

    def _answer(self, request: Request, path: str, struck: list[Fault]) -> Any:
        endpoint, match = find_endpoint(request, path)
        if any(fnmatch.fnmatchcase(path, pattern) for pattern in self.hidden):
            raise unknown_url(request)
        project = self._authorised(request, endpoint)
        for fault in struck:
            if fault.action.isdigit():
                raise refusal(int(fault.action))
        check_params(endpoint, request.query)
        words = match.groupdict()
        if "project_id" in words:
            project = self.org.project(words["project_id"])
            if project is None:
                raise ApiError(404, f"Project with id '{words['project_id']}' not found.", code="not_found")
        answer = getattr(self, f"_{endpoint.answer}")(path, request.query, words, project, struck)
        return _bent(answer, struck)

    def _authorised(self, request: Request, endpoint: Endpoint) -> Project | None:
        """Check the scheme, the value and the kind of the credential; return a project key's project."""
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            raise ApiError(
                401, "You didn't provide an API key. Use the Authorization header: Bearer YOUR_KEY."
            )
        is_admin = hmac.compare_digest(key, self.org.admin_key)
        project = next((one for one in self.org.projects if hmac.compare_digest(one.key, key)), None)
        if not is_admin and project is None:
            raise ApiError(401, f"Incorrect API key provided: {key[:8]}***.", code="invalid_api_key")
        if endpoint.is_admin and not is_admin:
            raise ApiError(
                403,
                "You have insufficient permissions for this operation. Missing scopes: api.management.read.",
            )
        if not endpoint.is_admin and project is None:
            raise ApiError(
                403, "You have insufficient permissions for this operation. An admin key cannot be used here."
            )
        if request.path == "/v1/assistants" and request.headers.get("openai-beta") != "assistants=v2":
            raise ApiError(
                400,
                "You must provide the 'OpenAI-Beta' header to access the Assistants API.",
                code="invalid_beta",
            )
        return project

    def _projects(self, path: str, query: Query, words: Item, project: None, struck: list[Fault]) -> Any:
        wanted = _one(query, "include_archived") == "true"
        items = [one.item for one in self.org.projects if wanted or one.item.get("status") != "archived"]
        return self._page(path, query, items, struck)

    def _project_list(
        self, path: str, query: Query, words: Item, project: Project, struck: list[Fault]
    ) -> Any:
        items = project.lists.setdefault(words["list"], [])
        access = _one(query, "owner_project_access")
        if words["list"] == "api_keys" and access != "any":
            items = [one for one in items if one["owner_project_access"] == (access or "active")]
        return self._page(path, query, items, struck)

    def _project_setting(
        self, path: str, query: Query, words: Item, project: Project, struck: list[Fault]
    ) -> Any:
        return copy.deepcopy(project.settings[words["setting"]])

    def _org_list(self, path: str, query: Query, words: Item, project: None, struck: list[Fault]) -> Any:
        return self._page(path, query, getattr(self.org, words["list"]), struck)

    def _org_retention(self, path: str, query: Query, words: Item, project: None, struck: list[Fault]) -> Any:
        return copy.deepcopy(self.org.data_retention)

    def _models(self, path: str, query: Query, words: Item, project: Project, struck: list[Fault]) -> Any:
        created = int(self.org.now_s) - 400 * _DAY_S
        offered = [
            {"id": name, "object": "model", "created": created, "owned_by": owner}
            for name, owner in (
                ("gpt-4.1", "system"),
                ("gpt-4.1-mini", "system"),
                ("text-embedding-3-small", "openai"),
            )
        ]
        return {"object": "list", "data": offered + copy.deepcopy(project.lists.get("models", []))}

    def _usage(self, path: str, query: Query, words: Item, project: None, struck: list[Fault]) -> Any:
        """Answer one page of daily buckets, newest last, grouped as asked."""
        start, end = int(query["start_time"][-1]), int(_one(query, "end_time") or self.org.now_s + 1)
        days = [day for day in range(start - start % _DAY_S, end, _DAY_S) if day + _DAY_S > start]
        limit = int(_one(query, "limit") or 7)
        first = self._page_start(query)
        shown = days[first : first + limit]
        buckets = [self._bucket(words["endpoint"], day, query.get("group_by", [])) for day in shown]
        more = first + limit < len(days) or any(fault.action == "repeat_cursor" for fault in struck)
        return {
            "object": "page",
            "data": buckets,
            "has_more": more,
            "next_page": self._token(first + limit, more, struck),
        }

    def _page_start(self, query: Query) -> int:
        token = _one(query, "page")
        if token is None:
            return 0
        if token not in self._pages:
            raise ApiError(400, "Invalid page token.", param="page")
        return self._pages[token]

    def _token(self, start: int, more: bool, struck: list[Fault]) -> str | None:
        if not more:
            return None
        token = (
            "page_again"
            if any(one.action == "repeat_cursor" for one in struck)
            else f"page_{secrets.token_hex(9)}"
        )
        self._pages[token] = start
        return token

    def _bucket(self, endpoint: str, day: int, groups: list[str]) -> Item:
        sums: dict[tuple[str, ...], int] = {}
        for use in self.org.usage:
            at = int(self.org.now_s) - use.days_ago * _DAY_S
            if use.endpoint == endpoint and day <= at < day + _DAY_S:
                key = tuple(_group(use, name) if name in groups else "" for name in GROUPS)
                sums[key] = sums.get(key, 0) + use.requests
        results = [_result(endpoint, key, requests) for key, requests in sums.items()]
        return {"object": "bucket", "start_time": day, "end_time": day + _DAY_S, "results": results}

    def _page(self, path: str, query: Query, items: list[Item], struck: list[Fault]) -> Any:
        """Answer one page after a cursor that was issued for this path."""
        actions = {fault.action for fault in struck}
        after, limit = _one(query, "after"), int(_one(query, "limit") or 20)
        if _one(query, "order") == "desc":
            items = items[::-1]
        if "empty_page" in actions and after is None:
            self._cursors[path, "before_all"] = frozenset()
            return {"object": "list", "data": [], "first_id": None, "last_id": "before_all", "has_more": True}
        start = self._start(path, after, items)
        shown, rest = items[start : start + limit], items[start + limit :]
        if "delete_next" in actions and rest:
            self._forget(rest[0])
        last = shown[-1]["id"] if shown else None
        more = bool(rest)
        if "repeat_cursor" in actions and items:
            last, more = items[0]["id"], True
        if last:
            self._cursors[path, last] = frozenset(one["id"] for one in items[: start + limit])
        first = shown[0]["id"] if shown else None
        return {
            "object": "list",
            "data": copy.deepcopy(shown),
            "first_id": first,
            "last_id": last,
            "has_more": more,
        }

    def _start(self, path: str, after: str | None, items: list[Item]) -> int:
        if after is None or after == "before_all":
            return 0
        if (path, after) not in self._cursors:
            raise ApiError(400, f"Invalid 'after': no item with id '{after}'.", param="after")
        ids = [one["id"] for one in items]
        # A deleted cursor item still has its place: behind everything that was served up to it.
        served = self._cursors[path, after]
        return ids.index(after) + 1 if after in ids else sum(one in served for one in ids)

    def _forget(self, item: Item) -> None:
        for one in self.org.projects:
            for items in one.lists.values():
                if item in items:
                    items.remove(item)
        for items in (self.org.users, self.org.admin_api_keys):
            if item in items:
                items.remove(item)


def _spoil(response: Response, fault: Fault) -> None:
    """Damage an answer on its way out."""
    response.headers.update(fault.headers)
    if fault.action == "truncate":
        response.cut_after = max(1, len(response.body) // 2)
    elif fault.action == "garbage":
        response.body = b"<html><body>proxy login</body></html>"
    elif fault.action == "slow":
        response.drip_s = 0.2


def _bent(answer: Any, struck: list[Fault]) -> Any:
    """Change an answer in ways that clients must tolerate."""
    actions = {fault.action for fault in struck}
    items = answer.get("data", []) if isinstance(answer, dict) else []
    for item in items:
        if "null_owner" in actions and "owner" in item:
            item["owner"] = None
        if "extra_fields" in actions:
            item["brand_new"] = {"nested": [1, None, {"deep": True}]}
        if "unknown_enum" in actions:
            item.update(
                {
                    name: "brand_new_value"
                    for name in ("role", "status", "owner_project_access")
                    if name in item
                }
            )
    if "extra_fields" in actions:
        answer["brand_new"] = True
    if "unknown_enum" in actions:
        answer.update({name: "brand_new_value" for name in ("mode", "type") if name in answer})
    return answer


def _group(use: Use, name: str) -> str:
    return "" if name == "user_id" else str(getattr(use, name))


def _result(endpoint: str, key: tuple[str, ...], requests: int) -> Item:
    name, measures = USAGE[endpoint]
    result: Item = {"object": f"organization.usage.{name}.result", "num_model_requests": requests}
    result.update(dict.fromkeys(measures, requests * 10))
    result.update({group: value or None for group, value in zip(GROUPS, key, strict=True)})
    return result


def _one(query: Query, name: str) -> str | None:
    values = query.get(name)
    return values[-1] if values else None
