"""Describe the tables of what joins systems, what people said about it, and the units of the organisation."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Table

from store.columns import flag, metadata, number, open_index, serial, text_column, validity

# Join tokens: where groups of assets may meet (normalizer.link_facts). Derived, so without history.
link_token = Table(
    "link_token",
    metadata,
    # the asset that says it, or "node:" and a digest for what a group as a whole says
    text_column("asset_id", key=True),
    text_column("token", key=True),
    text_column("side", key=True),
    text_column("node"),
    text_column("label", default=""),
    text_column("detail", default=""),
    sqlite_with_rowid=False,
)
Index("ix_link_token_token", link_token.c.token)
Index("ix_link_token_node", link_token.c.node)

# Edges between groups, with both evidences; what they made of it follows from all of them.
link = Table(
    "link",
    metadata,
    serial("link_no"),
    text_column("rule"),
    text_column("token"),
    text_column("left_node"),
    text_column("right_node"),
    # must, likely, hint
    text_column("how"),
    Column("strength", Double, nullable=False),
    text_column("why"),
    text_column("left_asset", default=""),
    text_column("right_asset", default=""),
    flag("is_use", default=False),
    *validity(),
)
open_index("ix_link_open_left", link.c.left_node, valid_to=link.c.valid_to)
open_index("ix_link_open_right", link.c.right_node, valid_to=link.c.valid_to)
open_index("ix_link_open_token", link.c.token, valid_to=link.c.valid_to)

# Assets whose group is not the one that follows from what they are: linked out of what is left over, or
# split off by a person.
asset_pin = Table(
    "asset_pin",
    metadata,
    text_column("asset_id", key=True),
    text_column("group_key"),
    # link, person
    text_column("by"),
    number("rev"),
    Index("ix_asset_pin_group_key", "group_key"),
)

# What was merged into what, and which groups and earlier ids went along: undone from here.
system_merge = Table(
    "system_merge",
    metadata,
    serial("merge_no"),
    text_column("old_system"),
    text_column("into_system"),
    # link, person
    text_column("by"),
    text_column("why"),
    text_column("nodes"),
    text_column("aliases"),
    text_column("state"),
    text_column("at"),
    *validity(),
)
open_index("ix_system_merge_open_into", system_merge.c.into_system, valid_to=system_merge.c.valid_to)

# Pairs of systems of which a person said that they are not the same.
system_apart = Table(
    "system_apart",
    metadata,
    serial("apart_no"),
    text_column("one_system"),
    text_column("other_system"),
    text_column("reason"),
    text_column("actor"),
    text_column("at"),
    *validity(),
)
open_index("ix_system_apart_open_one", system_apart.c.one_system, valid_to=system_apart.c.valid_to)
open_index("ix_system_apart_open_other", system_apart.c.other_system, valid_to=system_apart.c.valid_to)

system_suggestion = Table(
    "system_suggestion",
    metadata,
    serial("suggestion_no"),
    text_column("left_system"),
    text_column("right_system"),
    Column("strength", Double, nullable=False),
    # JSON: [{rule, strength, why}]
    text_column("reasons"),
    text_column("at"),
    *validity(),
)
open_index(
    "ix_system_suggestion_open_left", system_suggestion.c.left_system, valid_to=system_suggestion.c.valid_to
)
open_index(
    "ix_system_suggestion_open_right", system_suggestion.c.right_system, valid_to=system_suggestion.c.valid_to
)

# One system uses another, which stays a system of its own.
system_use = Table(
    "system_use",
    metadata,
    serial("use_no"),
    text_column("from_system"),
    text_column("to_system"),
    text_column("why"),
    *validity(),
)
open_index("ix_system_use_open_from", system_use.c.from_system, valid_to=system_use.c.valid_to)
open_index("ix_system_use_open_to", system_use.c.to_system, valid_to=system_use.c.valid_to)

# States of systems that a person set; no scan changes them.
system_standing = Table(
    "system_standing",
    metadata,
    serial("standing_no"),
    text_column("system_id"),
    text_column("state"),
    # why it was rejected or retired, as a code
    text_column("code", default=""),
    text_column("reason", default=""),
    text_column("at"),
    *validity(),
    Index("ix_system_standing_system_id", "system_id"),
)
open_index(
    "uq_system_standing_open_system",
    system_standing.c.system_id,
    valid_to=system_standing.c.valid_to,
    unique=True,
)

org_unit = Table(
    "org_unit",
    metadata,
    serial("unit_no"),
    text_column("name"),
    text_column("parent", null=True),
    text_column("lead", null=True),
    text_column("legal_entity", null=True),
    # JSON: patterns of accounts, repositories and tenants that are the unit's
    text_column("scopes", default="[]"),
    text_column("default_owner", null=True),
    # config, person
    text_column("by"),
    *validity(),
)
open_index("uq_org_unit_open_name", org_unit.c.name, valid_to=org_unit.c.valid_to, unique=True)

# The unit that a person put a system into; others follow from their members' scopes.
system_unit = Table(
    "system_unit",
    metadata,
    serial("assignment_no"),
    text_column("system_id"),
    text_column("unit"),
    text_column("at"),
    *validity(),
)
open_index(
    "uq_system_unit_open_system", system_unit.c.system_id, valid_to=system_unit.c.valid_to, unique=True
)
