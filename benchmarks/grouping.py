"""Measure how well and how fast groups of assets are linked to systems.

    python -m benchmarks.grouping quality [--wrong] [--case CASE]
    python -m benchmarks.grouping speed [--assets 100000] [--links 200000]
    python -m benchmarks.grouping product [--assets 100000]

``quality`` links the labelled estate of ``tests/estates/grouping``. Only what linking joins counts: pairs of
assets of different groups, and wrong pairs within a group. Precision and recall are means over the systems
that such a pair is about; the cross-source rows count pairs of two sources: never merging finds none of them.
``speed`` links a made-up estate and compares with a bare union-find over the same edges. ``product`` scans
one for the first time through the store's own ways: written, grouped, linked, judged.
"""

from __future__ import annotations

import argparse
import gc
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from sqlalchemy import func, select

from benchmarks import store_write
from connectors.model import Finding
from connectors.outcome import PartBatch, ScopeOutcome
from discovery.service import alerting
from normalizer import link_nodes, link_uses, linking, owners
from normalizer.link_edges import Edge
from normalizer.link_facts import tokens_of
from normalizer.link_nodes import Node
from store import Store, journal, linkage, open_store, schema, systems
from store.bulk import many_objects
from store.writer import PartWriter
from tests.estates.grouping import Estate, Thing, load

_SOURCE = {"aws": "cloud", "azure": "cloud", "gcp": "cloud", "k8s": "cloud", "code": "code", "img": "image"}
CROSS = (("cloud", "code"), ("SaaS", "cloud"), ("code", "image"))


@dataclass(slots=True)
class Scores:
    """Means over systems, and counts over the pairs of two sources; ``wrong`` and ``missed`` for a look."""

    precision: float = 0.0
    recall: float = 0.0
    systems: int = 0
    cross: dict[tuple[str, str], tuple[int, int, int]] = field(default_factory=dict)
    by_case: dict[str, tuple[float, float, int]] = field(default_factory=dict)
    owner_hits: int = 0
    owner_asked: int = 0
    wrong: list[tuple[str, str]] = field(default_factory=list)
    missed: Counter[str] = field(default_factory=Counter)


def link(estate: Estate) -> linking.Clusters:
    """Link an estate, all at once."""
    nodes = estate.nodes()
    tokens = [token for thing in estate.things for token in tokens_of(thing.fact)]
    origins = estate.origins()
    for key, node in nodes.items():
        tokens += link_nodes.tokens_of(node, origins[key])
    edges = linking.bucketed(tokens, nodes) + list(link_uses.edges_of(estate.related()))
    return linking.cluster(nodes, edges)


def score(estate: Estate, clusters: linking.Clusters) -> Scores:
    """Compare clusters with the labels."""
    result = Scores()
    found: dict[str, list[Thing]] = defaultdict(list)
    true: dict[str, list[Thing]] = defaultdict(list)
    for thing in estate.things:
        found[_cluster_of(thing, clusters)].append(thing)
        true[thing.system].append(thing)
    good, bad, all_true = Counter[str](), Counter[str](), Counter[str]()
    cross: dict[tuple[str, str], list[int]] = {pair: [0, 0, 0] for pair in CROSS}
    for system, members in true.items():
        for one, other in combinations(members, 2):
            if one.fact.node != other.fact.node:
                all_true[system] += 1
                _count(cross, one, other, 2)
                if _cluster_of(one, clusters) == _cluster_of(other, clusters):
                    good[system] += 1
                else:
                    result.missed[system] += 1
    for members in found.values():
        for one, other in combinations(members, 2):
            if one.system != other.system:
                bad[one.system] += 1
                bad[other.system] += 1
                _count(cross, one, other, 1)
                result.wrong.append((one.system, other.system))
            elif one.fact.node != other.fact.node:
                _count(cross, one, other, 0)
    _means(result, estate, good, bad, all_true)
    result.cross = {pair: (counts[0], counts[1], counts[2]) for pair, counts in cross.items()}
    _owners(result, estate, found)
    return result


def _means(
    result: Scores, estate: Estate, good: Counter[str], bad: Counter[str], all_true: Counter[str]
) -> None:
    precisions: dict[str, list[float]] = defaultdict(list)
    recalls: dict[str, list[float]] = defaultdict(list)
    for system, case in estate.cases.items():
        if good[system] + bad[system]:
            precisions[case].append(good[system] / (good[system] + bad[system]))
        if all_true[system]:
            recalls[case].append(good[system] / all_true[system])
    result.precision = _mean([one for several in precisions.values() for one in several])
    result.recall = _mean([one for several in recalls.values() for one in several])
    result.systems = len(estate.cases)
    counts = Counter(estate.cases.values())
    result.by_case = {case: (_mean(precisions[case]), _mean(recalls[case]), counts[case]) for case in counts}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 1.0


