"""Tell from a workload's description whether it runs or calls AI: by its image, layers and variables' names.

Values of variables never get here: the client leaves their names, and of a value that is the address of a
known AI provider the host. A finding needs one of: a catalogued image, a layer of a known publisher, a
variable that holds a provider's key, a provider's host.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from connectors.aws_evidence import WorkloadPaths
from connectors.aws_paths import Path
from connectors.catalogue import read_table
from connectors.clients.aws_redact import HIDDEN
from connectors.key_marks import references
from connectors.model import Finding, Json, Link, NaturalKey, RelationKind

_MOST = 50
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_ADDRESS = re.compile(
    r"(?:(?:https?|wss?|grpcs?)://)?(?:[^/@\s?#]{0,300}@)?([A-Za-z0-9.-]{1,253}(?::\d{1,5})?)(/\S*)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What one catalogue row says of a name: the kind it means, who makes it, what people call it."""

    kind: str
    provider: str
    title: str


@dataclass(slots=True)
class Seen:
    """What a workload shows of AI, and what else of it is kept when it shows any."""

    images: list[str] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    tools: list[Known] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    layers: list[str] = field(default_factory=list)
    providers: set[str] = field(default_factory=set)
    secrets: list[str] = field(default_factory=list)
    names: int = 0

    @property
    def is_about_ai(self) -> bool:
        """Say whether anything proves it."""
        return bool(self.tools or self.variables or self.hosts or self.layers)

    def apply(self, finding: Finding) -> None:
        """Add what was seen to a workload's finding; a catalogued image decides its kind."""
        if self.tools:
            finding.kind = self.tools[0].kind
        told: dict[str, Json] = {
            "images": list[Json](self.images),
            "image_digest": list[Json](self.digests),
            "tools": list[Json](one.title for one in self.tools),
            "ai_variables": list[Json](self.variables),
            "ai_hosts": list[Json](self.hosts),
            "ai_layers": list[Json](self.layers),
            "key_reference": list[Json](one for arn in self.secrets for one in references(arn)),
            "providers": list[Json](sorted(self.providers)),
        }
        kept = {name: value for name, value in told.items() if value}
        if self.images:
            kept["image"] = next((one for one in self.images if known_image(one)), self.images[0])
        finding.attributes = {**finding.attributes, **kept, "variables": self.names}
        finding.links += tuple(
            Link(relation=RelationKind.HOLDS_KEY, target=NaturalKey(namespace="aws/arn", key=arn))
            for arn in self.secrets
        )


def look(paths: WorkloadPaths, known: Mapping[str, Any]) -> Seen:
    """Read a workload's description, as the client leaves it."""
    seen = Seen()
    seen.images = _texts(paths.images, known)
    seen.digests = [f"sha256:{found[1]}" for one in _texts(paths.digests, known) if (found := _digest(one))]
    for reference in seen.images:
        tool = known_image(reference)
        if tool and tool not in seen.tools:
            seen.tools.append(tool)
            seen.providers.add(tool.provider)
    names = list(dict.fromkeys(_names(paths.variables, known)))
    seen.names = len(names)
    for name in names[:500]:
        provider = _keys().get(name)
        if provider:
            seen.variables.append(name)
            seen.providers.add(provider)
    for host, provider in _addresses(paths.values, known):
        seen.hosts.append(host)
        seen.providers.add(provider)
    for arn in _texts(paths.layers, known):
        layer = known_layer(arn)
        if layer:
            seen.layers.append(arn)
            seen.providers.add(layer.provider)
    seen.secrets = list(_held(paths.secrets, known, set(seen.variables)))[:_MOST]
    return seen


def known_image(reference: str) -> Known | None:
    """Return what the catalogue says of an image, by its repository; mirrors keep the path."""
    name = reference.partition("@")[0]
    head, colon, tag = name.rpartition(":")
    name = head if colon and "/" not in tag else name
    plain, patterns = _images()
    pieces = name.split("/")
    for start in range(len(pieces)):
        found = plain.get("/".join(pieces[start:]))
        if found:
            return found
    for pattern, row in patterns:
        if fnmatchcase(name, pattern) or fnmatchcase(name, f"docker.io/{pattern}"):
            return row
    return None


def known_layer(arn: str) -> Known | None:
    """Return what the catalogue says of a Lambda layer, by its ARN with the publisher's account."""
    for row in read_table("aws_workloads")["layer"]:
        if fnmatchcase(arn, row["arn"]):
            return Known(kind="package", provider=row["provider"], title=row["title"])
    return None


