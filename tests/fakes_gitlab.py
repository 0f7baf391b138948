"""A truthful stand-in for GitLab's API: projects of groups, branches, blobs, and git.

**Source:** GitLab's pages "Projects API", "Branches API", "Repositories API", from general knowledge.
"""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import unquote

from discovery.demo.httpd import Request, Response
from tests.fakes_forges import ApiError, Fault, ForgeFake, Hosted, json_response

_PROJECT = r"/projects/(?P<id>\d+)/repository"
_KNOWN = {"per_page", "page", "order_by", "sort", "pagination", "include_subgroups", "with_shared"}
_KNOWN |= {"membership", "id_after", "ref_name", "path"}


class GitLabFake(ForgeFake):
    """Serve projects of one group; a name with more than one slash lies in a subgroup."""

    git_users = ("oauth2",)

    @property
    def api_url(self) -> str:
        """Return what to configure as ``base_url``."""
        return f"{self.base_url}/api/v4"

    def answer(self, request: Request, struck: Fault | None) -> Response:
        """Answer a request to the API."""
        if request.headers.get("authorization") != f"Bearer {self.token}":
            raise ApiError(401, {"message": "401 Unauthorized"})
        path = request.path.removeprefix("/api/v4")
        if unknown := set(request.query) - _KNOWN:
            raise ApiError(400, {"error": f"unknown: {unknown}"})
        group = re.fullmatch(r"/groups/([^/]+)/projects", path)
        if group or path == "/projects":
            return self._projects(request, unquote(group[1]) if group else "", struck)
        return self._of_project(request, path)

    def _projects(self, request: Request, group: str, struck: Fault | None) -> Response:
        if group and request.one("include_subgroups") != "true":
            raise ApiError(400, {"error": "the connector must ask for subgroups"})
        if not group and (request.one("membership"), request.one("pagination")) != ("true", "keyset"):
            raise ApiError(400, {"error": "all projects of the world are not wanted"})
        found = [one for one in self.repositories if not group or one.name.startswith(f"{group}/")]
        if group and not found:
            raise ApiError(404, {"message": "404 Group Not Found"})
        limit = int(request.one("per_page") or 20)
        start = 0 if struck and struck.action == "repeat_cursor" else int(request.one("page") or 1) - 1
        shown, rest = self.page([_project(one) for one in found], start * limit, limit)
        if rest is None:
            return json_response(200, shown)
        step = f"page={start + 2}&per_page={limit}&include_subgroups=true&membership=true&pagination=keyset"
        return json_response(200, shown, {"Link": f'<{self.base_url}{request.path}?{step}>; rel="next"'})

    def _of_project(self, request: Request, path: str) -> Response:
        match = re.fullmatch(rf"{_PROJECT}/(?P<what>branches|blobs|commits)(?:/(?P<name>[^/]+))?", path)
        one = next((one for one in self.repositories if match and one.number == int(match["id"])), None)
        if match is None or one is None:
            raise ApiError(404, {"message": "404 Project Not Found"})
        branches = {name: {"name": name, "commit": {"id": sha}} for name, sha in one.branches.items()}
        if match["what"] == "blobs":
            data = one.blob(match["name"])
            content = base64.b64encode(data).decode()
            return json_response(200, {"size": len(data), "encoding": "base64", "content": content})
        if match["what"] == "commits":
            limit = int(request.one("per_page") or 20)
            found = one.changes(str(request.one("ref_name")), str(request.one("path")), limit)
            names = ("id", "author_name", "author_email", "authored_date")
            return json_response(200, [dict(zip(names, change, strict=False)) for change in found])
        if not match["name"]:
            return json_response(200, list(branches.values()))
        name = unquote(match["name"])
        if name not in branches:
            raise ApiError(404, {"message": "404 Branch Not Found"})
        return json_response(200, branches[name])


def _project(one: Hosted) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": one.number,
        "path_with_namespace": one.name,
        "default_branch": one.default_branch or None,
        "empty_repo": not one.head,
        "archived": "archived" in one.flags,
        "mirror": "mirror" in one.flags,
        "visibility": one.visibility,
        "repository_access_level": "disabled" if "disabled" in one.flags else "enabled",
        # An address elsewhere: a reader that believes it would be led astray.
        "http_url_to_repo": "http://127.0.0.1:9/elsewhere.git",
    }
    found["namespace"] = {"kind": "user" if "personal" in one.flags else "group"}
    parent = {"id": 1, "path_with_namespace": one.parent}
    return found | ({"forked_from_project": parent} if "fork" in one.flags else {})
