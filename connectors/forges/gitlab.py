"""Read the repositories of GitLab groups, on gitlab.com or a server of one's own.

The list of projects does not say the commit of a branch, so each repository costs one request to see whether
it moved. What is new comes by git, without the blobs that are known; a few blobs come by the API.

**Source:** GitLab's pages "Projects API", "Groups API", "Branches API" and "Repositories API", from general
knowledge; no page was read anew for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field

from connectors.clients.git_history import Touch
from connectors.clients.http import HttpSettings
from connectors.clients.pages import Item, LinkHeader, Param
from connectors.contract import ConnectorInfo, Context, Operation
from connectors.errors import BadResponse, ConnectorError, PermissionDenied
from connectors.forges.answers import below, commit_of, decoded, flag, objects, text, touch_of
from connectors.forges.base import KINDS, MOST_COMMITS, ForgeConnector, git_operations
from connectors.forges.options import ForgeOptions
from connectors.forges.repositories import (
    Repository,
    address_of,
    git_url,
    immutable_id,
    marks,
    parent_address,
    placed_by,
)
from connectors.options import Secret
from connectors.secrets import SecretRef

_API, _READ = "read_api (Reporter)", "read_repository (Reporter)"
_OF_GROUP = "/groups/{group}/projects"
_OWN = "/projects"
_BRANCHES = "/projects/{project}/repository/branches"
_BRANCH = "/projects/{project}/repository/branches/{branch}"
_BLOB = "/projects/{project}/repository/blobs/{blob}"
_COMMITS = "/projects/{project}/repository/commits"
_IN_ORDER: dict[str, Param] = {"order_by": "id", "sort": "asc"}
# Counted pages end at 50,000 projects, those that follow a key do not; only the list of all knows them.
_BY_KEY: dict[str, Param] = {**_IN_ORDER, "pagination": "keyset"}


class GitLabOptions(ForgeOptions):
    """Which groups to read, subgroups included."""

    groups: tuple[str, ...] = Field(
        default=(), description="Groups by path or number; empty: every project the token is a member of."
    )
    token: Secret = Field(
        default=SecretRef("env", "GITLAB_TOKEN"),
        description="A personal, group or project token with read_api and read_repository.",
    )
    base_url: str = Field(default="https://gitlab.com/api/v4", description="The API.")
    git_url: str = Field(default="", description="Where git reads; empty: as it follows from base_url.")


def gitlab_errors(status: int, body: Any) -> ConnectorError | None:
    """Translate GitLab's own words; a 404 is how it says "not for you"."""
    if status == 404:
        return PermissionDenied("not there, or not for this credential (404)", hint=f"Grant {_API}, {_READ}.")
    return None


