"""CDK for Terraform: the class of a provider's binding leads to the type of the resource."""

from __future__ import annotations

import pytest

from tests.code_samples import read

AGENT, ENDPOINT = "aws_bedrockagent_agent/support", "google_vertex_ai_endpoint/support"


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        (
            "main.ts",
            'import { BedrockagentAgent } from "@cdktf/provider-aws/lib/bedrockagent-agent";\n'
            'new BedrockagentAgent(this, "support", {});\n',
            AGENT,
        ),
        (
            "main.ts",
            'import * as aws from "@cdktf/provider-aws";\n'
            'new aws.bedrockagentAgent.BedrockagentAgent(this, "support");\n',
            AGENT,
        ),
        (
            "lib/main.ts",
            'import { VertexAiEndpoint } from "../.gen/providers/google/vertex-ai-endpoint";\n'
            'new VertexAiEndpoint(this, "support", {});\n',
            ENDPOINT,
        ),
        (
            "main.ts",
            "import { GoogleVertexAiEndpoint } from "
            '"@cdktf/provider-google-beta/lib/google-vertex-ai-endpoint";\n'
            'new GoogleVertexAiEndpoint(this, "support", {});\n',
            ENDPOINT,
        ),
        (
            "main.py",
            "from cdktf_cdktf_provider_aws.bedrockagent_agent import BedrockagentAgent\n"
            'BedrockagentAgent(self, "support", agent_name="x")\n',
            AGENT,
        ),
        (
            "main.py",
            "from imports.aws.bedrockagent_agent import BedrockagentAgent\n"
            'BedrockagentAgent(self, "support")\n',
            AGENT,
        ),
        (
            "Main.java",
            "import com.hashicorp.cdktf.providers.aws.bedrockagent_agent.BedrockagentAgent;\n"
            'BedrockagentAgent.Builder.create(this, "support").build();\n',
            AGENT,
        ),
        (
            "Main.cs",
            "using HashiCorp.Cdktf.Providers.Aws.BedrockagentAgent;\n"
            'new BedrockagentAgent(this, "support", c);\n',
            AGENT,
        ),
    ],
)
def test_a_binding_of_a_provider_declares_the_resource(path: str, text: str, name: str) -> None:
    found = [fact.name for _, fact in read(path, text) if "resource_type" in fact.attributes]

    assert found == [name]


@pytest.mark.parametrize(
    ("argument", "count"), [('type: "VECTORSEARCH"', 1), ('type: "SEARCH"', 0)], ids=["vectors", "text"]
)
def test_a_type_that_also_serves_without_ai_needs_its_argument(argument: str, count: int) -> None:
    text = (
        "import { OpensearchserverlessCollection } from "
        '"@cdktf/provider-aws/lib/opensearchserverless-collection";\n'
        f'new OpensearchserverlessCollection(this, "c", {{ {argument} }});\n'
    )

    assert len(read("main.ts", text).facts) == count


def test_the_same_name_of_another_library_is_none() -> None:
    text = 'import { BedrockagentAgent } from "./imports";\nnew BedrockagentAgent(this, "x");\n'

    assert read("main.ts", text).facts == []
