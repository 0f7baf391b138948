from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from connectors.clients.network import NetworkSettings
from connectors.secrets import SecretRef
from discovery.outbound.errors import DeliveryFailed
from discovery.outbound.messages import Message
from discovery.outbound.sender import MOST_TRIES, Sender
from discovery.outbound.webhook import Webhook
from discovery.service import decisions, inventory
from discovery.service.alert_decisions import AlertAction, decide_alert
from store import Store, alerts, deliveries, leases, routes
from store.audit import Actor
from store.routes import Route, Routing
from store.schema import outbox
from tests.estate import Estate, finding
from tests.receivers import SECRET, Receiver, receiving

NOW = datetime(2030, 3, 4, 12, 0, tzinfo=UTC)
BO = Actor(name="bo@acme.example", kind="user", authenticated=True)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@dataclass
class Fake:
    """A channel that keeps what it is given, and fails as it is told."""

    got: list[Message] = field(default_factory=list)
    failures: list[DeliveryFailed] = field(default_factory=list)

    def send(self, message: Message, now: datetime) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.got.append(message)

    @property
    def types(self) -> list[str]:
        return [one.content["type"] for one in self.got]


def route(store: Store, *some: Route, **more: object) -> None:
    routes.keep(store, Routing(routes=some or (Route(name="hook", rules=("OWN-01",)),), **more))  # type: ignore[arg-type]


def run(store: Store, channel: Fake, now: datetime = NOW, *, at_once: bool = True) -> None:
    channels = {one.name: channel for one in routes_of(store)}
    Sender(store, channels, leases.new_holder(), now=lambda: now, jitter=lambda: 0.5).run(at_once=at_once)


def routes_of(store: Store) -> tuple[Route, ...]:
    with store.read() as tx:
        return routes.kept(tx.conn).routes


def own(store: Store, name: str = "helper") -> str:
    return next(
        one.alert_id
        for one in inventory.list_alerts(store)
        if one.rule == "OWN-01" and one.system_name == name
    )


def test_an_alert_is_told_once_for_each_of_its_states(store: Store) -> None:
    route(store)
    Estate(store).show(finding("helper"))
    channel = Fake()

    run(store, channel)
    run(store, channel)
    decide_alert(store, own(store), AlertAction.ASSIGN, actor=BO, assignee="dana@acme.example")
    decide_alert(store, own(store), AlertAction.REVIEW, actor=BO)
    decide_alert(store, own(store), AlertAction.ASSIGN, actor=BO, assignee="dana@acme.example")
    decisions.set_owner(store, "helper", "dana@acme.example", actor=BO)
    decisions.withdraw_owner(store, "helper", actor=BO, reason="left")
    run(store, channel)

    assert channel.types == [
        *("alert.opened", "alert.assigned", "alert.in_review"),
        *("alert.resolved", "alert.reopened"),
    ]
    assert channel.got[1].content["data"]["assignee"] == "dana@acme.example"


def test_news_is_written_with_the_alert_or_not_at_all(store: Store) -> None:
    route(store)
    Estate(store).show(finding("helper"))
    alert = own(store)

    with pytest.raises(RuntimeError, match="the power went"):
        resolve_and_fail(store, alert)

    channel = Fake()
    run(store, channel)
    assert channel.types == ["alert.opened"]


def resolve_and_fail(store: Store, alert: str) -> None:
    with store.write() as tx:
        gone = alerts.resolved(alerts.get(tx.conn, alert), now=tx.now, reason="gone")
        alerts.write(tx.conn, tx.rev, tx.now, "x", [gone])
        raise RuntimeError("the power went")


def test_without_receivers_nothing_is_written(store: Store) -> None:
    Estate(store).show(finding("helper"))

    with store.read() as tx:
        assert tx.conn.execute(select(outbox)).all() == []


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (Route(name="hook"), True),
        (Route(name="hook", severity="critical"), False),
        (Route(name="hook", rules=("OVR-*", "INV-*")), False),
        (Route(name="hook", rules=("OWN-*",)), True),
        (Route(name="hook", events=("alert.resolved",)), False),
        (Route(name="hook", owners=("dana@acme.example",)), False),
    ],
)
def test_a_receiver_gets_what_it_wants(store: Store, wanted: Route, told: bool) -> None:
    route(store, wanted)
    Estate(store).show(finding("helper"))
    channel = Fake()

    run(store, channel)

    assert any(one.content["data"].get("rule") == "OWN-01" for one in channel.got) is told


def test_owners_are_told_of_what_they_answer_for(store: Store) -> None:
    route(store, Route(name="dana", owners=("Dana@acme.example",)))
    estate = Estate(store)
    estate.show(finding("helper"), finding("scout"))
    decisions.set_owner(store, "helper", "dana@acme.example", actor=BO)
    channel = Fake()

    run(store, channel)

    assert {one.content["data"]["system_id"] for one in channel.got} == {
        inventory.get_system(store, "helper").system_id
    }


