from __future__ import annotations

import pytest

from tests.code_samples import facts, read

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  SupportAgent:
    Type: AWS::Bedrock::Agent
    Properties:
      AgentName: !Sub "${AWS::StackName}-agent"
      FoundationModel: !Sub "arn:aws:bedrock:${AWS::Region}::foundation-model/amazon.nova-pro-v1:0"
  # Old:
  #   Type: AWS::Lex::Bot
  Vectors:
    Type: "AWS::OpenSearchServerless::Collection"  # for the agent
    Properties:
      Type: VECTORSEARCH
  Logs:
    Type: AWS::OpenSearchServerless::Collection
    Properties:
      Type: TIMESERIES
  Queue:
    Type: AWS::SQS::Queue
"""


def resources(path: str, text: str | bytes) -> list[tuple[str, str, int]]:
    return [
        (fact.kind, fact.name, fact.line) for name, fact in read(path, text).facts if name == "cloudformation"
    ]


def test_resources_are_found_with_their_logical_ids() -> None:
    assert resources("template.yaml", TEMPLATE) == [
        ("agent", "AWS::Bedrock::Agent/SupportAgent", 4),
        ("vector_store", "AWS::OpenSearchServerless::Collection/Vectors", 11),
    ]


def test_the_model_behind_an_arn_is_kept_whole() -> None:
    found = facts("template.yaml", TEMPLATE)["AWS::Bedrock::Agent/SupportAgent"]

    assert found.model == "amazon.nova-pro-v1:0"
    assert found.attributes == {"resource_type": "AWS::Bedrock::Agent"}


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "t.json",
            '{"Resources": {\n  "A": {\n    "Type": "AWS::SageMaker::Endpoint",\n    "Properties": {}\n  }}}',
            [("model_endpoint", "AWS::SageMaker::Endpoint/A", 3)],
        ),
        ("min.json", '{"Resources":{"B":{"Type":"AWS::Lex::Bot"}}}', [("agent", "AWS::Lex::Bot/B", 1)]),
        (
            "serverless.yml",
            "resources:\n  Resources:\n    K:\n      Type: AWS::Kendra::Index\n",
            [("knowledge_base", "AWS::Kendra::Index/K", 4)],
        ),
        (
            "stack.ts",
            "new cdk.CfnResource(this, 'A', {\n  type: 'AWS::Bedrock::Flow',\n});\n",
            [("workflow", "AWS::Bedrock::Flow", 2)],
        ),
        ("rule.yaml", "ResourceTypes:\n  - AWS::SageMaker::Endpoint\n", []),
        ("schema.json", '{"typeName": "AWS::Bedrock::Agent"}', []),
        ("types.ts", "const known = { type: 'AWS::Bedrock::Flow' };\n", []),
        ("t.yaml", "Type: AWS::Bedrock::Nothing\n", []),
        ("notes.md", "Type: AWS::Bedrock::Agent\n", []),
    ],
)
def test_a_type_counts_as_a_resources_own(path: str, text: str, expected: list[tuple[str, str, int]]) -> None:
    assert resources(path, text) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"Type: AWS::Bedrock::",
        b"Type: AWS::Bedrock::Agent\xff",
        b"AWS::Bedrock::" * 5_000,
        b"Type: [AWS::Lex::Bot]",
    ],
)
def test_what_is_cut_off_declares_nothing(content: bytes) -> None:
    assert resources("t.yaml", content) == []
    assert read("t.yaml", content).problems == []
