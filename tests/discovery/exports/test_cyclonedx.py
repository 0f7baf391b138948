from __future__ import annotations

import io
import json
import time
from functools import cache
from importlib import resources
from typing import Any

import jsonschema_rs
import pytest

from connectors.kinds import KINDS
from discovery.exports.cyclonedx import CLASSES, write
from discovery.exports.source import ExportOptions
from tests.discovery.samples import HOSTILE, SampleSource, asset, estate, governed

SPECS = pytest.mark.parametrize("spec", ["1.6", "1.7"])


@cache
def validator(spec: str) -> Any:
    """Build a validator from the official schema files that the CycloneDX library ships."""
    folder = resources.files("cyclonedx.schema") / "_res"

    def load(name: str) -> Any:
        return json.loads((folder / name).read_text(encoding="utf-8"))

    linked = [name for name in (entry.name for entry in folder.iterdir()) if name.endswith(".schema.json")]
    # The documents refer to each other by file name below the schema's own address.
    known = [(f"http://cyclonedx.org/schema/{name}", load(name)) for name in linked if "bom-" not in name]
    registry = jsonschema_rs.Registry(known)
    return jsonschema_rs.validator_for(
        load(f"bom-{spec}.SNAPSHOT.schema.json"), registry=registry, validate_formats=True
    )


def exported(source: SampleSource, spec: str = "1.6") -> Any:
    out = io.StringIO()
    write(source, out, ExportOptions(spec=spec, organisation="Acme Retail", version="0.1.0"))
    return json.loads(out.getvalue())


@SPECS
def test_document_holds_to_the_official_schema(spec: str) -> None:
    bom = exported(estate(), spec)

    errors = [f"{error.instance_path}: {error.message}" for error in validator(spec).iter_errors(bom)]

    assert errors == []
    assert bom["specVersion"] == spec


@SPECS
def test_schema_check_would_notice_a_wrong_model_card(spec: str) -> None:
    bom = exported(estate(), spec)
    card = next(one["modelCard"] for one in bom["components"] if one["type"] == "machine-learning-model")
    card["modelParameters"] = {"notAField": True}

    assert not validator(spec).is_valid(bom)


def test_every_kind_has_a_place() -> None:
    bom = exported(estate())

    written = {row["bom-ref"] for row in [*bom["components"], *bom["services"]]}

    assert set(CLASSES) == set(KINDS)
    assert written == {"sys_1", "sys_2"} | {one.asset_id for one in estate().assets_}


def test_references_are_unique_and_every_dependency_is_there() -> None:
    bom = exported(estate())

    refs = [row["bom-ref"] for row in [*bom["components"], *bom["services"]]] + ["aicensus:inventory"]
    named = {ref for row in bom["dependencies"] for ref in [row["ref"], *row["dependsOn"]]}

    assert len(refs) == len(set(refs))
    assert named <= set(refs)


def test_owner_and_oversight_travel_as_properties() -> None:
    bom = exported(estate())

    component = next(row for row in bom["components"] if row["bom-ref"] == "sys_1")

    told = {(row["name"], row["value"]) for row in component["properties"]}
    assert component["description"].startswith("Answers the questions")
    assert told >= {
        ("aicensus:owner:accountable", "dana@example.org"),
        ("aicensus:oversight:state", "complete"),
        ("aicensus:oversight:mode", "in_the_loop"),
        ("aicensus:oversight:data_category", "personal"),
    }


def test_candidate_is_never_told_as_owner() -> None:
    component = next(row for row in exported(estate())["components"] if row["bom-ref"] == "sys_2")

    told = {row["name"]: row["value"] for row in component["properties"]}

    assert "aicensus:owner:accountable" not in told
    assert told["aicensus:owner:candidate"] == "@acme/shop"


def test_packages_carry_their_package_url_and_addresses_their_endpoint() -> None:
    bom = exported(estate())

    package = next(row for row in bom["components"] if row["type"] == "library")
    endpoints = [row["endpoints"] for row in bom["services"] if "endpoints" in row]

    assert package["purl"] == "pkg:pypi/openai@1.2.3"
    assert endpoints == [["https://api.example.org/v1"]]


def test_data_names_the_owner_of_its_system_and_what_it_holds() -> None:
    bom = exported(estate())

    data = next(row["data"][0] for row in bom["components"] if row["name"].startswith("dataset"))

    assert data["governance"]["owners"] == [{"contact": {"name": "dana@example.org"}}]
    assert data["classification"] == "personal, internal"


def test_hostile_names_come_back_unaltered() -> None:
    names = {row["name"] for row in exported(estate())["services"]}

    assert HOSTILE in names


def test_exports_of_one_moment_are_equal_and_empty_ones_valid() -> None:
    assert exported(estate()) == exported(estate())
    assert validator("1.6").is_valid(exported(SampleSource([], [])))


def test_large_inventory_is_written_and_valid_in_seconds() -> None:
    assets = [asset(number, "model" if number % 2 else "model_endpoint") for number in range(5_000)]
    source = SampleSource([governed([one.asset_id for one in assets])], assets)

    started = time.process_time()
    bom = exported(source)
    spent_s = time.process_time() - started

    assert validator("1.6").is_valid(bom)
    assert spent_s < 5
