"""Describe the groups that links join, as far as joining them needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from normalizer import link_words
from normalizer.link_facts import Fact, Side, Token, repository, system_tag

_SUPPORT = frozenset({"agent_config", "prompt", "ci_step"})
"""Kinds in code that are about how a repository is worked on, not what it is."""


_RUNS = frozenset({"package", "model_file", "notebook"})
"""Kinds in code that show code which runs, not only declarations of what runs elsewhere."""


@dataclass(slots=True, kw_only=True)
class Node:
    """One group of assets.

    ``spans`` are the first and the last name of each kind of its assets. ``system_tags`` are the explicit ids
    of AI systems on them, ``entity`` is the legal entity (empty: unknown), ``account_name`` what the account
    is called. ``repository``, ``unit`` and ``home`` (the folder of the application that the unit is part of)
    are set for code. ``system_id`` is where it is today; ``decided`` and ``registered`` are that system's.
    ``frozen`` is what a person left among the left-over.
    """

    key: str
    spans: dict[str, tuple[str, str]] = field(default_factory=dict)
    system_tags: set[str] = field(default_factory=set)
    account: str = ""
    account_name: str = ""
    entity: str = ""
    repository: str = ""
    unit: str = ""
    home: str = ""
    system_id: str = ""
    decided: bool = False
    registered: bool = False
    frozen: bool = False

    @property
    def is_code(self) -> bool:
        """Say whether it is a unit of a repository."""
        return bool(self.repository)

    @property
    def kinds(self) -> set[str]:
        """Return the kinds of its assets."""
        return set(self.spans)

    @property
    def names(self) -> list[str]:
        """Return names of its assets, two of a kind at most, in order of kind."""
        return list(dict.fromkeys(name for kind in sorted(self.spans) for name in self.spans[kind]))

    @property
    def runs(self) -> bool:
        """Say whether it has code that runs."""
        return self.is_code and not _RUNS.isdisjoint(self.spans)

    @property
    def is_developers(self) -> bool:
        """Say whether it only configures the tools that developers use."""
        allowed = _SUPPORT if self.is_code else _BOUGHT
        return bool(self.spans) and allowed.issuperset(self.spans)

    @property
    def titles(self) -> set[str]:
        """Return the telling words of its names; for code those of its folder or repository."""
        if not self.is_code:
            return {told for name in self.names[:4] if (told := link_words.telling(name))}
        folder = self.home.rpartition("/")[2] if self.home != "." else self.repository.rpartition("/")[2]
        told = link_words.telling(folder)
        return {told} if told else set()


_BOUGHT = frozenset({"saas_app", "subscription", "identity"})


def start(key: str) -> Node:
    """Return a node that knows no more than its key says."""
    node = Node(key=key)
    basis, _, rest = key.partition(":")
    if basis == "unit":
        namespace, _, unit = rest.partition("|")
        node.repository = namespace.partition("/")[2]
        node.unit = unit.strip("/") or "."
        node.home = link_words.home_of(node.unit)
    elif basis == "tag" and rest.startswith("code|"):
        node.repository = rest.split("|", 2)[1].replace("%7C", "|")
        node.unit = node.home = "."
    return node


def add(node: Node, kind: str, name: str, account: str = "", least: str = "") -> None:
    """Let a node know assets of one kind, the greatest of whose names is ``name`` and the least ``least``."""
    low, high = node.spans.get(kind, (least or name, name))
    node.spans[kind] = (min(low, least or name), max(high, name))
    if account:
        node.account = min(node.account, account) if node.account else account


def note_tag(node: Node, fact: Fact) -> None:
    """Let a node know which AI system an asset says it is of."""
    said = link_words.first(fact.tags, link_words.knowledge().tags["system"])
    if said and not link_words.is_placeholder(said):
        node.system_tags.add(system_tag(said))


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What is known of a unit's repository: today's further addresses, earlier ones, what it is a fork of.

    ``fork_by`` says in whose place a fork lies, ``person`` or ``organisation`` (empty: not known).
    """

    addresses: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()
    fork_of: str = ""
    fork_by: str = ""
    owner: str = ""


def tokens_of(node: Node, origin: Origin) -> list[Token]:
    """Return the tokens of the group itself: where its code lies, whose it is, and what people call it."""
    found: list[Token] = []
    if node.is_code:
        here = list(dict.fromkeys(repository(one) for one in (node.repository, *origin.addresses)))
        unit = node.unit
        found += [Token(f"repo:{one}", Side.HAS, node.key, label=unit, detail=unit) for one in here]
        found += [
            Token(f"repo:{one}", Side.WAS, node.key, label=unit, detail=unit)
            for one in dict.fromkeys(map(repository, origin.earlier))
            if one not in here
        ]
        found += _forks(node, here, origin)
        if origin.owner:
            found.append(Token(f"owner:{origin.owner}", Side.SAME, node.key, label=unit))
    found += [Token(f"title:{one}", Side.SAME, node.key, label=one) for one in sorted(node.titles)]
    return found


def _forks(node: Node, here: list[str], origin: Origin) -> Iterator[Token]:
    """Yield where a repository's forks meet it, organisations' apart; labelled with what it is called."""
    called = next((one for one in reversed(here) if "/" in one), here[0])
    for one in here:
        for basis in ("fork", "forked"):
            yield Token(f"{basis}:{one}", Side.HAS, node.key, label=called, detail=node.unit)
    if origin.fork_of:
        upstream = repository(origin.fork_of) if "/" in origin.fork_of else origin.fork_of
        basis = "forked" if origin.fork_by == "organisation" else "fork"
        yield Token(f"{basis}:{upstream}", Side.NAMES, node.key, label=called, detail=node.unit)


def addresses_of(tokens: Iterable[Token]) -> list[str]:
    """Return the addresses of a code node's repository, by its own tokens."""
    return [
        one.text.removeprefix("repo:")
        for one in tokens
        if one.side is Side.HAS and one.text.startswith("repo:")
    ]


def family(node: Node) -> str:
    """Return what accounts for development and production of one team have in common."""
    return link_words.stem(node.account_name) or node.account_name


def is_compatible(one: Node, other: Node) -> bool:
    """Say whether no two legal entities stand between two nodes."""
    return not one.entity or not other.entity or one.entity == other.entity
