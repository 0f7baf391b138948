from __future__ import annotations

import pytest

from connectors.model import Grade
from tests.code_samples import facts

VALUE = "sk-proj-value-77120"


@pytest.mark.parametrize(
    ("path", "text", "grade"),
    [
        ("a.py", 'key = os.environ["OPENAI_API_KEY"]', Grade.DECLARED),
        ("a.py", "OPENAI_API_KEY: str", Grade.DECLARED),
        ("a.py", "client = C(settings.OPENAI_API_KEY)", Grade.DECLARED),
        ("a.ts", "apiKey: process.env.OPENAI_API_KEY!", Grade.DECLARED),
        ("a.go", 'os.Getenv("OPENAI_API_KEY")', Grade.DECLARED),
        (".env", f"OPENAI_API_KEY={VALUE}", Grade.CONFIGURED),
        (".env.example", "OPENAI_API_KEY=", Grade.DECLARED),
        ("compose.yaml", "environment:\n  - OPENAI_API_KEY", Grade.CONFIGURED),
        ("compose.yaml", f"environment:\n  OPENAI_API_KEY: {VALUE}", Grade.CONFIGURED),
        ("a.yml", "run: x\nenv:\n  K: ${{ secrets.OPENAI_API_KEY }}", Grade.CONFIGURED),
        ("a.sh", f'export OPENAI_API_KEY="{VALUE}"', Grade.CONFIGURED),
        ("a.sh", "docker run -e OPENAI_API_KEY x", Grade.CONFIGURED),
        ("Dockerfile", "ENV OPENAI_API_KEY=x", Grade.CONFIGURED),
        ("k.yaml", "- name: OPENAI_API_KEY\n  valueFrom: x", Grade.CONFIGURED),
        ("a.properties", "spring.ai.openai.api-key=${OPENAI_API_KEY}", Grade.CONFIGURED),
    ],
)
def test_a_credential_is_found_by_name_and_never_by_value(path: str, text: str, grade: Grade) -> None:
    found = facts(path, text)["OPENAI_API_KEY"]

    assert (found.kind, found.provider, found.grade) == ("api_key", "openai", grade)
    assert VALUE not in repr(found)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'raise ValueError("OPENAI_API_KEY is not set")'),
        ("a.py", "# OPENAI_API_KEY = x"),
        ("a.py", 'x = "MY_OPENAI_API_KEY"'),
        ("a.py", 'x = "OPENAI_API_KEYS"'),
        ("a.sh", "echo please set OPENAI_API_KEY first"),
        ("README.md", "export OPENAI_API_KEY=x"),
        ("a.py", 'maps = os.environ["GOOGLE_API_KEY"]'),
    ],
)
def test_talk_and_lookalikes_are_no_credentials(path: str, text: str) -> None:
    assert [fact.name for fact in facts(path, text).values() if fact.kind == "api_key"] == []


def test_a_common_name_counts_beside_its_provider() -> None:
    found = facts("a.py", 'import google.generativeai as genai\nk = os.environ["GOOGLE_API_KEY"]\n')

    assert found["GOOGLE_API_KEY"].line == 2


def test_each_name_is_one_fact_at_its_first_place() -> None:
    found = facts("a.py", 'x = "OPENAI_API_KEY"\n' * 500)

    assert found["OPENAI_API_KEY"].line == 1
    assert len(found) == 1
