"""Table tests of pom.xml: what a project depends on, and what it only manages or builds with."""

from __future__ import annotations

import pytest

from connectors.code.formats.build_files import BUILD_PROPERTIES
from tests.code_samples import facts, read

OPENAI = "dev.langchain4j:langchain4j-open-ai"


def _dependency(body: str = "", group: str = "dev.langchain4j", artifact: str = "langchain4j-open-ai") -> str:
    return f"<dependency>\n<groupId>{group}</groupId><artifactId>{artifact}</artifactId>{body}</dependency>"


@pytest.mark.parametrize(("artifact", "count"), [("akka-javasdk-parent", 1), ("akka-parent", 0)])
def test_an_sdk_that_comes_by_its_parent_adds_evidence(artifact: str, count: int) -> None:
    text = _pom(
        front=f"<parent>\n<groupId>io.akka</groupId><artifactId>{artifact}</artifactId><version>3.4</version></parent>"
    )

    found = [fact for _, fact in read("pom.xml", text) if fact.kind == "package"]

    assert [(fact.name, fact.line, fact.standing) for fact in found] == [
        ("io.akka:akka-javasdk", 4, False)
    ] * count


def _pom(*dependencies: str, front: str = "", back: str = "") -> str:
    inner = "\n".join(dependencies)
    return (
        '<?xml version="1.0"?>\n<project xmlns="urn:example:pom:4.0.0">\n<artifactId>shop</artifactId>\n'
        f"{front}\n<dependencies>{inner}</dependencies>\n{back}</project>\n"
    )


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        (
            _pom(_dependency("<version>1.0.0</version>")),
            {"declared": "1.0.0", "scope": "runtime", "direct": True},
        ),
        (_pom(_dependency("<scope>test</scope>")), {"scope": "test", "declared": None}),
        (_pom(_dependency("<scope>provided</scope>")), {"scope": "runtime"}),
        (_pom(_dependency("<optional>true</optional>")), {"scope": "optional"}),
        (
            _pom(
                _dependency("<version>${v}</version>"), front="<properties><v>${w}.2</v><w>1</w></properties>"
            ),
            {"declared": "1.2"},
        ),
        (_pom(_dependency("<version>${far.away}</version>")), {"declared": "${far.away}"}),
        (
            _pom(_dependency("<version>${v}</version>"), front="<properties><v>${v}</v></properties>"),
            {"declared": "${v}"},
        ),
        (
            _pom(
                back=f"<profiles><profile><dependencies>{_dependency()}</dependencies></profile></profiles>"
            ),
            {"direct": True},
        ),
        (
            _pom(
                _dependency(),
                front="<dependencyManagement><dependencies>"
                f"{_dependency('<version>1.1</version>')}</dependencies></dependencyManagement>",
            ),
            {"declared": "1.1"},
        ),
    ],
)
def test_a_dependency_is_found_with_its_version_and_scope(text: str, attributes: dict[str, object]) -> None:
    found = [fact for _, fact in read("pom.xml", text) if fact.name == OPENAI][-1]

    assert {key: found.attributes.get(key) for key in attributes} == attributes
    assert found.standing
    assert found.line > 0


def test_a_package_has_a_package_url_with_its_group() -> None:
    assert facts("pom.xml", _pom(_dependency()))[OPENAI].identifier == (
        "pkg:maven/dev.langchain4j/langchain4j-open-ai"
    )


def test_a_managed_package_and_a_bom_are_no_dependencies() -> None:
    bom = _dependency(
        "<version>1.0.0</version><type>pom</type><scope>import</scope>",
        "org.springframework.ai",
        "spring-ai-bom",
    )
    managed = (
        f"<dependencyManagement><dependencies>{bom}{_dependency()}</dependencies></dependencyManagement>"
    )

    found = [fact for _, fact in read("pom.xml", _pom(front=managed)) if fact.kind == "package"]

    assert {fact.name for fact in found} == {OPENAI, "org.springframework.ai:spring-ai-bom"}
    assert not any(fact.standing for fact in found)


@pytest.mark.parametrize(
    "text",
    [
        _pom(back=f"<build><plugins><plugin>{_dependency()}</plugin></plugins></build>"),
        _pom(
            back="<build><plugins><plugin><dependencies>"
            f"{_dependency()}</dependencies></plugin></plugins></build>"
        ),
        _pom(_dependency(group="com.example")),
        _pom(f"<!-- {_dependency()} -->"),
        _pom(
            _dependency(
                f"<exclusions><exclusion>{_dependency()}</exclusion></exclusions>", "com.example", "shop"
            )
        ),
    ],
)
def test_plugins_others_comments_and_exclusions_are_no_packages(text: str) -> None:
    assert facts("pom.xml", text) == {}


def test_a_note_carries_what_children_inherit_and_nothing_else() -> None:
    front = (
        "<parent><groupId>g</groupId><artifactId>p</artifactId><version>3</version></parent>"
        "<properties><ai.version>1.0</ai.version><key>a secret with spaces</key></properties>"
    )

    (note,) = [fact for _, fact in read("pom.xml", _pom(front=front)) if fact.kind == BUILD_PROPERTIES]

    assert note.attributes["parent"] == "../pom.xml"
    values = note.attributes["values"]
    assert isinstance(values, dict)
    assert values["ai.version"] == "1.0"
    assert "key" not in values


@pytest.mark.parametrize("scope", ["", "<scope>runtime</scope>"])
def test_a_server_starter_makes_the_project_an_mcp_server(scope: str) -> None:
    starter = _dependency(scope, "org.springframework.ai", "spring-ai-starter-mcp-server-webmvc")

    found = facts("pom.xml", _pom(starter))["shop"]

    assert (found.kind, found.identifier) == ("mcp_server", "shop")
    assert found.attributes["package_name"] == "org.springframework.ai:spring-ai-starter-mcp-server-webmvc"


@pytest.mark.parametrize(
    "dependency",
    [
        _dependency("<scope>test</scope>", "org.springframework.ai", "spring-ai-starter-mcp-server"),
        _dependency("", "org.springframework.ai", "spring-ai-starter-mcp-client"),
    ],
)
def test_a_client_or_a_starter_for_tests_makes_no_server(dependency: str) -> None:
    assert [fact for _, fact in read("pom.xml", _pom(dependency)) if fact.kind == "mcp_server"] == []


@pytest.mark.parametrize(
    "text",
    [
        "<project><dependencies>",
        "<html></html>",
        "not xml",
        '<!DOCTYPE project [<!ENTITY x "y">]><project/>',
        "<project>" * 10_000,
    ],
)
def test_a_malformed_file_is_a_problem(text: str) -> None:
    found = read("pom.xml", text)

    assert found.facts == []
    assert found.problems


@pytest.mark.parametrize(
    "body",
    [
        "<dependencies>x</dependencies>",
        "<dependencies><dependency/></dependencies>",
        "<dependencies><dependency><groupId><a/></groupId></dependency></dependencies>",
        "<properties/><parent/><profiles><profile/></profiles>",
        "<dependencyManagement/>",
    ],
)
def test_elements_of_another_shape_hold_nothing(body: str) -> None:
    found = read("pom.xml", f"<project>{body}</project>")

    assert [fact for _, fact in found if fact.kind == "package"] == []
    assert found.problems == []
