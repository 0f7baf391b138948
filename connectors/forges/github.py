"""Read the repositories of GitHub organisations and users, on github.com or a GitHub Enterprise server.

One GraphQL query names a hundred repositories with their heads, so a repository in which nothing moved costs
no request of its own. One that moved is listed by one request and gives the blobs that are new; one that is
new comes by git. Large files under Git LFS stay where they are.

Conditional requests (ETags) would save nothing here: GraphQL has none, and trees and blobs are asked for by
ids that never mean anything else.

**Source:** GitHub's page "Best practices for using the REST API" (stored copy, looked at on 2026-11-22) for
its limits; paths and fields from its API description and GraphQL schema, from general knowledge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from pydantic import Field

from connectors.clients.git_history import Touch
from connectors.clients.http import HttpSettings
from connectors.clients.pages import Item, LinkHeader, NextToken, Param
from connectors.contract import ConnectorInfo, Context, Operation
from connectors.errors import (
    BadResponse,
    ConfigError,
    ConnectorError,
    NotOffered,
    PermissionDenied,
    RateLimited,
)
from connectors.forges.answers import below, commit_of, decoded, flag, objects, text, touch_of
from connectors.forges.base import KINDS, MOST_COMMITS, ForgeConnector, TreeItem, git_operations
from connectors.forges.github_login import APP, INSTALLATION, TOKENS, AppLogin, AppProof, GitHubApp
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

_METADATA = "Metadata: read (classic token: repo, or public_repo)"
_CONTENTS = "Contents: read (classic token: repo, or public_repo)"
_GRAPHQL = "/graphql"
_BRANCHES = "/repos/{owner}/{repository}/branches"
_TREE = "/repos/{owner}/{repository}/git/trees/{commit}"
_BLOB = "/repos/{owner}/{repository}/git/blobs/{blob}"
_COMMITS = "/repos/{owner}/{repository}/commits"
_FIELDS = """
nodes {
  id nameWithOwner isArchived isDisabled isEmpty isFork isLocked isMirror isTemplate visibility
  parent { nameWithOwner } owner { __typename }
  defaultBranchRef { name target { oid } }
}
pageInfo { hasNextPage endCursor }
"""
_OF_OWNER = f"""query($owner: String!, $first: Int!, $after: String) {{
  repositoryOwner(login: $owner) {{
    repositories(first: $first, after: $after, ownerAffiliations: [OWNER]) {{ {_FIELDS} }}
  }}
}}"""
_OF_VIEWER = f"""query($first: Int!, $after: String) {{
  viewer {{
    repositories(
      first: $first, after: $after,
      affiliations: [OWNER, COLLABORATOR, ORGANIZATION_MEMBER],
      ownerAffiliations: [OWNER, COLLABORATOR, ORGANIZATION_MEMBER]
    ) {{ {_FIELDS} }}
  }}
}}"""


class GitHubOptions(ForgeOptions):
    """Which organisations or users to read, and who asks: a token or an app."""

    organizations: tuple[str, ...] = Field(
        default=(), description="Organisations or users by name; empty: all that the token reaches."
    )
    token: Secret = Field(
        default=SecretRef("env", "GITHUB_TOKEN"), description="A token that may read; not used with an app."
    )
    app: GitHubApp | None = Field(
        default=None, description="Log in as a GitHub App: its id, private_key and installation."
    )
    base_url: str = Field(
        default="https://api.github.com", description="The API; of a server: https://HOST/api/v3."
    )
    git_url: str = Field(default="", description="Where git reads; empty: as it follows from base_url.")


def github_errors(status: int, body: Any) -> ConnectorError | None:
    """Translate GitHub's own words; a 404 is how it says "not for you"."""
    said = _message(body)
    if status in (403, 429) and "rate limit" in said.lower():
        return RateLimited(f"too many requests ({status}): {said[:100]!r}")
    if status == 404:
        return PermissionDenied("not there, or not for this credential (404)", hint=f"Grant {_CONTENTS}.")
    if status == 451:
        return NotOffered("GitHub has taken this repository down (451)")
    if status == 200 and isinstance(body, dict):
        return _graphql_error(body.get("errors"))
    return None


