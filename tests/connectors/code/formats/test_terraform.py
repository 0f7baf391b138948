from __future__ import annotations

import json
import time

import pytest

from tests.code_samples import facts, read

AGENT = """\
# resource "aws_bedrockagent_agent" "in_a_comment" {
/* resource "aws_bedrockagent_agent" "in_another" {
*/
locals {
  text = <<-EOT
resource "aws_bedrockagent_agent" "in_a_heredoc" {
  EOT
}

resource "aws_bedrockagent_agent" "support" {
  agent_name       = "support"
  foundation_model = "anthropic.claude-3-5-sonnet-20241022-v2:0"
  instruction      = "${var.secret}"
  tags = {
    ai-system = "support-bot"
    "Owner"   = "ml@example.org"
  }
}

data "aws_bedrock_foundation_model" "m" {
  model_id = "x"
}

resource "aws_s3_bucket" "b" {
  agent_name = "no"
}
"""


def test_a_resource_is_found_with_its_line_model_and_tags() -> None:
    found = facts("main.tf", AGENT)["aws_bedrockagent_agent.support"]

    assert (found.kind, found.provider, found.line) == ("agent", "aws", 10)
    assert found.model == "anthropic.claude-3-5-sonnet-20241022-v2:0"
    assert found.attributes == {"resource_type": "aws_bedrockagent_agent", "agent_name": "support"}
    assert found.tags == {"ai-system": "support-bot", "Owner": "ml@example.org"}


def test_a_nested_model_is_named_and_nested_arguments_are_not_the_resources_own() -> None:
    text = """\
resource "azurerm_cognitive_deployment" "d" {
  name = "summaries"
  model {
    name = "gpt-4o"
    type = "inner"
  }
}
"""

    found = facts("main.tf", text)["azurerm_cognitive_deployment.d"]

    assert found.model == "gpt-4o"
    assert found.attributes == {"resource_type": "azurerm_cognitive_deployment", "name": "summaries"}


def test_comments_heredocs_data_sources_and_other_types_declare_nothing() -> None:
    names = [fact.name for name, fact in read("main.tf", AGENT) if name == "terraform"]

    assert names == ["aws_bedrockagent_agent.support"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('resource "azurerm_cognitive_deployment" "d" {}', "model_endpoint"),
        ('resource "google_vertex_ai_index" "i" {\n}\n', "vector_store"),
        (
            'resource "azapi_resource" "p" {\ntype = "Microsoft.CognitiveServices/accounts/raiPolicies@1"\n}',
            "guardrail",
        ),
        ('resource "aws_opensearchserverless_collection" "v" {\n  type = "VECTORSEARCH"\n}', "vector_store"),
        ('resource "aws_opensearchserverless_collection" "v" {\n  type = "SEARCH"\n}', None),
        ('resource "azapi_resource" "p" {\n  type = "Microsoft.Web/sites@2025"\n}', None),
        ("resource aws_kendra_index i {\n}", "knowledge_base"),
    ],
)
def test_a_type_has_the_kind_of_the_live_resource(text: str, kind: str | None) -> None:
    kinds = [fact.kind for name, fact in read("x.tf", text) if name == "terraform"]

    assert kinds == ([kind] if kind else [])


def test_the_json_form_is_read_alike() -> None:
    text = json.dumps(
        {"resource": {"aws_bedrock_guardrail": {"g": {"name": "strict", "tags": {"a": "b"}}}}}, indent=1
    )

    found = facts("main.tf.json", text)["aws_bedrock_guardrail.g"]

    assert (found.kind, found.tags, found.line) == ("guardrail", {"a": "b"}, 4)


def test_a_file_that_only_speaks_of_resources_declares_none() -> None:
    found = read("main.tf", "# every resource is elsewhere\nresources\n")

    assert (found.facts, found.problems) == ([], [])


@pytest.mark.parametrize(
    "text", ['resource "x" "y" {}\n/* never closed', "resource\nx = <<EOT\nnever closed\n"]
)
def test_what_never_ends_is_a_problem(text: str) -> None:
    assert [name for name, _ in read("main.tf", text).problems] == ["terraform"]


