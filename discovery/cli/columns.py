"""The table columns of every noun, in one place so that they agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import fields

from discovery.render.as_table import Column
from discovery.render.listing import Listing
from discovery.render.styles import style_of
from discovery.render.text import day, duration, minute, short_ids, words
from discovery.service.views import (
    AlertView,
    AssetView,
    ConnectorView,
    CoverageView,
    RunView,
    SystemView,
    to_json,
)

WIDE = 110
"""From this width on, tables have room for the ids of systems too."""


def field_names(view: type) -> list[str]:
    """Return the public names of a view in their order."""
    return [field.name for field in fields(view)]


def owner_text(system: SystemView) -> str:
    """Return the owner, or the best candidate with a question mark, or a dash."""
    if system.owner:
        return system.owner
    if not system.owner_candidates:
        return "-"
    return f"? {system.owner_candidates[0].party}"


def system_listing(
    rows: Sequence[SystemView],
    *,
    width: int,
    new: frozenset[str] = frozenset(),
    beside: Collection[str] = (),
) -> Listing[SystemView]:
    """Return how systems are listed; in a narrow table only names borne twice show their id.

    ``beside`` are ids that no short one may be taken for.
    """
    shorten = short_ids([*(row.system_id for row in rows), *beside])
    borne = Counter(row.name for row in rows)

    def name(row: SystemView) -> str:
        twice = borne[row.name] > 1 and width < WIDE
        return f"{row.name} {shorten(row.system_id)}" if twice else row.name

    columns = [
        Column[SystemView](title="SYSTEM", text=name, style=_system_style),
        Column[SystemView](title="KIND", text=lambda row: words(row.kind), whole=True),
        Column[SystemView](title="ASSETS", text=lambda row: str(len(row.assets)), right=True, whole=True),
        Column[SystemView](
            title="OWNER (? = candidate)",
            text=owner_text,
            style=lambda row: "" if row.owner else "yellow",
            most=max(22, width // 3) if width else 0,
        ),
        Column[SystemView](
            title="OVERSIGHT",
            text=lambda row: row.oversight.state,
            style=lambda row: style_of(row.oversight.state),
            whole=True,
        ),
    ]
    if new:
        columns.append(
            Column[SystemView](
                title="NEW", text=lambda row: "new" if row.system_id in new else "", whole=True
            )
        )
    if width >= WIDE:
        if any(row.key for row in rows):
            columns.append(Column[SystemView](title="KEY", text=lambda row: row.key or "", whole=True))
        columns.append(
            Column[SystemView](
                title="ID", text=lambda row: shorten(row.system_id), style=lambda _: "dim", whole=True
            )
        )
    return Listing(
        one="system",
        many="systems",
        columns=columns,
        to_json=to_json,
        fields=field_names(SystemView),
        empty="No AI systems known yet. Run 'aicensus scan' to look for some.",
    )


def _system_style(row: SystemView) -> str:
    return "bold" if row.alerting else "dim"


def asset_listing(rows: Sequence[AssetView], *, beside: Collection[str] = ()) -> Listing[AssetView]:
    """Return how assets are listed; ``beside`` are ids that no short one may be taken for."""
    shorten = short_ids([*(row.asset_id for row in rows), *beside])
    return Listing(
        one="asset",
        many="assets",
        columns=[
            Column(title="ASSET", text=lambda row: row.name),
            Column(title="KIND", text=lambda row: words(row.kind)),
            Column(title="PROVIDER", text=lambda row: row.provider),
            Column(
                title="STATE", text=lambda row: row.state, style=lambda row: style_of(row.state), whole=True
            ),
            Column(title="GRADE", text=lambda row: row.grade, whole=True),
            Column(title="ID", text=lambda row: shorten(row.asset_id), style=lambda _: "dim", whole=True),
        ],
        to_json=to_json,
        fields=field_names(AssetView),
        empty="No asset matches.",
    )


def alert_listing(
    rows: Sequence[AlertView], zone: str, *, beside: Collection[str] = ()
) -> Listing[AlertView]:
    """Return how alerts are listed; days are those of ``zone``, ``beside`` ids that no short one may mean."""
    shorten = short_ids([*(row.alert_id for row in rows), *beside])
    return Listing(
        one="alert",
        many="alerts",
        columns=[
            Column(title="ALERT", text=lambda row: shorten(row.alert_id), whole=True),
            Column(
                title="SEVERITY",
                text=lambda row: row.severity,
                style=lambda row: style_of(row.severity),
                whole=True,
            ),
            Column(title="RULE", text=lambda row: row.rule, whole=True),
            Column(title="SYSTEM", text=lambda row: row.system_name or row.system_id or "-"),
            Column(title="STATE", text=lambda row: words(row.state), style=lambda row: style_of(row.state)),
            Column(title="DUE", text=lambda row: day(row.due_at, zone), whole=True),
        ],
        to_json=to_json,
        fields=field_names(AlertView),
        empty="No alert waits for an answer.",
    )


def run_listing(rows: Sequence[RunView], zone: str) -> Listing[RunView]:
    """Return how runs are listed; times are those of ``zone``."""
    shorten = short_ids(row.run_id for row in rows)
    return Listing(
        one="run",
        many="runs",
        columns=[
            Column(title="RUN", text=lambda row: shorten(row.run_id), whole=True),
            Column(title="STARTED", text=lambda row: minute(row.started_at, zone), whole=True),
            Column(title="STATE", text=run_state, style=lambda row: style_of(row.state)),
            Column(
                title="PARTS", text=lambda row: f"{row.parts_complete}/{row.parts}", right=True, whole=True
            ),
            Column(title="NEW", text=lambda row: str(row.added), right=True, whole=True),
            Column(title="GONE", text=lambda row: str(row.closed), right=True, whole=True),
            Column(title="TOOK", text=_took, right=True, whole=True),
        ],
        to_json=to_json,
        fields=field_names(RunView),
        empty="No run yet. Run 'aicensus scan'.",
    )


def run_state(row: RunView) -> str:
    """Return a run's state, marked when losses wait for somebody's word."""
    return f"{row.state}, suspect" if row.suspect else row.state


def _took(row: RunView) -> str:
    return "-" if row.duration_s is None else duration(row.duration_s)


def coverage_listing(zone: str) -> Listing[CoverageView]:
    """Return how coverage is listed; days are those of ``zone``."""
    return Listing(
        one="part",
        many="parts",
        columns=[
            Column(title="SCOPE", text=scope_text),
            Column(title="PART", text=lambda row: row.part),
            Column(
                title="STATUS", text=lambda row: words(row.status), style=lambda row: style_of(row.status)
            ),
            Column(title="LAST COMPLETE", text=lambda row: day(row.last_complete_at, zone), whole=True),
            Column(title="REASON", text=lambda row: row.reason),
        ],
        to_json=to_json,
        fields=field_names(CoverageView),
        empty="Nothing was ever read. Run 'aicensus scan'.",
    )


def scope_text(row: CoverageView) -> str:
    """Return a scope for people: its label where it has one, marked when it is no longer scanned."""
    text = f"{row.connector}:{row.instance} {row.label}" if row.label and row.instance else row.scope
    return text if row.state == "active" else f"{text} ({row.state})"


def connector_listing() -> Listing[ConnectorView]:
    """Return how connectors are listed."""
    return Listing(
        one="connector",
        many="connectors",
        columns=[
            Column(title="CONNECTOR", text=lambda row: row.name, whole=True),
            Column(title="READS", text=lambda row: row.title),
            Column(title="KINDS", text=lambda row: str(len(row.kinds)), right=True, whole=True),
            Column(title="OPERATIONS", text=lambda row: str(len(row.operations)), right=True, whole=True),
            Column(title="NEEDS", text=lambda row: f"aicensus[{row.extra}]" if row.extra else "-"),
        ],
        to_json=to_json,
        fields=field_names(ConnectorView),
        empty="No connector is installed.",
    )
