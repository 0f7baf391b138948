from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from connectors import clock
from connectors.model import PartStatus, Role
from discovery.service import alerting, decisions, gaps, inventory, law, organisation_facts
from discovery.service.decisions import OversightAnswers
from discovery.service.errors import DecisionError, NotFound
from discovery.service.gaps import GapFilter
from discovery.service.inventory import AlertFilter
from discovery.service.views_rules import GapView
from store import Store, schema
from store.alerts import STATES
from tests.estate import ALICE, Estate, code, finding, revision

OPEN_GATEWAY = {"authorizer_type": "NONE"}
LATER = datetime(2027, 3, 1, 12, tzinfo=UTC)


def shown(found: Sequence[GapView]) -> list[tuple[str, str | None]]:
    return [(one.rule, one.system_name or one.asset_name) for one in found]


def gateway(name: str = "gate", **attributes: Any) -> Any:
    return finding(name, kind="mcp_server", attributes=attributes)


def states(store: Store) -> dict[tuple[str, str | None], str]:
    found = inventory.list_alerts(store, AlertFilter(states=STATES))
    return {(one.rule, one.system_name): one.state for one in found}


def register(store: Store, name: str) -> None:
    system_id = inventory.get_system(store, name).system_id
    with store.begin() as conn:
        changed = schema.system.update().where(schema.system.c.system_id == system_id)
        conn.execute(changed.values(state="registered"))


def record(store: Store, name: str, **values: Any) -> None:
    """Let a system have a record with these values, as if a person had given them."""
    from store import oversight
    from store.oversight import Record

    system_id = inventory.get_system(store, name).system_id
    fields = {
        field.replace("__", "."): {"value": value, "source": "human", "by": "pty_1", "at": "x"}
        for field, value in values.items()
    }
    with store.write() as tx:
        oversight.put(
            tx.conn,
            tx.rev,
            Record(
                system_id=system_id,
                fields=fields,
                complete=False,
                next_review_at=None,
                confirmed_by=None,
                confirmed_at=tx.now,
                withdrawn_at=None,
            ),
        )


def test_a_candidate_shows_few_gaps_and_opens_fewer_alerts(store: Store) -> None:
    Estate(store).show(finding("helper"))

    found = gaps.list_gaps(store, GapFilter(system="helper"))

    assert sorted(shown(found)) == [("OVR-00", "helper"), ("OWN-01", "helper"), ("OWN-04", "helper")]
    assert sorted(states(store)) == [("OVR-00", "helper"), ("OWN-01", "helper")]


def test_registered_systems_alert_for_all_that_is_high(store: Store) -> None:
    Estate(store).show(finding("helper"))
    register(store, "helper")
    record(store, "helper", lifecycle__stage="production", risk__eu_class="high_annex_iii", role=["provider"])

    alerting.evaluate(store)

    alerts = {rule for rule, _ in states(store)}
    found = gaps.list_gaps(store, GapFilter(system="helper"))
    due = {one.rule for one in found if one.status == "due" and one.severity in ("high", "critical")}
    assert alerts == due
    assert {"PUR-01", "RSK-05", "LIF-01", "OWN-04"} <= alerts
    assert {one.rule for one in found if one.status == "upcoming"} == {"OVR-02", "LIF-03", "LIF-05", "REG-01"}


def test_an_upcoming_gap_alerts_from_its_day_on(store: Store) -> None:
    Estate(store).show(finding("helper"))
    register(store, "helper")
    record(store, "helper", risk__eu_class="high_annex_iii", role=["provider"])
    day = datetime(2027, 12, 2, tzinfo=UTC)

    alerting.evaluate(store, now=day - timedelta(seconds=1))
    before = states(store)
    alerting.evaluate(store, [], now=day)

    assert ("REG-01", "helper") not in before
    assert states(store)["REG-01", "helper"] == "open"


def test_time_alone_opens_gaps_once_a_day(store: Store) -> None:
    Estate(store).show(finding("helper"))
    week = clock.now() + timedelta(days=8)

    first = alerting.evaluate(store, [], now=week)
    before = revision(store)
    second = alerting.evaluate(store, [], now=week + timedelta(minutes=1))

    assert (len(first.opened), second) == (1, alerting.AlertChanges())
    assert revision(store) == before
    assert states(store)["INV-02", "helper"] == "open"


def test_a_clock_that_goes_back_changes_nothing(store: Store) -> None:
    Estate(store).show(finding("helper"))
    alerting.evaluate(store, [], now=LATER)
    before = revision(store)

    alerting.evaluate(store, [], now=LATER - timedelta(days=1))

    assert revision(store) == before


