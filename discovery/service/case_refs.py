"""Turn a person's reference into exactly one case, also when its system was merged into another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discovery.service import refs
from discovery.service.errors import Ambiguous, NotFound
from store import cases
from store.cases import Case

if TYPE_CHECKING:
    from store.database import ReadTx, WriteTx


def find(tx: ReadTx | WriteTx, ref: str) -> Case:
    """Return the case with this id, unique beginning of an id, or of this system.

    Raises ``NotFound`` and ``Ambiguous``.
    """
    if ref.startswith("cas_"):
        found = cases.matching(tx.conn, ref)
        if len(found) > 1:
            raise Ambiguous(f"{ref!r} may mean several cases", hint="Use the whole id.")
    elif ref == cases.ORGANISATION:
        found = cases.of_subjects(tx.conn, [ref])
    else:
        found = cases.of_subjects(tx.conn, [refs.system_id(tx, ref)])
    if not found:
        raise NotFound(f"there is no case {ref!r}", hint="List them with: aicensus cases")
    return _home(tx, found[0])


def _home(tx: ReadTx | WriteTx, one: Case) -> Case:
    """Follow a case that was merged to the one that took it."""
    seen = {one.case_id}
    while one.merged_into is not None and one.merged_into not in seen:
        seen.add(one.merged_into)
        one = cases.matching(tx.conn, one.merged_into)[0]
    return one
