"""Table tests of the packages that Ray installs for jobs and services of a cluster."""

from __future__ import annotations

import pytest

from tests.code_samples import facts

JOB = "apiVersion: ray.io/v1\nkind: RayJob\nmetadata:\n  name: a\nspec:\n"
SERVICE = "apiVersion: ray.io/v1\nkind: RayService\nmetadata:\n  name: a\nspec:\n  serveConfigV2: |\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (
            JOB + "  runtimeEnvYAML: |\n    pip:\n      - numpy\n      - transformers>=4.19.1 # new\n"
            "      - 'vllm[audio]'\n    env_vars:\n      - openai\n",
            {"transformers": 9, "vllm": 10},
        ),
        (JOB + "  runtimeEnvYAML: |\n    pip:\n    - openai\n    - torch==2\n", {"openai": 8, "torch": 9}),
        (
            SERVICE + "    applications:\n      - name: a\n        runtime_env:\n"
            '          pip: ["diffusers==0.32.2", "transformers==4.48.2"]\n        deployments:\n'
            "          - openai\n",
            {"diffusers": 10, "transformers": 10},
        ),
        (
            SERVICE + "    applications:\n      - runtime_env:\n          pip:\n            packages:\n"
            "              - torch\n            pip_check: false\n        name: openai\n",
            {"torch": 11},
        ),
        (SERVICE + '    applications:\n      - runtime_env: {"pip": ["openai", "x"]}\n', {"openai": 8}),
    ],
    ids=["below the key", "at the key's width", "on the line", "a table", "all on one line"],
)
def test_what_an_environment_installs_is_found_where_it_is_named(text: str, lines: dict[str, int]) -> None:
    found = {name: fact for name, fact in facts("ray.yaml", text).items() if fact.kind == "package"}

    assert {name: fact.line for name, fact in found.items()} == lines
    assert {fact.attributes["scope"] for fact in found.values()} <= {"runtime"}


def test_a_pinned_requirement_tells_its_version() -> None:
    found = facts("ray.yaml", JOB + "  runtimeEnvYAML: |\n    pip:\n      - openai==1.2.3\n")

    assert found["openai"].attributes["locked"] == "1.2.3"


@pytest.mark.parametrize(
    "text",
    [
        JOB + "  runtimeEnvYAML: |\n    working_dir: a\n  pip:\n    - openai\n",
        JOB + "  runtimeEnvYAML: |\n    # pip:\n    #  - openai\n",
        JOB + "  runtimeEnvYAML: |\n    conda:\n      - openai\n",
        JOB + "  entrypoint: pip\n  # runtimeEnvYAML\n  runtime:\n    pip:\n      - openai\n",
        "pip:\n  - openai\nserveConfigV2: a\n",
    ],
    ids=["outside", "a comment", "another key", "another table", "no environment"],
)
def test_a_list_elsewhere_installs_nothing(text: str) -> None:
    assert not [fact for fact in facts("ray.yaml", text).values() if fact.kind == "package"]
