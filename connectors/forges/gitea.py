"""Read the repositories of Gitea and Forgejo organisations.

The list of repositories does not say the commit of a branch, so each repository costs one request to see
whether it moved. One that moved is listed by the API and gives the blobs that are new.

**Source:** Gitea's API description (version 1), from general knowledge; no page was read anew for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field

from connectors.clients.git_history import Touch
from connectors.clients.http import HttpSettings
from connectors.clients.pages import Item, LinkHeader, PageNumber, Param
from connectors.contract import ConnectorInfo, Context, Operation
from connectors.errors import ConnectorError, PermissionDenied
from connectors.forges.answers import below, commit_of, decoded, flag, objects, text, touch_of
from connectors.forges.base import KINDS, MOST_COMMITS, ForgeConnector, TreeItem, git_operations
from connectors.forges.options import ForgeOptions
from connectors.forges.repositories import (
    Repository,
    address_of,
    git_url,
    immutable_id,
    marks,
    parent_address,
)
from connectors.options import Secret
from connectors.secrets import SecretRef

_RIGHT, _ORGS = "read:repository", "read:organization"
_OF_ORG = "/orgs/{organization}/repos"
_OWN = "/user/repos"
_BRANCHES = "/repos/{owner}/{repository}/branches"
_BRANCH = "/repos/{owner}/{repository}/branches/{branch}"
_TREE = "/repos/{owner}/{repository}/git/trees/{commit}"
_BLOB = "/repos/{owner}/{repository}/git/blobs/{blob}"
_COMMITS = "/repos/{owner}/{repository}/commits"
_PAGE = 50
"""What servers give at a time unless their owner allows more."""


class GiteaOptions(ForgeOptions):
    """Which organisations to read."""

    organizations: tuple[str, ...] = Field(
        default=(), description="Organisations by name; empty: all repositories of the token's own user."
    )
    token: Secret = Field(
        default=SecretRef("env", "GITEA_TOKEN"),
        description="A token with read:repository and read:organization.",
    )
    base_url: str = Field(default="https://gitea.com/api/v1", description="The API.")
    git_url: str = Field(default="", description="Where git reads; empty: as it follows from base_url.")
    page_size: int = Field(default=_PAGE, ge=1, le=_PAGE, description="Repositories asked for at a time.")


def gitea_errors(status: int, body: Any) -> ConnectorError | None:
    """Translate Gitea's own words; a 404 is how it says "not for you"."""
    if status == 404:
        return PermissionDenied("not there, or not for this credential (404)", hint=f"Grant {_RIGHT}.")
    return None


