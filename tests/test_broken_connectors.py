"""The conformance suite catches what it is there to catch."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import plugins
from tests.broken_connectors import BROKEN, Good, VendorHarness, targets
from tests.conformance import CHECKS


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugins.install(tmp_path / "plugins", monkeypatch, targets())


def failing(connector: type[Good]) -> set[str]:
    failed = set()
    for name, check in CHECKS.items():
        try:
            check(VendorHarness(connector))
        except (AssertionError, KeyError):
            failed.add(name)
    return failed


def test_a_connector_that_keeps_the_contract_passes_every_check() -> None:
    assert failing(Good) == set()


@pytest.mark.parametrize("connector", BROKEN, ids=lambda one: one.__name__)
def test_a_broken_connector_fails_exactly_the_checks_it_breaks(connector: type[Good]) -> None:
    assert failing(connector) == BROKEN[connector]


def test_every_check_is_failed_by_some_broken_connector() -> None:
    assert set().union(*BROKEN.values()) == set(CHECKS)
