"""Measure the scan of a whole AWS organisation against a bare boto3 loop over the same calls.

Run from the repository's root: ``python -m benchmarks.aws_organization [--accounts 50] [--regions 17]``. A
fake in a process of its own takes 20 ms for every call and throttles every twentieth; ours and the bare loop
run in turns in fresh processes with 16 threads, with the same retries. Checked on the way: both find what was
seeded, every throttled call was tried again with success. At the end our memory is compared between a fifth
of the accounts and twice as many, without the delay.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.aws_bare import BareLoop, environment
from connectors import aws_rows

SERVICES = ("bedrock", "bedrock-agent")
THREADS = 16
ATTEMPTS = 8
SEEDED = 3
EVERY = 20
HOME = "111122223333"
_REGIONS = (
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1", "eu-west-1"),
    *("eu-west-2", "eu-west-3", "eu-central-1", "eu-north-1", "ap-south-1", "ap-northeast-1"),
    *("ap-northeast-2", "ap-northeast-3", "ap-southeast-1", "ap-southeast-2"),
)


def main() -> None:
    """Run one of the roles, or the whole comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--accounts", type=int, default=50)
    parser.add_argument("--regions", type=int, default=17)
    parser.add_argument("--delay-ms", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-memory", action="store_true", help="leave the comparison of memory out")
    parser.add_argument("--role", choices=["serve", "ours", "bare"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    roles = {"serve": _serve, "ours": _ours, "bare": _bare}
    if options.role:
        roles[options.role](options)
        return
    _compare(options)


def _accounts(options: argparse.Namespace) -> list[str]:
    return [HOME, *(f"{200_000_000_000 + number}" for number in range(1, options.accounts))]


def _key(account: str, region: str, number: int) -> str:
    return f"arn:aws:bedrock:{region}:{account}:guardrail/gr{number}"


def _expected(options: argparse.Namespace) -> set[str]:
    return {
        _key(account, region, number)
        for account in _accounts(options)
        for region in _REGIONS[: options.regions]
        for number in range(SEEDED)
    }


def _serve(options: argparse.Namespace) -> None:
    """Serve the organisation until standard input closes, then tell how often it throttled."""
    from discovery.demo.httpd import Request, Response
    from tests import aws_samples
    from tests.fakes_aws_organization import FakeOrganization
    from tests.fakes_aws_wire import Call, error

    class Slow(FakeOrganization):
        calls_seen = throttled = 0

        def handle(self, request: Request) -> Response:
            response = super().handle(request)
            response.delay_s = options.delay_ms / 1000
            return response

        def _answer(self, call: Call, request: Request) -> Response:
            self.calls_seen += 1
            if options.delay_ms and self.calls_seen % EVERY == 0:
                self.throttled += 1
                return error(call, "ThrottlingException", 400, "scripted")
            return super()._answer(call, request)

    fake = Slow()
    fake.keep_calls = False
    row = aws_rows.load().row("bedrock", "ListGuardrails")
    for account in _accounts(options):
        fake.members[account] = "ACTIVE"
        fake.regions[account] = list(_REGIONS[: options.regions])
        for region in _REGIONS[: options.regions]:
            items = [
                {**aws_samples.item(row, number), "arn": _key(account, region, number)}
                for number in range(SEEDED)
            ]
            fake.add(row.service, row.operation, *items, account=account, region=region, strict=False)
    print(fake.start(), flush=True)
    sys.stdin.read()
    fake.stop()
    print(json.dumps({"calls": fake.calls_seen, "throttled": fake.throttled}))


def _ours(options: argparse.Namespace) -> None:
    """Scan the organisation with our own runner and throw the findings away."""
    from connectors.aws import AwsOptions
    from connectors.clients.network import NetworkSettings
    from connectors.model import Scope
    from connectors.outcome import PartBatch
    from connectors.runner import ScopeJob, list_scopes, run_scope

    given = AwsOptions(organization=True, role_name="reader", services=SERVICES)
    network = NetworkSettings(max_attempts=ATTEMPTS)
    keys: set[str] = set()
    lock = threading.Lock()

    def job(scope: Scope) -> ScopeJob:
        return ScopeJob(connector="aws", instance="main", scope=scope, options=given, network=network)

    def emit(batch: PartBatch) -> None:
        with lock:
            keys.update(one.natural_key.key for one in batch.findings)

    began, started = time.perf_counter(), time.process_time()
    scopes, listing = list_scopes(job(Scope(connector="aws", instance="main", ids=("*",), parts=())))
    assert scopes, listing
    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(pool.map(lambda scope: run_scope(job(scope), emit), scopes))
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - started
    results = [part for outcome in outcomes for part in outcome.parts.values()]
    bad = [part.reason for part in results if part.status != "complete" or part.exceptions]
    _tell(options, keys, wall_s, cpu_s, sum(one.requests for one in outcomes) + listing.requests, bad)


def _bare(options: argparse.Namespace) -> None:
    """Do what a plain script does: a session for each account, 16 threads over accounts and regions."""
    import boto3
    from botocore.config import Config
    from botocore.loaders import Loader
    from botocore.session import Session

    retries = Config(retries={"mode": "standard", "total_max_attempts": ATTEMPTS})
    loader = Loader()  # shared by all sessions, without which each account would cost half a second more
    began, started = time.perf_counter(), time.process_time()
    home = boto3.Session(region_name="us-east-1")
    organization, sts = home.client("organizations", config=retries), home.client("sts", config=retries)
    pages = organization.get_paginator("list_accounts").paginate(PaginationConfig={"PageSize": 20})
    members = [one["Id"] for page in pages for one in page["Accounts"]]
    rows = [row for row in aws_rows.load().rows if row.service in SERVICES]
    work: list[tuple[BareLoop, str, bool]] = []
    for account in members:
        botocore_session = Session()
        botocore_session.register_component("data_loader", loader)
        keys: dict[str, str] = {}
        if account != HOME:
            role = sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/reader", RoleSessionName="bare")
            got = role["Credentials"]
            keys = {
                "aws_access_key_id": got["AccessKeyId"],
                "aws_secret_access_key": got["SecretAccessKey"],
                "aws_session_token": got["SessionToken"],
            }
        session = boto3.Session(botocore_session=botocore_session, **keys)
        asked = session.client("account", region_name="us-east-1", config=retries)
        regions = [one["RegionName"] for one in asked.list_regions(MaxResults=50)["Regions"]]
        bare = BareLoop(session, rows, account, retries)
        work += [(bare, region, number == 0) for number, region in enumerate(regions)]
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda one: one[0].region(one[1], is_home=one[2]), work))
    wall_s, cpu_s = time.perf_counter() - began, time.process_time() - started
    requests = sum(bare.requests for bare in {id(one[0]): one[0] for one in work}.values())
    _tell(options, {key for some in found for key in some}, wall_s, cpu_s, requests + 2 * len(members), [])


def _tell(
    options: argparse.Namespace, keys: set[str], wall_s: float, cpu_s: float, requests: int, bad: list[str]
) -> None:
    told = {
        "found": keys == _expected(options),
        "wall_s": wall_s,
        "cpu_s": cpu_s,
        "requests": requests,
        "bad": bad[:3],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(told))


def _compare(options: argparse.Namespace) -> None:
    checks: dict[str, bool] = {}
    rounds, served = _rounds(options, ("bare", "ours"), options.rounds)
    ratios = sorted(ours["wall_s"] / bare["wall_s"] for bare, ours in rounds)
    median = ratios[len(ratios) // 2]
    sides = [one for pair in rounds for one in pair]
    checks[f"wall ratio, median of {len(ratios)}: {median:.2f} <= 1.5"] = median <= 1.5
    checks["both sides found what was seeded"] = all(one["found"] for one in sides)
    checks[f"{served['throttled']:,} of {served['calls']:,} calls were throttled, all recovered"] = served[
        "throttled"
    ] > 0 and not any(one["bad"] for one in sides)
    if not options.no_memory:
        checks |= _memory(options)
    for text, holds in checks.items():
        print(f"{'ok  ' if holds else 'MISS'} {text}")
    sys.exit(0 if all(checks.values()) else 1)


def _memory(options: argparse.Namespace) -> dict[str, bool]:
    """Compare our peak memory between few and many accounts."""
    peaks = {}
    for accounts in (max(2, options.accounts // 5), options.accounts * 2):
        few = argparse.Namespace(accounts=accounts, regions=4, delay_ms=0)
        ((ours,),), _ = _rounds(few, ("ours",), 1)
        peaks[accounts] = ours["peak_mb"]
    (few_accounts, low), (many_accounts, high) = peaks.items()
    text = f"peak {low:.0f} MB with {few_accounts} accounts, {high:.0f} MB with {many_accounts}: <= 1.1x"
    return {text: high <= 1.1 * low}


def _rounds(
    options: argparse.Namespace, roles: tuple[str, ...], number: int
) -> tuple[list[list[dict[str, Any]]], dict[str, int]]:
    """Run the roles in turns against one server; return what each round told, and what the server saw."""
    server = _start("serve", options, {}, stdin=subprocess.PIPE)
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    rounds = []
    for index in range(number):
        told = {}
        for role in roles if index % 2 == 0 else roles[::-1]:
            out, _ = _start(role, options, environment(url)).communicate()
            told[role] = json.loads(out)
            print(
                role, {name: told[role][name] for name in ("wall_s", "cpu_s", "requests", "peak_mb", "bad")}
            )
        rounds.append([told[role] for role in roles])
    out, _ = server.communicate("")
    return rounds, json.loads(out)


def _start(
    role: str, options: argparse.Namespace, environment: dict[str, str], stdin: int | None = None
) -> subprocess.Popen[str]:
    given = [
        *("--accounts", str(options.accounts)),
        *("--regions", str(options.regions)),
        *("--delay-ms", str(options.delay_ms)),
    ]
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.aws_organization", "--role", role, *given],
        cwd=Path(__file__).resolve().parent.parent,
        env={**os.environ, **environment},
        stdin=stdin,
        stdout=subprocess.PIPE,
        text=True,
    )


if __name__ == "__main__":
    main()