def _cluster_of(thing: Thing, clusters: linking.Clusters) -> str:
    """Return where a thing ended; what is left over and linked to nothing is with nobody."""
    return clusters.root[thing.fact.node]


def _count(cross: dict[tuple[str, str], list[int]], one: Thing, other: Thing, place: int) -> None:
    pair = tuple(sorted((_source(one), _source(other))))
    if pair in cross:
        cross[pair[0], pair[1]][place] += 1


def _source(thing: Thing) -> str:
    return _SOURCE.get(thing.source, "SaaS")


def _owners(result: Scores, estate: Estate, found: dict[str, list[Thing]]) -> None:
    """Count the systems with evidence whose first candidate is the owner of most of its members."""
    for members in found.values():
        hints = [(thing.fact.asset_id, hint) for thing in members for hint in thing.hints]
        if not hints:
            continue
        label = Counter(thing.system for thing in members).most_common(1)[0][0]
        candidates = owners.combine(hints)
        result.owner_asked += 1
        first = candidates[0].party if candidates else ""
        said = owners.normal_party(estate.same.get(first, first))
        result.owner_hits += said == owners.normal_party(estate.owners[label])


def report(result: Scores, *, wrong: bool) -> Iterable[str]:
    """Yield the lines of the report."""
    yield f"systems {result.systems}  precision {result.precision:.3f}  recall {result.recall:.3f}"
    for case, (precision, recall, count) in sorted(result.by_case.items()):
        yield f"  {case:20} {count:4} systems  precision {precision:.3f}  recall {recall:.3f}"
    for (left, right), (hits, false, truth) in result.cross.items():
        precision = hits / (hits + false) if hits + false else 0.0
        yield f"  {left}-{right:15} {truth:4} pairs    precision {precision:.3f}  recall {hits / truth:.3f}"
    yield f"owner first candidate right: {result.owner_hits} of {result.owner_asked}"
    if wrong:
        for pair, count in sorted(Counter(map(_sorted, result.wrong)).items()):
            yield f"wrong  {pair[0]} + {pair[1]} ({count})"
        for system, count in sorted(result.missed.items()):
            yield f"missed {system} ({count})"


def _sorted(pair: tuple[str, str]) -> tuple[str, str]:
    return (pair[0], pair[1]) if pair[0] <= pair[1] else (pair[1], pair[0])


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("quality", "speed", "product"))
    parser.add_argument(
        "--wrong", action="store_true", help="List what was joined wrongly and what was missed."
    )
    parser.add_argument("--assets", type=int, default=100_000)
    parser.add_argument("--links", type=int, default=200_000)
    args = parser.parse_args()
    if args.what == "quality":
        estate = load()
        print("\n".join(report(score(estate, link(estate)), wrong=args.wrong)))
    elif args.what == "product":
        for line in product(args.assets):
            print(line, flush=True)
    else:
        print("\n".join(speed(args.assets, args.links)))


