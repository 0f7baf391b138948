"""Oversight and data as code shows them: every row of the catalogue, and what must not count."""

from __future__ import annotations

import json

import pytest

from connectors.catalogue import load_catalogue
from connectors.catalogue.evidence_rows import DataRow, OversightRow
from connectors.code.facts import Fact
from connectors.code.formats.table_changes import ENDED
from tests.code_samples import read

CATALOGUE = load_catalogue()


def _name(files: tuple[str, ...], otherwise: str) -> str:
    ending = files[0] if files else otherwise
    return ending if not ending.startswith(".") else f"sample{ending}"


def _found(path: str, text: str, part: str) -> dict[str, Fact]:
    """Return the facts of the format ``part`` by name."""
    return {fact.name: fact for name, fact in read(path, text) if name == part and fact.kind != ENDED}


@pytest.mark.parametrize("row", CATALOGUE.oversight, ids=lambda row: row.name)
def test_every_oversight_row_reads_its_example_and_not_the_other(row: OversightRow) -> None:
    path = _name(row.files, ".py")

    found = _found(path, row.example.replace("; ", "\n") + "\n", "oversight") or _found(
        path, row.example, "oversight"
    )
    other = _found(path, row.not_example, "oversight")

    assert found[row.name].kind == row.kind
    assert found[row.name].attributes["mechanism"] == row.mechanism
    assert found[row.name].attributes.get("autonomy", False) is row.autonomy
    assert row.name not in other


@pytest.mark.parametrize("row", CATALOGUE.data, ids=lambda row: row.name)
def test_every_data_row_reads_its_example_and_not_the_other(row: DataRow) -> None:
    path = _name(row.files, ".yaml" if row.named_by_parent else ".py")
    front = "Resources:\n  Claims:\n" if row.named_by_parent else ""

    found = _found(path, f"{front}{row.example}\n", "data")
    other = _found(path, f"{front}{row.not_example}\n", "data")

    stores = {fact.attributes["store"] for fact in found.values()}
    assert row.store in stores
    assert all(not fact.standing for fact in found.values())
    assert row.store not in {fact.attributes["store"] for fact in other.values()}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", "import signal\nsignal.interrupt()\ninterrupt(1)\n"),
        ("a.py", "# from langgraph.types import interrupt; interrupt()\n"),
        ("a.py", "from langgraph.types import interrupt\n"),
        ("a.py", "import langgraph\nclass A:\n    async def interrupt(self):\n        pass\n"),
        (
            "a.py",
            "from azure.ai.evaluation import evaluate\nclass A:\n    def evaluate(self):\n        pass\n",
        ),
        (
            "a.ts",
            'import "@langchain/langgraph";\nx = [\n    "Yes: a dedicated interrupt() function waits",\n];\n',
        ),
        ("a.py", "from crewai import Task\nTask(human_input=False)\n"),
        (
            "a.ts",
            "import '@langchain/langgraph';\nconst x = {\n  short: 'interrupt()/resume primitives',\n};\n",
        ),
        ("README.md", "from langgraph.types import interrupt\ninterrupt({})\n"),
        ("SAMPLE_ASL.tsx", "const asl = { TableName: 'orders-table' };\n"),
        ("a.ts", "switch (t) {\n  case HarmBlockThreshold.BLOCK_NONE:\n    return 4;\n}"),
        ("n.ipynb", '{"cells": [\n "from ragas import x\n",\n "  ## results = evaluate(data)\n"\n]}'),
        ("a.ts", "const x = { needsApproval: true };\n"),
        ("a.json", '{"mcpServers": {"x": {"command": "npx", "autoApprove": []}}}'),
        ("a.go", "guard := Guard.from_x()\n"),
        ("a.py", "client.delete_guardrail(guardrailIdentifier=gid)\n"),
        ("a.py", "client.delete_guardrail(\n    guardrailIdentifier=gid,\n)\n"),
        ("a.py", "class Choice(Enum):\n    BLOCK_NONE = types.HarmBlockThreshold.BLOCK_NONE\n"),
        ("a.ts", "  threshold: HarmBlockThreshold.HARM_BLOCK_THRESHOLD_BLOCK_NONE,\n"),
        ("a.ts", "  BLOCK_ONLY_HIGH: HarmBlockThreshold.BLOCK_ONLY_HIGH,\n"),
        ("a.py", "choices = [HarmBlockThreshold.BLOCK_NONE, HarmBlockThreshold.BLOCK_ONLY_HIGH]\n"),
    ],
)
def test_what_only_looks_like_oversight_is_none(path: str, text: str) -> None:
    assert not _found(path, text, "oversight")


