"""Measure the code connector on a repository beside ripgrep with the same literals.

    python benchmarks/code_scan.py [--files N] [--rounds N] [--repository FOLDER] [--at-most TIMES] [--warm]

Without ``--repository`` one of ``--files`` files is made in a temporary folder from the Python sources of
this environment, with an AI file in every hundred. Each contestant runs in a process of its own, turn by
turn; CPU seconds are user and system time, children counted. ``start`` loads the catalogue and builds the
byte search, ``prefilter`` also reads and searches every file, ``scan`` is the whole connector through the
runner, process start counted.

What counts are the ratios of each round, of which the median is printed: the whole scan at most 5 times
``rg -j1`` (7 times for 14,000 files), and under 80 MB, with a cold cache: before each contestant Linux is
asked to forget its pages, which root alone may do; without that, and with ``--warm``, rg has the larger
advantage. Byte code must be cached (``PYTHONDONTWRITEBYTECODE`` unset), as when installed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median

_AI_FILE = (
    'import openai\n\nclient = openai.OpenAI()\nMODEL = "gpt-4o-mini"\nURL = "https://api.openai.com/v1"\n'
)
_CHILDREN = ("start", "prefilter", "scan")


def main() -> int:
    """Run the contest and print the figures; exit 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--files", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repository", type=Path, help="a folder to scan instead of a made one")
    parser.add_argument("--at-most", type=float, default=5.0, help="the whole scan over rg -j1")
    parser.add_argument("--warm", action="store_true", help="leave the pages of files in memory")
    parser.add_argument("--child", choices=_CHILDREN)
    parser.add_argument("--tree")
    arguments = parser.parse_args()
    if arguments.child:
        return _child(arguments.child, arguments.tree)
    with tempfile.TemporaryDirectory(prefix="aicensus-benchmark-") as place:
        tree = arguments.repository or Path(place) / "repository"
        if arguments.repository is None:
            make_repository(tree, arguments.files)
        return _contest(tree.resolve(), Path(place), arguments.rounds, arguments.at_most, not arguments.warm)


def _contest(tree: Path, place: Path, rounds: int, at_most: float, is_cold: bool) -> int:
    commands = _commands(tree, place)
    cpu: dict[str, list[float]] = {name: [] for name in commands}
    peak: dict[str, float] = {}
    for _ in range(rounds):
        for name, command in commands.items():
            is_cold = is_cold and _forget_pages()
            used, memory = _measure(command)
            cpu[name].append(used)
            peak[name] = max(memory, peak.get(name, 0.0))
    sizes = [file.stat().st_size for file in tree.rglob("*") if file.is_file() and not file.is_symlink()]
    told = f"{len(sizes)} files, {sum(sizes) / 1e6:.1f} MB, {len(_literals())} literals, {rounds} rounds"
    print(f"{told}, {'cold' if is_cold else 'warm'} cache")
    for name, spent in cpu.items():
        print(
            f"  {name:10} {min(spent):6.3f} s CPU at least, median {median(spent):6.3f}  {peak[name]:5.0f} MB"
        )
    if "rg" not in cpu:
        return 0
    ratios = {
        name: [mine / theirs for mine, theirs in zip(cpu[name], cpu["rg"], strict=True)] for name in _CHILDREN
    }
    print(f"  reading and pre-filter over rg, process start counted: {median(ratios['prefilter']):.2f}")
    low, high = min(ratios["scan"]), max(ratios["scan"])
    print(
        f"  whole scan over rg: {median(ratios['scan']):.2f} ({low:.2f} to {high:.2f}; to reach: {at_most:g})"
    )
    return 0 if median(ratios["scan"]) <= at_most and max(peak["prefilter"], peak["scan"]) < 80 else 1


def _commands(tree: Path, place: Path) -> dict[str, list[str]]:
    literals = place / "literals"
    # One a line: a literal that ends with a line feed would put an empty one beside it, found everywhere.
    literals.write_bytes(b"\n".join(dict.fromkeys(literal.strip(b"\r\n") for literal in _literals())))
    own = [sys.executable, __file__, "--tree", str(tree), "--child"]
    commands = {name: [*own, name] for name in _CHILDREN}
    if shutil.which("rg") is None:
        print("rg is not installed; only our own figures follow")
        return commands
    ripgrep = ["rg", "-j1", "-F", "-a", "--no-ignore", "--hidden", "-c", "-f", str(literals), str(tree)]
    return {"rg": ripgrep} | commands


def make_repository(tree: Path, files: int) -> int:
    """Copy Python sources of this environment into ``tree`` under new names; return the bytes."""
    sources = sorted(Path(sysconfig.get_paths()["purelib"]).rglob("*.py"))
    sources += sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    usable = [source for source in sources if 500 < source.stat().st_size < 60_000]
    size = 0
    for number in range(files):
        data = usable[number % len(usable)].read_bytes() if number % 100 else _AI_FILE.encode()
        target = tree / f"package{number // 50:03}" / f"module{number:05}.py"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        size += len(data)
    return size


def _literals() -> tuple[bytes, ...]:
    from connectors.catalogue import load_catalogue
    from connectors.code.registry import formats_for

    return formats_for(load_catalogue()).prefilter.literals


def _forget_pages() -> bool:
    """Let the system forget what it keeps of files; say whether it may be told to."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3", encoding="ascii")
    except OSError:
        return False
    return True


def _measure(command: list[str]) -> tuple[float, float]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=_environment())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode > (command[0] == "rg"):  # 1: nothing found
        raise SystemExit(f"{command[0]} failed with {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def _environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPATH": os.getcwd()}


def _child(name: str, tree: str) -> int:
    if name == "scan":
        return _scan(tree)
    from connectors.catalogue import load_catalogue
    from connectors.code.registry import formats_for
    from connectors.code.trees import FolderTree

    formats = formats_for(load_catalogue())
    prefilter = formats.prefilter
    if name == "prefilter":
        folder = FolderTree(Path(tree), formats.catalogue)
        for batch in folder.batches(lambda path: True):
            for _, data in folder.read(batch, lambda path: 2_000_000):
                prefilter.search(data)
    return 0


def _scan(tree: str) -> int:
    from connectors.clients.network import NetworkSettings
    from connectors.code.options import CodeOptions
    from connectors.model import Scope
    from connectors.runner import ScopeJob, list_scopes, run_scope

    options = CodeOptions(targets=(tree,))
    blank = Scope(connector="code", instance="main", ids=("-",), parts=())
    job = ScopeJob(connector="code", instance="main", scope=blank, options=options, network=NetworkSettings())
    scopes, listing = list_scopes(job)
    if not scopes:
        raise SystemExit(listing.reason)
    for scope in scopes:
        run_scope(replace(job, scope=scope), lambda batch: None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
