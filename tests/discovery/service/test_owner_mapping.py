from __future__ import annotations

import pytest

from connectors.model import OwnerHint
from discovery.service import decisions, inventory, owner_mapping, people
from discovery.service.errors import DecisionError, NotFound
from store import Store, owner_maps
from store.audit import Actor
from tests.estate import Estate, finding

BO = Actor(name="bo@acme.example", kind="user", authenticated=True)
DANA, ZOE = "dana@acme.example", "zoe@acme.example"
TEAM = "ml-platform"


def show(store: Store, *names: str) -> Estate:
    estate = Estate(store)
    estate.show(*(finding(name, tags={"owner": TEAM}) for name in names))
    return estate


def proposed(store: Store, system: str) -> list[str]:
    return [one.party for one in inventory.get_system(store, system).owner_candidates]


def test_whom_a_value_means_is_proposed_with_the_reason_and_never_accepted(store: Store) -> None:
    show(store, "helper", "scorer")

    done = owner_mapping.map_value(store, TEAM, DANA, actor=BO)

    (one,) = inventory.get_system(store, "scorer").owner_candidates
    assert done.systems == 2
    assert (one.party, one.confidence) == (DANA, 0.9)
    assert one.reasons[0].startswith(f"tag owner={TEAM}, mapped by bo@acme.example on 20")
    assert inventory.get_system(store, "scorer").owner is None


def test_a_system_that_is_seen_later_is_proposed_to_them_too(store: Store) -> None:
    estate = show(store, "helper")
    owner_mapping.map_value(store, TEAM, DANA, actor=BO)

    estate.show(*(finding(name, tags={"owner": TEAM}) for name in ("helper", "later")))

    assert proposed(store, "later") == [DANA]


def test_setting_somebody_after_declining_a_tags_value_says_what_it_means(store: Store) -> None:
    show(store, "helper", "scorer")
    decisions.decline_owner(store, "helper", TEAM, actor=BO, reason="they only host it")

    done = decisions.set_owner(store, "helper", DANA, actor=BO)

    assert any("aicensus owner unmap ml-platform" in one for one in done.warnings)
    assert proposed(store, "scorer") == [DANA]
    assert [(one.value, one.party) for one in owner_mapping.listed(store)] == [(TEAM, DANA)]


def test_setting_somebody_without_declining_says_nothing_of_the_value(store: Store) -> None:
    show(store, "helper", "scorer")

    decisions.set_owner(store, "helper", DANA, actor=BO)

    assert owner_mapping.listed(store) == []
    assert proposed(store, "scorer") == [TEAM]


def test_a_person_who_answers_elsewhere_is_no_value_for_another(store: Store) -> None:
    Estate(store).show(*(finding(name, tags={"owner": ZOE}) for name in ("helper", "scorer")))
    decisions.accept_owner(store, "scorer", actor=BO)
    decisions.decline_owner(store, "helper", ZOE, actor=BO, reason="not hers")

    decisions.set_owner(store, "helper", DANA, actor=BO)

    assert owner_mapping.listed(store) == []


def test_what_a_commit_says_is_no_value_to_map(store: Store) -> None:
    hint = OwnerHint(candidate=ZOE, source="git committer", confidence=0.5, why="last commit")
    Estate(store).show(finding("helper", owner_hints=(hint,)))
    decisions.decline_owner(store, "helper", ZOE, actor=BO, reason="not hers")

    decisions.set_owner(store, "helper", DANA, actor=BO)

    assert owner_mapping.listed(store) == []


def test_a_mapping_that_is_undone_proposes_the_value_again(store: Store) -> None:
    show(store, "helper")
    owner_mapping.map_value(store, TEAM, DANA, actor=BO)

    owner_mapping.unmap(store, "ml-platform", actor=BO, reason="they have a lead now")

    assert proposed(store, "helper") == [TEAM]
    assert owner_mapping.listed(store) == []


def test_somebody_who_has_left_is_not_proposed_by_a_mapping(store: Store) -> None:
    estate = show(store, "helper")
    owner_mapping.map_value(store, TEAM, DANA, actor=BO)
    people.set_active(store, DANA, active=False, actor=BO, reason="left")

    estate.show(finding("helper", tags={"owner": TEAM, "stage": "live"}))

    assert proposed(store, "helper") == [TEAM]


def test_erasing_a_person_forgets_what_stands_for_them_and_what_they_made(store: Store) -> None:
    show(store, "helper")
    owner_mapping.map_value(store, TEAM, DANA, actor=BO)
    owner_mapping.map_value(store, "data-team", ZOE, actor=BO)
    erica = Actor(name="erica@acme.example", kind="user", authenticated=True)

    people.erase(store, DANA, actor=erica, reason="asked for it")
    people.erase(store, ZOE, actor=erica, reason="asked for it")

    with store.read() as tx:
        assert owner_maps.every(tx.conn) == []
    assert decisions.verify_audit(store).ok


def test_the_log_keeps_ids_only(store: Store) -> None:
    show(store, "helper")
    decisions.decline_owner(store, "helper", TEAM, actor=BO, reason="no")
    decisions.set_owner(store, "helper", DANA, actor=BO)
    owner_mapping.unmap(store, TEAM, actor=BO, reason="no")

    from sqlalchemy import select

    from store.schema import audit

    with store.read() as tx:
        told = " ".join(tx.conn.execute(select(audit.c.body)).scalars())
    assert "owner.unmap" in told
    assert TEAM not in told
    assert DANA not in told


@pytest.mark.parametrize(
    ("value", "party", "said"),
    [
        (TEAM, TEAM, "means itself"),
        (" ", DANA, "1 to 200"),
        ("a, b", DANA, "names several"),
        (TEAM, "dependabot[bot]", "cannot answer"),
        (TEAM, "dana@", "is not an address"),
    ],
)
def test_what_cannot_be_mapped_is_refused(store: Store, value: str, party: str, said: str) -> None:
    with pytest.raises(DecisionError, match=said):
        owner_mapping.map_value(store, value, party, actor=BO)

    assert owner_mapping.listed(store) == []


def test_what_is_not_mapped_cannot_be_undone(store: Store) -> None:
    owner_mapping.map_value(store, TEAM, DANA, actor=BO)

    with pytest.raises(NotFound, match="stands for nobody else") as caught:
        owner_mapping.unmap(store, "ml-platfrm", actor=BO, reason="no")

    assert "'ml-platform'" in (caught.value.hint or "")
