from __future__ import annotations

import csv
import io
import json

import pytest

from discovery.exports import FORMATS, writer
from discovery.exports.csv_rows import FIELDS
from discovery.exports.source import DOCUMENT, ExportOptions
from discovery.service.views import to_json
from tests.discovery.samples import SampleSource, estate

OPTIONS = ExportOptions(organisation="Acme Retail", version="0.1.0")


def exported(form: str, source: SampleSource) -> str:
    out = io.StringIO()
    writer(form)(source, out, OPTIONS)
    return out.getvalue()


def test_json_document_holds_the_public_objects() -> None:
    source = estate()

    document = json.loads(exported("json", source))

    assert document["format"] == DOCUMENT
    assert document["as_of"] == "2026-11-22T03:00:00.000000Z"
    assert document["organisation"] == "Acme Retail"
    assert document["systems"] == to_json(source.systems_)
    assert document["assets"] == to_json(source.assets_)
    assert document["alerts"] == to_json(source.alerts())
    assert document["coverage"] == to_json(source.coverage())


def test_json_lines_name_the_type_of_every_object() -> None:
    source = estate()

    lines = [json.loads(line) for line in exported("jsonl", source).splitlines()]

    kinds = [line.pop("type") for line in lines]
    assert kinds[0] == "export"
    assert lines[1 : 1 + len(source.systems_)] == to_json(source.systems_)
    assert [line for line, kind in zip(lines, kinds, strict=True) if kind == "asset"] == to_json(
        source.assets_
    )
    assert set(kinds) == {"export", "system", "asset", "alert", "coverage"}


def test_csv_has_a_row_for_every_asset_and_for_systems_without_any() -> None:
    source = estate()

    rows = list(csv.DictReader(io.StringIO(exported("csv", source))))

    assert tuple(rows[0]) == FIELDS
    assert len(rows) == len(source.assets_) + 1
    assert rows[0]["owner"] == "dana@example.org"
    assert rows[-1] | {"system": "recommender", "owner": "", "owner_candidate": "'@acme/shop"} == rows[-1]


def test_csv_cell_cannot_be_a_formula_or_move_the_cursor() -> None:
    text = exported("csv", estate())

    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]

    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
    assert "\x1b" not in text
    assert "\u202e" not in text


@pytest.mark.parametrize("form", list(FORMATS))
def test_empty_inventory_exports_as_a_whole_document(form: str) -> None:
    text = exported(form, SampleSource([], []))

    assert text.endswith("\n")
    if form in ("json", "cyclonedx", "sarif"):
        json.loads(text)
