"""Table tests of package.json and the locks of npm, Yarn, pnpm and Bun."""

from __future__ import annotations

import json

import pytest

from tests.code_samples import facts, read

PACKAGE_LOCK_3 = {
    "lockfileVersion": 3,
    "packages": {
        "": {"dependencies": {"openai": "^4"}},
        "node_modules/openai": {"version": "4.1.0"},
        "node_modules/@langchain/core": {"version": "0.3.0", "dev": True},
        "node_modules/x/node_modules/langfuse": {"version": "3.0.0"},
        "node_modules/own": {"link": True, "resolved": "packages/own"},
    },
}
PNPM_9 = """\
lockfileVersion: '9.0'

packages:

  '@ai-sdk/react@1.0.0(react@18)':
    x: 1

  ai@5.0.1:
    y: 1
"""

ROWS = [
    (
        "package.json",
        json.dumps({"dependencies": {"openai": "^4"}}),
        "openai",
        {"declared": "^4", "direct": True},
    ),
    ("package.json", json.dumps({"devDependencies": {"promptfoo": "1"}}), "promptfoo", {"scope": "dev"}),
    ("package.json", json.dumps({"peerDependencies": {"ai": "*"}}), "ai", {"scope": "optional"}),
    ("package.json", json.dumps({"dependencies": {"x": "npm:openai@4"}}), "openai", {"declared": "4"}),
    (
        "package-lock.json",
        json.dumps({"dependencies": {"openai": {"version": "4"}}}),
        "openai",
        {"locked": "4"},
    ),
    ("npm-shrinkwrap.json", json.dumps(PACKAGE_LOCK_3), "openai", {"locked": "4.1.0", "direct": True}),
    ("package-lock.json", json.dumps(PACKAGE_LOCK_3), "@langchain/core", {"scope": "dev", "direct": False}),
    ("package-lock.json", json.dumps(PACKAGE_LOCK_3), "langfuse", {"direct": False}),
    ("yarn.lock", '# yarn lockfile v1\n\nopenai@^4.0.0:\n  version "4.2.0"\n', "openai", {"locked": "4.2.0"}),
    (
        "yarn.lock",
        '__metadata:\n  version: 8\n\n"@ai-sdk/openai@npm:^1.0.0":\n  version: 1.0.5\n  resolution: x\n',
        "@ai-sdk/openai",
        {"locked": "1.0.5"},
    ),
    ("pnpm-lock.yaml", PNPM_9, "@ai-sdk/react", {"locked": "1.0.0"}),
    ("pnpm-lock.yaml", PNPM_9, "ai", {"locked": "5.0.1"}),
    (
        "pnpm-lock.yaml",
        "lockfileVersion: '6.0'\npackages:\n\n  /openai@4.0.0:\n    x: 1\n",
        "openai",
        {"locked": "4.0.0"},
    ),
    (
        "pnpm-lock.yaml",
        "lockfileVersion: 5.4\npackages:\n\n  /openai/4.0.0:\n    x: 1\n",
        "openai",
        {"locked": "4.0.0"},
    ),
    ("bun.lock", '{"packages": {"openai": ["openai@4.9.0", "", {},],},}', "openai", {"locked": "4.9.0"}),
]


@pytest.mark.parametrize(("path", "text", "name", "attributes"), ROWS)
def test_a_package_is_found_with_its_version(
    path: str, text: str, name: str, attributes: dict[str, object]
) -> None:
    found = facts(path, text)[name]

    assert {key: found.attributes.get(key) for key in attributes} == attributes
    assert found.line > 0


def test_a_scoped_package_has_a_package_url_with_its_namespace() -> None:
    found = facts("package.json", json.dumps({"dependencies": {"@anthropic-ai/sdk": "1"}}))

    assert found["@anthropic-ai/sdk"].identifier == "pkg:npm/%40anthropic-ai/sdk"


@pytest.mark.parametrize("version", ["workspace:*", "file:../ai", "link:../ai"])
def test_a_package_of_the_same_tree_is_not_the_registrys(version: str) -> None:
    assert facts("package.json", json.dumps({"dependencies": {"ai": version}})) == {}


def test_the_same_name_in_another_ecosystem_is_another_package() -> None:
    assert facts("package.json", json.dumps({"dependencies": {"crewai": "1", "instructor": "1"}})) == {}


def test_a_url_with_a_password_does_not_become_a_range() -> None:
    text = json.dumps({"dependencies": {"openai": "git+https://user:hunter2secret@git.example.org/x.git"}})

    found = facts("package.json", text)["openai"]

    assert found.attributes["declared"] == "from a URL"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("package.json", "{"),
        ("package.json", "[]"),
        ("package.json", "[" * 100_000),
        ("package-lock.json", "<<<<<<< HEAD\n{}"),
        ("yarn.lock", "hello\n"),
        ("pnpm-lock.yaml", "packages:\n"),
    ],
)
def test_a_malformed_file_is_a_problem(path: str, text: str) -> None:
    found = read(path, text)

    assert found.facts == []
    assert found.problems


def test_a_script_import_only_adds_to_a_manifest() -> None:
    found = facts(
        "app.ts", 'import { streamText } from "ai";\nconst x = require(\'openai\');\nconst word = "ai";\n'
    )

    assert {name: (fact.line, fact.standing) for name, fact in found.items()} == {
        "ai": (1, False),
        "openai": (2, False),
    }