def test_a_failing_receiver_is_tried_again_later_and_later(store: Store) -> None:
    route(store)
    Estate(store).show(finding("helper"))
    channel = Fake(failures=[DeliveryFailed("it answered 500")] * 2)

    waits = []
    moment = NOW
    for _ in range(2):
        run(store, channel, moment)
        with store.read() as tx:
            (one,) = deliveries.listed(tx.conn)
        due = datetime.fromisoformat(one.next_at)
        waits.append((due - moment).total_seconds())
        run(store, channel, due - timedelta(seconds=1))
        moment = due
    run(store, channel, moment)

    assert waits == [30, 60]
    assert channel.types == ["alert.opened"]


def test_what_the_receiver_asks_to_wait_is_waited(store: Store) -> None:
    route(store)
    Estate(store).show(finding("helper"))

    run(store, Fake(failures=[DeliveryFailed("it answered 429", retry_after_s=900)]))

    with store.read() as tx:
        (one,) = deliveries.listed(tx.conn)
    assert datetime.fromisoformat(one.next_at) == NOW + timedelta(seconds=900)


def test_a_message_is_given_up_in_the_end_and_can_be_sent_again(store: Store) -> None:
    route(store)
    Estate(store).show(finding("helper"))
    channel = Fake(failures=[DeliveryFailed("it answered 500")] * MOST_TRIES)
    moment = NOW
    for _ in range(MOST_TRIES + 1):
        run(store, channel, moment)
        moment += timedelta(days=1)
    with store.read() as tx:
        (dead,) = deliveries.listed(tx.conn, [deliveries.DEAD])
    assert (dead.attempts, dead.last_error, channel.got) == (MOST_TRIES, "it answered 500", [])

    with store.begin() as conn:
        deliveries.revive(conn, [dead.delivery_id], moment)
    run(store, channel, moment)

    assert [one.id for one in channel.got] == [dead.delivery_id]


def test_many_alerts_of_one_rule_are_one_message_with_the_list(store: Store) -> None:
    route(store, storm_limit=3)
    Estate(store).show(*(finding(f"helper-{number}") for number in range(5)))
    channel = Fake()

    run(store, channel)

    (message,) = channel.got
    assert message.content["type"] == "rollup"
    assert message.content["data"]["count"] == 5
    assert len({one["alert_id"] for one in message.content["data"]["items"]}) == 5


def test_a_run_is_waited_for_before_it_is_told(store: Store) -> None:
    route(store, storm_limit=3)
    estate, channel = Estate(store), Fake()
    moment = NOW
    for number in range(5):
        moment += timedelta(seconds=10)
        estate.show(finding(f"helper-{number}"), scope=f"{number}", now=moment)
        run(store, channel, moment, at_once=False)
    before = list(channel.types)

    run(store, channel, moment + timedelta(seconds=21), at_once=False)

    assert (before, channel.types) == ([], ["rollup"])


def test_a_digest_is_one_message_an_owner_and_day(store: Store) -> None:
    route(store, Route(name="digest", digest="daily", rules=("OVR-00",)), zone="Europe/Berlin")
    estate, channel = Estate(store), Fake()
    estate.show(finding("helper"), finding("scout"), finding("third"), now=NOW)
    for name, owner in (("helper", "dana"), ("scout", "dana"), ("third", "bo")):
        decisions.set_owner(store, name, f"{owner}@acme.example", actor=BO, now=NOW)
        alert = next(
            one.alert_id
            for one in inventory.list_alerts(store)
            if one.rule == "OVR-00" and one.system_name == name
        )
        decide_alert(store, alert, AlertAction.REVIEW, actor=BO, now=NOW + timedelta(hours=1))
    run(store, channel, datetime(2030, 3, 5, 6, 59, tzinfo=UTC))
    before = list(channel.types)

    run(store, channel, datetime(2030, 3, 5, 7, 0, tzinfo=UTC))

    assert before == []
    told = {one.content["data"]["owner"]: one.content["data"]["count"] for one in channel.got}
    assert told == {"": 3, "dana@acme.example": 2, "bo@acme.example": 1}


def test_a_digest_is_not_sent_twice_when_the_clock_goes_back(store: Store) -> None:
    route(store, Route(name="digest", digest="daily", rules=("OWN-01",)))
    estate, channel = Estate(store), Fake()
    estate.show(finding("helper"), now=NOW)
    run(store, channel, NOW + timedelta(days=1))
    estate.show(finding("scout"), scope="2", now=NOW)

    run(store, channel, NOW + timedelta(days=1, minutes=1))
    told_same_day = len(channel.got)
    run(store, channel, NOW + timedelta(days=2))

    assert (told_same_day, len(channel.got)) == (1, 2)


@pytest.mark.parametrize(
    ("cadence", "due"),
    [
        ("daily", datetime(2030, 3, 5, 8, tzinfo=UTC)),
        ("weekly", datetime(2030, 3, 11, 8, tzinfo=UTC)),
        ("monthly", datetime(2030, 4, 1, 8, tzinfo=UTC)),
    ],
)
def test_digests_have_their_day(cadence: str, due: datetime) -> None:
    assert Routing().due(cadence, NOW) == due


