"""The joins that run over a whole tree."""

from __future__ import annotations

import importlib

import pytest

from connectors.code.tree_joins import JOINS, Join
from connectors.kinds import KINDS


@pytest.mark.parametrize("join", JOINS, ids=lambda join: join.place)
def test_every_join_is_there_and_what_it_needs_is_no_finding(join: Join) -> None:
    module, _, name = join.place.partition(":")

    function = getattr(importlib.import_module(module), name)

    assert callable(function)
    assert not set(join.needs) & KINDS.keys()
