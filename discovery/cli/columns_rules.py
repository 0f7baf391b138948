"""The table columns of gaps, rules and facts of the organisation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from discovery.cli.columns import field_names
from discovery.render.as_table import Column
from discovery.render.listing import Listing
from discovery.render.styles import style_of
from discovery.render.text import told_apart, words
from discovery.service.views import to_json
from discovery.service.views_rules import GapView, OrganisationFactView, RuleTestView, RuleView


def gap_listing(
    rows: Sequence[GapView], *, one_system: bool = False, beside: Collection[str] = ()
) -> Listing[GapView]:
    """Return how gaps are listed; by control where they were asked for by framework.

    ``beside`` are ids of systems that no short one may be taken for.
    """
    columns: list[Column[GapView]] = []
    name = told_apart(((row.system_name or "", row.system_id or "") for row in rows), beside)
    if rows and rows[0].control is not None:
        columns.append(Column(title="CONTROL", text=lambda row: row.control or "", whole=True))
    columns += [
        Column(
            title="SEVERITY",
            text=lambda row: row.severity,
            style=lambda row: style_of(row.severity),
            whole=True,
        ),
        Column(title="RULE", text=_rule_text, whole=True),
        Column(title="GAP", text=lambda row: row.title),
    ]
    if not one_system:
        columns.append(Column(title="OF", text=lambda row: _subject_text(row, name)))
    columns += [
        Column(title="WE KNOW", text=_class_text, whole=True),
        Column(title="DUE", text=_due_text, whole=True),
    ]
    return Listing(
        one="gap",
        many="gaps",
        columns=columns,
        to_json=to_json,
        fields=field_names(GapView),
        empty="No gap.",
    )


def rule_listing() -> Listing[RuleView]:
    """Return how rules are listed."""
    return Listing(
        one="rule",
        many="rules",
        columns=[
            Column(title="RULE", text=lambda row: _marked(row.rule, row.changed), whole=True),
            Column(
                title="SEVERITY",
                text=lambda row: row.severity,
                style=lambda row: style_of(row.severity),
                whole=True,
            ),
            Column(title="GAP", text=lambda row: row.title),
            Column(title="OF", text=lambda row: row.subject, whole=True),
            Column(title="APPLIES FROM", text=lambda row: row.applies_from or "-", whole=True),
            Column(title="ALERTS", text=lambda row: row.alerts if row.enabled else "off", whole=True),
        ],
        to_json=to_json,
        fields=field_names(RuleView),
        empty="No rule matches.",
    )


def test_listing() -> Listing[RuleTestView]:
    """Return how the results of trying rules are listed."""
    return Listing(
        one="rule",
        many="rules",
        columns=[
            Column(title="RULE", text=lambda row: row.rule, whole=True),
            Column(title="HOLDS", text=lambda row: "gap" if row.holds else "no gap", whole=True),
            Column(title="SEVERITY", text=lambda row: row.severity or "-", whole=True),
            Column(title="STATUS", text=lambda row: row.status or "-", whole=True),
            Column(title="GAP", text=lambda row: row.title),
        ],
        to_json=to_json,
        fields=field_names(RuleTestView),
        empty="No rule to try.",
    )


def fact_listing() -> Listing[OrganisationFactView]:
    """Return how facts of the organisation are listed."""
    return Listing(
        one="fact",
        many="facts",
        columns=[
            Column(title="FACT", text=lambda row: row.key, whole=True),
            Column(title="VALUE", text=lambda row: row.value or "-"),
            Column(title="SAID BY", text=lambda row: row.said_by or "-"),
            Column(title="ON", text=lambda row: (row.said_at or "-")[:10], whole=True),
            Column(title="WHAT", text=lambda row: row.help),
        ],
        to_json=to_json,
        fields=field_names(OrganisationFactView),
        empty="No fact.",
    )


def _rule_text(row: GapView) -> str:
    return _marked(row.rule, row.changed)


def _marked(rule: str, changed: Sequence[str]) -> str:
    return f"{rule} (changed)" if changed else rule


def _subject_text(row: GapView, name: Callable[[str, str], str]) -> str:
    system = name(row.system_name or "", row.system_id or "")
    if row.subject == "organisation":
        return "the organisation"
    if row.subject == "asset":
        where = f" in {system}" if row.system_name else ""
        return f"{row.asset_name}{where}"
    return system or row.system_id or "-"


def _class_text(row: GapView) -> str:
    if row.exception_until:
        return f"excepted until {row.exception_until}"
    return words(row.gap_class)


def _due_text(row: GapView) -> str:
    return "now" if row.status == "due" else f"from {row.applies_from}"
