"""The dependencies that a Python script declares in its own comments."""

from __future__ import annotations

import pytest

from tests.code_samples import facts, read

SCRIPT = """\
#!/usr/bin/env -S uv run
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "openai>=1.0",
#   "httpx",
# ]
# ///
print("hello")
"""


def test_a_script_declares_its_own_dependencies() -> None:
    found = facts("chat.py", SCRIPT)

    assert {name: (fact.line, fact.attributes["declared"]) for name, fact in found.items()} == {
        "openai": (5, ">=1.0")
    }


@pytest.mark.parametrize(
    "text",
    [
        SCRIPT.replace("# ///\n", ""),
        SCRIPT.replace("# /// script", "#/// script"),
        "text = '''\n# /// script\n'''\n",
        "# /// script\n# dependencies = 3\n# ///\n",
        "# /// script\n# dependencies = [3, {}]\n# ///\n",
        "# /// script\n",
    ],
)
def test_a_block_that_is_not_closed_or_of_other_types_shows_nothing(text: str) -> None:
    found = read("chat.py", text)

    assert found.facts == []
    assert found.problems == []


def test_a_block_that_is_no_toml_is_a_problem() -> None:
    assert read("chat.py", "# /// script\n# dependencies = [\n# ///\n").problems
