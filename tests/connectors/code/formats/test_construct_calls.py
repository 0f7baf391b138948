from __future__ import annotations

import time

import pytest

from tests.code_samples import read

TYPESCRIPT = """\
import * as cdk from 'aws-cdk-lib';
import { aws_bedrock as bedrock, aws_s3 as s3 } from 'aws-cdk-lib';
import * as sm from 'aws-cdk-lib/aws-sagemaker';
import { CfnIndex, type CfnFaqProps } from 'aws-cdk-lib/aws-kendra';
import { bedrock as gen } from '@cdklabs/generative-ai-cdk-constructs';
const tasks = require("aws-cdk-lib/aws-stepfunctions-tasks");
new bedrock.CfnAgent(this, 'SupportAgent', { agentName: 'x' });
new sm.CfnEndpoint(this, "Endpoint", {});
new CfnIndex(this, 'Index', {});
new gen.VectorKnowledgeBase(this, 'Knowledge', {});
new tasks.BedrockInvokeModel(this, 'Ask', {});
new s3.CfnAgent(this, 'Other');
new CfnAgent(this, 'Unknown');
"""
PYTHON = """\
from aws_cdk import (
    Stack,
    aws_bedrock as bedrock,  # for the guardrail
    aws_s3,
)
import aws_cdk.aws_sagemaker as sm
import aws_cdk as cdk
from aws_cdk.aws_lex import CfnBot
import pulumi_aws as aws
from pulumi_azure_native import cognitiveservices
bedrock.CfnGuardrail(self, "Guard")
sm.CfnModel(self, "Model")
cdk.aws_bedrock.CfnFlow(self, "Flow")
CfnBot(self, "Bot")
aws.bedrock.AgentAgent("agent")
cognitiveservices.Account(name, sku="S0")
"""
JAVA = """\
import software.amazon.awscdk.services.bedrock.CfnAgent;
import software.amazon.awscdk.services.sagemaker.*;
class App { void run() {
  CfnAgent.Builder.create(this, "Agent").build();
  new CfnEndpoint(this, "Endpoint");
} }
"""
CSHARP = """\
using Amazon.CDK.AWS.Bedrock;
using Pulumi.AzureNative.CognitiveServices;
using Aws = Pulumi.Aws;
new CfnAgent(this, "Agent");
new Deployment("chat");
new Aws.Sagemaker.Endpoint("endpoint");
"""
GO = """\
import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbedrock"
	sm "github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sagemaker"
	"github.com/pulumi/pulumi-azure-native-sdk/cognitiveservices/v2"
)
awsbedrock.NewCfnAgent(stack, jsii.String("Agent"), nil)
sm.NewEndpoint(ctx, "endpoint", nil)
cognitiveservices.NewAccount(ctx, "account", nil)
"""
PULUMI = """\
name: shop
resources:
  support:
    type: aws:bedrock:AgentAgent
  endpoint:
    type: gcp:vertex/aiEndpoint:AiEndpoint
  bucket:
    type: aws:s3:Bucket
"""


def constructs(path: str, text: str | bytes) -> list[tuple[str, str, int]]:
    return [
        (fact.kind, fact.name, fact.line)
        for name, fact in read(path, text).facts
        if name == "cloud-construct"
    ]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "stack.ts",
            TYPESCRIPT,
            [
                ("agent", "AWS::Bedrock::Agent/SupportAgent", 7),
                ("model_endpoint", "AWS::SageMaker::Endpoint/Endpoint", 8),
                ("knowledge_base", "AWS::Kendra::Index/Index", 9),
                (
                    "knowledge_base",
                    "@cdklabs/generative-ai-cdk-constructs:bedrock.VectorKnowledgeBase/Knowledge",
                    10,
                ),
                ("ai_service", "aws-cdk-lib/aws-stepfunctions-tasks:BedrockInvokeModel/Ask", 11),
            ],
        ),
        (
            "stack.py",
            PYTHON,
            [
                ("guardrail", "AWS::Bedrock::Guardrail/Guard", 11),
                ("model", "AWS::SageMaker::Model/Model", 12),
                ("workflow", "AWS::Bedrock::Flow/Flow", 13),
                ("agent", "AWS::Lex::Bot/Bot", 14),
                ("agent", "aws:bedrock:AgentAgent/agent", 15),
                ("ai_account", "azure-native:cognitiveservices:Account", 16),
            ],
        ),
        (
            "App.java",
            JAVA,
            [
                ("agent", "AWS::Bedrock::Agent/Agent", 4),
                ("model_endpoint", "AWS::SageMaker::Endpoint/Endpoint", 5),
            ],
        ),
        (
            "App.cs",
            CSHARP,
            [
                ("agent", "AWS::Bedrock::Agent/Agent", 4),
                ("model_endpoint", "azure-native:cognitiveservices:Deployment/chat", 5),
                ("model_endpoint", "aws:sagemaker:Endpoint/endpoint", 6),
            ],
        ),
        (
            "main.go",
            GO,
            [
                ("agent", "AWS::Bedrock::Agent/Agent", 6),
                ("model_endpoint", "aws:sagemaker:Endpoint/endpoint", 7),
                ("ai_account", "azure-native:cognitiveservices:Account/account", 8),
            ],
        ),
        (
            "Pulumi.yaml",
            PULUMI,
            [
                ("agent", "aws:bedrock:AgentAgent/support", 4),
                ("model_endpoint", "gcp:vertex:AiEndpoint/endpoint", 6),
            ],
        ),
    ],
)
def test_each_language_leads_to_the_same_types(
    path: str, text: str, expected: list[tuple[str, str, int]]
) -> None:
    assert constructs(path, text) == expected


@pytest.mark.parametrize(("purpose", "count"), [("VECTORSEARCH", 1), ("TIMESERIES", 0)])
def test_a_type_that_serves_without_ai_needs_its_argument(purpose: str, count: int) -> None:
    text = f"""\
from aws_cdk import aws_opensearchserverless as aoss
aoss.CfnCollection(self, "C", name="c", type="{purpose}")
"""

    assert len(constructs("stack.py", text)) == count


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "a.ts",
            "import { Agent } from './agents'; // not aws-cdk-lib\nnew Agent('x'); new bedrock.CfnAgent();",
        ),
        ("a.py", "import aws_cdk\nimport bedrock\nbedrock.CfnAgent('x')\n"),
        ("a.py", "from other import aws_bedrock  # aws_cdk\naws_bedrock.CfnAgent('x')\n"),
        ("a.ts", "import aws from '@pulumi/aws"),
        ("a.go", 'import "github.com/aws/aws-cdk-go/awscdk'),
        ("Main.yaml", "type: aws:bedrock:AgentAgent\n"),
    ],
)
def test_a_name_without_its_import_is_nothing(path: str, text: str) -> None:
    assert constructs(path, text) == []
    assert read(path, text).problems == []


@pytest.mark.parametrize(
    "piece",
    ["import ", "from 'aws-cdk-lib' ", "import {a, ", "A.b.", "from aws_cdk import (", "using aws_cdk "],
)
@pytest.mark.parametrize("path", ["a.ts", "a.py", "a.cs"])
def test_hostile_text_ends_soon(path: str, piece: str) -> None:
    text = "aws-cdk-lib aws_cdk\n" + piece * 20_000
    started = time.process_time()

    read(path, text)

    assert time.process_time() - started < 2
