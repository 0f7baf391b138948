"""What only the code of tests names stands for nothing and is listed; beside its use it is one place more."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.model import Role
from tests.code_samples import scan, write

_SERVER = 'from fastmcp import FastMCP; s = FastMCP("stub")\n'
_STARTED = 'mcp = {"command": "npx", "args": ["-y", "@acme/mcp-server"]}\n'
CODE = [
    ('client = OpenAI(base_url="http://models.acme.internal:8000/v1")\n', "models.acme.internal:8000"),
    ('a = "https://team.openai.azure.com"\n', "team.openai.azure.com"),
    ('assert ask("", "https://api.openai.com/v1") == 1\n', "api.openai.com"),
    (_SERVER, "stub"),
    (_STARTED, "@acme/mcp-server"),
    ('line = "docker run -i --rm mcp/filesystem"\n', "mcp/filesystem"),
    ("from presidio_anonymizer import AnonymizerEngine; a = AnonymizerEngine()\n", "presidio"),
]


@pytest.mark.parametrize(("text", "name"), CODE)
def test_what_only_a_test_names_is_listed_and_no_finding(tmp_path: Path, text: str, name: str) -> None:
    scanned = scan(write(tmp_path, {"requirements.txt": "", "tests/test_a.py": text}))

    assert name not in {item.name for item in scanned.findings}
    kind = "guardrail" if name == "presidio" else "address" if "." in name else "server"
    assert scanned.exceptions("files") == {
        "tests/test_a.py:1": f"the {kind} {name!r} is left out: only tests name it"
    }


@pytest.mark.parametrize(("text", "name"), CODE)
def test_beside_its_use_a_test_is_one_place_more(tmp_path: Path, text: str, name: str) -> None:
    scanned = scan(write(tmp_path, {"requirements.txt": "", "tests/test_a.py": text, "app.py": text}))

    assert [len(item.evidence) for item in scanned.findings if item.name == name] == [2]
    assert not scanned.exceptions("files")


@pytest.mark.parametrize(
    "text",
    [
        'monkeypatch.setenv("OPENAI_API_KEY", "x")\n',
        'os.environ["OPENAI_API_KEY"] = "x"\n',
        'with patch.dict(os.environ, {"OPENAI_API_KEY": ""}): ...\n',
    ],
)
def test_a_key_that_only_a_test_sets_is_made_up(tmp_path: Path, text: str) -> None:
    scanned = scan(write(tmp_path, {"tests/test_a.py": text}))

    assert [item.name for item in scanned.findings] == []
    assert "the key 'OPENAI_API_KEY' is left out" in scanned.exceptions("files")["tests/test_a.py:1"]


@pytest.mark.parametrize(
    "text",
    [
        'key = os.getenv("OPENAI_API_KEY", "none")\n',
        'key = os.environ["OPENAI_API_KEY"]\n',
        'has_key = os.environ["OPENAI_API_KEY"] == "x"\n',
    ],
)
def test_a_key_that_a_test_reads_is_expected_there(tmp_path: Path, text: str) -> None:
    scanned = scan(write(tmp_path, {"tests/test_a.py": text}))

    assert [item.name for item in scanned.findings] == ["OPENAI_API_KEY"]


def test_a_key_that_a_test_hands_on_by_name_is_made_up(tmp_path: Path) -> None:
    text = 'let _key = temp_env("OPENAI_API_KEY", "noop");\n'

    assert scan(write(tmp_path, {"tests/init.rs": text})).findings == []


def test_what_a_template_is_compared_with_is_no_stack(tmp_path: Path) -> None:
    template = '{"Resources": {"G": {"Type": "AWS::Bedrock::Guardrail", "Properties": {}}}}'
    files = {"test/a.integ.snapshot/a.template.json": template, "infra/a.template.json": template}

    found = scan(write(tmp_path, files)).findings

    assert [item.evidence[0].locator for item in found] == ["infra/a.template.json:1"]


def test_what_a_run_was_told_is_no_setting_and_is_listed(tmp_path: Path) -> None:
    args = (
        "model:\n  host_url: localhost:11434\n  model_name: gpt-4o\n  api_base: https://api.openai.com/v1\n"
    )
    files = {
        "results/agent-results/run_2/args.yaml": args,
        "trajectories/a/config.json": '{"model": "gpt-4o-mini"}',
    }

    scanned = scan(write(tmp_path / "a", files))
    used = scan(write(tmp_path / "b", files | {"config/agent.yaml": args}))

    assert scanned.findings == []
    assert "is left out: the file is a result of a run" in "".join(scanned.exceptions("files").values())
    assert {item.name for item in used.findings} >= {"api.openai.com", "gpt-4o"}


@pytest.mark.parametrize(("name", "stands"), [("test-server", False), ("claims desk", True)])
def test_a_server_of_an_evaluation_is_made_up_where_its_name_says_so(
    tmp_path: Path, name: str, stands: bool
) -> None:
    text = f'from mcp.server.fastmcp import FastMCP\n\nserver = FastMCP("{name}")\n'

    found = scan(write(tmp_path, {"requirements.txt": "mcp\n", "tests/evals/test_a.py": text})).findings

    assert ("mcp_server" in {item.kind for item in found}) is stands


def test_a_mock_comes_after_what_really_names_the_thing(tmp_path: Path) -> None:
    text = 'export const source = { uri: "https://api.openai.com/v1" };\n'

    found = scan(write(tmp_path, {"src/__mocks__/a.ts": text, "examples/a.ts": text})).findings

    (at,) = [item for item in found if item.kind == "provider_endpoint"]
    assert [one.locator for one in at.evidence] == ["examples/a.ts:1", "src/__mocks__/a.ts:1"]
    assert at.role is Role.EXAMPLE


def test_a_resource_that_a_test_of_a_stack_builds_is_made_up(tmp_path: Path) -> None:
    text = "import * as bedrock from 'aws-cdk-lib/aws-bedrock';\nnew bedrock.CfnGuardrail(stack, 'G', {});\n"

    scanned = scan(write(tmp_path, {"lib/a.ts": text, "test/a.test.ts": text.replace("'G'", "'T'")}))

    assert [item.name for item in scanned.findings if item.kind == "guardrail"] == [
        "AWS::Bedrock::Guardrail/G"
    ]


def test_a_server_that_a_test_configures_is_made_up_and_one_beside_is_not(tmp_path: Path) -> None:
    servers = '{"mcpServers": {"notes": {"url": "https://notes.acme.dev/mcp"}}}'

    found = scan(write(tmp_path / "a", {"tests/data/.mcp.json": servers})).findings
    used = scan(write(tmp_path / "b", {"tests/data/.mcp.json": servers, ".mcp.json": servers})).findings

    assert "mcp_server" not in {item.kind for item in found}
    assert [len(item.evidence) for item in used if item.kind == "mcp_server"] == [2]


def test_an_agent_that_only_a_test_builds_is_made_up(tmp_path: Path) -> None:
    text = 'from agents import Agent, Runner\n\ndesk = Agent(name="Front desk")\n'

    scanned = scan(write(tmp_path, {"requirements.txt": "openai-agents\n", "tests/test_a.py": text}))

    assert "agent" not in {item.kind for item in scanned.findings}
    assert scanned.exceptions("files")["tests/test_a.py:3"].startswith("the agent 'Front desk' is left out")


def test_an_object_of_kubernetes_in_the_code_of_a_test_is_made_up(tmp_path: Path) -> None:
    text = "const runtime = {\n  apiVersion: 'serving.kserve.io/v1alpha1',\n  kind: 'ServingRuntime',\n"
    text += "  metadata: { name: 'mine' },\n};\n"
    manifest = "apiVersion: serving.kserve.io/v1alpha1\nkind: ServingRuntime\nmetadata:\n  name: applied\n"

    scanned = scan(write(tmp_path, {"tests/a.test.ts": text, "tests/runtime.yaml": manifest}))

    assert [item.name for item in scanned.findings] == ["ServingRuntime/applied"]
    assert "the object 'ServingRuntime/mine' is left out" in scanned.exceptions("files")["tests/a.test.ts:2"]


def test_what_a_test_is_configured_with_and_what_it_calls_out_there_stands(tmp_path: Path) -> None:
    files = {
        "tests/.env.test": "OPENAI_BASE_URL=https://api.openai.com/v1\n",
        "tests/test_mcp.py": "with streamablehttp_client('https://docs.acme.dev/mcp') as c: ...\n",
    }

    scanned = scan(write(tmp_path, files))

    assert {"api.openai.com", "docs.acme.dev"} <= {item.name for item in scanned.findings}


def test_what_a_service_once_answered_a_test_is_no_model_of_it(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "openai\n",
        "tests/cassettes/list.yaml": "then:\n  model: gpt-4o\n",
        "app.py": "import openai\nm = 'gpt-4.1'\n",
    }

    found = [item.name for item in scan(write(tmp_path, files)).findings if item.kind == "model"]

    assert found == ["gpt-4.1"]


def test_of_very_many_the_rest_is_counted(tmp_path: Path) -> None:
    text = "".join(f'c = OpenAI(base_url="http://m{number}.acme.internal:8000/v1")\n' for number in range(60))

    scanned = scan(write(tmp_path, {"requirements.txt": "", "tests/test_a.py": text}))

    told = scanned.exceptions("files")
    assert len(told) == 51
    assert told["."] == "10 more that only tests name are left out"
