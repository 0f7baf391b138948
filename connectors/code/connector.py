"""The code connector: one scope a repository or folder, one part a group of formats.

Reads: Python and npm manifests, locks and imports, MCP configurations, Terraform, model ids, provider
addresses and agent files. What lists and reads is loaded when it is asked for: whoever only wants to know
what the connector is and may be told, such as every command that reads a configuration, does without.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from connectors.code.options import CodeOptions
from connectors.contract import ConnectorInfo, Context, Operation
from connectors.model import Finding, Scope, Unchanged


class CodeConnector:
    """Find AI in folders, git repositories and git URLs."""

    info: ClassVar[ConnectorInfo] = ConnectorInfo(
        name="code",
        title="Code: folders and git repositories",
        kinds=(
            *("package", "mcp_server", "model", "provider_endpoint", "agent_config"),
            *("agent", "agent_memory", "ai_account", "ai_project", "ai_service", "api_key", "application"),
            *(
                "compute",
                "configuration",
                "connection",
                "container_image",
                "data_store",
                "dataset",
                "edge_fleet",
                "evaluation",
            ),
            *(
                "experiment",
                "gateway",
                "guardrail",
                "identity",
                "inference_job",
                "knowledge_base",
                "mlops_server",
            ),
            *("model_endpoint", "model_registry", "model_server", "notebook", "oversight_control"),
            *("ci_step", "model_file", "prompt", "saas_app"),
            *("subscription", "tool", "training_job", "vector_store", "workflow", "workspace"),
        ),
        operations=(
            Operation(
                method="GET", host="{targets}", path="/{repository}/info/refs", permission="repository: read"
            ),
            Operation(
                method="POST",
                host="{targets}",
                path="/{repository}/git-upload-pack",
                permission="repository: read",
                is_query=True,
            ),
        ),
        # Where the formats are described; what was looked up, and when, stands in the catalogue's files.
        docs=(
            "https://git-scm.com/docs",
            "https://packaging.python.org/specifications",
            "https://github.com/npm/cli/tree/latest/docs/lib/content/configuring-npm",
            "https://modelcontextprotocol.io/docs",
            "https://code.visualstudio.com/docs/copilot/reference/mcp-configuration (copy, 2026-11-22)",
            "https://docs.gitlab.com/user/project/codeowners/reference (copy, 2026-11-22)",
        ),
        config_model=CodeOptions,
    )

    def scopes(self, ctx: Context) -> Iterable[Scope]:
        """List one scope for each distinct target and for each clone that lies in a target's folder.

        Raises ``ConfigError`` for a target that cannot be read.
        """
        from connectors.code.scan import scopes

        return scopes(ctx, self.info.name)

    def scan(self, ctx: Context) -> Iterator[Finding | Unchanged]:
        """Read a target's tree, unless nothing moved, and yield what it holds, part by part."""
        from connectors.code.scan import scan

        return scan(ctx)
