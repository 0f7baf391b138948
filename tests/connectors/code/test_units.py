"""Units as systems: packing, workspaces, what manifests say, links, and data that stands only beside AI."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.catalogue import load_catalogue
from connectors.code.roles import Units
from connectors.model import Finding, RelationKind, Role
from tests.code_samples import Scanned, scan, write

BOT = '[project]\nname = "bot"\ndescription = "Answers questions about claims"\ndependencies = ["openai"]\n'
MODEL = 'MODEL = "gpt-4o"\n'
CALL = 'call(model="gpt-4o", messages=[])\n'


def _units(*paths: str) -> Units:
    units = Units(load_catalogue())
    for path in paths:
        units.note(path)
    return units


def _links(finding: Finding) -> set[tuple[RelationKind, str]]:
    return {(link.relation, link.target.key) for link in finding.links}


def _data(found: Scanned) -> set[tuple[str | None, str]]:
    return {(one.application, one.name) for one in found.findings if one.kind == "data_store"}


@pytest.mark.parametrize(
    ("files", "path", "unit"),
    [
        (("pyproject.toml", "docker/Dockerfile"), "docker/Dockerfile", "."),
        (("pyproject.toml", "deploy/chart/Chart.yaml"), "deploy/chart/values.yaml", "."),
        (("svc/go.mod", "svc/k8s/kustomization.yaml"), "svc/k8s/a.yaml", "svc"),
        (("pyproject.toml", "worker/Dockerfile"), "worker/x.py", "worker"),
        (("package.json", "nx.json", "docker/Dockerfile"), "docker/Dockerfile", "docker"),
        (("docker/Dockerfile",), "docker/x.py", "docker"),
        (("shop.sln", "src/Bot/Bot.csproj", "src/Bot/docker/Dockerfile"), "src/Bot/docker/x", "src/Bot"),
        (("settings.gradle", "build.gradle", "api/build.gradle"), "api/src/A.java", "api"),
        (("go.work", "a/go.mod", "b/go.mod"), "b/main.go", "b"),
    ],
)
def test_packing_belongs_to_the_unit_around_it_unless_that_is_a_workspace(
    files: tuple[str, ...], path: str, unit: str
) -> None:
    assert _units(*files).of(path) == unit


def test_a_workspace_that_only_its_manifest_names_keeps_packing_apart(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "package.json": '{"workspaces": ["a"], "devDependencies": {"promptfoo": "1"}}',
            "a/package.json": '{"dependencies": {"openai": "^4"}}',
            "docker/Dockerfile": 'ENV MODEL="gpt-4o"\n',
        },
    )

    found = {one.name: one.application for one in scan(tmp_path).findings}

    assert found["openai"] == "a"
    assert found["gpt-4o"] == "docker"


def test_every_finding_of_a_unit_carries_what_its_manifest_says(tmp_path: Path) -> None:
    write(tmp_path, {"svc/pyproject.toml": BOT, "svc/app.py": MODEL, "other/app.py": MODEL})

    found = {one.application: one for one in scan(tmp_path).findings if one.kind == "model"}

    assert found["svc"].attributes["unit_description"] == "Answers questions about claims"
    assert found["svc"].attributes["unit_description_at"] == "svc/pyproject.toml:3"
    assert "unit_description" not in found["."].attributes


def test_a_chart_describes_its_own_folder_and_not_the_code_that_it_installs(tmp_path: Path) -> None:
    chart = "name: bot\ndescription: A chart that installs a bot\n"
    files = {"go.mod": "module acme\n", "app.py": MODEL, "charts/bot/Chart.yaml": chart}

    found = scan(write(tmp_path, files)).findings

    assert [one.attributes.get("unit_description") for one in found if one.kind == "model"] == [None]


def test_a_service_catalogue_says_more_than_a_manifest(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"pyproject.toml": BOT, "app.py": MODEL, "catalog-info.yaml": "metadata: {description: The bot}\n"},
    )

    assert scan(tmp_path).named("gpt-4o").attributes["unit_description"] == "The bot"


def test_a_record_beside_the_code_names_the_system_that_its_unit_is(tmp_path: Path) -> None:
    record = "name: Claims bot\nowner: dana@acme.example\npurpose: {statement: Answers claims.}\n"
    write(tmp_path, {"svc/ai-system.yaml": record, "svc/src/app.py": MODEL, "other/app.py": MODEL})

    found = {one.tags.get("ai-system", ""): one for one in scan(tmp_path).findings if one.kind == "model"}

    assert found.keys() == {"Claims bot", ""}
    assert found["Claims bot"].attributes["unit_description"] == "Answers claims."
    assert ("dana@acme.example", "ai-system owner") in [
        (one.candidate, one.source) for one in found["Claims bot"].owner_hints
    ]


def test_an_imported_package_uses_the_models_of_its_vendor_in_the_same_file(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "pyproject.toml": BOT,
            "app.py": 'import openai\nimport anthropic\nA = "gpt-4o"\nB = "claude-3-5-sonnet-20241022"\n',
            "other.py": 'C = "gpt-4-turbo"\n',
        },
    )

    found = scan(tmp_path)

    assert _links(found.named("openai")) == {(RelationKind.USES_MODEL, ".|model|gpt-4o")}
    assert _links(found.named("anthropic")) == {
        (RelationKind.USES_MODEL, ".|model|claude-3-5-sonnet-20241022")
    }


def test_a_package_alone_in_its_file_uses_every_model_there_and_calls_the_host(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"app.py": 'import openai\nM = "mistral-large-latest"\nURL = "https://api.mistral.ai/v1"\n'},
    )

    found = scan(tmp_path)

    assert _links(found.named("openai")) == {
        (RelationKind.USES_MODEL, ".|model|mistral-large-latest"),
        (RelationKind.CALLS, ".|provider_endpoint|api.mistral.ai"),
    }
    assert _links(found.named("mistral-large-latest")) == {
        (RelationKind.SERVED_BY, ".|provider_endpoint|api.mistral.ai")
    }


def test_the_only_agent_of_a_file_uses_its_models_and_is_guarded_by_its_guardrail(tmp_path: Path) -> None:
    text = (
        "from agents import Agent, Runner, input_guardrail\n"
        "@input_guardrail\n"
        "def check(x): ...\n"
        'helper = Agent(name="helper", model="gpt-4o")\n'
    )
    write(tmp_path, {"pyproject.toml": '[project]\ndependencies = ["openai-agents"]\n', "app.py": text})

    found = _links(scan(tmp_path).named("helper"))

    assert found == {
        (RelationKind.USES_MODEL, ".|model|gpt-4o"),
        (RelationKind.GUARDED_BY, ".|guardrail|openai-agents-guardrail/check"),
    }


def test_of_two_agents_in_a_file_each_uses_only_the_model_it_names(tmp_path: Path) -> None:
    text = (
        "from agents import Agent, Runner\n"
        'one = Agent(name="one", model="gpt-4o")\n'
        'two = Agent(name="two")\n'
        'OTHER = "gpt-4-turbo"\n'
    )
    write(tmp_path, {"pyproject.toml": '[project]\ndependencies = ["openai-agents"]\n', "app.py": text})

    found = scan(tmp_path)

    assert (RelationKind.USES_MODEL, ".|model|gpt-4-turbo") not in _links(found.named("one"))
    assert _links(found.named("two")) == set()


def test_a_package_that_is_only_declared_uses_nothing(tmp_path: Path) -> None:
    write(tmp_path, {"pyproject.toml": BOT, "app.py": MODEL})

    assert scan(tmp_path).named("openai").links == ()


def test_data_stands_in_the_unit_that_holds_ai_and_nowhere_else(tmp_path: Path) -> None:
    bucket = 's3.put_object(Bucket="{}", Key="k")\n'
    write(
        tmp_path,
        {
            "bot/pyproject.toml": BOT,
            "bot/app.py": bucket.format("claims"),
            "web/pyproject.toml": '[project]\nname = "web"\n',
            "web/app.py": bucket.format("pages"),
        },
    )

    assert _data(scan(tmp_path)) == {("bot", "claims")}


@pytest.mark.parametrize(
    "files",
    [
        {"AGENTS.md": "Be careful.\n"},
        {".mcp.json": '{"mcpServers": {"a": {"command": "npx", "args": ["x"]}}}'},
        {"requirements-dev.txt": "deepeval\n"},
        {"package-lock.json": '{"packages": {"node_modules/openai": {"version": "4.1.0"}}}'},
        {},
    ],
)
def test_what_does_not_run_makes_no_unit_an_ai_unit(tmp_path: Path, files: dict[str, str]) -> None:
    write(tmp_path, {**files, "app.py": 's3.put_object(Bucket="pages", Key="k")\n'})

    assert _data(scan(tmp_path)) == set()


def test_data_of_a_unit_whose_ai_is_a_test_raises_no_alert(tmp_path: Path) -> None:
    write(tmp_path, {"tests/a.py": CALL, "app.py": 's3.put_object(Bucket="pages", Key="k")\n'})

    assert scan(tmp_path).named("pages").role is Role.TEST


def test_what_a_suite_with_ai_of_its_own_makes_up_is_no_store(tmp_path: Path) -> None:
    suite = {"tests/requirements.txt": "openai\n", "tests/test_a.py": CALL + 'path = "gs://uri/key"\n'}
    write(tmp_path, {**suite, "app.py": CALL, "pyproject.toml": ""})

    assert _data(scan(tmp_path)) == set()


def test_the_stack_beside_the_ai_shows_its_stores(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "main.tf": 'resource "aws_bedrock_guardrail" "g" {\n}\nresource "aws_s3_bucket" "claims" {\n}\n',
            "other/main.tf": 'resource "aws_s3_bucket" "pages" {\n}\n',
        },
    )

    assert _data(scan(tmp_path)) == {(".", "claims")}


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ('  bucket = "acme-claims"\n', "acme-claims"),
        ('\tname   = "acme-claims"\n', "acme-claims"),
        ('  tags = {\n    name = "cost"\n  }\n  bucket = "acme-claims"\n', "acme-claims"),
        ('  tags = {\n    name = "cost"\n  }\n', "claims"),
        ('  bucket = "${var.stage}-claims"\n', "*-claims"),
        ('  bucket_prefix = "acme-claims-"\n', "acme-claims-*"),
        ('  bucket_prefix = "${var.stage}-claims"\n', "*-claims*"),
        ("  bucket_prefix = var.prefix\n", "claims"),
        ('  bucket = "${lower(data.p.this.name)}-claims"\n', "*-claims"),
        ('  bucket = "${var.stage}-${local.n}"\n', "claims"),
        ("  bucket = local.bucket\n", "claims"),
        ("  force_destroy = true\n", "claims"),
    ],
)
def test_a_store_is_called_as_its_stack_calls_it_where_that_is_plain(
    tmp_path: Path, body: str, name: str
) -> None:
    stack = f'resource "aws_bedrock_guardrail" "g" {{\n}}\nresource "aws_s3_bucket" "claims" {{\n{body}}}\n'
    write(tmp_path, {"main.tf": stack + 'resource "aws_sns_topic" "t" {\n  name = "told"\n}\n'})

    assert _data(scan(tmp_path)) == {(".", name)}


def test_a_store_keeps_its_role_where_only_tests_show_ai_in_its_unit(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "desk/pyproject.toml": '[project]\nname = "desk"\n',
            "desk/db/schema.sql": "CREATE TABLE claims (id int, email text);\n",
            "desk/tests/test_desk.py": CALL,
            "bot/pyproject.toml": BOT,
        },
    )

    (store,) = [one for one in scan(tmp_path).findings if one.kind == "data_store"]

    assert (store.name, store.role) == ("claims", Role.APPLICATION)


def test_a_store_keeps_its_role_beside_templates_with_ai(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "desk/pyproject.toml": '[project]\nname = "desk"\n',
            "desk/db/schema.sql": "CREATE TABLE claims (id int, email text);\n",
            "desk/templates/desk.py": CALL,
        },
    )

    (store,) = [one for one in scan(tmp_path).findings if one.kind == "data_store"]

    assert (store.name, store.role) == ("claims", Role.APPLICATION)


WORKFLOW = """on: push
jobs:
  deploy:
    environment:
      name: production-gate
    steps:
      - {step}
  other:
    environment: ${{{{ inputs.where }}}}
    steps: []
