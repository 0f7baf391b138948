"""Read the Python packages that Ray installs for a job or service of a cluster: ``runtime_env`` with ``pip``.

Read line by line: the environment stands in a text block (``runtimeEnvYAML: |``, ``serveConfigV2: |``) of an
object that may be a template.

**Source:** KubeRay's samples of RayJob and RayService, read 2026-11-22; that ``pip`` may be a table with
``packages`` is general knowledge of Ray's runtime environments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from connectors.code.facts import Fact, Source
from connectors.code.formats.lines import text_lines
from connectors.code.formats.requirements import from_pep508

_MARKS = (b"runtimeEnvYAML", b"serveConfigV2")
_ENVIRONMENT = re.compile(r"\s*(?:-\s+)?[\"']?(?:runtime_env|runtimeEnvYAML)[\"']?\s*:\s*(.*)$")
_PIP = re.compile(r"\s*[\"']?pip[\"']?\s*:\s*(.*)$")
_PACKAGES = re.compile(r"\s*[\"']?packages[\"']?\s*:\s*(.*)$")
_ITEM = re.compile(r"\s*-\s+(\S.*)$")
_INLINE = re.compile(r"[\"']?\bpip[\"']?\s*:\s*(\[[^\]]{0,2000}\])")
_QUOTED = re.compile(r"\"([^\"]{1,300})\"|'([^']{1,300})'|([^\s,\[\]\"'][^,\[\]\"']{0,299})")
_COMMENT = re.compile(r"\s#.*$")
_LONGEST = 2_000


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages of the environments in a file, at the line that names them."""
    if not any(mark in source.data for mark in _MARKS):
        return
    place = _Place()
    for number, line in enumerate(text_lines(source.lenient_text()), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        for wanted in place.requirements(_COMMENT.sub("", line[:_LONGEST])):
            yield from from_pep508(source, wanted, line=partial(int, number), scope="runtime")


class _Place:
    """Follow the lines of a file: whether they stand in an environment, and below its ``pip``."""

    def __init__(self) -> None:
        self._environment = -1
        self._pip = -1

    def requirements(self, line: str) -> Iterator[str]:
        """Yield what a line names to be installed."""
        width = len(line) - len(line.lstrip())
        if width <= self._environment:
            self._environment = self._pip = -1
        if begins := _ENVIRONMENT.fullmatch(line):
            # The keys of an item of a list stand two blanks behind its dash.
            self._environment, self._pip = width + 2 * line.lstrip().startswith("- "), -1
            if inline := _INLINE.search(begins[1]):
                yield from _listed(inline[1])
        elif self._environment >= 0:
            yield from self._below(line, width)

    def _below(self, line: str, width: int) -> Iterator[str]:
        item = _ITEM.fullmatch(line)
        if item and 0 <= self._pip <= width:
            yield from _listed(item[1])
            return
        if width <= self._pip:
            self._pip = -1
        begins = _PIP.fullmatch(line) if self._pip < 0 else _PACKAGES.fullmatch(line)
        if begins:
            self._pip = width
            yield from _listed(begins[1] if begins[1].startswith("[") else "")


def _listed(text: str) -> Iterator[str]:
    """Yield the requirements of a list on one line, or the one of an item."""
    for found in _QUOTED.finditer(text):
        yield (found[1] or found[2] or found[3]).strip()
