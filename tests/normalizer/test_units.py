from __future__ import annotations

import pytest

from normalizer.units import Unit, check, entity_of, holder_of, owner_of

GROUP = Unit(name="Group", lead="gina@acme.example", legal_entity="Acme plc")
RETAIL = Unit(name="Retail", parent="Group", scopes=("1111*", "github.com/acme-retail/*"))
SHOPS = Unit(name="Shops", parent="Retail", scopes=("11112222*",), default_owner="sam@acme.example")
TREE = {unit.name: unit for unit in (GROUP, RETAIL, SHOPS)}


@pytest.mark.parametrize(
    ("units", "said"),
    [
        ([Unit(name="A", parent="A")], "each other's parents: A -> A"),
        ([Unit(name="A", parent="B"), Unit(name="B", parent="A")], "each other's parents: A -> B -> A"),
        (
            [Unit(name="A", parent="B"), Unit(name="B", parent="C"), Unit(name="C", parent="B")],
            "each other's parents: B -> C -> B",
        ),
        ([Unit(name="Retail"), Unit(name="Shops", parent="Retial")], "did you mean 'Retail'"),
        ([Unit(name="A"), Unit(name="A")], "the unit 'A' is there 2 times"),
        ([Unit(name=" ")], "a unit without a name"),
    ],
    ids=["own", "two", "behind", "unknown", "twice", "empty"],
)
def test_a_tree_that_is_none_is_refused_with_what_is_wrong(units: list[Unit], said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        check(units)


def test_the_nearest_pattern_says_whose_something_is() -> None:
    units = list(TREE.values())

    assert holder_of(units, ["111122223333"]) == SHOPS
    assert holder_of(units, ["111133334444"]) == RETAIL
    assert holder_of(units, ["", "github.com/acme-retail/shop"]) == RETAIL
    assert holder_of(units, ["999"]) is None


def test_entity_and_owner_come_from_above_where_a_unit_has_none() -> None:
    check(list(TREE.values()))

    assert entity_of(SHOPS, TREE) == "Acme plc"
    assert [owner_of(unit, TREE) for unit in (SHOPS, RETAIL)] == ["sam@acme.example", "gina@acme.example"]