def speed(assets: int, links: int, seed: int = 1) -> Iterable[str]:
    """Yield how long deciding takes at a quarter, half and the whole size, beside a bare union-find.

    Both get the same edges in the same order: three in five must-links, one use, one likely link.
    """
    for share in (4, 2, 1):
        nodes, edges = made_up(assets // share, links // share, seed)
        ratios, ours, bare = [], 0.0, 0.0
        for _ in range(3):  # interleaved, so that others' load falls on both
            ours = _timed(linking.cluster, nodes, edges)
            bare = _timed(bare_union, nodes, edges)
            ratios.append(ours / bare)
        count = len(set(bare_union(nodes, edges)))
        yield (
            f"{assets // share:>9,} assets {links // share:>9,} links  linking {ours:6.2f} s  "
            f"bare union-find {bare:6.2f} s  ratio {sorted(ratios)[1]:.2f}  "
            f"{ours / links * share * 1e6:.1f} us a link  ({count:,} sets by bare union-find)"
        )


def product(assets: int) -> Iterable[str]:
    """Yield what a first scan of a quarter, half and all of some assets costs, from the write path on.

    Five assets each are of one blueprint (four links), four of them of one stack (six): two links an asset.
    CPU of this process, SQLite.
    """
    for share in (4, 2, 1):
        count = assets // share
        with tempfile.TemporaryDirectory() as folder, open_store(f"sqlite:///{folder}/a.db") as store:
            spent = _first_scan(store, count)
            with store.read() as tx:
                links = tx.conn.execute(select(func.count()).select_from(schema.link)).scalar_one()
                living = select(func.count()).where(schema.system.c.state == "candidate")
                found = tx.conn.execute(living.where(schema.system.c.valid_to.is_(None))).scalar_one()
        each = "  ".join(f"{name} {s:7.1f} s ({s / count * 1e6:5.0f} us)" for name, s in spent.items())
        yield f"{count:>9,} assets {links:>9,} links {found:>8,} systems  {each}"


def _first_scan(store: Store, assets: int) -> dict[str, float]:
    """Write made-up assets scope by scope as a scan does; return the seconds of each step of it."""
    spent = dict.fromkeys(("write", "group", "link", "judge"), 0.0)
    parts = max(1, assets // _OF_SCOPE)
    spec = journal.RunSpec(run_id="run_1", actor="bench", trigger="bench", filtered=False,
                           code_version="1", catalogue_version="1", config_hash="")  # fmt: skip
    journal.begin_run(store, spec)
    scopes = [store_write.scope_of(number, 1) for number in range(parts)]
    journal.plan_scopes(store, "run_1", scopes)
    for number, scope in enumerate(scopes):
        writer, touched = PartWriter(store, "run_1", scope), set[str]()
        for start in range(0, _OF_SCOPE, store_write.BATCH):
            stop = min(start + store_write.BATCH, _OF_SCOPE)
            findings = [_rolled_out(number, one) for one in range(start, stop)]
            final = store_write.done(_OF_SCOPE) if stop == _OF_SCOPE else None
            batch = PartBatch(scope_key=scope.key, part="part0", findings=findings, unchanged=[], final=final)
            touched |= _into(spent, "write", writer.apply, batch).touched_assets
        journal.finish_scope(store, "run_1", ScopeOutcome(scope_key=scope.key))
        changed = _into(spent, "group", systems.regroup, store, touched, writer.placement).touched
        linked = _into(spent, "link", linkage.relink, store, touched)
        mine = (changed | linked.touched) - linked.merged.keys()
        _into(spent, "judge", alerting.evaluate, store, mine)
    return spent


_OF_SCOPE = 2_500


def _rolled_out(scope: int, number: int) -> Finding:
    """Return one of five findings made from one blueprint, four of them rolled out together."""
    one = store_write.finding(scope, 0, number, 1)
    one.application, one.links, one.owner_hints = None, (), ()
    several = f"orders-{scope}-{number // 5}"
    one.attributes = {"blueprint_id": several}
    one.tags = {"pulumi:stack": several} if number % 5 else {}
    return one


def _into(spent: dict[str, float], name: str, work: Callable[..., Any], *args: object) -> Any:
    start = time.process_time()
    found = work(*args)
    spent[name] += time.process_time() - start
    return found


def _timed(work: Callable[..., object], nodes: dict[str, Node], edges: list[Edge]) -> float:
    gc.collect()
    with many_objects():  # as the store runs it
        start = time.process_time()
        work(nodes, edges)
        return time.process_time() - start


def made_up(assets: int, links: int, seed: int) -> tuple[dict[str, Node], list[Edge]]:
    """Return groups of about five assets each, links within them, and a few that go astray."""
    rng = random.Random(seed)
    keys = [
        f"one:aws/arn|arn:aws:bedrock:eu-west-1:111122223333:agent/A{number:06}" for number in range(assets)
    ]
    nodes = {key: link_nodes.start(key) for key in keys}
    hows = ("must", "must", "must", "use", "likely")
    edges = []
    for number in range(links):
        left = rng.randrange(assets)
        base = left - left % 5
        right = rng.randrange(assets) if rng.random() < 0.002 else min(assets - 1, base + rng.randrange(5))
        how = hows[number % 5]
        edges.append(
            Edge(
                rule="G12" if how == "likely" else "G2",
                left=keys[left],
                right=keys[right],
                how="likely" if how == "likely" else "must",
                strength=0.85 if how == "likely" else 0.95,
                why="made up",
                token=f"t{number}",
                is_use=how == "use",
            )
        )
    return nodes, edges


def bare_union(nodes: Iterable[str], edges: Iterable[Edge]) -> list[str]:
    """Join both ends of every edge, without a word about why."""
    parent = {key: key for key in nodes}

    def find(key: str) -> str:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for edge in edges:
        one, other = find(edge.left), find(edge.right)
        if one != other:
            parent[other] = one
    return [find(key) for key in parent]


if __name__ == "__main__":
    main()
