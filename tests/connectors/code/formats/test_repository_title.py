"""A README's title, or the repository's own name, tells that all of it is examples."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.code.formats.repository_title import EXAMPLES
from connectors.model import Role
from tests.code_samples import git, read, scan, write

_APP = {
    "app/main.py": 'import openai\nm = openai.OpenAI().responses.create(model="gpt-4o")\n',
    "tests/test_a.py": "import anthropic\n",
    "AGENTS.md": "# For agents\n",
}


@pytest.mark.parametrize(
    ("text", "is_of_examples"),
    [
        ("# Acme Examples\n", True),
        ("---\npage_type: sample\n---\n<!-- x -->\n\n# AI Samples for .NET\n", True),
        ('<h1 align="center">\n  Acme <b>Tutorials</b>\n</h1>\n', True),
        ("# [Acme](https://example.org) Examples\n", True),
        ("Acme Samples\n============\n", True),
        ("# Welcome to Acme Recipes \U0001f49a\n", True),
        ("## Acme's GenAI Showcase\n", True),
        ("# Acme Examples & Apps\n", True),
        ("Acme\n\n## Examples\n", False),
        ("# Sample Apps for Acme Constructs\n", True),
        ("# Generative AI for Beginners .NET\n", True),
        ("# Acme\n\n# Examples\n", False),
        ("# Acme Chat Sample Application\n", False),
        ("# Samplesort, and more\n", False),
        ("# Code samples generator\n", False),
        ("No title here\n", False),
    ],
)
def test_a_title_tells_of_examples(text: str, is_of_examples: bool) -> None:
    kinds = {fact.kind for _, fact in read("README.md", text)}

    assert (EXAMPLES in kinds) is is_of_examples


def _roles(root: Path) -> dict[str, Role]:
    return {finding.name: finding.role for finding in scan(root).findings}


def test_a_collection_of_examples_holds_no_application(tmp_path: Path) -> None:
    write(tmp_path, {**_APP, "README.md": "# Acme Samples\n"})

    found = _roles(tmp_path)

    assert found == {
        "openai": Role.EXAMPLE,
        "gpt-4o": Role.EXAMPLE,
        "anthropic": Role.TEST,
        "AGENTS.md": Role.APPLICATION,
    }


def test_the_title_of_a_folder_in_it_says_nothing_of_a_repository(tmp_path: Path) -> None:
    write(tmp_path, {**_APP, "app/README.md": "# Acme Samples\n"})

    found = _roles(tmp_path)

    assert found["openai"] is Role.APPLICATION


@pytest.mark.parametrize(
    ("url", "role"),
    [
        ("https://git.example.org/acme/ai-samples.git", Role.EXAMPLE),
        ("https://git.example.org/acme-samples/shop.git", Role.APPLICATION),
    ],
)
def test_a_repositorys_own_name_tells_of_examples(tmp_path: Path, url: str, role: Role) -> None:
    write(tmp_path, _APP)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "remote", "add", "origin", url)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "x")

    found = _roles(tmp_path)

    assert found["openai"] is role
