from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from connectors import clock
from connectors.model import Finding, Usage
from discovery.service import decisions, inventory, maintenance
from store import Store, schema
from store.personal import Forgotten
from tests.estate import ALICE, Estate, finding, hint

DANA = "dana@acme.example"
NOW = clock.now()


def used(days_ago: int, **changes: object) -> Finding:
    values: dict[str, object] = {
        "attributes": {
            "callers": [DANA, "role claims-app"],
            "caller_count": 2,
            "called_by": ["arn:aws:iam::1:role/a"],
        },
        "owner_hints": (hint(DANA, "caller", 0.3), hint("team@acme.example", "tag", 0.9)),
        "usage": Usage(last_used_at=NOW - timedelta(days=days_ago), requests=7, window_days=30),
    }
    return finding("claude", "model", **(values | changes))


def forget(store: Store, days: int = -1, *, dry_run: bool = False) -> Forgotten:
    """Forget what is older than so many days; -1: all that ended by tomorrow."""
    return maintenance.forget(store, older_than_days=days, actor=ALICE, reason="retention", dry_run=dry_run)


def payloads(store: Store) -> list[str]:
    with store.read() as tx:
        return list(tx.conn.execute(select(schema.sighting.c.payload)).scalars())


def test_who_used_what_long_ago_is_forgotten_and_all_else_stays(store: Store) -> None:
    Estate(store).show(used(100))

    forgotten = forget(store, 0)

    (one,) = inventory.list_assets(store)
    assert forgotten.sightings == 1
    assert one.attributes["callers"] == ["role claims-app"]
    assert (one.attributes["caller_count"], one.attributes["called_by"]) == (2, ["arn:aws:iam::1:role/a"])
    assert [candidate.party for candidate in one.owner_candidates] == ["team@acme.example"]
    assert not any(DANA in text for text in payloads(store))


def test_the_configured_time_is_kept_and_nothing_is_written_when_nothing_is_old(store: Store) -> None:
    Estate(store).show(used(100))

    totals = [maintenance.keep_retention(store, days).total for days in (30, 0, 0)]

    with store.read() as tx:
        actions = list(tx.conn.execute(select(schema.audit.c.action)).scalars())
    assert totals[1] > 0
    assert (totals[0], totals[2], actions) == (0, 0, ["store.forget"])


def test_recent_use_stays_until_its_time_has_come(store: Store) -> None:
    Estate(store).show(used(0))

    assert forget(store, 30).total == 0
    assert any(DANA in text for text in payloads(store))


def test_past_versions_forget_too_and_today_keeps_what_is_still_used(store: Store) -> None:
    estate = Estate(store)
    estate.show(used(100))
    estate.show(used(-2, attributes={"callers": [DANA], "caller_count": 1}, fingerprint="2"))

    forgotten = forget(store)

    assert forgotten.sightings == 1
    assert [DANA in text for text in payloads(store)].count(True) == 1


def test_a_dry_run_only_counts(store: Store) -> None:
    Estate(store).show(used(100))
    before = payloads(store)

    assert forget(store, 0, dry_run=True).sightings == 1
    assert payloads(store) == before


def test_the_log_says_what_was_forgotten_and_its_chain_holds(store: Store) -> None:
    Estate(store).show(used(100))

    forget(store, 0)
    again = forget(store, 0)

    assert again.total == 0
    report = decisions.verify_audit(store)
    assert (report.ok, report.entries) == (True, 2)
    with store.read() as tx:
        body = tx.conn.execute(select(schema.audit.c.body).where(schema.audit.c.seq == 1)).scalar_one()
    assert '"sightings":1' in body
    assert DANA not in body


def test_a_scan_that_finds_the_same_does_not_bring_the_names_back(store: Store) -> None:
    estate = Estate(store)
    estate.show(used(100, fingerprint="same"))
    forget(store, 0)

    estate.show(used(100, fingerprint="same"))

    assert not any(DANA in text for text in payloads(store))


@pytest.mark.parametrize(("state", "emptied"), [("done", 1), ("waiting", 0), ("dead", 0)])
def test_delivered_news_are_emptied_and_stay_told(store: Store, state: str, emptied: int) -> None:
    at = clock.to_text(NOW - timedelta(days=100))
    with store.write() as tx:
        tx.conn.execute(
            schema.delivery.insert().values(
                delivery_id="d1",
                receiver="r",
                kind="single",
                created_at=at,
                state=state,
                next_at=at,
                done_at=at,
            )
        )
        tx.conn.execute(
            schema.outbox.insert().values(
                receiver="r",
                dedup_key="k",
                event="alert.opened",
                subject_id="a",
                owner=DANA,
                payload=f'{{"assignee":"{DANA}"}}',
                created_at=at,
                ready_at=at,
                delivery_id="d1",
            )
        )

    assert forget(store, 30).news == emptied

    with store.read() as tx:
        (row,) = tx.conn.execute(select(schema.outbox)).all()
    assert (row.payload == "{}", row.owner == "") == (emptied == 1, emptied == 1)
    assert row.dedup_key == "k"
