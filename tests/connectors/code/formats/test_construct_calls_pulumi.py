"""Table tests of Pulumi programs whose packages are the providers' own."""

from __future__ import annotations

import pytest

from tests.code_samples import read

INDEX = "pinecone:index:PineconeIndex"
GO = 'import "github.com/pinecone-io/pulumi-pinecone/sdk/go/pinecone"\n'
AWS = 'import * as aws from "@pulumi/aws";\n'


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "a.ts",
            'import * as pinecone from "@pinecone-database/pulumi";\nnew pinecone.PineconeIndex("x", {',
            [f"{INDEX}/x"],
        ),
        ("a.py", 'import pinecone_pulumi as pinecone\npinecone.PineconeIndex("x")\n', [f"{INDEX}/x"]),
        (
            "a.go",
            GO + 'pinecone.NewPineconeIndex(c, "x", nil)',
            [f"{INDEX}/x"],
        ),
        (
            "a.cs",
            'using Pinecone = PineconeDatabase.Pinecone;\nnew Pinecone.PineconeIndex("x");\n',
            [f"{INDEX}/x"],
        ),
        (
            "a.py",
            'import pulumi_datarobot as dr\ndr.LlmBlueprint("b")\ndr.ApiTokenCredential("c")\n',
            ["datarobot:index:LlmBlueprint/b"],
        ),
        (
            "a.py",
            'import pulumi_qdrant_cloud as q\nq.AccountsCluster("c")\n',
            ["qdrant-cloud:index:AccountsCluster/c"],
        ),
        (
            "a.py",
            'import pulumi_mongodbatlas as m\nm.SearchIndex("v",\n  type="vectorSearch")\n',
            ["mongodbatlas:index:SearchIndex/v"],
        ),
        (
            "a.ts",
            AWS + 'new aws.opensearch.ServerlessCollection("c", { type: "VECTORSEARCH" });',
            ["aws:opensearch:ServerlessCollection/c"],
        ),
        (
            "Pulumi.yaml",
            "resources:\n  one:\n    type: pinecone:PineconeIndex\n"
            "  two:\n    type: databricks:ModelServing\n",
            [f"{INDEX}/one", "databricks:index:ModelServing/two"],
        ),
    ],
)
def test_a_provider_of_its_own_is_read_like_all_others(path: str, text: str, expected: list[str]) -> None:
    assert [fact.name for name, fact in read(path, text) if name == "cloud-construct"] == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "a.ts",
            'import { Pinecone } from "@pinecone-database/pinecone"; // @pulumi/\n'
            'new Pinecone.PineconeIndex("x");',
        ),
        ("a.py", 'import pulumi_mongodbatlas as m\nm.SearchIndex("v", type="search")\n'),
        ("a.py", 'import pulumi_mongodbatlas as m\nm.SearchIndex("v", analyzer="lucene.standard")\n'),
        (
            "a.ts",
            AWS + 'new aws.opensearch.ServerlessCollection("c", { type: "SEARCH" });',
        ),
        ("Pulumi.yaml", "resources:\n  one:\n    type: databricks:Group\n"),
    ],
)
def test_what_is_not_about_ai_is_left_alone(path: str, text: str) -> None:
    assert [fact.name for name, fact in read(path, text) if name == "cloud-construct"] == []
