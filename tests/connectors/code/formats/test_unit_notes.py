"""What manifests say of their own unit."""

from __future__ import annotations

import pytest

from tests.code_samples import read

POM = """<project>
  <parent><description>of the parent</description></parent>
  <!-- <description>of a comment</description> -->
  <dependencies><dependency><description>of another</description></dependency></dependencies>
  <description>Answers &amp; more</description>
  <modules>
    <module>a</module>
  </modules>
</project>
"""


def _notes(path: str, text: str) -> list[tuple[str, str, int]]:
    kinds = ("unit_description", "workspace_root")
    return [(fact.kind, fact.detail, fact.line) for _, fact in read(path, text) if fact.kind in kinds]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "package.json",
            '{\n"description": "Answers  mail",\n"workspaces": ["a"]}',
            [("unit_description", "Answers mail", 2), ("workspace_root", "", 3)],
        ),
        ("pyproject.toml", '[project]\ndescription = "A bot"\n', [("unit_description", "A bot", 2)]),
        ("pyproject.toml", '[tool.poetry]\ndescription = "A bot"\n', [("unit_description", "A bot", 2)]),
        ("pyproject.toml", '[tool.uv.workspace]\nmembers = ["a"]\n', [("workspace_root", "", 1)]),
        ("Cargo.toml", '[workspace]\nmembers = ["a"]\n', [("workspace_root", "", 1)]),
        (
            "Cargo.toml",
            '[package]\ndescription = "A bot"\n[workspace]\n',
            [("unit_description", "A bot", 2)],
        ),
        ("composer.json", '{"description": "A bot"}', [("unit_description", "A bot", 1)]),
        ("Chart.yaml", "name: bot\ndescription: A bot\n", [("unit_description", "A bot", 2)]),
        ("pom.xml", POM, [("unit_description", "Answers more", 5), ("workspace_root", "", 6)]),
        (
            "x.csproj",
            "<Project>\n<PropertyGroup><Description>A bot</Description></PropertyGroup></Project>",
            [("unit_description", "A bot", 2)],
        ),
        ("ai-system.yaml", "name: bot\npurpose: A bot\n", [("unit_description", "A bot", 2)]),
        (".ai-system.yml", "purpose:\n  statement: A bot\n", [("unit_description", "A bot", 1)]),
        ("ai-system.yaml", "- name: bot\n", []),
        (
            "catalog-info.yaml",
            "metadata:\n  description: A bot\n",
            [("unit_description", "A bot", 2)],
        ),
    ],
)
def test_a_manifest_describes_its_unit(path: str, text: str, expected: list[tuple[str, str, int]]) -> None:
    assert _notes(path, text) == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("package.json", '{"description": 7, "workspaces": []}'),
        ("package.json", "[1]"),
        ("pyproject.toml", "project = 1\ntool = 2\n"),
        ("Cargo.toml", "package = []\n"),
        ("Chart.yaml", "- a\n"),
        ("Chart.yaml", ""),
        ("pom.xml", "<description><b/></description>"),
        ("pom.xml", "<dependencies>" * 20_000),
        ("catalog-info.yaml", "metadata: [a]\n"),
    ],
)
def test_wrong_types_say_nothing(path: str, text: str) -> None:
    assert _notes(path, text) == []


def test_a_long_description_is_cut() -> None:
    (note,) = _notes("composer.json", '{"description": "' + "word " * 500 + '"}')

    assert len(note[1]) <= 300


def test_a_broken_manifest_is_listed_by_its_own_format_alone() -> None:
    broken = read("package.json", "{")
    alone = read("catalog-info.yaml", "a: [")

    assert not {name for name, _ in broken.problems} & {"unit-note", "owner-file"}
    assert {name for name, _ in alone.problems} == {"unit-note", "owner-file"}
