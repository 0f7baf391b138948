"""Measure how much of what the code connector finds is there.

    python -m benchmarks.precision negatives CHECKOUTS
    python -m benchmarks.precision sample CHECKOUTS --seed N [--new]
    python -m benchmarks.precision report [FILE]

``CHECKOUTS`` holds each repository as ``owner+name`` or ``owner/name`` (a clone, bare or not).
``negatives`` scans the repositories of ``without_ai.tsv`` at their commits: whatever is found must be listed
there, with the reason why it is true. ``sample`` draws 200 findings of the repositories of ``with_ai.tsv``:
the same number of each category as far as there are so many, within a category in turn from each repository,
and prints them as rows to be judged by reading (``--new``: only of what has no verdict yet). ``report``
prints the figures of the verdicts in ``sample.jsonl``, which the makers of the rules judged, or in another
file (``judged_independently.jsonl``, then ``judged_again.jsonl``, ``judged_third.jsonl`` and so on, each on
some 25 other repositories: by someone who did not make them, each before the rules were mended by it).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.accuracy import place_of, scan

DATA = Path(__file__).with_name("precision")
SEED = 1
SIZE = 200

CATEGORIES = {
    **dict.fromkeys(("agent", "workflow", "prompt", "tool", "agent_memory"), "agents"),
    **dict.fromkeys(("guardrail", "oversight_control", "evaluation"), "oversight"),
    **dict.fromkeys(("model_server", "gateway", "mlops_server", "application"), "model servers and tools"),
    **dict.fromkeys(
        ("package", "model", "model_file", "provider_endpoint", "api_key", "mcp_server", "agent_config")
    ),
    **dict.fromkeys(("ci_step", "data_store")),
}
"""The category of a kind; kinds of their own have none, and all others are infrastructure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A finding that a repository without AI products truly has, and why it is true."""

    kind: str
    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What reading the evidence of one sampled finding said."""

    repo: str
    commit: str
    kind: str
    name: str
    place: str
    verdict: bool | None
    why: str
    seed: int

    @property
    def category(self) -> str:
        """Return the category that the finding was drawn for."""
        return category_of(self.kind)


def category_of(kind: str) -> str:
    """Return the category of a kind."""
    return CATEGORIES.get(kind, "infrastructure") or kind


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("negatives", "sample"):
        command = commands.add_parser(name)
        command.add_argument("checkouts", type=Path)
        if name == "sample":
            command.add_argument("--seed", type=int, default=SEED)
            command.add_argument("--new", action="store_true", help="leave out what was judged before")
    reported = commands.add_parser("report")
    reported.add_argument("verdicts", type=Path, nargs="?", default=DATA / "sample.jsonl")
    arguments = parser.parse_args()
    if arguments.command == "negatives":
        return _negatives(arguments.checkouts)
    if arguments.command == "sample":
        return _sample(arguments.checkouts, arguments.seed, only_new=arguments.new)
    print("\n".join(report(read_verdicts(arguments.verdicts))))
    return 0


def _negatives(checkouts: Path) -> int:
    """Scan the repositories without AI again; anything that is not listed is a false item."""
    expected = read_expected()
    false_items: list[str] = []
    scanned = 0
    for repo, commit, findings in _scanned(expected, checkouts):
        scanned += 1
        known = {(item.kind, item.name) for item in expected[repo, commit]}
        found = {(item["kind"], item["name"]) for item in findings}
        false_items += [f"{repo}: {kind} {name}" for kind, name in sorted(found - known)]
        for kind, name in sorted(known - found):
            print(f"- {repo}: {kind} {name} is listed and no longer found")
    plain = sum(not items for items in expected.values())
    print(f"{scanned} of {len(expected)} repositories scanned; {plain} have nothing at all")
    print(f"false items: {len(false_items)}", *false_items, sep="\n  ")
    return 1 if false_items else 0


