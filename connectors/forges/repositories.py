"""What a host's listing says of a repository, and whether it is to be read."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from urllib.parse import quote, urlsplit

from connectors.clients.git_folder import normalise_url
from connectors.clients.network import LOOPBACK
from connectors.code.targets import Target
from connectors.errors import BadResponse, ConfigError, NoteAndGoOn, NotEnabled, NotOptedIn
from connectors.forges.options import ForgeOptions
from connectors.model import Ref, Scope

_ID = re.compile(r"[\w.=+:-]{1,200}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """One repository of a host, or a further branch of one.

    ``id`` is the host's own and never changes, ``name`` is ``owner/name`` as people write it. ``address`` is
    ``host/path``, as a clone's remote is normalised; ``url`` is what git reads, always on the configured
    host. ``branch`` is empty while there is no commit; ``head``
    is the branch's commit, empty when the listing does not say it. ``key`` is how the host's API addresses
    the repository. ``marks`` are those of ``archived``, ``disabled``, ``fork``, ``locked``, ``mirror``,
    ``template`` that hold, sorted. ``fork_of`` is the address of what a fork was made from and ``fork_by``
    says in whose place it lies, ``person`` or ``organisation``, each as far as the listing says it.
    """

    id: str
    name: str
    address: str
    url: str
    branch: str
    head: str = ""
    key: str = ""
    marks: tuple[str, ...] = ()
    visibility: str = ""
    is_default: bool = True
    fork_of: str = ""
    fork_by: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        """Return what tells its scope from others."""
        return (self.id,) if self.is_default else (self.id, f"refs/heads/{self.branch}")

    @property
    def label(self) -> str:
        """Return the name for people."""
        return self.name if self.is_default else f"{self.name}@{self.branch}"

    @property
    def repository(self) -> str:
        """Return the immutable id: the host and the host's own id."""
        return f"{self.address.partition('/')[0]}/{self.id}"

    @property
    def ref(self) -> Ref:
        """Return the branch; only the default one may open, close and age assets."""
        return Ref(name=self.branch, commit=self.head, drives=self.is_default)

    def target(self) -> Target:
        """Return the repository with the id its findings carry; its address is the alias.

        A clone on somebody's disk knows only the address: by the alias both show the same assets.
        """
        return Target(
            written=self.url,
            folder=None,
            repository=self.repository,
            aliases=(self.address,),
        )

    def on_branch(self, name: str, head: str) -> Repository:
        """Return the same repository on a further branch."""
        return replace(self, branch=name, head=head, is_default=False)

    def listed(self) -> dict[str, str]:
        """Return what the scan must know of the listing, to travel with the scope."""
        return {
            "name": self.name,
            "address": self.address,
            "url": self.url,
            "key": self.key,
            "marks": " ".join(self.marks),
            "visibility": self.visibility,
            "fork_of": self.fork_of,
            "fork_by": self.fork_by,
        }

    @classmethod
    def of(cls, scope: Scope) -> Repository:
        """Return the repository of a scope."""
        listed, ref = scope.listed, scope.ref or Ref(name="")
        return cls(
            id=scope.ids[0],
            name=listed["name"],
            address=listed["address"],
            url=listed["url"],
            branch=ref.name,
            head=ref.commit,
            key=listed["key"],
            marks=tuple(listed["marks"].split()),
            visibility=listed["visibility"],
            is_default=ref.drives,
            fork_of=listed["fork_of"],
            fork_by=listed["fork_by"],
        )


def marks(**claims: bool) -> tuple[str, ...]:
    """Return the names of the claims that hold, sorted."""
    return tuple(sorted(name for name, holds in claims.items() if holds))


def immutable_id(value: object, where: str) -> str:
    """Return a host's id of a repository as a text; raises ``BadResponse`` when it is none."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not _ID.fullmatch(text):
        raise BadResponse("a repository without an id", where=where)
    return text


def git_url(base: str, path: str) -> str:
    """Return where git reads a repository: always below the configured address, whatever the API says.

    Raises ``BadResponse`` for a path that would lead elsewhere.
    """
    pieces = path.split("/")
    if not path.isprintable() or any(piece in ("", ".", "..") for piece in pieces):
        raise BadResponse(f"not the path of a repository: {path[:100]!r}")
    return f"{base.rstrip('/')}/{'/'.join(quote(piece, safe='@~+') for piece in pieces)}"


def address_of(url: str, host: str) -> str:
    """Return ``host/path`` of a repository's address; ``host`` stands for the one in it, unless empty."""
    address = normalise_url(url)
    if not host:
        return address
    return normalise_url(f"https://{host}/{address.partition('/')[2]}")


def parent_address(path: str, base: str, host: str) -> str:
    """Return the address of a fork's parent on the same host; empty where its path is none."""
    try:
        return address_of(git_url(base, f"{path}.git"), host) if path else ""
    except BadResponse:
        return ""


def placed_by(kind: str) -> str:
    """Return who has the place of a fork, from a host's own word for its kind; empty: it is not known."""
    return _PLACES.get(kind.lower(), "")


_PLACES = {
    "user": "person",
    "personal": "person",
    "organization": "organisation",
    "group": "organisation",
    "normal": "organisation",
}
"""GitHub's ``__typename`` of an owner, GitLab's ``namespace.kind``, Bitbucket Data Center's project type."""


def protocols_for(base: str) -> tuple[str, ...]:
    """Return the transports for git: https, or http on this very machine (tests, tunnels).

    Raises ``ConfigError`` for any other address: a credential goes with the requests.
    """
    parts = urlsplit(base)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return (parts.scheme,)
    raise ConfigError(
        f"repositories are read over https, not {parts.scheme or 'an address without scheme'}",
        hint="A credential must not travel in the clear.",
    )


def why_not_read(repository: Repository, options: ForgeOptions) -> NoteAndGoOn | None:
    """Return the reason for leaving a repository out, ``None`` when it is to be read."""
    name = repository.name
    if "disabled" in repository.marks:
        return NotEnabled("the host has disabled this repository")
    if options.repositories and not _matches(name, options.repositories):
        return NotOptedIn("not among the names of the option repositories")
    if _matches(name, options.exclude_repositories):
        return NotOptedIn("left out by the option exclude_repositories")
    if repository.visibility and repository.visibility not in options.visibility:
        return NotOptedIn(f"{repository.visibility}: left out by the option visibility")
    if "fork" in repository.marks and not options.forks:
        return NotOptedIn("a fork", hint="Set forks = true to read forks.")
    if "archived" in repository.marks and not options.archived:
        return NotOptedIn("archived", hint="Set archived = true to read archived repositories.")
    return None


def is_wanted_branch(repository: Repository, branch: str, options: ForgeOptions) -> bool:
    """Say whether a further branch is to be read."""
    return branch != repository.branch and any(fnmatchcase(branch, glob) for glob in options.branches)


def _matches(name: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name.lower(), glob.lower()) for glob in globs)
