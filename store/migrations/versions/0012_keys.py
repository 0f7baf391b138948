"""Give registered systems a key of their own, and keep whom the values of owner evidence mean.

Frozen: it makes what version 0012 was, whatever :mod:`store.schema` says by now.
"""

from __future__ import annotations

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables; systems that were registered so far get their keys in that order."""
    op.create_table(
        "system_slug",
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("system_id", TEXT, nullable=False),
        sa.Column("rev", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_system_slug")),
    )
    op.create_index("ix_system_slug_system_id", "system_slug", ["system_id"], unique=False)
    op.create_table(
        "owner_map",
        sa.Column("value", TEXT, nullable=False),
        sa.Column("party_id", TEXT, nullable=False),
        sa.Column("made_by", TEXT, nullable=False),
        sa.Column("made_at", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["party.party_id"], name=op.f("fk_owner_map_party_id")),
        sa.PrimaryKeyConstraint("value", name=op.f("pk_owner_map")),
    )
    op.create_index("ix_system_standing_system_id", "system_standing", ["system_id"], unique=False)
    _give_keys()


def _give_keys() -> None:
    conn = op.get_bind()
    rows = conn.execute(
        sa.text(
            "SELECT n.system_id, s.name, n.since FROM"
            " (SELECT system_id, MIN(valid_from) AS since FROM system_standing"
            "  WHERE state IN ('registered', 'governed') GROUP BY system_id) n"
            " JOIN system s ON s.system_id = n.system_id AND s.valid_to IS NULL"
            " ORDER BY n.since, n.system_id"
        )
    ).all()
    taken: set[str] = set()
    for system_id, name, since in rows:
        slug, number = _slug(name), 1
        while (one := slug if number < 2 else f"{slug}-{number}") in taken:
            number += 1
        taken.add(one)
        conn.execute(
            sa.text("INSERT INTO system_slug (slug, system_id, rev) VALUES (:slug, :system, :rev)"),
            {"slug": one, "system": system_id, "rev": since},
        )


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^0-9a-z]+", "-", plain).strip("-")[:60].rstrip("-") or "system"
