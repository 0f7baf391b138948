"""Annotations of the JVM that document: what their texts show is no use."""

from __future__ import annotations

import pytest

from connectors.code.formats.annotations import documenting
from tests.code_samples import read

EXAMPLE = '@Plugin(examples = {\n  @Example(code = """\n    tools:\n      - image: mcp/time\n  """)\n})\n'
KEY = '@Example(code = { "apiKey: \\"{{ secret(\'OPENAI_API_KEY\') }}\\"" })\n'
CALL = 'class A { Object a = new GenericContainer("mcp/time"); String k = env("OPENAI_API_KEY"); }\n'


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("A.java", EXAMPLE),
        ("A.java", KEY),
        ("a.ex", '@moduledoc """\nmodel: "gpt-4o"\n"""\n'),
        ("a.ex", 'raise """\nuse Bot, model: "gpt-4o"\n"""\n'),
        ("A.kt", '@field:Schema(description = "the model", example = "gpt-4o")\nval model: String\n'),
        ("A.java", '@Operation(summary = "ask (it)", description = "asks \\"gpt-4o\\"")\nvoid ask();\n'),
        ("A.java", '@io.swagger.Schema(/* ) */ example = "gpt-4o")\nString model;\n'),
        (
            "A.java",
            '@Example(code = """\n  StdioTransport.of("npx", "-y", "@acme/server-github");\n""")\n',
        ),
    ],
)
def test_what_an_annotation_documents_is_no_use(path: str, text: str) -> None:
    assert [fact.name for _, fact in read(path, text) if fact.standing] == []


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("A.java", EXAMPLE + CALL, "mcp/time"),
        ("A.java", KEY + CALL, "OPENAI_API_KEY"),
        ("A.java", '@Value("${OPENAI_API_KEY}")\nString key;\n', "OPENAI_API_KEY"),
        ("A.java", "@Example(\n" + CALL, "OPENAI_API_KEY"),
    ],
)
def test_code_beside_an_annotation_still_counts(path: str, text: str, name: str) -> None:
    assert name in {fact.name for _, fact in read(path, text)}


def test_brackets_in_texts_and_letters_close_nothing() -> None:
    text = '@Schema(title = "a) \\" b", c = \')\', d = (1)) x'

    assert documenting(text, "A.java") == [(0, len(text) - 2)]
    assert documenting(text, "a.py") == []
