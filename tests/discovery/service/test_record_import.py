from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from discovery.service import (
    decisions,
    inventory,
    people,
    record_import,
    record_showing,
    record_tables,
    records,
)
from discovery.service.errors import DecisionError
from discovery.service.record_import import Imported, ImportOptions
from discovery.service.record_tables import Reading
from store import Store, open_store, schema
from tests.estate import ALICE, Estate, finding

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
REGISTER = """System name;Business owner;Description;Personal data;Risk level;Vendor;Status;parent_id
helper;dana@acme.example;Answers customers about their orders.;yes;Med;OpenAI;Live;
CV ranker;eve@acme.example;Ranks applications for jobs.;yes;High;Acme AI, Other;PoC;HR suite
HR suite;@acme/hr;Runs human resources.;yes;low;SAP;In use;
"""


@pytest.fixture
def store(sqlite_store_url: str) -> Iterator[Store]:
    """Open an empty store on SQLite: what the databases may do differently, a few tests show on both."""
    with open_store(sqlite_store_url) as opened:
        yield opened


@pytest.fixture
def any_store(store_url: str) -> Iterator[Store]:
    """Open an empty store, once on each database."""
    with open_store(store_url) as opened:
        yield opened


def write(folder: Path, text: str, name: str = "register.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def bring(store: Store, path: Path, *, confirmed: bool = False, creates: bool = True) -> Imported:
    rows = record_tables.read(path, Reading())
    options = ImportOptions(name=path.name, confirmed=confirmed, creates=creates, reason="register")
    planned = record_import.plan(store, rows, options, now=NOW)
    return record_import.run(store, planned, options, actor=ALICE, now=NOW)


def counts(store: Store) -> tuple[int, ...]:
    tables = (schema.system, schema.oversight, schema.owner, schema.audit, schema.party)
    with store.read() as tx:
        return tuple(tx.conn.execute(select(func.count()).select_from(one)).scalar_one() for one in tables)


def test_a_register_fills_known_systems_and_enters_those_that_no_scan_shows(
    any_store: Store, tmp_path: Path
) -> None:
    Estate(any_store).show(finding("helper"))

    done = bring(any_store, write(tmp_path, REGISTER))

    assert [(one.name, one.action) for one in done.planned] == [
        ("helper", "update"),
        ("CV ranker", "create"),
        ("HR suite", "create"),
    ]
    ranker = inventory.get_system(any_store, "CV ranker")
    assert (ranker.state, ranker.owner) == ("registered", None)
    assert [one.party for one in ranker.owner_candidates] == ["eve@acme.example"]
    assert ranker.why == "a person entered it; no scan shows it"
    shown = record_showing.show(any_store, "CV ranker")
    assert shown.of("risk.tier").value == "high"
    assert shown.of("lifecycle.stage").value == "pilot"
    assert shown.of("third_parties").value == [{"name": "Acme AI, Other"}]
    assert shown.of("parent_id").value == inventory.get_system(any_store, "HR suite").system_id
    purpose = shown.of("purpose.statement")
    assert (purpose.source, purpose.answered, purpose.confidence) == ("import", False, 0.9)
    assert purpose.why == "imported from register.csv"
    assert record_showing.show(any_store, "helper").of("risk.tier").value == "medium"


def test_importing_the_same_file_again_writes_nothing(any_store: Store, tmp_path: Path) -> None:
    path = write(tmp_path, REGISTER)
    bring(any_store, path)
    before = counts(any_store)

    done = bring(any_store, path)

    assert {one.action for one in done.planned} == {"nothing"}
    assert counts(any_store) == before


def test_what_a_person_answered_is_left_and_told(store: Store, tmp_path: Path) -> None:
    Estate(store).show(finding("helper"))
    records.change(store, "helper", {"purpose": "Deletes mail."}, actor=ALICE)
    decisions.set_owner(store, "helper", "ana@acme.example", actor=ALICE)

    done = bring(store, write(tmp_path, REGISTER), confirmed=True)

    assert done.planned[0].kept == ["purpose.statement"]
    assert done.planned[0].owner is None
    view = inventory.get_system(store, "helper")
    assert (view.oversight.purpose, view.owner) == ("Deletes mail.", "ana@acme.example")


def test_who_vouches_for_a_register_accepts_its_owners(any_store: Store, tmp_path: Path) -> None:
    path = write(tmp_path, REGISTER)
    bring(any_store, path)

    done = bring(any_store, path, confirmed=True)

    ranker = inventory.get_system(any_store, "CV ranker")
    assert {one.action for one in done.planned} == {"update"}
    assert (ranker.owner, ranker.owner_candidates) == ("eve@acme.example", [])
    assert record_showing.show(any_store, "CV ranker").of("purpose.statement").answered


def test_a_candidate_of_a_register_outlives_the_next_look_at_the_evidence(
    store: Store, tmp_path: Path
) -> None:
    estate = Estate(store)
    estate.show(finding("helper"))
    bring(store, write(tmp_path, REGISTER))

    estate.show(finding("helper", tags={"team": "x"}), finding("more"))

    assert "dana@acme.example" in [
        one.party for one in inventory.get_system(store, "helper").owner_candidates
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "sytem,ownr,Purpose,Notes\na,b,c,d\n",
            ["'sytem'; did you mean 'name'?", "'ownr'; did you mean 'owner'?"],
        ),
        ("name,owner,business owner\na,b,c\n", ["two columns are for owner"]),
        ("owner\nb\n", ["no column names the system"]),
        ("name,purpose\na,b,c\n", ["line 2 has 3 cells, the header 2"]),
        ('name,purpose\na,"b\n', ["is not CSV"]),
        ("name\n", ["names no system"]),
        (
            "name,owner,data_categories,kind,parent_id,risk.residual\n"
            "a,dependabot[bot],persnal,aplication,nowhere,200\na,x@y,none;personal,agent,,5\n",
            [
                "line 2: unknown kind 'aplication'; did you mean 'application'?",
                "line 2: data.categories: entry 1: unknown word 'persnal'; did you mean 'personal'?",
                "line 2: risk.residual: 200 is not between",
                "line 2: 'dependabot[bot]' is no person",
                "line 2: parent_id: there is no system 'nowhere'",
                "line 3: line 2 is about the same system",
                "line 3: data.categories: 'none' cannot stand",
                "line 3: 'x@y' is not an address",
            ],
        ),
        (
            'name,approvals\na,"[{gate: pilot, decision: approved, by: me, at: 2026-01-01}]"\n',
            ["approvals give"],
        ),
        (
            "name,data.personal,data.categories\na,no,health\n",
            ["line 2: the data is said to hold no personal"],
        ),
    ],
)
def test_a_file_with_mistakes_is_refused_whole_with_all_of_them(
    sqlite_store_url: str, tmp_path: Path, text: str, said: list[str]
) -> None:
    with open_store(sqlite_store_url) as store:
        before = counts(store)

        with pytest.raises(DecisionError) as caught:
            bring(store, write(tmp_path, text))

        assert [one for one in said if one not in str(caught.value)] == []
        assert counts(store) == before


