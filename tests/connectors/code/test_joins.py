"""What build files of the JVM and .NET say together: versions, aliases, imports and servers of a tree."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from connectors.model import Finding, Role
from tests.code_samples import scan, write

AI = "dev.langchain4j:langchain4j-open-ai"
KERNEL = "Microsoft.SemanticKernel"


def _found(root: Path, files: Mapping[str, str]) -> dict[tuple[str, str], Finding]:
    scanned = scan(write(root, files))
    assert scanned.error == ""
    return {(finding.application or "", finding.name): finding for finding in scanned.findings}


def _pom(dependencies: str, front: str = "") -> str:
    return (
        f"<project><artifactId>shop</artifactId>{front}<dependencies>{dependencies}</dependencies></project>"
    )


def _dependency(version: str = "", group: str = "dev.langchain4j", name: str = "langchain4j-open-ai") -> str:
    tail = f"<version>{version}</version>" if version else ""
    return f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId>{tail}</dependency>"


PARENT = "<parent><groupId>g</groupId><artifactId>p</artifactId><version>1</version>{}</parent>"
BOM = (
    "<dependencyManagement><dependencies><dependency><groupId>dev.langchain4j</groupId>"
    "<artifactId>langchain4j-bom</artifactId><version>${ai}</version><type>pom</type><scope>import</scope>"
    "</dependency></dependencies></dependencyManagement>"
)
MANAGED = f"<dependencyManagement><dependencies>{_dependency('${ai}')}</dependencies></dependencyManagement>"
AI_PROPERTY = "<properties><ai>1.5</ai></properties>"


@pytest.mark.parametrize(
    ("parent_path", "parent", "element", "child"),
    [
        ("pom.xml", _pom("", AI_PROPERTY), PARENT.format(""), _dependency("${ai}")),
        ("pom.xml", _pom("", AI_PROPERTY + MANAGED), PARENT.format(""), _dependency()),
        ("pom.xml", _pom("", AI_PROPERTY + BOM), PARENT.format(""), _dependency()),
        (
            "parent/pom.xml",
            _pom("", AI_PROPERTY + MANAGED),
            PARENT.format("<relativePath>../parent/pom.xml</relativePath>"),
            _dependency(),
        ),
        (
            "parent/pom.xml",
            _pom("", AI_PROPERTY),
            PARENT.format("<relativePath>../parent</relativePath>"),
            _dependency("${ai}"),
        ),
    ],
)
def test_a_module_gets_the_version_of_its_parent(
    tmp_path: Path, parent_path: str, parent: str, element: str, child: str
) -> None:
    found = _found(tmp_path, {parent_path: parent, "app/pom.xml": _pom(child, element)})

    finding = found["app", AI]

    assert finding.attributes["declared"] == "1.5"
    assert [key for key in found if key[1] == AI] == [("app", AI)]


def test_the_bom_that_manages_a_version_is_named(tmp_path: Path) -> None:
    found = _found(tmp_path, {"pom.xml": _pom(_dependency(), AI_PROPERTY + BOM)})

    assert found[".", AI].attributes["managed_by"] == "dev.langchain4j:langchain4j-bom"
    assert (".", "dev.langchain4j:langchain4j-bom") not in found


def test_a_parent_that_is_not_in_the_tree_or_is_its_own_child_gives_nothing(tmp_path: Path) -> None:
    own = PARENT.format("<relativePath>pom.xml</relativePath>")

    found = _found(
        tmp_path,
        {
            "a/pom.xml": _pom(_dependency("${ai}"), PARENT.format("")),
            "b/pom.xml": _pom(_dependency("${ai}"), own),
        },
    )

    assert found["a", AI].attributes["declared"] == "${ai}"
    assert found["b", AI].attributes["declared"] == "${ai}"


def test_managed_packages_that_nobody_uses_are_no_findings(tmp_path: Path) -> None:
    assert _found(tmp_path, {"pom.xml": _pom("", AI_PROPERTY + MANAGED)}) == {}


CATALOGUE = (
    f'[versions]\nai = "1.2"\n[libraries]\nai-client = {{ module = "{AI}", version.ref = "ai" }}\n'
    '[bundles]\nall = ["ai-client"]\n'
)


@pytest.mark.parametrize("use", ["libs.ai.client", "libs.bundles.all"])
def test_an_alias_becomes_its_package_where_it_is_used(tmp_path: Path, use: str) -> None:
    found = _found(
        tmp_path,
        {
            "settings.gradle.kts": 'include(":app")\n',
            "build.gradle.kts": "plugins {}\n",
            "gradle/libs.versions.toml": CATALOGUE,
            "app/build.gradle.kts": f"dependencies {{\n    testImplementation({use})\n}}\n",
        },
    )

    finding = found["app", AI]

    assert [key for key in found if key[1] == AI] == [("app", AI)]
    assert {key: finding.attributes[key] for key in ("declared", "scope", "direct")} == {
        "declared": "1.2",
        "scope": "test",
        "direct": True,
    }
    assert {one.locator for one in finding.evidence} == {
        "app/build.gradle.kts:2",
        "gradle/libs.versions.toml:4",
    }


def test_the_nearest_catalogue_of_two_builds_counts(tmp_path: Path) -> None:
    build = "dependencies {\n    implementation(libs.ai.client)\n}\n"

    found = _found(
        tmp_path,
        {
            "one/gradle/libs.versions.toml": CATALOGUE,
            "one/build.gradle.kts": build,
            "two/gradle/libs.versions.toml": CATALOGUE.replace("1.2", "2.2"),
            "two/build.gradle.kts": build,
        },
    )

    assert found["one", AI].attributes["declared"] == "1.2"
    assert found["two", AI].attributes["declared"] == "2.2"


def test_a_script_gets_versions_from_property_files_above(tmp_path: Path) -> None:
    found = _found(
        tmp_path,
        {
            "gradle.properties": "aiVersion=1.7\n",
            "app/build.gradle": f'dependencies {{\n    implementation "{AI}:${{aiVersion}}"\n}}\n',
        },
    )

    assert found["app", AI].attributes["declared"] == "1.7"


def _project(version: str = "") -> str:
    return f'<Project><ItemGroup><PackageReference Include="{KERNEL}" {version}/></ItemGroup></Project>'


@pytest.mark.parametrize(
    ("central_path", "central", "version"),
    [
        (
            "Directory.Packages.props",
            f'<Project><ItemGroup><PackageVersion Include="{KERNEL}" Version="1.6" /></ItemGroup></Project>',
            "",
        ),
        (
            "Directory.Build.props",
            "<Project><PropertyGroup><Sk>1.6</Sk></PropertyGroup></Project>",
            'Version="$(Sk)"',
        ),
        (
            "eng/Versions.props",
            "<Project><PropertyGroup><Sk>1.6</Sk></PropertyGroup></Project>",
            'Version="$(Sk)"',
        ),
    ],
)
def test_a_project_gets_the_version_of_central_management(
    tmp_path: Path, central_path: str, central: str, version: str
) -> None:
    found = _found(tmp_path, {central_path: central, "src/App/App.csproj": _project(version)})

    assert [key for key in found if key[1] == KERNEL] == [("src/App", KERNEL)]
    assert found["src/App", KERNEL].attributes["declared"] == "1.6"


def test_who_references_a_package_decides_its_role_and_not_the_central_version(tmp_path: Path) -> None:
    central = f'<Project><ItemGroup><PackageVersion Include="{KERNEL}" Version="1" /></ItemGroup></Project>'
    paths = ("demo/a.csproj", "tests/b.csproj", "src/c.csproj")

    found = _found(tmp_path, {"Directory.Packages.props": central} | dict.fromkeys(paths, _project()))

    assert {unit: item.role for (unit, _), item in found.items()} == {
        "demo": Role.EXAMPLE,
        "tests": Role.TEST,
        "src": Role.APPLICATION,
    }
    assert found["demo", KERNEL].evidence[0].locator == "demo/a.csproj:1"


def test_central_versions_that_nobody_uses_are_no_findings(tmp_path: Path) -> None:
    central = f'<Project><ItemGroup><PackageVersion Include="{KERNEL}" Version="1" /></ItemGroup></Project>'

    assert _found(tmp_path, {"Directory.Packages.props": central, "a/a.csproj": "<Project/>"}) == {}


JAVA = "import dev.langchain4j.service.AiServices;\n"


@pytest.mark.parametrize(
    ("files", "names"),
    [
        ({"pom.xml": _pom(_dependency()), "src/A.java": JAVA}, {AI}),
        ({"pom.xml": _pom(""), "src/A.java": JAVA}, {"dev.langchain4j:langchain4j-core"}),
        ({"pom.xml": _pom(_dependency()), "app/pom.xml": _pom(""), "app/A.java": JAVA}, {AI}),
        (
            {
                "a.csproj": _project(),
                "A.cs": "using Microsoft.SemanticKernel.Connectors.OpenAI;\nusing OllamaSharp;\n",
            },
            {KERNEL, "OllamaSharp"},
        ),
        ({"a.csproj": "<Project/>", "A.cs": "using OpenAI;\n"}, set()),
    ],
)
def test_an_import_stands_only_where_no_manifest_declares_its_family(
    tmp_path: Path, files: dict[str, str], names: set[str]
) -> None:
    found = _found(tmp_path, files)

    assert {name for _, name in found} == names


def test_an_import_of_a_package_of_this_very_tree_is_not_somebody_elses(tmp_path: Path) -> None:
    found = _found(
        tmp_path,
        {
            "pom.xml": _pom(""),
            "src/main/java/dev/langchain4j/service/AiServices.java": "package dev.langchain4j.service;\n",
            "src/main/java/A.java": JAVA,
        },
    )

    assert found == {}


def test_what_an_import_names_is_no_attribute_of_the_finding(tmp_path: Path) -> None:
    (finding,) = _found(tmp_path, {"pom.xml": _pom(""), "A.java": JAVA}).values()

    assert "java_package" not in finding.attributes


SERVER = _dependency("", "org.springframework.ai", "spring-ai-starter-mcp-server-webmvc")


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"pom.xml": _pom(SERVER)}, "shop"),
        (
            {
                "pom.xml": _pom(SERVER),
                "src/main/resources/application.properties": "spring.ai.mcp.server.name=tools\n",
            },
            "tools",
        ),
        (
            {
                "build.gradle": "dependencies {\n implementation "
                "'org.springframework.ai:spring-ai-starter-mcp-server'\n}\n",
                "src/main/resources/application.yml": "spring.ai.mcp.server.name: tools\n",
            },
            "tools",
        ),
    ],
)
def test_starter_and_settings_are_one_server(tmp_path: Path, files: dict[str, str], name: str) -> None:
    found = [finding.name for finding in _found(tmp_path, files).values() if finding.kind == "mcp_server"]

    assert found == [name]


def test_a_server_started_by_code_is_the_configured_one_of_the_same_package(tmp_path: Path) -> None:
    found = _found(
        tmp_path,
        {
            "pom.xml": _pom(""),
            "src/main/resources/mcp-servers.json": '{"mcpServers": {"files": {"command": "npx", '
            '"args": ["-y", "@modelcontextprotocol/server-filesystem"]}}}',
            "src/main/java/A.java": 'ServerParameters.builder("npx")'
            '.args("-y", "@modelcontextprotocol/server-filesystem");\n',
        },
    )

    servers = [finding for finding in found.values() if finding.kind == "mcp_server"]

    assert [finding.name for finding in servers] == ["files"]
    assert len(servers[0].evidence) == 2
    assert "form" not in servers[0].attributes
