"""The recorded AWS account of the demo, scanned by the real connector."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from connectors.aws import AwsConnector, AwsOptions
from connectors.context import forget_clients
from discovery.demo import cbor
from discovery.demo.aws import AwsFake, recorded
from tests.conformance import Seen, Stage, scan
from tests.harness_aws import AwsHarness


@pytest.fixture(scope="module")
def seen() -> Iterator[Seen]:
    with AwsFake() as fake, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", fake.base_url)
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIADEMODEMODEMODEMO")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "demo")
        yield scan(AwsHarness(), Stage(options=AwsOptions()))
        forget_clients()


def test_the_account_has_two_regions_and_what_belongs_to_none(seen: Seen) -> None:
    assert [scope.region for scope in seen.scopes] == ["eu-west-1", "us-east-1", "global"]


def test_one_operation_is_denied_and_everything_else_is_complete(seen: Seen) -> None:
    bad = {(scope.rpartition("/")[2], part): one.status for (scope, part), one in seen.parts.items()}
    bad = {key: status for key, status in bad.items() if status != "complete"}

    assert bad == {("us-east-1", "sagemaker.ListEndpoints"): "denied"}


def test_there_are_things_with_and_without_an_owner(seen: Seen) -> None:
    names = {one.natural_key: one.name for _, _, one in seen.findings}
    owned = {one.natural_key for _, _, one in seen.findings if one.owner_hints}

    assert len(names) >= 15
    assert {"claims-assistant", "fraud-scoring"} <= {names[key] for key in owned}
    assert {"front-desk", "research-lab", "ops_copilot"} <= {names[key] for key in names.keys() - owned}


def test_a_workload_is_there_for_what_it_holds_and_staff_for_what_they_sign_in_to(seen: Seen) -> None:
    names = {one.name for _, _, one in seen.findings}

    assert {"mail-triage", "QDevProfile-us-east-1"} <= names
    assert "invoice-export" not in names


def test_planted_environment_values_do_not_leave_the_client(seen: Seen) -> None:
    assert "not-a-real-token" in json.dumps(recorded())
    assert "not-a-real-token" not in repr(seen)


def test_every_operation_of_the_connector_has_a_route() -> None:
    served = {row[3] for row in recorded()["routes"]}

    assert {f"{one.host}.{one.path}" for one in AwsConnector.info.operations} <= served


@pytest.mark.parametrize(
    "value",
    [
        0,
        23,
        24,
        255,
        256,
        70_000,
        5_000_000_000,
        -1,
        -300,
        1.5,
        "",
        "ä" * 300,
        True,
        None,
        [],
        {"a": [1, {"b": "c"}]},
    ],
    ids=lambda value: str(value)[:12],
)
def test_cbor_reads_what_it_writes(value: object) -> None:
    assert cbor.decode(cbor.encode(value)) == value


@pytest.mark.parametrize("data", [b"", b"\x61", b"\x82\x01", b"\xfb\x00"])
def test_cbor_that_ends_too_early_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="too early"):
        cbor.decode(data)
