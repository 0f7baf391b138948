"""Table tests of Go's modules and imports."""

from __future__ import annotations

import pytest

from tests.code_samples import facts, read

MOD = """\
module example.org/acme/shop

go 1.25

require github.com/openai/openai-go/v2 v2.1.0

require (
	github.com/tmc/langchaingo v0.1.13 // why
	github.com/qdrant/go-client v1.12.0 // indirect
	github.com/weaviate/weaviate-go-client/v5 v5.0.0
	github.com/cloudwego/eino-ext/components/model/openai v0.1.0
	github.com/mark3labs/mcp-go v0.45.0
)

replace github.com/mark3labs/mcp-go => ../mcp-go

replace (
	github.com/tmc/langchaingo v0.1.13 => example.org/fork/langchaingo v0.2.0
)

exclude github.com/ollama/ollama v0.1.0
"""

ROWS = [
    (
        "openai-go",
        5,
        {"declared": "v2.1.0", "locked": "v2.1.0", "module_path": "github.com/openai/openai-go/v2"},
    ),
    ("langchaingo", 8, {"direct": True, "replaced_by": "example.org/fork/langchaingo", "locked": None}),
    ("go-client", 9, {"direct": False, "locked": "v1.12.0"}),
    ("weaviate-go-client", 10, {"module_path": "github.com/weaviate/weaviate-go-client/v5"}),
    ("eino-ext", 11, {"module_path": "github.com/cloudwego/eino-ext/components/model/openai"}),
]


@pytest.mark.parametrize(("end", "line", "attributes"), ROWS)
def test_a_required_module_is_found_with_line_and_version(
    end: str, line: int, attributes: dict[str, object]
) -> None:
    (found,) = [fact for fact in facts("go.mod", MOD).values() if fact.name.endswith(f"/{end}")]

    assert found.line == line
    assert found.identifier == f"pkg:golang/{found.name.lower()}"
    assert {key: found.attributes.get(key) for key in attributes} == attributes


def test_what_is_excluded_or_replaced_by_a_folder_is_no_dependency() -> None:
    names = set(facts("go.mod", MOD))

    assert not names & {"github.com/ollama/ollama", "github.com/mark3labs/mcp-go"}


def test_a_checksum_only_adds_to_what_is_required() -> None:
    text = (
        "cloud.google.com/go/aiplatform v1.22.0/go.mod h1:AAAA=\n"
        "github.com/ollama/ollama v0.5.0 h1:BBBB=\n"
        "github.com/openai/openai-go/v3 v3.0.1 h1:CCCC=\n"
    )

    found = facts("go.sum", text)

    assert {name: (fact.standing, fact.attributes["locked"]) for name, fact in found.items()} == {
        "github.com/ollama/ollama": (False, "v0.5.0"),
        "github.com/openai/openai-go": (False, "v3.0.1"),
    }


IMPORTS = [
    ('import "github.com/sashabaranov/go-openai"\n', ["github.com/sashabaranov/go-openai"]),
    (
        'import (\n\t"fmt"\n\n\tai "github.com/openai/openai-go/v3/option" // it\n)\n',
        ["github.com/openai/openai-go"],
    ),
    ('import _ "github.com/aws/aws-sdk-go-v2/service/bedrockruntime/types"\r\n', ["bedrockruntime"]),
    ('import "github.com/aws/aws-sdk-go/service/bedrockruntime"\n', ["bedrockruntime"]),
    ('import "github.com/sashabaranov/go-openai-extra"\n', []),
    ('import "example.org/github.com/sashabaranov/go-openai"\n', []),
    ('// import "github.com/sashabaranov/go-openai"\n', []),
    ('\tname := "github.com/sashabaranov/go-openai"\n', []),
    ('\tfmt.Println("github.com/sashabaranov/go-openai")\n', []),
]


@pytest.mark.parametrize(("text", "ends"), IMPORTS)
def test_only_a_real_import_of_a_whole_path_counts(text: str, ends: list[str]) -> None:
    found = facts("main.go", f"package main\n\n{text}")

    assert [name.endswith(end) for name, end in zip(found, ends, strict=True)] == [True] * len(ends)
    assert all(fact.standing and fact.grade == "imported" for fact in found.values())


def test_another_language_that_names_the_path_imports_nothing() -> None:
    assert facts("main.py", 'import "github.com/sashabaranov/go-openai"\n') == {}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("go.mod", "require (\n\tgithub.com/openai/openai-go\n"),
        ("go.mod", ")\n" * 1000 + "require"),
        ("go.mod", "require (" * 10_000),
        ("go.sum", "github.com/ollama/ollama v0.5.0\n"),
        ("go.mod", "module example.org/x\n// github.com/ollama/ollama v1.0.0\n"),
    ],
)
def test_what_is_cut_off_or_a_comment_shows_nothing(path: str, text: str) -> None:
    assert read(path, text).facts == []


@pytest.mark.parametrize("path", ["go.mod", "go.sum"])
def test_a_file_in_the_middle_of_a_merge_is_a_problem(path: str) -> None:
    assert read(path, "<<<<<<< ours\nx\n").problems


def test_a_file_that_is_no_text_is_a_problem() -> None:
    assert read("go.mod", b"\xff\xfeo\x00p"[:3]).problems
