"""Table tests of Swift's manifests, locks, Xcode projects and imports."""

from __future__ import annotations

import json

import pytest

from connectors.code.formats.swift import package_of
from tests.code_samples import facts, read

MANIFEST = """\
// swift-tools-version: 5.9
let package = Package(
    name: "Shop",
    dependencies: [
        .package(url: "https://github.com/MacPaw/OpenAI.git", from: "0.4.0"),
        .package(name: "X", url: "git@github.com:argmaxinc/WhisperKit.git", .upToNextMajor(from: "0.9.0")),
        .package(
            url: "https://user:hunter2@github.com/ml-explore/mlx-swift",
            branch: "main"
        ),
        // .package(url: "https://github.com/mattt/ollama-swift", from: "1.0.0"),
        .package(path: "../Tachikoma"),
    ]
)
"""
PIN = {"identity": "openai", "location": "https://github.com/MacPaw/OpenAI", "state": {"version": "0.4.1"}}
RESOLVED_2 = json.dumps({"pins": [PIN, 3, {"location": 4}], "version": 3}, indent=1)
RESOLVED_1 = json.dumps(
    {
        "object": {
            "pins": [
                {
                    "package": "OpenAI",
                    "repositoryURL": "https://github.com/macpaw/openai.git",
                    "state": {"branch": "main", "revision": "abc", "version": None},
                }
            ]
        },
        "version": 1,
    }
)
PROJECT = """\
/* Begin XCRemoteSwiftPackageReference section */
		A1 /* XCRemoteSwiftPackageReference "SwiftAnthropic" */ = {
			isa = XCRemoteSwiftPackageReference;
			repositoryURL = "https://github.com/jamesrochabrun/SwiftAnthropic";
			requirement = {
				kind = upToNextMajorVersion;
				minimumVersion = 2.0.0;
			};
		};
/* End XCRemoteSwiftPackageReference section */
"""
OPENAI = "github.com/MacPaw/OpenAI"

ROWS = [
    ("Package.swift", MANIFEST, OPENAI, 5, {"declared": "0.4.0", "direct": True}),
    ("Package.swift", MANIFEST, "github.com/argmaxinc/WhisperKit", 6, {"declared": "0.9.0"}),
    ("Package.swift", MANIFEST, "github.com/ml-explore/mlx-swift", 7, {}),
    ("Package.resolved", RESOLVED_2, OPENAI, 5, {"locked": "0.4.1", "direct": False}),
    ("Package.resolved", RESOLVED_1, OPENAI, 1, {"locked": "main"}),
    ("project.pbxproj", PROJECT, "github.com/jamesrochabrun/SwiftAnthropic", 4, {"declared": "2.0.0"}),
]


@pytest.mark.parametrize(("path", "text", "name", "line", "attributes"), ROWS)
def test_a_package_is_found_by_its_address(
    path: str, text: str, name: str, line: int, attributes: dict[str, object]
) -> None:
    found = facts(path, text)[name]

    assert found.line == line
    assert {key: found.attributes.get(key) for key in attributes} == attributes
    assert "hunter2" not in repr(found)


def test_what_is_local_or_a_comment_is_no_dependency() -> None:
    assert len(facts("Package.swift", MANIFEST)) == 3


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/MacPaw/OpenAI.git",
        "git@github.com:MacPaw/OpenAI.git",
        "ssh://git@github.com/MacPaw/OpenAI/",
        "https://token@github.com/macpaw/openai",
    ],
)
def test_all_spellings_of_an_address_name_one_package(url: str) -> None:
    assert package_of(url) == "github.com/macpaw/openai"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("import OpenAI\n", [OPENAI]),
        ("@testable import OpenAI // it\n", [OPENAI]),
        ("import OpenAIKit2\n", []),
        ("// import OpenAI\n", []),
        ("import OpenAI.Chat\n", []),
    ],
)
def test_only_an_import_of_the_module_counts_and_only_adds(text: str, names: list[str]) -> None:
    found = facts("App.swift", text)

    assert list(found) == names
    assert not any(fact.standing for fact in found.values())


@pytest.mark.parametrize("text", ["{", "[]", "<<<<<<< a\n{}", "[" * 99_999])
def test_a_malformed_lock_is_a_problem(text: str) -> None:
    found = read("Package.resolved", text)

    assert found.facts == []
    assert found.problems


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Package.resolved", '{"pins": 3}'),
        ("Package.resolved", '{"object": [], "pins": [{"location": "x", "state": 3}]}'),
        ("Package.swift", '.package(url: "' * 20_000),
        ("Package.swift", ".package(" * 50_000),
        ("project.pbxproj", 'repositoryURL = "x"; requirement = {' * 20_000),
    ],
)
def test_what_is_cut_off_or_wrong_shows_nothing(path: str, text: str) -> None:
    assert read(path, text).facts == []
