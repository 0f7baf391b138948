"""Tasks of Ansible install Python packages and start containers."""

from __future__ import annotations

import pytest

from tests.code_samples import facts, read

TASKS = "roles/bot/tasks/main.yml"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- pip:\n    name: openai\n", {"openai": 2}),
        ("- ansible.builtin.pip:\n    name: openai==1.2\n    state: present\n", {"openai": 2}),
        (
            "- name: a\n  pip:\n    virtualenv: /srv\n    name:\n      - openai\n      - 'langchain>=0.3'\n",
            {"openai": 5, "langchain": 6},
        ),
        ("- pip:\n    name:\n    - openai\n    - anthropic\n", {"openai": 3, "anthropic": 4}),
        ("- pip:\n    name: ['openai', anthropic]\n", {"openai": 2, "anthropic": 2}),
        ("- pip: name=openai state=latest\n", {"openai": 1}),
        ("- pip: {name: openai, state: latest}\n", {"openai": 1}),
        ("- pip:\n    name: openai, anthropic\n", {"openai": 2, "anthropic": 2}),
    ],
)
def test_what_a_task_installs_is_a_package(text: str, expected: dict[str, int]) -> None:
    assert {name: fact.line for name, fact in facts(TASKS, text).items()} == expected


@pytest.mark.parametrize(
    "text",
    [
        "- name: openai\n  apt:\n    name: openai\n",
        "# - pip:\n#    name: openai\n",
        "- pip:\n    requirements: /srv/requirements.txt\n- name: openai\n  debug:\n",
        "- pip:\n    name: '{{ package }}'\n- apt:\n    name:\n      - openai\n",
    ],
)
def test_other_names_are_not(text: str) -> None:
    assert read(TASKS, text).facts == []


@pytest.mark.parametrize("path", ["playbook.yml", "site.yml", "ansible/bot.yaml", "deploy-playbook.yaml"])
def test_playbooks_go_by_many_names(path: str) -> None:
    assert set(facts(path, "- hosts: all\n  tasks:\n    - pip:\n        name: openai\n")) == {"openai"}


def test_a_container_of_a_task_is_a_model_server() -> None:
    task = "- community.docker.docker_container:\n    name: llm\n    image: vllm/vllm-openai:v0.9.1\n"

    (found,) = facts(TASKS, task).values()

    assert (found.kind, found.name, found.line) == ("model_server", "vllm/vllm-openai", 3)
