from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors import clock
from discovery.service import (
    decisions,
    explaining,
    inventory,
    record_showing,
    records,
    system_merging,
    system_standing,
)
from discovery.service.errors import DecisionError, NotFound
from normalizer.units import Unit
from store import Store, linkage
from tests.estate import ALICE, Estate, by_name, code, finding, revision

REPO = "github.com/acme/support"


@pytest.fixture
def estate(store: Store) -> Estate:
    """Return an estate of a repository, what was built from it, and two things of their own."""
    made = Estate(store)
    built = {"source_repository": f"https://{REPO}"}
    made.show(
        code("openai", unit=".", namespace=f"code/{REPO}", account=REPO),
        connector="code",
        label=f"https://{REPO}",
    )
    made.show(finding("helper", attributes=built), finding("shop"), finding("till"), scope="222")
    linkage.relink(store, None)
    return made


def listed(store: Store) -> dict[str, int]:
    return {one.name: len(one.assets) for one in inventory.list_systems(store)}


def test_a_merge_keeps_the_old_id_as_an_alias(store: Store, estate: Estate) -> None:
    old = inventory.get_system(store, "till").system_id

    decided = system_merging.merge(store, "till", "shop", actor=ALICE, reason="one product")

    assert listed(store) == {"support": 2, "shop": 2}
    assert decided.system.aliases == [old]
    assert inventory.get_system(store, old).name == "shop"
    assert decisions.verify_audit(store).entries == 1


def test_a_merge_holds_against_the_next_scan(store: Store, estate: Estate) -> None:
    system_merging.merge(store, "till", "shop", actor=ALICE, reason="one product")
    before = revision(store)

    linkage.relink(store, None)

    assert (listed(store), revision(store)) == ({"support": 2, "shop": 2}, before)


def test_owner_and_record_go_along_where_the_other_has_none(store: Store, estate: Estate) -> None:
    decisions.set_owner(store, "till", "ana@acme.example", actor=ALICE)
    answers = decisions.OversightAnswers(purpose="Counts what is left in the till every evening, for people.")
    decisions.record_oversight(store, "till", answers, actor=ALICE)

    system_merging.merge(store, "till", "shop", actor=ALICE, reason="one product")

    shop = inventory.get_system(store, "shop")
    assert (shop.owner, shop.oversight.purpose) == ("ana@acme.example", answers.purpose)


def test_an_undone_merge_brings_everything_back(store: Store, estate: Estate) -> None:
    decisions.set_owner(store, "till", "ana@acme.example", actor=ALICE)
    old = inventory.get_system(store, "till").system_id
    system_merging.merge(store, "till", "shop", actor=ALICE, reason="one product")

    system_merging.undo(store, "shop", actor=ALICE, reason="two after all")

    till = inventory.get_system(store, "till")
    assert (till.system_id, till.owner, till.state) == (old, "ana@acme.example", "candidate")
    assert listed(store) == {"support": 2, "shop": 1, "till": 1}


def test_what_links_merged_and_a_person_took_apart_stays_apart(store: Store, estate: Estate) -> None:
    (alias,) = inventory.get_system(store, "support").aliases

    system_merging.undo(store, alias, actor=ALICE, reason="not its image")
    linkage.relink(store, None)

    assert listed(store) == {"support": 1, "helper": 1, "shop": 1, "till": 1}
    explained = explaining.explain(store, "helper")
    assert [one.blocked_by for one in explained.links] == ["a person said that they are not the same"]


def test_an_asset_that_was_split_off_stays_so(store: Store, estate: Estate) -> None:
    system_merging.merge(store, "till", "shop", actor=ALICE, reason="one product")
    till = by_name(inventory.list_assets(store), "till").asset_id

    decided = system_merging.split(
        store, "shop", assets=[till], name="Tills", actor=ALICE, reason="another team's"
    )
    linkage.relink(store, None)
    estate.show(
        finding("shop"), finding("till", attributes={"changed": True}), finding("helper"), scope="222"
    )

    assert decided.system.name == "Tills"
    assert (listed(store)["Tills"], listed(store)["shop"]) == (1, 1)
    assert explaining.explain(store, "Tills").apart[0].name == "shop"


def test_one_asset_of_a_group_can_be_split_off_and_put_back(store: Store) -> None:
    Estate(store).show(finding("a", application="shop"), finding("b", application="shop"))
    asset_id = by_name(inventory.list_assets(store), "b").asset_id

    system_merging.split(store, "shop", assets=[asset_id], actor=ALICE, reason="another team's")
    linkage.relink(store, None)
    apart = listed(store)
    system_merging.undo(store, "shop", actor=ALICE, reason="no")

    assert apart == {"shop": 1, "b": 1}
    assert listed(store) == {"shop": 2}


