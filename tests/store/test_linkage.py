from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from connectors.model import Finding, Link, NaturalKey, RelationKind
from connectors.openai_findings import Place, project_key
from connectors.openai_findings import project as openai_project
from discovery.service import decisions, inventory, system_standing
from normalizer.units import Unit
from store import Store, link_queue, linkage, links, schema, systems, units
from tests.code_samples import facts
from tests.estate import ALICE, SEEN_AT, Estate, by_name, code, finding, names, revision
from tests.estates import grouping as labelled

REPO = "github.com/acme/support"


def show(estate: Estate, *findings: Finding, **changes: Any) -> linkage.Relinked:
    """Let a scan show findings, and link what it touched."""
    estate.show(*findings, **changes)
    wanted = {(one.natural_key.namespace, one.natural_key.key) for one in findings}
    with estate.store.read() as tx:
        rows = tx.conn.execute(select(schema.identity)).all()
    return linkage.relink(estate.store, {row.asset_id for row in rows if (row.namespace, row.key) in wanted})


def arn(what: str, account: str = "111122223333") -> str:
    return f"arn:aws:bedrock:eu-west-1:{account}:{what}"


def to(relation: RelationKind, key: str) -> Link:
    return Link(relation=relation, target=NaturalKey(namespace="aws/arn", key=key))


def of_repo(name: str = "openai", unit: str = ".", **changes: Any) -> Finding:
    return code(name, unit=unit, namespace=f"code/{REPO}", account=REPO, **changes)


def built(name: str, repository: str = f"https://{REPO}", **changes: Any) -> Finding:
    return finding(name, attributes={"source_repository": repository}, **changes)


def together(store: Store) -> list[list[str]]:
    """Return the names of the assets of each system, both sorted."""
    assets = {one.asset_id: one.name for one in inventory.list_assets(store)}
    return sorted(sorted(assets[one] for one in system.assets) for system in inventory.list_systems(store))


def test_what_was_built_from_a_repository_is_one_system_with_it(store: Store) -> None:
    estate = Estate(store)
    show(estate, of_repo(), connector="code", label=f"https://{REPO}.git")
    before = inventory.list_systems(store)[0].system_id

    result = show(estate, built("helper"), scope="222")

    (one,) = inventory.list_systems(store)
    assert (one.system_id, len(one.assets), one.name) == (before, 2, "support")
    assert result.merged == {one.aliases[0]: before}


def test_code_and_the_vendors_project_that_it_names_are_one_system_and_a_key_alone_is_asked_about(
    store: Store,
) -> None:
    place = Place(org="org-acme", base_url="https://api.example.org", now=SEEN_AT, usage_days=30)
    project = replace(place, project_id="proj_Abc123Def456", project_name="Helpdesk")
    text = b'import os\nk = os.environ["OPENAI_API_KEY"]\nc = OpenAI(project="proj_Abc123Def456")\n'
    named = facts("app.py", text)["OPENAI_API_KEY"]
    leaked = facts(".env", "OPENAI_API_KEY=sk-Q2w3E4r5T6y7U8i9O0pAsDfGhJkLzXcVbNmQ7z\n")["OPENAI_API_KEY"]
    key = project_key(replace(place, project_id="proj_other"), {"id": "key_1", "redacted_value": "sk-...Q7z"})
    estate = Estate(store)

    estate.show(openai_project(project, {"id": "proj_Abc123Def456", "name": "Helpdesk"}), scope="org")
    estate.show(key, scope="other")
    estate.show(of_repo("OPENAI_API_KEY", attributes=named.attributes, kind="api_key"), scope="r1")
    other = {"namespace": "code/github.com/acme/notes", "account": "github.com/acme/notes"}
    estate.show(
        code("OPENAI_API_KEY", unit=".", kind="api_key", attributes=leaked.attributes, **other), scope="r2"
    )
    linkage.relink(store, None)

    assert together(store) == [["Helpdesk", "OPENAI_API_KEY"], ["OPENAI_API_KEY"], ["key_1"]]
    with store.read() as tx:
        (asked,) = link_queue.suggestions(tx.conn)
    assert [(rule, strength) for rule, strength, _ in asked.reasons] == [("G8", 0.8)]


@pytest.mark.parametrize(("fork_by", "count"), [("person", 1), ("organisation", 2)])
def test_a_fork_is_one_system_with_its_origin_only_as_a_persons_working_copy(
    store: Store, fork_by: str, count: int
) -> None:
    tags = {"ai-system": "support"}
    fork = {"fork_of": REPO, "fork_by": fork_by}
    estate = Estate(store)
    estate.show(of_repo(tags=tags), scope="r1")
    copy = "code/github.com/umbrella/support"
    estate.show(
        code("openai", unit=".", namespace=copy, account=copy[5:], tags=tags, attributes=fork), scope="r2"
    )

    linkage.relink(store, None)

    assert len(inventory.list_systems(store)) == count


