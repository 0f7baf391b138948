"""Read YAML: the tables that come with the package, and what people write."""

from __future__ import annotations

from importlib import resources
from typing import Any

import yaml

DEEPEST = 100
"""Levels that a text of somebody's may nest: no table of ours has ten."""
MOST_VALUES = 200_000
"""Values that it may hold, those that an alias stands for counted each time."""


def load(text: str) -> Any:
    """Return what a YAML text says, in plain types only; it never holds itself.

    Raises ``yaml.YAMLError``, for what nests deeper than ``DEEPEST`` levels or holds more than
    ``MOST_VALUES``, too: libyaml would end the whole process, or whoever walks through it come to no end.
    """
    _refuse_endless(text)
    return yaml.load(text, Loader=_loader())


def shipped(name: str) -> Any:
    """Return a table of the package ``discovery`` by its path in it, such as ``maturity.yaml``."""
    text = resources.files("discovery").joinpath(name).read_text(encoding="utf-8")
    return yaml.load(text, Loader=_loader())


def _refuse_endless(text: str) -> None:
    open_ones: list[tuple[str | None, int]] = []  # anchor, and how many values came before
    sizes: dict[str | None, int] = {}
    values = 0
    for event in yaml.parse(text, Loader=_loader()):
        if isinstance(event, yaml.AliasEvent):
            if any(anchor == event.anchor for anchor, _ in open_ones):
                raise yaml.YAMLError(f"*{event.anchor} holds itself")
            values += sizes.get(event.anchor, 1)
        elif isinstance(event, yaml.CollectionStartEvent):
            open_ones.append((event.anchor, values))
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_ones.pop()
            values += 1
            if anchor is not None:
                sizes[anchor] = values - before
        else:
            values += isinstance(event, yaml.ScalarEvent)
        if len(open_ones) > DEEPEST:
            raise yaml.YAMLError(f"it is nested deeper than {DEEPEST} levels")
        if values > MOST_VALUES:
            raise yaml.YAMLError(f"it holds more than {MOST_VALUES:,} values")


def _loader() -> Any:
    # The parser of libyaml is eight times as fast; not every machine has it.
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)
