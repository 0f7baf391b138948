from __future__ import annotations

from pathlib import Path

import pytest

from tests.code_samples import scan, write

IMPORT = "from anthropic import AsyncAnthropic\n"


@pytest.mark.parametrize(
    "files",
    [
        {"app/__init__.py": "", "app/anthropic.py": IMPORT},
        {
            "app/__init__.py": "",
            "app/llm/__init__.py": "",
            "app/llm/anthropic.py": "",
            "app/llm/a.py": IMPORT,
        },
        {"services/anthropic.py": IMPORT},
        {"app/__init__.py": "", "app/anthropic/__init__.py": IMPORT},
    ],
    ids=[
        "the file of that name",
        "beside it in a package",
        "a script of that name",
        "a package below another",
    ],
)
def test_what_no_import_reaches_hides_no_package(tmp_path: Path, files: dict[str, str]) -> None:
    assert _packages(tmp_path, files) == ["anthropic"]


@pytest.mark.parametrize(
    "files",
    [
        {"anthropic.py": "", "a.py": IMPORT},
        {"src/anthropic/__init__.py": "", "tests/test_a.py": IMPORT},
        {"scripts/anthropic.py": "", "scripts/a.py": IMPORT},
        {"src/anthropic/__init__.py": IMPORT, "src/anthropic/client.py": IMPORT},
        {"__init__.py": "", "anthropic.py": "", "a.py": IMPORT},
    ],
    ids=[
        "a file at the root",
        "a package of its own",
        "beside a script",
        "its own parts",
        "a root with a mark",
    ],
)
def test_a_module_of_the_tree_is_no_installed_package(tmp_path: Path, files: dict[str, str]) -> None:
    assert _packages(tmp_path, files) == []


def _packages(place: Path, files: dict[str, str]) -> list[str]:
    return [found.name for found in scan(write(place, files)).findings if found.kind == "package"]
