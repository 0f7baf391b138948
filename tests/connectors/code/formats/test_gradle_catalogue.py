"""Table tests of Gradle's version catalogues, locks and property files."""

from __future__ import annotations

import pytest

from connectors.code.formats.build_files import BUILD_PROPERTIES
from tests.code_samples import facts, read

NAME = "dev.langchain4j:langchain4j-open-ai"
CATALOGUE = f"""\
[versions]
ai = "1.2.0"
rich = {{ strictly = "2.0" }}

[libraries]
ai-client = {{ module = "{NAME}", version.ref = "ai" }}
plain = "org.slf4j:slf4j-api:2.0"

[bundles]
ai = ["ai-client", "plain"]
"""


@pytest.mark.parametrize(
    ("line", "declared"),
    [
        (f'x = {{ module = "{NAME}", version = "1" }}', "1"),
        (f'x = {{ module = "{NAME}", version.ref = "ai" }}', "1.2.0"),
        (f'x = {{ module = "{NAME}", version.ref = "rich" }}', "2.0"),
        (f'x = {{ module = "{NAME}", version = {{ require = "3" }} }}', "3"),
        ('x = { group = "dev.langchain4j", name = "langchain4j-open-ai", version = "4" }', "4"),
        (f'x = "{NAME}:5"', "5"),
        (f'x = {{ module = "{NAME}" }}', None),
        (f'x = {{ module = "{NAME}", version.ref = "none" }}', None),
    ],
)
def test_a_library_is_found_with_its_version(line: str, declared: str | None) -> None:
    text = f'[versions]\nai = "1.2.0"\nrich = {{ strictly = "2.0" }}\n[libraries]\n{line}\n'

    found = facts("gradle/libs.versions.toml", text)[NAME]

    assert (found.attributes.get("declared"), found.attributes["direct"], found.line) == (declared, False, 5)


def test_aliases_and_bundles_are_noted_with_dots() -> None:
    (note,) = [
        fact for _, fact in read("gradle/libs.versions.toml", CATALOGUE) if fact.kind == BUILD_PROPERTIES
    ]

    assert note.attributes["aliases"] == {"ai.client": [NAME], "bundles.ai": [NAME]}


@pytest.mark.parametrize(
    ("line", "attributes"),
    [
        (
            f"{NAME}:1.0.0=compileClasspath,runtimeClasspath",
            {"locked": "1.0.0", "scope": "runtime", "direct": False},
        ),
        (f"{NAME}:1.0.0=testCompileClasspath,testRuntimeClasspath", {"scope": "test"}),
    ],
)
def test_a_lock_gives_versions(line: str, attributes: dict[str, object]) -> None:
    found = facts("gradle.lockfile", f"# This is a Gradle generated file.\n{line}\nempty=\n")[NAME]

    assert {key: found.attributes.get(key) for key in attributes} == attributes
    assert found.line == 2


def test_property_files_are_noted_without_what_is_no_version() -> None:
    text = "aiVersion=1.0\norg.gradle.jvmargs=-Xmx2g -Dx=y\n# c=1\npassword = two words\n"

    (note,) = [fact for _, fact in read("gradle.properties", text)]

    assert note.attributes["values"] == {"aiVersion": "1.0"}


@pytest.mark.parametrize(
    "text",
    [
        "libraries = 1",
        "[libraries]\nx = 1",
        "[libraries]\nx = [1]",
        "[libraries]\nx = { module = 1, version = [] }",
        "[libraries]\nx = { module = 'a' }",
        "bundles = 1\nversions = 2",
        "[bundles]\nx = 'a'",
        "[bundles]\nx = [1, {}]",
    ],
)
def test_values_of_another_type_hold_nothing(text: str) -> None:
    found = read("libs.versions.toml", text)

    assert found.facts == []
    assert found.problems == []


def test_a_truncated_catalogue_is_a_problem() -> None:
    assert read("libs.versions.toml", CATALOGUE[:60]).problems
