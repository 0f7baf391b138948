"""What the OpenAI fake knows of the vendor's interface: paths, credentials, parameters, error bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from discovery.demo.httpd import Request

Query: TypeAlias = Mapping[str, list[str]]
USAGE = {
    "completions": ("completions", ("input_tokens", "output_tokens")),
    "embeddings": ("embeddings", ("input_tokens",)),
    "images": ("images", ("images",)),
    "audio_speeches": ("audio_speeches", ("characters",)),
    "audio_transcriptions": ("audio_transcriptions", ("seconds",)),
    "moderations": ("moderations", ("input_tokens",)),
}
GROUPS = ("project_id", "user_id", "api_key_id", "model")


class ApiError(Exception):
    """An answer other than 200, with the vendor's error body."""

    def __init__(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        kinds = {429: "rate_limit_exceeded", 500: "server_error", 503: "server_error"}
        kind = kinds.get(status, "invalid_request_error")
        self.status = status
        self.body = {"error": {"message": message, "type": kind, "param": param, "code": code}}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A path below ``/v1``, who may ask, which parameters are known, and how it answers."""

    pattern: re.Pattern[str]
    is_admin: bool
    params: Mapping[str, Callable[[str], None]]
    answer: str
    required: tuple[str, ...] = ()


def find_endpoint(request: Request, path: str) -> tuple[Endpoint, re.Match[str]]:
    """Return the endpoint of a path below ``/v1`` with its words; raises :class:`ApiError`."""
    for endpoint in _ENDPOINTS:
        match = endpoint.pattern.fullmatch(path)
        if match is not None and request.path.startswith("/v1/"):
            if request.method != "GET":
                raise ApiError(405, f"Method {request.method} is not allowed in this demo: it only reads.")
            return endpoint, match
    raise unknown_url(request)


def unknown_url(request: Request) -> ApiError:
    """Return the vendor's own answer for an endpoint that is not there."""
    return ApiError(404, f"Invalid URL ({request.method} {request.path})")


def check_params(endpoint: Endpoint, query: Query) -> None:
    """Refuse unknown, repeated, malformed and missing query parameters."""
    for name, values in query.items():
        check = endpoint.params.get(name)
        if check is None:
            raise ApiError(400, f"Unknown parameter: '{name}'.", code="unknown_parameter", param=name)
        if len(values) > 1 and name not in _REPEATABLE:
            raise ApiError(400, f"Duplicate parameter: '{name}'.", param=name)
        for value in values:
            try:
                check(value)
            except ValueError:
                raise ApiError(400, f"Invalid value for '{name}': '{value}'.", param=name) from None
    for name in endpoint.required:
        if name not in query:
            raise ApiError(400, f"Missing required parameter: '{name}'.", param=name)


def refusal(status: int) -> ApiError:
    """Return the vendor's error for a status."""
    messages = {
        401: ("Incorrect API key provided: sk-***.", "invalid_api_key"),
        403: (
            "You have insufficient permissions for this operation. Missing scopes: api.management.read.",
            None,
        ),
        404: ("The requested resource was not found.", None),
        429: ("Rate limit reached for requests.", "rate_limit_exceeded"),
        500: ("The server had an error while processing your request.", None),
        503: ("The engine is currently overloaded.", None),
    }
    message, code = messages.get(status, ("Something went wrong.", None))
    return ApiError(status, message, code=code)


def _number(low: int, high: int) -> Callable[[str], None]:
    def check(value: str) -> None:
        if not low <= int(value) <= high:
            raise ValueError(value)

    return check


def _word(*allowed: str) -> Callable[[str], None]:
    def check(value: str) -> None:
        if value not in allowed:
            raise ValueError(value)

    return check


def _any(value: str) -> None:
    json.dumps(value)


def _build(
    path: str, answer: str, params: Mapping[str, Callable[[str], None]], *, is_admin: bool = True
) -> Endpoint:
    required = ("start_time",) if "start_time" in params else ()
    pattern = path.replace("{project_id}", r"(?P<project_id>[^/]+)")
    return Endpoint(re.compile(pattern), is_admin, params, answer, required)


_ORDER = {"order": _word("asc", "desc")}
_PAGE = {"limit": _number(1, 100), "after": _any}
_USAGE_PARAMS = {
    "start_time": _number(0, 2**40),
    "end_time": _number(0, 2**40),
    "bucket_width": _word("1d"),
    "limit": _number(1, 31),
    "page": _any,
    "group_by": _word(*GROUPS),
    **dict.fromkeys(("project_ids", "user_ids", "api_key_ids", "models"), _any),
}
_REPEATABLE = {"group_by", "project_ids", "user_ids", "api_key_ids", "models", "emails"}
_BELOW = "/organization/projects/{project_id}"
_OBJECTS = {
    "assistants": _PAGE | _ORDER | {"before": _any},
    "vector_stores": _PAGE | _ORDER | {"before": _any},
    "fine_tuning/jobs": _PAGE,
    "skills": _PAGE | _ORDER,
    "files": _PAGE | _ORDER | {"limit": _number(1, 10_000), "purpose": _any},
}
_ENDPOINTS = (
    _build("/organization/projects", "projects", _PAGE | {"include_archived": _word("true", "false")}),
    _build(
        f"{_BELOW}/(?P<list>api_keys)",
        "project_list",
        _PAGE | {"owner_project_access": _word("active", "inactive", "any")},
    ),
    _build(f"{_BELOW}/(?P<list>service_accounts|users)", "project_list", _PAGE),
    _build(
        f"{_BELOW}/(?P<setting>model_permissions|hosted_tool_permissions|data_retention)",
        "project_setting",
        {},
    ),
    _build("/organization/(?P<list>admin_api_keys)", "org_list", _PAGE | _ORDER),
    _build("/organization/(?P<list>users)", "org_list", _PAGE | {"emails": _any}),
    _build("/organization/data_retention", "org_retention", {}),
    _build(f"/organization/usage/(?P<endpoint>{'|'.join(USAGE)})", "usage", _USAGE_PARAMS),
    *(
        _build(f"/(?P<list>{path})", "project_list", params, is_admin=False)
        for path, params in _OBJECTS.items()
    ),
    _build("/models", "models", {}, is_admin=False),
)