class GiteaConnector(ForgeConnector):
    """Read the repositories of Gitea and Forgejo."""

    info: ClassVar[ConnectorInfo] = ConnectorInfo(
        name="gitea",
        title="Gitea and Forgejo: repositories of organisations",
        kinds=KINDS,
        operations=(
            Operation(method="GET", host="{base_url}", path=_OF_ORG, permission=_ORGS),
            Operation(method="GET", host="{base_url}", path=_OWN, permission="read:user, read:repository"),
            Operation(method="GET", host="{base_url}", path=_BRANCHES, permission=_RIGHT),
            Operation(method="GET", host="{base_url}", path=_BRANCH, permission=_RIGHT),
            Operation(method="GET", host="{base_url}", path=_TREE, permission=_RIGHT),
            Operation(method="GET", host="{base_url}", path=_BLOB, permission=_RIGHT),
            Operation(method="GET", host="{base_url}", path=_COMMITS, permission=_RIGHT),
            *git_operations("/{owner}/{repository}.git", _RIGHT),
        ),
        docs=("https://docs.gitea.com/api", "https://forgejo.org/docs/latest/user/api-usage"),
        config_model=GiteaOptions,
    )
    has_blobs: ClassVar[bool] = True

    def http_settings(self, config: GiteaOptions) -> HttpSettings:
        """Say how the shared client reaches the server."""
        return HttpSettings(
            base_url=config.base_url,
            bearer=config.token,
            hosts={"{git_url}": _git_base(config)},
            page_size=config.page_size,
            error_map=gitea_errors,
        )

    def repositories(self, ctx: Context) -> Iterator[Repository]:
        """List the repositories of all organisations."""
        config: GiteaOptions = ctx.config
        pages = LinkHeader(limit=config.page_size, limit_param="limit")
        listings = [(_OF_ORG, {"organization": one}) for one in dict.fromkeys(config.organizations)]
        for path, words in listings or [(_OWN, {})]:
            for item in ctx.http.paginate(path, words, pages=pages):
                yield _repository(item, _git_base(config), config.host)

    def branches(self, ctx: Context, repository: Repository) -> Iterator[tuple[str, str]]:
        """List the branches of one repository."""
        pages = LinkHeader(limit=_PAGE, limit_param="limit")
        for item in ctx.http.paginate(_BRANCHES, _place(repository), pages=pages):
            yield text(item, "name"), commit_of(item.get("commit"), "id", _BRANCHES)

    def head(self, ctx: Context, repository: Repository) -> str:
        """Return the commit of the branch."""
        data = ctx.http.get(_BRANCH, {**_place(repository), "branch": repository.branch}).data
        return commit_of(data.get("commit") if isinstance(data, dict) else None, "id", _BRANCH)

    def tree(self, ctx: Context, repository: Repository, commit: str) -> list[TreeItem] | None:
        """Return a commit's tree, page by page: the server says of a page alone that it is cut short."""
        pages = PageNumber(items="tree", limit=1_000)
        words = {**_place(repository), "commit": commit}
        found = ctx.http.paginate(_TREE, words, {"recursive": True}, pages=pages)
        return [
            TreeItem(
                path=text(entry, "path"),
                mode=text(entry, "mode"),
                id=text(entry, "sha"),
                size=int(text(entry, "size") or -1),
            )
            for entry in found
            if text(entry, "type") in ("blob", "commit")
        ]

    def blob(self, ctx: Context, repository: Repository, blob: str) -> bytes:
        """Return a blob's bytes."""
        data = ctx.http.get(_BLOB, {**_place(repository), "blob": blob}).data
        return decoded(data, f"GET {_BLOB}")

    def last_changes(self, ctx: Context, repository: Repository, commit: str, path: str) -> list[Touch]:
        """Return the newest commits that changed a file."""
        params: dict[str, Param] = {"sha": commit, "path": path, "limit": MOST_COMMITS}
        params |= {"stat": False, "verification": False, "files": False}
        data = ctx.http.get(_COMMITS, _place(repository), params).data
        found = ((text(item, "sha"), below(item, "commit", "author")) for item in objects(data))
        return [touch_of(sha, author, text(author, "date")) for sha, author in found]


def _repository(item: Item, base: str, host: str) -> Repository:
    name = text(item, "full_name")
    url = git_url(base, f"{name}.git")
    is_private, is_internal = flag(item, "private"), flag(item, "internal")
    return Repository(
        id=immutable_id(item.get("id"), "Gitea repositories"),
        name=name,
        address=address_of(url, host),
        url=url,
        branch="" if flag(item, "empty") else text(item, "default_branch"),
        marks=marks(
            archived=flag(item, "archived"),
            fork=flag(item, "fork"),
            mirror=flag(item, "mirror"),
            template=flag(item, "template"),
        ),
        visibility="private" if is_private else "internal" if is_internal else "public",
        fork_of=parent_address(text(below(item, "parent"), "full_name"), base, host),
    )


def _place(repository: Repository) -> dict[str, str]:
    owner, _, name = repository.name.partition("/")
    return {"owner": owner, "repository": name}


def _git_base(config: GiteaOptions) -> str:
    """Return where git reads: what stands before the API's own path, which may be below a folder."""
    if config.git_url:
        return config.git_url.rstrip("/")
    parts = urlsplit(config.base_url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/api/v1')}"
