"""Read the Python packages that Ansible's tasks install with ``ansible.builtin.pip``.

Read line by line: playbooks hold templates and tags that are no plain YAML. Images in tasks
(``community.docker.docker_container``) are found by :mod:`connectors.code.formats.container_images`.

**Source:** Ansible's documentation of the module ``pip`` (``name``: one requirement, several with commas, or
a list), general knowledge, 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from connectors.code.facts import Fact, Source
from connectors.code.formats.lines import text_lines
from connectors.code.formats.requirements import from_pep508

_PIP = re.compile(r"\s*(?:-\s+)?(?:ansible\.builtin\.|community\.general\.)?pip\s*:\s*(.*)$")
_NAME = re.compile(r"\s*name\s*:\s*(.*)$")
_ITEM = re.compile(r"\s*-\s+(.+)$")
_INLINE = re.compile(r"\bname=(\"[^\"]{1,300}\"|'[^']{1,300}'|\S{1,300})")
_FLOW = re.compile(r"\bname\s*:\s*(\[[^\]]{0,500}\]|[^,}]{1,300})")
_SPLIT = re.compile(r",(?=\s*[\"'A-Za-z])")


def parse(source: Source) -> Iterator[Fact]:
    """Yield the catalogued packages that the tasks of a file install, at the line that names them."""
    if b"pip" not in source.data:
        return
    task = _Task()
    for number, line in enumerate(text_lines(source.lenient_text()), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        for text in task.requirements(line):
            for one in _SPLIT.split(text.strip().strip("[]")):
                wanted = one.strip().strip("\"'")
                yield from from_pep508(source, wanted, line=partial(int, number), scope="runtime")


class _Task:
    """Follow the lines of a file: whether they stand below ``pip:``, and below its ``name:``."""

    def __init__(self) -> None:
        self._below = -1
        self._list = -1

    def requirements(self, line: str) -> Iterator[str]:
        """Yield what a line names to be installed."""
        begins = _PIP.fullmatch(line)
        if begins:
            self._below, self._list = len(line) - len(line.lstrip(" \t-")), -1
            found = _INLINE.search(begins.group(1)) or _FLOW.search(begins.group(1))
            if found:
                yield found.group(1)
            return
        width = len(line) - len(line.lstrip())
        if width <= self._below:
            self._below = self._list = -1
        if self._below < 0:
            return
        item, named = _ITEM.match(line), _NAME.match(line)
        if item and 0 <= self._list <= width:
            yield item.group(1)
            return
        value = named.group(1).strip() if named else ""
        self._list = width if named and not value else -1
        if value:
            yield value
