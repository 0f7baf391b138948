"""How the code connector is put through the conformance suite: folders made on the spot."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from connectors.catalogue import load_catalogue
from connectors.code.options import CodeOptions
from tests.conformance import Fault, Harness, Stage

CANARIES = (
    "canary-9a7e51-mcp-env",
    "canary-22d0c4-header",
    "canary-77b1ee-argument",
    "canary-5f0b3a-password",
)
_NO_PAGES = "files are not listed in pages"
_OWN_MACHINE = "git speaks for itself; tests/connectors/clients/test_git.py proves what it may do"


class CodeHarness:
    """Write a repository that shows every kind, with canaries where secrets are usually left lying."""

    name = "code"
    not_applicable: Mapping[str, str] = {
        "three_pages": _NO_PAGES,
        "repeated_token": _NO_PAGES,
        "denied_half_way": "the operating system has no second page to refuse",
        "throttled": "a disk does not ask for patience",
        "only_declared": _OWN_MACHINE,
    }

    @contextmanager
    def start(self, fault: Fault) -> Iterator[Stage]:
        """Write the folder; only its emptiness can be asked for."""
        with tempfile.TemporaryDirectory(prefix="aicensus-conformance-") as place:
            root = Path(place) / "shop"
            root.mkdir()
            if fault is not Fault.EMPTY:
                write_estate(root)
            # Two scans must see one repository: without a remote the path would be its identity.
            git = root / ".git"
            (git / "objects").mkdir(parents=True)
            (git / "refs").mkdir()
            (git / "HEAD").write_text("ref: refs/heads/main\n")
            (git / "config").write_text('[remote "origin"]\n\turl = https://git.example.org/acme/shop.git\n')
            yield Stage(options=CodeOptions(targets=(str(root),)), secrets=CANARIES)


def write_estate(root: Path) -> None:
    """Write one file of each format, and a resource for each kind that infrastructure code can declare."""
    env, header, argument, password = CANARIES
    files = {
        "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["openai>=1.0", "requests"]\n',
        "app.py": 'import openai\nURL = "https://api.openai.com/v1"\nMODEL = "gpt-4o"\n',
        "package.json": json.dumps({"name": "shop", "dependencies": {"@anthropic-ai/sdk": "^0.30.0"}}),
        "AGENTS.md": "Be careful.\n",
        ".env": f"OPENAI_API_KEY={password}\nOPENAI_MODEL=gpt-4o-mini\n",
        ".mcp.json": json.dumps(
            {
                "mcpServers": {
                    "files": {
                        "command": "npx",
                        "args": ["-y", "@modelcontextprotocol/server-filesystem", f"--token={argument}"],
                        "env": {"TOKEN": env},
                    },
                    "remote": {
                        "url": f"https://user:{password}@mcp.example.org/sse?key={argument}",
                        "headers": {"Authorization": f"Bearer {header}"},
                    },
                }
            }
        ),
        "infra/main.tf": _terraform(),
        ".github/workflows/review.yml": "jobs:\n  a:\n    steps:\n      - uses: actions/ai-inference@v1\n",
        "models/judge.tflite": "....TFL3....",
        "docker-compose.yml": "services:\n  llm:\n    image: ollama/ollama:0.3.12\n",
        "CODEOWNERS": "* @acme/platform\n",
        "claims.py": (
            "from langgraph.types import interrupt\n"
            'answer = interrupt({"claim": 1})\n'
            's3.put_object(Bucket="claims-documents", Key="k")\n'
        ),
        "promptfooconfig.yaml": "prompts: [hello]\nproviders: [x]\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def _terraform() -> str:
    catalogue = load_catalogue()
    blocks: dict[str, str] = {}
    for row in catalogue.terraform:
        needs = f'  {row.needs.argument} = "{row.needs.values[0]}"\n' if row.needs else ""
        blocks.setdefault(row.kind, f'resource "{row.type}" "one" {{\n{needs}}}\n')
    for row in catalogue.arm:
        blocks.setdefault(
            row.kind, f'resource "azapi_resource" "{row.kind}" {{\n  type = "{row.type}@2025-01-01"\n}}\n'
        )
    return "\n".join(blocks.values())


def harness() -> Harness:
    """Return the harness of the code connector."""
    return CodeHarness()