def _sample(checkouts: Path, seed: int, *, only_new: bool) -> int:
    """Print a fresh sample as rows without verdicts."""
    repositories = dict.fromkeys(read_repositories())
    before = (row for path in sorted(DATA.glob("*.jsonl")) for row in read_verdicts(path))
    judged = {(row.repo, row.kind, row.name) for row in before} if only_new else set()
    rows = [
        Verdict(
            repo=repo,
            commit=commit,
            kind=item["kind"],
            name=item["name"],
            place=item["places"][0],
            verdict=None,
            why="",
            seed=seed,
        )
        for repo, commit, findings in _scanned(repositories, checkouts)
        for item in findings
        if (repo, item["kind"], item["name"]) not in judged
    ]
    for row in draw(rows, seed):
        print(json.dumps(asdict(row), ensure_ascii=False))
    return 0


def draw(rows: list[Verdict], seed: int, size: int = SIZE) -> list[Verdict]:
    """Return ``size`` rows: the same number of each category, within one in turn from each repository."""
    chance = random.Random(seed)
    queues: dict[str, list[Verdict]] = {}
    for category in sorted({row.category for row in rows}):
        by_repo: dict[str, list[Verdict]] = {}
        for row in sorted(rows, key=lambda row: (row.repo, row.kind, row.name, row.place)):
            if row.category == category:
                by_repo.setdefault(row.repo, []).append(row)
        for members in by_repo.values():
            chance.shuffle(members)
        order = sorted(by_repo)
        chance.shuffle(order)
        queues[category] = list(_in_turn([by_repo[repo] for repo in order]))
    return list(_in_turn(list(queues.values())))[:size]


def _in_turn(lists: list[list[Verdict]]) -> Iterator[Verdict]:
    """Yield the first of each list, then the second of each."""
    for number in range(max(map(len, lists), default=0)):
        yield from (members[number] for members in lists if number < len(members))


def report(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """Yield the lines of the figures: of each category and of all."""
    rows = list(verdicts)
    for category, (right, total) in sorted(figures(rows).items()):
        yield f"  {category:24} {right:4}/{total:<4} {right / total:.3f}"
    right, total = sum(row.verdict is True for row in rows), len(rows)
    yield f"  {'all':24} {right:4}/{total:<4} {right / total:.3f}"
    for row in rows:
        if not row.verdict:
            yield f"false: {row.repo} {row.kind} {row.name} at {row.place}: {row.why}"


def figures(rows: list[Verdict]) -> dict[str, tuple[int, int]]:
    """Return how many verdicts of each category say that the finding is true, and how many there are."""
    total = Counter(row.category for row in rows)
    right = Counter(row.category for row in rows if row.verdict)
    return {category: (right[category], count) for category, count in total.items()}


def read_expected() -> dict[tuple[str, str], list[Expected]]:
    """Return what each repository without AI products truly has, by repository and commit."""
    found: dict[tuple[str, str], list[Expected]] = {}
    for repo, commit, kind, name, why in _table("without_ai.tsv"):
        items = found.setdefault((repo, commit), [])
        if kind:
            items.append(Expected(kind=kind, name=name, why=why))
    return found


def read_repositories() -> list[tuple[str, str]]:
    """Return the repositories and commits that samples are drawn from."""
    return [(repo, commit) for repo, commit in _table("with_ai.tsv")]


def read_verdicts(path: Path = DATA / "sample.jsonl") -> list[Verdict]:
    """Return the verdicts as they are committed."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Verdict(**json.loads(line)) for line in lines]


def _table(name: str) -> Iterator[list[str]]:
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def _scanned(
    repositories: Iterable[tuple[str, str]], checkouts: Path
) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Yield what is found in each repository that is there, scanned in processes of their own."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=10) as pool:
        for repo, commit in repositories:
            place = place_of(checkouts, repo)
            if place is None:
                print(f"- {repo}: not there, skipped", file=sys.stderr)
                continue
            findings, _, _, problems = pool.apply(scan, (str(place), commit))
            if problems:
                print(f"- {repo}: {problems}", file=sys.stderr)
            yield repo, commit, findings


if __name__ == "__main__":
    sys.exit(main())
