"""Fuzz every reader of foreign bytes: damaged seeds for a while, then hostile inputs of growing size.

    python -m benchmarks.fuzz_parsers [--seconds N] [--only NAME ...] [--seed S] [--growth] [--keep FOLDER]

Each target (``tests/fuzzing.py``) gets ``--seconds`` of CPU time with damaged seeds; printed are runs, the
slowest input and what went wrong, with the failing input written below ``--keep``, cut down. ``--growth``
builds inputs of 10 and 40 kB of each family instead, measures 50, 100, 200 and 400 kB of those that take
long or grow fast, and reports more than 1 s for 100 kB, more than three times as long for twice the size, or
200 MB more memory. Exit 1 when anything went wrong. It judges CPU time, so a busy machine is no excuse.
"""

from __future__ import annotations

import argparse
import hashlib
import mmap
import os
import random
import resource
import sys
import tempfile
import time
from fnmatch import fnmatchcase
from pathlib import Path

from tests.fuzzing import Seed, Target, Verdict, growing, judge, mutate
from tests.fuzzing_targets import all_targets

_SIZES = (50_000, 100_000, 200_000, 400_000)
_SUSPECT_S = 0.15
_MOST_TIMES = 3.0
_MOST_MB = 200
_ENOUGH = 4
_KEEP = Path(tempfile.gettempdir()) / "aicensus-fuzz"


