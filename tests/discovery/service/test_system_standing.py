from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from discovery.service import decisions, inventory, people, records, system_standing, unit_views
from discovery.service.errors import DecisionError, NotFound
from discovery.service.inventory import SystemFilter
from normalizer.units import Unit
from store import Store, linkage, open_store, systems, units
from tests.estate import ALICE, Estate, finding, names, revision


@pytest.fixture
def store(sqlite_store_url: str) -> Iterator[Store]:
    """Open a store on one database: what is written here both databases take alike."""
    with open_store(sqlite_store_url) as opened:
        yield opened


def test_a_system_that_no_scanner_sees_stays_through_scans(store: Store) -> None:
    purpose = "Scores applications for consumer credit; staff decide on each of them."
    decided = system_standing.add(
        store, "Credit scoring", kind="saas_tool", actor=ALICE, purpose=purpose, owner="ana@acme.example"
    )
    Estate(store).show(finding("other"))

    systems.regroup(store, None)
    linkage.relink(store, None)

    found = inventory.get_system(store, "Credit scoring")
    assert (found.state, found.kind, found.owner) == ("registered", "saas_tool", "ana@acme.example")
    assert (found.oversight.purpose, found.assets) == (purpose, [])
    assert decided.system.system_id == found.system_id


def test_without_an_owner_it_is_a_candidate(store: Store) -> None:
    decided = system_standing.add(store, "Credit scoring", kind="saas_tool", actor=ALICE)

    assert (decided.system.state, decided.system.why) == ("candidate", "a person added it")


def test_what_is_registered_rejected_or_retired_stays_so_through_scans(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("kept"), finding("wrong"), finding("old"))
    decisions.set_owner(store, "kept", "ana@acme.example", actor=ALICE)

    system_standing.register(store, "kept", actor=ALICE)
    system_standing.reject(store, "wrong", code="not_ai", reason="a mail filter", actor=ALICE)
    warnings = system_standing.retire(store, "old", reason="replaced", actor=ALICE).warnings
    estate.show(finding("wrong"), finding("old", attributes={"x": 1}))
    estate.show(finding("wrong"), finding("old"))

    states = {one.name: one.state for one in inventory.list_systems(store, SystemFilter(states=_ALL))}
    assert states == {"kept": "registered", "wrong": "rejected", "old": "retired"}
    assert "1 of its assets" in warnings[0]


_ALL = ("candidate", "registered", "governed", "retired", "rejected")
_Deed = Callable[[Store], Any]


def call(verb: str, *given: Any, **more: Any) -> _Deed:
    return lambda store: getattr(system_standing, verb)(store, *given, actor=ALICE, **more)


BAD = (
    (call("register", "kept"), "nobody has accepted"),
    (call("reject", "kept", code="dunno", reason="x"), "no reason code"),
    (call("reject", "kept", code="not_ai", reason=""), "a reason"),
    (call("add", "Kept", kind="saas_tool"), "a system 'Kept' already"),
    (call("add", "New", kind="sas_tool"), "no kind of system"),
    (call("add", "  ", kind="saas_tool"), "1 to 200 characters"),
    (call("add", "New", kind="saas_tool", owner="renovate-bot"), "cannot answer"),
    (call("add", "New", kind="saas_tool", unit="Nowhere"), "no unit 'Nowhere'"),
    (call("assign", "kept", "Nowhere"), "no unit 'Nowhere'"),
    (call("put_unit", Unit(name="A", parent="A")), "each other's parents"),
    (call("remove_unit", "A", reason="x"), "no unit 'A'"),
)


def test_bad_requests_say_what_is_wrong_and_change_nothing(store: Store) -> None:
    Estate(store).show(finding("kept"))
    before = revision(store)

    for deed, said in BAD:
        with pytest.raises((DecisionError, NotFound), match=said):
            deed(store)

    assert revision(store) == before
    assert names(inventory.list_systems(store)) == ["kept"]


def test_units_are_a_tree_with_what_is_theirs(store: Store) -> None:
    Estate(store).show(finding("helper"), finding("other"))
    group = Unit(name="Group", lead="gina@acme.example", legal_entity="Acme plc", scopes=("1111*",))

    for unit in (group, Unit(name="Shops", parent="Group")):
        system_standing.put_unit(store, unit, actor=ALICE)
    system_standing.assign(store, "other", "Shops", actor=ALICE)

    shown = [(one.name, one.depth, one.legal_entity, one.systems) for one in unit_views.list_units(store)]
    assert shown == [("Group", 0, "Acme plc", 1), ("Shops", 1, "Acme plc", 1)]


def test_units_cannot_become_a_circle_and_parents_cannot_be_removed(store: Store) -> None:
    for unit in (Unit(name="A"), Unit(name="B", parent="A")):
        system_standing.put_unit(store, unit, actor=ALICE)

    with pytest.raises(DecisionError, match="A -> B -> A"):
        system_standing.put_unit(store, Unit(name="A", parent="B"), actor=ALICE)
    with pytest.raises(DecisionError, match="the parent of B"):
        system_standing.remove_unit(store, "A", reason="x", actor=ALICE)

    assert [unit.name for unit in system_standing.remove_unit(store, "B", reason="x", actor=ALICE)] == ["A"]


def test_units_of_the_configuration_follow_it_and_persons_do_not_change_them(store: Store) -> None:
    units.sync(store, [Unit(name="A"), Unit(name="B", parent="A")])
    system_standing.put_unit(store, Unit(name="Own"), actor=ALICE)

    with pytest.raises(DecisionError, match="kept in the configuration"):
        system_standing.put_unit(store, Unit(name="A", lead="x"), actor=ALICE)
    changed = units.sync(store, [Unit(name="A", lead="ana@acme.example")])
    again = units.sync(store, [Unit(name="A", lead="ana@acme.example")])

    assert (changed, again) == (True, False)
    assert [(one.name, one.source) for one in unit_views.list_units(store)] == [
        ("A", "config"),
        ("Own", "person"),
    ]


def test_a_registered_system_is_governed_when_owner_and_record_are_in_place(store: Store) -> None:
    Estate(store).show(finding("ask"))
    with pytest.raises(DecisionError, match="only one that is registered can be governed"):
        system_standing.govern(store, "ask", actor=ALICE)
    decisions.set_owner(store, "ask", "ana@acme.example", actor=ALICE)
    system_standing.register(store, "ask", actor=ALICE)
    with pytest.raises(DecisionError, match="no complete oversight record; it lacks: purpose, data"):
        system_standing.govern(store, "ask", actor=ALICE)
    records.change(store, "ask", ANSWERS, actor=ALICE)

    governed = system_standing.govern(store, "ask", actor=ALICE)
    back = system_standing.register(store, "ask", actor=ALICE, reason="not yet")

    assert (governed.system.state, back.system.state) == ("governed", "registered")
    assert decisions.verify_audit(store).ok


def test_an_owner_who_has_left_registers_nothing(store: Store) -> None:
    Estate(store).show(finding("ask"))
    decisions.set_owner(store, "ask", "ana@acme.example", actor=ALICE)
    people.set_active(store, "ana@acme.example", active=False, actor=ALICE, reason="has left")

    with pytest.raises(DecisionError, match="nobody has accepted"):
        system_standing.register(store, "ask", actor=ALICE)


ANSWERS = {
    "purpose.statement": "Answers questions of customers about their orders.",
    "data.categories": "internal",
    "oversight.mode": "in_the_loop",
    "oversight.description": "A person approves every answer.",
    "reviews.next_due_at": "2099-05-01",
}
