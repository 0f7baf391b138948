"""``aicensus scan --plan``: what a scan would do, before it does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors import clock
from connectors.model import Part, PartStatus, Scope
from connectors.outcome import PartBatch, PartResult, ScopeOutcome
from discovery.service.plan import ScanRequest
from discovery.service.preview import CALL_S, preview
from store import journal, open_store
from store.writer import PartWriter
from tests.discovery.cli.conftest import Aicensus
from tests.fakes_aws import HOME
from tests.fakes_aws_organization import FakeOrganization
from tests.harness_aws import environment
from tests.store import samples

MEMBER, CLOSED = "222233334444", "333344445555"
ASKED = {"GetCallerIdentity", "AssumeRole", "ListAccounts", "ListRegions"}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOrganization]:
    with FakeOrganization() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        started.members |= {MEMBER: "ACTIVE", CLOSED: "SUSPENDED"}
        yield started


@pytest.fixture
def config(tmp_path: Path) -> str:
    path = tmp_path / "aicensus.toml"
    path.write_text(
        "[scan]\nworkers = 4\n[connectors.aws.main]\norganization = true\nrole_name = 'reader'\n"
        "cost_explorer_requests = 4\n"
    )
    return str(path)


def test_the_plan_names_accounts_regions_calls_time_and_cost(
    aicensus: Aicensus, fake: FakeOrganization, config: str, db: str
) -> None:
    ran = aicensus("scan", "--plan", "--config", config, "--db", db)

    told = " ".join(ran.out.split())
    assert ran.code == 0, ran.err
    assert "aws:main" in told
    assert "4 to read, 1 left out" in told
    assert "accounts 2 regions 1 parts" in told
    assert "at most 0.04 USD" in told
    assert "CloudTrail Lake: off (cloudtrail_lake_gb, 0.005 USD each)" in told
    assert "1 scope: the account is suspended" in told
    assert max(map(len, ran.out.splitlines())) <= 80


def test_nothing_of_the_estate_is_asked_and_nothing_is_written(
    aicensus: Aicensus, fake: FakeOrganization, config: str, db: str
) -> None:
    aicensus("scan", "--plan", "--config", config, "--db", db)

    assert {call.operation for call in fake.calls} == ASKED
    assert not os.path.exists(db)


def test_the_plan_for_a_program_holds_every_scope(
    aicensus: Aicensus, fake: FakeOrganization, config: str, db: str
) -> None:
    (plan,) = aicensus("scan", "--plan", "--config", config, "--db", db, "--format", "json").json

    ready = [one for one in plan["scopes"] if not one["left_out"]]
    assert [one["scope"] for one in plan["scopes"] if one["left_out"]] == [f"aws:main/{CLOSED}"]
    assert {(one["account"], one["region"]) for one in ready} == {
        (account, region) for account in (HOME, MEMBER) for region in ("us-east-1", "global")
    }
    assert plan["listings"] == plan["calls"] == sum(one["listings"] for one in ready)
    longest = max(one["listings"] for one in ready)
    assert plan["seconds"] == pytest.approx(max(plan["calls"] / 4, longest) * CALL_S)
    assert [one["usd_at_most"] for one in plan["charges"]] == [0.04, 0, 0]


def test_a_list_that_is_not_whole_makes_the_plan_partial(
    aicensus: Aicensus, fake: FakeOrganization, config: str, db: str
) -> None:
    fake.closed_accounts.add(MEMBER)

    ran = aicensus("scan", "--plan", "--config", config, "--db", db)

    assert ran.code == 3
    assert MEMBER in ran.out


def test_no_credential_is_said_in_the_plan(
    aicensus: Aicensus, fake: FakeOrganization, db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    ran = aicensus("scan", "--plan", "--connector", "aws", "--db", db)

    assert ran.code == 3
    assert "AWS_PROFILE" in ran.out


def test_a_folder_has_a_plan_that_costs_nothing(aicensus: Aicensus, tmp_path: Path, db: str) -> None:
    ran = aicensus("scan", str(tmp_path), "--plan", "--db", db)

    assert ran.code == 0
    assert "1 to read, 0 left out" in ran.out
    assert "calls     none is known of" in ran.out
    assert "USD" not in ran.out


@pytest.mark.parametrize("fmt", ["csv", "jsonl", "sarif"])
def test_other_formats_are_refused(aicensus: Aicensus, tmp_path: Path, db: str, fmt: str) -> None:
    ran = aicensus("scan", str(tmp_path), "--plan", "--db", db, "--format", fmt)

    assert ran.code == 2
    assert "table or json" in ran.err


def test_what_was_read_before_is_planned_with_what_it_took(
    fake: FakeOrganization, url: str, tmp_path: Path
) -> None:
    from discovery.config import load_config

    path = tmp_path / "a.toml"
    path.write_text("[connectors.aws.main]\nservices = ['bedrock', 'iam']\n")
    store = open_store(url)
    where = Scope(
        connector="aws", instance="main", ids=(HOME, "us-east-1"), parts=(Part(name="x.ListX", kinds=()),)
    )
    end = clock.now()
    done = PartResult(
        status=PartStatus.COMPLETE,
        reason="",
        count=0,
        exceptions=(),
        requests=321,
        started_at=end - timedelta(seconds=40),
        ended_at=end,
    )
    samples.begin(store, "run_1")
    journal.plan_scopes(store, "run_1", [where])
    writer = PartWriter(store, "run_1", where)
    writer.apply(PartBatch(scope_key=where.key, part="x.ListX", findings=[], unchanged=[], final=done))
    outcome = ScopeOutcome(scope_key=where.key, parts={"x.ListX": done}, requests=321)
    journal.finish_scope(store, "run_1", outcome)

    (plan,) = preview(load_config(path, os.environ), ScanRequest(), store)
    store.close()

    known = next(one for one in plan.scopes if one.region == "us-east-1")
    assert known.is_measured
    assert known.calls == 321
    assert known.seconds == pytest.approx(40, abs=5)