def main() -> int:
    """Run what is asked for and print a line for each target; exit 1 when anything went wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="CPU seconds for each target")
    parser.add_argument("--only", action="append", default=[], help="a target's name; may hold * and ?")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers")
    parser.add_argument("--growth", action="store_true", help="growing inputs instead of damaged ones")
    parser.add_argument("--positions", type=int, default=3, help="places in a seed that growth is tried at")
    parser.add_argument("--keep", type=Path, default=_KEEP, help="where failing inputs go")
    arguments = parser.parse_args()
    targets = [one for one in all_targets() if _is_chosen(one, arguments.only)]
    wrong = 0
    for target in targets:
        wrong += _apart(target, arguments)
    print(f"{len(targets)} targets, {wrong} with faults")
    return 1 if wrong else 0


def _apart(target: Target, arguments: argparse.Namespace) -> bool:
    """Fuzz a target in a process of its own, for a reader may end its process; say whether it has faults."""
    folder, running = arguments.keep / target.name, _Running()
    child = os.fork()
    if child == 0:
        if arguments.growth:
            os._exit(_grow(target, arguments.positions, running))
        os._exit(_damage(target, arguments.seconds, arguments.seed, running, folder))
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "running").write_bytes(running.told())
        print(f"{target.name:24} ENDED THE PROCESS by signal {-code}: {folder / 'running'}", flush=True)
    return code != 0


class _Running:
    """What a child is at, in memory that outlives it: a file for each input made most of the time waiting."""

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 8 * 1024 * 1024)

    def tell(self, data: bytes) -> None:
        """Keep an input (at most 8 MB of it) until the next."""
        data = data[: len(self._shared) - 8]
        self._shared[: 8 + len(data)] = len(data).to_bytes(8, "little") + data

    def told(self) -> bytes:
        """Return the input that was told last."""
        return self._shared[8 : 8 + int.from_bytes(self._shared[:8], "little")]


def _is_chosen(target: Target, only: list[str]) -> bool:
    return not only or any(fnmatchcase(target.name, name) for name in only)


def _damage(target: Target, seconds: float, seed: int, running: _Running, folder: Path) -> bool:
    """Run damaged seeds for a while; keep one input for each fault."""
    random_ = random.Random(f"{seed}/{target.name}")
    before, until = _memory_mb(), time.process_time() + seconds
    slowest, faults, runs, facts = Verdict(0.0), dict[str, Seed](), 0, 0
    while time.process_time() < until:
        one = mutate(random_, target, random_.choice(target.seeds))
        running.tell(one.data)
        verdict = judge(target, one)
        runs, facts = runs + 1, facts + bool(verdict.facts)
        slowest = max(slowest, verdict, key=lambda item: item.seconds)
        if verdict.fault:
            faults.setdefault(verdict.fault.partition(" s for ")[0], one)
    grown = _memory_mb() - before
    print(
        f"{target.name:24} {runs:7,} runs, {facts / max(runs, 1):4.0%} with facts, "
        f"slowest {slowest.seconds * 1000:6.1f} ms, {grown:3.0f} MB more, {len(faults)} faults",
        flush=True,
    )
    for fault, one in faults.items():
        place = _keep(target, fault, one, folder)
        print(f"    {fault}: {place}", flush=True)
    return bool(faults) or grown > _MOST_MB


def _keep(target: Target, fault: str, seed: Seed, folder: Path) -> Path:
    small = smallest(target, seed, fault)
    name = hashlib.sha256(small.data).hexdigest()[:8] + "-" + seed.path.replace("/", "__")
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / name
    place.write_bytes(small.data)
    return place


def smallest(target: Target, seed: Seed, fault: str, tries: int = 600) -> Seed:
    """Cut an input down as long as it shows the same fault."""
    if fault.startswith(("takes", "hangs")):
        return seed
    data, step = seed.data, max(1, len(seed.data) // 2)
    while step and tries:
        place = 0
        while place < len(data) and tries:
            tries -= 1
            shorter = Seed(seed.path, data[:place] + data[place + step :])
            if judge(target, shorter).fault == fault:
                data = shorter.data
            else:
                place += step
        step //= 2
    return Seed(seed.path, data)


def _grow(target: Target, positions: int, running: _Running) -> bool:
    """Measure every family of hostile inputs; print the worst, and each that grows too fast."""
    worst, worst_label, families, wrong = 0.0, "", 0, 0
    before = _memory_mb()
    for label, path, build in growing(target, positions):
        families += 1
        running.tell(f"{path}: {label}".encode())
        verdict = judge(target, Seed(path, build(40_000)))
        if verdict.seconds > worst:
            worst, worst_label = verdict.seconds, label
        if not verdict.fault and verdict.seconds < _SUSPECT_S:
            if verdict.seconds < _SUSPECT_S / 10:
                continue
            quarter = judge(target, Seed(path, build(10_000)))
            if verdict.seconds < 6 * max(quarter.seconds, 0.001):
                continue
        spent, fault = _curve(target, path, build, verdict)
        if fault:
            wrong += 1
            print(f"    {target.name}: {label} in {path}: {fault} {spent}", flush=True)
            if wrong == _ENOUGH:
                break
    grown = _memory_mb() - before
    print(
        f"{target.name:24} {families:5} families, worst {worst:6.2f} s ({worst_label}), "
        f"{grown:3.0f} MB more, {wrong} faults",
        flush=True,
    )
    return bool(wrong) or grown > _MOST_MB


def _curve(target: Target, path: str, build: object, first: Verdict) -> tuple[str, str]:
    """Return the times for growing sizes, and what is wrong with them."""
    if first.fault and not first.fault.startswith("takes"):
        return "", first.fault
    spent: list[float] = []
    for size in _SIZES:
        verdict = judge(target, Seed(path, build(size)))  # type: ignore[operator]
        spent.append(verdict.seconds)
        if verdict.fault or verdict.seconds > 4:
            break
    text = " ".join(f"{seconds:.2f}" for seconds in spent)
    if verdict.fault:
        return text, verdict.fault
    # Twice the size twice, so that one burst of a busy machine is not taken for growth.
    is_steep = spent[-1] > max(spent[-3], 0.05) * _MOST_TIMES**2 or spent[-1] > max(spent[0], 0.03) * 20
    return text, "grows faster than its size" if is_steep else ""


def _memory_mb() -> float:
    """Return the most memory this process ever held, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 * 1024 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    raise SystemExit(main())
