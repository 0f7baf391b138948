"""Export as JSON lines: a head, then systems, assets, alerts and coverage, each object with its ``type``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TextIO

from discovery.exports.source import ExportOptions, Source, header
from discovery.render.as_json import write_lines
from discovery.service.views import to_json


def write(source: Source, out: TextIO, options: ExportOptions) -> None:
    """Write one object a line to ``out``, taking assets one at a time."""
    write_lines([_typed("export", header(source, options))], out)
    for name, rows in _sections(source):
        write_lines((_typed(name, row) for row in rows), out)


def _sections(source: Source) -> Iterable[tuple[str, Iterable[Any]]]:
    yield "system", source.systems()
    yield "asset", source.assets()
    yield "alert", source.alerts()
    yield "coverage", source.coverage()


def _typed(name: str, view: Any) -> dict[str, Any]:
    return {"type": name, **to_json(view)}
