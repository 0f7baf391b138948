"""Read the repositories of Azure DevOps organisations, project by project.

The list of repositories does not say the commit of a branch, so each repository costs one request to see
whether it moved. What is new comes by git, as whole commits where Azure DevOps cannot do less.

**Source:** Microsoft's page "Refs - List" (stored copy of version 7.0, looked at on 2026-11-22); "Projects -
List" and "Repositories - List" from general knowledge.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from connectors.clients.git_history import Touch
from connectors.clients.http import HttpSettings
from connectors.clients.pages import Item, OnePage, Param, TokenHeader
from connectors.contract import ConnectorInfo, Context, Operation
from connectors.errors import BadResponse, ConnectorError, PermissionDenied
from connectors.forges.answers import below, flag, objects, text, touch_of
from connectors.forges.base import KINDS, MOST_COMMITS, ForgeConnector, git_operations
from connectors.forges.options import ForgeOptions
from connectors.forges.repositories import Repository, address_of, git_url, immutable_id, marks
from connectors.options import Secret
from connectors.secrets import Authorization, SecretRef

_RIGHT = "Code: read (vso.code)"
_PROJECTS = "/{organization}/_apis/projects"
_REPOSITORIES = "/{organization}/{project}/_apis/git/repositories"
_REFS = "/{organization}/{project}/_apis/git/repositories/{repository}/refs"
_COMMITS = "/{organization}/{project}/_apis/git/repositories/{repository}/commits"
_VERSION: dict[str, Param] = {"api-version": "7.1"}
_HEADS = "refs/heads/"


class AzureDevOpsOptions(ForgeOptions):
    """Which organisations and projects to read."""

    organizations: tuple[str, ...] = Field(min_length=1, description="Organisations by name.")
    projects: tuple[str, ...] = Field(default=(), description="Only these projects, by name; empty: all.")
    token: Secret = Field(
        default=SecretRef("env", "AZURE_DEVOPS_TOKEN"), description="A personal access token, Code: read."
    )
    base_url: str = Field(default="https://dev.azure.com", description="The API.")
    git_url: str = Field(default="", description="Where git reads; empty: base_url.")


def azure_errors(status: int, body: Any) -> ConnectorError | None:
    """Translate the service's own words; a 404 is how it says "not for you"."""
    if status == 404:
        return PermissionDenied("not there, or not for this credential (404)", hint=f"Grant {_RIGHT}.")
    return None


class AzureDevOpsConnector(ForgeConnector):
    """Read the repositories of Azure DevOps."""

    info: ClassVar[ConnectorInfo] = ConnectorInfo(
        name="azure_devops",
        title="Azure DevOps: repositories of organisations",
        kinds=KINDS,
        operations=(
            Operation(method="GET", host="{base_url}", path=_PROJECTS, permission="Project and team: read"),
            Operation(method="GET", host="{base_url}", path=_REPOSITORIES, permission=_RIGHT),
            Operation(method="GET", host="{base_url}", path=_REFS, permission=_RIGHT),
            Operation(method="GET", host="{base_url}", path=_COMMITS, permission=_RIGHT),
            *git_operations("/{organization}/{project}/_git/{repository}", _RIGHT),
        ),
        docs=(
            "https://learn.microsoft.com/rest/api/azure/devops/core/projects/list",
            "https://learn.microsoft.com/rest/api/azure/devops/git/repositories/list",
            "https://learn.microsoft.com/rest/api/azure/devops/git/refs/list",
        ),
        config_model=AzureDevOpsOptions,
    )

    def http_settings(self, config: AzureDevOpsOptions) -> HttpSettings:
        """Say how the shared client reaches Azure DevOps."""
        return HttpSettings(
            base_url=config.base_url,
            bearer=Authorization(config.token.place, config.token.name),
            hosts={"{git_url}": config.git_url or config.base_url},
            page_size=config.page_size,
            error_map=azure_errors,
        )

    def repositories(self, ctx: Context) -> Iterator[Repository]:
        """List the repositories of all projects."""
        config: AzureDevOpsOptions = ctx.config
        pages = TokenHeader(items="value", limit=config.page_size)
        for organization in dict.fromkeys(config.organizations):
            words = {"organization": organization}
            for project in ctx.http.paginate(_PROJECTS, words, _VERSION, pages=pages):
                if not config.projects or text(project, "name") in config.projects:
                    yield from self._of_project(ctx, organization, project)

    def branches(self, ctx: Context, repository: Repository) -> Iterator[tuple[str, str]]:
        """List the branches of one repository."""
        return self._heads(ctx, repository, "heads/")

    def head(self, ctx: Context, repository: Repository) -> str:
        """Return the commit of the branch: the filter asks for all names that begin so."""
        for name, commit in self._heads(ctx, repository, f"heads/{repository.branch}"):
            if name == repository.branch:
                return commit
        raise BadResponse(f"the branch {repository.branch!r} is not listed", where=_REFS)

    def last_changes(self, ctx: Context, repository: Repository, commit: str, path: str) -> list[Touch]:
        """Return the newest commits that changed a file."""
        params: dict[str, Param] = {
            **_VERSION,
            "searchCriteria.itemPath": f"/{path}",
            "searchCriteria.itemVersion.version": commit,
            "searchCriteria.itemVersion.versionType": "commit",
            "searchCriteria.$top": MOST_COMMITS,
        }
        data = ctx.http.get(_COMMITS, _place(repository), params).data
        found = ((text(item, "commitId"), below(item, "author")) for item in objects(data, "value"))
        return [touch_of(commit, author, text(author, "date")) for commit, author in found]

    def git_user(self, ctx: Context) -> str:
        """Return the name that goes with a personal access token: any will do."""
        return "aicensus"

    def git_token(self, ctx: Context) -> str:
        """Return the token itself."""
        token: SecretRef = ctx.config.token
        return token.resolve()

    def _of_project(self, ctx: Context, organization: str, project: Item) -> Iterator[Repository]:
        place = {"organization": organization, "project": text(project, "id")}
        for item in ctx.http.paginate(_REPOSITORIES, place, _VERSION, pages=OnePage(items="value")):
            yield _repository(item, organization, project, ctx.config)

    def _heads(self, ctx: Context, repository: Repository, prefix: str) -> Iterator[tuple[str, str]]:
        words = _place(repository)
        params: dict[str, Param] = {**_VERSION, "filter": prefix}
        pages = TokenHeader(items="value", limit=1_000)
        for item in ctx.http.paginate(_REFS, words, params, pages=pages):
            yield text(item, "name").removeprefix(_HEADS), text(item, "objectId")


def _place(repository: Repository) -> dict[str, str]:
    organization, project, key = repository.key.split("/")
    return {"organization": organization, "project": project, "repository": key}


def _repository(item: Item, organization: str, project: Item, config: AzureDevOpsOptions) -> Repository:
    named = f"{organization}/{text(project, 'name')}"
    url = git_url(config.git_url or config.base_url, f"{named}/_git/{text(item, 'name')}")
    own = immutable_id(item.get("id"), "Azure DevOps repositories")
    return Repository(
        id=own,
        name=f"{named}/{text(item, 'name')}",
        address=address_of(url, config.host),
        url=url,
        branch=text(item, "defaultBranch").removeprefix(_HEADS),
        key=f"{organization}/{immutable_id(project.get('id'), 'Azure DevOps projects')}/{own}",
        marks=marks(disabled=flag(item, "isDisabled"), fork=flag(item, "isFork")),
        visibility=text(project, "visibility"),
    )
