from __future__ import annotations

import pytest

from connectors.catalogue import load_catalogue
from connectors.catalogue.infra_rows import plain_command, plain_path
from tests.code_samples import read


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("aws-cdk-lib/aws-bedrock", "awscdklib.awsbedrock"),
        ("aws_cdk.aws_bedrock_alpha", "awscdk.awsbedrockalpha"),
        ("@aws-cdk/aws-bedrock-alpha", "awscdk.awsbedrockalpha"),
        ("github.com/aws/aws-cdk-go/awscdk/v2/awsbedrock", "awscdk.awsbedrock"),
        ("pulumi_azure_native.search", "pulumi.azurenative.search"),
        ("@pulumi/azure-native", "pulumi.azurenative"),
        ("github.com/pulumi/pulumi-azure-native-sdk/search/v2", "pulumi.azurenative.search"),
        ("github.com/pulumi/pulumi-aws/sdk/v6/go/aws/bedrock", "pulumi.aws.bedrock"),
        ("com.pulumi.aws.bedrock.AgentAgent", "pulumi.aws.bedrock.agentagent"),
        ("Pulumi.AzureNative.Search", "pulumi.azurenative.search"),
        ("@pinecone-database/pulumi.PineconeIndex", "pulumi.pinecone.pineconeindex"),
        ("pinecone_pulumi.PineconeIndex", "pulumi.pinecone.pineconeindex"),
        ("PineconeDatabase.Pinecone.PineconeIndex", "pulumi.pinecone.pineconeindex"),
        ("github.com/pinecone-io/pulumi-pinecone/sdk/v2/go/pinecone", "pulumi.pinecone"),
        ("@datarobot/pulumi-datarobot.LlmBlueprint", "pulumi.datarobot.llmblueprint"),
        ("pulumi_qdrant_cloud.AccountsCluster", "pulumi.qdrantcloud.accountscluster"),
        ("@pinecone-database/pinecone.Index", "pineconedatabase.pinecone.index"),
        (
            "@cdklabs/generative-ai-cdk-constructs/lib/cdk-lib/bedrock/agents/agent.Agent",
            "cdklabs.generativeaicdkconstructs.bedrock.agent",
        ),
    ],
)
def test_all_languages_spell_a_module_alike(path: str, plain: str) -> None:
    assert plain_path(path) == plain


def test_a_command_in_a_list_reads_like_one_in_a_line() -> None:
    assert plain_command('CMD ["vllm", "serve",  \'x\']') == "CMD vllm serve x "


def _shown(path: str, text: str, kind: str, needle: str) -> bool:
    return any(
        fact.kind == kind
        and needle in (str(fact.attributes.get("resource_type")), fact.name, fact.identifier)
        for _, fact in read(path, text).facts
    )


def test_every_image_is_found_by_its_name() -> None:
    missing = []
    for row in load_catalogue().image:
        name = row.name.replace("*", "eu-1.example.org" if row.name.startswith("7631") else "acme", 1)
        name = name.replace("*", "acme")
        name = f"example.org/acme/{name}-gpu" if row.is_rebuilt else name
        text = f"FROM {name}:1.0\n"
        if not _shown("Dockerfile", text, row.kind, name if "*" in row.name or row.is_rebuilt else row.name):
            missing.append(row.name)

    assert missing == []


def test_every_cloudformation_type_is_found_in_a_template() -> None:
    missing = []
    for row in load_catalogue().cloudformation:
        needs = f"    Properties:\n      {row.needs.argument}: {row.needs.values[0]}\n" if row.needs else ""
        if not _shown("t.yaml", f"Resources:\n  One:\n    Type: {row.type}\n{needs}", row.kind, row.type):
            missing.append(row.type)

    assert missing == []


def test_every_kubernetes_kind_is_found_in_a_manifest() -> None:
    missing = []
    for row in load_catalogue().kubernetes:
        group, _, name = row.type.rpartition("/")
        text = f"apiVersion: {group}/v1\nkind: {name}\nmetadata:\n  name: one\n"
        if not _shown("m.yaml", text, row.kind, name):
            missing.append(row.type)

    assert missing == []


def test_every_arm_type_is_found_in_bicep() -> None:
    missing = []
    for row in load_catalogue().arm:
        needs = f"  {row.needs.argument}: '{row.needs.values[0]}'\n" if row.needs else ""
        text = f"resource one '{row.type}@2025-01-01' = {{\n{needs}}}\n"
        if not _shown("m.bicep", text, row.kind, row.type):
            missing.append(row.type)

    assert missing == []


def test_every_permission_is_found_in_a_policy() -> None:
    missing = []
    for row in load_catalogue().grant:
        for name in (*row.prefixes, *row.names):
            action = f"{name}user" if name.endswith(".") else name
            text = f'{{"Effect": "Allow", "Action": ["{action}"]}}\n'
            if not _shown("p.json", text, row.kind, action):
                missing.append(action)

    assert missing == []


def test_every_chart_repository_is_found_where_it_is_used() -> None:
    missing = []
    for row in load_catalogue().chart:
        text = f"dependencies:\n  - name: {row.chart or 'x'}\n    repository: https://{row.repository}/\n"
        if not _shown("Chart.yaml", text, row.kind, row.title):
            missing.append(row.name)

    assert missing == []


def test_every_server_command_is_found_in_a_script() -> None:
    missing = [
        row.name
        for row in load_catalogue().server_command
        if not _shown("Dockerfile", f"RUN {row.example}\n", row.kind, row.title)
    ]

    assert missing == []


def test_code_names_lead_to_the_types_of_every_language() -> None:
    names = load_catalogue().construct_types

    assert names["software.amazon.awscdk.services.bedrock.cfnagent"].type == "AWS::Bedrock::Agent"
    assert names["pulumi.awsnative.bedrock.agent"].type == "AWS::Bedrock::Agent"
    assert names["amazon.cdk.aws.sagemaker.alpha.endpoint"].type == "@aws-cdk/aws-sagemaker-alpha:Endpoint"
    assert names["pulumi.databricks.modelserving"].type == "databricks:index:ModelServing"


def test_literals_of_images_and_commands_are_rare_enough() -> None:
    catalogue = load_catalogue()

    short = [name for row in catalogue.image for name in row.searched if len(name) < 5]
    short += [row.literal for row in catalogue.server_command if len(row.literal) < 6]

    assert short == []