"""


def test_an_environment_is_a_gate_of_a_workflow_that_runs_ai(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            ".github/workflows/ai.yml": WORKFLOW.format(step="uses: anthropics/claude-code-action@v1"),
            ".github/workflows/web.yml": WORKFLOW.format(step="run: make deploy"),
            ".github/workflows/fill.yml": WORKFLOW.format(step="run: curl https://a.search.windows.net/b"),
        },
    )

    gates = [one for one in scan(tmp_path).findings if one.kind == "oversight_control"]

    assert [(one.name, one.evidence[0].locator) for one in gates] == [
        ("environment production-gate", ".github/workflows/ai.yml:5")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "environment: x",
        "jobs: [environment: x]",
        "jobs: {a: {environment: [1]}}",
        "jobs:\n environment:\n  [",
    ],
)
def test_a_workflow_of_another_shape_has_no_gate(tmp_path: Path, text: str) -> None:
    write(tmp_path, {".github/workflows/x.yml": text + "\n# uses: anthropics/claude-code-action@v1\n"})

    assert not [one for one in scan(tmp_path).findings if one.kind == "oversight_control"]


def test_below_a_root_without_manifest_data_stand_beside_ai_of_their_own_folder(tmp_path: Path) -> None:
    files = {
        "chat/a.py": "from openai import OpenAI\nclient = OpenAI()\n",
        "chat/schema.sql": "CREATE TABLE chats (id int);\n",
        "old/shop/schema.sql": "CREATE TABLE orders (id int);\n",
    }

    loose = _data(scan(write(tmp_path / "loose", files)))
    held = _data(scan(write(tmp_path / "held", files | {"pyproject.toml": BOT})))

    assert loose == {(".", "chats")}
    assert held == {(".", "chats"), (".", "orders")}


@pytest.mark.parametrize(
    ("others", "stores"),
    [
        ({}, {(".", "orders")}),
        ({"apps/web/package.json": "{}"}, {(".", "orders")}),
        ({"apps/web/package.json": "{}", "apps/shop/package.json": "{}"}, set()),
        ({"apps/web/package.json": "{}", "apps/chat/worker/package.json": "{}"}, {(".", "orders")}),
        ({"apps/a.py": "from openai import OpenAI\n", "apps/web/go.mod": "module x\n"}, {(".", "orders")}),
    ],
)
def test_a_schema_beside_units_counts_where_half_of_them_hold_ai(
    tmp_path: Path, others: dict[str, str], stores: set[tuple[str, str]]
) -> None:
    files = {
        "apps/db/schema.sql": "CREATE TABLE orders (id int);\n",
        "tools/a.py": "import openai\n",
    } | others
    if "apps/a.py" not in others:
        files["apps/chat/requirements.txt"] = "openai\n"

    assert _data(scan(write(tmp_path, files))) == stores


def test_a_resource_is_first_shown_where_it_is_declared(tmp_path: Path) -> None:
    files = {
        "app.tf": 'output "x" {\n  value = aws_bedrock_guardrail.main.arn\n}\n',
        "rail.tf": 'resource "aws_bedrock_guardrail" "main" {\n}\n',
    }

    (found,) = scan(write(tmp_path, files)).findings

    assert [item.locator for item in found.evidence] == ["rail.tf:1", "app.tf:2"]


@pytest.mark.parametrize(
    ("manifest", "stores"),
    [("pyproject.toml", {"claims"}), ("examples/pyproject.toml", {"claims", "orders"})],
)
def test_one_example_says_nothing_of_another_unless_they_are_one_unit(
    tmp_path: Path, manifest: str, stores: set[str]
) -> None:
    write(
        tmp_path,
        {
            manifest: '[project]\nname = "a"\n',
            "examples/claims/a.py": CALL,
            "examples/claims/schema.sql": "CREATE TABLE claims (id int);\n",
            "examples/shop/schema.sql": "CREATE TABLE orders (id int);\n",
        },
    )

    assert {name for _, name in _data(scan(tmp_path))} == stores


def test_an_example_with_ai_of_its_own_shows_its_stores(tmp_path: Path) -> None:
    files = {
        "pyproject.toml": BOT,
        "use-case-examples/claims/a.py": "from openai import OpenAI\nclient = OpenAI()\n",
        "use-case-examples/claims/schema.sql": "CREATE TABLE claims (id int);\n",
        "use-case-examples/shop/schema.sql": "CREATE TABLE orders (id int);\n",
    }

    found = scan(write(tmp_path, files))

    assert _data(found) == {(".", "claims")}
    assert found.named("claims").role is Role.EXAMPLE
