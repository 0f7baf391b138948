"""How the Azure DevOps connector is put through the conformance suite."""

from __future__ import annotations

from pathlib import Path

from connectors.forges.azure_devops import AzureDevOpsOptions
from tests.fakes_azure_devops import AzureDevOpsFake
from tests.forge_harness import HOST, ForgeHarness


class AzureDevOpsHarness(ForgeHarness):
    """Serve an organisation whose first repository shows every kind."""

    name = "azure_devops"
    variable = "AZURE_DEVOPS_TOKEN"

    def fake(self, root: Path) -> AzureDevOpsFake:
        """Return the host."""
        return AzureDevOpsFake(root)

    def options(self, fake: AzureDevOpsFake) -> AzureDevOpsOptions:
        """Return how to reach it."""
        return AzureDevOpsOptions(organizations=("acme",), base_url=fake.api_url, host=HOST)

    def told(self, path: str) -> str:
        """Return a path as the operations have it."""
        return path

    def owner(self) -> str:
        """Return what stands before a repository's name."""
        return "acme/store/_git"


def harness() -> AzureDevOpsHarness:
    """Return the harness of the Azure DevOps connector."""
    return AzureDevOpsHarness()
