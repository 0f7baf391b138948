"""Keep the rule set in force, so that decisions between scans judge as the scan did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from store.schema import meta, revision, rule_set
from store.temporal import holds

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRules:
    """A rule set as it was kept; ``content`` is the text that its hash was made of."""

    hash: str
    law_version: str
    content: str


def in_force(conn: Connection, rev: int | None = None) -> KeptRules | None:
    """Return the rule set in force at a revision (``None``: now)."""
    query = select(rule_set.c.hash, rule_set.c.law_version, rule_set.c.content).where(holds(rule_set, rev))
    row = conn.execute(query.order_by(rule_set.c.rule_set_no.desc())).first()
    return None if row is None else KeptRules(**row._mapping)


def hash_in_force(conn: Connection) -> str | None:
    """Return the hash of the rule set in force."""
    query = select(rule_set.c.hash).where(rule_set.c.valid_to.is_(None))
    return conn.execute(query.order_by(rule_set.c.rule_set_no.desc())).scalar()


def since(conn: Connection, digest: str, rev: int | None = None) -> str | None:
    """Return since when (UTC text) the rule set of a hash is in force at a revision; ``None``: it is not."""
    query = select(revision.c.at).join(rule_set, rule_set.c.valid_from == revision.c.rev)
    query = query.where(rule_set.c.hash == digest, holds(rule_set, rev))
    return conn.execute(query.order_by(rule_set.c.rule_set_no.desc())).scalar()


def put(conn: Connection, rev: int, rules: KeptRules) -> None:
    """Make a rule set the one in force from a revision on."""
    conn.execute(rule_set.update().where(rule_set.c.valid_to.is_(None)).values(valid_to=rev))
    conn.execute(
        rule_set.insert().values(
            hash=rules.hash, law_version=rules.law_version, content=rules.content, valid_from=rev
        )
    )


def judged_on(conn: Connection) -> str:
    """Return the day on which all systems were last evaluated, empty before the first time."""
    return conn.execute(select(meta.c.value).where(meta.c.key == _DAY_KEY)).scalar() or ""


def set_judged_on(conn: Connection, day: str) -> None:
    """Note the day on which all systems were evaluated."""
    _set(conn, _DAY_KEY, day)


def timezone(conn: Connection) -> str:
    """Return the organisation's time zone as last configured: days of law are days there."""
    return conn.execute(select(meta.c.value).where(meta.c.key == _ZONE_KEY)).scalar() or "UTC"


def set_timezone(conn: Connection, name: str) -> None:
    """Note the organisation's time zone."""
    _set(conn, _ZONE_KEY, name)


def _set(conn: Connection, key: str, value: str) -> None:
    conn.execute(meta.delete().where(meta.c.key == key))
    conn.execute(meta.insert().values(key=key, value=value))


_DAY_KEY = "rules_judged_on"
_ZONE_KEY = "rules_timezone"