def test_an_open_gateway_alerts_as_an_asset_of_its_system(store: Store) -> None:
    estate = Estate(store)
    estate.show(gateway(**OPEN_GATEWAY))

    alert = next(one for one in inventory.list_alerts(store) if one.rule == "SEC-01")
    (asset,) = inventory.list_assets(store)
    assert (alert.asset_id, alert.system_name, alert.severity) == (asset.asset_id, "gate", "critical")
    assert gaps.list_gaps(store, GapFilter(subject="asset"))[0].asset_name == "gate"

    estate.show(gateway(authorizer_type="AWS_IAM"))
    assert states(store)["SEC-01", "gate"] == "resolved"
    estate.show(gateway(**OPEN_GATEWAY))
    assert states(store)["SEC-01", "gate"] == "open"
    assert len([one for one in states(store) if one[0] == "SEC-01"]) == 1


def test_an_alert_of_an_asset_goes_with_it(store: Store) -> None:
    estate = Estate(store)
    estate.show(
        finding("gate", kind="mcp_server", attributes=OPEN_GATEWAY, application="shop"),
        *(finding(name, application="shop") for name in "ab"),
    )
    (before,) = [one for one in inventory.list_alerts(store) if one.rule == "SEC-01"]

    estate.show(
        finding("gate", kind="mcp_server", attributes=OPEN_GATEWAY, application="till"),
        *(finding(name, application="shop") for name in "ab"),
    )

    (after,) = [one for one in inventory.list_alerts(store) if one.rule == "SEC-01"]
    assert after.alert_id == before.alert_id
    assert after.system_id == inventory.get_asset(store, "gate").system_id != before.system_id


def test_an_alert_of_an_asset_that_is_gone_resolves(store: Store) -> None:
    estate = Estate(store)
    estate.show(gateway(**OPEN_GATEWAY), finding("helper"))

    estate.show(finding("helper"))
    estate.show(finding("helper"))

    assert states(store)["SEC-01", "gate"] == "resolved"


def test_a_gateway_in_test_code_does_not_alert(store: Store) -> None:
    Estate(store).show(code("gate", kind="mcp_server", role=Role.TEST, attributes=OPEN_GATEWAY))

    assert states(store) == {}


def test_the_organisation_alerts_once_something_was_said_of_it(store: Store) -> None:
    Estate(store).show(finding("helper"))
    assert ("ORG-01", None) not in states(store)
    assert {one.rule for one in gaps.list_gaps(store, GapFilter(subject="organisation"))} >= {
        "ORG-01",
        "ORG-09",
    }

    organisation_facts.say(store, "concerns.route_ref", "https://example.org/speak-up", actor=ALICE)
    assert states(store)["ORG-01", None] == "open"
    organisation_facts.say(store, "policy.ref", "https://example.org/ai", actor=ALICE)
    assert states(store)["ORG-01", None] == "resolved"
    organisation_facts.unsay(store, "policy.ref", actor=ALICE, reason="withdrawn")
    assert states(store)["ORG-01", None] == "open"

    assert decisions.verify_audit(store).ok


def test_a_scope_that_was_not_read_for_a_week_is_a_gap_of_the_organisation(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"))
    estate.show(finding("helper"), status=PartStatus.DENIED)

    def stale(now: datetime) -> bool:
        found = gaps.list_gaps(store, GapFilter(rule="ORG-08"), now=now)
        return bool(found)

    assert not stale(clock.now() + timedelta(days=6))
    assert stale(clock.now() + timedelta(days=8))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("policy.ref", " ", "is empty"),
        ("public_authority", "maybe", "is one of yes, no"),
        ("internal_audit.last_at", "soon", "is not a day"),
        ("internal_audit.last_at", "2999-01-01", "cannot lie ahead"),
        ("A.9.2", "not_applicable", "say why"),
    ],
)
def test_what_cannot_be_said_is_refused_and_nothing_is_kept(
    store: Store, key: str, value: str, message: str
) -> None:
    before = revision(store)

    with pytest.raises(DecisionError, match=message):
        organisation_facts.say(store, key, value, actor=ALICE)

    assert revision(store) == before
    assert all(one.value is None for one in organisation_facts.show(store))


def test_an_unknown_fact_names_the_nearest(store: Store) -> None:
    with pytest.raises(NotFound) as caught:
        organisation_facts.say(store, "policy.reff", "x", actor=ALICE)

    assert caught.value.hint == "Did you mean policy.ref?"


