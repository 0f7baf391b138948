"""Read the name of an image: registry, repository, tag or digest, spelled out as clients do.

**Source:** the grammar of distribution/reference (distribution/distribution, ``reference/regexp.go``) and of
the OCI distribution specification 1.1, general knowledge of both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from connectors.errors import ConfigError
from connectors.images.streams import is_digest
from connectors.secrets import redact

DEFAULT_HOST = "docker.io"
_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:]{2,45}\])(?::[0-9]{1,5})?"
)
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-{1,10})[a-z0-9]+){0,40}"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART}){{0,20}}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_GLOB = re.compile(r"[a-z0-9._/*?-]{1,255}")
_TAG_GLOB = re.compile(r"[A-Za-z0-9._*?-]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An image in a registry; repository and tag may hold ``*`` and ``?`` where a listing is asked for."""

    host: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """Return registry and repository."""
        return f"{self.host}/{self.repository}"

    @property
    def version(self) -> str:
        """Return what is asked of the registry: the digest where there is one, else the tag."""
        return self.digest or self.tag

    @property
    def is_listing(self) -> bool:
        """Say whether the registry must be asked which images are meant."""
        return any(char in self.repository + self.tag for char in "*?")

    def __str__(self) -> str:
        return self.name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def parse_reference(text: str) -> Reference:
    """Return what an image's name says; raises ``ConfigError`` for what is none.

    As with other clients a name without a registry is one of Docker Hub, one without a tag means ``latest``.
    """
    rest, _, digest = text.strip().removeprefix("docker://").partition("@")
    host, rest = _split_host(rest)
    repository, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        repository, tag = rest, ""
    if host == DEFAULT_HOST and "/" not in repository and repository:
        repository = f"library/{repository}"
    if not tag and not digest:
        tag = "latest"
    has_globs = any(char in repository + tag for char in "*?")
    is_good = (
        _HOST.fullmatch(host) is not None
        and len(repository) <= 255
        and (_GLOB if has_globs else _REPOSITORY).fullmatch(repository) is not None
        and (not tag or (_TAG_GLOB if has_globs else _TAG).fullmatch(tag) is not None)
        and (not digest or (is_digest(digest) and not has_globs))
    )
    if not is_good:
        raise ConfigError(
            f"not the name of an image: {redact(text)[:200]!r}",
            hint="Write it like registry.example.org/team/app:tag, or name an archive or a layout folder.",
        )
    return Reference(host=host, repository=repository, tag=tag, digest=digest)


def has_registry(text: str) -> bool:
    """Say whether an image's name says its registry itself."""
    first, slash, _ = text.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")


def _split_host(text: str) -> tuple[str, str]:
    if has_registry(text):
        first, _, rest = text.partition("/")
        host = first.lower()
        return (DEFAULT_HOST if host in ("index.docker.io", "registry-1.docker.io") else host), rest
    return DEFAULT_HOST, text
