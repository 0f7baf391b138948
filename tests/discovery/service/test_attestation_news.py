from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from discovery.service import attestation, attestation_news, decisions, system_standing
from discovery.service.attestation import Answer, CampaignFilter
from normalizer.units import Unit
from store import Store, open_store, routes
from store.routes import Route, Routing
from store.schema import outbox
from tests.estate import ALICE, Estate, finding

KEY = b"a key of more than sixteen characters"
ANA, LEAD = "ana@acme.example", "lead@acme.example"
ALL = CampaignFilter(states=("candidate",))


@pytest.fixture
def store(sqlite_store_url: str) -> Iterator[Store]:
    """Open a store with a listening receiver and two systems, one with an owner."""
    with open_store(sqlite_store_url) as opened:
        Estate(opened).show(finding("helper"), finding("scout"))
        decisions.set_owner(opened, "helper", ANA, actor=ALICE)
        routes.keep(opened, Routing(routes=(Route(name="all", events=("attestation.*",)),)))
        attestation_news.tell(opened)
        yield opened


def told(store: Store) -> list[tuple[str, str]]:
    with store.read() as tx:
        rows = tx.conn.execute(select(outbox.c.event, outbox.c.owner).order_by(outbox.c.outbox_no))
        return sorted((row.event.removeprefix("attestation."), row.owner) for row in rows)


def test_who_is_asked_is_told_once(store: Store) -> None:
    attestation.start(store, "Q4", actor=ALICE, filters=ALL)

    attestation_news.tell(store)
    decisions.set_owner(store, "scout", "bo@acme.example", actor=ALICE)
    attestation_news.tell(store)

    assert told(store) == [("asked", ""), ("asked", ANA)]


def test_who_answered_is_told_and_who_did_not_is_reminded_on_its_days(store: Store) -> None:
    attestation.start(store, "Q4", actor=ALICE, filters=ALL)
    attestation_news.tell(store)
    answer = Answer(decision="confirm")
    attestation.answer(store, "Q4", "scout", answer, actor=ALICE, key=KEY)
    attestation_news.tell(store)
    now = datetime.now(UTC)

    for days in (3, 7, 7, 8, 14):
        attestation_news.tell(store, now=now + timedelta(days=days))

    assert told(store) == [
        ("answered", ""),
        ("asked", ""),
        ("asked", ANA),
        ("reminder", ANA),
        ("reminder", ANA),
    ]


def test_a_day_that_has_passed_is_told_to_the_lead_of_the_unit(store: Store) -> None:
    system_standing.put_unit(store, Unit(name="Retail", lead=LEAD), actor=ALICE)
    system_standing.assign(store, "helper", "Retail", actor=ALICE)
    attestation.start(store, "Q4", actor=ALICE, filters=ALL)
    attestation_news.tell(store)

    for days in (16, 17, 60):
        attestation_news.tell(store, now=datetime.now(UTC) + timedelta(days=days))

    assert [one for one in told(store) if one[0] == "overdue"] == [("overdue", ""), ("overdue", LEAD)]


def test_a_new_receiver_hears_no_old_news_of_campaigns(sqlite_store_url: str) -> None:
    with open_store(sqlite_store_url) as store:
        Estate(store).show(finding("helper"))
        before = datetime.now(UTC) - timedelta(hours=1)
        attestation.start(store, "Q4", actor=ALICE, filters=ALL, now=before)
        routes.keep(store, Routing(routes=(Route(name="all", events=("attestation.*",)),)))

        attestation_news.tell(store)

        assert told(store) == []
