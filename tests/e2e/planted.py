"""An estate with canaries wherever people leave secrets lying, for all three connectors.

Every canary holds :data:`MARK` and a number of its own. Those in places whose value must never be kept have
no telling shape; those in names, ids and tags, which are kept, are shaped like a credential.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from connectors import aws_rows
from discovery.demo.httpd import Request, Response, json_response
from discovery.demo.openai import OpenAIFake
from discovery.demo.openai_org import Org
from tests import aws_samples
from tests.fakes_aws import HOME, FakeAws

MARK = "C4N4RY"
CONFIGURED = f"{MARK}90-admin-key-of-the-configuration"
SESSION_TOKEN = f"{MARK}91-session-token-of-the-environment"
PROXY_PASSWORD = f"{MARK}92-proxy-password"


def plain(number: int) -> str:
    """Return a canary that only its place gives away."""
    return f"{MARK}{number:02}-plain-Xy"


def openai_key(number: int) -> str:
    return f"sk-proj-{MARK}{number:02}abcdefghijklmnop"


def github_token(number: int) -> str:
    return f"ghp_{MARK}{number:02}abcdefghijklmnopqrstuvwxyz12"


def aws_key(number: int) -> str:
    return f"AKIA{MARK}{number:02}ABCDEFGH"


def write_code(root: Path) -> None:
    """Write a repository; each file says where the canary in it would be found in real life."""
    for name, text in {**_configuration(), **_manifests(), **_sources()}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _configuration() -> Mapping[str, str]:
    servers = {
        "files": {
            "command": "npx",
            "args": ["-y", "@modelcontextprotocol/server-github", f"--token={plain(1)}", "--key", plain(2)],
            "env": {"GITHUB_TOKEN": plain(3)},
        },
        "remote": {
            "url": f"https://user:{plain(4)}@mcp.example.org/sse?key={plain(5)}#{plain(6)}",
            "headers": {"Authorization": f"Bearer {plain(7)}"},
        },
        openai_key(8): {"command": "uvx", "args": ["mcp-server-fetch"]},
        "path": {"url": f"https://mcp.example.org/{github_token(9)}/mcp"},
        "script": {"command": f"TOKEN={plain(24)} npx -y mcp-remote https://x.example.org/mcp"},
    }
    return {
        ".mcp.json": json.dumps({"mcpServers": servers}),
        ".env": f"OPENAI_API_KEY={plain(10)}\nOPENAI_BASE_URL=https://u:{plain(11)}@api.openai.com/v1\n",
        "docker/.env.production": f"ANTHROPIC_API_KEY='{plain(12)}'\nMODEL=gpt-4o-mini\n",
        "AGENTS.md": f"Log in with {plain(13)} before you start.\n",
        "Dockerfile": f"FROM vllm/vllm-openai:v0.6.0\nENV HF_TOKEN={plain(14)}\n",
        "deploy/bot.yaml": (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: bot}\nspec:\n  template:\n    spec:\n"
            "      containers:\n      - name: bot\n        image: ollama/ollama:0.3.0\n"
            f"        env: [{{name: OPENAI_API_KEY, value: {plain(15)}}}]\n"
        ),
        "infra/main.tf": (
            f'variable "key" {{\n  default = "{plain(16)}"\n}}\n'
            f'provider "openai" {{\n  api_key = "{plain(17)}"\n}}\n'
            f'resource "aws_bedrock_guardrail" "{github_token(18)}" {{\n'
            f'  name = "g"\n  blocked_input_messaging = "{plain(19)}"\n'
            f'  tags = {{ token = "{plain(20)}" }}\n}}\n'
            'resource "azurerm_cognitive_account" "one" {\n  kind = "OpenAI"\n'
            f'  name = "{aws_key(21)}"\n}}\n'
        ),
        ".git/HEAD": "ref: refs/heads/main\n",
        ".git/config": (
            f'[remote "origin"]\n\turl = https://user:{plain(22)}@git.example.org/acme/shop.git\n'
            f'[remote "other"]\n\turl = https://{plain(23)}@git.example.org/acme/copy.git\n'
            f'[http "https://git.example.org"]\n\textraheader = Authorization: basic {plain(25)}\n'
        ),
        ".git/objects/.keep": "",
        ".git/refs/.keep": "",
        "CODEOWNERS": f"* @acme/platform {github_token(26)}@example.org\n",
    }


def _manifests() -> Mapping[str, str]:
    wheel = f"https://user:{plain(30)}@pypi.example.org/openai-1.0.0-py3-none-any.whl"
    lock = {
        "lockfileVersion": 3,
        "packages": {
            "node_modules/openai": {
                "version": "4.0.0",
                "resolved": f"https://user:{plain(31)}@npm.example.org/openai-4.0.0.tgz?token={plain(32)}",
            }
        },
    }
    dependencies = {
        "openai": f"git+https://{plain(33)}:x-oauth-basic@git.example.org/openai/openai-node.git",
        "@anthropic-ai/sdk": f"https://{plain(34)}@npm.example.org/sdk.tgz",
    }
    return {
        "py/requirements.txt": (
            f"--extra-index-url https://user:{plain(35)}@pypi.example.org/simple\nopenai @ {wheel}\n"
            f"git+https://{plain(36)}@git.example.org/acme/anthropic.git#egg=anthropic\n"
            f"cohere==5.0 --config-settings=token={plain(46)}\n"
        ),
        "toml/pyproject.toml": (
            f'[project]\nname = "shop"\ndependencies = ["openai @ {wheel}"]\n'
            '[[tool.poetry.source]]\nname = "own"\n'
            f'url = "https://user:{plain(37)}@pypi.example.org/simple"\n'
            "[tool.poetry.dependencies]\n"
            f'anthropic = {{ git = "https://{plain(38)}@git.example.org/acme/anthropic.git" }}\n'
        ),
        "npm/package.json": json.dumps({"name": openai_key(39), "dependencies": dependencies}),
        "npm/package-lock.json": json.dumps(lock),
        "npm/.npmrc": f"//npm.example.org/:_authToken={plain(40)}\n",
        f"{github_token(41)}/requirements.txt": "mistralai==1.0\n",
    }


def _sources() -> Mapping[str, str]:
    return {
        "app/main.py": (
            f'import openai\nclient = openai.OpenAI(api_key="{plain(42)}", '
            f'base_url="https://user:{plain(43)}@api.openai.com/v1?api-key={plain(44)}")\n'
            f'MODEL = "gpt-4o"  # {plain(45)}\n'
            f'URL = "https://generativelanguage.googleapis.com/v1/models/gemini-pro?key={plain(47)}"\n'
        ),
        "app/main.ts": (
            f'import OpenAI from "openai";\nconst c = new OpenAI({{ apiKey: "{plain(48)}" }});\n'
            f'const m = "claude-3-5-sonnet-latest"; const k = "{openai_key(49)}";\n'
        ),
    }


def organisation() -> Org:
    """Return an organisation whose names and texts hold canaries, opened by :data:`CONFIGURED`."""
    org = Org.example()
    org.admin_key = CONFIGURED
    first = org.projects[0]
    first.item["name"] = f"bot {openai_key(50)}"
    for number, one in enumerate(first.lists["api_keys"]):
        one["redacted_value"] = plain(51)
        one["name"] = openai_key(52) if number == 0 else f"laptop {github_token(53)}"
    first.lists["service_accounts"][0] |= {"id": openai_key(54), "name": aws_key(55)}
    first.lists["assistants"][0] |= {
        "instructions": f"Log in with {plain(56)}.",
        "description": f"Uses {plain(57)}.",
        "name": github_token(58),
        "metadata": {"token": plain(59)},
    }
    first.lists["users"][0]["name"] = openai_key(60)
    org.admin_api_keys[0] |= {"name": openai_key(61), "redacted_value": plain(62)}
    org.usage[0].model = f"ft:gpt-4.1:acme::{openai_key(63)}"
    return org


class Chatty(OpenAIFake):
    """Refuse one listing with a body that repeats the key it was sent, as careless services do."""

    def handle(self, request: Request) -> Response:
        """Answer, or refuse telling all."""
        if request.path.endswith("/data_retention"):
            told = f"{request.headers.get('authorization')} may not do this; try {openai_key(64)}"
            return json_response(403, {"error": {"message": told}})
        return super().handle(request)


def fill_account(aws: FakeAws) -> None:
    """Hold things whose details, tags, names and errors hold canaries."""
    for row in aws_rows.load().rows:
        if row.service in ("bedrock", "bedrock-agent", "sagemaker") and not row.single:
            aws.add(row.service, row.operation, aws_samples.item(row, 1), strict=False)
            for step in row.details:
                aws.answer(row.service, step.operation, partial(aws_samples.detail, row, step))
    named = next(row for row in aws_rows.load().rows if row.operation == "ListGuardrails")
    item = aws_samples.item(named, 2)
    item |= {"name": openai_key(70), "description": f"see {github_token(71)}", "id": aws_key(72)}
    aws.add("bedrock", "ListGuardrails", item, strict=False)
    tags = [{"Key": "Owner", "Value": github_token(73)}, {"Key": openai_key(74), "Value": "x"}]
    aws.answer(
        "resourcegroupstaggingapi",
        "GetResources",
        lambda params: {
            "ResourceTagMappingList": [
                {"ResourceARN": arn, "Tags": tags} for arn in params.get("ResourceARNList") or ()
            ]
        },
    )
    aws.fail(
        "bedrock",
        "ListCustomModels",
        "SignatureDoesNotMatch",
        message=f"The Canonical String was 'x-amz-security-token:{SESSION_TOKEN}' of {aws_key(75)}",
        account=HOME,
    )


AWS_SAMPLES = (aws_samples.CANARY, aws_samples.CANARY_KEY)
