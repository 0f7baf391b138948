"""The table columns of every noun, in one place so that they agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields

from discovery.render.as_table import Column
from discovery.render.listing import Listing
from discovery.render.styles import style_of
from discovery.render.text import day, duration, minute, short_ids, words
from discovery.service.drift import DriftView
from discovery.service.history import DifferenceView
from discovery.service.owner_requests import RequestView
from discovery.service.people import PersonView
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
    rows: Sequence[SystemView], *, width: int, new: frozenset[str] = frozenset()
) -> Listing[SystemView]:
    """Return how systems are listed; in a narrow table only names borne twice show their id."""
    shorten = short_ids(row.system_id for row in rows)
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


def asset_listing(rows: Sequence[AssetView]) -> Listing[AssetView]:
    """Return how assets are listed."""
    shorten = short_ids(row.asset_id for row in rows)
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


def difference_listing(rows: Sequence[DifferenceView]) -> Listing[DifferenceView]:
    """Return how differences between two moments are listed."""
    shorten = short_ids(row.id for row in rows)
    return Listing(
        one="difference",
        many="differences",
        columns=[
            Column(title="CHANGE", text=lambda row: row.change, whole=True),
            Column(title="WHAT", text=lambda row: row.subject, whole=True),
            Column(title="NAME", text=lambda row: row.name),
            Column(title="BEFORE", text=lambda row: row.before or "-"),
            Column(title="AFTER", text=lambda row: row.after or "-"),
            Column(title="ID", text=lambda row: shorten(row.id), style=lambda _: "dim", whole=True),
        ],
        to_json=to_json,
        fields=field_names(DifferenceView),
        empty="Nothing changed between these moments.",
    )


def drift_listing(rows: Sequence[DriftView]) -> Listing[DriftView]:
    """Return how things that are not where they are expected are listed."""
    shorten = short_ids(row.asset_id or row.system_id or "" for row in rows)
    return Listing(
        one="drift",
        many="drifts",
        columns=[
            Column(title="DRIFT", text=lambda row: words(row.drift), whole=True),
            Column(title="SYSTEM", text=lambda row: row.system_name or "-"),
            Column(title="WHAT", text=lambda row: row.name),
            Column(title="KIND", text=lambda row: words(row.kind), whole=True),
            Column(
                title="ID",
                text=lambda row: shorten(row.asset_id or row.system_id or ""),
                style=lambda _: "dim",
                whole=True,
            ),
        ],
        to_json=to_json,
        fields=field_names(DriftView),
        empty="Code, what runs and what was registered agree, as far as was seen.",
    )


def people_listing(rows: Sequence[PersonView]) -> Listing[PersonView]:
    """Return how people and teams are listed."""
    shorten = short_ids(row.party_id for row in rows)
    return Listing(
        one="person",
        many="people and teams",
        columns=[
            Column(title="WHO", text=lambda row: row.label),
            Column(title="KIND", text=lambda row: row.kind, whole=True),
            Column(title="ACTIVE", text=lambda row: "yes" if row.active else "no", whole=True),
            Column(title="SYSTEMS", text=lambda row: str(row.systems), right=True, whole=True),
            Column(title="ID", text=lambda row: shorten(row.party_id), style=lambda _: "dim", whole=True),
        ],
        to_json=to_json,
        fields=field_names(PersonView),
        empty="Nobody is known yet.",
    )


def request_listing(rows: Sequence[RequestView], zone: str) -> Listing[RequestView]:
    """Return how questions to people are listed; days are those of ``zone``."""
    return Listing(
        one="question",
        many="questions",
        columns=[
            Column(title="SYSTEM", text=lambda row: row.system_name),
            Column(title="WHO", text=lambda row: row.party),
            Column(title="ROLE", text=lambda row: words(row.role), whole=True),
            Column(title="STATE", text=lambda row: row.state, whole=True),
            Column(title="ASKED", text=lambda row: day(row.asked_at, zone), whole=True),
            Column(title="UNTIL", text=lambda row: day(row.expires_at, zone), whole=True),
        ],
        to_json=to_json,
        fields=field_names(RequestView),
        empty="Nobody was asked yet: aicensus owner ask SYSTEM",
    )


def alert_listing(rows: Sequence[AlertView], zone: str) -> Listing[AlertView]:
    """Return how alerts are listed; days are those of ``zone``."""
    shorten = short_ids(row.alert_id for row in rows)
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
