"""A finding's fingerprint says whether anything changed, and nothing secret leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import ContractError
from connectors.hygiene import canonical, clean, fingerprint
from connectors.model import Evidence, Grade, Link, NaturalKey, RelationKind
from tests.connectors.toys import SEEN_AT, finding


def test_when_it_was_observed_does_not_change_the_fingerprint() -> None:
    first = clean(finding("x"))
    later = Evidence(source="toy", locator="toy://x", observed_at=SEEN_AT + timedelta(days=1))

    second = clean(finding("x", evidence=(later,)))

    assert second.fingerprint == first.fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"grade": Grade.DECLARED},
        {"attributes": {"a": 1}},
        {"tags": {"owner": "team-a"}},
        {"name": "y"},
        {"region": "eu-west-1"},
        {"links": (Link(relation=RelationKind.CALLS, target=NaturalKey(namespace="n", key="k")),)},
    ],
)
def test_every_other_change_changes_the_fingerprint(change: dict[str, object]) -> None:
    assert clean(finding("x", **change)).fingerprint != clean(finding("x")).fingerprint


@given(st.dictionaries(st.text(max_size=5), st.integers(-(2**53), 2**53) | st.text(max_size=5), max_size=5))
def test_the_order_of_attributes_does_not_matter(attributes: dict[str, object]) -> None:
    backwards = dict(reversed(attributes.items()))

    assert canonical(finding("x", attributes=attributes)) == canonical(finding("x", attributes=backwards))


def test_a_connectors_own_fingerprint_is_kept() -> None:
    assert clean(finding("x", fingerprint="its-own")).fingerprint == "its-own"


def test_data_that_is_not_json_breaks_the_contract() -> None:
    with pytest.raises(ContractError, match="not JSON"):
        clean(finding("x", attributes={"bad": object()}))


def test_two_things_told_apart_only_by_a_secret_stay_two() -> None:
    keys = ["sk-abcdefghijklmnop-0001", "sk-abcdefghijklmnop-0002"]

    cleaned = [clean(finding("x", natural_key=NaturalKey(namespace="toy", key=key))) for key in keys]

    shown = {item.natural_key.key for item in cleaned}
    assert len(shown) == 2
    assert not any("abcdefghijklmnop" in key for key in shown)


def test_a_fingerprint_is_twenty_hexadecimal_characters() -> None:
    assert len(fingerprint(b"x")) == 20
