"""How the Gitea connector is put through the conformance suite."""

from __future__ import annotations

from pathlib import Path

from connectors.forges.gitea import GiteaOptions
from tests.fakes_gitea import GiteaFake
from tests.forge_harness import HOST, ForgeHarness


class GiteaHarness(ForgeHarness):
    """Serve an organisation whose first repository shows every kind."""

    name = "gitea"
    variable = "GITEA_TOKEN"

    def fake(self, root: Path) -> GiteaFake:
        """Return the host."""
        return GiteaFake(root)

    def options(self, fake: GiteaFake) -> GiteaOptions:
        """Return how to reach it."""
        return GiteaOptions(organizations=("acme",), base_url=fake.api_url, host=HOST)

    def told(self, path: str) -> str:
        """Return a path as the operations have it."""
        return path.removeprefix("/api/v1")


def harness() -> GiteaHarness:
    """Return the harness of the Gitea connector."""
    return GiteaHarness()
