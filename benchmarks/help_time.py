"""Measure the CPU that ``aicensus --help`` takes, beside a bare ``python -c pass``.

Run: ``python benchmarks/help_time.py``. Byte code is kept in a temporary folder, as after the first call of
an installed program. Prints the median of 15 calls each, in milliseconds of user and system time.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence

CALLS = 15


def median_cpu_ms(words: Sequence[str], environ: dict[str, str]) -> float:
    """Return the median CPU of a process, in milliseconds; the first call only fills the byte code."""
    spent = []
    for _ in range(CALLS + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *words], env=environ, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(spent[1:]) * 1000


def main() -> int:
    """Print both figures; fails when the help takes 0.3 s or more."""
    with tempfile.TemporaryDirectory() as cache:
        environ = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        bare = median_cpu_ms(["-c", "pass"], environ)
        help_ = median_cpu_ms(["-m", "discovery", "--help"], environ)
    print(f"aicensus --help: {help_:.0f} ms of CPU; bare interpreter: {bare:.0f} ms (median of {CALLS})")
    return 0 if help_ < 300 else 1


if __name__ == "__main__":
    sys.exit(main())
