"""How the Bitbucket connector is put through the conformance suite."""

from __future__ import annotations

from pathlib import Path

from connectors.forges.bitbucket import BitbucketOptions
from tests.fakes_bitbucket import BitbucketFake
from tests.forge_harness import HOST, ForgeHarness


class BitbucketHarness(ForgeHarness):
    """Serve a workspace whose first repository shows every kind."""

    name = "bitbucket"
    variable = "BITBUCKET_TOKEN"

    def fake(self, root: Path) -> BitbucketFake:
        """Return the host."""
        return BitbucketFake(root)

    def options(self, fake: BitbucketFake) -> BitbucketOptions:
        """Return how to reach it."""
        return BitbucketOptions(workspaces=("acme",), base_url=fake.api_url, git_url=fake.base_url, host=HOST)

    def told(self, path: str) -> str:
        """Return a path as the operations have it."""
        return path.removeprefix("/2.0")


def harness() -> BitbucketHarness:
    """Return the harness of the Bitbucket connector."""
    return BitbucketHarness()
