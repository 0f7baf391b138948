"""A graph without a name in code is called as langgraph.json serves it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.code_samples import scan, write

GRAPH = "from langgraph.graph import StateGraph\nbuilder = StateGraph(State)\ngraph = builder.compile()\n"


@pytest.mark.parametrize(
    ("graphs", "name"),
    [
        ({"claims": "./app/graph.py:graph"}, "claims"),
        ({"claims": {"path": "app/graph.py:graph"}}, "claims"),
        ({"claims": "./app/graph.py:graph", "again": "./app/graph.py:other"}, "agent/app/graph.py"),
        ({"claims": "./app/else.py:graph"}, "agent/app/graph.py"),
        ({"claims": 7}, "agent/app/graph.py"),
        ("claims", "agent/app/graph.py"),
    ],
)
def test_a_graph_is_called_as_it_is_served(tmp_path: Path, graphs: object, name: str) -> None:
    files = {"agent/langgraph.json": json.dumps({"graphs": graphs}), "agent/app/graph.py": GRAPH}

    found = [item.name for item in scan(write(tmp_path, files)).findings if item.kind == "workflow"]

    assert found == [name]


def test_a_name_in_code_stays(tmp_path: Path) -> None:
    files = {
        "langgraph.json": json.dumps({"graphs": {"served": "graph.py:graph"}}),
        "graph.py": GRAPH.replace("compile()", 'compile(name="Claims")'),
    }

    assert "Claims" in {item.name for item in scan(write(tmp_path, files)).findings}
