"""Turn what is known of an asset into join tokens: short texts on which groups of assets meet.

A token has a basis (``repo``, ``image``, ``host`` ...) and a side: a thing *is* it (``HAS``), *names* it
(``NAMES``), or shares it with its equals (``SAME``). Who meets on a token and what that means is decided in
:mod:`normalizer.link_edges`. Pure; no token holds a secret: keys are known by fingerprint only.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from connectors.clients.git_folder import normalise_url
from connectors.kinds import KINDS
from connectors.model import Json
from normalizer import grouping, link_words
from normalizer.link_words import every, first, knowledge

MAX_TOKEN = 300
MAX_NODE = 900
_SHORT_ID = 6
"""Characters of an id's last piece at least, to be looked up by it alone."""


class Side(StrEnum):
    """Say how a thing stands to a token; ``WAS`` is an address that a repository had earlier."""

    HAS = "has"
    NAMES = "names"
    SAME = "same"
    WAS = "was"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What links are made of, for one asset; ``owner`` is the best owner hint in one spelling, or empty."""

    asset_id: str
    group_key: str
    kind: str
    provider: str
    namespace: str
    natural_id: str
    name: str
    account: str = ""
    region: str = ""
    model: str = ""
    owner: str = ""
    attributes: Mapping[str, Json] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def node(self) -> str:
        """Return what is linked: the asset's group, or itself where its group is only what is left over."""
        if self.group_key.startswith("rest:"):
            return own_node(self.namespace, self.natural_id)
        return self.group_key

    @property
    def is_code(self) -> bool:
        """Say whether it was read in a repository."""
        return grouping.is_code(self.namespace)


def own_node(namespace: str, natural_id: str) -> str:
    """Return the node of a thing that is linked by itself, cut as stores cut keys that are too long."""
    key = grouping.alone(namespace, natural_id)
    if len(key) <= MAX_NODE:
        return key
    digest = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
    return f"{key[: MAX_NODE - len(digest) - 1]}~{digest}"


@dataclass(frozen=True, slots=True)
class Token:
    """One meeting point of one node; ``detail`` says more where the basis needs it (a path, a name)."""

    text: str
    side: Side
    node: str
    asset_id: str = ""
    label: str = ""
    detail: str = ""


def tokens_of(fact: Fact) -> list[Token]:
    """Return the tokens of one asset, each once, in a stable order."""
    found: dict[tuple[str, Side], Token] = {}
    node = fact.node
    for text, side, detail in _pairs(fact):
        text = text if len(text) <= MAX_TOKEN else text[:MAX_TOKEN]
        key = (text, side)
        if key not in found:
            found[key] = Token(text, side, node, fact.asset_id, fact.name[:100], detail[:200])
    return list(found.values())


_Pair = tuple[str, Side, str]


def _pairs(fact: Fact) -> Iterator[_Pair]:
    yield from _explicit(fact)
    yield from _sources(fact)
    yield from _images(fact)
    yield from _identities(fact)
    yield from _credentials(fact)
    yield from _declared(fact) if fact.is_code else _live(fact)


def _explicit(fact: Fact) -> Iterator[_Pair]:
    value = first(fact.tags, knowledge().tags["system"])
    if value and not link_words.is_placeholder(value):
        yield f"system:{system_tag(value)}", Side.SAME, value


def system_tag(value: str) -> str:
    """Return an explicit id of an AI system in one spelling."""
    return "-".join(link_words.words(value)) or value.casefold()


def _sources(fact: Fact) -> Iterator[_Pair]:
    """Yield the repository that something was built from, as attributes, labels and tags spell it."""
    table = knowledge()
    path = first(fact.tags, table.tags["path"])
    for value in every(fact.attributes, table.attributes["source"]):
        yield f"repo:{repository(value)}", Side.NAMES, path
    for value in every(fact.tags, table.tags["source"]):
        if "/" in value:
            yield f"repo:{repository(value)}", Side.NAMES, path
    org, repo = first(fact.tags, table.tags["git_org"]), first(fact.tags, table.tags["git_repo"])
    if org and repo:
        yield f"repo:{repository(f'github.com/{org}/{repo}')}", Side.NAMES, path


def repository(address: str) -> str:
    """Return a repository's address as repositories are known by: ``host/path`` without scheme and user."""
    plain = address.strip().removeprefix("git+")
    if "://" not in plain and "@" not in plain:
        plain = f"https://{plain}"
    return normalise_url(plain) or plain


def _images(fact: Fact) -> Iterator[_Pair]:
    table = knowledge()
    if fact.kind == "container_image" and grouping.authority(fact.namespace) == "image":
        name = image_name(fact.namespace.partition("/")[2])
        public = name.partition("/")[0] in table.public_registries
        if not public or first(fact.attributes, table.attributes["source"]):
            yield f"image:{name}", Side.HAS, name
            for value in every(fact.attributes, table.attributes["digest"]):
                yield f"digest:{value}", Side.HAS, name
        return
    for value in every(fact.attributes, table.attributes["image"]):
        for one in value.split(","):
            yield f"image:{image_name(one)}", Side.NAMES, one
            if "@sha256:" in one:
                yield f"digest:{one.partition('@')[2]}", Side.NAMES, one
    for value in every(fact.attributes, table.attributes["digest"]):
        yield f"digest:{value}", Side.NAMES, value


def image_name(reference: str) -> str:
    """Return an image reference without tag and digest, with the registry that a bare name means."""
    plain = reference.strip().partition("@")[0].lower()
    head, slash, tail = plain.rpartition("/")
    plain = f"{head}{slash}{tail.partition(':')[0]}"
    front = plain.partition("/")[0]
    if "." in front or ":" in front or front == "localhost":
        return plain
    return f"docker.io/{plain}"


