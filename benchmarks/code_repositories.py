"""Measure the code connector on many bare repositories: what a change costs, and what both cores bring.

Run from the repository's root: ``python -m benchmarks.code_repositories SOURCE... [--repositories N]
[--files N] [--pairs N]``. ``SOURCE`` are git repositories (bare or not), or folders of such, whose text files
the repositories are made of. First the cost of a scan with 0, 1, 10 and 100 % of all files changed since the
last: CPU seconds with children (git), process start not counted. Then first scans of the sources as they are,
by threads and by processes in turn, as wall-clock ratios of each pair; and how much more CPU two busy
processes get than one meanwhile, for no ratio can be above that.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.organisation import cpu_s, fits, read, remark

_AUTHOR = b"A <a@example.org> %d +0000"


def main() -> int:
    """Make the repositories, scan them over and over, print two tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("sources", type=Path, nargs="+")
    parser.add_argument("--repositories", type=int, default=200)
    parser.add_argument("--files", type=int, default=40, help="files of each repository")
    parser.add_argument("--pairs", type=int, default=3, help="how often to scan by threads and by processes")
    parser.add_argument("--no-curve", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aicensus-repositories-") as place:
        root = Path(place)
        if not arguments.no_curve:
            made = list(make(root / "hosted", arguments))
            size = sum(len(data) for repository in made for data in repository.values())
            print(f"{len(made)} repositories, {sum(map(len, made)):,} files, {size / 1e6:.0f} MB")
            curve(root, made)
        if arguments.pairs:
            cores(root, arguments.sources, arguments.pairs)
    return 0


def curve(root: Path, made: list[dict[str, bytes]]) -> None:
    """Scan, change a share of the files, scan again."""
    print("| changed files | CPU s | ms a repository | found | wall s |\n|---|---|---|---|---|")
    db = root / "inventory.db"
    show("all new", scan(db, "threads", root / "hosted"), len(made))
    show("0 %", scan(db, "threads", root / "hosted"), len(made))
    for share in (1, 10, 100):
        change(root / "hosted", made, share)
        show(f"{share} %", scan(db, "threads", root / "hosted"), len(made))


def cores(root: Path, sources: list[Path], pairs: int) -> None:
    """Scan the sources into an empty store, by threads and by processes in turn."""
    ratios = []
    for number in range(pairs):
        wall = {}
        for kind in ("threads", "processes"):
            result = scan(root / f"{kind}-{number}.db", kind, *sources)
            wall[kind] = result["wall_s"]
            print(f"{kind}: {wall[kind]:.2f} s wall, {result['cpu_s']:.2f} s CPU, {result['things']} found")
        ratios.append(wall["threads"] / wall["processes"])
    print(f"processes are {median(ratios):.2f} times as fast ({min(ratios):.2f} to {max(ratios):.2f})")
    print(f"two busy processes get {spare():.2f} times the CPU of one here and now")


def spare() -> float:
    """Return how much more CPU two busy processes get than one: 2 on an idle machine, 1 on a crowded one."""
    busy = [sys.executable, "-c", "import time\nwhile time.process_time() < 1.5: pass"]
    wall = []
    for count in (1, 2):
        began = time.monotonic()
        for process in [subprocess.Popen(busy) for _ in range(count)]:
            process.wait()
        wall.append(time.monotonic() - began)
    return 2 * wall[0] / wall[1]


def show(what: str, result: dict[str, Any], repositories: int) -> None:
    """Print one row."""
    each = 1000 * result["cpu_s"] / repositories
    cells = (what, f"{result['cpu_s']:.2f}", f"{each:.1f}", result["things"], f"{result['wall_s']:.2f}")
    print("|", " | ".join(map(str, cells)), "|", flush=True)


def make(hosted: Path, arguments: argparse.Namespace) -> Iterator[dict[str, bytes]]:
    """Write bare repositories with texts of the sources, in their order; yield what each holds."""
    texts = _texts(arguments.sources)
    for number in range(arguments.repositories):
        mine = dict(islice(texts, arguments.files))
        if not mine:
            raise SystemExit("the sources have too few files for so many repositories")
        written = {path: data for path, data in mine.items() if fits(path, mine)}
        folder = hosted / f"r{number:04}.git"
        folder.mkdir(parents=True)
        _git(folder, "init", "-q", "--bare", "-b", "main")
        _commit(folder, written, "")
        yield written


def change(hosted: Path, made: list[dict[str, bytes]], share: int) -> None:
    """Add a line to a share (percent) of all files, evenly spread, and commit it."""
    place = 0
    for number, files in enumerate(made):
        changed = {}
        for path in files:
            place += 1
            if place * share // 100 > (place - 1) * share // 100:
                changed[path] = files[path] = files[path] + remark(path, str(time.time_ns()))
        if changed:
            _commit(hosted / f"r{number:04}.git", changed, "from refs/heads/main^0\n")


def _texts(sources: list[Path]) -> Iterator[tuple[str, bytes]]:
    from connectors.clients.git_folder import find_repository, nested_repositories

    for source in sources:
        for found in [source] if find_repository(source) else nested_repositories(source, ()):
            yield from (item for item in read(found) if '"' not in item[0] and "\\" not in item[0])


def _commit(folder: Path, files: Mapping[str, bytes], parent: str) -> None:
    who = _AUTHOR % int(time.time())
    lines = [b"commit refs/heads/main\ncommitter %s\ndata 4\nmore\n%s" % (who, parent.encode())]
    for path, data in files.items():
        lines.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data))
    _git(folder, "fast-import", "--quiet", feed=b"".join(lines))


def _git(folder: Path, *arguments: str, feed: bytes = b"") -> None:
    subprocess.run(["git", *arguments], cwd=folder, input=feed, check=True, capture_output=True)


def scan(db: Path, kind: str, *targets: Path) -> dict[str, Any]:
    """Scan in a process of its own and return what it says."""
    command = [sys.executable, "-m", "benchmarks.code_repositories", "--scan", str(db), kind]
    command += [str(target.resolve()) for target in targets]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"the scan ended with {done.returncode}:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def scan_here(db: str, kind: str, *targets: str) -> None:
    """Scan in this process and print figures as JSON."""
    from connectors.code.options import CodeOptions
    from discovery.config import Config, InstanceConfig
    from discovery.config_sections import ExecutorSection
    from discovery.service.scan import ScanRequest, SilentProgress, run_scan
    from store import open_store

    instance = InstanceConfig(connector="code", name="main", options=CodeOptions(targets=targets))
    executor = ExecutorSection.model_validate({"kind": kind})
    config = Config(every_instance=(instance,), path=Path("aicensus.toml"), executor=executor)
    with open_store(f"sqlite:///{db}", create=True) as store:
        began, before = time.monotonic(), cpu_s()
        report = run_scan(config, store, ScanRequest(), SilentProgress())
        wall, used = time.monotonic() - began, cpu_s() - before
    if report.tally.errors:
        raise SystemExit(str(report.tally.errors)[:1000])
    print(json.dumps({"cpu_s": used, "wall_s": wall, "things": report.tally.seen}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--scan"]:
        scan_here(*sys.argv[2:])
        sys.exit(0)
    sys.exit(main())
