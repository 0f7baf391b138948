"""Table tests of namespaces used in C#, F#, Visual Basic and Razor."""

from __future__ import annotations

import pytest

from tests.code_samples import facts


@pytest.mark.parametrize(
    ("path", "text", "name", "standing"),
    [
        ("A.cs", "using System;\nusing Azure.AI.OpenAI;\n", "Azure.AI.OpenAI", True),
        ("A.cs", "global using Azure.AI.OpenAI;\n", "Azure.AI.OpenAI", True),
        ("A.cs", "using static Azure.AI.OpenAI.X;\n", "Azure.AI.OpenAI", True),
        ("A.cs", "using Client = Azure.AI.OpenAI.AzureOpenAIClient;\n", "Azure.AI.OpenAI", True),
        ("A.cs", "using Microsoft.SemanticKernel.ChatCompletion;\n", "Microsoft.SemanticKernel", True),
        ("A.cs", "using OpenAI.Chat;\n", "OpenAI", False),
        ("A.cs", "using Anthropic;\n", "Anthropic", False),
        ("A.cs", "using Amazon.BedrockRuntime.Model;\n", "AWSSDK.BedrockRuntime", True),
        ("A.razor", "@using Microsoft.Extensions.AI\n", "Microsoft.Extensions.AI", True),
        ("A.fs", "open Microsoft.ML.Data\n", "Microsoft.ML", True),
        ("A.vb", "Imports OllamaSharp\n", "OllamaSharp", True),
    ],
)
def test_a_namespace_is_the_package_that_holds_it(path: str, text: str, name: str, standing: bool) -> None:
    found = facts(path, text)

    assert set(found) == {name}
    assert found[name].standing is standing
    assert found[name].line == len(text.splitlines())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("A.cs", "// using Azure.AI.OpenAI;\n"),
        ("A.cs", 'var s = "using Azure.AI.OpenAI;";\n'),
        ("A.cs", "using Azure.AI.OpenAIx;\n"),
        ("A.cs", "using Acme.OllamaSharp;\n"),
        ("A.cs", "var x = Azure.AI.OpenAI.Y;\n"),
        ("A.cs", "open Azure.AI.OpenAI\n"),
        ("A.cs", "using Pinecone = Acme.Stores;\n"),
        ("A.py", "using Azure.AI.OpenAI;\n"),
        ("A.cs", 'var s = """\nusing Azure.AI.OpenAI;\n""";\n'),
    ],
)
def test_comments_texts_and_other_namespaces_are_no_use(path: str, text: str) -> None:
    assert facts(path, text) == {}
