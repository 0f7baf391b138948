from __future__ import annotations

from collections import Counter

from benchmarks.grouping import bare_union, link, made_up, score
from normalizer import linking
from tests.estates.grouping import load

CASES = (
    "shared_gateway",
    "forks",
    "monorepo",
    "dev_test_prod",
    "reused_tags",
    "two_entities",
    "renamed_repository",
)


def test_the_labelled_estate_is_linked_as_well_as_promised() -> None:
    estate = load()

    found = score(estate, link(estate))

    assert found.systems >= 300
    assert found.precision >= 0.95
    assert found.recall >= 0.8
    for pair, (hits, wrong, true) in found.cross.items():
        assert hits / (hits + wrong) >= 0.95, pair
        assert hits / true >= 0.8, pair


def test_the_estate_has_enough_of_each_case() -> None:
    counts = Counter(load().cases.values())

    assert all(counts[case] >= 20 for case in CASES)


def test_joining_nothing_finds_nothing() -> None:
    estate = load()

    found = score(estate, linking.cluster(estate.nodes(), []))

    assert (found.recall, [hits for hits, _, _ in found.cross.values()]) == (0.0, [0, 0, 0])


def test_with_must_links_alone_linking_comes_to_what_a_bare_union_does() -> None:
    nodes, edges = made_up(500, 600, seed=3)
    must = [edge for edge in edges if edge.how == "must" and not edge.is_use]

    clusters = linking.cluster(nodes, must)

    bare = dict(zip(nodes, bare_union(nodes, must), strict=True))
    pairs = {(clusters.root[key], bare[key]) for key in nodes}
    assert len(pairs) == len({left for left, _ in pairs}) == len({right for _, right in pairs})
