"""How the GitLab connector is put through the conformance suite."""

from __future__ import annotations

from pathlib import Path

from connectors.forges.gitlab import GitLabOptions
from tests.fakes_gitlab import GitLabFake
from tests.forge_harness import HOST, ForgeHarness


class GitLabHarness(ForgeHarness):
    """Serve a group whose first repository shows every kind."""

    name = "gitlab"
    variable = "GITLAB_TOKEN"

    def fake(self, root: Path) -> GitLabFake:
        """Return the host."""
        return GitLabFake(root)

    def options(self, fake: GitLabFake) -> GitLabOptions:
        """Return how to reach it."""
        return GitLabOptions(groups=("acme",), base_url=fake.api_url, host=HOST)

    def told(self, path: str) -> str:
        """Return a path as the operations have it."""
        return (
            path.removeprefix("/api/v4")
            .replace("/acme/shop.git", "/acme%2Fshop.git")
            .replace("/acme/site.git", "/acme%2Fsite.git")
        )


def harness() -> GitLabHarness:
    """Return the harness of the GitLab connector."""
    return GitLabHarness()
