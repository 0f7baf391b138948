from __future__ import annotations

import json

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
