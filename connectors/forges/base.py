"""The connector that all hosts of repositories are: list, leave out what has not moved, read the rest.

A host adds how it lists repositories and names heads, and, where it has one, an API for trees and blobs.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from connectors.clients.git_history import Touch
from connectors.code.connector import CodeConnector
from connectors.code.scanning import FILES, code_parts, formats_of
from connectors.contract import ConnectorInfo, Context, Operation
from connectors.errors import BadResponse, NoteAndGoOn
from connectors.forges.options import ForgeOptions
from connectors.forges.repositories import Repository, is_wanted_branch, why_not_read
from connectors.model import Finding, Part, Scope, Unchanged
from connectors.secrets import remember

MOST_COMMITS = 10
"""Commits of one file that a host is asked for: enough to find the few people behind bots."""
_LEFT_OUT = (Part(name=FILES, kinds=()),)


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeItem:
    """One entry of a tree as git writes it; ``size`` in bytes is -1 when the host does not say it."""

    path: str
    mode: str
    id: str
    size: int = -1


class ForgeConnector:
    """Read the repositories of one host; derive from it and fill in what differs."""

    info: ClassVar[ConnectorInfo]
    has_blobs: ClassVar[bool] = False
    """Whether the host's API gives single blobs (:meth:`blob`)."""

    def repositories(self, ctx: Context) -> Iterator[Repository]:
        """List every repository that the configuration and the credential reach."""
        raise NotImplementedError

    def branches(self, ctx: Context, repository: Repository) -> Iterator[tuple[str, str]]:
        """List the names of all branches with their commits."""
        raise NotImplementedError

    def head(self, ctx: Context, repository: Repository) -> str:
        """Return the commit of the repository's branch, for hosts whose listing does not say it."""
        raise BadResponse(f"the host did not say the head of {repository.name}")

    def tree(self, ctx: Context, repository: Repository, commit: str) -> list[TreeItem] | None:
        """Return a commit's whole tree by the host's API; ``None`` when git is the better way."""
        return None

    def blob(self, ctx: Context, repository: Repository, blob: str) -> bytes:
        """Return a blob's bytes by the host's API."""
        raise NotImplementedError

    def last_changes(self, ctx: Context, repository: Repository, commit: str, path: str) -> list[Touch]:
        """Return the newest commits, seen from ``commit``, that changed a file, newest first."""
        return []

    def git_user(self, ctx: Context) -> str:
        """Return the user name that git shows beside the token."""
        return "x-access-token"

    def git_authorization(self, ctx: Context) -> str:
        """Return the header with which git logs in."""
        pair = base64.b64encode(f"{self.git_user(ctx)}:{self.git_token(ctx)}".encode()).decode()
        remember(pair)
        return f"Basic {pair}"

    def git_token(self, ctx: Context) -> str:
        """Return what git shows as the password."""
        return ctx.http.token()

    def scopes(self, ctx: Context) -> Iterable[Scope]:
        """List one scope for each repository, and one for each further branch that is wanted.

        A repository that is left out has a scope whose only part says why.
        """
        options: ForgeOptions = ctx.config
        parts = code_parts(formats_of(options))
        for repository in self.repositories(ctx):
            reason = why_not_read(repository, options)
            yield self._scope(ctx, repository, _LEFT_OUT if reason else parts)
            if options.branches and reason is None and repository.branch:
                for one in self._further(ctx, repository, options):
                    yield self._scope(ctx, one, parts)

    def scan(self, ctx: Context) -> Iterator[Finding | Unchanged]:
        """Read one repository, unless nothing has moved since it was read."""
        from connectors.forges.reading import read

        repository = Repository.of(ctx.scope)
        reason = why_not_read(repository, ctx.config)
        if reason is None:
            yield from read(self, ctx, repository)
            return
        with ctx.part(FILES):
            raise reason

    def _further(self, ctx: Context, repository: Repository, options: ForgeOptions) -> Iterator[Repository]:
        try:
            for name, head in self.branches(ctx, repository):
                if is_wanted_branch(repository, name, options):
                    yield repository.on_branch(name, head)
        except NoteAndGoOn as error:
            ctx.incomplete(f"the branches of {repository.name} could not be listed: {error}")

    def _scope(self, ctx: Context, repository: Repository, parts: tuple[Part, ...]) -> Scope:
        return Scope(
            connector=self.info.name,
            instance=ctx.instance,
            ids=repository.ids,
            parts=parts,
            label=repository.label,
            # Only the configured name of the host is believed, not where its API says that it is.
            locator=f"https://{repository.address}" if ctx.config.host else repository.url,
            account=repository.repository,
            ref=repository.ref,
            listed=repository.listed(),
        )


KINDS = CodeConnector.info.kinds
"""A repository shows what code shows, wherever it is read."""


def git_operations(path: str, permission: str) -> tuple[Operation, ...]:
    """Return the two requests of git's protocol for repositories at ``path``."""
    return (
        Operation(method="GET", host="{git_url}", path=f"{path}/info/refs", permission=permission),
        Operation(
            method="POST",
            host="{git_url}",
            path=f"{path}/git-upload-pack",
            permission=permission,
            is_query=True,
        ),
    )
