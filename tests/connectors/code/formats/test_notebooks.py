from __future__ import annotations

import json

from connectors.catalogue import load_catalogue
from connectors.code.facts import Source
from connectors.code.formats.notebooks import code_text, without_prose
from tests.code_samples import facts

CELLS = {
    "cells": [
        {"cell_type": "markdown", "source": ["talk\n", "more"]},
        {"cell_type": "code", "outputs": [{"text": ["said"]}], "source": ["x = 1\n", 'y = "a"']},
    ]
}


def source(content: str) -> Source:
    return Source(data=content.encode(), name="n.ipynb", syntax="source", catalogue=load_catalogue())


def test_code_stands_at_its_own_lines_and_the_rest_is_blank() -> None:
    content = json.dumps(CELLS, indent=1)

    lines = code_text(source(content)).split("\n")

    assert [line for line in lines if line] == ["x = 1", 'y = "a"']
    assert all("x = 1" in content.split("\n")[i] for i, line in enumerate(lines) if line == "x = 1")
    assert content.count("talk") == 1
    assert b"talk" not in without_prose(content.encode())
    assert code_text(source(without_prose(content.encode()).decode())).split("\n") == lines


def test_a_notebook_on_one_line_gives_its_code_without_lines() -> None:
    content = json.dumps(CELLS)

    assert code_text(source(content)) == 'x = 1\ny = "a"'
    assert without_prose(content.encode()) == content.encode()


def test_what_a_markdown_cell_says_is_no_use() -> None:
    talk = [
        "We call RailsConfig.from_path and OpenAI(base_url='https://api.openai.com/v1')\n",
        "helm repo add kubeai https://www.kubeai.org\n",
        "!pip install anthropic\n",
        "import openai\n",
    ]
    cells = [
        {"cell_type": "markdown", "source": talk},
        {"cell_type": "code", "source": ["!pip install mcp\n"]},
    ]

    found = facts("n.ipynb", json.dumps({"cells": cells}, indent=1))

    assert list(found) == ["mcp"]
