"""A truthful stand-in for GitHub: GraphQL listings, trees, blobs, apps, and git, as a server of its own.

The GraphQL part knows only the fields of GitHub's public schema that are listed here and refuses others, asks
for the variables, and honours only cursors that it issued.

**Source:** GitHub's public GraphQL schema and the error texts of its API, from general knowledge.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from discovery.demo.httpd import Request, Response
from tests.fakes_forges import ApiError, Fault, ForgeFake, Hosted, json_response

_TOKENS = re.compile(r"[A-Za-z_]\w*|[{}()\[\]:!$,]")
_FLAGS = {
    "isArchived": "archived",
    "isDisabled": "disabled",
    "isFork": "fork",
    "isLocked": "locked",
    "isMirror": "mirror",
    "isTemplate": "template",
}


class GitHubFake(ForgeFake):
    """Serve one owner's repositories; ``app_key`` (public, PEM) lets an app log in for ``installation``."""

    git_users = ("x-access-token",)

    def __init__(self, root: Path, *, owner: str = "acme", **more: Any) -> None:
        super().__init__(root, **more)
        self.owner = owner
        self.app_key = ""
        self.installation = "77"
        self.token_life = timedelta(hours=1)
        self.tokens_issued = 0

    @property
    def api_url(self) -> str:
        """Return what to configure as ``base_url``."""
        return f"{self.base_url}/api/v3"

    def answer(self, request: Request, struck: Fault | None) -> Response:
        """Answer a request to the API."""
        if request.path == "/api/graphql":
            self._authorised(request)
            return self._graphql(request, struck)
        path = request.path.removeprefix("/api/v3")
        if path.startswith("/app/"):
            return self._app(request, path)
        self._authorised(request)
        return self._rest(request, path, struck)

    def _authorised(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            raise ApiError(401, {"message": "Bad credentials"})
        if request.headers.get("accept") != "application/vnd.github+json":
            raise ApiError(415, {"message": "Must accept 'application/vnd.github+json'"})

    def _app(self, request: Request, path: str) -> Response:
        import jwt

        proof = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            claims = jwt.decode(
                proof, self.app_key, algorithms=["RS256"], options={"require": ["exp", "iat"]}
            )
        except jwt.PyJWTError:
            raise ApiError(401, {"message": "A JSON web token could not be decoded"}) from None
        if claims["exp"] - claims["iat"] > 600:
            raise ApiError(401, {"message": "'Expiration time' claim ('exp') is too far in the future"})
        if request.method == "GET" and path == f"/app/installations/{self.installation}":
            return json_response(200, {"id": int(self.installation), "account": {"login": self.owner}})
        if request.method == "POST" and path == f"/app/installations/{self.installation}/access_tokens":
            self.tokens_issued += 1
            self.token = f"ghs_canary{self.tokens_issued}installation0token"
            until = (datetime.now(UTC) + self.token_life).strftime("%Y-%m-%dT%H:%M:%SZ")
            return json_response(201, {"token": self.token, "expires_at": until})
        raise ApiError(404, {"message": "Not Found"})

    def _rest(self, request: Request, path: str, struck: Fault | None) -> Response:
        match = re.fullmatch(r"/repos/([^/]+/[^/]+)/(branches|commits|git/trees/(\w+)|git/blobs/(\w+))", path)
        if request.method != "GET" or match is None:
            raise ApiError(404, {"message": "Not Found"})
        found = self.named(match[1])
        if match[3]:
            if request.query != {"recursive": ["1"]}:
                raise ApiError(422, {"message": "Invalid request"})
            truncated = struck is not None and struck.action == "truncated"
            entries = found.entries(match[3])
            return json_response(200, {"tree": entries[: 1 if truncated else None], "truncated": truncated})
        if match[4]:
            data = found.blob(match[4])
            if struck is not None and struck.action == "lie":
                data += b"# not what was asked for\n"
            content = base64.encodebytes(data).decode()
            return json_response(200, {"sha": match[4], "encoding": "base64", "content": content})
        if match[2] == "commits":
            return json_response(200, _commits(request, found))
        branches = [{"name": name, "commit": {"sha": sha}} for name, sha in sorted(found.branches.items())]
        limit, start = int(request.one("per_page") or 30), (int(request.one("page") or 1) - 1)
        shown, rest = self.page(branches, start * limit, limit)
        url = f"{self.base_url}{request.path}?per_page={limit}&page={start + 2}"
        return json_response(200, shown, {"Link": f'<{url}>; rel="next"'} if rest else {})

    def _graphql(self, request: Request, struck: Fault | None) -> Response:
        asked = json.loads(request.body)
        selection, variables = _parsed(asked["query"]), asked["variables"]
        if struck is not None and struck.action == "graphql_limit":
            return json_response(
                200, {"errors": [{"type": "RATE_LIMITED", "message": "limit"}]}, struck.headers
            )
        first = variables.get("first")
        if not isinstance(first, int) or not 1 <= first <= 100:
            return _refused("`first` must be between 1 and 100")
        after = variables.get("after")
        start = self.place(after) if after else 0
        ((place, below),) = selection.items()
        if place == "repositoryOwner" and variables.get("owner") != self.owner:
            return json_response(200, {"data": {"repositoryOwner": None}})
        shown, rest = self.page(self.repositories, start, first)
        if struck is not None and struck.action == "repeat_cursor":
            rest = 0
        more = rest is not None
        cursor = self.issue(rest or 0, struck) if more else None
        listing = {
            "nodes": [_node(one) for one in shown],
            "pageInfo": {"hasNextPage": more, "endCursor": cursor},
        }
        try:
            data = _projected({"repositories": listing}, below)
        except KeyError as error:
            return _refused(f"Field {error} doesn't exist")
        return json_response(200, {"data": {place: data}})


def _refused(message: str) -> Response:
    return json_response(200, {"errors": [{"message": message}]})


def _commits(request: Request, one: Hosted) -> list[dict[str, Any]]:
    if set(request.query) != {"sha", "path", "per_page"}:
        raise ApiError(422, {"message": "Invalid request"})
    found = one.changes(str(request.one("sha")), str(request.one("path")), int(request.one("per_page") or 30))
    return [
        {
            "sha": change.sha,
            "commit": {"author": {"name": change.name, "email": change.mail, "date": change.date}},
            "author": {"login": change.name} if change.name.startswith("octo") else None,
        }
        for change in found
    ]


def _node(one: Hosted) -> dict[str, Any]:
    head = one.head
    ref = {"name": one.default_branch, "target": {"oid": head}} if head else None
    return {
        "id": one.id,
        "nameWithOwner": one.name,
        "isEmpty": not head,
        "visibility": one.visibility.upper(),
        "defaultBranchRef": ref,
        "parent": {"nameWithOwner": one.parent} if "fork" in one.flags else None,
        "owner": {"__typename": "User" if "personal" in one.flags else "Organization"},
        **{name: flag in one.flags for name, flag in _FLAGS.items()},
    }


def _parsed(document: str) -> dict[str, Any]:
    """Return the selection of a query as nested names; arguments are passed over."""
    tokens = iter(_TOKENS.findall(document))
    while next(tokens) != "{":
        pass

    def selection() -> dict[str, Any]:
        found: dict[str, Any] = {}
        last = ""
        depth = 0
        for token in tokens:
            if token in "()":
                depth += 1 if token == "(" else -1
            elif depth:
                continue
            elif token == "{":
                found[last] = selection()
            elif token == "}":
                return found
            else:
                found[last := token] = {}
        return found

    return selection()


def _projected(value: Any, selection: dict[str, Any]) -> Any:
    """Return only what was asked for; raises ``KeyError`` for a field that does not exist."""
    if isinstance(value, list):
        return [_projected(one, selection) for one in value]
    if isinstance(value, dict):
        return {name: _projected(value[name], below) for name, below in selection.items()}
    return value
