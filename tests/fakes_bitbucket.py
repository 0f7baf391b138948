"""A truthful stand-in for Bitbucket Cloud's API: repositories of a workspace, branches, and git.

**Source:** Bitbucket Cloud's REST API 2.0, from general knowledge.
"""

from __future__ import annotations

import base64
import re
import uuid
from typing import Any
from urllib.parse import unquote

from discovery.demo.httpd import Request, Response
from tests.fakes_forges import ApiError, Fault, ForgeFake, Hosted, json_response


class BitbucketFake(ForgeFake):
    """Serve one workspace; with a ``user`` the token belongs to a person."""

    git_users = ("x-token-auth", "x-bitbucket-api-token-auth")
    user = ""

    @property
    def api_url(self) -> str:
        """Return what to configure as ``base_url``."""
        return f"{self.base_url}/2.0"

    def answer(self, request: Request, struck: Fault | None) -> Response:
        """Answer a request to the API."""
        pair = base64.b64encode(f"{self.user}:{self.token}".encode()).decode()
        wanted = f"Basic {pair}" if self.user else f"Bearer {self.token}"
        if request.headers.get("authorization") != wanted:
            raise ApiError(401, {"type": "error", "error": {"message": "Token is invalid"}})
        path = request.path.removeprefix("/2.0")
        if set(request.query) - {"pagelen", "page", "path"}:
            raise ApiError(400, {"type": "error", "error": {"message": "unknown parameter"}})
        match = re.fullmatch(r"/repositories/(?P<place>[^/]+)(?P<rest>/.*)?", path)
        if match is None or not any(one.name.startswith(f"{match['place']}/") for one in self.repositories):
            raise ApiError(404, {"type": "error", "error": {"message": "No workspace"}})
        if match["rest"]:
            return self._branches(request, match["place"], match["rest"])
        return self._listing(request, [_repository(one) for one in self.repositories], struck)

    def _branches(self, request: Request, workspace: str, rest: str) -> Response:
        asked = re.fullmatch(r"/(?P<name>[^/]+)/commits/(?P<commit>\w+)", rest)
        if asked is not None:
            limit = int(request.one("pagelen") or 30)
            one = self.named(f"{workspace}/{asked['name']}")
            found = one.changes(asked["commit"], str(request.one("path")), limit)
            values = [
                {"hash": change.sha, "date": change.date, "author": {"raw": f"{change.name} <{change.mail}>"}}
                for change in found
            ]
            return json_response(200, {"values": values})
        match = re.fullmatch(r"/(?P<name>[^/]+)/refs/branches(?:/(?P<branch>[^/]+))?", rest)
        if match is None:
            raise ApiError(404)
        one = self.named(f"{workspace}/{match['name']}")
        branches = {name: {"name": name, "target": {"hash": sha}} for name, sha in one.branches.items()}
        if not match["branch"]:
            return self._listing(request, list(branches.values()), None)
        name = unquote(match["branch"])
        if name not in branches:
            raise ApiError(404, {"type": "error", "error": {"message": "No branch"}})
        return json_response(200, branches[name])

    def _listing(self, request: Request, items: list[Any], struck: Fault | None) -> Response:
        limit = int(request.one("pagelen") or 10)
        start = 0 if struck and struck.action == "repeat_cursor" else int(request.one("page") or 1) - 1
        shown, rest = self.page(items, start * limit, limit)
        more = {"next": f"{self.base_url}{request.path}?pagelen={limit}&page={start + 2}"} if rest else {}
        return json_response(200, {"pagelen": limit, "values": shown, **more})


def _repository(one: Hosted) -> dict[str, Any]:
    branch = {"type": "branch", "name": one.default_branch} if one.head else None
    return {
        "uuid": f"{{{uuid.uuid5(uuid.NAMESPACE_URL, str(one.number))}}}",
        "full_name": one.name,
        "scm": "git",
        "is_private": one.visibility == "private",
        "mainbranch": branch,
        "parent": {"full_name": one.parent} if "fork" in one.flags else None,
        "links": {"clone": [{"name": "https", "href": "http://127.0.0.1:9/elsewhere.git"}]},
    }
