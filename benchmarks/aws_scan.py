"""Measure a scan of 10,000 AWS assets against a bare boto3 loop over the same operations.

Run from the repository's root: ``python -m benchmarks.aws_scan [--assets N] [--rounds N] [--all-rows]``. Both
sides ask the services of the 15 types, tags, contacts and who made what is new; with ``--all-rows`` every row
there is. A fake of AWS runs in a process of its own; ours and the bare loop each run in fresh processes, in
turns, the other one first in every second round. Checked on
the way: the ids found equal the ids seeded, none of AWS's own items is among them, and a second, unchanged
scan sends list calls only.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.aws_bare import BareLoop, environment
from connectors import aws_rows, aws_use_rows

REGIONS = ("us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-2")
TYPES = (
    ("bedrock", "ListInferenceProfiles"),
    ("bedrock", "ListCustomModels"),
    ("bedrock", "ListGuardrails"),
    ("bedrock", "ListPromptRouters"),
    ("bedrock-agent", "ListAgents"),
    ("bedrock-agent", "ListKnowledgeBases"),
    ("bedrock-agentcore-control", "ListAgentRuntimes"),
    ("bedrock-agentcore-control", "ListBrowsers"),
    ("sagemaker", "ListEndpoints"),
    ("sagemaker", "ListModels"),
    ("sagemaker", "ListNotebookInstances"),
    ("sagemaker", "ListHubs"),
    ("comprehend", "ListEndpoints"),
    ("lexv2-models", "ListBots"),
    ("transcribe", "ListVocabularies"),
)
THREADS = 8
_ALL_ROWS = "AICENSUS_BENCH_ALL_ROWS"
ACCOUNT = "111122223333"


def main() -> None:
    """Run one of the roles, or the whole comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--assets", type=int, default=10_512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--all-rows", action="store_true", help="ask every service, not only the 15 types'")
    parser.add_argument("--role", choices=["serve", "ours", "bare"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.all_rows:
        os.environ[_ALL_ROWS] = "1"  # for the processes of both sides
    roles = {"serve": _serve, "ours": _ours, "bare": _bare}
    if options.role:
        roles[options.role](options.assets)
        return
    _compare(options)


def _services() -> tuple[str, ...]:
    return () if os.environ.get(_ALL_ROWS) else tuple(sorted({service for service, _ in TYPES}))


def _rows() -> list[aws_rows.Row]:
    services = _services()
    return [row for row in aws_rows.load().rows if not services or row.service in services]


def _seeded(assets: int) -> Iterator[tuple[aws_rows.Row, str, list[int]]]:
    """Yield (row, region, item numbers), shuffled the same way in every process."""
    rows = [aws_rows.load().row(*one) for one in TYPES]
    cells = [(row, region) for row in rows for region in REGIONS]
    for index, (row, region) in enumerate(cells):
        numbers = list(range(index, assets, len(cells)))
        random.Random(index).shuffle(numbers)
        yield row, region, numbers


def _expected(assets: int) -> set[str]:
    from tests import aws_samples

    keys = set()
    for row, region, numbers in _seeded(assets):
        place = {"partition": "aws", "account": ACCOUNT, "region": region}
        for number in numbers:
            key = row.key.fill(aws_samples.item(row, number, account=ACCOUNT, region=region), place)
            keys.add(str(key))
    return keys


def _serve(assets: int) -> None:
    """Serve the estate with catalogue traps mixed in, until standard input closes."""
    from tests import aws_samples
    from tests.fakes_aws import FakeAws

    fake = FakeAws(keep_log=False)
    fake.regions[ACCOUNT] = list(REGIONS)
    for region in REGIONS:
        aws_samples.fill(fake, count=0, account=ACCOUNT, region=region, with_single=False)
        fake.answer("resourcegroupstaggingapi", "GetResources", _tags, account=ACCOUNT, region=region)
    for row, region, numbers in _seeded(assets):
        items = [aws_samples.item(row, number, account=ACCOUNT, region=region) for number in numbers]
        items += aws_samples.traps(row, account=ACCOUNT, region=region)
        random.Random(region + row.part).shuffle(items)
        fake.add(row.service, row.operation, *items, account=ACCOUNT, region=region, strict=False)
    fake.keep_calls = False
    print(fake.start(), flush=True)
    sys.stdin.read()
    fake.stop()


def _tags(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Answer with two tags for everything; that all came from one stack would be no usual estate."""
    tags = [{"Key": "Owner", "Value": "ada@acme.example"}, {"Key": "Application", "Value": "claims"}]
    arns = asked.get("ResourceARNList") or ()
    return {"ResourceTagMappingList": [{"ResourceARN": arn, "Tags": tags} for arn in arns]}


def _ours(assets: int) -> None:
    """Scan twice with eight threads, the second time knowing the first; print figures as JSON."""
    from connectors.aws import AwsConnector

    _warm_up()
    assert AwsConnector.info.name == "aws"
    known: dict[str, dict[str, dict[tuple[str, str], str]]] = {}
    began, started = time.perf_counter(), time.process_time()
    first = _scan(known)
    first_cpu, first_wall = time.process_time() - started, time.perf_counter() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started = time.process_time()
    second = _scan(known)
    second_cpu = time.process_time() - started
    planned = _planned(assets)
    print(
        json.dumps(
            {
                "cpu_s": first_cpu,
                "wall_s": first_wall,
                "peak_mb": peak_mb,
                "found_equals_seeded": first["keys"] == _expected(assets),
                "found": len(first["keys"]),
                "requests": first["requests"],
                "second_cpu_s": second_cpu,
                "second_requests": second["requests"],
                "second_planned": planned,
                "second_detail_and_tag_requests": second["detail_requests"],
                "second_changed": second["findings"],
            }
        )
    )


def _warm_up() -> None:
    """Import what both sides need, so that neither is charged for it."""
    for name in ("boto3", "botocore.session"):
        importlib.import_module(name)


def _scan(known: dict[str, dict[str, dict[tuple[str, str], str]]]) -> dict[str, Any]:
    """Scan all scopes and throw the batches away, keeping keys and fingerprints as a store would."""
    from connectors.aws import AwsOptions
    from connectors.clients.network import NetworkSettings
    from connectors.model import Finding, Scope, Unchanged
    from connectors.outcome import PartBatch
    from connectors.runner import ScopeJob, list_scopes, run_scope
    from scheduler.executors import ExecutorSettings, open_executor

    lock = threading.Lock()
    seen: dict[str, Any] = {"keys": set(), "findings": 0}

    def job(scope: Scope) -> ScopeJob:
        mine = known.get(scope.key, {})
        return ScopeJob(
            connector="aws",
            instance="main",
            scope=scope,
            options=AwsOptions(services=_services()),
            network=NetworkSettings(),
            previous=lambda part: mine.get(part, {}),
        )

    def emit(batch: PartBatch) -> None:
        is_detail = _reads_items(batch.part)
        with lock:
            seen["findings"] += len(batch.findings)
            part = after.setdefault(batch.scope_key, {}).setdefault(batch.part, {})
            shown: list[Finding | Unchanged] = [*batch.findings, *batch.unchanged]
            for one in shown:
                part[one.natural_key.namespace, one.natural_key.key] = one.fingerprint
                if not is_detail:
                    seen["keys"].add(one.natural_key.key)

    after: dict[str, dict[str, dict[tuple[str, str], str]]] = {}
    scopes, listing = list_scopes(job(Scope(connector="aws", instance="main", ids=("*",), parts=())))
    assert scopes, listing
    with open_executor(ExecutorSettings(workers=THREADS)) as pool:
        outcomes = list(pool.map(lambda scope: run_scope(job(scope), emit), scopes))
    results = [(name, part) for outcome in outcomes for name, part in outcome.parts.items()]
    bad = [(name, part.reason) for name, part in results if part.status != "complete" or part.exceptions]
    assert not bad, bad[:3]
    details = [part for name, part in results if _reads_items(name)]
    seen["detail_requests"] = sum(part.requests for part in details)
    seen["requests"] = listing.requests + sum(outcome.requests for outcome in outcomes)
    known.clear()
    known.update(after)
    return seen


def _reads_items(part: str) -> bool:
    """Say whether a part reads single items, and so needs to ask for what is new or changed only."""
    name = part.partition(".")[0]
    return part.endswith(("#details", "#creators")) or name in _ABOUT_ITEMS


_ABOUT_ITEMS = {"resourcegroupstaggingapi", "cloudformation", "account"}


def _planned(assets: int) -> int:
    """Return list operations x regions, the further pages of the seeded items, and lists inside them."""
    rows = [row for row in _rows() if row.parent is None and not row.is_global]
    once = [row for row in _rows() if row.is_global]
    further = sum(len(row.each) or 1 for row in once)
    for row, region, numbers in _seeded(assets):
        size = row.page.at if row.page and row.page.size else 100
        kept = len(numbers) + _trap_count(row, region)
        further += max(0, -(-kept // size) - 1)
        further += len(numbers) * sum(len(child.each) or 1 for child in _children(row))
    evidence = 0 if _services() else len(aws_use_rows.load().evidence)
    return (len(rows) + evidence) * len(REGIONS) + further


def _children(row: aws_rows.Row) -> list[aws_rows.Row]:
    return [
        one
        for one in _rows()
        if one.parent and (one.service, one.parent.operation) == (row.service, row.operation)
    ]


def _trap_count(row: aws_rows.Row, region: str) -> int:
    from tests import aws_samples

    return len(aws_samples.traps(row, account=ACCOUNT, region=region)) if not row.params else 0


def _bare(assets: int) -> None:
    """Do what a plain script does: the same list, describe and tag calls, eight threads, ids in a set."""
    import boto3

    _warm_up()
    began, started = time.perf_counter(), time.process_time()
    session = boto3.Session()
    account = session.client("sts", region_name="us-east-1").get_caller_identity()["Account"]
    listed = session.client("account", region_name="us-east-1").list_regions(MaxResults=50)["Regions"]
    bare = BareLoop(session, _rows(), account)
    with ThreadPoolExecutor(THREADS) as pool:
        regions = [one["RegionName"] for one in listed]
        found = list(pool.map(lambda region: bare.region(region, is_home=region == REGIONS[0]), regions))
    ids = {one for some in found for one in some}
    cpu_s, wall_s = time.process_time() - started, time.perf_counter() - began
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sums = {"cpu_s": cpu_s, "wall_s": wall_s, "peak_mb": peak_mb, "found": len(ids)}
    print(json.dumps({**sums, "requests": bare.requests + 2}))


def _compare(options: argparse.Namespace) -> None:
    server = _start("serve", options.assets, {}, stdin=subprocess.PIPE)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        _report([_round(options.assets, url, number) for number in range(options.rounds)])
    finally:
        server.communicate("")


def _round(assets: int, url: str, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    results = {}
    for role in ("bare", "ours") if number % 2 == 0 else ("ours", "bare"):
        out, _ = _start(role, assets, environment(url)).communicate()
        results[role] = json.loads(out)
    return results["bare"], results["ours"]


def _start(
    role: str, assets: int, environment: dict[str, str], stdin: int | None = None
) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.aws_scan", "--role", role, "--assets", str(assets)]
    root = Path(__file__).resolve().parent.parent
    return subprocess.Popen(
        command, cwd=root, env={**os.environ, **environment}, stdin=stdin, stdout=subprocess.PIPE, text=True
    )


def _report(rounds: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    """Print each round and the verdict over their median ratio."""
    ratios = sorted(ours["cpu_s"] / bare["cpu_s"] for bare, ours in rounds)
    walls = sorted(ours["wall_s"] / bare["wall_s"] for bare, ours in rounds)
    for bare, ours in rounds:
        for name, one in (("bare boto3", bare), ("ours first", ours)):
            print(
                f"{name}: {one['cpu_s']:.2f} s CPU, {one['wall_s']:.1f} s, {one['requests']} requests, "
                f"{one['peak_mb']:.0f} MB"
            )
        print(f"ours again: {ours['second_cpu_s']:.2f} s CPU, {ours['second_requests']} requests")
    bare, ours = rounds[-1]
    most_mb = 220 if os.environ.get(_ALL_ROWS) else 120
    checks = {
        f"found {ours['found']}, equal to what was seeded": ours["found_equals_seeded"],
        f"CPU ratio, median of {len(ratios)}: {ratios[len(ratios) // 2]:.2f} <= 1.3": ratios[len(ratios) // 2]
        <= 1.3,
        f"wall ratio, median of {len(walls)}: {walls[len(walls) // 2]:.2f} <= 1.5": walls[len(walls) // 2]
        <= 1.5,
        f"peak {ours['peak_mb']:.0f} MB < {most_mb} with {len(_rows())} rows": ours["peak_mb"] < most_mb,
        f"second run {ours['second_requests']} requests <= 1.05 x {ours['second_planned']} planned": (
            ours["second_requests"] <= 1.05 * ours["second_planned"]
        ),
        f"second run {ours['second_detail_and_tag_requests']} detail and tag requests": (
            ours["second_detail_and_tag_requests"] == 0 and ours["second_changed"] == 0
        ),
    }
    for text, holds in checks.items():
        print(f"{'ok  ' if holds else 'MISS'} {text}")
    sys.exit(0 if all(checks.values()) else 1)


if __name__ == "__main__":
    main()
