"""Whatever stands in a file, each reader of it ends soon, with facts that can be kept or a told problem.

``benchmarks/fuzz_parsers.py`` does for minutes what this does for moments.
"""

from __future__ import annotations

import random

import pytest

from tests.fuzzing import Seed, Target, growing, judge, mutate
from tests.fuzzing_targets import all_targets, found_seeds

TARGETS = {target.name: target for target in all_targets()}
FOUND = [pytest.param(name, seed, id=f"{name}-{number}") for number, (name, seed) in enumerate(found_seeds())]
# Readers that answer with something else than facts.
_SILENT = {
    "image-archive",
    "image-manifest",
    "image-config",
    "jar",
    "code-owners",
    "bitbucket-owners",
    "ignore-file",
}
_DAMAGED = 12
_GROWN = 4


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_themselves_show_something(name: str) -> None:
    for seed in TARGETS[name].seeds:
        verdict = judge(TARGETS[name], seed, is_damaged=False)

        assert verdict.fault == ""
        assert verdict.facts or name in _SILENT


@pytest.mark.parametrize("name", TARGETS)
def test_damage_surprises_no_reader(name: str) -> None:
    target, random_ = TARGETS[name], random.Random(name)

    for _ in range(_DAMAGED):
        seed = mutate(random_, target, random_.choice(target.seeds))

        assert judge(target, seed).fault == "", seed.data[:1_000]


@pytest.mark.parametrize("name", TARGETS)
def test_a_hostile_text_takes_no_more_than_its_size_deserves(name: str) -> None:
    target, random_ = TARGETS[name], random.Random(name)
    families = list(growing(target))

    for label, path, build in random_.sample(families, _GROWN):
        assert judge(target, Seed(path, build(30_000))).fault == "", label


@pytest.mark.parametrize(("name", "seed"), FOUND)
def test_what_once_broke_a_reader_breaks_it_no_more(name: str, seed: Seed) -> None:
    verdict = judge(TARGETS[name], seed)

    assert verdict.fault == ""


def _broken(seed: Seed) -> list[object]:
    if b"x" in seed.data:
        raise KeyError("x")
    while b"y" in seed.data:
        pass
    return []


@pytest.mark.parametrize(("data", "fault"), [(b"a", ""), (b"x", "KeyError"), (b"y", "hangs")])
def test_the_judge_sees_an_exception_and_a_hang(data: bytes, fault: str) -> None:
    broken = Target(name="broken", seeds=(), read=_broken)  # type: ignore[arg-type]

    assert judge(broken, Seed("a", data), hang_s=0.1).fault.partition(" ")[0] == fault
