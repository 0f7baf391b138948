"""Bring the AWS connector and its fake to the conformance suite."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from unittest.mock import patch

from connectors import aws_rows
from connectors.aws import AwsOptions
from connectors.clients.network import NetworkSettings
from tests import aws_samples, aws_use_samples
from tests.conformance import Fault, Sent, Stage
from tests.fakes_aws import ACCESS_KEY, HOME, SECRET_KEY, FakeAws

_SCOPE = f"aws:conformance/{HOME}/us-east-1"
_HIT = ("comprehend", "ListFlywheels")  # no other row asks for its items
_FEW = ("cloudtrail", "cloudwatch", "comprehend", "iam", "kendra")
"""Services that have everything that the others have: pages, details, things in things, evidence of use."""
_ALL = frozenset({"every_kind"})
"""Checks that look at every row.

What every row shows is in ``test_aws_rows_scan``, secrets of every operation in ``test_aws_rows_secrets``,
and that all parts are complete and declared in ``test_aws_denied``.
"""


class AwsHarness:
    """Start the fake with every row of the catalogue filled in, and read all of it or a few services."""

    name = "aws"
    not_applicable: Mapping[str, str] = {}

    def __init__(self, services: tuple[str, ...] = ()) -> None:
        self._services = services

    def for_check(self, check: str) -> AwsHarness:
        """Return what is enough for a check: one service shows the same of most promises as forty."""
        return AwsHarness(() if check in _ALL else _FEW)

    @contextmanager
    def start(self, fault: Fault) -> Iterator[Stage]:
        """Start the fake in a situation; credentials and endpoint come by environment, as users give them."""
        fake = FakeAws()
        if fault is not Fault.EMPTY:
            aws_samples.fill(fake)
            aws_use_samples.fill(fake)
        expected = _prepare(fake, fault)
        with fake, patch.dict(os.environ, environment(fake)):
            yield Stage(
                options=AwsOptions(services=self._services),
                secrets=(SECRET_KEY, aws_samples.CANARY, aws_samples.CANARY_KEY),
                hit=(_SCOPE, ".".join(_HIT)),
                expected=expected,
                sent=lambda: [Sent("CALL", f"{call.service}:{call.operation}") for call in fake.calls],
                network=NetworkSettings(max_attempts=4, connect_timeout_s=2, read_timeout_s=5),
            )


def environment(fake: FakeAws) -> dict[str, str]:
    """Return the variables that lead boto3 to a fake."""
    return {
        "AWS_ENDPOINT_URL": fake.base_url,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _prepare(fake: FakeAws, fault: Fault) -> int:
    row = aws_rows.load().row(*_HIT)
    if fault in (Fault.THREE_PAGES, Fault.DENIED):
        fake.page_size = 2
        fake.add(*_HIT, *(aws_samples.item(row, number) for number in range(2, 6)), strict=False)
    if fault is Fault.REPEATED_TOKEN:
        fake.circular.add(_HIT)
    if fault is Fault.DENIED:
        fake.fail(*_HIT, "AccessDeniedException", page=2)
    if fault is Fault.THROTTLED:
        fake.fail(*_HIT, "ThrottlingException", status=400, times=2)
    return 5


def harness() -> AwsHarness:
    """Return the harness."""
    return AwsHarness()
