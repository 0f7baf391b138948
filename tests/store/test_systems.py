from __future__ import annotations

from sqlalchemy import event, select

from connectors.model import PartStatus, Ref
from discovery.service import decisions, inventory
from discovery.service.decisions import OwnerRole
from store import Store, open_store, owners, schema, systems
from tests.estate import ALICE, Estate, by_name, code, finding, hint, names, revision


def test_assets_of_one_unit_become_one_system(store: Store) -> None:
    Estate(store).show(code("openai"), code("langchain"), code("torch", unit="services/reco"))

    found = inventory.list_systems(store)

    assert names(found) == ["bot", "reco"]
    assert [len(one.assets) for one in found] == [2, 1]
    assert found[0].kind == "application"


def test_regrouping_again_writes_nothing(store: Store) -> None:
    Estate(store).show(code("openai", owner_hints=(hint("@acme/bots"),)), finding("helper"))
    with store.read() as tx:
        assets = systems.all_assets(tx.conn)
    before = revision(store)

    systems.regroup(store, assets)
    systems.regroup(store, None)

    assert revision(store) == before


def test_what_a_killed_run_left_ungrouped_is_found(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"))
    with store.begin() as conn:
        conn.execute(schema.system_member.delete())

    assert systems.regroup(store, None).touched
    assert by_name(inventory.list_systems(store), "helper").assets


def test_a_renamed_group_keeps_the_system(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("a", application="shop"), finding("b", application="shop"))
    before = inventory.list_systems(store)

    estate.show(finding("a", application="store"), finding("b", application="store"))

    (after,) = inventory.list_systems(store)
    assert after.system_id == before[0].system_id
    assert after.name == "store"


def test_a_split_leaves_the_id_with_the_larger_group(store: Store) -> None:
    estate = Estate(store)
    estate.show(*(finding(name, application="shop") for name in "abcde"))
    (before,) = inventory.list_systems(store)

    estate.show(
        *(finding(name, application="shop") for name in "ab"),
        *(finding(name, application="new") for name in "cde"),
    )

    found = inventory.list_systems(store)
    assert names(found) == ["new", "shop"]
    assert by_name(found, "new").system_id == before.system_id
    assert [len(one.assets) for one in found] == [3, 2]


def test_two_systems_that_become_one_keep_the_larger_id_and_alias_the_other(store: Store) -> None:
    estate = Estate(store)
    estate.show(*(finding(name, application="shop") for name in "abc"), finding("d", application="till"))
    large, small = inventory.list_systems(store)
    tags = {"ai-system": "retail"}

    estate.show(
        *(finding(name, application="shop", tags=tags) for name in "abc"),
        finding("d", application="till", tags=tags),
    )

    (one,) = inventory.list_systems(store)
    assert one.system_id == large.system_id
    assert one.aliases == [small.system_id]
    assert inventory.get_system(store, small.system_id) == inventory.get_system(store, one.system_id)


def test_members_of_a_decided_system_stay_and_others_are_suggested(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("a", application="shop"), finding("b", application="shop"))
    (shop,) = inventory.list_systems(store)
    decisions.set_owner(store, "shop", "ana@acme.example", actor=ALICE)

    estate.show(*(finding(name, application="till") for name in "abc"))

    found = {one.system_id: one for one in inventory.list_systems(store)}
    assert len(found[shop.system_id].assets) == 2
    assert found[shop.system_id].name == "shop"
    assert len(found) == 2
    with store.read() as tx:
        member = schema.system_member
        rows = tx.conn.execute(select(member.c.system_id).where(member.c.strength == 0)).all()
    assert [row.system_id for row in rows] == [shop.system_id]


def test_a_new_asset_of_the_group_that_was_decided_joins(store: Store) -> None:
    estate = Estate(store)
    estate.show(code("openai"))
    decisions.set_owner(store, "bot", "ana@acme.example", actor=ALICE)

    estate.show(code("openai"), code("langchain"))

    (bot,) = inventory.list_systems(store)
    assert len(bot.assets) == 2


def test_a_must_link_joins_a_decided_system(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("a", application="shop"))
    (shop,) = inventory.list_systems(store)
    decisions.set_owner(store, "shop", "ana@acme.example", actor=ALICE)
    tags = {"ai-system": "shop"}

    estate.show(finding("a", application="shop", tags=tags), finding("new", tags=tags))

    (one,) = inventory.list_systems(store)
    assert one.system_id == shop.system_id
    assert len(one.assets) == 2


def test_a_system_retires_when_all_members_are_gone_and_comes_back_with_them(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"), finding("other"))
    helper = by_name(inventory.list_systems(store), "helper")

    estate.show(finding("other"))
    assert inventory.get_system(store, "helper").state == "candidate"
    estate.show(finding("other"))
    assert inventory.get_system(store, "helper").state == "retired"
    estate.show(finding("helper"), finding("other"))

    again = inventory.get_system(store, "helper")
    assert (again.state, again.system_id) == ("candidate", helper.system_id)


def test_a_denied_part_retires_nothing(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"))

    estate.show(status=PartStatus.DENIED)
    estate.show(status=PartStatus.DENIED)

    assert names(inventory.list_systems(store)) == ["helper"]


def test_a_branch_that_does_not_drive_makes_no_system(store: Store) -> None:
    Estate(store).show(code("openai", ref=Ref(name="feature", drives=False)))

    assert inventory.list_systems(store) == []
    assert names(inventory.list_assets(store)) == ["openai"]


def test_a_project_names_its_system(store: Store) -> None:
    project = finding(
        "Support chat", "ai_project", key="proj_1", namespace="openai/org-1/project", application="proj_1"
    )
    key = finding("ci key", "api_key", key="key_1", namespace="openai/org-1/key", application="proj_1")

    Estate(store).show(project, key)

    assert names(inventory.list_systems(store)) == ["Support chat"]


def test_the_root_of_a_repository_is_named_by_it(store: Store) -> None:
    Estate(store).show(
        code("openai", unit=""), scope="R_1", connector="code", label="https://git.example/acme/shop.git"
    )

    assert names(inventory.list_systems(store)) == ["shop"]


def test_candidates_follow_the_evidence(store: Store) -> None:
    estate = Estate(store)
    estate.show(code("openai", owner_hints=(hint("@acme/bots"),)))
    first = inventory.get_system(store, "bot").owner_candidates

    estate.show(code("openai", owner_hints=(hint("ana@acme.example"),)))

    second = inventory.get_system(store, "bot")
    assert [one.party for one in first] == ["@acme/bots"]
    assert [one.party for one in second.owner_candidates] == ["ana@acme.example"]
    assert second.owner is None


def test_owner_tags_make_candidates(store: Store) -> None:
    Estate(store).show(finding("helper", tags={"Owner": "ana@acme.example", "Team": "renovate-bot"}))

    (candidate,) = inventory.get_system(store, "helper").owner_candidates
    assert (candidate.party, candidate.confidence) == ("ana@acme.example", 0.9)
    assert candidate.reasons == ["tag Owner=ana@acme.example"]


def test_a_thing_made_anew_is_asked_about_again(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("helper"), code("openai"))
    for name in ("helper", "bot"):
        decisions.set_owner(store, name, "ana@acme.example", actor=ALICE, role=OwnerRole.ACCOUNTABLE)
    new = {f"old{number}": one.asset_id for number, one in enumerate(inventory.list_assets(store))}

    asked = decisions.ask_owner_again(store, new, actor=ALICE)

    assert [inventory.get_system(store, one).name for one in asked] == ["helper"]
    assert inventory.get_system(store, "helper").owner is None
    assert inventory.get_system(store, "bot").owner == "ana@acme.example"


def test_what_another_process_grouped_meanwhile_is_not_grouped_twice(store: Store) -> None:
    Estate(store).show(finding("a"), finding("b"))
    with store.begin() as conn:
        conn.execute(schema.system_member.delete())
    other = open_store(store.url.render_as_string(hide_password=False))
    done: list[bool] = []

    def other_comes_first(*_: object) -> None:
        if not done:
            done.append(True)
            systems.regroup(other, None)

    event.listen(store.engine.pool, "checkout", other_comes_first)
    systems.regroup(store, None)

    with store.read() as tx:
        members = tx.conn.execute(select(schema.system_member.c.asset_id)).scalars().all()
    assert (done, len(members), len(set(members))) == ([True], 2, 2)
    other.close()


def test_tags_that_are_named_like_our_own_fields_hide_no_owner(store: Store) -> None:
    tags = {"owner_hints": '"owner_hints":[', "usage": ',"usage":', "owner": "ana@acme.example"}

    Estate(store).show(finding("a", tags=tags, owner_hints=(hint("bo@acme.example"),)))

    with store.read() as tx:
        (found,) = owners.of_systems(tx.conn, None).values()
    assert {one.party.label for one in found} == {"ana@acme.example", "bo@acme.example"}