def test_names_that_several_systems_bear_need_an_id(store: Store, tmp_path: Path) -> None:
    Estate(store).show(finding("helper"), finding("helper", key="arn:two"))
    system_id = inventory.list_systems(store)[0].system_id

    with pytest.raises(DecisionError, match="2 systems are called 'helper'; give the id"):
        bring(store, write(tmp_path, "name,org unit\nhelper,Sales\n"))
    bring(store, write(tmp_path, f"id,department\n{system_id},Sales\n"))

    assert record_showing.show(store, system_id).of("org_unit").value == "Sales"


def test_a_file_may_be_kept_from_entering_systems(store: Store, tmp_path: Path) -> None:
    with pytest.raises(DecisionError, match="there is no system 'helper'"):
        bring(store, write(tmp_path, REGISTER), creates=False)


def test_an_ai_system_file_is_one_system(store: Store, tmp_path: Path) -> None:
    text = """
apiVersion: aicensus/v1
name: helper
owner: shop@acme.example
purpose: {statement: Proposes products., users: [customers]}
data: {categories: [internal, personal], personal: yes}
reviews: {next_due_at: 2027-05-01}
assessments:
  - {type: dpia, status: done, done_at: 2026-03-01, by: shop@acme.example}
"""
    bring(store, write(tmp_path, text, "ai-system.yaml"))

    again = bring(store, write(tmp_path, text, "ai-system.yaml"))

    shown = record_showing.show(store, "helper")
    assert shown.of("purpose.users").value == ["customers"]
    assert shown.of("assessments").value == [
        {"type": "dpia", "status": "done", "done_at": "2026-03-01", "by": "shop@acme.example"}
    ]
    assert shown.next_review == "2027-05-01"
    assert again.planned[0].action == "nothing"


def test_a_catalogue_of_backstage_brings_only_ai_and_what_is_known(store: Store, tmp_path: Path) -> None:
    Estate(store).show(finding("helper"))
    text = """
kind: Component
metadata: {name: helper, description: Helps., tags: [python]}
spec: {owner: "group:default/desk", lifecycle: production}
---
kind: Component
metadata: {name: chatter, description: Talks., tags: [LLM]}
spec: {owner: "user:default/joe", lifecycle: experimental}
---
kind: Group
metadata: {name: desk}
---
kind: Component
metadata: {name: webshop, tags: [java]}
"""
    done = bring(store, write(tmp_path, text, "catalog-info.yaml"))

    assert [(one.name, one.action) for one in done.planned] == [("helper", "update"), ("chatter", "create")]
    assert done.left_out == 1
    assert [one.party for one in inventory.get_system(store, "chatter").owner_candidates] == ["joe"]
    assert record_showing.show(store, "chatter").of("lifecycle.stage").value == "development"