def test_a_suggestion_is_accepted_or_rejected_for_ever(store: Store) -> None:
    estate = Estate(store)
    key = {"key_fingerprint": "fp"}
    pairs = [
        finding("alpha-tool", attributes=key),
        finding("bravo-tool", attributes=key, account="2"),
        finding("charlie", attributes={"key_fingerprint": "f2"}),
        finding("delta", attributes={"key_fingerprint": "f2"}, account="2"),
    ]
    estate.show(*pairs)
    linkage.relink(store, None)
    first, second = sorted(explaining.suggestions(store), key=lambda one: one.left_name)

    asked_at = clock.now()
    system_merging.accept_suggestion(store, first.suggestion, actor=ALICE)
    system_merging.reject_suggestion(store, second.suggestion, actor=ALICE, reason="two products")
    linkage.relink(store, None)

    assert sorted(listed(store).values()) == [1, 1, 2]
    assert explaining.suggestions(store) == []
    before = explaining.suggestions(store, as_of=asked_at)
    assert sorted(before, key=lambda one: one.left_name) == [first, second]
    assert len(explaining.suggestions(store, first.left_system, as_of=asked_at)) == sum(
        first.left_system in (one.left_system, one.right_system) for one in before
    )


def test_an_explanation_holds_both_evidences_and_the_strength(store: Store, estate: Estate) -> None:
    explained = explaining.explain(store, "support")

    (link,) = [one for one in explained.links if one.rule == "G3"]
    assets = {one.asset_id: one.name for one in inventory.list_assets(store)}
    assert (link.state, link.how, link.strength) == ("joined", "declares", 0.95)
    assert assets[link.right_asset] == "helper"
    assert "helper was built from github.com/acme/support" in link.why
    assert [one.by for one in explained.merges] == ["link"]
    assert sorted(one.count for one in explained.groups) == [1, 1]


def _register(store: Store, *which: str) -> None:
    for name in which:
        decisions.set_owner(store, name, "ana@acme.example", actor=ALICE)
        system_standing.register(store, name, actor=ALICE)


_Deed = Callable[[Store], Any]


def call(verb: str, *given: Any, **more: Any) -> _Deed:
    return lambda store: getattr(system_merging, verb)(store, *given, actor=ALICE, **more)


def split_asset(name: str) -> _Deed:
    def deed(store: Store) -> Any:
        asset_id = by_name(inventory.list_assets(store), name).asset_id
        return system_merging.split(store, "shop", assets=[asset_id], actor=ALICE, reason="x")

    return deed


BAD = (
    (call("merge", "shop", "shop", reason="x"), "same system already"),
    (call("merge", "nope", "shop", reason="x"), "no system 'nope'"),
    (call("merge", "till", "shop", reason=" "), "takes a reason"),
    (call("split", "shop", reason="x"), "nothing to split off"),
    (call("split", "shop", groups=["one:x"], reason="x"), "no group of that system"),
    (split_asset("till"), "no member of that system"),
    (split_asset("shop"), "everything the system has"),
    (call("undo", "shop", reason="x"), "neither merged nor split"),
    (call("accept_suggestion", 99), "no suggestion 99"),
)


def test_bad_requests_say_what_is_wrong_and_change_nothing(store: Store, estate: Estate) -> None:
    before = revision(store)

    for deed, said in BAD:
        with pytest.raises((DecisionError, NotFound), match=said):
            deed(store)

    assert revision(store) == before


def test_two_registered_systems_are_not_merged_by_a_person_either(store: Store, estate: Estate) -> None:
    _register(store, "shop", "till")
    before = revision(store)

    with pytest.raises(DecisionError, match="both registered"):
        system_merging.merge(store, "shop", "till", actor=ALICE, reason="x")

    assert revision(store) == before


def test_systems_of_two_legal_entities_are_not_merged_by_a_person_either(
    store: Store, estate: Estate
) -> None:
    for unit, entity in (("East", "Acme plc"), ("West", "Acme GmbH")):
        system_standing.put_unit(store, Unit(name=unit, legal_entity=entity), actor=ALICE)
    system_standing.assign(store, "shop", "East", actor=ALICE)
    system_standing.assign(store, "till", "West", actor=ALICE)

    with pytest.raises(DecisionError, match="'till' is of 'Acme GmbH', 'shop' of 'Acme plc'"):
        system_merging.merge(store, "till", "shop", actor=ALICE, reason="one product")

    system_standing.assign(store, "till", "East", actor=ALICE)
    merged = system_merging.merge(store, "till", "shop", actor=ALICE, reason="one product")
    assert merged.system.name == "shop"


def test_a_record_that_only_a_campaign_touched_gives_way_to_answers(store: Store, estate: Estate) -> None:
    records.change(store, "till", {"purpose.problem": "Long queues"}, actor=ALICE)
    records.change(store, "shop", {"reviews.attestation_due_at": "2099-01-01"}, actor=ALICE)

    merged = system_merging.merge(store, "till", "shop", actor=ALICE, reason="one product")

    assert merged.warnings == ["the record of 'till' is now that of 'shop'"]
    assert record_showing.show(store, "shop").of("purpose.problem").value == "Long queues"


def test_what_a_person_keeps_apart_is_merged_only_after_that_is_undone(store: Store, estate: Estate) -> None:
    system_merging.merge(store, "till", "shop", actor=ALICE, reason="one product")
    till = by_name(inventory.list_assets(store), "till").asset_id
    made = system_merging.split(store, "shop", assets=[till], actor=ALICE, reason="two").system.system_id

    with pytest.raises(DecisionError, match="not the same system"):
        system_merging.merge(store, made, "shop", actor=ALICE, reason="x")
    system_merging.undo(store, made, actor=ALICE, reason="one")

    assert listed(store) == {"support": 2, "shop": 2}
