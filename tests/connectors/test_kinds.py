"""Every word of every reference table means one of our kinds, or expressly none."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from connectors import kinds

SHARED = Path(os.environ.get("AICENSUS_SHARED", Path(__file__).parents[3] / "shared"))


def test_every_mapping_leads_to_a_kind() -> None:
    targets = {kind for table in kinds.MAPPING.values() for kind in table.values() if kind}

    assert targets <= set(kinds.KINDS)


@pytest.mark.parametrize(
    ("table", "file", "rows"),
    [
        ("aws", "aws-ai-surface.json", "operations"),
        ("azure", "azure-ai-surface.json", "surface"),
        ("gcp", "gcp-ai-surface.json", "surface"),
    ],
)
def test_every_word_of_a_reference_table_is_mapped(table: str, file: str, rows: str) -> None:
    path = SHARED / "reference" / file
    if not path.exists():
        pytest.skip("the reference tables are not on this machine")

    words = {row["asset_kind"] for row in json.loads(path.read_text())[rows] if row.get("asset_kind")}

    assert words
    assert words == set(kinds.MAPPING[table])


def test_an_unknown_word_is_refused() -> None:
    with pytest.raises(ValueError, match="no mapping for 'toaster'"):
        kinds.kind_of("aws", "toaster")


def test_an_unknown_kind_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="model_endpoint"):
        kinds.check("model_endpoints")
