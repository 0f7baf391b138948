"""What evidence and records come to: what nobody knows stays unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from discovery.service import derived, evidence_facts
from discovery.service.evidence_facts import Exposure
from discovery.service.rule_trees import Moment
from store.alerts import SystemFacts
from store.oversight import Record
from store.owners import Owner
from store.parties import Party
from store.rule_facts import Member

NOW = Moment(datetime(2026, 11, 22, 12, tzinfo=UTC))
BEFORE, AFTER = "2026-09-01T00:00:00.000000Z", "2026-11-01T00:00:00.000000Z"
REVIEWED = "2026-10-01T00:00:00.000000Z"
ANA = Party(party_id="pty_1", kind="person", name=None, email="ana@acme.example", handle=None, active=True)


def member(kind: str, name: str = "it", **changes: Any) -> Member:
    one = Member(
        "sys_1",
        f"ast_{kind}_{name}",
        kind,
        "openai",
        name,
        name,
        "application",
        "live",
        True,
        None,
        None,
        None,
        BEFORE,
    )
    return one._replace(**changes)


def record(conflict: Any = "", **values: Any) -> Record:
    fields = {
        name.replace("__", "."): {"value": value, "source": "human", "by": "pty_1", "at": REVIEWED}
        for name, value in values.items()
    }
    if conflict:
        fields[conflict]["conflict"] = "otherwise"
    return Record(
        system_id="sys_1",
        fields=fields,
        complete=True,
        next_review_at="2027-05-01T22:00:00.000000Z",
        confirmed_by="pty_1",
        confirmed_at=REVIEWED,
        withdrawn_at=None,
    )


def made(
    *members: Member,
    kept: Record | None = None,
    told: dict[str, dict[str, Any]] | None = None,
    organisation: dict[str, Any] | None = None,
    owners: tuple[Owner, ...] = (),
) -> dict[str, Any]:
    facts = SystemFacts(
        system_id="sys_1",
        name="bot",
        kind="agent",
        state="registered",
        first_seen_at=BEFORE,
        roles={"application": len(members)},
        owners=owners,
        record=kept,
        members=members,
        told=told or {},
    )
    return derived.system_record(facts, NOW, organisation or {})


def test_without_a_record_and_evidence_nothing_is_clean() -> None:
    found = made()

    unknown = [name for name, value in found.items() if value is None]
    assert {name for name in found if name.startswith("flags.")} - set(unknown) == {
        "flags.recorded",
        "flags.registered",
        "flags.record_complete",
        "flags.record_withdrawn",
    }
    assert found["capabilities"] is None


@pytest.mark.parametrize(
    ("eu_class", "tier", "risk", "impact"),
    [
        (None, None, None, None),
        ("unclassified", "low", None, None),
        ("minimal", None, False, None),
        ("minimal", "low", False, False),
        (None, "critical", None, True),
        ("high_annex_i", "low", True, True),
    ],
)
def test_class_and_tier_make_risk_and_impact(
    eu_class: str | None, tier: str | None, risk: bool | None, impact: bool | None
) -> None:
    found = made(kept=record(risk__eu_class=eu_class, risk__tier=tier))

    assert (found["flags.high_risk"], found["flags.high_impact"]) == (risk, impact)


@pytest.mark.parametrize(
    ("name", "item", "expected"),
    [
        ("assessments", {"type": "risk", "status": "planned"}, {"current": False}),
        ("assessments", {"type": "risk", "status": "done"}, {"current": True}),
        ("assessments", {"type": "risk", "status": "done", "valid_to": "2026-11-21"}, {"current": False}),
        ("approvals", {"gate": "pilot", "valid_to": "2026-11-22"}, {"current": True}),
        ("controls", {"evidence": ["E-1", "E-2"]}, {"evidence_count": 2}),
        ("third_parties", {"name": "V", "diligence_at": "2026-01-01"}, {"diligence_current": True}),
        ("third_parties", {"name": "V"}, {"diligence_current": False}),
        ("evidence", {"id": "E-1"}, {"expired": False}),
        ("exceptions", {"state": "active", "expires_at": "2026-11-21"}, {"state": "expired", "valid": False}),
        ("exceptions", {"state": "requested"}, {"state": "requested", "valid": None}),
        ("oversight.assignees", {"person": "Ana"}, {"trained_current": False}),
    ],
)
def test_days_make_items_current_or_not(name: str, item: dict[str, Any], expected: dict[str, Any]) -> None:
    (found,) = made(kept=record(**{name.replace(".", "__"): [item]}))[name]

    assert found == item | expected


@pytest.mark.parametrize(
    ("one", "kept", "expected"),
    [
        (member("model", first_seen_at=AFTER), record(purpose__statement="x"), True),
        (member("model"), record(purpose__statement="x"), False),
        (member("package", first_seen_at=AFTER), record(purpose__statement="x"), False),
        (member("package"), record("data.categories", data__categories=["none"]), True),
        (member("model", first_seen_at=AFTER), None, None),
    ],
)
def test_a_new_model_or_a_contradiction_is_a_change_since_the_review(
    one: Member, kept: Record | None, expected: bool | None
) -> None:
    assert made(one, kept=kept)["flags.changed_since_review"] is expected


@pytest.mark.parametrize(
    ("one", "values", "told", "expected"),
    [
        (
            member("tool", first_seen_at=AFTER),
            {"approvals": [{"decision": "approved", "at": "2026-10-01"}]},
            {},
            True,
        ),
        (member("tool"), {"approvals": [{"decision": "approved", "at": "2026-10-01"}]}, {}, False),
        (member("tool", first_seen_at=AFTER), {}, {}, None),
        (
            member("data_store"),
            {"data__categories": ["internal"]},
            {"data_categories_hint": ["health"]},
            True,
        ),
        (member("data_store"), {"data__categories": ["health"]}, {"data_categories_hint": ["health"]}, False),
        (member("data_store"), {"data__categories": ["unknown"]}, {"data_categories_hint": ["health"]}, None),
        (member("mcp_server"), {"capabilities": ["read"]}, {"package_name": "mcp-server-git"}, True),
        (
            member("mcp_server"),
            {"capabilities": ["read", "write"]},
            {"package_name": "mcp-server-git"},
            False,
        ),
    ],
)
def test_drift_is_what_evidence_shows_beyond_what_was_approved(
    one: Member, values: dict[str, Any], told: dict[str, Any], expected: bool | None
) -> None:
    found = made(one, kept=record(**values), told={one.asset_id: told})

    assert found["flags.scope_drift"] is expected


@pytest.mark.parametrize(
    ("regions", "where", "expected"),
    [
        (None, ["us-east-1"], None),
        (["eu"], ["eu-west-1"], False),
        (["eu-west-1", "EU-Central-1"], ["eu-west-1", "eu-central-1"], False),
        (["eu"], ["eu-west-1", "us-east-1"], True),
        (["eu"], ["europe-west4"], True),
        (["eu"], ["eu-west-1", None], None),
        (["eu"], [], None),
    ],
)
def test_a_region_is_wrong_only_where_regions_were_approved(
    regions: list[str] | None, where: list[str | None], expected: bool | None
) -> None:
    placed = [member("model_endpoint", f"m{number}", region=region) for number, region in enumerate(where)]

    assert made(*placed, kept=record(data__regions=regions))["flags.region_mismatch"] is expected


@pytest.mark.parametrize(
    ("name", "attributes", "expected"),
    [
        ("@stripe/mcp", {}, ["pay", "read"]),
        ("mcp-server-fetch", {}, ["read"]),
        ("acme-mcp-server", {}, None),
    ],
)
def test_known_servers_tell_what_an_agent_can_do(
    name: str, attributes: dict[str, Any], expected: list[str] | None
) -> None:
    one = member("mcp_server")

    assert made(one, told={one.asset_id: {"package_name": name, **attributes}})["capabilities"] == expected


def test_a_code_interpreter_executes() -> None:
    arn = "arn:aws:bedrock-agentcore:eu-west-1:111122223333:code-interpreter-custom/run-1"

    assert made(member("tool", natural_id=arn))["capabilities"] == ["execute"]


def test_training_and_general_purpose_models_are_seen_or_unknown() -> None:
    nothing = made(member("package"))
    seen = made(member("training_job"), member("model", model="eu.anthropic.claude-sonnet-4"))
    said = made(kept=record(data__training_use="opted_out"))

    assert (nothing["flags.trains_models"], nothing["flags.uses_gpai"]) == (None, None)
    assert (seen["flags.trains_models"], seen["flags.uses_gpai"]) == (True, True)
    assert said["flags.trains_models"] is False


@pytest.mark.parametrize(("by", "expected"), [("Ana@acme.example", True), ("bo@acme.example", False)])
def test_an_owner_who_approves_their_own_system_is_seen(by: str, expected: bool) -> None:
    ana = Owner(
        owner_no=1, system_id="sys_1", role="accountable", party=ANA, source="declared", confidence=1.0,
        assigned_at=BEFORE, accepted_at=BEFORE, ended_at=None, reason="",
    )  # fmt: skip
    kept = record(approvals=[{"gate": "production", "decision": "approved", "by": by}])

    assert made(kept=kept, owners=(ana,))["flags.self_approved"] is expected
    assert made(owners=(replace(ana, role="technical"),))["flags.self_approved"] is None


@pytest.mark.parametrize(
    ("public", "points", "expected"),
    [
        ("yes", None, True),
        ("no", ["5(b)"], True),
        ("no", ["4(a)"], False),
        ("no", None, None),
        (None, ["4(a)"], None),
    ],
)
def test_public_bodies_and_some_points_assess_fundamental_rights(
    public: str | None, points: list[str] | None, expected: bool | None
) -> None:
    kept = record(risk__annex_iii_points=points)

    found = made(kept=kept, organisation={"public_authority": public})

    assert found["flags.fria_scope"] is expected


@pytest.mark.parametrize(
    ("kind", "attributes", "expected"),
    [
        ("mcp_server", {"authorizer_type": "NONE"}, Exposure(public=True, auth="none")),
        ("mcp_server", {"authorizer_type": "CUSTOM_JWT"}, Exposure(auth="required")),
        ("model_registry", {"authorizer_type": "NONE"}, Exposure()),
        ("ai_account", {"public_network_access_enabled": False}, Exposure(public=False)),
        ("api_key", {"leaked": True}, Exposure(leaked=True)),
        ("api_key", {}, Exposure()),
    ],
)
def test_attributes_tell_who_can_reach_an_asset(
    kind: str, attributes: dict[str, Any], expected: Exposure
) -> None:
    assert evidence_facts.exposure(kind, attributes) == expected


def test_the_table_names_known_kinds_and_reads_all_its_attributes() -> None:
    from connectors.kinds import KINDS

    known, asked = evidence_facts.table(), evidence_facts.asked()

    named = known.model_kinds | known.material_kinds | known.training_kinds | known.placed_kinds
    assert named | set(asked.kinds) <= KINDS.keys()
    assert {row.attribute for row in (*known.exposure, *known.capability)} <= set(asked.attributes)


def test_a_region_with_a_ground_for_the_transfer_is_approved() -> None:
    flows = [
        {"counterparty": "Acme Inc", "region": "us-east-1", "mechanism": "standard contractual clauses"},
        {"counterparty": "Acme Ltd", "region": "ap-south-1"},
    ]
    kept = record(data__regions=["eu"], data__flows=flows)

    found = [
        made(member("model_endpoint", "m", region=region), kept=kept)["flags.region_mismatch"]
        for region in ("us-east-1", "ap-south-1")
    ]

    assert found == [False, True]
