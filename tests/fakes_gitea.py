"""A truthful stand-in for Gitea's API: repositories of organisations, branches, trees, blobs, and git.

**Source:** Gitea's API description (version 1), from general knowledge.
"""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import unquote

from discovery.demo.httpd import Request, Response
from tests.fakes_forges import ApiError, Fault, ForgeFake, Hosted, json_response

_REPOSITORY = (
    r"/repos/(?P<name>[^/]+/[^/]+)/(?P<what>branches|commits|git/trees|git/blobs)(?:/(?P<id>[^/]+))?"
)


class GiteaFake(ForgeFake):
    """Serve organisations; a page holds at most ``most`` things, as servers are set up."""

    most = 50

    @property
    def api_url(self) -> str:
        """Return what to configure as ``base_url``."""
        return f"{self.base_url}/api/v1"

    def answer(self, request: Request, struck: Fault | None) -> Response:
        """Answer a request to the API."""
        if request.headers.get("authorization") != f"Bearer {self.token}":
            raise ApiError(401, {"message": "user does not exist [uid: 0, name: ]"})
        path = request.path.removeprefix("/api/v1")
        owner = re.fullmatch(r"/orgs/([^/]+)/repos", path)
        if owner or path == "/user/repos":
            front = f"{owner[1]}/" if owner else ""
            found = [one for one in self.repositories if one.name.startswith(front)]
            if owner and not found:
                raise ApiError(404, {"message": "GetOrgByName"})
            return self._listing(request, [_repository(one) for one in found], struck)
        match = re.fullmatch(_REPOSITORY, path)
        if match is None:
            raise ApiError(404, {"message": "Not Found"})
        return self._of_repository(request, self.named(match["name"]), match["what"], match["id"], struck)

    def _of_repository(
        self, request: Request, one: Hosted, what: str, name: str | None, struck: Fault | None
    ) -> Response:
        if what == "git/trees":
            limit, start = int(request.one("per_page") or 1_000), int(request.one("page") or 1) - 1
            shown, rest = self.page(one.entries(str(name)), start * limit, limit)
            return json_response(200, {"tree": shown, "truncated": rest is not None, "page": start + 1})
        if what == "git/blobs":
            content = base64.b64encode(one.blob(str(name))).decode()
            return json_response(200, {"sha": name, "encoding": "base64", "content": content})
        if what == "commits":
            if request.one("stat") != "false":
                raise ApiError(400, {"message": "statistics take the server long"})
            found = one.changes(
                str(request.one("sha")), str(request.one("path")), int(request.one("limit") or 50)
            )
            return json_response(
                200,
                [
                    {
                        "sha": change.sha,
                        "commit": {
                            "author": {"name": change.name, "email": change.mail, "date": change.date}
                        },
                    }
                    for change in found
                ],
            )
        branches = {name: {"name": name, "commit": {"id": sha}} for name, sha in one.branches.items()}
        if name is None:
            return self._listing(request, list(branches.values()), struck)
        if unquote(name) not in branches:
            raise ApiError(404, {"message": "The target couldn't be found."})
        return json_response(200, branches[unquote(name)])

    def _listing(self, request: Request, items: list[Any], struck: Fault | None) -> Response:
        limit = min(self.most, int(request.one("limit") or 30))
        start = 0 if struck and struck.action == "repeat_cursor" else int(request.one("page") or 1) - 1
        shown, rest = self.page(items, start * limit, limit)
        url = f"{self.base_url}{request.path}?limit={limit}&page={start + 2}"
        return json_response(200, shown, {"Link": f'<{url}>; rel="next"'} if rest else {})


def _repository(one: Hosted) -> dict[str, Any]:
    return {
        "id": one.number,
        "full_name": one.name,
        "default_branch": one.default_branch or "main",
        "empty": not one.head,
        "private": one.visibility == "private",
        "internal": one.visibility == "internal",
        **{flag: flag in one.flags for flag in ("archived", "fork", "mirror", "template")},
        "parent": {"id": 1, "full_name": one.parent} if "fork" in one.flags else None,
        "clone_url": "http://127.0.0.1:9/elsewhere.git",
    }
