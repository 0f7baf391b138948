"""Measure what scanning an organisation costs when nothing, 1, 10 and 100 % of its files changed.

Run from the repository's root: ``python -m benchmarks.organisation SOURCE... [--repositories N] [--files
N]``. ``SOURCE`` are git repositories (bare or not) whose text files the organisation is made of. A stand-in
for GitHub serves it from a process of its own; the scanner's CPU is counted with its children (git). Checked
on the way: what is found after a change is as much as a scan of an empty store finds.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TOKEN = "served-on-loopback"


def main() -> int:
    """Make the organisation, scan it over and over, print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("sources", type=Path, nargs="+")
    parser.add_argument("--repositories", type=int, default=100)
    parser.add_argument("--files", type=int, default=100, help="files of each repository")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aicensus-organisation-") as place:
        root = Path(place)
        count = make(root / "hosted", arguments.sources, arguments.repositories, arguments.files)
        parent, child = multiprocessing.Pipe()
        host = multiprocessing.get_context("spawn").Process(
            target=serve, args=(root / "hosted", arguments.repositories, child), daemon=True
        )
        host.start()
        url = parent.recv()
        print(f"{arguments.repositories} repositories, {count:,} files")
        measure(root, url, parent, arguments.repositories)
        host.terminate()
    return 0


def measure(root: Path, url: str, host: Any, repositories: int) -> None:
    """Scan, change, scan again."""
    db = root / "inventory.db"
    print("| changed | CPU s | CPU s a repository | found | changed things |\n|---|---|---|---|---|")
    show("first scan", scan(db, url), repositories)
    show("0 %", scan(db, url), repositories)
    for share in (1, 10, 100):
        host.send(share)
        host.recv()
        after = scan(db, url)
        show(f"{share} %", after, repositories)
        anew = scan(root / f"anew-{share}.db", url)
        if anew["things"] != after["things"]:
            raise SystemExit(f"{share} %: {after['things']} things, a scan anew finds {anew['things']}")


def show(what: str, result: dict[str, Any], repositories: int) -> None:
    """Print one row."""
    cpu = result["cpu_s"]
    print(
        f"| {what} | {cpu:.2f} | {cpu / repositories:.4f} | {result['things']} | {result['changed']} |",
        flush=True,
    )


def scan(db: Path, url: str) -> dict[str, Any]:
    """Scan in a process of its own and return what it says."""
    environment = {**os.environ, "GITHUB_TOKEN": TOKEN}
    command = [sys.executable, "-m", "benchmarks.organisation", "--scan", str(db), url]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"the scan ended with {done.returncode}:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def scan_here(db: str, url: str) -> None:
    """Scan in this process and print figures as JSON."""
    from connectors.forges.github import GitHubOptions
    from discovery.config import Config, InstanceConfig
    from discovery.service.scan import ScanRequest, SilentProgress, run_scan
    from store import open_store

    options = GitHubOptions(organizations=("acme",), base_url=f"{url}/api/v3", host="git.example.org")
    instance = InstanceConfig(connector="github", name="main", options=options)
    config = Config(every_instance=(instance,), path=Path("aicensus.toml"))
    with open_store(f"sqlite:///{db}", create=True) as store:
        before = cpu_s()
        report = run_scan(config, store, ScanRequest(), SilentProgress())
        used = cpu_s() - before
    tally = report.tally
    changed = tally.added + tally.changed + tally.missing + tally.closed
    if report.state != "complete":
        raise SystemExit(f"{report.state}: {report.partial_reasons[:3]}")
    print(json.dumps({"cpu_s": used, "things": tally.seen, "changed": changed, "requests": tally.requests}))


def cpu_s() -> float:
    """Return the CPU seconds of this process and its children so far."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def make(hosted: Path, sources: list[Path], repositories: int, files: int) -> int:
    """Write the repositories from the sources' files, dealt in turn; return how many files they hold."""
    from tests.code_samples import commit, git

    texts = [item for source in sources for item in read(source)]
    total = 0
    for number in range(repositories):
        folder = hosted / "acme" / f"r{number}.git"
        folder.mkdir(parents=True)
        git(folder, "init", "-q", "-b", "main")
        git(folder, "config", "uploadpack.allowFilter", "true")
        mine = [texts[(number * files + offset) % len(texts)] for offset in range(files)]
        written = {path: data + remark(path, f"of {number}") for path, data in mine}
        commit(folder, {path: data for path, data in written.items() if fits(path, written)})
        total += len(git(folder, "ls-files").splitlines())
    return total


def fits(path: str, others: dict[str, bytes]) -> bool:
    """Say whether no other file stands where the path has a folder."""
    return not any(str(parent) in others for parent in Path(path).parents)


def remark(path: str, text: str) -> bytes:
    """Return a line for the end of a file of this name that changes its bytes and says nothing."""
    if path.endswith((".json", ".lock", ".ipynb")):
        return b" " * (sum(text.encode()) % 199 + 1)
    if path.endswith((".xml", ".html", ".md", ".svg")):
        return f"\n<!-- {text} -->\n".encode()
    slashes = (".js", ".ts", ".tsx", ".go", ".java", ".cs", ".rs", ".kt")
    return f"\n{'//' if path.endswith(slashes) else '#'} {text}\n".encode()


def read(source: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the text files of a repository's head."""
    from connectors.clients.git import GitReader
    from connectors.clients.git_folder import find_repository

    found = find_repository(source)
    if found is None:
        raise SystemExit(f"{source} is no repository")
    with GitReader(found.objects) as reader:
        paths = {one.object_id: one.path.decode("utf-8", "replace") for one in reader.tree(found.head()[1])}
        for blob, data in reader.blobs(list(paths)):
            if b"\0" not in data and len(data) < 200_000 and paths[blob].isprintable():
                yield paths[blob], data


def serve(hosted: Path, repositories: int, pipe: Any) -> None:
    """Serve the organisation; change a share of its files (percent) when told to."""
    from tests.code_samples import commit, git
    from tests.fakes_forges import Hosted
    from tests.fakes_github import GitHubFake

    fake = GitHubFake(hosted)
    fake.token = TOKEN
    for number in range(repositories):
        folder = hosted / "acme" / f"r{number}.git"
        fake.repositories.append(Hosted(number=number, name=f"acme/r{number}", folder=folder))
    pipe.send(fake.start())
    while True:
        share, place = pipe.recv(), 0
        for number in range(repositories):
            folder = hosted / "acme" / f"r{number}.git"
            changed = {}
            for path in git(folder, "ls-files", "-z").split("\0"):
                place += 1
                if path and place * share // 100 > (place - 1) * share // 100:
                    data = (folder / path).read_bytes()
                    changed[path] = data + remark(path, str(time.time_ns()))
            if changed:
                commit(folder, changed)
        pipe.send("done")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--scan"]:
        scan_here(*sys.argv[2:4])
        sys.exit(0)
    sys.exit(main())
