"""Say which groups of assets are one system: a union over links that some things must not cross.

Must-links join first, then code with what it declares or builds, then uses of what nobody unrelated uses,
then likely links whose strengths together reach :data:`JOIN`. Below that a pair is suggested to people
(from :data:`SUGGEST`). Nothing joins across two legal entities, two registered systems, a fork with a life
of its own and its origin, or two systems of which a person said that they are not the same; what a person
decided on gains only by must-links. What :data:`HUB` or more unrelated systems use is shared: it is linked
by ``uses`` and nobody is merged through it.

Pure, the same for every order of nodes and edges, and linear in them but for sorting.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain

from normalizer.link_edges import Edge, bucketed
from normalizer.link_nodes import Node
from normalizer.link_result import (
    APART,
    CALLER,
    DECLARES,
    HUB,
    JOIN,
    SUGGEST,
    Blocked,
    Clusters,
    Suggestion,
    best_by_rule,
    combined,
)

_ROUNDS = 6
_FORK = "a fork with a life of its own"


def cluster(
    nodes: Mapping[str, Node],
    edges: Iterable[Edge],
    *,
    apart: Iterable[tuple[str, str]] = (),
    together: Iterable[tuple[str, str]] = (),
) -> Clusters:
    """Join nodes by edges. ``apart`` and ``together`` are pairs of nodes of which a person has said so."""
    known = list(edges)
    forks = [edge for edge in known if edge.how == APART]
    return _Union(nodes, apart, forks).run(known, together)


class _Union:
    """Sets of nodes, numbered in order of their keys, that know what they must not be joined with.

    The root of a set is its first node, so that the order of joining never shows. What forbids something is
    kept by root, for the few sets that have anything to forbid.
    """

    def __init__(
        self, nodes: Mapping[str, Node], apart: Iterable[tuple[str, str]], forks: Iterable[Edge]
    ) -> None:
        self.keys = sorted(nodes)
        self.number = {key: number for number, key in enumerate(self.keys)}
        self.nodes = [nodes[key] for key in self.keys]
        self.parent = list(range(len(self.keys)))
        self.entity: dict[int, str] = {}
        self.decided: dict[int, set[str]] = {}
        self.registered: dict[int, set[str]] = {}
        self.tags: dict[int, set[str]] = {}
        self.homes: dict[int, set[tuple[str, str]]] = {}
        self.apart: dict[int, set[int]] = defaultdict(set)
        self.forks: set[int] = set()
        for one, other in apart:
            self._keep_apart(one, other)
        self.result = Clusters()
        for edge in forks:
            if self._keep_apart(edge.left, edge.right):
                self.forks |= {self.number[edge.left], self.number[edge.right]}
                self.result.blocked.append(Blocked(edge, _FORK))

    def _keep_apart(self, one: str, other: str) -> bool:
        if one not in self.number or other not in self.number:
            return False
        left, right = self.number[one], self.number[other]
        is_news = right not in self.apart[left]
        self.apart[left].add(right)
        self.apart[right].add(left)
        return is_news

    def run(self, edges: Iterable[Edge], together: Iterable[tuple[str, str]]) -> Clusters:
        """Join and return what came out."""
        must: list[tuple[int, int, Edge]] = []
        sure: list[tuple[int, int, Edge]] = []
        rest: list[tuple[int, int, Edge]] = []
        declared: dict[int, list[tuple[int, Edge]]] = defaultdict(list)
        uses: dict[int, list[tuple[int, Edge]]] = defaultdict(list)
        number = self.number
        for edge in edges:
            left, right = number.get(edge.left), number.get(edge.right)
            if left is None or right is None or edge.how == APART:
                continue
            if edge.is_use:
                uses[right].append((left, edge))
            elif edge.how == "must":
                must.append((left, right, edge))
            elif edge.how == DECLARES:
                declared[left].append((right, edge))
            else:
                (sure if edge.strength >= JOIN else rest).append((left, right, edge))
        known = [(number[one], number[other]) for one, other in together if one in number and other in number]
        self._join_must(must, known)
        self._join_likely(sure)
        shared = self._bind_declared(declared, sorted(declared))
        waiting = self._bind_uses(uses, sorted(uses))
        self._join_likely(rest)
        shared = self._bind_declared(declared, shared)
        waiting = self._bind_uses(uses, waiting)
        self._tell_uses(uses, waiting)
        for place in shared:
            self._tell(declared[place], self.find(place))
        keys, find = self.keys, self.find
        self.result.root = {key: keys[find(place)] for place, key in enumerate(keys)}
        self._settle_suggestions()
        return self.result

    def find(self, place: int) -> int:
        """Return the root of a node's set."""
        parent = self.parent
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    def _join_must(self, must: list[tuple[int, int, Edge]], together: list[tuple[int, int]]) -> None:
        """Join must-links; where that crosses what it must not, once more in the order of strength."""
        find, parent = self.find, self.parent
        for one, other in chain(together, ((left, right) for left, right, _ in must)):
            left, right = find(one), find(other)
            if left != right:
                parent[max(left, right)] = min(left, right)
        crossed = self._crossed()
        if not crossed:
            self.result.joined.extend(edge for _, _, edge in must)
            self._gather(range(len(self.keys)))
            return
        again = [place for place in range(len(self.keys)) if find(place) in crossed]
        doubtful = [row for row in must if find(row[0]) in crossed]
        self.result.joined.extend(edge for left, _, edge in must if find(left) not in crossed)
        for place in again:
            parent[place] = place
        self._gather(range(len(self.keys)))
        for one, other in sorted(together):
            self._union(find(one), find(other))
        for _, _, edge in sorted(doubtful, key=lambda row: row[2].order):
            self._join(edge)

    def _crossed(self) -> set[int]:
        """Return the roots of sets that hold together what must not be."""
        found: set[int] = set()
        entity: dict[int, str] = {}
        systems: dict[int, str] = {}
        tags: dict[int, set[str]] = {}
        for place, node in enumerate(self.nodes):
            if not (node.entity or node.decided or node.registered or node.system_tags):
                continue
            root = self.find(place)
            if node.entity and entity.setdefault(root, node.entity) != node.entity:
                found.add(root)
            firm = node.decided or node.registered
            if firm and systems.setdefault(root, node.system_id) != node.system_id:
                found.add(root)
            if node.system_tags and tags.setdefault(root, node.system_tags).isdisjoint(node.system_tags):
                found.add(root)
        for one, others in self.apart.items():
            root = self.find(one)
            if any(self.find(other) == root for other in others):
                found.add(root)
        return found

    def _gather(self, places: Iterable[int]) -> None:
        """Note by root what forbids joining it with others."""
        for place in places:
            node = self.nodes[place]
            if not (node.entity or node.repository or node.decided or node.registered or node.system_tags):
                continue
            root = self.find(place)
            if node.entity:
                self.entity.setdefault(root, node.entity)
            if node.decided:
                self.decided.setdefault(root, set()).add(node.system_id)
            if node.registered:
                self.registered.setdefault(root, set()).add(node.system_id)
            if node.system_tags:
                self.tags.setdefault(root, set()).update(node.system_tags)
            if node.is_code and node.runs:
                self.homes.setdefault(root, set()).add((node.repository, node.home))
        for one in [one for one in self.apart if self.find(one) != one]:
            self.apart[self.find(one)] |= self.apart.pop(one)

    def _union(self, one: int, other: int) -> None:
        if one == other:
            return
        if one > other:
            one, other = other, one
        self.parent[other] = one
        if entity := self.entity.pop(other, ""):
            self.entity.setdefault(one, entity)
        for kept in (self.decided, self.registered, self.tags):
            if several := kept.pop(other, None):
                kept.setdefault(one, set()).update(several)
        if homes := self.homes.pop(other, None):
            self.homes.setdefault(one, set()).update(homes)
        if others := self.apart.pop(other, None):
            self.apart[one] |= others

    def _forbids(self, one: int, other: int) -> str:
        """Return why two sets must stay apart; empty: they need not."""
        here, there = self.entity.get(one), self.entity.get(other)
        if here and there and here != there:
            return f"different legal entities: {' and '.join(sorted((here, there)))}"
        if one in self.registered and other in self.registered and self._are_two(self.registered, one, other):
            return "both are registered systems"
        if met := [place for place in self.apart.get(one, ()) if self.find(place) == other]:
            is_fork = self.forks.issuperset(met)
            return _FORK if is_fork else "a person said that they are not the same"
        if one in self.tags and other in self.tags and self.tags[one].isdisjoint(self.tags[other]):
            return "they are marked as different AI systems"
        return ""

    def _are_two(self, kept: Mapping[int, set[str]], one: int, other: int) -> bool:
        return len(kept.get(one, _NOBODY) | kept.get(other, _NOBODY)) > 1

    def _is_reserved(self, one: int, other: int, *, must: bool) -> bool:
        """Say whether joining two sets is for a person to say, who decided on both, or on one of them."""
        if self._are_two(self.decided, one, other):
            return True
        return not must and (one in self.decided or other in self.decided)

    def _join(self, edge: Edge) -> None:
        one, other = self.find(self.number[edge.left]), self.find(self.number[edge.right])
        if one == other:
            self.result.joined.append(edge)
        elif why := self._forbids(one, other):
            self.result.blocked.append(Blocked(edge, why))
        elif self._is_reserved(one, other, must=True):
            self.result.suggestions.append(Suggestion(edge.left, edge.right, edge.strength, (edge,)))
        else:
            self._union(one, other)
            self.result.joined.append(edge)

    def _bind_declared(self, declared: Mapping[int, list[tuple[int, Edge]]], places: list[int]) -> list[int]:
        """Join code with what it declares or builds, unless it does so for several that are unrelated.

        Code that only declares is an application's as long as that is one; a platform's code, which serves
        :data:`HUB` or more, is nobody's. Returns the code that serves several.
        """
        shared = []
        for place in places:
            home, node = self.find(place), self.nodes[place]
            served = {self.find(target) for target, _ in declared[place]} - {home}
            runs = any(repository == node.repository for repository, _ in self.homes.get(home, ()))
            is_one = len(served) < (HUB if runs else 2) or self._are_copies(served)
            if is_one:
                for _, edge in sorted(declared[place], key=lambda row: row[1].order):
                    self._join(edge)
            else:
                shared.append(place)
        return shared

    def _tell(self, declared: list[tuple[int, Edge]], home: int) -> None:
        for target, edge in declared:
            (self.result.joined if self.find(target) == home else self.result.uses).append(edge)

    def _bind_uses(self, uses: Mapping[int, list[tuple[int, Edge]]], waiting: list[int]) -> list[int]:
        """Join a thing with what uses it as long as all who use it are one system already.

        Returns the things that somebody else uses, too.
        """
        for _ in range(_ROUNDS):
            left = [target for target in waiting if not self._bound(target, uses[target])]
            if len(left) == len(waiting):
                break
            waiting = left
        return waiting

    def _bound(self, target: int, edges: list[tuple[int, Edge]]) -> bool:
        home = self.find(target)
        users = {self.find(user) for user, _ in edges}
        users.discard(home)
        if users:
            if len(users) > 1 and not self._are_copies(users):
                return False
            for user in users:
                if self._is_foreign(user, home) or self._forbids(user, home):
                    return False
                if self._is_reserved(user, home, must=True):
                    return False
            for user in sorted(users):
                self._union(self.find(user), self.find(target))
        self.result.joined.extend(edge for _, edge in edges)
        return True

    def _are_copies(self, users: set[int]) -> bool:
        """Say whether all who use a thing bear one name: copies of it for several environments."""
        if len({self.entity.get(user) for user in users}) > 1 or len(users) > 4 * HUB:
            return False
        return bool(set.intersection(*(self.nodes[user].titles for user in sorted(users))))

    def _is_foreign(self, user: int, home: int) -> bool:
        """Say whether both have code of their own, in different places: a service and its customer."""
        mine, theirs = self.homes.get(user), self.homes.get(home)
        return mine is not None and theirs is not None and mine.isdisjoint(theirs)

    def _join_likely(self, edges: list[tuple[int, int, Edge]]) -> None:
        """Combine the likely links and hints between the sets that there are now, and join the sure ones."""
        pairs: dict[tuple[int, int], list[Edge]] = defaultdict(list)
        find, joined = self.find, self.result.joined
        shared = self._called_by_several(edges)
        for left, right, edge in edges:
            one, other = find(left), find(right)
            if one == other:
                joined.append(edge)
            elif right in shared and edge.rule == CALLER:
                self.result.uses.append(edge)
            else:
                pairs[(one, other) if one < other else (other, one)].append(edge)
        ranked = []
        for pair, several in pairs.items():
            if len(several) == 1:
                ranked.append((-several[0].strength, pair, several))
            else:
                reasons = best_by_rule(several)
                ranked.append((-combined(reasons), pair, reasons))
        for minus, (one, other), reasons in sorted(ranked, key=lambda row: row[:2]):
            self._decide(one, other, round(-minus, 4), tuple(reasons))

    def _called_by_several(self, edges: list[tuple[int, int, Edge]]) -> set[int]:
        """Return what several unrelated things call: it is no part of any of them."""
        callers: dict[int, set[int]] = defaultdict(set)
        for left, right, edge in edges:
            if edge.rule == CALLER:
                callers[right].add(self.find(left))
        return {right for right, several in callers.items() if len(several - {self.find(right)}) > 1}

    def _decide(self, one: int, other: int, strength: float, reasons: tuple[Edge, ...]) -> None:
        left, right = self.find(one), self.find(other)
        if left == right:
            self.result.joined.extend(reasons)
            return
        if strength < SUGGEST:
            return
        why = self._forbids(left, right)
        if why and strength >= JOIN:
            self.result.blocked.append(Blocked(reasons[0], why))
        elif not why and strength >= JOIN and not self._is_reserved(left, right, must=False):
            self._union(left, right)
            self.result.joined.extend(reasons)
        elif not why:
            self.result.suggestions.append(Suggestion(self.keys[one], self.keys[other], strength, reasons))

    def _tell_uses(self, uses: Mapping[int, list[tuple[int, Edge]]], waiting: list[int]) -> None:
        for target in waiting:
            home = self.find(target)
            users = set()
            for user, edge in uses[target]:
                root = self.find(user)
                if root == home:
                    self.result.joined.append(edge)
                else:
                    users.add(root)
                    self.result.uses.append(edge)
            if len(users) >= HUB:
                self.result.hubs.add(self.keys[target])

    def _settle_suggestions(self) -> None:
        """Keep one suggestion for each pair of clusters as they came out, without those joined since."""
        best: dict[tuple[str, str], Suggestion] = {}
        for one in self.result.suggestions:
            left, right = sorted((self.result.root[one.left], self.result.root[one.right]))
            known = best.get((left, right))
            if left != right and (known is None or one.strength > known.strength):
                best[left, right] = one
        self.result.suggestions = [best[pair] for pair in sorted(best)]


_NOBODY: frozenset[str] = frozenset()


__all__ = ["Clusters", "bucketed", "cluster"]
