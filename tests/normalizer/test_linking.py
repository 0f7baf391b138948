from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace

import pytest

from normalizer import link_nodes, linking
from normalizer.link_edges import Edge
from normalizer.link_nodes import Node

A, B, C, D = "unit:code/a|.", "one:aws/arn|b", "one:aws/arn|c", "one:aws/arn|d"


def nodes(*keys: str, **known: object) -> dict[str, Node]:
    """Return nodes with equal facts; the names are the letters of the keys."""
    found = {}
    for key in keys:
        node = link_nodes.start(key)
        link_nodes.add(node, "agent", f"thing {key[-1]}")
        for name, value in known.items():
            setattr(node, name, value)
        found[key] = node
    return found


def edge(
    left: str, right: str, rule: str = "G2", strength: float = 0.95, how: str = "must", *, use: bool = False
) -> Edge:
    return Edge(
        rule=rule, left=left, right=right, how=how, strength=strength, why="why", token="t", is_use=use
    )


def sets(clusters: linking.Clusters) -> list[list[str]]:
    return sorted(clusters.members().values())


def test_must_links_join_through_others() -> None:
    clusters = linking.cluster(nodes(A, B, C, D), [edge(A, B), edge(B, C)])

    assert sets(clusters) == sorted([sorted([A, B, C]), [D]])
    assert len(clusters.joined) == 2


@pytest.mark.parametrize(
    ("strengths", "joins", "asks"),
    [
        ((("G4", 0.85),), True, False),
        ((("G8", 0.8),), False, True),
        ((("G8", 0.8), ("G10", 0.4)), True, False),
        ((("G9", 0.5), ("G10", 0.4)), False, True),
        ((("G9", 0.5),), False, False),
        ((("G8", 0.8), ("G8", 0.8)), False, True),
    ],
    ids=["likely", "below", "together", "hints", "one hint", "one rule twice is one reason"],
)
def test_likely_links_join_where_their_strengths_together_reach(
    strengths: Iterable[tuple[str, float]], joins: bool, asks: bool
) -> None:
    edges = [edge(A, B, rule, strength, "likely") for rule, strength in strengths]

    clusters = linking.cluster(nodes(A, B), edges)

    assert (len(sets(clusters)) == 1, bool(clusters.suggestions)) == (joins, asks)


def test_two_legal_entities_stay_apart_and_the_link_says_why() -> None:
    both = nodes(A, entity="UK") | nodes(B, entity="US")

    clusters = linking.cluster(both, [edge(A, B)])

    assert len(sets(clusters)) == 2
    assert [one.why for one in clusters.blocked] == ["different legal entities: UK and US"]


def test_the_strongest_link_decides_where_all_together_would_cross_a_border() -> None:
    three = nodes(A, entity="UK") | nodes(B) | nodes(C, entity="US")

    clusters = linking.cluster(three, [edge(A, B, strength=0.9), edge(B, C, strength=0.95)])

    assert sets(clusters) == sorted([[A], sorted([B, C])])


def test_what_a_person_keeps_apart_stays_apart_through_others() -> None:
    clusters = linking.cluster(nodes(A, B, C), [edge(A, B), edge(B, C)], apart=[(C, A)])

    assert clusters.root[A] != clusters.root[C]
    assert [one.why for one in clusters.blocked] == ["a person said that they are not the same"]


def test_a_fork_with_a_life_of_its_own_and_its_origin_stay_two_and_the_link_says_why() -> None:
    clusters = linking.cluster(
        nodes(A, B, C), [edge(A, C, "G1", 1.0), edge(C, B, "G1", 1.0), edge(A, B, "N4", 1.0, "apart")]
    )

    assert clusters.root[A] != clusters.root[B]
    assert {one.why for one in clusters.blocked} == {"a fork with a life of its own"}


def test_what_several_call_is_no_part_of_any_of_them() -> None:
    hints = [edge(one, C, rule, strength, "likely") for one in (A, B) for rule, strength in CALLS]

    alone = linking.cluster(nodes(A, C), [one for one in hints if one.left == A])
    shared = linking.cluster(nodes(A, B, C), hints)

    assert len(sets(alone)) == 1
    assert len(sets(shared)) == 3
    assert {(one.left, one.right) for one in shared.uses} == {(A, C), (B, C)}


CALLS = (("G7", 0.8), ("G9", 0.5))


