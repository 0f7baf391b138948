from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from discovery.service import cases, decisions, inventory, notes, people
from discovery.service.mentions import named_in
from store import Store, open_store, routes, schema
from store.audit import Actor
from store.routes import Route, Routing
from tests.estate import Estate, finding

BO = Actor(name="bo@acme.example", kind="user", authenticated=True)
DANA, EVE = "dana.kim@acme.example", "eve@acme.example"


@pytest.fixture
def store(sqlite_store_url: str) -> Iterator[Store]:
    """Open a store on one database with two people and a receiver of all that there is."""
    with open_store(sqlite_store_url) as opened:
        Estate(opened).show(finding("helper"), finding("scout"))
        for system, who in (("helper", DANA), ("scout", EVE)):
            decisions.set_owner(opened, system, who, actor=BO)
        routes.keep(opened, Routing(routes=(Route(name="all"),)))
        yield opened


def told(store: Store) -> list[tuple[str, str]]:
    query = select(schema.outbox.c.receiver, schema.outbox.c.owner)
    with store.read() as tx:
        rows = tx.conn.execute(query.where(schema.outbox.c.event == "comment.mention"))
        return sorted((row.receiver, row.owner) for row in rows)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@dana@acme.example: yours?", ["dana@acme.example"]),
        ("cc @dana, (@eve) @acme/platform.", ["dana", "eve", "acme/platform"]),
        ("mail dana@acme.example or a@b", []),
        ("@dana @dana", ["dana"]),
        ("see https://x.example/@dana and @", []),
    ],
)
def test_a_mention_is_told_from_an_address(text: str, names: list[str]) -> None:
    found = named_in(text)

    assert found == names


def test_whom_a_comment_mentions_is_told_once_through_the_outbox(store: Store) -> None:
    first = notes.comment(store, "helper", f"@{DANA} is this yours?", actor=BO)
    edit = notes.comment(store, "helper", "@dana.kim or @eve, yours?", actor=BO, edits=first.note_id)

    assert (list(first.told), list(edit.told)) == ([DANA], [DANA, EVE])
    assert told(store) == [("all", DANA), ("all", EVE)]


def test_news_of_a_mention_goes_to_the_receivers_of_that_person(store: Store) -> None:
    by_owner = (Route(name="dana", owners=(DANA,)), Route(name="alerts", events=("alert.*",)))
    routes.keep(store, Routing(routes=by_owner))
    alert = inventory.list_alerts(store)[0].alert_id
    case = cases.list_cases(store)[0].case_id

    both = [notes.comment(store, one, "@dana.kim look", actor=BO) for one in (alert, case)]
    other = notes.comment(store, alert, "@eve look", actor=BO)

    assert [list(one.told) for one in both] == [[DANA], [DANA]]
    assert told(store) == [("dana", DANA), ("dana", DANA)]
    assert "no receiver wants to tell" in other.warnings[0]


def test_who_cannot_be_told_is_named_with_the_reason(store: Store) -> None:
    decisions.set_owner(store, "helper", "dana.kim@other.example", actor=BO)
    decisions.set_owner(store, "scout", "@acme/platform", actor=BO)
    people.set_active(store, EVE, active=False, actor=BO, reason="has left")

    said = notes.comment(store, "helper", f"@zed @dana.kim @acme/platform @{EVE}", actor=BO)

    assert list(said.told) == []
    assert [one.partition(" is not told: ")[2].partition(" dana")[0] for one in said.warnings] == [
        "nobody is known by that name",
        "it may be",
        "no address of theirs is known",
        "they are no longer active",
    ]
    assert told(store) == []


def test_an_erased_person_is_not_named_by_news_of_a_mention(store: Store) -> None:
    notes.comment(store, "helper", f"@{DANA} is this yours?", actor=BO)

    people.erase(store, DANA, actor=BO, reason="asked for it")

    with store.read() as tx:
        rows = [tuple(row) for row in tx.conn.execute(select(schema.outbox))]
    assert len(rows) == 2
    assert DANA not in repr(rows)
