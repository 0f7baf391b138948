"""How the GitHub connector is put through the conformance suite."""

from __future__ import annotations

from pathlib import Path

from connectors.forges.github import GitHubOptions
from tests.fakes_github import GitHubFake
from tests.forge_harness import HOST, ForgeHarness


class GitHubHarness(ForgeHarness):
    """Serve an organisation whose first repository shows every kind."""

    name = "github"
    variable = "GITHUB_TOKEN"

    def fake(self, root: Path) -> GitHubFake:
        """Return the host."""
        return GitHubFake(root)

    def options(self, fake: GitHubFake) -> GitHubOptions:
        """Return how to reach it."""
        return GitHubOptions(organizations=("acme",), base_url=fake.api_url, host=HOST)

    def told(self, path: str) -> str:
        """Return a path as the operations have it."""
        return path.removeprefix("/api/v3").removeprefix("/api")


def harness() -> GitHubHarness:
    """Return the harness of the GitHub connector."""
    return GitHubHarness()