def test_an_owner_who_is_nobody_is_left_out_of_a_catalogue_and_the_rest_is_taken(
    store: Store, tmp_path: Path
) -> None:
    text = """
kind: Component
metadata: {name: chatter, description: Talks to customers., tags: [llm]}
spec: {owner: "group:default/bots", lifecycle: production}
---
kind: Component
metadata: {name: scorer, description: Scores., tags: [llm]}
spec: {owner: "user:default/joe"}
"""

    done = bring(store, write(tmp_path, text, "catalog-info.yaml"))

    assert [(one.name, one.owner) for one in done.planned] == [("chatter", None), ("scorer", "joe")]
    assert done.planned[0].notes == ["its owner 'bots' is no person or team and was left out"]
    assert record_showing.show(store, "chatter").of("lifecycle.stage").value == "production"


def test_an_owner_who_is_nobody_stops_a_register_that_was_made_for_it(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path, "name,owner\nchatter,bots\nscorer,joe\n")

    with pytest.raises(DecisionError, match="'bots' is no person or team"):
        bring(store, path)

    assert inventory.list_systems(store) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "- name: a\n  purpos: x\n- just text\n",
            ["entry 1: no field is called 'purpos'", "entry 2 is not a table"],
        ),
        ("a: [" * 300, ["cannot be read"]),
        ("&a [*a]", ["cannot be read"]),
        ("%", ["cannot be read"]),
    ],
)
def test_yaml_that_cannot_be_understood_is_refused(tmp_path: Path, text: str, said: list[str]) -> None:
    with pytest.raises(DecisionError) as caught:
        record_tables.read(write(tmp_path, text, "systems.yaml"), Reading())

    assert [one for one in said if one not in str(caught.value)] == []


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "register.csv"
    path.write_bytes(b"name,owner\n\x00\xff\xfe\n")

    with pytest.raises(DecisionError, match="not a text in UTF-8"):
        record_tables.read(path, Reading())


def test_columns_can_be_named_or_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, "Name,LOB,Notes\nhelper,Sales,secret\n")

    (row,) = record_tables.read(path, Reading(renamed={"LOB": "org_unit"}, ignored=("Notes",)))

    assert (row.system, row.values) == ({"name": "helper"}, {"org_unit": "Sales"})


@pytest.mark.parametrize(
    ("said", "target"),
    [
        ("Description", "purpose.statement"),
        ("description", "purpose.statement"),
        ("System_Name", "name"),
        ("Next-Review", "reviews.next_due_at"),
        ("risk.tier", "risk.tier"),
        ("x.cost_centre", "x.cost_centre"),
        ("components", None),
    ],
)
def test_columns_are_understood_by_the_names_that_people_use(said: str, target: str | None) -> None:
    assert record_tables.target_of(said) == target


def test_a_cell_that_our_own_csv_guarded_is_read_back(tmp_path: Path) -> None:
    path = write(tmp_path, "name,purpose\nhelper,'=1+1 is what it answers\n")

    (row,) = record_tables.read(path, Reading())

    assert row.values == {"purpose.statement": "=1+1 is what it answers"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "name;parent_id\nouter;inner\ninner;outer\n",
            r"line 2: parent_id: 'outer' would be a part of itself",
        ),
        ("name;parent_id\nouter;inner\ninner;helper\nhelper;outer\n", "'helper' would be a part of itself"),
        ("name;parent_id\nalone;alone\n", "'alone' would be a part of itself"),
    ],
)
def test_systems_inside_themselves_are_refused_before_anything_is_written(
    store: Store, tmp_path: Path, text: str, said: str
) -> None:
    Estate(store).show(finding("helper"))
    before = counts(store)

    with pytest.raises(DecisionError, match=said):
        bring(store, write(tmp_path, text))

    assert counts(store) == before


def test_an_owner_who_has_left_is_refused_before_anything_is_written(store: Store, tmp_path: Path) -> None:
    Estate(store).show(finding("helper"))
    decisions.set_owner(store, "helper", "gone@acme.example", actor=ALICE)
    people.set_active(store, "gone@acme.example", active=False, actor=ALICE, reason="has left")
    before = counts(store)

    with pytest.raises(DecisionError, match=r"line 2: 'gone@acme\.example' is no longer active"):
        bring(store, write(tmp_path, "name;owner\nnew one;gone@acme.example\n"))

    assert counts(store) == before


def test_a_mapping_of_a_column_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, "name;owner\nhelper;dana@acme.example\n")

    with pytest.raises(DecisionError, match="--map 'Line of business': no column"):
        record_tables.read(path, Reading(renamed={"Line of business": "org_unit"}))