def _graphql_error(errors: Any) -> ConnectorError | None:
    first = errors[0] if isinstance(errors, list) and errors else None
    kind = first.get("type") if isinstance(first, dict) else None
    if kind in ("RATE_LIMITED", "RATE_LIMIT"):
        return RateLimited("too many GraphQL queries")
    if kind in ("FORBIDDEN", "INSUFFICIENT_SCOPES", "NOT_FOUND"):
        return PermissionDenied(f"GitHub refuses the query ({kind})", hint=f"Grant {_METADATA}.")
    return None


def _message(body: Any) -> str:
    said = body.get("message") if isinstance(body, dict) else None
    return said if isinstance(said, str) else ""


class GitHubConnector(ForgeConnector):
    """Read GitHub's repositories."""

    info: ClassVar[ConnectorInfo] = ConnectorInfo(
        name="github",
        title="GitHub: repositories of organisations",
        kinds=KINDS,
        operations=(
            Operation(
                method="POST", host="{graphql_url}", path=_GRAPHQL, permission=_METADATA, is_query=True
            ),
            Operation(method="GET", host="{base_url}", path=_BRANCHES, permission=_CONTENTS),
            Operation(method="GET", host="{base_url}", path=_TREE, permission=_CONTENTS),
            Operation(method="GET", host="{base_url}", path=_BLOB, permission=_CONTENTS),
            Operation(method="GET", host="{base_url}", path=_COMMITS, permission=_CONTENTS),
            INSTALLATION,
            TOKENS,
            *git_operations("/{owner}/{repository}.git", _CONTENTS),
        ),
        docs=(
            "https://docs.github.com/graphql/reference/objects#repository",
            "https://docs.github.com/rest/git/trees",
            "https://docs.github.com/rest/git/blobs",
            "https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app",
        ),
        config_model=GitHubOptions,
    )
    has_blobs: ClassVar[bool] = True

    def http_settings(self, config: GitHubOptions) -> HttpSettings:
        """Say how the shared client reaches GitHub."""
        app = config.app
        return HttpSettings(
            base_url=config.base_url,
            bearer=None if app else config.token,
            login=AppLogin(app.installation) if app else None,
            credentials={APP: AppProof(app.private_key.place, app.private_key.name, app.id)} if app else {},
            headers={
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
                "X-Github-Next-Global-ID": "1",  # one form of ids, whatever the repository's age
            },
            hosts={"{graphql_url}": _graphql_base(config.base_url), "{git_url}": _git_base(config)},
            page_size=config.page_size,
            error_map=github_errors,
        )

    def repositories(self, ctx: Context) -> Iterator[Repository]:
        """List repositories with their heads, a hundred to a query."""
        config: GitHubOptions = ctx.config
        owners = config.organizations or self._owners(ctx)
        for owner in dict.fromkeys(owners):
            yield from self._listed(ctx, "repositoryOwner", _OF_OWNER, {"owner": owner})
        if not owners:
            yield from self._listed(ctx, "viewer", _OF_VIEWER, {})

    def branches(self, ctx: Context, repository: Repository) -> Iterator[tuple[str, str]]:
        """List the branches of one repository."""
        pages = LinkHeader(limit=100)
        for item in ctx.http.paginate(_BRANCHES, _place(repository), pages=pages):
            yield text(item, "name"), commit_of(item.get("commit"), "sha", _BRANCHES)

    def tree(self, ctx: Context, repository: Repository, commit: str) -> list[TreeItem] | None:
        """Return a commit's tree; ``None`` when GitHub cuts it short (100,000 entries or 7 MB)."""
        words = {**_place(repository), "commit": commit}
        data = ctx.http.get(_TREE, words, {"recursive": 1}).data
        entries = data.get("tree") if isinstance(data, dict) else None
        if not isinstance(entries, list) or data.get("truncated"):
            return None
        return [_tree_item(entry) for entry in entries if _is_file(entry)]

    def blob(self, ctx: Context, repository: Repository, blob: str) -> bytes:
        """Return a blob's bytes."""
        data = ctx.http.get(_BLOB, {**_place(repository), "blob": blob}).data
        return decoded(data, f"GET {_BLOB}")

    def last_changes(self, ctx: Context, repository: Repository, commit: str, path: str) -> list[Touch]:
        """Return the newest commits that changed a file."""
        params: dict[str, Param] = {"sha": commit, "path": path, "per_page": MOST_COMMITS}
        data = ctx.http.get(_COMMITS, _place(repository), params).data
        return [_touch(item) for item in objects(data)]

    def _listed(
        self, ctx: Context, place: str, document: str, variables: Mapping[str, str]
    ) -> Iterator[Repository]:
        below = f"data.{place}.repositories"
        pages = NextToken(
            items=f"{below}.nodes",
            limit=ctx.config.page_size,
            limit_param="first",
            token_param="after",
            token_field=f"{below}.pageInfo.endCursor",
            more_field=f"{below}.pageInfo.hasNextPage",
        )
        base = _git_base(ctx.config)
        for item in ctx.http.paginate_graphql(_GRAPHQL, document, variables, pages=pages):
            yield _repository(item, base, ctx.config.host)

    def _owners(self, ctx: Context) -> tuple[str, ...]:
        """Return the account in which an app is installed; a token is asked what it reaches itself."""
        app = ctx.config.app
        if app is None:
            return ()
        words = {"installation": app.installation}
        data = ctx.http.get(INSTALLATION.path, words, credential=APP).data
        account = data.get("account") if isinstance(data, dict) else None
        login = account.get("login") if isinstance(account, dict) else None
        if not isinstance(login, str) or not login:
            raise BadResponse("the installation names no account", where=f"GET {INSTALLATION.path}")
        return (login,)


