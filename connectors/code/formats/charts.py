"""Read which Helm charts of AI tools are installed, wherever a chart repository of theirs is named.

Chart.yaml, Argo CD, Flux, helmfile, Terraform and shell lines all name the repository's address; what a
repository with many products installs is told by the chart's name near by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from connectors.catalogue.infra_rows import Chart
from connectors.code.facts import Fact, Hit, Source, within
from connectors.code.formats.lines import LineCounter, is_comment, line_around
from connectors.code.formats.talk import Talk
from connectors.model import Grade

_PLACE = re.compile(
    r"(?i)(?:\b(?:repository|repoURL|repo|url|chart|source)[\"']?\s*[:=]\s*[\"']?|\bhelm\b.*?\s[\"']?)(?:https?|oci)?(?:://)?$"
)
_ADDED = re.compile(r"\bhelm\s+repo\s+add\s+(?:-\S+\s+)*[\"']?(?P<name>[\w.-]+)?")
_ITEM = re.compile(r"(?m)^[ \t]*-\s|^---|^[ \t]*\},?[ \t\r]*$|^[ \t\r]*$")
_MAX_PLACES = 2_000
_NEAR = 400
"""Bytes looked at on each side of a repository's address."""


def parse(source: Source) -> Iterator[Fact]:
    """Yield a fact for each catalogued chart repository in use."""
    lines = LineCounter(source.data)
    talk = Talk(source)
    for hit in within(source.hits, _MAX_PLACES, "addresses"):
        row = source.catalogue.chart[hit.row]
        text, column = line_around(source.data, hit.start)
        following = source.data[hit.end : hit.end + 1]
        if is_comment(text) or not _PLACE.search(text[:column]) or following.isalnum() or following == b"-":
            continue
        added = _ADDED.search(text[:column])
        if added and not _is_installed(source.data, added.group("name")):
            continue
        if (row.chart and not _is_near(source, hit, row)) or talk.holds(hit.start):
            continue
        yield Fact(
            kind=row.kind,
            provider=row.provider,
            identifier=f"chart/{row.name}",
            name=row.title,
            grade=Grade.DECLARED,
            line=lines.at(hit.start),
            attributes={"resource_type": row.chart or row.repository, "chart_repository": row.repository},
        )


def _is_installed(data: bytes, name: str | None) -> bool:
    """Say whether a chart of a repository that a command line adds is installed there too."""
    if not name:
        return False
    installs = rb"\bhelm3?\s+(?:-\S+\s+)*(?:install|upgrade|template)\b(?:[^\n\\]|\\\r?\n|\\){0,600}?[\s\"']"
    return re.search(installs + re.escape(name.encode()) + rb"/", data) is not None


def _is_near(source: Source, hit: Hit, row: Chart) -> bool:
    """Say whether the entry that names the repository, a list's item or a block, names the chart."""
    before = source.data[max(0, hit.start - _NEAR) : hit.start].decode("utf-8", "replace")
    after = source.data[hit.start : hit.end + _NEAR].decode("utf-8", "replace")
    entry = _ITEM.split(before)[-1] + _ITEM.split(after)[0]
    name = re.escape(row.chart)
    named = rf"(?m)(?:\b(?:name|chart)[\"']?\s*[:=]\s*[\"']?(?:[\w.-]+/)?|/){name}[\"']?\s*,?\s*$"
    return bool(re.search(named, entry))
