from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import orjson
import pytest
from sqlalchemy import update

from connectors import clock
from connectors.model import Role
from discovery.service import (
    alerting,
    derived,
    evidence_facts,
    gaps,
    inventory,
    organisation_facts,
    rule_sets,
    system_standing,
)
from discovery.service.gaps import GapFilter
from discovery.service.rule_sets import RuleSet
from discovery.service.rule_trees import Moment
from discovery.service.views_rules import GapView
from store import Store, alerts, schema
from tests.discovery.service.test_gaps import OPEN_GATEWAY, gateway, record, register
from tests.estate import ALICE, Estate, code, finding

FILTERS = (
    GapFilter(),
    GapFilter(severity="critical"),
    GapFilter(severity="high", status="due"),
    GapFilter(status="upcoming"),
    GapFilter(subject="asset"),
    GapFilter(subject="organisation"),
    GapFilter(rule="OVR-05"),
    GapFilter(rule="OWN-04", subject="system"),
    GapFilter(rule="INV-04"),
)


def _fill(store: Store) -> Estate:
    """Show systems with and without records, owners, tools and open doors, and one that is only tests."""
    estate = Estate(store)
    estate.show(
        *(finding(name) for name in ("Zeta", "alpha", "beta", "ärger")),
        finding("runner", kind="agent", application="run"),
        finding("git", kind="mcp_server", attributes={"package_name": "mcp-server-git"}, application="run"),
        gateway("gate", **OPEN_GATEWAY),
    )
    estate.show(code("openai", role=Role.TEST), code("door", kind="mcp_server", unit="x"), scope="R_1")
    system_standing.add(store, "desk", kind="saas_tool", owner="ana@acme.example", actor=ALICE)
    for name in ("alpha", "gate"):
        register(store, name)
    record(
        store,
        "alpha",
        lifecycle__stage="production",
        risk__eu_class="high_annex_iii",
        role=["provider"],
        data__categories=["health"],
    )
    record(store, "gate", lifecycle__stage="pilot", risk__eu_class="minimal")
    organisation_facts.say(store, "policy.ref", "https://example.org/ai", actor=ALICE)
    alerting.evaluate(store)
    return estate


def test_a_first_page_is_the_beginning_of_all_gaps(store: Store) -> None:
    estate = _fill(store)
    then = clock.now()
    estate.show(finding("newcomer"))

    for moment, filters in product((None, then), FILTERS):
        every = gaps.list_gaps(store, filters, as_of=moment)
        for limit in (0, 1, 2, 5, len(every), len(every) + 1):
            page = gaps.list_gaps(store, filters, as_of=moment, limit=limit)
            assert page == every[:limit], (filters, limit)


def test_gaps_come_due_and_gravest_first_then_by_system(store: Store) -> None:
    _fill(store)

    found = gaps.list_gaps(store)

    order = [_place(one) for one in found]
    assert order == sorted(order)
    assert {one.rule for one in found if one.severity == "critical"} == {"DAT-03", "OVR-05", "SEC-01"}


def _place(one: GapView) -> tuple[object, ...]:
    gravity = ["critical", "high", "medium", "low"].index(one.severity)
    subject = ["system", "asset", "organisation"].index(one.subject)
    name = (one.system_name or "").casefold()
    return (one.status != "due", gravity, subject, name, one.system_id or "", one.rule, one.asset_id or "")


def test_a_first_page_judges_only_what_may_stand_on_it(store: Store) -> None:
    estate = Estate(store)
    estate.show(*(finding(f"bot {number:03}") for number in range(3)))
    tells = finding("zeta", kind="mcp_server", attributes={"package_name": "mcp-server-git"})
    estate.show(tells, scope="other")
    with store.begin() as conn:
        # What nobody reads may as well be broken.
        broken = update(schema.sighting).where(schema.sighting.c.name == "zeta")
        conn.execute(broken.values(payload='"package_name": broken'))

    page = gaps.list_gaps(store, GapFilter(rule="SEC-01"), limit=3)

    assert page == []
    with pytest.raises(orjson.JSONDecodeError):
        gaps.list_gaps(store, GapFilter(rule="SEC-01"))


def test_facts_of_all_systems_are_those_of_each(store: Store) -> None:
    estate = _fill(store)
    estate.show(finding("alpha", kind="agent"), finding("late"), scope="elsewhere")
    asked = evidence_facts.asked()

    with store.read() as tx:
        every = alerts.facts(tx.conn, None, asked=asked)
        each = alerts.facts(tx.conn, [one.system_id for one in every], asked=asked)

    assert sum(one.last_seen_at is not None for one in every) == 2
    assert [replace(one, told={}) for one in every] == [replace(one, told={}) for one in each]


@pytest.mark.parametrize("name", ["provenance.last_seen_at", "provenance.discovered_before_registration"])
@pytest.mark.parametrize("place", ["when", "failed_when", "later"])
def test_what_a_rule_looks_at_anywhere_is_read(name: str, place: str) -> None:
    bare = rule_sets.built_in()
    tree = {"nonempty": name}
    plain = {"when": {"missing": "purpose.statement"}}
    more = {"when": plain | {"when": tree}, "failed_when": plain | {"failed_when": tree}}
    more["later"] = plain | {"later": [{"when": tree, "from": "2027-12-02"}]}
    own = replace(bare.get("OWN-01"), raw=more[place], subject="system")

    assert rule_sets.asks(RuleSet((own,)), name)
    assert not rule_sets.asks(RuleSet((replace(own, raw=plain),)), name)


def test_what_assets_and_owners_bear_on_is_known(store: Store) -> None:
    _fill(store)
    now = Moment(datetime(2026, 11, 22, tzinfo=UTC))
    system_id = inventory.get_system(store, "alpha").system_id
    with store.read() as tx:
        (facts,) = alerts.facts(tx.conn, [system_id])
    whole = derived.system_record(facts, now, {})

    facts.members, facts.owners, facts.roles, facts.last_seen_at = (), (), {}, None
    bare = derived.system_record(facts, now, {})

    differing = {name for name in whole if whole[name] != bare[name]}
    assert {"counts.components", "provenance.last_seen_at"} <= differing <= derived.EVIDENCED
