"""Say what it means that groups of assets meet on a token: edges, each with its rule and both evidences.

One function a basis. Every bucket gives edges in number at most linear in its size (pairs only where few
meet, else a star), free of the order of what it is given.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import combinations

from normalizer import link_nodes, link_words
from normalizer.link_buckets import PAIRS, Bucket, Edge, Nodes
from normalizer.link_facts import Side, Token
from normalizer.link_nodes import Node
from normalizer.link_places import of_fork, of_repository

MAX_LOOSE = 4
"""Groups that may meet on what is no identity (a model, a key, a role) before it says nothing."""
MAX_UNIT = 25
"""Groups of one stack or release; more of them are a platform's, not an application's."""
_SIMILAR = 0.85
NAMED = frozenset({"image", "digest", "appid", "identity", "role", "live", "id", "host", "model"})
"""Bases of tokens that say something only where somebody names what others are."""


def edges_of(text: str, tokens: Sequence[Token], nodes: Nodes) -> list[Edge]:
    """Return the edges of those who meet on one token."""
    maker = _BY_BASIS.get(text.partition(":")[0])
    met = sorted(
        (one for one in tokens if one.node in nodes),
        key=lambda one: (one.node, one.side, one.asset_id, one.detail),
    )
    return [] if maker is None or len(met) < 2 else list(maker(Bucket(text, met, nodes)))


def bucketed(tokens: Iterable[Token], nodes: Mapping[str, Node]) -> list[Edge]:
    """Return the edges of all tokens, in the order of what they say."""
    buckets: dict[str, list[Token]] = defaultdict(list)
    for one in tokens:
        buckets[one.text].append(one)
    found = [edge for text in sorted(buckets) for edge in edges_of(text, buckets[text], nodes)]
    return sorted(found, key=lambda edge: edge.order)


def _system(bucket: Bucket) -> Iterator[Edge]:
    met = list(bucket.by_node(Side.SAME).values())
    yield from bucket.joined("G1", met, f"both say that they are of the AI system {met[0].detail!r}")


def _blueprint(bucket: Bucket) -> Iterator[Edge]:
    met = list(bucket.by_node(Side.SAME).values())
    yield from bucket.joined("G6", met, f"both are made from the blueprint {bucket.value!r}")


def _client(bucket: Bucket) -> Iterator[Edge]:
    met = list(bucket.by_node(Side.SAME).values())
    yield from bucket.joined("G5", met, f"both are of the OAuth client {met[0].detail!r} in one tenant")


def _vendor(bucket: Bucket) -> Iterator[Edge]:
    met = list(bucket.by_node(Side.SAME).values())
    yield from bucket.joined("G5", met, f"both are of the vendor's app {met[0].detail!r} in one tenant")


def _devtool(bucket: Bucket) -> Iterator[Edge]:
    met = [one for one in bucket.by_node(Side.SAME).values() if bucket.nodes[one.node].is_developers]
    yield from bucket.joined("G11", met, f"both are of the developers' tool {bucket.value}")


def _unit(bucket: Bucket) -> Iterator[Edge]:
    met = list(bucket.by_node(Side.SAME).values())
    if len(met) <= MAX_UNIT:
        what = "stack" if bucket.text.startswith("stack:") else "release"
        yield from bucket.joined("G4", met, f"both are rolled out by the {what} {met[0].detail!r}")


def _key(bucket: Bucket) -> Iterator[Edge]:
    met = list(bucket.by_node(Side.SAME).values())
    if len(met) <= MAX_LOOSE - 1:
        yield from bucket.joined("G8", met, "both hold a key with the same fingerprint")


def _owner(bucket: Bucket) -> Iterator[Edge]:
    met = list(bucket.by_node(Side.SAME).values())
    if len(met) > 2 * MAX_LOOSE:
        return
    for left, right in combinations(met, 2):
        one, other = bucket.nodes[left.node], bucket.nodes[right.node]
        if link_nodes.is_compatible(one, other) and _alike(one, other):
            yield bucket.edge("G10", left, right, f"both are {bucket.value}'s and bear similar names")


def _title(bucket: Bucket) -> Iterator[Edge]:
    """Hint at the code and what runs under one name, where only one repository and one account bear it."""
    met = [(one, bucket.nodes[one.node]) for one in bucket.by_node(Side.SAME).values()]
    code = [pair for pair in met if pair[1].is_code]
    others = [pair for pair in met if not pair[1].is_code]
    if len(code) != 1 or len(others) > MAX_LOOSE or len({node.account for _, node in others}) != 1:
        return
    (left, one), *_ = code
    for right, other in others:
        if link_nodes.is_compatible(one, other):
            yield bucket.edge("G10", left, right, f"nothing else is called {bucket.value!r}")


def _alike(one: Node, other: Node) -> bool:
    return any(
        SequenceMatcher(None, left, right).ratio() >= _SIMILAR
        for left in sorted(one.titles)[:3]
        for right in sorted(other.titles)[:3]
    )


def _model(bucket: Bucket) -> Iterator[Edge]:
    naming, having = bucket.by_node(Side.NAMES), bucket.by_node(Side.HAS)
    if len(naming.keys() | having.keys()) <= MAX_LOOSE:
        for left in naming.values():
            for right in having.values():
                if left.node != right.node:
                    yield bucket.edge(
                        "G9", left, right, f"the code names the model {bucket.value!r} that runs there"
                    )


def _identity(bucket: Bucket) -> Iterator[Edge]:
    callers, called = bucket.by_node(Side.HAS), bucket.by_node(Side.NAMES)
    if len(callers) <= MAX_LOOSE:
        for right in called.values():
            for left in callers.values():
                if left.node != right.node:
                    yield bucket.edge(
                        "G7", left, right, f"what runs as {left.detail!r} calls it, by the audit log"
                    )


def _role(bucket: Bucket) -> Iterator[Edge]:
    """Ask about what runs as, or was called by, a role of the name that one place of the code declares."""
    declaring, knowing = bucket.by_node(Side.HAS), bucket.by_node(Side.NAMES)
    homes = {(bucket.nodes[one].repository, bucket.nodes[one].home) for one in declaring}
    if len(homes) != 1 or len(knowing) > MAX_LOOSE:
        return
    for right in knowing.values():
        for left in declaring.values():
            if left.node != right.node and bucket.fits(left, right):
                why = (
                    f"the code declares a role of the name {left.detail!r}, which it runs as or was called by"
                )
                yield bucket.edge("G7", left, right, why, strength=0.6)


def _host(bucket: Bucket) -> Iterator[Edge]:
    yield from _named(bucket, f"names the address {bucket.value}")


def _id(bucket: Bucket) -> Iterator[Edge]:
    yield from _named(bucket, f"names the id {bucket.value!r}")


def _named(bucket: Bucket, what: str) -> Iterator[Edge]:
    """Link who names a thing to it, where just one thing can be meant."""
    having = list(bucket.by_node(Side.HAS).values())
    for left in bucket.by_node(Side.NAMES).values():
        meant = [one for one in having if one.node != left.node and bucket.fits(left, one)]
        if len(meant) == 1:
            yield bucket.edge(
                "G2", left, meant[0], f"{left.label or 'the code'} {what} of {meant[0].label}", use=True
            )


def _appid(bucket: Bucket) -> Iterator[Edge]:
    """Join an app registration with what signs in as it."""
    naming, having = list(bucket.by_node(Side.NAMES).values()), list(bucket.by_node(Side.HAS).values())
    why = f"both are the app {bucket.value!r}"
    if not naming or len(naming) > MAX_LOOSE:
        return
    for left in naming:
        meant = [one for one in having if one.node != left.node and bucket.fits(left, one)]
        if len({bucket.nodes[one.node].account for one in meant}) == 1:
            for one in meant[:MAX_LOOSE]:
                yield bucket.edge("G2", left, one, why)
    if not having:
        for left, right in combinations(naming, 2):
            yield bucket.edge("G2", left, right, why)


def _image(bucket: Bucket) -> Iterator[Edge]:
    having = list(bucket.by_node(Side.HAS).values())
    if len(having) != 1:
        return
    for left in bucket.by_node(Side.NAMES).values():
        if left.node != having[0].node:
            why = f"{left.label} runs the image {having[0].detail}"
            yield bucket.edge("G3", left, having[0], why, use=True)


def _live(bucket: Bucket) -> Iterator[Edge]:
    """Link a declaration to the live thing of its kind and name."""
    declaring = list(bucket.by_node(Side.NAMES).values())
    living = list(bucket.by_node(Side.HAS).values())
    telling = bool(link_words.telling(bucket.value.rpartition("|")[2]))
    for right in living:
        claims = [one for one in declaring if bucket.fits(one, right)]
        # Whose entity is known to be that of the thing has it before all whose entity is not known.
        sure = [one for one in claims if bucket.nodes[one.node].entity == bucket.nodes[right.node].entity]
        claims = sure or claims
        homes = {(bucket.nodes[one.node].repository, bucket.nodes[one.node].home) for one in claims}
        for left in claims:
            why = f"the code declares a resource of its kind and name ({right.label})"
            if len(homes) == 1 and telling:
                yield bucket.edge("G2", left, right, why, how="declares")
            elif len(homes) <= MAX_LOOSE:
                strength = 0.6 if telling else 0.5
                yield bucket.edge("G2", left, right, why, strength=strength, how="likely")


def _copy(bucket: Bucket) -> Iterator[Edge]:
    """Link copies of one thing for different environments, in accounts of one family."""
    by_family: dict[tuple[str, str], list[tuple[Token, str]]] = defaultdict(list)
    for one in bucket.by_node(Side.SAME).values():
        node = bucket.nodes[one.node]
        environment = one.detail or link_words.environment(node.account_name)
        by_family[node.entity, link_nodes.family(node) or node.account].append((one, environment))
    for members in by_family.values():
        for (left, first), (right, second) in combinations(members[: 2 * PAIRS], 2):
            if first != second:
                why = (
                    f"copies of one thing: {left.label} ({first or '-'}) and {right.label} ({second or '-'})"
                )
                yield bucket.edge("G12", left, right, why)


_BY_BASIS: dict[str, Callable[[Bucket], Iterator[Edge]]] = {
    "system": _system,
    "repo": of_repository,
    "image": _image,
    "digest": _image,
    "client": _client,
    "vendor": _vendor,
    "appid": _appid,
    "blueprint": _blueprint,
    "devtool": _devtool,
    "identity": _identity,
    "role": _role,
    "key": _key,
    "owner": _owner,
    "title": _title,
    "live": _live,
    "id": _id,
    "host": _host,
    "model": _model,
    "stack": _unit,
    "release": _unit,
    "copy": _copy,
    "fork": of_fork,
    "forked": of_fork,
}

__all__ = ["MAX_LOOSE", "MAX_UNIT", "NAMED", "Edge", "bucketed", "edges_of"]
