"""How the connector of Bitbucket Data Center is put through the conformance suite."""

from __future__ import annotations

from pathlib import Path

from connectors.forges.bitbucket_data_center import BitbucketDataCenterOptions
from tests.fakes_bitbucket_data_center import BitbucketDataCenterFake
from tests.forge_harness import HOST, ForgeHarness


class BitbucketDataCenterHarness(ForgeHarness):
    """Serve a project whose first repository shows every kind."""

    name = "bitbucket_data_center"
    variable = "BITBUCKET_DATA_CENTER_TOKEN"

    def fake(self, root: Path) -> BitbucketDataCenterFake:
        """Return the host."""
        return BitbucketDataCenterFake(root)

    def options(self, fake: BitbucketDataCenterFake) -> BitbucketDataCenterOptions:
        """Return how to reach it."""
        return BitbucketDataCenterOptions(
            projects=("ACME",), base_url=fake.api_url, git_url=fake.base_url, host=HOST
        )


def harness() -> BitbucketDataCenterHarness:
    """Return the harness of the connector."""
    return BitbucketDataCenterHarness()
