"""Whatever a reader leaves out of a very long file is told, never dropped in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.code_samples import read, scan, write


@pytest.mark.parametrize(
    ("path", "text", "reader", "told"),
    [
        ("a.sh", "pip install openai\n" * 301, "pip-command", "more than 300 commands"),
        ("A.java", "import dev.langchain4j.model.A;\n" * 501, "jvm-import", "more than 500 imports"),
        ("A.cs", "using Microsoft.SemanticKernel;\n" * 501, "dotnet-import", "more than 500 imports"),
        ("A.java", 'new StdioClientTransport("a");\n' * 101, "mcp-launch", "more than 100 places"),
        (
            "a.py",
            "from crewai import Agent\n" + "".join(f"a{n} = Agent(role='r{n}')\n" for n in range(201)),
            "agent-code",
            "more than 200 calls",
        ),
        (
            "a.py",
            "from crewai import Agent\na = Agent(role='r')\n" + "#" * 1_000_000,
            "agent-code",
            "more than 1000000 bytes",
        ),
        (
            "a.ts",
            "import AWS from 'aws-sdk'\nnew AWS.Polly()\n" + " " * 1_000_000,
            "cloud-client",
            "more than 1000000 bytes",
        ),
        (
            "a.yaml",
            "mcp_servers:\n" + "".join(f"  s{n}: {{url: https://x.example/{n}}}\n" for n in range(1_500)),
            "mcp-table",
            "more than 40000 bytes below a table",
        ),
    ],
    ids=["commands", "imports", "namespaces", "transports", "agents", "large", "clients", "servers"],
)
def test_what_is_beyond_the_limit_is_listed_and_what_came_before_counts(
    path: str, text: str, reader: str, told: str
) -> None:
    found = read(path, text)

    assert [reason for name, reason in found.problems if name == reader and told in reason]


def test_further_lines_that_name_a_model_are_counted(tmp_path: Path) -> None:
    scanned = scan(write(tmp_path, {"a.py": "".join(f'm{n} = "gpt-4o"\n' for n in range(12))}))

    found = scanned.named("gpt-4o")
    assert len(found.evidence) == 5
    assert found.attributes["places"] == 12
    assert "lines_left_out" not in found.attributes
    assert scanned.exceptions("files")["."].startswith("7 further lines name models")
