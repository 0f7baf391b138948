"""An organisation of AWS scanned into a store: what cannot be seen stays as it was, and is shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.aws import AwsOptions
from discovery.config import Config, InstanceConfig
from discovery.service import inventory
from discovery.service.scan import ScanReport, ScanRequest, SilentProgress, run_scan
from store import Store, open_store
from tests.fakes_aws import HOME
from tests.fakes_aws_organization import FakeOrganization
from tests.harness_aws import environment

MEMBER = "222233334444"
WHEN = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOrganization]:
    with FakeOrganization() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started


@pytest.fixture
def inventory_store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'inventory.db'}")
    yield opened
    opened.close()


def guardrail(account: str, region: str) -> dict[str, Any]:
    return {
        "id": "gr",
        "arn": f"arn:aws:bedrock:{region}:{account}:guardrail/gr",
        "status": "READY",
        "name": f"{account[:3]}-{region}",
        "version": "DRAFT",
        "createdAt": WHEN,
        "updatedAt": WHEN,
    }


def scan(store: Store, **options: Any) -> ScanReport:
    given = AwsOptions(organization=True, role_name="reader", services=("bedrock",), **options)
    config = Config(
        every_instance=(InstanceConfig(connector="aws", name="main", options=given),),
        path=Path("aicensus.toml"),
    )
    return run_scan(config, store, ScanRequest(), SilentProgress())


def states(store: Store) -> dict[str, str]:
    every = inventory.AssetFilter(states=("present", "suspect", "missing", "gone"))
    return {asset.name: asset.state for asset in inventory.iter_assets(store, every)}


def test_what_is_denied_or_left_out_does_not_age(fake: FakeOrganization, inventory_store: Store) -> None:
    fake.members[MEMBER] = "ACTIVE"
    fake.regions[HOME] = ["eu-west-1", "us-east-1"]
    places = ((HOME, "eu-west-1"), (HOME, "us-east-1"), (MEMBER, "us-east-1"))
    for account, region in places:
        fake.add("bedrock", "ListGuardrails", guardrail(account, region), account=account, region=region)
    first = scan(inventory_store)
    fake.members[MEMBER] = "SUSPENDED"
    fake.fail("bedrock", "", "AccessDeniedException", account=HOME, region="eu-west-1")
    for account, region in places:
        fake.remove("bedrock", "ListGuardrails", lambda _: True, account=account, region=region)
    fake.calls.clear()

    second = scan(inventory_store)

    assert (first.state, second.state) == ("complete", "partial")
    changed = {name for name, state in states(inventory_store).items() if state != "present"}
    assert changed == {f"{HOME[:3]}-us-east-1"}, "only what was read whole and is not there is missing"
    assert {call.account for call in fake.calls} == {HOME}
    covered = {
        (row.scope.removeprefix("aws:main/"), row.part): row for row in inventory.coverage(inventory_store)
    }
    assert covered[f"{HOME}/eu-west-1", "bedrock.ListGuardrails"].status == "denied"
    assert covered[f"{MEMBER}/us-east-1", "bedrock.ListGuardrails"].reason == "the account is suspended"
    assert covered[MEMBER, "left out"].reason == "the account is suspended"


def test_a_denied_region_a_missing_role_and_an_sdk_without_regions_cost_nothing_else(
    fake: FakeOrganization, inventory_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.session import Session

    places = [(name, region) for name in (HOME, MEMBER) for region in ("eu-west-1", "xx-moon-7")]
    fake.members[MEMBER] = "ACTIVE"
    for account, region in places:
        fake.regions[account] = ["eu-west-1", "xx-moon-7"]
        fake.add("bedrock", "ListGuardrails", guardrail(account, region), account=account, region=region)
    scan(inventory_store)
    for account, region in places:
        fake.remove("bedrock", "ListGuardrails", lambda _: True, account=account, region=region)
    fake.add("bedrock", "ListGuardrails", guardrail(HOME, "new"), region="xx-moon-7")
    fake.closed_accounts.add(MEMBER)
    fake.fail("", "", "AccessDeniedException", account=HOME, region="eu-west-1")
    monkeypatch.setattr(Session, "get_available_regions", lambda *_, **__: [])

    for _ in range(2):
        scan(inventory_store)

    seen = states(inventory_store)
    assert {name for name, state in seen.items() if state != "present"} == {f"{HOME[:3]}-xx-moon-7"}
    assert f"{HOME[:3]}-new" in seen, "what can be read is found"
    rails = {
        row.scope.removeprefix("aws:main/"): row.status
        for row in inventory.coverage(inventory_store)
        if row.part == "bedrock.ListGuardrails"
    }
    assert rails == {
        f"{HOME}/eu-west-1": "denied",
        f"{HOME}/xx-moon-7": "complete",
        f"{MEMBER}/eu-west-1": "denied",
        f"{MEMBER}/xx-moon-7": "denied",
    }


def test_an_account_that_cannot_be_entered_is_told_resumed_and_keeps_no_other_from_retiring(
    fake: FakeOrganization, inventory_store: Store
) -> None:
    gone = "333344445555"
    for account in (MEMBER, gone):
        fake.members[account] = "ACTIVE"
        fake.add("bedrock", "ListGuardrails", guardrail(account, "us-east-1"), account=account)
    scan(inventory_store)
    fake.closed_accounts.add(MEMBER)
    del fake.members[gone]

    reports = [scan(inventory_store) for _ in range(2)]
    without_role = states(inventory_store)
    fake.closed_accounts.clear()
    again = scan(inventory_store)

    assert [report.state for report in reports] == ["partial", "partial"]
    assert MEMBER in reports[0].partial_reasons[0]
    assert without_role == {f"{MEMBER[:3]}-us-east-1": "present", f"{gone[:3]}-us-east-1": "gone"}
    assert again.state == "complete"
    statuses = {row.status for row in inventory.coverage(inventory_store) if f"{MEMBER}/us" in row.scope}
    assert statuses == {"complete"}
