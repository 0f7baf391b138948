"""Which accounts and regions of an organisation are listed, which are left out, and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from connectors import aws_plan, aws_rows
from connectors.aws import AwsConnector, AwsOptions
from connectors.clients.network import NetworkSettings
from connectors.context import forget_clients
from connectors.model import KnownScope, LeftOut, PartStatus, Scope
from connectors.outcome import PartResult
from connectors.runner import ScopeJob, list_scopes
from connectors.secrets import SecretRef
from tests.fakes_aws import HOME
from tests.fakes_aws_organization import FakeOrganization
from tests.harness_aws import environment

MEMBER, SECOND, THIRD = "222233334444", "333344445555", "444455556666"
NOW = datetime.now(UTC)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOrganization]:
    with FakeOrganization() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started
    forget_clients()


def listed(known: dict[str, KnownScope] | None = None, **options: Any) -> tuple[dict[str, Scope], PartResult]:
    """Return the scopes by the ids in their keys (accounts and regions), and how the listing ended."""
    forget_clients()
    job = ScopeJob(
        connector="aws",
        instance="main",
        scope=Scope(connector="aws", instance="main", ids=(), parts=()),
        options=AwsOptions(**{"role_name": "reader", **options}),
        network=NetworkSettings(max_attempts=2, connect_timeout_s=2, read_timeout_s=5),
        known=lambda: known or {},
    )
    scopes, result = list_scopes(job)
    return {one.key.removeprefix("aws:main/"): one for one in scopes or ()}, result


def read(scopes: dict[str, Scope]) -> list[str]:
    """Return the regional scopes that are read."""
    return [key for key, one in scopes.items() if one.left_out is None and one.region != "global"]


def test_every_account_of_the_organisation_is_read_over_all_pages(fake: FakeOrganization) -> None:
    fake.members |= {f"{number:012d}": "ACTIVE" for number in range(300, 345)}

    scopes, result = listed(organization=True, regions=("us-east-1",))

    assert result.status is PartStatus.COMPLETE
    assert len({one.account for one in scopes.values()}) == 46
    assert len(fake.named("ListAccounts")) == 3
    assert read(scopes)[0] == "000000000300/us-east-1", "in order of ids, however the pages come"
    assert scopes["000000000300/us-east-1"].label == "000000000300 (acme-000) us-east-1"


@pytest.mark.parametrize("has_state_field", [True, False])
def test_accounts_that_cannot_be_read_are_left_out_with_the_reason(
    fake: FakeOrganization, has_state_field: bool
) -> None:
    fake.has_state_field = has_state_field
    fake.members |= {MEMBER: "SUSPENDED", SECOND: "PENDING_CLOSURE", THIRD: "ACTIVE"}

    scopes, result = listed(organization=True, exclude_accounts=(THIRD,))

    reasons = {key: one.left_out.reason for key, one in scopes.items() if one.left_out}
    assert reasons == {
        MEMBER: "the account is suspended",
        SECOND: "the account is being closed",
        THIRD: "excluded by the option exclude_accounts",
    }
    assert read(scopes) == [f"{HOME}/us-east-1"]
    assert result.status is PartStatus.COMPLETE
    assert fake.named("AssumeRole") == []


def test_a_state_that_nobody_knows_yet_is_shown_as_it_came(fake: FakeOrganization) -> None:
    fake.members[MEMBER] = "HIBERNATED"

    scopes, _ = listed(organization=True)

    assert scopes[MEMBER].left_out == LeftOut(reason="Organizations says HIBERNATED")


def test_without_the_list_of_accounts_the_named_ones_are_read_and_nothing_is_retired(
    fake: FakeOrganization,
) -> None:
    fake.fail("organizations", "ListAccounts", "AccessDeniedException", status=400)

    scopes, result = listed(organization=True, accounts=(MEMBER,))

    assert read(scopes) == [f"{MEMBER}/us-east-1"]
    assert result.status is PartStatus.INCOMPLETE
    assert "organizations:ListAccounts" in result.reason


def test_the_list_can_be_asked_of_another_account(fake: FakeOrganization) -> None:
    fake.members[MEMBER] = "ACTIVE"

    listed(organization=True, organization_account=MEMBER)

    assert {call.account for call in fake.named("ListAccounts")} == {MEMBER}


def test_each_account_may_have_an_external_id_of_its_own(
    fake: FakeOrganization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_ID", "for-all-of-them")
    monkeypatch.setenv("ACME_ID_2", "for-the-second")
    fake.external_ids = {MEMBER: "for-all-of-them", SECOND: "for-the-second"}

    scopes, result = listed(
        accounts=(MEMBER, SECOND),
        external_id=SecretRef("env", "ACME_ID"),
        external_ids={SECOND: SecretRef("env", "ACME_ID_2")},
    )

    assert result.status is PartStatus.COMPLETE, result.reason
    sent = {
        call.params["RoleArn"].split(":")[4]: call.params["ExternalId"] for call in fake.named("AssumeRole")
    }
    assert sent == fake.external_ids
    assert "for-the-second" not in repr((scopes, result))


def test_one_account_without_the_role_leaves_the_others_alone(fake: FakeOrganization) -> None:
    fake.members |= {MEMBER: "ACTIVE", SECOND: "ACTIVE"}
    fake.closed_accounts.add(MEMBER)

    scopes, result = listed(organization=True)

    assert read(scopes) == [f"{name}/us-east-1" for name in (HOME, SECOND)]
    reasons = {key: one.left_out.status for key, one in scopes.items() if one.left_out}
    assert reasons == {MEMBER: PartStatus.DENIED}
    assert result.status is PartStatus.COMPLETE, "so that accounts that are gone can be told"


def test_an_account_whose_regions_are_denied_is_read_where_the_own_one_is_at_home(
    fake: FakeOrganization,
) -> None:
    fake.members[MEMBER] = "ACTIVE"
    fake.states[HOME] = {"eu-west-1": "ENABLED", "us-east-1": "ENABLED_BY_DEFAULT", "ap-east-1": "DISABLED"}
    fake.fail("account", "ListRegions", "AccessDeniedException", account=MEMBER)
    fake.fail("ec2", "DescribeRegions", "UnauthorizedOperation", account=MEMBER)

    scopes, result = listed(organization=True)

    assert result.status is PartStatus.INCOMPLETE
    assert read(scopes)[-2:] == [f"{MEMBER}/eu-west-1", f"{MEMBER}/us-east-1"]
    assert f"{MEMBER}/ap-east-1" not in scopes, "whether this account opted in, nobody said"


@pytest.mark.parametrize("asked", ["", MEMBER])
def test_policies_of_the_organisation_are_asked_of_the_account_that_lists_it(
    fake: FakeOrganization, asked: str
) -> None:
    fake.members[MEMBER] = "ACTIVE"

    scopes, _ = listed(organization=True, organization_account=asked, services=("organizations",))

    assert [key for key, one in scopes.items() if one.region == "global"] == [f"{asked or HOME}/global"]


def test_a_role_may_be_named_with_its_path(fake: FakeOrganization) -> None:
    listed(accounts=(MEMBER,), role_name="/audit/reader")

    assert [call.params["RoleArn"] for call in fake.named("AssumeRole")] == [
        f"arn:aws:iam::{MEMBER}:role/audit/reader"
    ]


def test_the_region_that_the_host_names_is_where_to_sign_in(
    fake: FakeOrganization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "cn-northwest-1")

    listed()

    assert fake.named("GetCallerIdentity")[0].region == "cn-northwest-1"


def test_regions_that_are_not_opted_in_are_shown_as_that(fake: FakeOrganization) -> None:
    fake.states[HOME] = {
        "us-east-1": "ENABLED_BY_DEFAULT",
        "ap-east-1": "ENABLED",
        "me-south-1": "DISABLED",
        "af-south-1": "ENABLING",
        "eu-south-1": "DISABLING",
    }

    scopes, _ = listed()

    assert read(scopes) == [f"{HOME}/ap-east-1", f"{HOME}/us-east-1"]
    off = {key: one.left_out.status for key, one in scopes.items() if one.left_out}
    assert set(off) == {f"{HOME}/{name}" for name in ("af-south-1", "eu-south-1", "me-south-1")}
    assert set(off.values()) == {PartStatus.NOT_OPTED_IN}


def test_nothing_depends_on_the_regions_that_the_sdk_knows(
    fake: FakeOrganization, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.session import Session

    fake.regions[HOME] = ["eu-west-1", "xx-moon-7"]
    before, _ = listed()
    monkeypatch.setattr(Session, "get_available_regions", lambda *_, **__: [])

    after, _ = listed()

    assert read(after) == read(before) == [f"{HOME}/eu-west-1", f"{HOME}/xx-moon-7"]


def quiet_since(days: float, **facts: Any) -> dict[str, KnownScope]:
    """Say that two regions were read whole so many days ago; the second showed three things."""
    when: dict[str, Any] = {"tried": 10_000, "tried_at": NOW - timedelta(days=days)}
    return {
        f"aws:main/{HOME}/eu-west-1": KnownScope(**{**when, **facts}),
        f"aws:main/{HOME}/us-east-1": KnownScope(things=3, **when),
    }


@pytest.mark.parametrize(
    ("days", "options", "facts", "is_read"),
    [
        (1, {}, {}, False),
        (6.5, {}, {}, False),
        (6.9, {}, {}, True),
        (1, {"full_sweep_days": 0}, {}, True),
        (2, {"full_sweep_days": 1}, {}, True),
        (1, {"active_regions": ("eu-west-1",)}, {}, True),
        (1, {}, {"things": 1}, True),
        (1, {}, {"is_cut": True}, True),
        (1, {}, {"tried": 3}, True),
        (1, {}, {"tried_at": None}, True),
    ],
)
def test_a_quiet_region_is_read_when_the_full_sweep_is_due(
    fake: FakeOrganization, days: float, options: dict[str, Any], facts: dict[str, Any], is_read: bool
) -> None:
    fake.regions[HOME] = ["eu-west-1", "us-east-1"]

    scopes, _ = listed(quiet_since(days, **facts), **options)

    assert (f"{HOME}/eu-west-1" in read(scopes)) == is_read
    assert f"{HOME}/us-east-1" in read(scopes)


def test_what_is_left_out_says_when_it_was_read_and_will_be(fake: FakeOrganization) -> None:
    fake.regions[HOME] = ["eu-west-1", "us-east-1"]

    scopes, _ = listed(quiet_since(1))

    left_out = scopes[f"{HOME}/eu-west-1"].left_out
    assert left_out is not None
    assert left_out.status is None
    assert f"{NOW - timedelta(days=1):%Y-%m-%d}" in left_out.reason
    assert f"{NOW + timedelta(days=6):%Y-%m-%d}" in left_out.reason


def test_a_first_scan_leaves_nothing_out(fake: FakeOrganization) -> None:
    fake.regions[HOME] = ["eu-west-1", "us-east-1"]

    scopes, _ = listed()

    assert len(read(scopes)) == 2


@pytest.mark.parametrize(
    ("options", "partition", "home"),
    [
        ({}, "", "us-east-1"),
        ({"regions": ("cn-northwest-1",)}, "aws-cn", "cn-north-1"),
        ({"regions": ("us-gov-east-1",)}, "aws-us-gov", "us-gov-west-1"),
        ({"partition": "aws-cn"}, "aws-cn", "cn-north-1"),
    ],
)
def test_a_partition_signs_in_at_its_own_home(
    fake: FakeOrganization, options: dict[str, Any], partition: str, home: str
) -> None:
    settings = AwsConnector().aws_settings(AwsOptions(**options))

    listed(**options)

    assert settings.partition == partition
    assert fake.named("GetCallerIdentity")[0].region == home


@pytest.mark.parametrize(
    "options", [{"exclude_accounts": ["12"]}, {"full_sweep_days": -1}, {"partition": "aws-moon"}]
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AwsOptions(**options)


def test_everything_that_is_declared_besides_the_rows_is_called(fake: FakeOrganization) -> None:
    fake.members[MEMBER] = "ACTIVE"
    listed(organization=True)
    fake.fail("account", "ListRegions", "AccessDeniedException")
    listed(accounts=(MEMBER,))
    called = {(call.service, call.operation) for call in fake.calls}

    needed = {(one.host, one.path) for one in aws_rows.load().support}
    # What is called for money is called in test_aws_use_paid.
    free = [one.operation for one in aws_plan.support() if one.part != "paid"]
    needed |= {(one.host, one.path) for one in free}

    # Those of the scan itself are called in test_aws_creators and, all together, in test_aws_denied.
    elsewhere = {("resourcegroupstaggingapi", "GetResources"), ("ssm", "GetParametersByPath")}
    elsewhere |= {("cloudtrail", "LookupEvents"), ("cloudformation", "DescribeStacks")}
    elsewhere |= {("account", "GetAlternateContact")}
    assert needed - elsewhere == called
