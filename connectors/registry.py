"""Find connectors by name, lazily: ours and other packages' come through the same entry points.

A package adds one by the entry point group ``aicensus.connectors``; nothing is imported before it is
asked for by name.
"""

from __future__ import annotations

import difflib
import sys
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from connectors.contract import Connector, ConnectorInfo
from connectors.errors import ConfigError

GROUP = "aicensus.connectors"


def _points() -> dict[str, EntryPoint]:
    # Another import path has other packages: what was found on one says nothing of the next.
    return _points_on(tuple(sys.path))


@cache
def _points_on(path: tuple[str, ...]) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        other = found.setdefault(point.name, point)
        if other.value != point.value:
            raise ConfigError(
                f"two packages offer a connector named {point.name!r}: {other.value} and {point.value}",
                hint="Uninstall one of them.",
            )
    return found


def names() -> list[str]:
    """Return the names of all installed connectors, sorted."""
    return sorted(_points())


def load(name: str) -> type[Connector]:
    """Import a connector's class; raises ``ConfigError`` for an unknown name or a missing extra."""
    point = _points().get(name)
    if point is None:
        near = difflib.get_close_matches(name, names(), n=1)
        hint = f"Did you mean {near[0]!r}? " if near else ""
        raise ConfigError(f"unknown connector {name!r}", hint=f"{hint}Installed: {', '.join(names())}.")
    try:
        loaded: type[Connector] = point.load()
    except ImportError as error:
        raise ConfigError(
            f"the connector {name!r} cannot be loaded: {error}", hint=f"Install aicensus[{name}]."
        ) from error
    return loaded


def info(name: str) -> ConnectorInfo:
    """Return what a connector says of itself."""
    return load(name).info


def all_infos() -> list[ConnectorInfo]:
    """Return the infos of all installed connectors, by name."""
    return [info(name) for name in names()]


def refresh() -> None:
    """Look for entry points again, after a package was installed."""
    _points_on.cache_clear()
