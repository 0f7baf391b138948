"""Say where a registry is, and read what it says of itself in an error."""

from __future__ import annotations

from fnmatch import fnmatchcase
from urllib.parse import urlsplit

import orjson

from connectors.clients.guard import origin
from connectors.errors import ConfigError
from connectors.images.knowledge import Registry, load_knowledge
from connectors.images.options import ImagesOptions
from connectors.secrets import redact

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def registry_row(host: str) -> Registry:
    """Return what is known of a registry; of an unknown one only its host."""
    rows = load_knowledge().registry
    return next((row for row in rows if fnmatchcase(host, row.host)), Registry(host=host))


def base_url(host: str, row: Registry, options: ImagesOptions) -> str:
    """Return where a registry answers; raises ``ConfigError`` for what is no registry."""
    name = urlsplit(f"//{host}").hostname or ""
    if not name:
        raise ConfigError(f"not a registry: {host!r}")
    if host in options.mirrors:
        return _checked_url(options.mirrors[host])
    scheme = "http" if host in options.plain_http or name in LOOPBACK else "https"
    return f"{scheme}://{row.api or host}"


def _checked_url(url: str) -> str:
    """Return a mirror's URL; raises ``ConfigError`` unless it is only scheme, host and port."""
    parts = urlsplit(url)
    is_bare = not (parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc)
    if parts.scheme not in ("http", "https") or not parts.hostname or not is_bare:
        raise ConfigError(
            "mirrors must name URLs of a scheme and a host",
            hint="Write them like https://mirror.example.org, without a path.",
        )
    return origin(url)


def pull_scope(repository: str) -> str:
    """Return what a token is asked for: to pull from one repository."""
    return f"repository:{repository}:pull"


def host_of(url: str) -> str:
    """Return host and port of a URL; empty when it is none."""
    try:
        return origin(url).partition("://")[2]
    except ValueError:
        return ""


def registry_error(body: bytes) -> tuple[str, str]:
    """Return the registry's own code and words, redacted and short."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", ""
    errors = content.get("errors") if isinstance(content, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code, message = first.get("code"), first.get("message")
    said = f": {redact(message)[:200]!r}" if isinstance(message, str) and message else ""
    return (code if isinstance(code, str) else ""), said
