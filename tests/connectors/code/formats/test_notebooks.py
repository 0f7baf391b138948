from __future__ import annotations

import json

from connectors.catalogue import load_catalogue
from connectors.code.facts import Source
from connectors.code.formats.notebooks import code_lines, code_text

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
    assert len(code_lines(source(content)) or ()) == 2


def test_a_notebook_on_one_line_gives_its_code_without_lines() -> None:
    content = json.dumps(CELLS)

    assert code_text(source(content)) == 'x = 1\ny = "a"'
    assert code_lines(source(content)) is None