def test_linking_again_and_grouping_again_write_nothing(store: Store) -> None:
    estate = Estate(store)
    show(estate, of_repo())
    show(estate, built("helper"), finding("other"), scope="222")
    before = revision(store)

    linkage.relink(store, None)
    systems.regroup(store, None)

    assert revision(store) == before


def test_a_link_that_goes_gives_the_old_system_its_id_back(store: Store) -> None:
    estate = Estate(store)
    show(estate, of_repo())
    estate.show(built("helper"), scope="222")
    helper = by_name(inventory.list_systems(store), "helper").system_id
    linkage.relink(store, None)

    result = show(estate, finding("helper"), scope="222")

    assert result.split == {helper}
    assert {one.system_id for one in inventory.list_systems(store)} > {helper}
    assert together(store) == [["helper"], ["openai"]]
    with store.read() as tx:
        rows = tx.conn.execute(select(schema.link.c.valid_to)).scalars().all()
    assert None not in rows


def test_what_supports_one_thing_only_joins_it_and_returns_to_the_left_over(store: Store) -> None:
    estate = Estate(store)
    guarded = finding("bot", links=(to(RelationKind.GUARDED_BY, arn("guardrail/pii")),))
    guardrail = finding("pii", "guardrail", key=arn("guardrail/pii"))
    other = finding("other", "guardrail", key=arn("guardrail/other"))

    show(estate, guarded, guardrail, other)
    linked = together(store)
    show(estate, finding("bot"), guardrail, other)

    assert linked == [["bot", "pii"], ["other"]]
    assert together(store) == [["bot"], ["other", "pii"]]


def test_what_two_systems_use_joins_neither_and_what_five_use_is_shared(store: Store) -> None:
    estate = Estate(store)
    gateway = finding("hub", "gateway", key=arn("gateway/hub"))
    users = [
        finding(name, links=(to(RelationKind.CALLS, arn("gateway/hub")),))
        for name in ("alpha", "bravo", "charlie", "delta", "echo")
    ]

    show(estate, gateway, *users[:2])
    few = by_name(inventory.list_systems(store), "hub").kind
    show(estate, gateway, *users)

    assert together(store) == [["alpha"], ["bravo"], ["charlie"], ["delta"], ["echo"], ["hub"]]
    hub = by_name(inventory.list_systems(store), "hub")
    assert (few, hub.kind) == ("model_service", "shared_service")
    with store.read() as tx:
        uses, used_by = link_queue.uses(tx.conn, hub.system_id)
    assert (len(uses), len(used_by)) == (0, 5)


def test_uses_follow_a_user_that_becomes_part_of_another(store: Store) -> None:
    estate = Estate(store)
    link = (to(RelationKind.CALLS, arn("gateway/hub")),)
    gateway = finding("hub", "gateway", key=arn("gateway/hub"))
    show(estate, gateway, finding("alpha", links=link), finding("bravo", links=link), of_repo())
    before = {one.name: one.system_id for one in inventory.list_systems(store)}

    source = {"source_repository": f"https://{REPO}"}
    show(
        estate,
        gateway,
        finding("alpha", links=link, attributes=source),
        finding("bravo", links=link),
        of_repo(),
    )

    with store.read() as tx:
        _, used_by = link_queue.uses(tx.conn, before["hub"])
    now = {one.system_id for one in inventory.list_systems(store)}
    assert len(used_by) == 2
    assert {one for one, _ in used_by} <= now


@pytest.mark.parametrize(("name", "joins"), [("bot-dev", False), ("helper", True)], ids=["likely", "must"])
def test_a_decided_system_gains_by_must_links_only(store: Store, name: str, joins: bool) -> None:
    estate = Estate(store)
    show(estate, finding("support-bot"), of_repo())
    decisions.set_owner(store, "support-bot", "ana@acme.example", actor=ALICE)
    decided = inventory.get_system(store, "support-bot").system_id

    if joins:
        tagged = {"ai-system": "support"}
        show(estate, finding("support-bot", tags=tagged), scope="111122223333", part="tagged")
        show(estate, finding(name, tags=tagged, account="222"), scope="222")
    else:
        show(estate, finding("support-bot-dev"), scope="222")

    with store.read() as tx:
        queue = link_queue.suggestions(tx.conn)
    members = inventory.get_system(store, decided).assets
    assert (len(members), len(queue)) == ((2, 0) if joins else (1, 1))


