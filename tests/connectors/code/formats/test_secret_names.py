from __future__ import annotations

import pytest

from connectors import key_marks
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
        ("a.ts", "const OPENAI_API_KEY = process.env.OPENAI_API_KEY;", Grade.DECLARED),
        ("a.ts", 'exports.f = onCall({ secrets: ["OPENAI_API_KEY"] }, g);', Grade.DECLARED),
        (
            "a.py",
            'N = [\n    "OPENAI_API_KEY",\n    "HF_TOKEN",\n    "COHERE_API_KEY",\n]\nx = getenv(n)\n',
            Grade.DECLARED,
        ),
        ("a.go", 'os.Getenv("OPENAI_API_KEY")', Grade.DECLARED),
        ("a.ts", 'execSync(`curl -H "Authorization: Bearer $OPENAI_API_KEY" x`);', Grade.DECLARED),
        ("a.ts", "const k = process.env['OPENAI_API_KEY'];\nconst t = `curl ${u}`;", Grade.DECLARED),
        ("a.ts", "const t = `${process.env.OPENAI_API_KEY}`;", Grade.DECLARED),
        (
            "a.py",
            'NEEDED = {\n    "OPENAI_API_KEY",\n}\nmissing = [n for n in NEEDED if n not in env]\n',
            Grade.DECLARED,
        ),
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
        ("Makefile", 'a:\n\t@echo "Set it with: export OPENAI_API_KEY=x"; \\\n\texit 1\n'),
        ("a.sh", 'echo "OPENAI_API_KEY: $OPENAI_API_KEY"'),
        ("a.sh", "unset OPENAI_API_KEY"),
        ("a.ts", "delete process.env.OPENAI_API_KEY;"),
        ("a.py", 'monkeypatch.delenv("OPENAI_API_KEY")'),
        ("a.go", 'text = strings.ReplaceAll(text, "OPENAI_API_KEY", key)'),
        ("a.ts", "const OPENAI_API_KEY = process.env.ACME_LLM_KEY!;"),
        ("a.py", 'OPENAI_API_KEY = os.getenv("ACME_LLM_KEY")'),
        ("a.py", 'SENSITIVE_NAMES = {\n    "OPENAI_API_KEY",\n}\n'),
        ("a.ts", 'const redacted = ["OPENAI_API_KEY", "X"];'),
        (
            "a.go",
            'a := []string{\n\t"OPENAI_API_KEY", "HF_TOKEN",\n\t"ANTHROPIC_API_KEY",\n\t"COHERE_API_KEY",\n}',
        ),
        ("a.vue", '<input placeholder="OPENAI_API_KEY" />'),
        ("rag.stub", "<?php\n/*return new C(\n    $_ENV['OPENAI_API_KEY'],\n);*/\n"),
        ("run.PY.MD", "export OPENAI_API_KEY=x"),
        ("a.ts", 'const code = [`export OPENAI_API_KEY="${key}"`];'),
        ("a.ts", "const code = ['curl -H \"Authorization: Bearer $OPENAI_API_KEY\"'];"),
        ("a.tsx", "<code>export OPENAI_API_KEY=...</code>"),
        ("a.ts", "const name = 'OPENAI_API_KEY';\nconst code = [`export ${name}=x`, `curl ${url}`];"),
        ("a.ts", "const code = `\nconst c = new OpenAI({ apiKey: process.env.OPENAI_API_KEY });\n`;"),
        ("a.py", 'C = """\nclient(os.environ[\'OPENAI_API_KEY\'])\n"""\n'),
        (
            "a.py",
            'SECRET_ENV = {\n    "OPENAI_API_KEY",\n}\nkept = [n for n in env if n not in SECRET_ENV]\n',
        ),
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


KEY = "sk-proj-Q2w3E4r5T6y7U8i9O0pAsDfGhJkLzXcVbNmQ7z"
ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:crm/openai-AbC1eF"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (".env", f"OPENAI_API_KEY={KEY}\n"),
        ("a.py", f'OPENAI_API_KEY = "{KEY}"\n'),
        ("a.sh", f"export OPENAI_API_KEY='{KEY}'\n"),
    ],
)
def test_a_key_in_the_clear_is_told_by_a_mark_and_never_kept(path: str, text: str) -> None:
    found = facts(path, text)["OPENAI_API_KEY"]

    assert found.attributes["leaked"] is True
    assert key_marks.of_shown("openai", "sk-...mQ7z") in found.attributes["key_fingerprint"]  # type: ignore[operator]
    assert not any(piece in repr(found) for piece in (KEY, KEY[8:], KEY[:20], "mQ7z"))


@pytest.mark.parametrize("value", ["", "sk-...", "sk-your-key-here-please-change-it-now-0", "${OTHER}"])
def test_no_key_in_the_clear_is_no_leak(value: str) -> None:
    assert facts(".env", f"OPENAI_API_KEY={value}\n")["OPENAI_API_KEY"].attributes == {
        "form": "variable name"
    }


def test_the_place_of_the_secret_is_told_beside_its_name_and_not_that_of_the_next() -> None:
    text = (
        f'[{{"name": "OPENAI_API_KEY",\n  "valueFrom": "{ARN}"}},\n'
        f'{{"name": "ANTHROPIC_API_KEY", "value": ""}}, "{ARN}"]'
    )

    found = facts("task.json", f'{{"containerDefinitions": [{{"secrets": {text}}}]}}')

    expected = ["aws-secret:111122223333/eu-west-1/crm/openai"]
    assert found["OPENAI_API_KEY"].attributes["key_reference"] == expected


def test_the_one_project_that_a_file_names_is_told() -> None:
    one = 'k = os.environ["OPENAI_API_KEY"]\nc = OpenAI(api_key=k, project="proj_Abc123Def456")\n'

    assert facts("a.py", one)["OPENAI_API_KEY"].attributes["project_id"] == "proj_Abc123Def456"
    assert "project_id" not in facts("a.py", f'{one}d = "proj_Zyx987Wvu654"\n')["OPENAI_API_KEY"].attributes


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        (".env", f"LLM_OPENAI_API_KEY={VALUE}\n", ["LLM_OPENAI_API_KEY"]),
        ("a.ts", "k = process.env.NEXT_PUBLIC_OPENAI_API_KEY;", ["NEXT_PUBLIC_OPENAI_API_KEY"]),
        (
            ".env.example",
            "AI_OPENAI_API_KEY=\nOPENAI_API_KEY=\nAI_MISTRAL_API_KEY=\n",
            ["AI_OPENAI_API_KEY", "OPENAI_API_KEY", "AI_MISTRAL_API_KEY"],
        ),
        (".env", "AZURE_OPENAI_API_KEY=", ["AZURE_OPENAI_API_KEY"]),
        (".env", "CHAT_AZURE_OPENAI_API_KEY=", ["CHAT_AZURE_OPENAI_API_KEY"]),
        (".env", "YOUR_OPENAI_API_KEY=", []),
        ("a.ts", "const HAS_OPENAI_API_KEY = check();", []),
        ("a.py", 'raise E("LLM_OPENAI_API_KEY is not set")', []),
        # Whose the key is, a word beside it must tell, and none does.
        (".env", "ACME_GOOGLE_API_KEY=", []),
    ],
)
def test_a_name_of_ones_own_for_a_providers_key_is_told_whole(path: str, text: str, names: list[str]) -> None:
    found = facts(path, text)

    assert list(found) == names
    assert all(fact.kind == "api_key" for fact in found.values())
    assert VALUE not in repr(found)
