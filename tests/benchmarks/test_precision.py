"""The committed verdicts reach the figures, and a sample is drawn fairly and the same each time."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

from benchmarks.precision import SIZE, Verdict, draw, figures, read_expected, read_repositories, read_verdicts
from connectors.kinds import KINDS

_COMMIT = re.compile(r"[0-9a-f]{40}")


def test_the_verdicts_reach_the_figures() -> None:
    rows = read_verdicts()

    found = figures(rows)

    assert len(rows) == SIZE
    assert sum(row.verdict is True for row in rows) / len(rows) >= 0.95
    assert {
        category: right / total for category, (right, total) in found.items() if right / total < 0.90
    } == {}


def test_each_verdict_says_where_and_why() -> None:
    repositories = set(read_repositories())

    for row in read_verdicts():
        assert (row.repo, row.commit) in repositories
        assert row.kind in KINDS
        assert isinstance(row.verdict, bool)
        assert row.place
        assert 10 < len(row.why) < 200
    assert len({row.seed for row in read_verdicts()}) == 1


def test_a_hundred_repositories_without_ai_are_listed_with_what_they_truly_hold() -> None:
    expected = read_expected()

    assert len(expected) > 100
    assert sum(not items for items in expected.values()) > 80
    assert all(_COMMIT.fullmatch(commit) for _, commit in expected)
    assert all(item.kind in KINDS and item.name and item.why for items in expected.values() for item in items)
    assert not {repo for repo, _ in expected} & {repo for repo, _ in read_repositories()}


def _rows() -> list[Verdict]:
    blank = Verdict(repo="", commit="c", kind="model", name="", place="a:1", verdict=None, why="", seed=0)
    counts = {("big", "model"): 500, ("small", "model"): 3, ("small", "ci_step"): 2, ("big", "package"): 40}
    return [
        replace(blank, repo=repo, kind=kind, name=f"{repo}-{number}")
        for (repo, kind), count in counts.items()
        for number in range(count)
    ]


def test_a_sample_takes_as_many_of_each_category_and_in_turn_from_each_repository() -> None:
    drawn = draw(_rows(), seed=7, size=30)

    assert Counter(row.category for row in drawn) == {"model": 14, "package": 14, "ci_step": 2}
    assert Counter(row.repo for row in drawn if row.kind == "model") == {"big": 11, "small": 3}


def test_a_sample_depends_on_its_seed_alone() -> None:
    rows = _rows()

    assert draw(rows, seed=7) == draw(rows[::-1], seed=7)
    assert draw(rows, seed=7) != draw(rows, seed=8)
