"""Table tests of .NET projects, central package management, packages.config, Paket and file-based apps."""

from __future__ import annotations

import pytest

from connectors.code.formats.build_files import BUILD_PROPERTIES
from tests.code_samples import facts, read

NAME = "Microsoft.SemanticKernel"


def _project(*items: str, front: str = "") -> str:
    inner = "\n    ".join(items)
    head = '<Project Sdk="Microsoft.NET.Sdk">'
    return f"{head}\n  {front}\n  <ItemGroup>\n    {inner}\n  </ItemGroup>\n</Project>\n"


def _reference(rest: str = "/>") -> str:
    return f'<PackageReference Include="{NAME}"{rest}'


@pytest.mark.parametrize(
    ("text", "attributes"),
    [
        (
            _project(_reference(' Version="1.0.0" />')),
            {"declared": "1.0.0", "scope": "runtime", "direct": True},
        ),
        (_project(_reference("><Version>1.1</Version></PackageReference>")), {"declared": "1.1"}),
        (_project(_reference(' version="[1.0.0]" />')), {"declared": "1.0.0"}),
        (_project(_reference(' Version="[1.0,2.0)" />')), {"declared": "[1.0,2.0)"}),
        (_project(_reference(' VersionOverride="1.3" />')), {"declared": "1.3"}),
        (_project(_reference()), {"declared": None}),
        (_project(f'<packagereference include="{NAME.upper()}" />'), {"direct": True}),
        (
            _project(_reference(' Version="$(Ai)" />'), front="<PropertyGroup><Ai>1.4</Ai></PropertyGroup>"),
            {"declared": "1.4"},
        ),
        (_project(_reference(' Version="$(Elsewhere)" />')), {"declared": "$(Elsewhere)"}),
        (_project(_reference(' PrivateAssets="all" />')), {"scope": "dev"}),
        (_project(_reference(), '<PackageReference Include="xunit" />'), {"scope": "test"}),
        (
            _project(
                _reference(), front="<PropertyGroup><IsTestProject>true</IsTestProject></PropertyGroup>"
            ),
            {"scope": "test"},
        ),
    ],
)
@pytest.mark.parametrize("path", ["App.csproj", "App.fsproj", "App.vbproj", "Directory.Build.props"])
def test_a_reference_is_found_with_its_version_and_scope(
    path: str, text: str, attributes: dict[str, object]
) -> None:
    found = facts(path, text)[NAME]

    assert {key: found.attributes.get(key) for key in attributes} == attributes
    assert (found.identifier, found.standing) == ("pkg:nuget/Microsoft.SemanticKernel", True)
    assert found.line > 1


@pytest.mark.parametrize(
    "item",
    [
        f'<PackageVersion Include="{NAME}" Version="1.2" />',
        f'<PackageReference Update="{NAME}" Version="1.2" />',
    ],
)
def test_a_central_version_is_no_use_of_a_package(item: str) -> None:
    found = facts("Directory.Packages.props", _project(item))[NAME]

    assert (found.standing, found.attributes["declared"]) == (False, "1.2")


def test_a_reference_for_all_projects_is_a_use() -> None:
    found = facts("Directory.Packages.props", _project(f'<GlobalPackageReference Include="{NAME}" />'))

    assert found[NAME].standing


def test_several_packages_may_stand_in_one_reference() -> None:
    found = facts("App.csproj", _project(f'<PackageReference Include="OpenAI;{NAME}" Version="1" />'))

    assert set(found) == {"OpenAI", NAME}


def test_properties_are_noted_for_other_projects() -> None:
    text = _project(front="<PropertyGroup><AiVersion>1.0</AiVersion><Text>a b c</Text></PropertyGroup>")

    (note,) = [fact for _, fact in read("Directory.Build.props", text)]

    assert (note.kind, note.attributes["values"]) == (BUILD_PROPERTIES, {"AiVersion": "1.0"})


def test_packages_config_gives_exact_versions() -> None:
    text = f'<packages>\n  <package id="{NAME}" version="1.0.0" targetFramework="net48" />\n</packages>'

    found = facts("packages.config", text)[NAME]

    assert (found.attributes["locked"], found.attributes["scope"], found.line) == ("1.0.0", "runtime", 2)


@pytest.mark.parametrize(
    ("line", "declared"),
    [(f"#:package {NAME}@1.0.0", "1.0.0"), (f"#:package {NAME}@*", "*"), (f"#:package {NAME}", None)],
)
def test_a_file_based_app_names_its_packages(line: str, declared: str | None) -> None:
    found = facts("app.cs", f"#!/usr/bin/env dotnet\n{line}\n\nConsole.WriteLine();\n")[NAME]

    assert (found.attributes.get("declared"), found.line) == (declared, 2)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.csx", f'#r "nuget: {NAME}, 1.0.0"'),
        ("a.fsx", f'#r "nuget:{NAME}, 1.0.0"'),
        ("a.ipynb", f'"#r \\"nuget: {NAME}, 1.0.0\\"\\n",'),
    ],
)
def test_a_script_or_notebook_refers_to_packages(path: str, line: str) -> None:
    found = facts(path, f"\n{line}\n")[NAME]

    assert (found.attributes.get("declared"), found.line) == ("1.0.0", 2)


def test_a_directive_behind_other_text_is_none() -> None:
    assert facts("app.cs", f'var x = "#:package {NAME}@1.0.0"; // #:package {NAME}@1.0.0\n') == {}


def test_paket_names_packages_in_any_group() -> None:
    text = f"source https://feed.example.org/v3/index.json\n\nnuget FSharp.Core\nnuget {NAME} ~> 1.0\n"

    found = facts("paket.dependencies", text)[NAME]

    assert (found.attributes["declared"], found.line) == ("~> 1.0", 4)


def test_a_project_packed_as_an_mcp_server_is_one() -> None:
    front = (
        "<PropertyGroup><PackageType>McpServer</PackageType><PackageId>Acme.Mcp</PackageId></PropertyGroup>"
    )

    found = facts("Acme.csproj", _project(front=front))["Acme.Mcp"]

    assert (found.kind, found.identifier) == ("mcp_server", "pkg:nuget/Acme.Mcp")


@pytest.mark.parametrize(
    "text",
    [
        _project('<PackageReference Include="Acme.SemanticKernel" Version="1" />'),
        _project(f'<!-- <PackageReference Include="{NAME}" /> -->'),
        _project(f'<ProjectReference Include="{NAME}" />'),
        _project(f'<PackageReference Remove="{NAME}" />'),
        _project("<PackageReference />"),
        "<Project/>",
        "<Other><PropertyGroup><A/></PropertyGroup></Other>",
    ],
)
def test_other_things_are_no_packages(text: str) -> None:
    found = read("App.csproj", text)

    assert [fact for _, fact in found if fact.kind == "package"] == []
    assert found.problems == []


@pytest.mark.parametrize("path", ["App.csproj", "packages.config", "Directory.Packages.props"])
@pytest.mark.parametrize("text", ["", "<Project", "x", '<!DOCTYPE P [<!ENTITY a "b">]><P/>', "<a>" * 5_000])
def test_a_malformed_file_is_a_problem(path: str, text: str) -> None:
    found = read(path, text)

    assert found.facts == []
    assert found.problems
