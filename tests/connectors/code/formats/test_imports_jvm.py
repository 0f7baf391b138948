"""Table tests of imports in Java, Kotlin, Scala and Groovy."""

from __future__ import annotations

import pytest

from tests.code_samples import facts


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("A.java", "package x;\nimport com.openai.client.OpenAIClient;\n", "com.openai:openai-java"),
        ("A.java", "import static com.anthropic.core.X.y;\n", "com.anthropic:anthropic-java"),
        (
            "A.java",
            "import dev.langchain4j.model.openai.OpenAiChatModel;\n",
            "dev.langchain4j:langchain4j-open-ai",
        ),
        ("A.java", "import dev.langchain4j.something.New;\n", "dev.langchain4j:langchain4j-core"),
        ("A.kt", "import com.google.genai.Client\n", "com.google.genai:google-genai"),
        ("A.kt", "import ai.koog.agents.core.agent.AIAgent as Agent\n", "ai.koog:koog-agents"),
        ("A.scala", "import org.apache.spark.ml.{Pipeline, Model}\n", "org.apache.spark:spark-mllib"),
        ("A.scala", "import org.apache.spark.ml._\n", "org.apache.spark:spark-mllib"),
        (
            "A.groovy",
            "import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient\n",
            "software.amazon.awssdk:bedrockruntime",
        ),
    ],
)
def test_an_import_is_the_artifact_with_the_longest_package(path: str, text: str, name: str) -> None:
    found = facts(path, text)

    assert set(found) == {name}
    assert found[name].standing
    assert found[name].grade.value == "imported"
    assert text.splitlines()[found[name].line - 1].startswith("import")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("A.java", "// import com.openai.client.OpenAIClient;\n"),
        ("A.java", "/*\n * import com.openai.client.OpenAIClient;\n */\n"),
        ("A.java", 'String s = "import com.openai.client";\n'),
        ("A.java", 'String s = """\nimport com.openai.client.X;\n""";\n'),
        ("A.java", "import com.openainot.X;\n"),
        ("A.java", "import com.example.openai.X;\n"),
        ("A.py", "import com.openai.client\n"),
        ("notes.md", "import com.openai.client.OpenAIClient;\n"),
    ],
)
def test_comments_texts_and_other_packages_are_no_imports(path: str, text: str) -> None:
    assert facts(path, text) == {}


def test_a_package_does_not_import_itself() -> None:
    own = "package dev.langchain4j.model.openai;\nimport dev.langchain4j.model.openai.OpenAiChatModel;\n"
    used = own.replace("package dev.langchain4j.model.openai", "package org.acme")

    assert [fact.standing for fact in facts("A.java", own).values()] == [False]
    assert [fact.standing for fact in facts("A.java", used).values()] == [True]


def test_many_imports_of_an_artifact_are_one_fact_at_the_first() -> None:
    text = "package a;\n" + "import com.openai.models.X;\n" * 1_000

    found = facts("A.java", text)["com.openai:openai-java"]

    assert found.line == 2
