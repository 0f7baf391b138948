"""Read the repositories of a Bitbucket Data Center of one's own.

The list of repositories says neither the default branch nor its commit, so each repository costs one request
while the listing is made: its branches, the last modified first, up to the default one. What is new comes by
git: the API has no blobs by id.

**Source:** Atlassian's pages of the REST API of Bitbucket Data Center 8.19 ("Project", "Repository") and
"HTTP access tokens", known in general; only their introduction was looked at anew, on 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field

from connectors.clients.git_history import Touch
from connectors.clients.http import HttpSettings
from connectors.clients.pages import Item, NextToken, Param
from connectors.contract import ConnectorInfo, Context, Operation
from connectors.errors import BadResponse, ConnectorError, NoteAndGoOn, PermissionDenied
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
    placed_by,
    why_not_read,
)
from connectors.options import Secret
from connectors.secrets import SecretRef, remember

_RIGHT = "Repositories: read"
_API = "/rest/api/1.0"
_OF_PROJECT = _API + "/projects/{project}/repos"
_ALL = _API + "/repos"
_BRANCHES = _API + "/projects/{project}/repos/{repository}/branches"
_COMMITS = _API + "/projects/{project}/repos/{repository}/commits"


class BitbucketDataCenterOptions(ForgeOptions):
    """Which projects to read."""

    projects: tuple[str, ...] = Field(
        default=(), description="Projects by key (`~name` for a person's); empty: all that the token reaches."
    )
    token: Secret = Field(
        default=SecretRef("env", "BITBUCKET_DATA_CENTER_TOKEN"),
        description="An HTTP access token of a person, project or repository with the right to read.",
    )
    base_url: str = Field(description="The server's address, with its context path if it has one.")
    git_url: str = Field(default="", description="Where git reads; empty: base_url with /scm behind it.")


def bitbucket_errors(status: int, body: Any) -> ConnectorError | None:
    """Translate the server's own words; a 404 is how it says "not for you"."""
    if status == 404:
        return PermissionDenied("not there, or not for this credential (404)", hint=f"Grant {_RIGHT}.")
    return None


