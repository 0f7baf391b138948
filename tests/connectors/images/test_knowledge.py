"""The table of what images hold is whole, and each of its patterns proves itself."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from connectors.images.installed import reader_of
from connectors.images.knowledge import ModelStore, load_knowledge, table_version
from connectors.patterns import compile_pattern

ROWS = load_knowledge()


def test_nothing_is_there_twice() -> None:
    names = [
        *(f"registry {row.host}" for row in ROWS.registry),
        *(f"installed {row.name}" for row in ROWS.installed),
        *(f"package {row.manager} {row.name}" for row in ROWS.os_package),
        *(f"store {row.name}" for row in ROWS.model_store),
        *(f"folder {name}" for name in (*ROWS.system_folders, *ROWS.application_folders)),
    ]

    assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.mark.parametrize("row", ROWS.installed, ids=lambda row: row.name)
def test_every_reader_is_there(row: object) -> None:
    assert callable(reader_of(row.reader))  # type: ignore[attr-defined]


@pytest.mark.parametrize("row", ROWS.model_store, ids=lambda row: row.name)
def test_every_store_matches_its_example_and_not_the_other(row: ModelStore) -> None:
    pattern = compile_pattern(row.pattern)

    assert pattern.search(row.example)
    assert row.literal in f"/{row.example}"
    assert not pattern.search(row.not_example)


def test_hosts_are_hosts() -> None:
    hosts = [host for row in ROWS.registry for host in (row.host, *row.token_hosts, *row.blob_hosts)]

    assert [host for host in hosts if not re.fullmatch(r"(?:[a-z0-9*-]+\.)+[a-z]+", host)] == []


def test_no_registry_may_lead_anywhere() -> None:
    hosts = [host for row in ROWS.registry for host in (*row.token_hosts, *row.blob_hosts)]

    assert [host for host in hosts if host.removeprefix("*.").count(".") < 1 or host == "*"] == []


def test_the_version_is_that_of_the_content() -> None:
    assert re.fullmatch(r"[0-9a-f]{12}", table_version())