def known_host(value: str) -> str:
    """Return the host of an address when it is an AI provider's, else nothing; for the client's redaction."""
    found = _ADDRESS.fullmatch(value.strip()) if len(value) <= 2_000 else None
    if found is None:
        return ""
    return found[1] if _provider_of(found[1], found[2] or "/") else ""


@cache
def knowledge_version() -> str:
    """Return a hash of the tables that decide; with new ones everything is looked at again."""
    tables = [
        [sorted(row.items()) for row in read_table(file)[name]]
        for file, name in (("images", "image"), ("secrets", "secret"), ("providers", "provider"))
    ]
    tables.append([sorted(row.items()) for row in read_table("aws_workloads")["layer"]])
    return hashlib.blake2b(repr(tables).encode(), digest_size=6).hexdigest()


@cache
def _images() -> tuple[dict[str, Known], list[tuple[str, Known]]]:
    plain: dict[str, Known] = {}
    patterns: list[tuple[str, Known]] = []
    for row in read_table("images")["image"]:
        known = Known(kind=row["kind"], provider=row["provider"], title=row["title"])
        if "*" in row["name"]:
            patterns.append((row["name"], known))
        else:
            plain[row["name"]] = known
    return plain, patterns


@cache
def _keys() -> dict[str, str]:
    """Return the names of variables that hold a provider's key whatever stands beside them."""
    return {row["name"]: row["provider"] for row in read_table("secrets")["secret"] if "needs" not in row}


@cache
def _hosts() -> tuple[tuple[re.Pattern[str], str, str], ...]:
    rows = []
    for row in read_table("providers")["provider"]:
        for host in row["hosts"]:
            name, _, path = host.partition("/")
            body = re.escape(name).replace(r"\*", r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
            port = "" if ":" in name else r"(?::\d+)?"
            rows.append((re.compile(body + port, re.IGNORECASE), f"/{path}" if path else "", row["name"]))
    return tuple(rows)


@cache
def _ends() -> frozenset[str]:
    return frozenset(_end(host) for row in read_table("providers")["provider"] for host in row["hosts"])


def _end(host: str) -> str:
    """Return the last two labels of a host, by which most addresses are told to be nobody's at once."""
    name = host.partition("/")[0].partition(":")[0].lower()
    return ".".join(name.split(".")[-2:])


def _provider_of(host: str, path: str) -> str:
    if _end(host) not in _ends():
        return ""
    for pattern, start, provider in _hosts():
        if pattern.fullmatch(host) and path.startswith(start):
            return provider
    return ""


def _addresses(paths: Iterable[Path], known: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the hosts that the client left of values, each once, with their providers."""
    marked = (one for path in paths for found in path.all(known) for one in _leaves(found))
    for value in dict.fromkeys(marked):
        if isinstance(value, str) and value.startswith(f"{HIDDEN} "):
            host = value.removeprefix(f"{HIDDEN} ")
            provider = next((name for pattern, _, name in _hosts() if pattern.fullmatch(host)), "")
            if provider:
                yield host, provider


def _leaves(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, Mapping) else (value,)


def _texts(paths: Iterable[Path], known: Mapping[str, Any]) -> list[str]:
    found = (value for path in paths for value in path.all(known) if isinstance(value, str) and value)
    return list(dict.fromkeys(found))[:_MOST]


def _names(paths: Iterable[Path], known: Mapping[str, Any]) -> Iterator[str]:
    for path in paths:
        for value in path.all(known):
            if isinstance(value, Mapping):
                yield from (str(key) for key in value)
            elif isinstance(value, str):
                yield value


def _digest(text: str) -> re.Match[str] | None:
    """Return the digest in a text; of an image, Lambda's CodeSha256 is its digest without the name."""
    return _DIGEST.fullmatch(text.rpartition("@")[2])


def _held(paths: Iterable[Path], known: Mapping[str, Any], names: set[str]) -> Iterator[str]:
    """Yield the ARNs of the secrets behind variables that hold a provider's key."""
    for path in paths:
        for value in path.all(known):
            pairs: Iterable[tuple[Any, Any]] = ()
            if isinstance(value, Mapping):
                pairs = [(value["name"], value.get("valueFrom"))] if "name" in value else value.items()
            for name, arn in pairs:
                if name in names and isinstance(arn, str) and arn.startswith("arn:"):
                    yield arn
