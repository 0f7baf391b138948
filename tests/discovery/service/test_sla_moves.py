from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors import clock
from discovery.config import load_config
from discovery.config_errors import ConfigMistakes
from discovery.service import escalation, inventory, records, sla
from discovery.service.alert_decisions import AlertAction, decide_alert
from store import Store
from store.audit import Actor
from tests.estate import Estate, finding

MONDAY = datetime(2030, 3, 4, 9, 0, tzinfo=UTC)
BO = Actor(name="bo@acme.example", kind="user", authenticated=True)
TIERS = """
[sla]
security_lead = "lead@acme.example"
[sla.tiers.critical.high]
acknowledge = "2h"
resolve = "5d"
[sla.tiers.high.high]
resolve = "20d"
"""


def configure(store: Store, folder: Path, text: str = TIERS) -> None:
    (folder / "aicensus.toml").write_text(text)
    sla.keep(store, load_config(folder / "aicensus.toml"))


def put_tier(store: Store, tier: str, now: datetime = MONDAY) -> None:
    records.change(store, "helper", {"risk.tier": tier}, actor=BO, now=now)


def due(store: Store) -> datetime:
    found = next(one for one in inventory.list_alerts(store) if one.rule == "OWN-01")
    assert found.due_at
    return clock.from_text(found.due_at)


def days(count: int) -> datetime:
    """Return the end of so many working days that begin on the Monday."""
    weeks, rest = divmod(count - 1, 5)
    return MONDAY.replace(hour=17) + timedelta(weeks=weeks, days=rest)


def test_a_system_without_a_tier_has_the_time_of_tier_high(store: Store, tmp_path: Path) -> None:
    configure(store, tmp_path)

    Estate(store).show(finding("helper"), now=MONDAY)

    assert due(store) == days(20)


def test_another_tier_moves_what_is_due_and_says_why(store: Store, tmp_path: Path) -> None:
    configure(store, tmp_path)
    Estate(store).show(finding("helper"), now=MONDAY)

    put_tier(store, "critical", MONDAY + timedelta(days=1))
    as_critical = due(store)
    put_tier(store, "medium", MONDAY + timedelta(days=2))

    alert = next(one for one in inventory.list_alerts(store) if one.rule == "OWN-01")
    events = inventory.get_alert(store, alert.alert_id).events
    assert as_critical == days(5)
    assert due(store) == days(30)
    assert [(one.event, one.actor) for one in events[1:]] == [("retimed", BO.label)] * 2
    assert events[1].reason == "the system's tier is critical now"


def test_the_steps_go_by_the_tier(store: Store, tmp_path: Path) -> None:
    configure(store, tmp_path)
    Estate(store).show(finding("helper"), now=MONDAY)
    put_tier(store, "critical")

    escalation.escalate(store, now=MONDAY + timedelta(hours=2))

    alert = next(one for one in inventory.list_alerts(store) if one.rule == "OWN-01")
    told = [
        one.reason for one in inventory.get_alert(store, alert.alert_id).events if one.event == "escalated"
    ]
    assert told == ["100 % of the time to acknowledge it is over; lead@acme.example is told"]


def test_an_alert_opened_again_has_the_time_of_its_tier(store: Store, tmp_path: Path) -> None:
    configure(store, tmp_path)
    Estate(store).show(finding("helper"), now=MONDAY)
    put_tier(store, "critical")
    alert = next(one for one in inventory.list_alerts(store) if one.rule == "OWN-01").alert_id
    decide_alert(store, alert, AlertAction.SUPPRESS, actor=BO, reason="later", now=MONDAY)

    decide_alert(store, alert, AlertAction.REOPEN, actor=BO, reason="now", now=MONDAY)

    assert due(store) == days(5)


def test_without_times_of_a_tier_no_tier_moves_anything(store: Store, tmp_path: Path) -> None:
    configure(store, tmp_path, '[sla.high]\nresolve = "10d"\n')
    Estate(store).show(finding("helper"), now=MONDAY)

    put_tier(store, "critical")

    assert due(store) == days(10)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[sla.tiers.huge.high]\nresolve = "5d"\n', "critical"),
        ('[sla.tiers.high.urgent]\nresolve = "5d"\n', "urgent"),
        ('[sla.tiers.high.high]\nresolve = "5 days"\n', "4h or 7d"),
        ('[sla.tiers.high]\nresolve = "5d"\n', "resolve"),
    ],
)
def test_a_wrong_table_is_refused_with_what_there_is(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "aicensus.toml").write_text(text)

    with pytest.raises(ConfigMistakes) as caught:
        load_config(tmp_path / "aicensus.toml")

    assert said in str(caught.value)
