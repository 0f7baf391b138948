"""Table tests of Gradle build scripts, Groovy and Kotlin."""

from __future__ import annotations

import pytest

from connectors.code.formats.gradle import ACCESSOR
from tests.code_samples import facts, read

NAME = "dev.langchain4j:langchain4j-open-ai"


def _in(body: str) -> str:
    return f"plugins {{\n    id 'java'\n}}\n\ndependencies {{\n    {body}\n}}\n"


@pytest.mark.parametrize(
    ("path", "text", "attributes"),
    [
        ("build.gradle", _in(f"implementation '{NAME}:1.0.0'"), {"declared": "1.0.0", "scope": "runtime"}),
        ("build.gradle", _in(f'testImplementation "{NAME}:1.0.0"'), {"scope": "test"}),
        ("build.gradle", _in(f"developmentOnly '{NAME}'"), {"scope": "dev", "declared": None}),
        ("build.gradle.kts", _in(f'implementation("{NAME}:1.0.0@jar")'), {"declared": "1.0.0"}),
        ("build.gradle.kts", _in(f'"implementation"("{NAME}:1.0.0")'), {"scope": "runtime"}),
        ("build.gradle.kts", _in(f'add("testImplementation", "{NAME}:1")'), {"direct": True}),
        (
            "build.gradle",
            _in("api group: 'dev.langchain4j', name: 'langchain4j-open-ai', version: '1.2'"),
            {"declared": "1.2"},
        ),
        (
            "build.gradle.kts",
            _in('api(group = "dev.langchain4j", name = "langchain4j-open-ai", version = "1.2")'),
            {"declared": "1.2"},
        ),
        (
            "build.gradle",
            "ext {\n set('aiVersion', \"1.3\")\n}\n" + _in(f'implementation "{NAME}:${{aiVersion}}"'),
            {"declared": "1.3"},
        ),
        (
            "build.gradle.kts",
            'val aiVersion = "1.4"\n' + _in(f'implementation("{NAME}:$aiVersion")'),
            {"declared": "1.4"},
        ),
        ("build.gradle", _in(f'implementation "{NAME}:${{elsewhere}}"'), {"declared": "${elsewhere}"}),
        (
            "build.gradle.kts",
            "kotlin { sourceSets {\n commonTest { dependencies {\n"
            f'implementation("{NAME}:1")\n}} }} }} }}',
            {"scope": "test"},
        ),
        (
            "buildSrc/src/main/kotlin/Libs.kt",
            f'object Libs {{\n    const val AI = "{NAME}:1.5"\n}}\n',
            {"declared": "1.5"},
        ),
        ("ai.gradle", _in(f"implementation(\n '{NAME}:1.0.0'\n)"), {"declared": "1.0.0"}),
    ],
)
def test_a_dependency_is_found_with_its_version_and_scope(
    path: str, text: str, attributes: dict[str, object]
) -> None:
    found = facts(path, text)[NAME]

    assert {key: found.attributes.get(key) for key in attributes} == attributes
    assert found.standing
    assert NAME.partition(":")[2] in text.splitlines()[found.line - 1]


@pytest.mark.parametrize(
    "body",
    [
        "implementation platform('org.springframework.ai:spring-ai-bom:1.0.0')",
        "constraints {\n implementation 'org.springframework.ai:spring-ai-bom:1.0.0'\n }",
    ],
)
def test_a_platform_or_constraint_is_no_dependency(body: str) -> None:
    found = facts("build.gradle", _in(body))["org.springframework.ai:spring-ai-bom"]

    assert not found.standing


@pytest.mark.parametrize(
    "body",
    [
        f"// implementation '{NAME}:1.0.0'",
        f"/* implementation '{NAME}:1.0.0' */",
        "implementation project(':langchain4j-open-ai')",
        "implementation 'com.example:langchain4j-open-ai:1.0'",
        "exclude group: 'dev.langchain4j', module: 'langchain4j-open-ai'",
    ],
)
def test_comments_projects_and_others_are_no_packages(body: str) -> None:
    assert {
        key: fact for key, fact in facts("build.gradle", _in(body)).items() if fact.kind == "package"
    } == {}


def test_a_comment_mark_in_a_text_is_no_comment() -> None:
    text = "repositories { maven { url 'https://repo.example.org/x' } }\n" + _in(f"implementation '{NAME}:1'")

    assert NAME in facts("build.gradle", text)


@pytest.mark.parametrize(
    ("body", "identifier", "scope"),
    [
        ("implementation(libs.langchain4j.openai)", "libs.langchain4j.openai", "runtime"),
        ("testImplementation libs.bundles.ai", "libs.bundles.ai", "test"),
        ('libs.findLibrary("ai-client").get()', "libs.ai.client", "runtime"),
    ],
)
def test_the_use_of_a_catalogue_alias_is_noted(body: str, identifier: str, scope: str) -> None:
    notes = [fact for _, fact in read("build.gradle.kts", _in(body)) if fact.kind == ACCESSOR]

    assert (identifier, scope) in [(fact.identifier, fact.attributes["scope"]) for fact in notes]


def test_a_scala_build_of_an_artifact_is_the_artifact() -> None:
    text = _in("implementation 'org.apache.spark:spark-mllib_2.12:3.5.0'")

    assert "org.apache.spark:spark-mllib" in facts("build.gradle", text)


def test_a_server_starter_makes_the_build_an_mcp_server() -> None:
    text = _in("implementation 'org.springframework.ai:spring-ai-starter-mcp-server-webmvc'")

    found = [fact for _, fact in read("build.gradle", text) if fact.kind == "mcp_server"]

    assert [(fact.identifier, fact.attributes["form"]) for fact in found] == [("", "starter")]


@pytest.mark.parametrize(
    "text", ["{" * 50_000, "}" * 5_000, "'" * 9_001, '"""', "/*" * 5_000, "\\" * 999, ""]
)
def test_a_malformed_script_holds_nothing_and_ends(text: str) -> None:
    assert [fact for _, fact in read("build.gradle", text) if fact.kind == "package"] == []
