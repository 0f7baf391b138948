"""Every registered connector keeps every promise of the contract."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec

import pytest

from connectors import registry
from tests.conformance import CHECKS, Harness


def _harness(name: str) -> Harness:
    module = f"tests.harness_{name}"
    if find_spec(module) is None:
        pytest.fail(
            f"the connector {name!r} has no {module.replace('.', '/')}.py; no connector goes unchecked"
        )
    made: Harness = import_module(module).harness()
    return made


def _narrowed(harness: Harness, check: str) -> Harness:
    """Return the harness, or the smaller one that it says is enough for a check."""
    smaller: Callable[[str], Harness] | None = getattr(harness, "for_check", None)
    return smaller(check) if smaller else harness


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", registry.names())
def test_connector_keeps_the_promise(name: str, check: str) -> None:
    harness = _harness(name)
    reason = harness.not_applicable.get(check)
    if reason:
        pytest.skip(f"{name}: {reason}")

    CHECKS[check](_narrowed(harness, check))


@pytest.mark.parametrize("name", registry.names())
def test_a_harness_excuses_its_connector_only_from_known_checks_and_with_a_reason(name: str) -> None:
    harness = _harness(name)

    assert harness.name == name
    assert set(harness.not_applicable) <= set(CHECKS)
    assert all(len(reason) > 10 for reason in harness.not_applicable.values())
