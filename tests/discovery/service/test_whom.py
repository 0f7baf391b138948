from __future__ import annotations

from collections.abc import Iterator

import pytest

from discovery.service import cases, decisions, inventory, owner_requests, people, system_standing
from discovery.service.alert_decisions import AlertAction, decide_alert
from discovery.service.errors import DecisionError
from discovery.service.permissions import os_actor
from store import Store, open_store
from store.audit import Actor
from tests.estate import ALICE, Estate, finding

KEY = b"0123456789abcdef"


@pytest.fixture
def store(sqlite_store_url: str) -> Iterator[Store]:
    """Open a store on one database, with one system that Dana answers for."""
    with open_store(sqlite_store_url) as opened:
        Estate(opened).show(finding("helper"))
        decisions.set_owner(opened, "helper", "dana.kim@acme.example", actor=ALICE)
        yield opened


@pytest.mark.parametrize("said", ["dana.kim@", "@acme.example@", "dana@acme", "dana kim@acme@example.org"])
def test_what_is_no_address_answers_for_nothing(store: Store, said: str) -> None:
    with pytest.raises(DecisionError, match="is not an address"):
        decisions.set_owner(store, "helper", said, actor=ALICE)
    with pytest.raises(DecisionError, match="is not an address"):
        owner_requests.ask(store, "helper", said, actor=ALICE, key=KEY)
    with pytest.raises(DecisionError, match="is not an address"):
        cases.assign_case(store, "helper", said, actor=ALICE)
    with pytest.raises(DecisionError, match="is not an address"):
        system_standing.add(store, "Scoring", kind="agent", owner=said, actor=ALICE)

    assert [one.label for one in people.everyone(store) if "dana" in one.label] == ["dana.kim@acme.example"]
    assert inventory.get_system(store, "helper").owner == "dana.kim@acme.example"


def test_an_address_that_nothing_named_before_may_be_a_slip_and_is_told(store: Store) -> None:
    slip = decisions.set_owner(store, "helper", "dana.kim@acme.exampel", actor=ALICE)
    asked = owner_requests.ask(store, "helper", "zoe@other.example", actor=ALICE, key=KEY)
    known = decisions.set_owner(store, "helper", "Dana.Kim@acme.example", actor=ALICE)

    assert "nothing has named dana.kim@acme.exampel before" in slip.warnings[-1]
    assert slip.warnings[-1].endswith("did you mean dana.kim@acme.example?")
    assert asked.warnings == ["nothing has named zoe@other.example before, who is now on record"]
    assert not any("nothing has named" in one for one in known.warnings)


def test_nobody_who_has_left_is_named(store: Store) -> None:
    people.set_active(store, "dana.kim@acme.example", active=False, actor=ALICE, reason="has left")

    with pytest.raises(DecisionError, match="no longer active"):
        owner_requests.ask(store, "helper", "dana.kim@acme.example", actor=ALICE, key=KEY)
    with pytest.raises(DecisionError, match="no longer active"):
        system_standing.add(store, "Scoring", kind="agent", owner="dana.kim@acme.example", actor=ALICE)


def test_who_acted_at_a_command_line_can_be_assigned_and_others_of_that_form_cannot(store: Store) -> None:
    otto = Actor(name="otto@vm", kind="os", authenticated=False)
    decisions.set_owner(store, "helper", "eve@acme.example", actor=otto)
    (alert, *_) = [one.alert_id for one in inventory.list_alerts(store)]
    here = "zoe@" + os_actor().name.rpartition("@")[2].lower()

    for who in ("otto@vm", here):
        given = decide_alert(store, alert, AlertAction.ASSIGN, actor=ALICE, assignee=who)
        assert given.assignee == who.casefold()
    owned = decisions.set_owner(store, "helper", "otto@vm", actor=ALICE)

    assert owned.system.owner == "otto@vm"
    with pytest.raises(DecisionError, match="is not an address"):
        decide_alert(store, alert, AlertAction.ASSIGN, actor=ALICE, assignee="otto@elsewhere")