def test_an_exception_in_order_covers_its_rule_until_its_day(store: Store) -> None:
    Estate(store).show(finding("helper"))
    register(store, "helper")
    item = {
        "rule": "OWN-01",
        "state": "active",
        "approved_by": "Bo",
        "reason": "pilot",
        "expires_at": "2027-01-31",
    }
    record(store, "helper", exceptions=[item])

    alerting.evaluate(store)

    assert states(store)["OWN-01", "helper"] == "resolved"
    (gap,) = gaps.list_gaps(store, GapFilter(system="helper", rule="OWN-01"))
    assert gap.exception_until == "2027-01-31"
    alerting.evaluate(store, [], now=datetime(2027, 2, 1, tzinfo=UTC))
    assert states(store)["OWN-01", "helper"] == "open"
    assert states(store)["EXC-01", "helper"] == "open"


def test_gaps_of_a_past_day_are_those_of_what_was_known(store: Store) -> None:
    Estate(store).show(finding("helper"))
    then = clock.now()
    decisions.set_owner(store, "helper", "ana@acme.example", actor=ALICE)

    now, past = (
        {one.rule for one in gaps.list_gaps(store, GapFilter(system="helper"), as_of=at)}
        for at in (None, then)
    )

    assert past - now == {"OWN-01"}


def test_by_framework_each_control_has_its_gaps_in_its_order(store: Store) -> None:
    Estate(store).show(finding("helper"))

    found = gaps.list_gaps(store, GapFilter(framework="iso42001", subject="system"))

    assert [(one.control, one.rule) for one in found] == [
        ("5.3", "OWN-01"),
        ("A.3.2", "OWN-01"),
        ("A.3.2", "OWN-04"),
        ("A.4.2", "OVR-00"),
        ("A.9.2", "OVR-00"),
        ("A.9.2", "OWN-04"),
    ]


def test_controls_sort_by_number() -> None:
    found = sorted(["A.10.2", "A.9.2", "5.3", "10.1", "A.6.2.6"], key=gaps.control_order)

    assert found == ["5.3", "10.1", "A.6.2.6", "A.9.2", "A.10.2"]


def test_code_that_is_not_the_application_has_no_gaps_unless_asked_for(store: Store) -> None:
    Estate(store).show(code("openai", role=Role.TEST))

    assert gaps.list_gaps(store, GapFilter(subject="system")) == []
    assert gaps.list_gaps(store, GapFilter(system="bot")) != []


def test_the_answers_close_gaps(store: Store) -> None:
    Estate(store).show(finding("helper"))
    answers = OversightAnswers(
        purpose="Answers customers about their orders in the chat window.",
        data_categories=("personal",),
        mode="on_the_loop",
        description="The support lead reads a sample every week and can switch it off.",
        next_review=date.today() + timedelta(days=100),
    )

    decisions.record_oversight(store, "helper", answers, actor=ALICE)

    assert "OVR-00" not in {one.rule for one in gaps.list_gaps(store)}


@pytest.mark.parametrize(
    ("refs", "eu_class", "is_high", "expected"),
    [
        (["26(2)", "17(1)(m)"], None, None, ["may breach Art. 26(2), Art. 17(1)(m) from 2 Dec 2027"]),
        (["26(2)"], "high_annex_i", True, ["may breach Art. 26(2) from 2 Aug 2028"]),
        (["26(2)", "4"], "minimal", False, ["may breach Art. 4"]),
        (["50(1)"], None, None, ["may breach Art. 50(1)"]),
        (["11", "Annex IV"], None, None, ["may breach Art. 11, Annex IV from 2 Dec 2027"]),
        (["53(1)(b)", "Annex XII"], None, None, ["may breach Art. 53(1)(b), Annex XII"]),
        (["26(2)"], "minimal", False, []),
    ],
)
def test_the_wording_says_from_when(
    refs: list[str], eu_class: str | None, is_high: bool | None, expected: list[str]
) -> None:
    found = law.breaches(refs, date(2026, 11, 22), eu_class=eu_class, is_high_risk=is_high, since=None)

    assert found == expected


def test_a_retired_system_is_asked_only_whether_it_is_gone(store: Store) -> None:
    Estate(store).show(finding("helper"))
    system_id = inventory.get_system(store, "helper").system_id
    with store.begin() as conn:
        conn.execute(
            schema.system.update().where(schema.system.c.system_id == system_id).values(state="retired")
        )

    alerting.evaluate(store)

    assert states(store) == {
        ("OWN-01", "helper"): "resolved",
        ("OVR-00", "helper"): "resolved",
        ("INV-05", "helper"): "open",
    }
    found = inventory.list_alerts(store, AlertFilter(states=("resolved",)))
    last = {inventory.get_alert(store, one.alert_id).events[-1].reason for one in found}
    assert last == {"the system is retired"}