def test_thresholds_that_block_nothing_are_no_guardrail() -> None:
    found = _found("a.ts", "  threshold: HarmBlockThreshold.BLOCK_NONE,\n" * 4, "oversight")

    assert set(found) == {"safety-off"}


def test_the_line_of_a_gate_is_that_of_the_call_and_five_are_enough() -> None:
    text = "from langgraph.types import interrupt\n" + "x = interrupt({})\n" * 20

    lines = [fact.line for name, fact in read("a.py", text) if name == "oversight"]

    assert lines == [2, 3, 4, 5, 6]


def test_fields_of_a_table_hint_at_personal_data() -> None:
    text = (
        "class Claim(Base):\n"
        '    __tablename__ = "claims"\n'
        "    email = Column(String)\n"
        "    diagnosis = Column(String)\n"
        "\n"
        "class Other(Base):\n"
        '    __tablename__ = "others"\n'
        "    amount = Column(Integer)\n"
    )

    found = _found("models.py", text, "data")

    assert found["claims"].attributes["personal_data_hint"] == ["diagnosis", "email"]
    assert found["claims"].attributes["data_categories_hint"] == ["health", "personal"]
    assert "personal_data_hint" not in found["others"].attributes


def test_of_a_store_only_the_name_is_kept() -> None:
    text = 'DATABASE_URL=postgresql://bot:hunter2-canary@db.example.org/claims\nURL="s3://claims-in/secret-canary"\n'

    facts = [fact for name, fact in read(".env", text) if name == "data"]

    assert sorted(fact.name for fact in facts) == ["claims", "claims-in"]
    assert "canary" not in repr(facts)


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("compose.yaml", "    environment:\n      POSTGRES_DB: claims\n", {"claims"}),
        ("compose.yaml", "    environment:\n      - MYSQL_DATABASE=claims\n", {"claims"}),
        ("compose.yaml", "      MYSQL_DATABASE: ${MYSQL_DATABASE}\n", set()),
        ("compose.yaml", "      MYSQL_DATABASE: ${MYSQL_DATABASE:-claims}\n", {"claims"}),
        ("compose.yaml", "      - POSTGRES_DB=${DB_NAME:-app}_development\n", set()),
        ("kc.env", "POSTGRES_DB=keycloak\n", set()),
        ("a.py", "MYSQL_DATABASE = 'MYSQL_DATABASE'\n", set()),
        ("a.py", "MYSQL_DATABASE = 'claims'\n", {"claims"}),
        ("a.py", "class User():\n    __tablename__ = 'users'\n", set()),
        ("a.py", "class User(Base):\n    __tablename__ = 'users'\n", {"users"}),
        ("a.yml", "UPLOAD: gs://intended/path/to/model\n", set()),
        ("a.yml", "UPLOAD: gs://claims-models/paths/model\n", {"claims-models"}),
        (
            "a.sql",
            "CREATE TABLE QRTZ_LOCKS (id int);\nCREATE TABLE public.schema_migrations (v int);\n"
            "CREATE TABLE qrtz (id int);\n",
            {"qrtz"},
        ),
        (
            "a.sql",
            "CREATE TABLE backup_v1.chats (id int);\nCREATE TABLE chats_bak (id int);\n"
            "CREATE TABLE backups (id int);\nCREATE TABLE old_chats (id int);\n",
            {"backups"},
        ),
        ("compose.yaml", "      POSTGRES_DB: grafana_db\n", set()),
        ("compose.yaml", "      POSTGRES_DB: keycloak_claims\n", {"keycloak_claims"}),
        ("compose.yaml", "      POSTGRES_DB: app${SUFFIX}\n", set()),
        ("a.py", 'path = "gs://yourpath"\n', set()),
        ("a.py", 'path = "s3://changeme/in"\n', set()),
        ("a.py", 'path = "s3://path-to-bucket/in"\n', set()),
        ("a.py", 'scopes = ["groups:history", "channels:history"]\n', set()),
        ("a.rb", 'scope: "https://www.googleapis.com/auth/gmail.modify"\n', set()),
        ("a.py", 'url = os.environ["DATABASE_URL"]\n', set()),
        ("a.ts", "const env = { POSTGRES_DB: name };\n", set()),
        ("a.ts", 'const env = { POSTGRES_DB: "claims" };\n', {"claims"}),
        (".env", "DATABASE_URL=postgresql://db.example.org\n", set()),
        (".env.example", 'DATABASE_URL="postgres://user:password@host:port/database"\n', set()),
        (".env", "MONGODB_URI=mongodb+srv://a:b@db.example.org/claims?w=1\n", {"claims"}),
        ("a.py", "OUT = '<bucket>'  # e.g. 's3://acme-docs'\n", set()),
        ("a.py", "OUT = '#1'; IN = 's3://acme-docs'\n", {"acme-docs"}),
        ("a.ts", 'const out = bucket; // "s3://acme-docs/in"\n', set()),
        ("a.py", 'JARS = "gs://spark-lib/bigquery/spark-bigquery-latest_2.12.jar"\n', set()),
        ("a.py", 'JARS = "gs://spark-lib/bigquery/names.jar.csv"\n', {"spark-lib"}),
        ("a.py", 'T = "gs://dataflow-templates/latest/Word_Count"\n', set()),
        ("compose.yaml", "      POSTGRES_DB: ${HATCHET_DB:-hatchet}\n", set()),
        (
            "a.py",
            'P = """\nYou are an expert who writes queries.\nFROM `bigquery-acme.shop.orders`\n"""\n',
            set(),
        ),
        (
            "a.py",
            'Q = """\nSELECT id\nFROM `bigquery-acme.shop.orders`\n"""\n',
            {"bigquery-acme.shop.orders"},
        ),
    ],
)
def test_a_store_is_named_by_its_value_and_not_by_talk(path: str, text: str, names: set[str]) -> None:
    assert set(_found(path, text, "data")) == names


