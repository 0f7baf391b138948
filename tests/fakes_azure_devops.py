"""A truthful stand-in for Azure DevOps' API: projects, repositories, refs, and git.

Repositories are named ``organisation/project/_git/name``.

**Source:** Microsoft's REST reference, version 7.1, from general
knowledge; its continuation tokens from the page "Refs - List".
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from discovery.demo.httpd import Request, Response
from tests.fakes_forges import ApiError, Fault, ForgeFake, Hosted, basic_of, json_response

_KNOWN = {"api-version", "$top", "continuationToken", "filter"}
_KNOWN |= {f"searchCriteria.{one}" for one in ("itemPath", "$top")}
_KNOWN |= {f"searchCriteria.itemVersion.{one}" for one in ("version", "versionType")}


class AzureDevOpsFake(ForgeFake):
    """Serve one organisation."""

    @property
    def api_url(self) -> str:
        """Return what to configure as ``base_url``."""
        return self.base_url

    def answer(self, request: Request, struck: Fault | None) -> Response:
        """Answer a request to the API."""
        if basic_of(request) != f":{self.token}":
            raise ApiError(401, {"message": "TF400813: The user is not authorized"})
        if set(request.query) - _KNOWN or request.one("api-version") != "7.1":
            raise ApiError(400, {"message": "unknown parameter or version"})
        match = re.fullmatch(r"/(?P<org>[^/]+)/(?:(?P<project>[\w-]+)/)?_apis/(?P<rest>.*)", request.path)
        if match is None or not any(one.name.startswith(f"{match['org']}/") for one in self.repositories):
            raise ApiError(404, {"message": "TF200016"})
        if match["rest"] == "projects":
            return self._listing(request, self._projects(match["org"]), struck)
        return self._of_project(request, match)

    def _projects(self, organization: str) -> list[dict[str, Any]]:
        names = {
            one.name.split("/")[1]: one for one in self.repositories if one.name.startswith(organization)
        }
        return [{"id": _id(name), "name": name, "visibility": one.visibility} for name, one in names.items()]

    def _of_project(self, request: Request, match: re.Match[str]) -> Response:
        mine = [one for one in self.repositories if _id(one.name.split("/")[1]) == match["project"]]
        if match["rest"] == "git/repositories":
            return json_response(200, {"value": [self._repository(one) for one in mine]})
        refs = re.fullmatch(r"git/repositories/([\w-]+)/(?:refs|commits)", match["rest"])
        one = next((one for one in mine if refs and _id(str(one.number)) == refs[1]), None)
        if one is None:
            raise ApiError(404, {"message": "TF401019: the repository does not exist"})
        if match["rest"].endswith("/commits"):
            wanted = {name.removeprefix("searchCriteria."): value[0] for name, value in request.query.items()}
            if wanted.get("itemVersion.versionType") != "commit":
                raise ApiError(400, {"message": "a branch of that name is not there"})
            found = one.changes(
                wanted["itemVersion.version"], wanted["itemPath"].lstrip("/"), int(wanted["$top"])
            )
            value = [
                {
                    "commitId": change.sha,
                    "author": {"name": change.name, "email": change.mail, "date": change.date},
                }
                for change in found
            ]
            return json_response(200, {"count": len(value), "value": value})
        front = f"refs/{request.one('filter') or ''}"
        found = [
            {"name": f"refs/heads/{name}", "objectId": sha} for name, sha in sorted(one.branches.items())
        ]
        return self._listing(request, [ref for ref in found if ref["name"].startswith(front)], None)

    def _listing(self, request: Request, items: list[Any], struck: Fault | None) -> Response:
        limit = int(request.one("$top") or 100)
        token = request.one("continuationToken")
        shown, rest = self.page(items, self.place(token) if token else 0, limit)
        if struck is not None and struck.action == "repeat_cursor":
            rest = 0
        headers = {"x-ms-continuationtoken": self.issue(rest, struck)} if rest is not None else {}
        return json_response(200, {"count": len(shown), "value": shown}, headers)

    def _repository(self, one: Hosted) -> dict[str, Any]:
        found: dict[str, Any] = {
            "id": _id(str(one.number)),
            "name": one.name.rpartition("/")[2],
            "isDisabled": "disabled" in one.flags,
            "isFork": "fork" in one.flags,
            "remoteUrl": "http://127.0.0.1:9/elsewhere",
        }
        return found | ({"defaultBranch": f"refs/heads/{one.default_branch}"} if one.head else {})

    def git_path(self, path: str) -> str:
        """Return the path of the folder: names of repositories have no ending there."""
        front, _, service = path.partition("/info/refs")
        if service or path.endswith("/info/refs"):
            return f"{front}.git/info/refs"
        return f"{path.removesuffix('/git-upload-pack')}.git/git-upload-pack"


def _id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))
