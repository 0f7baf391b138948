from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from connectors.errors import ConfigError
from connectors.secrets import SecretRef
from discovery.service import decisions, inventory, owner_requests, people
from discovery.service.errors import DecisionError, NotFound
from store import Store, audit
from store.columns import metadata
from tests.estate import ALICE, Estate, finding

KEY = b"a key of more than sixteen characters"
ANA, BO = "ana@acme.example", "bo@acme.example"


@pytest.fixture
def asked(store: Store) -> str:
    """Return the token of a question to Ana about ``helper``."""
    Estate(store).show(finding("helper", tags={"Owner": ANA}))
    return owner_requests.ask(store, "helper", None, actor=ALICE, key=KEY).token


def states(store: Store) -> list[tuple[str, str]]:
    return [(one.party, one.state) for one in owner_requests.listed(store)]


def test_who_accepts_by_token_is_the_owner_and_an_authenticated_actor(store: Store, asked: str) -> None:
    decided = owner_requests.answer(store, asked, "accept", key=KEY)

    with store.read() as tx:
        (last, *_) = audit.entries(tx.conn)
    assert decided.system.owner == ANA
    assert (last["action"], last["actor_kind"], last["authenticated"]) == ("owner.accept", "token", True)
    assert states(store) == [(ANA, "accepted")]


def test_who_declines_is_not_named_by_the_same_evidence_again(store: Store, asked: str) -> None:
    owner_requests.answer(store, asked, "decline", key=KEY, reason="not mine")
    Estate(store).show(finding("helper", tags={"Owner": ANA}, attributes={"new": 1}))

    system = inventory.get_system(store, "helper")

    assert (system.owner, system.owner_candidates) == (None, [])


def test_who_delegates_makes_somebody_else_a_candidate_only(store: Store, asked: str) -> None:
    decided = owner_requests.answer(store, asked, "delegate", key=KEY, to=BO)

    assert decided.system.owner is None
    assert [(one.party, one.confidence) for one in decided.system.owner_candidates] == [(BO, 0.85)]


def test_a_token_answers_once(store: Store, asked: str) -> None:
    owner_requests.answer(store, asked, "decline", key=KEY)

    with pytest.raises(DecisionError, match="used before"):
        owner_requests.answer(store, asked, "accept", key=KEY)
    assert inventory.get_system(store, "helper").owner is None


@pytest.mark.parametrize(
    "forge",
    [
        lambda token: token + "x",
        lambda token: token[:-4] + "AAAA",
        lambda token: token.split(".")[0],
        lambda token: "req_0." + token.split(".")[1],
        lambda token: "",
        lambda token: "é.ü",
    ],
    ids=["longer", "other-end", "unsigned", "other-question", "empty", "not-ascii"],
)
def test_a_forged_token_does_nothing(store: Store, asked: str, forge: object) -> None:
    with pytest.raises(NotFound, match="not known here"):
        owner_requests.answer(store, forge(asked), "accept", key=KEY)  # type: ignore[operator]

    assert states(store) == [(ANA, "open")]


def test_a_token_of_another_key_does_nothing(store: Store, asked: str) -> None:
    with pytest.raises(NotFound):
        owner_requests.answer(store, asked, "accept", key=b"another key of sixteen or more")


def test_a_token_ends(store: Store, asked: str) -> None:
    later = datetime.now(UTC) + timedelta(days=15)

    with pytest.raises(DecisionError, match="this token ended on"):
        owner_requests.answer(store, asked, "accept", key=KEY, now=later)
    assert [one.state for one in owner_requests.listed(store, now=later)] == ["expired"]


def test_a_newer_question_to_the_same_person_replaces_the_older(store: Store, asked: str) -> None:
    newer = owner_requests.ask(store, "helper", ANA, actor=ALICE, key=KEY).token

    with pytest.raises(DecisionError, match="replaced by a newer one"):
        owner_requests.answer(store, asked, "accept", key=KEY)
    assert owner_requests.answer(store, newer, "accept", key=KEY).system.owner == ANA