def test_a_data_source_is_a_read() -> None:
    found = facts("main.tf", 'data "azurerm_cognitive_account" "shared" {\n  name = "shared"\n}\n')

    assert found["data.azurerm_cognitive_account.shared"].attributes["access"] == "read"


def test_references_add_places_and_show_nothing_by_themselves() -> None:
    used = "aws_bedrockagent_agent.support[0].agent_arn"
    text = f'output "arn" {{\n  value = {used}\n}}\n# aws_bedrockagent_agent.old\n'

    (found,) = [fact for name, fact in read("outputs.tf", text) if name == "terraform"]

    assert (found.identifier, found.line, found.standing) == ("aws_bedrockagent_agent.support", 2, False)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("aws-ia/bedrock/aws", "agent"),
        ("Azure/openai/azurerm", "ai_account"),
        ("registry.terraform.io/aws-ia/bedrock/aws//modules/x", "agent"),
        ("GoogleCloudPlatform/vertex-ai/google//modules/workbench", "workspace"),
        ("GoogleCloudPlatform/vertex-ai/google//modules/agent-engine", "agent"),
        (
            "git::https://github.com/GoogleCloudPlatform/terraform-google-vertex-ai.git//modules/agent-engine?ref=v1",
            "agent",
        ),
        ("git::https://github.com/aws-ia/terraform-aws-bedrock.git?ref=v1", "agent"),
        ("terraform-aws-modules/vpc/aws", None),
        ("acme/bedrock/aws", None),
    ],
)
def test_a_registry_module_whose_purpose_is_ai_is_found(address: str, kind: str | None) -> None:
    text = f'module "m" {{\n  source = "{address}"\n}}\n'

    found = [(fact.kind, fact.name, fact.line) for name, fact in read("main.tf", text) if name == "terraform"]

    assert found == ([(kind, "module.m", 1)] if kind else [])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('resource "google_project_service" "s" {\n  service = "aiplatform.googleapis.com"\n}\n', 1),
        ('resource "google_project_service" "s" {\n  service = "run.googleapis.com"\n}\n', 0),
        ('resource "mongodbatlas_search_index" "v" {\n  type = "vectorSearch"\n}\n', 1),
        ('resource "mongodbatlas_search_index" "v" {\n  type = "search"\n}\n', 0),
    ],
)
def test_a_type_for_many_purposes_needs_the_argument_that_says_ai(text: str, count: int) -> None:
    assert len([fact for name, fact in read("main.tf", text) if name == "terraform"]) == count


def test_data_sources_and_models_of_the_json_form_are_read() -> None:
    text = json.dumps(
        {
            "data": {"aws_kendra_index": {"k": {"name": "docs"}}},
            "resource": {"azurerm_cognitive_deployment": {"d": [{"model": [{"name": "gpt-4o"}]}]}},
        }
    )

    found = facts("main.tf.json", text)

    assert found["data.aws_kendra_index.k"].attributes["access"] == "read"
    assert found["azurerm_cognitive_deployment.d"].model == "gpt-4o"


def test_quotes_inside_an_interpolation_end_no_text() -> None:
    text = """\
resource "aws_lex_bot" "b" {
  name = "${format("/%s/*", var.name)}"
  path = "arn:*:parameter${format("/%s/%s/*", var.a, var.b)}"
}
resource "aws_kendra_index" "k" {}
"""

    found = read("main.tf", text)

    assert [fact.name for name, fact in found if name == "terraform"] == [
        "aws_lex_bot.b",
        "aws_kendra_index.k",
    ]
    assert found.problems == []


@pytest.mark.parametrize("piece", ['"${', '${"', '"${"', "<<A ", 'a="', "resource ", "aws_lex_bot.a.", "/"])
def test_hostile_text_ends_soon(piece: str) -> None:
    started = time.process_time()

    read("main.tf", piece * 20_000)

    assert time.process_time() - started < 2
