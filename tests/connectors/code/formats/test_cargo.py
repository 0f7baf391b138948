"""Table tests of Cargo's manifests, locks and the use of crates."""

from __future__ import annotations

import pytest

from tests.code_samples import facts, read

TOML = """\
[package]
name = "shop"

[dependencies]
async-openai = "0.28"
ai = { package = "rig-core", version = "0.9", features = ["derive"] }
ollama-rs = { git = "https://user:hunter2@git.example.org/o.git" }
qdrant-client = { path = "../qdrant" }
rmcp = { version = "0.1", optional = true }
candle-core = { version = "1", registry = "company" }
tokenizers = { workspace = true, features = ["onig"] }

[dev-dependencies.fastembed]
version = "4"

[target.'cfg(unix)'.dependencies]
whisper-rs = "0.14"

[build-dependencies]
tiktoken-rs = 7
"""

ROWS = [
    ("async-openai", 5, {"declared": "0.28", "scope": "runtime", "direct": True}),
    ("rig-core", 6, {"declared": "0.9"}),
    ("ollama-rs", 7, {"declared": "from a URL"}),
    ("rmcp", 9, {"scope": "optional"}),
    ("tokenizers", 11, {"inherited": True}),
    ("fastembed", 13, {"declared": "4", "scope": "dev"}),
    ("whisper-rs", 17, {"declared": "0.14"}),
    ("tiktoken-rs", 20, {"scope": "dev", "declared": None}),
]


@pytest.mark.parametrize(("name", "line", "attributes"), ROWS)
def test_a_declared_crate_is_found_with_line_and_range(
    name: str, line: int, attributes: dict[str, object]
) -> None:
    found = facts("Cargo.toml", TOML)[name]

    assert found.line == line
    assert found.identifier == f"pkg:cargo/{name}"
    assert {key: found.attributes.get(key) for key in attributes} == attributes


def test_a_crate_of_this_tree_or_of_another_registry_is_not_the_known_one() -> None:
    names = set(facts("Cargo.toml", TOML))

    assert not names & {"qdrant-client", "candle-core"}
    assert len(names) == len(ROWS)


@pytest.mark.parametrize(
    "path",
    [
        "../../external-crates/async-openai",
        "vendor/async-openai",
        "./third_party/rust/async-openai/v1",
        "..\\\\forks\\\\openai",
        "../patched-crates/a",
    ],
)
def test_a_copy_among_what_others_made_is_the_known_crate(path: str) -> None:
    found = facts("Cargo.toml", f'[dependencies]\nasync-openai = {{ path = "{path}" }}\n')

    assert found["async-openai"].attributes["declared"] == "from a path"


@pytest.mark.parametrize(
    "path",
    [
        "../async-openai",
        "crates/async-openai",
        "vendor",
        "../external",
        "crates/vendoring/a",
        "externality/a",
        "",
    ],
)
def test_a_crate_beside_it_is_this_trees_own(path: str) -> None:
    assert facts("Cargo.toml", f'[dependencies]\nasync-openai = {{ path = "{path}" }}\n') == {}


LOCK = """\
version = 4

[[package]]
name = "shop"
version = "0.1.0"
dependencies = [
 "async-openai",
 "rig-core 0.9.1",
]

[[package]]
name = "async-openai"
version = "0.28.0"
source = "registry+https://example.org/index"

[[package]]
name = "rig-core"
version = "0.9.1"
source = "registry+https://example.org/index"
dependencies = [
 "tiktoken-rs",
]

[[package]]
name = "tiktoken-rs"
version = "0.6.0"
source = "registry+https://example.org/index"

[[package]]
name = "rmcp"
version = "0.1.0"
"""


def test_a_lock_says_what_is_built_and_skips_crates_of_the_tree() -> None:
    found = facts("Cargo.lock", LOCK)

    assert {name: (fact.line, fact.attributes["locked"]) for name, fact in found.items()} == {
        "async-openai": (12, "0.28.0"),
        "rig-core": (17, "0.9.1"),
        "tiktoken-rs": (25, "0.6.0"),
    }


IMPORTS = [
    ("use async_openai::{Client, config};\n", ["async-openai"]),
    ("use rmcp;\n", ["rmcp"]),
    ("    let x = candle_core::Tensor::zeros();\n", ["candle-core"]),
    ("use ::ort::session::Session;\n", []),
    ("use ort::session::Session;\n", ["ort"]),
    ("pub use rig::agent;\n", ["rig-core"]),
    ("// use async_openai::Client;\n", []),
    ("use async_openais::Client;\n", []),
    ("let s = my_async_openai::new();\n", []),
    ("use crate::async_openai::Client;\n", []),
    ('let s = "async_openai::x";\n', []),
]


@pytest.mark.parametrize(("text", "names"), IMPORTS)
def test_only_a_path_that_begins_with_the_crate_counts(text: str, names: list[str]) -> None:
    found = facts("main.rs", text)

    assert list(found) == names
    assert not any(fact.standing for fact in found.values())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Cargo.toml", "[dependencies\n"),
        ("Cargo.lock", "hello\n"),
        ("Cargo.lock", "<<<<<<< ours\n[[package]]\n"),
        ("Cargo.toml", "a = " + "[" * 100_000),
    ],
)
def test_a_malformed_file_is_a_problem(path: str, text: str) -> None:
    found = read(path, text)

    assert found.facts == []
    assert found.problems


@pytest.mark.parametrize(
    "text",
    [
        "dependencies = 1\n",
        'dependencies = ["rmcp"]\n',
        "target = []\nworkspace = 3\n",
        "[target]\nx = 1\n",
        "[dependencies]\nx = []\n",
        "[dependencies]\nx = { package = 3 }\n",
    ],
)
def test_wrong_types_show_nothing(text: str) -> None:
    found = read("Cargo.toml", text)

    assert [fact for _, fact in found.facts if fact.kind == "package"] == []
    assert found.problems == []