class BitbucketDataCenterConnector(ForgeConnector):
    """Read the repositories of Bitbucket Data Center."""

    info: ClassVar[ConnectorInfo] = ConnectorInfo(
        name="bitbucket_data_center",
        title="Bitbucket Data Center: repositories of projects",
        kinds=KINDS,
        operations=(
            Operation(method="GET", host="{base_url}", path=_OF_PROJECT, permission=_RIGHT),
            Operation(method="GET", host="{base_url}", path=_ALL, permission=_RIGHT),
            Operation(method="GET", host="{base_url}", path=_BRANCHES, permission=_RIGHT),
            Operation(method="GET", host="{base_url}", path=_COMMITS, permission=_RIGHT),
            *git_operations("/{project}/{repository}.git", _RIGHT),
        ),
        docs=(
            "https://developer.atlassian.com/server/bitbucket/rest/v819/intro",
            "https://confluence.atlassian.com/bitbucketserver/http-access-tokens-939515499.html",
        ),
        config_model=BitbucketDataCenterOptions,
    )

    def http_settings(self, config: BitbucketDataCenterOptions) -> HttpSettings:
        """Say how the shared client reaches the server."""
        return HttpSettings(
            base_url=config.base_url,
            bearer=config.token,
            hosts={"{git_url}": _git_base(config)},
            page_size=config.page_size,
            error_map=bitbucket_errors,
        )

    def repositories(self, ctx: Context) -> Iterator[Repository]:
        """List the repositories of all projects, archived ones too, each with its default branch.

        One whose branches are refused leaves the listing incomplete: without its branch it cannot be read.
        """
        config: BitbucketDataCenterOptions = ctx.config
        pages = _pages(config.page_size)
        listings = [(_OF_PROJECT, {"project": one}) for one in dict.fromkeys(config.projects)]
        for path, words in listings or [(_ALL, {})]:
            options = {} if words else {"archived": "ALL"}
            for item in ctx.http.paginate(path, words, options, pages=pages):
                found = _repository(item, _git_base(config), config.host)
                if why_not_read(found, config) is not None:
                    yield found
                    continue
                try:
                    yield self._on_default_branch(ctx, found)
                except NoteAndGoOn as error:
                    ctx.incomplete(f"the branches of {found.name} could not be listed: {error}")

    def branches(self, ctx: Context, repository: Repository) -> Iterator[tuple[str, str]]:
        """List the branches of one repository."""
        for item in self._branches(ctx, repository):
            yield text(item, "displayId"), commit_of(item, "latestCommit", _BRANCHES)

    def last_changes(self, ctx: Context, repository: Repository, commit: str, path: str) -> list[Touch]:
        """Return the newest commits that changed a file."""
        params: dict[str, Param] = {"until": commit, "path": path, "limit": MOST_COMMITS}
        found = []
        for item in objects(ctx.http.get(_COMMITS, _place(repository), params).data, "values"):
            author, at = below(item, "author"), item.get("authorTimestamp")
            named = {**author, "name": text(author, "displayName") or text(author, "name")}
            when = at // 1_000 if isinstance(at, int) else 0
            found.append(touch_of(text(item, "id"), named, when, "emailAddress"))
        return found

    def git_authorization(self, ctx: Context) -> str:
        """Return the header with which git logs in: the token as it is, for no user's name belongs to it."""
        written = f"Bearer {ctx.http.token()}"
        remember(written)
        return written

    def _on_default_branch(self, ctx: Context, repository: Repository) -> Repository:
        """Return the repository on its default branch; without one it holds no commit yet."""
        for item in self._branches(ctx, repository):
            if flag(item, "isDefault"):
                head = commit_of(item, "latestCommit", _BRANCHES)
                return replace(repository, branch=text(item, "displayId"), head=head)
        return repository

    def _branches(self, ctx: Context, repository: Repository) -> Iterator[Item]:
        return ctx.http.paginate(
            _BRANCHES, _place(repository), {"orderBy": "MODIFICATION"}, pages=_pages(100)
        )


def _pages(limit: int) -> NextToken:
    return NextToken(
        items="values",
        limit=limit,
        token_param="start",
        token_field="nextPageStart",
        last_field="isLastPage",
    )


def _place(repository: Repository) -> dict[str, str]:
    project, _, name = repository.key.partition("/")
    return {"project": project, "repository": name}


def _repository(item: Item, base: str, host: str) -> Repository:
    project = item.get("project")
    key = text(project, "key") if isinstance(project, dict) else ""
    slug = text(item, "slug")
    if not key or not slug:
        raise BadResponse("a repository without its project", where=f"GET {_ALL}")
    # Clones are written in lower case; the server itself does not mind.
    name = f"{key}/{slug}".lower()
    url = git_url(base, f"{name}.git")
    is_public = flag(item, "public") or (isinstance(project, dict) and flag(project, "public"))
    return Repository(
        id=immutable_id(item.get("id"), "Bitbucket repositories"),
        name=name,
        address=address_of(url, host),
        url=url,
        branch="",
        key=f"{key}/{slug}",
        marks=marks(
            archived=flag(item, "archived"),
            disabled=text(item, "state") not in ("", "AVAILABLE"),
            fork=isinstance(item.get("origin"), dict),
        ),
        visibility="public" if is_public else "private",
        fork_of=parent_address(_path(below(item, "origin")), base, host),
        fork_by=placed_by(text(below(item, "project"), "type")) if "origin" in item else "",
    )


def _path(origin: Mapping[str, Any]) -> str:
    """Return the path of a fork's parent as clones are written; empty where its project is not said."""
    project, slug = text(below(origin, "project"), "key"), text(origin, "slug")
    return f"{project}/{slug}".lower() if project and slug else ""


def _git_base(config: BitbucketDataCenterOptions) -> str:
    return (config.git_url or f"{config.base_url.rstrip('/')}/scm").rstrip("/")