class GitLabConnector(ForgeConnector):
    """Read GitLab's repositories."""

    info: ClassVar[ConnectorInfo] = ConnectorInfo(
        name="gitlab",
        title="GitLab: repositories of groups",
        kinds=KINDS,
        operations=(
            Operation(method="GET", host="{base_url}", path=_OF_GROUP, permission=_API),
            Operation(method="GET", host="{base_url}", path=_OWN, permission=_API),
            Operation(method="GET", host="{base_url}", path=_BRANCHES, permission=_API),
            Operation(method="GET", host="{base_url}", path=_BRANCH, permission=_API),
            Operation(method="GET", host="{base_url}", path=_BLOB, permission=_API),
            Operation(method="GET", host="{base_url}", path=_COMMITS, permission=_API),
            *git_operations("/{project}.git", _READ),
        ),
        docs=(
            "https://docs.gitlab.com/api/projects",
            "https://docs.gitlab.com/api/branches",
            "https://docs.gitlab.com/api/repositories",
        ),
        config_model=GitLabOptions,
    )
    has_blobs: ClassVar[bool] = True

    def http_settings(self, config: GitLabOptions) -> HttpSettings:
        """Say how the shared client reaches GitLab."""
        return HttpSettings(
            base_url=config.base_url,
            bearer=config.token,
            hosts={"{git_url}": _git_base(config)},
            page_size=config.page_size,
            error_map=gitlab_errors,
        )

    def repositories(self, ctx: Context) -> Iterator[Repository]:
        """List the projects of all groups, each project once."""
        config: GitLabOptions = ctx.config
        seen: set[str] = set()
        for group in config.groups or ("",):
            for item in self._listed(ctx, group):
                if text(item, "id") not in seen:  # a group may stand beside its own parent
                    seen.add(text(item, "id"))
                    yield _repository(item, _git_base(config), config.host)

    def branches(self, ctx: Context, repository: Repository) -> Iterator[tuple[str, str]]:
        """List the branches of one project."""
        pages = LinkHeader(limit=100)
        for item in ctx.http.paginate(_BRANCHES, {"project": repository.key}, pages=pages):
            yield text(item, "name"), commit_of(item.get("commit"), "id", _BRANCHES)

    def head(self, ctx: Context, repository: Repository) -> str:
        """Return the commit of the branch."""
        words = {"project": repository.key, "branch": repository.branch}
        data = ctx.http.get(_BRANCH, words).data
        return commit_of(data.get("commit") if isinstance(data, dict) else None, "id", _BRANCH)

    def blob(self, ctx: Context, repository: Repository, blob: str) -> bytes:
        """Return a blob's bytes."""
        data = ctx.http.get(_BLOB, {"project": repository.key, "blob": blob}).data
        return decoded(data, f"GET {_BLOB}")

    def last_changes(self, ctx: Context, repository: Repository, commit: str, path: str) -> list[Touch]:
        """Return the newest commits that changed a file."""
        params: dict[str, Param] = {"ref_name": commit, "path": path, "per_page": MOST_COMMITS}
        data = ctx.http.get(_COMMITS, {"project": repository.key}, params).data
        return [
            touch_of(
                text(item, "id"), {"name": item.get("author_name"), "email": item.get("author_email")}, when
            )
            for item in objects(data)
            if (when := text(item, "authored_date"))
        ]

    def git_user(self, ctx: Context) -> str:
        """Return the name that goes with every kind of token."""
        return "oauth2"

    def _listed(self, ctx: Context, group: str) -> Iterator[Item]:
        pages = LinkHeader(limit=ctx.config.page_size)
        if not group:
            yield from ctx.http.paginate(_OWN, {}, {**_BY_KEY, "membership": True}, pages=pages)
            return
        params: dict[str, Param] = {**_IN_ORDER, "include_subgroups": True, "with_shared": False}
        yield from ctx.http.paginate(_OF_GROUP, {"group": group}, params, pages=pages)


def _repository(item: Item, base: str, host: str) -> Repository:
    name = text(item, "path_with_namespace")
    if not name:
        raise BadResponse("a project without a path", where="GitLab projects")
    url = git_url(base, f"{name}.git")
    origin = below(item, "forked_from_project")
    is_off = text(item, "repository_access_level") == "disabled"
    return Repository(
        id=immutable_id(item.get("id"), "GitLab projects"),
        name=name,
        address=address_of(url, host),
        url=url,
        branch="" if flag(item, "empty_repo") else text(item, "default_branch"),
        key=text(item, "id"),
        marks=marks(
            archived=flag(item, "archived"),
            disabled=is_off,
            fork=isinstance(item.get("forked_from_project"), dict),
            mirror=flag(item, "mirror"),
        ),
        visibility=text(item, "visibility"),
        fork_of=parent_address(text(origin, "path_with_namespace"), base, host),
        fork_by=placed_by(text(below(item, "namespace"), "kind")) if origin else "",
    )


def _git_base(config: GitLabOptions) -> str:
    """Return where git reads: what stands before the API's own path, which may be below a folder."""
    if config.git_url:
        return config.git_url.rstrip("/")
    parts = urlsplit(config.base_url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/api/v4')}"