def test_systems_owners_and_failed_scans_are_told_from_when_somebody_listens(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("before"))
    route(store, Route(name="all", events=("system.*", "owner.*", "scan.failed")))
    estate.show(finding("before"), finding("helper", tags={"Owner": "dana@acme.example"}))
    channel = Fake()
    run(store, channel)
    decisions.accept_owner(store, "helper", actor=BO, candidate="dana@acme.example")
    run_id = estate.begin_run()
    with store.write() as tx:
        from store.schema import run as table

        failed = table.update().where(table.c.run_id == run_id)
        tx.conn.execute(failed.values(state="failed", ended_at=tx.now))

    run(store, channel)
    run(store, channel)

    assert channel.types == ["system.candidate", "owner.suggested", "owner.accepted", "scan.failed"]
    assert channel.got[0].content["data"]["name"] == "helper"


def test_two_senders_share_the_work(store: Store) -> None:
    route(store)
    Estate(store).show(finding("helper"), finding("scout"))
    with store.begin():
        pass
    deliveries.plan(store, NOW, at_once=True)
    claimed = [deliveries.claim(store, leases.new_holder(), ["hook"], NOW) for _ in range(3)]

    ids = [one.delivery_id for one in claimed if one]

    assert len(ids) == len(set(ids)) == 2
    assert claimed[2] is None


def test_a_claim_of_another_machine_ends(store: Store) -> None:
    route(store)
    Estate(store).show(finding("helper"))
    deliveries.plan(store, NOW, at_once=True)
    assert deliveries.claim(store, "elsewhere/1/2/3", ["hook"], NOW)
    later = NOW + timedelta(seconds=deliveries.CLAIM_S)

    assert deliveries.claim(store, leases.new_holder(), ["hook"], later - timedelta(seconds=1)) is None
    assert deliveries.claim(store, leases.new_holder(), ["hook"], later)


_CHILD = """
import os, signal, sys
from pathlib import Path
from connectors.clients.network import NetworkSettings
from connectors.secrets import SecretRef
from discovery.outbound.sender import Sender
from discovery.outbound.webhook import Webhook
from store import leases, open_store

url, folder, when = sys.argv[1:]
hook = Webhook(url=SecretRef("file", folder + "/url"), secret=SecretRef("file", folder + "/secret"),
               network=NetworkSettings(), allow_internal=True)

class Dying:
    calls = 0
    def send(self, message, now):
        self.calls += 1
        if when == "before" or self.calls == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        hook.send(message, now)
        if when == "between":
            os.kill(os.getpid(), signal.SIGKILL)

with open_store(url) as store:
    Sender(store, {"hook": Dying()}, leases.new_holder()).run(at_once=True)
"""


@pytest.mark.parametrize(("when", "times"), [("before", 1), ("between", 2), ("after", 1)])
def test_a_killed_sender_loses_nothing_and_repeats_only_what_it_had_not_noted(
    store: Store, receiver: Receiver, tmp_path: Path, when: str, times: int
) -> None:
    route(store)
    Estate(store).show(finding("helper"), finding("scout"))
    (tmp_path / "url").write_text(receiver.url)
    (tmp_path / "secret").write_text(SECRET)
    url = store.url.render_as_string(hide_password=False)
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, url, str(tmp_path), when], check=False, cwd=os.getcwd()
    )
    assert child.returncode == -signal.SIGKILL

    hook = Webhook(
        url=SecretRef("file", str(tmp_path / "url")),
        secret=SecretRef("file", str(tmp_path / "secret")),
        network=NetworkSettings(),
        allow_internal=True,
    )
    for _ in range(2):
        Sender(store, {"hook": hook}, leases.new_holder()).run(at_once=True)

    first = receiver.ids[0]
    assert len(set(receiver.ids)) == 2
    assert [receiver.ids.count(one) for one in dict.fromkeys(receiver.ids)] == (
        [times, 1] if when != "before" else [1, 1]
    )
    assert all(one.is_signed() for one in receiver.got)
    assert len({one.body for one in receiver.got if one.headers["webhook-id"] == first}) == 1


def test_no_secret_is_kept_or_logged(
    store: Store, receiver: Receiver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    route(store)
    Estate(store).show(finding("helper"))
    receiver.statuses = [500]
    (tmp_path / "url").write_text(receiver.url)
    (tmp_path / "secret").write_text(SECRET)
    hook = Webhook(
        url=SecretRef("file", str(tmp_path / "url")),
        secret=SecretRef("file", str(tmp_path / "secret")),
        network=NetworkSettings(),
        allow_internal=True,
    )

    Sender(store, {"hook": hook}, leases.new_holder()).run(at_once=True)

    with store.read() as tx:
        kept = repr(deliveries.listed(tx.conn)) + repr(tx.conn.execute(select(outbox)).all())
    assert "canary" not in kept + caplog.text
    assert SECRET not in kept + caplog.text
    assert "answered 500" in kept
