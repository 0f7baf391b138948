"""Keep what decisions on candidates say of the kinds of evidence that named them, and learn from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select

from normalizer.owners import families_of, normal_party, trust_of
from store.bulk import insert_rows
from store.schema import owner_outcome

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from connectors.model import OwnerHint


def trust(conn: Connection) -> dict[str, float]:
    """Return by how much decisions taken so far scale each kind of evidence."""
    right = func.sum(case((owner_outcome.c.was_right, 1), else_=0))
    query = select(owner_outcome.c.family, right, func.count(), func.avg(owner_outcome.c.weight))
    rows = conn.execute(query.group_by(owner_outcome.c.family)).all()
    return trust_of({family: (int(good), total - int(good), mean) for family, good, total, mean in rows})


def learn(
    conn: Connection,
    rev: int,
    now: str,
    system_id: str,
    shown: Iterable[Iterable[OwnerHint]],
    party: str,
    *,
    was_right: bool,
) -> None:
    """Keep what a decision on ``party`` says of the evidence (hints by asset) that there was.

    What named an accepted party was right and what named only others was wrong; what named a declined one was
    wrong, and nothing is said of the rest.
    """
    named = normal_party(party)
    said: dict[str, dict[str, float]] = defaultdict(dict)
    for hints in shown:
        for family, names in families_of(hints).items():
            for name, weight in names.items():
                said[family][name] = max(weight, said[family].get(name, 0.0))
    rows = [
        (system_id, family, was_right and named in names, names.get(named, max(names.values())), now, rev)
        for family, names in sorted(said.items())
        if was_right or named in names
    ]
    insert_rows(conn, owner_outcome, ("system_id", "family", "was_right", "weight", "at", "rev"), rows)