def test_what_is_marked_as_two_systems_stays_two() -> None:
    both = nodes(A, system_tags={"chat"}) | nodes(B, system_tags={"voice"})

    assert len(sets(linking.cluster(both, [edge(A, B)]))) == 2


def test_two_decided_systems_are_suggested_not_joined() -> None:
    both = nodes(A, decided=True, system_id="s1") | nodes(B, decided=True, system_id="s2")

    clusters = linking.cluster(both, [edge(A, B)])

    assert len(sets(clusters)) == 2
    assert [one.strength for one in clusters.suggestions] == [0.95]


@pytest.mark.parametrize("users", [1, 2, 4, 5], ids=["one", "two", "four", "hub"])
def test_what_several_use_is_nobodys(users: int) -> None:
    keys = [f"one:aws/arn|user {name}" for name in ("alpha", "bravo", "charlie", "delta", "echo")[:users]]
    known = nodes(A)
    for key in keys:
        known[key] = link_nodes.start(key)
        link_nodes.add(known[key], "agent", key)

    clusters = linking.cluster(known, [edge(key, A, use=True) for key in keys])

    assert len(sets(clusters)) == (1 if users == 1 else users + 1)
    assert len(clusters.uses) == (0 if users == 1 else users)
    assert clusters.hubs == ({A} if users >= 5 else set())


def test_copies_of_one_name_count_as_one_user() -> None:
    known = nodes(A)
    for key, name in ((B, "invoice-reader-dev"), (C, "invoice-reader-prod")):
        known[key] = link_nodes.start(key)
        link_nodes.add(known[key], "agent", name)

    clusters = linking.cluster(known, [edge(B, A, use=True), edge(C, A, use=True)])

    assert len(sets(clusters)) == 1


def test_a_service_with_code_of_its_own_is_not_part_of_its_only_customer() -> None:
    service, customer = "unit:code/service|.", "unit:code/customer|."
    known = {key: link_nodes.start(key) for key in (service, customer)}
    for node in known.values():
        link_nodes.add(node, "package", "openai")

    clusters = linking.cluster(known, [edge(customer, service, use=True)])

    assert len(sets(clusters)) == 2


@pytest.mark.parametrize(
    ("kind", "served", "joins"),
    [("agent", 1, True), ("agent", 2, False), ("package", 4, True), ("package", 5, False)],
    ids=["one", "infrastructure of two", "an application's own", "a platform's"],
)
def test_code_is_of_what_it_declares_unless_it_serves_several(kind: str, served: int, joins: bool) -> None:
    known = {A: link_nodes.start(A)}
    link_nodes.add(known[A], kind, "x")
    targets = [f"one:aws/arn|{name}" for name in ("alpha", "bravo", "charlie", "delta", "echo")[:served]]
    for key in targets:
        known[key] = link_nodes.start(key)
        link_nodes.add(known[key], "agent", key)

    clusters = linking.cluster(known, [edge(A, key, how="declares") for key in targets])

    assert len(sets(clusters)) == (1 if joins else served + 1)
    assert len(clusters.uses) == (0 if joins else served)


def test_users_that_likely_links_join_count_as_one_in_the_end() -> None:
    known = nodes(A, B, C)

    clusters = linking.cluster(
        known, [edge(B, A, use=True), edge(C, A, use=True), edge(B, C, "G12", 0.85, "likely")]
    )

    assert len(sets(clusters)) == 1


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_nodes_and_edges_never_shows(seed: int) -> None:
    rng = random.Random(seed)
    keys = [f"one:aws/arn|{number:02}" for number in range(30)]
    known = {key: replace(link_nodes.start(key), entity=rng.choice(["", "", "", "UK", "US"])) for key in keys}
    edges = []
    for _ in range(45):
        left, right = rng.sample(keys, 2)
        rule, strength = rng.choice(["G2", "G4", "G8", "G9"]), rng.choice([0.5, 0.8, 0.85, 0.95])
        how = rng.choice(["must", "likely", "hint", "declares"])
        edges.append(edge(left, right, rule, strength, how, use=rng.random() < 0.3))
    apart = [(keys[0], keys[1]), (keys[2], keys[3])]

    first = linking.cluster(known, edges, apart=apart)
    rng.shuffle(edges)
    shuffled = dict(rng.sample(sorted(known.items()), len(known)))
    second = linking.cluster(shuffled, edges, apart=apart)

    assert first.root == second.root
    assert first.hubs == second.hubs
    assert first.suggestions == second.suggestions
