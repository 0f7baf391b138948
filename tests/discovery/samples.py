"""Views as the services would give them, for tests of what is written from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.kinds import KINDS
from discovery.service.views import (
    AlertView,
    AssetView,
    CandidateView,
    CoverageView,
    EvidenceView,
    OversightView,
    SystemView,
)

SEEN = "2026-11-20T08:00:00.000000Z"
HOSTILE = '=cmd|"/C calc"!A0\x1b]0;owned\x07\u202egnp'


def asset(number: int, kind: str, system_id: str | None = "sys_1", **changes: object) -> AssetView:
    values: dict[str, object] = {
        "asset_id": f"ast_{number:04}",
        "kind": kind,
        "provider": "openai",
        "name": f"{kind} {number}",
        "natural_id": f"id-{number}",
        "state": "present",
        "grade": "declared",
        "role": "application",
        "ref": None,
        "account": "org-1",
        "region": None,
        "model": None,
        "system_id": system_id,
        "first_seen": SEEN,
        "last_seen": SEEN,
        "evidence": [
            EvidenceView(
                source="requirements.txt", locator="a/requirements.txt:3", observed_at=SEEN, detail=""
            )
        ],
    }
    return AssetView(**(values | changes))  # type: ignore[arg-type]


def one_of_each_kind() -> list[AssetView]:
    special = {
        "package": {"natural_id": "pkg:pypi/openai@1.2.3"},
        "provider_endpoint": {"natural_id": "https://api.example.org/v1"},
        "model": {"model": "gpt-4o"},
    }
    return [asset(number, kind, **special.get(kind, {})) for number, kind in enumerate(KINDS)]


def governed(assets: list[str]) -> SystemView:
    record = OversightView(
        state="complete",
        complete=True,
        purpose="Answers the questions of customers about their orders.",
        data_categories=["personal", "internal"],
        mode="in_the_loop",
        description="A person approves each answer.",
        next_review="2027-05-01",
        confirmed_by="dana@host",
        confirmed_at=SEEN,
    )
    return SystemView(
        system_id="sys_1",
        name="support-bot",
        state="governed",
        kind="agent",
        owner="dana@example.org",
        oversight=record,
        assets=assets,
        first_seen=SEEN,
        last_seen=SEEN,
    )


def orphan(name: str = "recommender", system_id: str = "sys_2") -> SystemView:
    return SystemView(
        system_id=system_id,
        name=name,
        state="candidate",
        kind="application",
        owner=None,
        owner_candidates=[
            CandidateView(party="@acme/shop", confidence=0.75, reasons=["CODEOWNERS names them"])
        ],
        first_seen=SEEN,
        last_seen=SEEN,
        open_alerts=2,
    )


@dataclass
class SampleSource:
    """An inventory in memory that an export can read."""

    systems_: list[SystemView]
    assets_: list[AssetView]
    moment: datetime = field(default=datetime(2026, 11, 22, 3, 0, tzinfo=UTC))

    def systems(self) -> list[SystemView]:
        return self.systems_

    def assets(self) -> Iterator[AssetView]:
        return iter(self.assets_)

    def alerts(self, states: tuple[str, ...] = ()) -> list[AlertView]:
        if states:
            return []
        return [
            AlertView(
                alert_id="alr_1",
                rule="OWN-01",
                severity="high",
                state="open",
                system_id="sys_2",
                title="recommender has no accepted owner",
                opened_at=SEEN,
                due_at="2026-12-20T08:00:00.000000Z",
                reopen_count=0,
            )
        ]

    def coverage(self) -> list[CoverageView]:
        return [
            CoverageView(
                connector="aws",
                scope="aws:main/123456789012/eu-west-1",
                part="bedrock.ListGuardrails",
                status="denied",
                reason="bedrock:ListGuardrails is missing",
                last_complete_at=None,
            )
        ]


def estate() -> SampleSource:
    assets = one_of_each_kind()
    stray = asset(9_000, "model", system_id=None)
    hostile = asset(9_001, "mcp_server", name=HOSTILE, natural_id=HOSTILE)
    members = [*[one.asset_id for one in assets], hostile.asset_id]
    return SampleSource([governed(members), orphan()], [*assets, stray, hostile])
