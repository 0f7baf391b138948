from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from connectors.errors import ConfigError
from discovery.config import load_config
from discovery.service import (
    cases,
    escalation,
    feedback,
    inventory,
    notes,
    notifying,
    people,
    suppressing,
    system_bulk,
)
from discovery.service.alert_decisions import AlertAction, decide_alert
from discovery.service.errors import DecisionError, NotFound
from discovery.service.system_bulk import Which
from store import Store
from store.audit import Actor
from store.columns import metadata
from tests.estate import Estate, code, finding
from tests.receivers import SECRET, receiving

BO = Actor(name="bo@acme.example", kind="user", authenticated=True)
DANA = "dana.kim@acme.example"
DANA_ACTS = Actor(name=DANA, kind="user", authenticated=True)
RECEIVER = """
[[notifications.receivers]]
name = "security"
url = { file = "URL" }
secret = { file = "SECRET" }
allow_internal = true
"""


def config(folder: Path, url: str, text: str = RECEIVER) -> Path:
    (folder / "url").write_text(url)
    (folder / "secret").write_text(SECRET)
    text = text.replace("URL", str(folder / "url")).replace("SECRET", str(folder / "secret"))
    (folder / "aicensus.toml").write_text(text)
    return folder / "aicensus.toml"


def test_what_was_given_up_is_shown_and_sent_again(store: Store, tmp_path: Path) -> None:
    with receiving() as receiver:
        read = load_config(config(tmp_path, receiver.url))
        notifying.keep(store, read)
        Estate(store).show(finding("helper"))
        receiver.statuses = [410]
        first = notifying.send(store, read, at_once=True)
        while notifying.send(store, read, at_once=True).given_up:
            pass
        dead = notifying.outbox(store)
        receiver.statuses = [204]
        revived = notifying.retry(store, [])
        done = notifying.send(store, read, at_once=True)

    assert first.given_up == 1
    assert {(one.state, one.error) for one in dead} == {("dead", "the receiver answered 410")}
    assert revived == done.sent == len(dead) == 2
    assert notifying.outbox(store) == []
    assert [(one.name, one.waiting, one.dead) for one in notifying.receivers(store, read)] == [
        ("security", 0, 0)
    ]


def test_a_test_reaches_a_receiver_or_says_why_not(tmp_path: Path) -> None:
    with receiving() as receiver:
        read = load_config(config(tmp_path, receiver.url))
        notifying.test(read, "security")
        receiver.statuses = [500]
        with pytest.raises(DecisionError, match="answered 500"):
            notifying.test(read, "security")

    assert receiver.got[0].content["type"] == "test"
    with pytest.raises(NotFound, match="no receiver 'other'"):
        notifying.test(read, "other")


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("secret =", "# secret =", "needs `secret`"),
        ('url = { file = "URL" }', 'url = "https://hooks.example/1"', "by reference"),
        ("allow_internal", 'events = ["alert.exploded"]\nallow_internal', "no event is called"),
        ("allow_internal", 'severity = "awful"\nallow_internal', "severity"),
        ("allow_internal = true", "allow_internal = true\n" + RECEIVER, "two receivers"),
    ],
)
def test_a_mistake_in_a_receiver_is_told_at_once(tmp_path: Path, old: str, new: str, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        load_config(config(tmp_path, "x", RECEIVER.replace(old, new, 1)))


def test_what_was_called_wrong_is_told_by_what_it_was_taken_for(store: Store) -> None:
    Estate(store).show(code("openai"), connector="code", scope="R_1")
    for alert in inventory.list_alerts(store):
        decide_alert(store, alert.alert_id, AlertAction.FALSE_POSITIVE, actor=BO, reason="only a fixture")

    rows = feedback.feedback(store)

    assert {(one.kind, one.provider, one.thing, one.alerts) for one in rows} == {
        ("package", "openai", "openai", 1)
    }
    assert "why it is wrong: only a fixture" in feedback.as_issue(rows)


def test_an_erased_person_is_named_in_no_case_note_or_message(store: Store, tmp_path: Path) -> None:
    notifying.keep(store, load_config(config(tmp_path, "x")))
    Estate(store).show(finding("helper"))
    alert = inventory.list_alerts(store)[0].alert_id
    cases.assign_case(store, "helper", DANA, actor=DANA_ACTS)
    notes.comment(store, alert, f"ask {DANA} about it", actor=DANA_ACTS)
    notes.link(store, alert, "https://tickets.acme.example/1", actor=DANA_ACTS)
    escalation.wait(store, alert, actor=DANA_ACTS, reason=f"{DANA} asked the vendor")
    wanted = suppressing.Wanted(rule="TPR-*")
    suppressing.add(store, wanted, actor=DANA_ACTS, reason=f"{DANA} said so")
    system_bulk.set_fields(store, Which(is_all=True), {"markets": "DE"}, actor=DANA_ACTS)

    people.erase(store, DANA, actor=BO, reason="asked for it")

    with store.read() as tx:
        kept = [
            (table.name, tuple(row))
            for table in metadata.sorted_tables
            for row in tx.conn.execute(select(table))
        ]
    assert [one for one in kept if DANA in repr(one)] == []
