"""Let nothing out but what a connector declares.

A connector's ``ConnectorInfo.operations`` is the whole of what its client may send: the method, the host
and the path template must all match, writing methods are refused even if declared, and POST needs
``is_query``. A refusal is a mistake in the connector, never a vendor's fault, and happens before a byte
is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, urlsplit

from connectors.contract import Operation
from connectors.errors import ConfigError, ContractError

_FIELD = re.compile(r"\{(\w+)\}")
_READING = ("GET", "HEAD")


class UndeclaredCall(ContractError):
    """The connector asks for something that its ``operations`` do not declare."""


def origin(url: str) -> str:
    """Return ``scheme://host[:port]`` of a URL, in lower case and without a default port."""
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    port = f":{parts.port}" if parts.port and parts.port != default else ""
    host = parts.hostname or ""
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}".lower()


class Guard:
    """Turn a declared path template into a URL; refuse everything else.

    ``hosts`` maps what stands in ``Operation.host`` (``api.example.org`` or ``{base_url}``) to the URL
    that its paths are appended to.
    """

    def __init__(self, operations: Iterable[Operation], hosts: Mapping[str, str]) -> None:
        self._bases = {name: _base(name, url) for name, url in hosts.items()}
        self._declared: dict[tuple[str, str], Operation] = {
            (operation.method.upper(), operation.path): operation
            for operation in operations
            if operation.method.upper() != "CALL"
        }

    def url(self, method: str, path: str, path_params: Mapping[str, str]) -> tuple[Operation, str]:
        """Return the declared operation and the URL to call; raises :class:`UndeclaredCall`."""
        operation = self.operation(method, path)
        return operation, self._base_of(operation) + _filled(path, path_params)

    def operation(self, method: str, path: str) -> Operation:
        """Return the declared operation of a path template; raises :class:`UndeclaredCall`."""
        operation = self._declared.get((method, path))
        if operation is None:
            raise UndeclaredCall(f"{method} {path} is not among the declared operations")
        if method not in _READING and not (method == "POST" and operation.is_query):
            raise UndeclaredCall(
                f"{method} {path} may write: only GET, and POST declared as a query, are sent"
            )
        return operation

    def allows(self, operation: Operation, url: str) -> bool:
        """Say whether a URL that the vendor sent is the same operation at the same place."""
        base = self._base_of(operation)
        try:
            if origin(url) != origin(base) or "@" in urlsplit(url).netloc:
                return False
        except ValueError:  # not a URL at all, or a port that is no number
            return False
        pattern = _template_pattern(urlsplit(base).path + operation.path)
        return re.fullmatch(pattern, urlsplit(url).path) is not None

    def _base_of(self, operation: Operation) -> str:
        base = self._bases.get(operation.host)
        if base is None:
            raise UndeclaredCall(
                f"the host {operation.host!r} of {operation.path} has no URL in HttpSettings"
            )
        return base


def _base(name: str, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or not _has_good_port(url):
        raise ConfigError(
            f"{name.strip('{}')} must be an http or https URL",
            hint="Write it like https://api.example.org/v1.",
        )
    if parts.username or parts.password:
        raise ConfigError(
            f"{name.strip('{}')} holds a user name or password", hint="Give secrets by reference."
        )
    if parts.query or parts.fragment:
        raise ConfigError(
            f"{name.strip('{}')} holds a query or fragment", hint="Write only scheme, host and path."
        )
    return url.rstrip("/")


def _has_good_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _filled(path: str, path_params: Mapping[str, str]) -> str:
    """Fill a template; a value can never leave its own path segment."""
    wanted = set(_FIELD.findall(path))
    if wanted != set(path_params):
        raise UndeclaredCall(f"{path} needs the parameters {sorted(wanted)}, got {sorted(path_params)}")
    for name, value in path_params.items():
        if value in ("", ".", ".."):
            raise UndeclaredCall(f"the parameter {name} of {path} is {value!r}")
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise UndeclaredCall(f"the parameter {name} of {path} is no text that a URL can carry")
    return _FIELD.sub(lambda match: quote(path_params[match[1]], safe=""), path)


def _template_pattern(template: str) -> str:
    pieces = _FIELD.split(template)
    return "".join(
        re.escape(piece) if index % 2 == 0 else r"(?!\.{1,2}(?:/|$))[^/]+"
        for index, piece in enumerate(pieces)
    )
