"""Hold the whole record of a system: dotted names of its fields, and a version that changes are made upon.

Frozen: it makes what version 0006 was, whatever :mod:`store.schema` says by now.
"""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOTTED = {
    "purpose": "purpose.statement",
    "data_categories": "data.categories",
    "mode": "oversight.mode",
    "description": "oversight.description",
    "next_review": "reviews.next_due_at",
    "stage": "lifecycle.stage",
}
STEP = 1_000


def upgrade() -> None:
    """Add the column, number what is there, and give the fields of all records their dotted names."""
    op.add_column("oversight", sa.Column("version", NUMBER, server_default=sa.text("1"), nullable=False))
    conn = op.get_bind()
    kept = sa.table(
        "oversight", *map(sa.column, ("oversight_no", "system_id", "record", "version", "valid_from"))
    )
    query = sa.select(kept.c.oversight_no, kept.c.system_id, kept.c.record).order_by(
        kept.c.system_id, kept.c.valid_from, kept.c.oversight_no
    )
    counted: dict[str, int] = {}
    changes = []
    for row in conn.execute(query).all():
        counted[row.system_id] = counted.get(row.system_id, 0) + 1
        changes.append({"no": row.oversight_no, "said": _dotted(row.record), "count": counted[row.system_id]})
    change = (
        kept.update()
        .where(kept.c.oversight_no == sa.bindparam("no"))
        .values(record=sa.bindparam("said"), version=sa.bindparam("count"))
    )
    for start in range(0, len(changes), STEP):
        conn.execute(change, changes[start : start + STEP])


def _dotted(record: str) -> str:
    fields: dict[str, Any] = orjson.loads(record)
    named = {DOTTED.get(name, name): entry for name, entry in fields.items()}
    return orjson.dumps(named, option=orjson.OPT_SORT_KEYS).decode()