def _repository(item: Item, base: str, host: str) -> Repository:
    name = text(item, "nameWithOwner")
    url = git_url(base, f"{name}.git")
    ref = item.get("defaultBranchRef")
    branch, target = (text(ref, "name"), ref.get("target")) if isinstance(ref, dict) else ("", None)
    return Repository(
        id=immutable_id(item.get("id"), "GraphQL repositories"),
        name=name,
        address=address_of(url, host),
        url=url,
        branch=branch,
        head=text(target, "oid") if isinstance(target, dict) else "",
        marks=marks(
            archived=flag(item, "isArchived"),
            disabled=flag(item, "isDisabled"),
            fork=flag(item, "isFork"),
            locked=flag(item, "isLocked"),
            mirror=flag(item, "isMirror"),
            template=flag(item, "isTemplate"),
        ),
        visibility=text(item, "visibility").lower(),
        fork_of=parent_address(text(below(item, "parent"), "nameWithOwner"), base, host),
        fork_by=placed_by(text(below(item, "owner"), "__typename")) if flag(item, "isFork") else "",
    )


def _place(repository: Repository) -> dict[str, str]:
    owner, _, name = repository.name.partition("/")
    return {"owner": owner, "repository": name}


def _is_file(entry: Any) -> bool:
    return isinstance(entry, dict) and entry.get("type") in ("blob", "commit")


def _tree_item(entry: Mapping[str, Any]) -> TreeItem:
    size = entry.get("size")
    return TreeItem(
        path=text(entry, "path"),
        mode=text(entry, "mode"),
        id=text(entry, "sha"),
        size=size if isinstance(size, int) else -1,
    )


def _touch(item: Mapping[str, Any]) -> Touch:
    author = below(item, "commit", "author")
    login = text(below(item, "author"), "login")
    if re.fullmatch(r"[\w-]+", login):  # as a commit made on GitHub itself names its author
        author = {**author, "email": f"{login}@users.noreply.github.com"}
    return touch_of(text(item, "sha"), author, text(author, "date"))


def _graphql_base(base_url: str) -> str:
    """Return what ``/graphql`` is appended to: a server keeps it beside ``/api/v3``."""
    return base_url.rstrip("/").removesuffix("/v3")


def _git_base(config: GitHubOptions) -> str:
    """Return where git reads: the host of the API, without what stands there for the API alone."""
    if config.git_url:
        return config.git_url.rstrip("/")
    parts = urlsplit(config.base_url)
    if not parts.hostname:
        raise ConfigError("base_url must be a URL", hint="Write it like https://api.github.com.")
    return f"{parts.scheme}://{parts.netloc.removeprefix('api.')}"
