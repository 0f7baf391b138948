"""A model id in plain code stands where something beside it says that AI is used; the rest is listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.code_samples import scan, write

MADE_UP = 'app("load", "gpt-4o")\n'
"""As in an example that only plays a model server."""
SET = 'run(model="gpt-4o")\n'


def _found(root: Path, files: dict[str, str]) -> set[str]:
    scanned = scan(write(root, files))
    return {item.application for item in scanned.findings if item.name == "gpt-4o"}


@pytest.mark.parametrize(
    "path", ["examples/shop/app.py", "tests/test_app.py", "docs/conf.py", "vendor/a/b.py"]
)
@pytest.mark.parametrize("text", [MADE_UP, SET])
def test_outside_of_application_code_an_id_alone_is_left_out_and_told(
    tmp_path: Path, path: str, text: str
) -> None:
    scanned = scan(write(tmp_path, {path: text}))

    assert scanned.findings == []
    assert scanned.exceptions("files") == {
        f"{path}:1": "the model id 'gpt-4o' is left out: nothing beside it says that AI is used"
    }


def test_application_code_needs_no_more_than_the_name_of_a_value(tmp_path: Path) -> None:
    gateway = 'MODEL = "gpt-4o"\n\ndef ask(text):\n    return http.post(GATEWAY, json=pack(MODEL, text))\n'

    assert _found(tmp_path, {"app/settings.py": gateway}) == {"."}


def test_a_word_in_application_code_is_left_out_until_the_repository_shows_ai(tmp_path: Path) -> None:
    assert _found(tmp_path / "a", {"app.py": MADE_UP}) == set()
    assert _found(tmp_path / "b", {"app.py": MADE_UP, "other/requirements.txt": "openai\n"}) == {"."}
    assert _found(tmp_path / "c", {"app.py": MADE_UP, "config.py": SET}) == {"."}


def test_a_model_that_is_only_compared_is_none_and_adds_a_place_to_one_that_is_used(tmp_path: Path) -> None:
    limits = {"requirements.txt": "openai\n", "limits.py": 'if model.startswith("gpt-4o"):\n    n = 1\n'}

    used = scan(write(tmp_path / "b", {**limits, "app.py": SET})).findings

    assert _found(tmp_path / "a", limits) == set()
    assert [sorted(one.locator for one in item.evidence) for item in used if item.name == "gpt-4o"] == [
        ["app.py:1", "limits.py:1"]
    ]


def test_the_ai_of_one_example_proves_nothing_for_another(tmp_path: Path) -> None:
    files = {
        "examples/embed/requirements.txt": "sentence-transformers\n",
        "examples/embed/app.py": SET,
        "examples/play/Dockerfile": "FROM python\n",
        "examples/play/app.py": MADE_UP,
    }

    assert _found(tmp_path, files) == {"examples/embed"}


def test_the_parts_of_one_example_are_proof_for_each_other(tmp_path: Path) -> None:
    files = {
        "samples/rag/backend/requirements.txt": "openai\n",
        "samples/rag/frontend/package.json": '{"name": "web"}',
        "samples/rag/frontend/pick.ts": "pick('chat', 'gpt-4o')\n",
    }

    assert _found(tmp_path, files) == {"samples/rag/frontend"}


@pytest.mark.parametrize(
    "files",
    [
        {"AGENTS.md": "Be careful.\n"},
        {".mcp.json": '{"mcpServers": {"a": {"command": "npx", "args": ["x"]}}}'},
        {"package-lock.json": '{"packages": {"node_modules/openai": {"version": "4.1.0"}}}'},
        {"openai.py": "", "tests/b.py": "import openai\n"},
    ],
    ids=["instructions", "a server for assistants", "what comes along through others", "a module of its own"],
)
def test_what_says_nothing_of_the_code_is_no_proof(tmp_path: Path, files: dict[str, str]) -> None:
    assert _found(tmp_path, {**files, "tests/a.py": MADE_UP}) == set()


def test_an_id_that_stands_has_all_its_places_as_evidence(tmp_path: Path) -> None:
    files = {"app.py": SET, "tests/test_app.py": MADE_UP}

    found = scan(write(tmp_path, files)).named("gpt-4o")

    assert [item.locator for item in found.evidence] == ["app.py:1", "tests/test_app.py:1"]
    assert "named" not in found.attributes


def test_very_many_are_told_in_one_line(tmp_path: Path) -> None:
    write(tmp_path, {f"tests/t{number}.py": MADE_UP for number in range(60)})

    told = scan(tmp_path).exceptions("files")

    assert len(told) == 51
    assert told["."] == "10 more model ids are left out in the same way"


def test_a_test_makes_its_models_up_unless_a_call_is_given_them(tmp_path: Path) -> None:
    sizes = 'CONTEXT_SIZES = {\n    "gpt-4o": 128_000,\n}\n'
    made = 'answer = {"model": "gpt-4o", "max_tokens": 5}\n'
    files = {"requirements.txt": "openai\n", "app/sizes.py": sizes, "tests/test_app.py": made}
    calls = 'client.create(model="gpt-4o", max_tokens=5)\n'

    made_up = scan(write(tmp_path / "a", files))
    called = scan(write(tmp_path / "b", {**files, "tests/test_app.py": calls}))

    assert [item.name for item in made_up.findings] == ["openai"]
    assert made_up.exceptions("files") == {
        "tests/test_app.py:1": "the model id 'gpt-4o' is left out: only tests name it, and give it to no call"
    }
    found = [item for item in called.findings if item.name == "gpt-4o"]
    assert [(item.role.value, item.evidence[0].locator) for item in found] == [
        ("test", "tests/test_app.py:1")
    ]
    assert [item.locator for item in found[0].evidence][1:] == ["app/sizes.py:2"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("tests/fixtures/models.json", '{"models": [{"model": "gpt-4o"}]}'),
        ("src/test/resources/models.json", '{"models": [{"model": "gpt-4o"}]}'),
        ("tests/test_app.py", 'done = _response("hi", model="gpt-4o", max_tokens=1)\n'),
        ("tests/test_app.py", 'info = {\n    "model": "azure/gpt-4o",\n}\n'),
    ],
)
def test_what_a_test_is_fed_with_and_what_it_answers_itself_is_made_up(
    tmp_path: Path, path: str, text: str
) -> None:
    scanned = scan(write(tmp_path, {"requirements.txt": "openai\n", path: text}))

    assert [item.name for item in scanned.findings] == ["openai"]