BUCKET = "Resources:\n  Claims:\n    Type: AWS::S3::Bucket\n    Properties:\n"


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("a.yaml", BUCKET + "      BucketName: acme-claims\n", "acme-claims"),
        ("a.yaml", BUCKET + "      Tags: []\n      BucketName: 'acme-claims'\n", "acme-claims"),
        ("a.yaml", BUCKET + "      BucketName: !Ref Name\n", "Claims"),
        ("a.yaml", BUCKET + '      BucketName: "${Stack}-claims"\n', "Claims"),
        ("a.yaml", BUCKET + '      BucketName: !Sub "${Stack}-claims"\n', "*-claims"),
        ("a.yaml", BUCKET + "      BucketName: !Sub acme-${AWS::StackName}\n", "acme-*"),
        ("a.yaml", BUCKET + "      BucketName:\n        Fn::Sub: claims-${AWS::StackName}\n", "claims-*"),
        ("a.yaml", BUCKET + '      BucketName: !Sub "${Stack}-${Stage}"\n', "Claims"),
        (
            "a.json",
            '{\n "R": {\n  "Claims": {\n   "Type": "AWS::DynamoDB::Table",\n   "Properties": {\n'
            '    "TableName": {"Fn::Sub": "${Stack}-open"},\n',
            "*-open",
        ),
        ("a.yaml", BUCKET + "      BucketName: your-bucket\n", "Claims"),
        ("a.yaml", BUCKET + "      Tags: []\n  Other:\n    BucketName: acme-other\n", "Claims"),
        ("a.yaml", BUCKET + "      A:\n        B:\n          C:\n             BucketName: deep\n", "Claims"),
        (
            "a.json",
            '{\n "R": {\n  "Claims": {\n   "Type": "AWS::DynamoDB::Table",\n   "Properties": {\n'
            '    "TableName": "claims-open",\n',
            "claims-open",
        ),
        ("m.tf", 'resource "google_firestore_database" "db" {\n  name = "(default)"\n}\n', "(default)"),
        ("m.tf", 'resource "google_firestore_database" "db" {\n  name = var.name\n}\n', "db"),
    ],
)
def test_a_resource_is_called_as_it_calls_itself_in_plain_text(path: str, text: str, name: str) -> None:
    assert set(_found(path, text, "data")) == {name}


@pytest.mark.parametrize("name", ["temp", "tmp"])
def test_a_bucket_for_the_moment_is_none(name: str) -> None:
    assert _found("a.py", f'load("s3://{name}/a.mp4")\n', "data") == {}


@pytest.mark.parametrize("line", ["Out = '<x>'. #e.g: 's3://acme-docs'", "Out = '<x>' # s3://acme-docs/in"])
def test_a_comment_in_a_notebooks_cell_names_no_store(line: str) -> None:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    notebook = {
        "cells": [cell | {"source": [f"{line}\n"]}],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }

    assert _found("a.ipynb", json.dumps(notebook, indent=1), "data") == {}


