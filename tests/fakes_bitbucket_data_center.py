"""A truthful stand-in for Bitbucket Data Center's API: repositories of projects, branches, and git.

**Source:** the REST API of Bitbucket Data Center, from general knowledge.
"""

from __future__ import annotations

import re
from typing import Any

from discovery.demo.httpd import Request, Response
from tests.fakes_forges import ApiError, Fault, ForgeFake, Hosted, json_response, served


class BitbucketDataCenterFake(ForgeFake):
    """Serve the projects of a server; a project's key is written in capitals."""

    @property
    def api_url(self) -> str:
        """Return what to configure as ``base_url``."""
        return self.base_url

    def answer(self, request: Request, struck: Fault | None) -> Response:
        """Answer a request to the API."""
        if request.headers.get("authorization") != f"Bearer {self.token}":
            raise ApiError(401, {"errors": [{"message": "Authentication failed"}]})
        if set(request.query) - {"limit", "start", "archived", "orderBy", "until", "path"}:
            raise ApiError(400, {"errors": [{"message": "unknown parameter"}]})
        path = request.path.removeprefix("/rest/api/1.0")
        if path == "/repos":
            return self._listing(request, self.repositories_of(""), struck)
        match = re.fullmatch(
            r"/projects/(?P<key>[^/]+)/repos(?:/(?P<name>[^/]+)/(?P<what>branches|commits))?", path
        )
        if match is None or not self.repositories_of(match["key"]):
            raise ApiError(404, {"errors": [{"exceptionName": "…NoSuchProjectException"}]})
        if match["name"] is None:
            return self._listing(request, self.repositories_of(match["key"]), struck)
        one = self.named(f"{match['key'].lower()}/{match['name']}")
        if match["what"] == "commits":
            found = one.changes(
                str(request.one("until")), str(request.one("path")), int(request.one("limit") or 25)
            )
            values = [
                {
                    "id": change.sha,
                    "author": {"name": "user", "displayName": change.name, "emailAddress": change.mail},
                    "authorTimestamp": int(change.seconds) * 1_000,
                }
                for change in found
            ]
            return json_response(200, {"values": values, "isLastPage": True, "nextPageStart": None})
        branches = [
            {
                "id": f"refs/heads/{name}",
                "displayId": name,
                "type": "BRANCH",
                "latestCommit": sha,
                "isDefault": name == one.default_branch,
            }
            for name, sha in one.branches.items()
        ]
        return self._listing(request, branches, None)

    def repositories_of(self, key: str) -> list[Any]:
        """Return the repositories of a project, or all."""
        front = f"{key.lower()}/" if key else ""
        return [_repository(one) for one in self.repositories if one.name.startswith(front)]

    def _listing(self, request: Request, items: list[Any], struck: Fault | None) -> Response:
        limit = int(request.one("limit") or 25)
        start = 0 if struck and struck.action == "repeat_cursor" else int(request.one("start") or 0)
        shown, rest = self.page(items, start, limit)
        body = {"size": len(shown), "limit": limit, "start": start, "values": shown}
        return json_response(200, body | {"isLastPage": rest is None, "nextPageStart": rest})

    def _git(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            raise ApiError(401, None, {"WWW-Authenticate": "Basic"})
        return served(self.root, request, request.path)


def _repository(one: Hosted) -> dict[str, Any]:
    project, _, slug = one.name.partition("/")
    return {
        "id": one.number,
        "slug": slug,
        "name": slug.title(),
        "scmId": "git",
        "state": "OFFLINE" if "disabled" in one.flags else "AVAILABLE",
        "archived": "archived" in one.flags,
        "public": one.visibility == "public",
        "project": {
            "key": project.upper(),
            "id": 7,
            "public": False,
            "type": "PERSONAL" if "personal" in one.flags else "NORMAL",
        },
        **({"origin": _origin(one.parent)} if "fork" in one.flags else {}),
        "links": {"clone": [{"name": "http", "href": "http://127.0.0.1:9/elsewhere.git"}]},
    }


def _origin(name: str) -> dict[str, Any]:
    project, _, slug = name.partition("/")
    return {"slug": slug, "project": {"key": project.upper()}}
