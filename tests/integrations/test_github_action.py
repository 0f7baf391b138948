from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.code_samples import git
from tests.integrations.pipeline import INTEGRATIONS, Ran, branch, load, shell

FOLDER = INTEGRATIONS / "github-action"
ACTION: dict[str, Any] = load(FOLDER / "action.yml")
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
SCRIPTS = sorted(FOLDER.glob("*.sh"))


def scan(folder: Path, place: Path, **inputs: str) -> tuple[Ran, dict[str, str], str]:
    """Run the scanning step with these inputs; return how it ended, its outputs and the summary."""
    outputs, summary = place / "outputs", place / "summary.md"
    variables = {f"AICENSUS_ACTION_{name.upper()}": value for name, value in inputs.items()}
    ran = shell(
        FOLDER / "scan.sh",
        folder,
        {**variables, "GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)},
    )
    said = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
    return ran, said, summary.read_text() if summary.exists() else ""


def test_action_is_a_composite_of_bash_steps() -> None:
    assert ACTION["runs"]["using"] == "composite"
    assert all(step["shell"] == "bash" for step in STEPS)
    assert {"name", "description", "inputs", "outputs", "runs"} <= ACTION.keys()


def test_no_input_becomes_text_of_a_script() -> None:
    assert [step["name"] for step in STEPS if "${{" in step["run"]] == []


def test_every_input_is_handed_on_and_every_variable_is_read() -> None:
    handed = " ".join(str(value) for step in STEPS for value in step["env"].values())
    read = set(re.findall(r"AICENSUS_ACTION_[A-Z_]+", "".join(script.read_text() for script in SCRIPTS)))

    assert set(re.findall(r"inputs\.([a-z-]+)", handed)) == ACTION["inputs"].keys()
    assert read == {name for step in STEPS for name in step["env"]}
    assert all("description" in one and "default" in one for one in ACTION["inputs"].values())


def test_outputs_are_those_of_the_scanning_step() -> None:
    text = (FOLDER / "scan.sh").read_text()

    for name, output in ACTION["outputs"].items():
        assert output["value"] == f"${{{{ steps.scan.outputs.{name} }}}}"
        assert f'"{name}=' in text
    assert "scan" in {step.get("id") for step in STEPS}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_scripts_are_valid_stop_on_errors_and_are_called(script: Path) -> None:
    checked = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True)

    assert checked.stderr == ""
    assert "set -euo pipefail" in script.read_text()
    assert any(f'"$GITHUB_ACTION_PATH/{script.name}"' in step["run"] for step in STEPS)


def test_a_pull_request_that_brings_ai_fails_with_sarif_and_a_summary(tmp_path: Path) -> None:
    base = branch(tmp_path / "shop", "anthropic==0.40")

    (tmp_path / "shop" / "a folder").mkdir()

    ran, outputs, summary = scan(
        tmp_path / "shop", tmp_path, base=base, sarif="out.sarif", targets="bot\n\na folder\n"
    )

    assert ran.code == 1, ran.said
    assert outputs == {"exit-code": "1", "sarif": "out.sarif"}
    assert "::error title=aicensus::New AI" in ran.said
    assert "AI found: 1 new" in summary
    results = json.loads((tmp_path / "shop" / "out.sarif").read_text())["runs"][0]["results"]
    assert {one["properties"]["name"]: one["baselineState"] for one in results} == {
        "anthropic": "new",
        "openai": "unchanged",
    }


def test_a_push_has_nothing_to_compare_with_and_does_not_fail_for_new(tmp_path: Path) -> None:
    branch(tmp_path / "shop", "anthropic==0.40")

    ran, outputs, _ = scan(tmp_path / "shop", tmp_path, base="")

    assert ran.code == 0, ran.said
    assert outputs == {"exit-code": "0", "sarif": "aicensus.sarif"}


@pytest.mark.parametrize("hostile", ["$(touch ran)", "--config=x"])
def test_a_hostile_input_is_no_command_and_no_option(hostile: str, tmp_path: Path) -> None:
    branch(tmp_path / "shop", "anthropic==0.40")

    ran, outputs, _ = scan(tmp_path / "shop", tmp_path, targets=hostile, base=hostile)

    assert ran.code == 2, ran.said
    assert outputs == {"exit-code": "2"}
    assert not list(tmp_path.rglob("ran"))


def test_a_shallow_checkout_is_told_what_to_do(tmp_path: Path) -> None:
    base = branch(tmp_path / "shop", "anthropic==0.40")
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{tmp_path / 'shop'}", str(tmp_path / "shallow"))

    ran, _, _ = scan(tmp_path / "shallow", tmp_path, base=base)

    assert ran.code == 2
    assert "fetch depth 0" in ran.said


@pytest.fixture
def stub(tmp_path: Path) -> Path:
    """A Python that only writes down what it was asked and makes an environment of itself."""
    program = tmp_path / "python-stub"
    program.write_text(
        f'#!/bin/sh\necho "$*" >> {tmp_path / "asked"}\n'
        f'[ "$2" != venv ] || {{ mkdir -p "$3/bin" && cp {program} "$3/bin/python"; }}\n'
    )
    program.chmod(0o755)
    return program


def install(place: Path, stub: Path, version: str) -> tuple[Ran, list[str], str]:
    ran = shell(
        FOLDER / "install.sh",
        place,
        {
            "AICENSUS_ACTION_VERSION": version,
            "AICENSUS_ACTION_PYTHON": str(stub),
            "RUNNER_TEMP": str(place),
            "GITHUB_ACTION_PATH": str(FOLDER),
            "GITHUB_PATH": str(place / "path"),
        },
    )
    path = (place / "path").read_text().strip() if (place / "path").exists() else ""
    return ran, (place / "asked").read_text().splitlines(), path


def test_a_version_is_installed_as_released(tmp_path: Path, stub: Path) -> None:
    ran, asked, path = install(tmp_path, stub, "0.1.0")

    assert ran.code == 0, ran.said
    assert asked[-1].endswith("aicensus==0.1.0")
    assert path == str(tmp_path / "aicensus" / "bin")


def test_without_a_version_the_checkout_is_installed_with_hashes(tmp_path: Path, stub: Path) -> None:
    ran, asked, _ = install(tmp_path, stub, "")

    assert ran.code == 0, ran.said
    lock, own = asked[-2:]
    assert "--require-hashes -r" in lock
    assert Path(lock.split()[-1]).is_file()
    assert "--no-deps" in own
    assert Path(own.split()[-1]) == INTEGRATIONS.parent


@pytest.mark.parametrize(
    "version", ["latest", "0.1.0 --index-url x", "@ git+https://evil.example/x", "0.1.0;touch ran"]
)
def test_what_is_no_version_is_not_installed(version: str, tmp_path: Path, stub: Path) -> None:
    ran, asked, path = install(tmp_path, stub, version)

    assert ran.code == 2
    assert not any("install" in line for line in asked)
    assert path == ""
