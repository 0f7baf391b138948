"""Read the repositories of Bitbucket Cloud workspaces.

The list of repositories does not say the commit of a branch, so each repository costs one request to see
whether it moved. What is new comes by git: the API has no blobs by id.

**Source:** Atlassian's pages "Using API tokens" and "Using access tokens" (stored copies, looked at on
2026-11-22) for who logs in how; Bitbucket Cloud's REST API 2.0 ("Repositories", "Refs") from general
knowledge. Bitbucket does not say which repositories are archived.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from connectors.clients.git_history import Touch
from connectors.clients.http import HttpSettings
from connectors.clients.pages import Item, NextUrl, Param
from connectors.contract import ConnectorInfo, Context, Operation
from connectors.errors import ConnectorError, PermissionDenied
from connectors.forges.answers import below, commit_of, flag, objects, text, touch_of
from connectors.forges.base import KINDS, MOST_COMMITS, ForgeConnector, git_operations
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
from connectors.secrets import Authorization, SecretRef

_RIGHT = "Repositories: read"
_LIST = "/repositories/{workspace}"
_BRANCHES = "/repositories/{workspace}/{repository}/refs/branches"
_BRANCH = "/repositories/{workspace}/{repository}/refs/branches/{branch}"
_COMMITS = "/repositories/{workspace}/{repository}/commits/{commit}"
_RAW = re.compile(r"\s*(?P<name>[^<]*?)\s*<(?P<email>[^<>]*)>\s*")


class BitbucketOptions(ForgeOptions):
    """Which workspaces to read, and who asks: a token alone, or a person's name with a token."""

    workspaces: tuple[str, ...] = Field(min_length=1, description="Workspaces by name.")
    token: Secret = Field(
        default=SecretRef("env", "BITBUCKET_TOKEN"),
        description="An access token of the workspace or a repository; with user, an API token.",
    )
    user: str = Field(default="", description="The address (API) that an API token belongs to.")
    git_user: str = Field(
        default="", description="The name git shows with an API token; empty: x-bitbucket-api-token-auth."
    )
    base_url: str = Field(default="https://api.bitbucket.org/2.0", description="The API.")
    git_url: str = Field(default="https://bitbucket.org", description="Where git reads.")


def bitbucket_errors(status: int, body: Any) -> ConnectorError | None:
    """Translate Bitbucket's own words; a 404 is how it says "not for you"."""
    if status == 404:
        return PermissionDenied("not there, or not for this credential (404)", hint=f"Grant {_RIGHT}.")
    return None


class BitbucketConnector(ForgeConnector):
    """Read Bitbucket's repositories."""

    info: ClassVar[ConnectorInfo] = ConnectorInfo(
        name="bitbucket",
        title="Bitbucket Cloud: repositories of workspaces",
        kinds=KINDS,
        operations=(
            Operation(method="GET", host="{base_url}", path=_LIST, permission=_RIGHT),
            Operation(method="GET", host="{base_url}", path=_BRANCHES, permission=_RIGHT),
            Operation(method="GET", host="{base_url}", path=_BRANCH, permission=_RIGHT),
            Operation(method="GET", host="{base_url}", path=_COMMITS, permission=_RIGHT),
            *git_operations("/{workspace}/{repository}.git", _RIGHT),
        ),
        docs=(
            "https://developer.atlassian.com/cloud/bitbucket/rest/api-group-repositories",
            "https://developer.atlassian.com/cloud/bitbucket/rest/api-group-refs",
        ),
        config_model=BitbucketOptions,
    )

    def http_settings(self, config: BitbucketOptions) -> HttpSettings:
        """Say how the shared client reaches Bitbucket."""
        token = config.token
        return HttpSettings(
            base_url=config.base_url,
            bearer=Authorization(token.place, token.name, config.user) if config.user else token,
            hosts={"{git_url}": config.git_url},
            page_size=config.page_size,
            error_map=bitbucket_errors,
        )

    def repositories(self, ctx: Context) -> Iterator[Repository]:
        """List the repositories of all workspaces."""
        config: BitbucketOptions = ctx.config
        pages = NextUrl(items="values", limit=config.page_size, limit_param="pagelen")
        for workspace in dict.fromkeys(config.workspaces):
            for item in ctx.http.paginate(_LIST, {"workspace": workspace}, pages=pages):
                if text(item, "scm") in ("", "git"):
                    yield _repository(item, config.git_url, config.host)

    def branches(self, ctx: Context, repository: Repository) -> Iterator[tuple[str, str]]:
        """List the branches of one repository."""
        pages = NextUrl(items="values", limit=100, limit_param="pagelen")
        for item in ctx.http.paginate(_BRANCHES, _place(repository), pages=pages):
            yield text(item, "name"), commit_of(item.get("target"), "hash", _BRANCHES)

    def head(self, ctx: Context, repository: Repository) -> str:
        """Return the commit of the branch."""
        data = ctx.http.get(_BRANCH, {**_place(repository), "branch": repository.branch}).data
        return commit_of(data.get("target") if isinstance(data, dict) else None, "hash", _BRANCH)

    def last_changes(self, ctx: Context, repository: Repository, commit: str, path: str) -> list[Touch]:
        """Return the newest commits that changed a file."""
        params: dict[str, Param] = {"path": path, "pagelen": MOST_COMMITS}
        data = ctx.http.get(_COMMITS, {**_place(repository), "commit": commit}, params).data
        found = []
        for item in objects(data, "values"):
            raw = text(below(item, "author"), "raw")
            author = _RAW.fullmatch(raw)
            named = author.groupdict() if author else {"name": raw}
            found.append(touch_of(text(item, "hash"), named, text(item, "date")))
        return found

    def git_user(self, ctx: Context) -> str:
        """Return the name that goes with the kind of token."""
        if not ctx.config.user:
            return "x-token-auth"
        return ctx.config.git_user or "x-bitbucket-api-token-auth"

    def git_token(self, ctx: Context) -> str:
        """Return the token itself; what the API is shown holds a name besides."""
        token: SecretRef = ctx.config.token
        return token.resolve()


def _repository(item: Item, base: str, host: str) -> Repository:
    name = text(item, "full_name")
    url = git_url(base, f"{name}.git")
    branch = item.get("mainbranch")
    uuid = text(item, "uuid").strip("{}")
    return Repository(
        id=immutable_id(uuid, "Bitbucket repositories"),
        name=name,
        address=address_of(url, host),
        url=url,
        branch=text(branch, "name") if isinstance(branch, dict) else "",
        key=uuid,
        marks=marks(fork=isinstance(item.get("parent"), dict)),
        visibility="private" if flag(item, "is_private") else "public",
        fork_of=parent_address(text(below(item, "parent"), "full_name"), base, host),
    )


def _place(repository: Repository) -> dict[str, str]:
    workspace, _, name = repository.name.partition("/")
    return {"workspace": workspace, "repository": name}
