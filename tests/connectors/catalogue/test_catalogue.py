"""The catalogue loads, proves itself, and can be extended; a wrong row is refused with its place."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.catalogue import load_catalogue, read_table
from connectors.catalogue.lint import check
from connectors.catalogue.tables import Catalogue, Family, Package
from connectors.errors import ConfigError
from connectors.kinds import KINDS
from connectors.patterns import compile_pattern


def _with(catalogue: Catalogue, **changes: Any) -> Catalogue:
    return replace(catalogue, **changes)


def test_our_own_tables_are_free_of_mistakes() -> None:
    assert check(load_catalogue()) == []


def test_the_catalogue_is_read_once_and_has_a_version() -> None:
    first = load_catalogue()

    assert load_catalogue() is first
    assert len(first.version) == 16


def test_every_kind_is_of_the_closed_list() -> None:
    catalogue = load_catalogue()

    assert set(catalogue.infrastructure_kinds) <= set(KINDS)


def test_pypi_names_are_in_canonical_spelling() -> None:
    wrong = [row.name for row in load_catalogue().pypi if row.name != row.name.lower() or "_" in row.name]

    assert wrong == []


def test_every_parser_of_the_catalogue_is_there() -> None:
    import importlib

    missing = []
    for row in load_catalogue().format:
        module, _, function = row.parser.partition(":")
        if not callable(getattr(importlib.import_module(module), function, None)):
            missing.append(row.parser)

    assert missing == []


def test_a_double_and_a_wrong_example_are_told() -> None:
    catalogue = load_catalogue()
    double = Package(name="openai", category="provider_sdk", vendor="x")
    wrong = Family(name="w", vendor="v", stems=("w-",), pattern=r"w-\d", example="w-x", not_example="w-1")

    problems = check(_with(catalogue, pypi=(*catalogue.pypi, double), family=(*catalogue.family, wrong)))

    assert len(problems) == 3
    assert "the pypi package 'openai' is there 2 times" in problems


def test_a_users_file_adds_and_replaces_rows(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'pypi = [\n  { name = "acme-llm", category = "gateway", vendor = "acme", modules = ["acme_llm"] },\n'
        '  { name = "openai", category = "gateway", vendor = "acme", modules = ["openai"] },\n]\n'
        'unit_markers = ["acme.unit"]\n'
    )

    catalogue = load_catalogue(own)

    assert catalogue.packages["pypi"]["acme-llm"].vendor == "acme"
    assert catalogue.packages["pypi"]["openai"].vendor == "acme"
    assert "pyproject.toml" in catalogue.unit_markers
    assert "acme.unit" in catalogue.unit_markers
    assert catalogue.version != load_catalogue().version


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pypi = [", "cannot be read"),
        ('pypi = ["x"]', "a table belongs here"),
        ('owners = "x"', "a table belongs here"),
        ('pypi = [{ name = "x", category = "gateway" }]', "vendor: missing"),
        ('pypi = [{ name = 7, category = "gateway", vendor = "x" }]', "name: a str belongs here"),
        ('role = [{ role = "hero", folders = [], files = [] }]', "'hero' is none of"),
        ("pipy = []", "unknown catalogue table 'pipy'"),
        ('pypi = [{ name = "x", category = "gateway", vendor = "x", modul = [] }]', "modul"),
        ('pypi = [{ name = "x", category = "fun", vendor = "x" }]', "category"),
        ('terraform = [{ type = "x_y", kind = "robot", provider = "x" }]', "unknown kind 'robot'"),
        (
            'family = [{ name = "x", vendor = "x", stems = ["x"], pattern = "(",'
            ' example = "x", not_example = "y" }]',
            "is wrong",
        ),
    ],
)
def test_a_wrong_users_file_is_refused_with_the_place(tmp_path: Path, text: str, said: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text)

    with pytest.raises(ConfigError, match=said):
        load_catalogue(own)


def test_a_table_that_is_not_there_says_so() -> None:
    with pytest.raises(ConfigError, match="no catalogue table 'nothing'"):
        read_table("nothing")


def test_loading_it_needs_no_heavy_library() -> None:
    program = (
        "import sys; import connectors.code, connectors.code.trees; "
        "from connectors.catalogue import load_catalogue; "
        "from connectors.code.registry import formats_for; "
        "formats_for(load_catalogue()).prefilter; "
        "print(sorted({'pydantic', 'sqlalchemy', 'requests', 'boto3', 'yaml'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "[]"


def test_places_of_models_are_read_in_either_quotes() -> None:
    places = [row for row in load_catalogue().place if '"' in row.example and '"' not in row.literal]
    rows = [row for row in places if "x27]" in row.pattern]

    assert len(rows) > 10
    assert [
        row.name for row in rows if not compile_pattern(row.pattern).search(row.example.replace('"', "'"))
    ] == []
