"""What members of a Cargo workspace take from its root."""

from __future__ import annotations

from pathlib import Path

from tests.code_samples import scan, write

ROOT = """\
[workspace]
members = ["app", "tool"]

[workspace.dependencies]
async-openai = "0.28"
llm-kit = { package = "rig-core", version = "0.9" }
rmcp = { path = "rmcp" }
candle-core = "0.8"
"""


def test_a_member_takes_range_and_crate_from_its_workspace(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "Cargo.toml": ROOT,
            "app/Cargo.toml": "[dependencies]\nasync-openai.workspace = true\nllm-kit.workspace = true\n",
        },
    )

    found = {finding.name: finding for finding in scan(tmp_path).findings}

    assert set(found) == {"async-openai", "rig-core"}
    assert found["async-openai"].attributes["declared"] == "0.28"
    assert found["rig-core"].attributes["declared"] == "0.9"
    assert {finding.application for finding in found.values()} == {"app"}


def test_a_crate_of_the_workspace_itself_is_not_the_registrys(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"Cargo.toml": ROOT, "app/Cargo.toml": "[dependencies]\nrmcp = { workspace = true }\n"},
    )

    assert scan(tmp_path).findings == []


def test_a_member_without_its_workspace_keeps_its_name(tmp_path: Path) -> None:
    write(tmp_path, {"app/Cargo.toml": "[dependencies]\nasync-openai = { workspace = true }\n"})

    (found,) = scan(tmp_path).findings

    assert found.name == "async-openai"
    assert "declared" not in found.attributes


def test_the_workspaces_lock_says_what_its_members_build(tmp_path: Path) -> None:
    lock = '[[package]]\nname = "async-openai"\nversion = "0.28.1"\nsource = "registry"\n'
    write(
        tmp_path,
        {
            "Cargo.toml": ROOT,
            "Cargo.lock": lock,
            "app/Cargo.toml": "[dependencies]\nasync-openai.workspace = true\n",
        },
    )

    (found,) = scan(tmp_path).findings

    assert (found.application, found.attributes["locked"], found.attributes["direct"]) == (
        "app",
        "0.28.1",
        True,
    )