def test_somebody_who_has_left_cannot_answer(store: Store, asked: str) -> None:
    people.set_active(store, ANA, active=False, actor=ALICE, reason="has left")

    with pytest.raises(DecisionError, match="no longer active"):
        owner_requests.answer(store, asked, "accept", key=KEY)


@pytest.mark.parametrize("to", ["", "dependabot[bot]", ANA])
def test_a_delegation_names_another_person(store: Store, asked: str, to: str) -> None:
    with pytest.raises(DecisionError, match="cannot be delegated"):
        owner_requests.answer(store, asked, "delegate", key=KEY, to=to)

    assert states(store) == [(ANA, "open")]


def test_nobody_is_asked_where_no_evidence_names_anybody(store: Store) -> None:
    Estate(store).show(finding("helper"))

    with pytest.raises(DecisionError, match="no evidence names an owner"):
        owner_requests.ask(store, "helper", None, actor=ALICE, key=KEY)


def test_neither_key_nor_signature_is_in_the_store(store: Store, asked: str) -> None:
    with store.read() as tx:
        rows = "".join(repr(tx.conn.execute(select(table)).all()) for table in metadata.sorted_tables)

    assert KEY.decode() not in rows
    assert asked.partition(".")[2] not in rows


def test_a_key_file_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    first = owner_requests.signing_key(None, tmp_path)

    assert owner_requests.signing_key(None, tmp_path) == first
    assert stat.S_IMODE((tmp_path / "signing.key").stat().st_mode) == 0o600


def test_a_short_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("short")

    with pytest.raises(ConfigError, match="too short"):
        owner_requests.signing_key(SecretRef("file", str(tmp_path / "key")), tmp_path)


def test_what_people_decline_makes_its_kind_of_evidence_weigh_less(store: Store) -> None:
    estate = Estate(store)
    estate.show(*(finding(f"bot-{number}", tags={"Owner": ANA}) for number in range(12)))
    before = inventory.get_system(store, "bot-11").owner_candidates[0].confidence
    for number in range(10):
        decisions.decline_owner(store, f"bot-{number}", ANA, actor=ALICE, reason="a stale tag")
    estate.show(*(finding(f"bot-{number}", tags={"Owner": ANA, "x": "1"}) for number in range(12)))

    after = inventory.get_system(store, "bot-11").owner_candidates[0].confidence

    # 0.9 as proposed counts for 20 decisions: (0.9 * 20 + 0) / (20 + 10).
    assert (before, after) == (0.9, pytest.approx(0.6))


def test_what_people_accept_makes_its_kind_of_evidence_weigh_more(store: Store) -> None:
    estate = Estate(store)
    estate.show(*(finding(f"bot-{number}", tags={"CostCenter": ANA}) for number in range(12)))
    before = inventory.get_system(store, "bot-11").owner_candidates[0].confidence
    for number in range(10):
        decisions.accept_owner(store, f"bot-{number}", actor=ALICE)
    estate.show(*(finding(f"bot-{number}", tags={"CostCenter": ANA, "x": "1"}) for number in range(12)))

    after = inventory.get_system(store, "bot-11").owner_candidates[0].confidence

    assert (before, after) == (0.4, pytest.approx(0.6))


def test_a_token_of_a_clock_that_was_ahead_is_refused(store: Store, asked: str) -> None:
    later = datetime.now(UTC) + timedelta(days=400)
    token = owner_requests.ask(store, "helper", BO, actor=ALICE, key=KEY, now=later).token

    with pytest.raises(DecisionError, match="which lies ahead"):
        owner_requests.answer(store, token, "accept", key=KEY)

    assert inventory.get_system(store, "helper").owner is None


def test_who_has_left_is_no_candidate_that_can_be_accepted(store: Store, asked: str) -> None:
    people.set_active(store, ANA, active=False, actor=ALICE, reason="has left")

    with pytest.raises(DecisionError, match="no longer active"):
        decisions.accept_owner(store, "helper", actor=ALICE, candidate=ANA)
    with pytest.raises(DecisionError, match="has no candidate"):
        decisions.accept_owner(store, "helper", actor=ALICE)