def test_two_registered_systems_are_never_merged(store: Store) -> None:
    estate = Estate(store)
    show(estate, of_repo(), finding("helper"), connector="code", label=f"https://{REPO}.git")
    for name in ("support", "helper"):
        decisions.set_owner(store, name, "ana@acme.example", actor=ALICE)
        system_standing.register(store, name, actor=ALICE)

    show(estate, of_repo(), built("helper"), connector="code")

    assert together(store) == [["helper"], ["openai"]]


def test_two_legal_entities_are_never_merged(store: Store) -> None:
    estate = Estate(store)
    uk = Unit(name="UK", legal_entity="Acme UK", scopes=("1111*",))
    us = Unit(name="US", legal_entity="Acme Inc", scopes=("2222*",))
    with store.write() as tx:
        units.put(tx, [uk, us], by=units.BY_PERSON)
    tags = {"ai-system": "chatbot"}

    show(estate, finding("one", tags=tags))
    show(estate, finding("two", tags=tags, account="222233334444"), scope="2")
    show(estate, finding("three", tags=tags, account="111144445555"), scope="3")

    assert together(store) == [["one", "three"], ["two"]]


def test_the_earlier_address_of_a_repository_still_leads_to_it(store: Store) -> None:
    estate = Estate(store)

    def named(address: str) -> Finding:
        key = NaturalKey(namespace=f"code/{address}", key=".|package|openai")
        return code("openai", unit=".", key=".|package|openai", aliases=(key,), attributes={"at": address})

    show(estate, named("github.com/acme/old"), connector="code", scope="R_1")
    show(estate, named("github.com/acme/new"), connector="code", scope="R_1")

    show(estate, built("helper", "https://github.com/acme/old"), scope="222")

    assert together(store) == [["helper", "openai"]]


def test_a_system_is_called_after_what_tells_most(store: Store) -> None:
    estate = Estate(store)
    show(estate, built("a-worker"), built("b-worker"))

    show(estate, of_repo(), connector="code", scope="R", label=f"https://{REPO}.git")

    assert names(inventory.list_systems(store)) == ["support"]


def test_a_word_on_which_too_many_meet_says_nothing(store: Store) -> None:
    estate = Estate(store)
    many = [finding(f"thing {one:03}", attributes={"key_fingerprint": "fp"}) for one in range(70)]

    show(estate, *many)

    assert len(inventory.list_systems(store)) == 70
    with store.read() as tx:
        assert links.links_of(tx.conn, {"one:aws/arn|" + one.natural_key.key for one in many}) == []


def test_text_that_no_database_keeps_is_linked_all_the_same(store: Store) -> None:
    estate = Estate(store)
    odd = {"source_repository": f"https://{REPO}", "image": "a\x00b\ud800", "client_id": "x" * 5000}

    show(estate, of_repo(), finding("helper", attributes=odd))

    assert together(store) == [["helper", "openai"]]


def test_step_by_step_comes_to_what_all_at_once_does(sqlite_store_url: str) -> None:
    """The labelled monorepos, scope by scope in another order, against the pure rules over all of them."""
    from benchmarks.grouping import link
    from store import open_store

    estate = labelled.load(only=("00_places.txt", "40_monorepo.txt"))
    scopes = sorted(estate.findings().items())
    random.Random(7).shuffle(scopes)

    with open_store(sqlite_store_url) as store:
        writing = Estate(store)
        for place, findings in scopes:
            show(writing, *findings, scope=place, connector=place.partition("|")[0])
        found = _partition(store, estate)

    clusters = link(estate)
    wanted: dict[str, set[str]] = defaultdict(set)
    for thing in estate.things:
        wanted[clusters.root[thing.fact.node]].add(thing.fact.asset_id)
    assert found == {frozenset(several) for several in wanted.values()}


def _partition(store: Store, estate: labelled.Estate) -> set[frozenset[str]]:
    with store.read() as tx:
        rows = tx.conn.execute(select(schema.identity)).all()
        members = dict(
            tx.conn.execute(
                select(schema.system_member.c.asset_id, schema.system_member.c.system_id).where(
                    schema.system_member.c.valid_to.is_(None)
                )
            ).all()
        )
    ids = {(row.namespace, row.key): row.asset_id for row in rows}
    found: dict[str, set[str]] = defaultdict(set)
    for thing in estate.things:
        fact = thing.fact
        found[members[ids[fact.namespace, fact.natural_id]]].add(fact.asset_id)
    return {frozenset(several) for several in found.values()}