@pytest.mark.parametrize("text", [b"", b"\xff\xfe\x00", b"Bucket=" * 5_000, b"s3://" + b"a" * 100_000])
def test_garbage_is_read_without_harm(text: bytes) -> None:
    facts = [fact for name, fact in read("a.py", text) if name == "data"]

    assert len(facts) <= 1


def test_a_store_in_the_example_of_an_interface_is_none() -> None:
    shown = 'router.post(\n    openapi_examples={\n        "uri": {\n            "value": "s3://acme-docs/a.pdf",\n'
    used = 'load(\n    source={\n        "uri": {\n            "value": "s3://acme-docs/a.pdf",\n'

    assert _found("api.py", shown, "data") == {}
    assert set(_found("api.py", used, "data")) == {"acme-docs"}


def test_buckets_of_one_name_in_two_clouds_are_two() -> None:
    found = [fact for _, fact in read("a.yaml", "- url: gs://acme-docs/a\n- url: s3://acme-docs/a\n")]

    assert {(fact.provider, fact.name) for fact in found} == {("google", "acme-docs"), ("aws", "acme-docs")}
    assert len({fact.identifier for fact in found}) == 2


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'uri = "gs://google-cloud-aiplatform/schema/modelevaluation/a.yaml"\n'),
        ("a.tsx", "<TextInput htmlAttributes={{ placeholder: 's3://data.acme.org/pdf/' }} />\n"),
        ("config/database.php", "'url' => env('DATABASE_URL'),\n"),
        (".env.example", "ELASTICSEARCH_URL=http://localhost:9200\nPOSTGRES_URL=\n"),
    ],
)
def test_what_names_no_store_is_none(path: str, text: str) -> None:
    found = [fact for _, fact in read(path, text) if fact.kind == "data_store"]

    assert found == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.ts", "interface Options {\n  guardrailIdentifier: string;\n}\n"),
        ("a.py", "class Options:\n    guardrailIdentifier: str\n    guardrailIdentifier = None\n"),
        ("a.ts", "import { Agent } from '@openai/agents';\nnew Agent({ inputGuardrails: [] });\n"),
        ("a.ts", "import { tool } from '@openai/agents';\ntool({ needsApproval: false });\n"),
        ("a.py", "from agents import function_tool\n@function_tool(needs_approval=False)\n"),
        ("a.py", "from google.adk.tools import FunctionTool\nFunctionTool(f, require_confirmation=False)\n"),
        ("a.py", "import langgraph\ng = b.compile(interrupt_before=[])\n"),
        ("a.py", "import langgraph\nrun(interrupt_before=body.interrupt_before)\n"),
        ("a.py", "import langgraph\ndef run(\n    interrupt_before: list[str] | None = None,\n): ...\n"),
        ("a.ts", "generateText({ experimental_telemetry: { isEnabled: false } });\n"),
        ("a.ts", "ask({\n  experimental_telemetry: {\n    isEnabled: false, // our own\n  },\n});\n"),
    ],
)
def test_a_setting_that_is_only_typed_or_off_guards_nothing(path: str, text: str) -> None:
    assert _found(path, text, "oversight") == {}


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("@InputGuardrails(InjectionGuard.class)", "InjectionGuard"),
        ("@OutputGuardrails({ NumberGuard.class })", "NumberGuard"),
        ("@InputGuardrails(value = GUARDS)", "langchain4j-guardrail"),
    ],
)
def test_a_guardrail_is_called_by_its_class(line: str, name: str) -> None:
    text = f"import dev.langchain4j.service.guardrail.InputGuardrails;\n{line}\nString chat(String said);\n"

    assert set(_found("A.java", text, "oversight")) == {name}


def test_a_guardrail_of_openai_agents_is_called_by_its_function_or_its_name() -> None:
    python = (
        "from agents import Agent, InputGuardrail, input_guardrail\n"
        "@input_guardrail\nasync def claims_only(ctx, agent, said):\n    return 1\n"
        "a = Agent(name='x', input_guardrails=[InputGuardrail(guardrail_function=no_secrets)])\n"
    )
    script = (
        "import { Agent, InputGuardrail } from '@openai/agents';\n"
        "const sums: InputGuardrail = {\n  name: 'No sums',\n};\n"
        "const a = new Agent({ name: 'A', inputGuardrails: [sums] });\n"
        "const b = new Agent({ name: 'B', inputGuardrails: [imported, sums] });\n"
        "const c = new Agent({ name: 'C', inputGuardrails: more });\n"
    )

    assert set(_found("a.py", python, "oversight")) == {"claims_only", "no_secrets"}
    assert set(_found("a.ts", script, "oversight")) == {"No sums", "imported"}
