"""No line of the catalogue is there for one labelled repository: each was seen elsewhere, or a page says so.

Which lines one labelled repository alone matches is measured by ``python -m benchmarks.catalogue_rows``.
Where the labels and the checkouts are at hand (``AICENSUS_LABELS``, ``AICENSUS_CHECKOUTS``), it is measured
here again.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from benchmarks.catalogue_rows import (
    MATCHED_ONCE,
    SOURCES,
    known_rows,
    matched_once,
    read_table,
    rows_in,
    source_of,
)
from connectors.catalogue import load_catalogue
from connectors.code.registry import formats_for

_PLACE = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{12}:\S.*")


def test_every_line_that_one_labelled_repository_needs_has_a_source() -> None:
    sources = read_table(SOURCES)

    missing = [row for row in read_table(MATCHED_ONCE) if not source_of(row, sources)]

    assert len(read_table(MATCHED_ONCE)) > 100
    assert missing == []


def test_sources_are_places_in_other_repositories_or_say_when_they_were_read() -> None:
    labelled = set(read_table(MATCHED_ONCE).values())

    for row, source in read_table(SOURCES).items():
        assert _PLACE.fullmatch(source) or "2026-" in source, row
        assert source.partition("@")[0] not in labelled, row


def test_the_lists_name_lines_that_are_there() -> None:
    known = known_rows(load_catalogue())

    gone = {row for row in (*read_table(MATCHED_ONCE), *read_table(SOURCES)) if not row.endswith("*")} - known

    assert gone == set()


@pytest.mark.parametrize(
    ("path", "text", "row"),
    [
        ("app.py", 'client.create(model="gpt-4o-mini")', "model:gpt-4o"),
        ("a.env", "URL=https://api.groq.com/openai/v1", "host:api.groq.com"),
        ("requirements.txt", "openai==1.0\n", "pypi:openai"),
        ("AGENTS.md", "# Rules", "agent-file:agents-md"),
        ("main.tf", 'resource "aws_bedrock_guardrail" "g" {}', "type:aws_bedrock_guardrail"),
        (".github/workflows/a.yml", "      - uses: github/ai-moderator@v1\n", "ci:github/ai-moderator"),
        ("a.yml", "    image: qdrant/qdrant:1\n", "image:qdrant/qdrant"),
    ],
)
def test_a_line_is_told_by_what_its_file_shows(path: str, text: str, row: str) -> None:
    assert row in rows_in(formats_for(load_catalogue()), path, text.encode())


def test_a_file_without_ai_matches_no_line() -> None:
    assert rows_in(formats_for(load_catalogue()), "app.py", b"import os\nprint('model')\n") == set()


@pytest.mark.slow
def test_the_list_is_what_the_labelled_repositories_show_now() -> None:
    labels, checkouts = (os.environ.get(name, "") for name in ("AICENSUS_LABELS", "AICENSUS_CHECKOUTS"))
    if not labels or not checkouts:
        pytest.skip("needs AICENSUS_LABELS and AICENSUS_CHECKOUTS")

    once = matched_once(json.loads(Path(labels).read_text()), Path(checkouts))

    assert [row for row in once if not source_of(row, read_table(SOURCES))] == []