def _identities(fact: Fact) -> Iterator[_Pair]:
    """Yield what identity providers and vendors know a thing by."""
    table = knowledge()
    for value in every(fact.attributes, table.attributes["client"]):
        yield f"client:{fact.account}|{value.casefold()}", Side.SAME, value
        yield f"appid:{value.casefold()}", Side.HAS, value
    for value in every(fact.attributes, table.attributes["app"]):
        yield f"appid:{value.casefold()}", Side.NAMES, value
    for value in every(fact.attributes, table.attributes["vendor_app"]):
        yield f"vendor:{fact.account}|{link_words.squeeze(value)}", Side.SAME, value
    for value in every(fact.attributes, table.attributes["blueprint"]):
        yield f"blueprint:{value.casefold()}", Side.SAME, value
    for value in every(fact.attributes, table.attributes["product"]):
        plain = "-".join(link_words.words(value))
        if plain in table.developer_tools:
            yield f"devtool:{plain}", Side.SAME, fact.kind
    for value in every(fact.attributes, table.attributes["identity"]):
        yield f"identity:{value.casefold()}", Side.HAS, value
    for value in every(fact.attributes, table.attributes["called_by"]):
        yield f"identity:{value.casefold()}", Side.NAMES, value
    yield from _roles(fact)


_ROLE = re.compile(r"arn:[\w-]+:iam::\d*:role/(?:.*/)?([^/]+)", re.IGNORECASE)


def _roles(fact: Fact) -> Iterator[_Pair]:
    """Yield the names of roles that code declares, and those that something runs as or was called by."""
    attributes, table = fact.attributes, knowledge().attributes
    if fact.is_code:
        named = list(every(attributes, table["role_name"]))
    else:
        arns = [*every(attributes, table["identity"]), *every(attributes, table["called_by"])]
        named = [found[1] for arn in arns if (found := _ROLE.fullmatch(arn))]
    for name in dict.fromkeys(named):
        plain = "-".join(word for word in link_words.words(name) if word not in knowledge().roles)
        if link_words.telling(plain):
            yield f"role:{name.casefold()}", Side.HAS if fact.is_code else Side.NAMES, name


def _credentials(fact: Fact) -> Iterator[_Pair]:
    for value in every(fact.attributes, knowledge().attributes["fingerprint"]):
        yield f"key:{value}", Side.SAME, value
    if fact.owner and KINDS[fact.kind].stands_alone and not fact.is_code:
        yield f"owner:{fact.owner}", Side.SAME, fact.name


def _declared(fact: Fact) -> Iterator[_Pair]:
    """Yield what code says: the resource it declares by name, ids and hosts that it names."""
    table = knowledge()
    if "resourcetype" in map(link_words.squeeze, fact.attributes):
        for value in every(fact.attributes, table.attributes["declared_name"]):
            yield f"live:{_provider(fact)}|{fact.kind}|{_same_name(value)}", Side.NAMES, value
    for value in every(fact.attributes, table.attributes["id"]):
        yield f"id:{value.casefold()}", Side.NAMES, value
    if ":" in fact.model and fact.model.startswith("ft:"):
        yield f"id:{fact.model.casefold()}", Side.NAMES, fact.model
    if fact.kind == "provider_endpoint":
        yield (
            f"host:{(first(fact.attributes, table.attributes['host']) or fact.name).casefold()}",
            Side.NAMES,
            "",
        )
    elif fact.kind == "model" and fact.model:
        yield f"model:{fact.model.casefold()}", Side.NAMES, fact.model


def _live(fact: Fact) -> Iterator[_Pair]:
    """Yield what something that was listed by a vendor may be named by."""
    table = knowledge()
    yield f"id:{fact.natural_id.casefold()}", Side.HAS, fact.natural_id
    short = fact.natural_id.replace(":", "/").rpartition("/")[2].casefold()
    if short != fact.natural_id.casefold() and len(short) >= _SHORT_ID:
        yield f"id:{short}", Side.HAS, fact.natural_id
    if ":" in fact.model and fact.model.startswith("ft:") and fact.kind == "model":
        yield f"id:{fact.model.casefold()}", Side.HAS, fact.model
    yield f"live:{_provider(fact)}|{fact.kind}|{_same_name(fact.name)}", Side.HAS, fact.name
    for value in every(fact.attributes, table.attributes["endpoint"]):
        host = value.partition("://")[2] if "://" in value else value
        yield f"host:{host.partition('/')[0].casefold()}", Side.HAS, value
    if fact.model:
        yield f"model:{fact.model.casefold()}", Side.HAS, fact.model
    yield from _units(fact)
    if stem := link_words.stem(fact.name):
        environment = link_words.environment(fact.name) or first(fact.tags, table.tags["environment"])
        yield (
            f"copy:{grouping.authority(fact.namespace)}|{fact.kind}|{stem}",
            Side.SAME,
            environment.casefold(),
        )


def _units(fact: Fact) -> Iterator[_Pair]:
    """Yield the stack, release or deployment that something was rolled out with."""
    tags = knowledge().tags
    for value in every(fact.tags, tags["stack"]):
        if not link_words.is_common(value):
            yield f"stack:{fact.account}|{fact.region}|{value.casefold()}", Side.SAME, value
    place = first(fact.tags, tags["release_namespace"])
    for value in every(fact.tags, tags["release"]):
        if not link_words.is_common(value):
            yield f"release:{fact.account}|{place}|{value.casefold()}", Side.SAME, value


def _same_name(name: str) -> str:
    return "-".join(link_words.words(name)) or name.casefold()


def _provider(fact: Fact) -> str:
    said = fact.provider if fact.is_code else grouping.authority(fact.namespace)
    return knowledge().providers.get(said, said)
