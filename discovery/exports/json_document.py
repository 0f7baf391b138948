"""Export as one JSON object with the lists ``systems``, ``assets``, ``alerts`` and ``coverage``."""

from __future__ import annotations

from typing import TextIO

from discovery.exports.source import ExportOptions, Source, header
from discovery.render.as_json import dumps, write_array
from discovery.service.views import to_json


def write(source: Source, out: TextIO, options: ExportOptions) -> None:
    """Write the document to ``out``, taking assets one at a time."""
    head = dumps(to_json(header(source, options)))
    out.write(head.removesuffix("}"))
    for name, rows in (
        ("systems", source.systems()),
        ("assets", source.assets()),
        ("alerts", source.alerts()),
        ("coverage", source.coverage()),
    ):
        out.write(f',\n"{name}":')
        write_array(map(to_json, rows), out)
    out.write("}\n")
