from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from discovery.service import approvals, evidence, records
from discovery.service.errors import DecisionError, NotFound
from store import Store
from store.audit import Actor
from tests.estate import ALICE, Estate, finding

ANA = Actor(name="ana@acme.example", kind="user", authenticated=True)


def today() -> date:
    """Return the day it is now: a run may go on past midnight."""
    return datetime.now(UTC).date()


@pytest.fixture
def helper(store: Store) -> Store:
    Estate(store).show(finding("helper"))
    return store


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "red-team.pdf"
    path.write_bytes(b"%PDF all is well")
    return path


def add(store: Store, document: Path, **more: object) -> str:
    folder = document.parent / "kept"
    return evidence.add(store, "helper", str(document), folder=folder, actor=ANA, **more)[0]  # type: ignore[arg-type]


def test_a_file_is_kept_as_a_copy_under_its_hash(helper: Store, document: Path) -> None:
    add(helper, document, covers=("LIF-02",), title="Red team")

    (one,) = evidence.listed(helper)
    digest = hashlib.sha256(document.read_bytes()).hexdigest()
    assert (one.title, one.sha256, one.integrity, one.covers) == ("Red team", digest, "ok", ["LIF-02"])
    assert (one.media, one.captured_by) == ("application/pdf", ANA.name)
    assert (document.parent / "kept" / digest).read_bytes() == document.read_bytes()


def test_the_copy_stays_whole_when_the_original_changes(helper: Store, document: Path) -> None:
    add(helper, document)
    document.write_bytes(b"something else")

    found = evidence.verify(helper, folder=document.parent / "kept", actor=ANA)

    assert (found.checked, found.failed, found.changed) == (1, [], 0)


@pytest.mark.parametrize("damage", ["altered", "gone"])
def test_a_copy_that_was_touched_is_found_and_marked(helper: Store, document: Path, damage: str) -> None:
    add(helper, document)
    (copy,) = (document.parent / "kept").iterdir()
    if damage == "altered":
        copy.write_bytes(copy.read_bytes() + b".")
    else:
        copy.unlink()

    found = evidence.verify(helper, folder=document.parent / "kept", actor=ANA)

    assert [damage in one for one in found.failed] == [True]
    assert [one.integrity for one in evidence.listed(helper)] == ["failed"]


def test_a_copy_that_was_restored_holds_again(helper: Store, document: Path) -> None:
    add(helper, document)
    folder = document.parent / "kept"
    (copy,) = folder.iterdir()
    whole = copy.read_bytes()
    copy.write_bytes(b"")
    evidence.verify(helper, folder=folder, actor=ANA)
    copy.write_bytes(whole)

    evidence.verify(helper, folder=folder, actor=ANA)

    assert [one.integrity for one in evidence.listed(helper)] == ["ok"]


def test_an_imported_hash_does_not_lead_out_of_the_folder(helper: Store, document: Path) -> None:
    item = {"id": "evd_1", "title": "x", "sha256": f"../{document.name}"}
    records.apply(helper, "helper", records.Change(values={"evidence": [item]}, source="import"), actor=ANA)
    (document.parent / "kept").mkdir()

    found = evidence.verify(helper, folder=document.parent / "kept", actor=ANA)

    assert "its hash is no SHA-256" in found.failed[0]


def test_a_link_is_kept_without_a_copy(helper: Store, tmp_path: Path) -> None:
    evidence.add(helper, "helper", "https://wiki.acme.example/dpia/7", folder=tmp_path, actor=ANA)

    (one,) = evidence.listed(helper)
    assert (one.uri, one.sha256, one.integrity) == ("https://wiki.acme.example/dpia/7", None, "unchecked")


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("https://ana:secret@wiki.acme.example/", "user or password"),
        ("ftp://files.acme.example/x", "no web address"),
        ("javascript://x", "no web address"),
        ("not-there.pdf", "cannot be kept"),
        (".", "cannot be kept"),
        ("/dev/null", "no regular file"),
    ],
)
def test_what_cannot_be_kept_is_refused(helper: Store, tmp_path: Path, source: str, says: str) -> None:
    with pytest.raises(DecisionError, match=says):
        evidence.add(helper, "helper", source, folder=tmp_path / "kept", actor=ANA)

    assert evidence.listed(helper) == []


def test_evidence_ends(helper: Store, document: Path) -> None:
    add(helper, document, valid_to=today())

    later = evidence.listed(helper, as_of=datetime.now(UTC) + timedelta(days=3))

    assert [one.expired for one in evidence.listed(helper)] == [False]
    assert [one.expired for one in later] == [True]


def test_evidence_that_was_taken_off_is_listed_no_more(helper: Store, document: Path) -> None:
    kept = add(helper, document)

    evidence.remove(helper, "helper", kept, actor=ANA, reason="wrong file")

    assert evidence.listed(helper) == []
    with pytest.raises(NotFound, match="has no evidence"):
        evidence.remove(helper, "helper", kept, actor=ANA, reason="again")


def test_decisions_at_a_gate_stay_on_record(helper: Store) -> None:
    approvals.give(helper, "helper", "pilot", actor=ANA, decision="conditional", conditions="50 users")
    approvals.give(helper, "helper", "production", actor=ALICE, role="CISO", valid_to=today())

    found = approvals.listed(helper)

    assert [(one.gate, one.decision, one.by) for one in found] == [
        ("pilot", "conditional", ANA.name),
        ("production", "approved", ALICE.name),
    ]
    later = approvals.listed(helper, as_of=datetime.now(UTC) + timedelta(days=3))
    assert [one.current for one in later] == [True, False]


def test_a_condition_is_named(helper: Store) -> None:
    with pytest.raises(DecisionError, match="names its conditions"):
        approvals.give(helper, "helper", "pilot", actor=ANA, decision="conditional")


@pytest.mark.parametrize("field", ["evidence", "approvals", "exceptions"])
def test_what_has_a_command_of_its_own_is_not_set_by_hand(helper: Store, field: str) -> None:
    with pytest.raises(DecisionError, match=f"is set by: aicensus {field}"):
        records.change(helper, "helper", {field: "[]"}, actor=ANA)


def test_nothing_is_copied_for_a_system_that_there_is_not(store: Store, tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    report.write_text("all is well")

    with pytest.raises(NotFound, match="no system"):
        evidence.add(store, "nobody", str(report), folder=tmp_path / "kept", actor=ALICE)

    assert not (tmp_path / "kept").exists()


def test_what_no_rule_asks_for_may_be_covered_and_is_told(store: Store, tmp_path: Path) -> None:
    Estate(store).show(finding("helper"))
    link = "https://wiki.example.org/dpia"

    _, done = evidence.add(
        store, "helper", link, folder=tmp_path, actor=ALICE, covers=("LIF-02", "A.4.2", "Z.9")
    )

    assert done.warnings == ["no rule or control that is known is called Z.9"]
