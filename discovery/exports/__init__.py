"""Write the whole inventory in one document, one file for every format.

A format is a function ``write(source, out, options)`` that streams; :data:`FORMATS` names them.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from discovery.exports.source import ExportOptions, Source

FORMATS = {
    "jsonl": "discovery.exports.jsonl",
    "csv": "discovery.exports.csv_rows",
    "json": "discovery.exports.json_document",
    "cyclonedx": "discovery.exports.cyclonedx",
    "sarif": "discovery.exports.sarif",
}
"""Module of every format; each has ``write``."""


def writer(name: str) -> Callable[[Source, TextIO, ExportOptions], None]:
    """Return the function that writes format ``name``, one of :data:`FORMATS`."""
    write: Callable[[Source, TextIO, ExportOptions], None] = import_module(FORMATS[name]).write
    return write
