from __future__ import annotations

import pytest
from sqlalchemy import text

from store import Store, audit, parties
from store.audit import GENESIS, Actor, AuditReport, Entry

ANA = Actor(name="ana@acme.example", kind="user", authenticated=True)
AT = "2026-11-22T03:00:00.000000Z"


def write(store: Store, count: int = 5, reason: str = "said so") -> list[str]:
    hashes = []
    for number in range(count):
        with store.write() as tx:
            entry = Entry(action="owner.set", object=f"sys_{number}", reason=reason, new={"n": number})
            hashes.append(audit.append(tx.conn, ANA, entry, at=AT))
    return hashes


def verify(store: Store, head: str | None = None) -> AuditReport:
    with store.read() as tx:
        return audit.verify(tx.conn, head)


def tamper(store: Store, statement: str) -> None:
    with store.begin() as conn:
        conn.execute(text(statement))


def test_an_empty_log_is_whole(store: Store) -> None:
    assert verify(store) == AuditReport(ok=True, entries=0, head=GENESIS)


def test_a_log_is_whole_and_every_entry_is_a_known_head(store: Store) -> None:
    hashes = write(store)

    assert all(verify(store, known).ok for known in hashes)
    assert verify(store).head == hashes[-1]


def test_a_flipped_byte_is_found(store: Store) -> None:
    write(store)
    tamper(store, "UPDATE audit SET body = replace(body, 'said so', 'said sp') WHERE seq = 3")

    report = verify(store)

    assert (report.ok, report.broken_seq) == (False, 3)
    assert "changed" in report.problem


def test_a_column_that_differs_from_the_hashed_text_is_found(store: Store) -> None:
    write(store)
    tamper(store, "UPDATE audit SET actor = 'bo' WHERE seq = 2")

    assert verify(store).broken_seq == 2


def test_a_removed_entry_is_found(store: Store) -> None:
    write(store)
    tamper(store, "DELETE FROM audit WHERE seq = 2")

    assert verify(store).broken_seq == 2


def test_a_cut_tail_is_found_by_the_head_row(store: Store) -> None:
    write(store)
    tamper(store, "DELETE FROM audit WHERE seq > 3")

    assert verify(store).broken_seq == 4


def test_a_tail_cut_with_its_head_row_is_found_by_a_known_head(store: Store) -> None:
    hashes = write(store)
    tamper(store, "DELETE FROM audit WHERE seq > 3")
    tamper(store, f"UPDATE audit_head SET seq = 3, hash = '{hashes[2]}'")

    assert verify(store).ok
    assert not verify(store, hashes[-1]).ok


def test_a_history_rewritten_with_fitting_hashes_is_found_by_a_known_head(store: Store) -> None:
    known = write(store)[-1]
    tamper(store, "DELETE FROM audit")
    tamper(store, f"UPDATE audit_head SET seq = 0, hash = '{GENESIS}'")
    write(store, 6, "said otherwise")

    assert verify(store).ok
    assert "rewritten" in verify(store, known).problem


def test_an_entry_that_does_not_follow_is_found(store: Store) -> None:
    write(store)
    tamper(store, f"UPDATE audit SET prev_hash = '{GENESIS}' WHERE seq = 4")

    assert verify(store).broken_seq == 4


def test_a_decision_that_fails_leaves_no_entry(store: Store) -> None:
    write(store, 2)

    with pytest.raises(RuntimeError):
        fail_after_appending(store)

    assert verify(store).entries == 2


def fail_after_appending(store: Store) -> None:
    with store.write() as tx:
        audit.append(tx.conn, ANA, Entry(action="owner.set", object="sys_9"), at=AT)
        raise RuntimeError("the rest of the decision failed")


def test_an_address_in_any_text_is_kept_as_the_id_of_a_person(store: Store) -> None:
    with store.write() as tx:
        told = {"who\n": ["ask\nbo@acme.example", {"x": 1}], "n": 2}
        entry = Entry(action="record.set", object="sys_1", reason="as bo@acme.example said", new=told)
        audit.append(tx.conn, ANA, entry, at=AT)

    with store.read() as read_tx:
        (kept,) = audit.entries(read_tx.conn)
        (bo,) = parties.find(read_tx.conn, ["bo@acme.example"]).values()
    assert kept["new"] == {"who\n": [f"ask\n{bo.party_id}", {"x": 1}], "n": 2}
    assert kept["reason"] == f"as {bo.party_id} said"


def test_a_secret_in_a_reason_is_dropped(store: Store) -> None:
    with store.write() as tx:
        entry = Entry(action="owner.set", object="sys_1", reason="key sk-proj-abcdefghijklmnop1234567 leaked")
        audit.append(tx.conn, ANA, entry, at=AT)

    with store.read() as read_tx:
        body = read_tx.conn.execute(text("SELECT body FROM audit")).scalar_one()
    assert "abcdefghijklmnop" not in body
