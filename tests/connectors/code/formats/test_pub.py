"""Table tests of Dart's pubspec, its lock and imports."""

from __future__ import annotations

import pytest

from tests.code_samples import facts, read

SPEC = """\
name: shop
dependencies:
  flutter:
    sdk: flutter
  dart_openai: ^5.1.0
  firebase_ai:
  langchain: any
  ollama_dart: {hosted: "https://example.org", version: ^0.2.0}
  flutter_gemini:
    git: https://git.example.org/x.git
  mcp_dart:
    path: ../mcp
dev_dependencies:
  tflite_flutter: 0.11.0
"""
LOCK = """\
packages:
  dart_openai:
    dependency: "direct main"
    source: hosted
    version: "5.1.0"
  langchain_core:
    dependency: transitive
    source: hosted
    version: "0.3.6"
  mcp_dart:
    dependency: "direct main"
    source: path
    version: "0.1.0"
  tflite_flutter:
    dependency: "direct dev"
    source: hosted
    version: "0.11.0"
sdks:
  dart: ">=3.0.0"
"""

ROWS = [
    ("pubspec.yaml", SPEC, "dart_openai", 5, {"declared": "^5.1.0", "scope": "runtime", "direct": True}),
    ("pubspec.yaml", SPEC, "firebase_ai", 6, {"declared": None}),
    ("pubspec.yaml", SPEC, "langchain", 7, {"declared": "any"}),
    ("pubspec.yaml", SPEC, "ollama_dart", 8, {"declared": "^0.2.0"}),
    ("pubspec.yaml", SPEC, "flutter_gemini", 9, {"declared": "from a URL"}),
    ("pubspec.yaml", SPEC, "tflite_flutter", 14, {"scope": "dev"}),
    ("pubspec.lock", LOCK, "dart_openai", 2, {"locked": "5.1.0", "direct": True}),
    ("pubspec.lock", LOCK, "langchain_core", 6, {"direct": False}),
    ("pubspec.lock", LOCK, "tflite_flutter", 14, {"direct": True, "scope": "dev"}),
]


@pytest.mark.parametrize(("path", "text", "name", "line", "attributes"), ROWS)
def test_a_package_is_found_with_its_version(
    path: str, text: str, name: str, line: int, attributes: dict[str, object]
) -> None:
    found = facts(path, text)[name]

    assert found.line == line
    assert found.identifier == f"pkg:pub/{name}"
    assert {key: found.attributes.get(key) for key in attributes} == attributes


def test_a_package_of_the_same_tree_is_not_the_registrys() -> None:
    assert "mcp_dart" not in facts("pubspec.yaml", SPEC) | facts("pubspec.lock", LOCK)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import 'package:dart_openai/dart_openai.dart';\n", ["dart_openai"]),
        ('export "package:langchain/langchain.dart" show X;\n', ["langchain"]),
        ("// import 'package:langchain/langchain.dart';\n", []),
        ("final x = 'package:langchain/langchain.dart';\n", []),
    ],
)
def test_only_a_real_import_counts(text: str, names: list[str]) -> None:
    assert list(facts("main.dart", text)) == names


@pytest.mark.parametrize("text", ["a: [", "dependencies:\n  - x\n - y\n", "a: &a [*a, *a"])
def test_a_malformed_file_is_a_problem(text: str) -> None:
    found = read("pubspec.yaml", text)

    assert found.facts == []
    assert found.problems


@pytest.mark.parametrize(
    "text", ["", "- a\n", "dependencies: 3\n", "packages: [1]\n", "packages: {a: 1, 2: {}}\n"]
)
def test_wrong_types_show_nothing(text: str) -> None:
    for path in ("pubspec.yaml", "pubspec.lock"):
        found = read(path, text)

        assert found.facts == []
        assert found.problems == []
