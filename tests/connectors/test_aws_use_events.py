"""Who called: by events, kept by the part, and joined with the assets that call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.context import forget_clients
from connectors.model import Finding, PartStatus
from tests.aws_use_looks import ADA, APP, CALLS, NOW, SCOPE, USE, again, agent, found, look, value_of
from tests.aws_use_samples import CLAUDE, REGION, Metrics, Trail
from tests.fakes_aws import HOME, FakeAws
from tests.harness_aws import environment


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    with FakeAws() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started
    forget_clients()


def test_who_called_a_model_is_kept_with_it_and_a_person_is_a_hint(fake: FakeAws) -> None:
    trail = Trail(fake)
    trail.called(APP, NOW - timedelta(days=40), model=CLAUDE)
    trail.called(APP, NOW - timedelta(days=2), model=f"us.{CLAUDE}", name="Converse")
    trail.called(ADA, NOW - timedelta(days=5), model=CLAUDE, name="ConverseStream")
    trail.called(APP, NOW - timedelta(days=1), model="acme.denied", errorCode="AccessDenied")

    (model,) = found(look(), CALLS)

    assert model.name == CLAUDE
    assert model.attributes["callers"] == ["ada@acme.example", "role claims-app"]
    assert model.attributes["caller_count"] == 2
    assert model.attributes["called_by"] == [f"arn:aws:iam::{HOME}:role/claims-app"]
    assert model.usage
    assert model.usage.last_used_at
    assert f"{model.usage.last_used_at:%Y-%m-%d}" == f"{NOW - timedelta(days=2):%Y-%m-%d}"
    assert [(one.candidate, one.source) for one in model.owner_hints] == [("ada@acme.example", "caller")]


def test_a_call_with_an_api_key_is_told(fake: FakeAws) -> None:
    user = f"arn:aws:iam::{HOME}:user/BedrockAPIKey-x1y2"
    bearer = {"callWithBearerToken": True}
    Trail(fake).called(user, NOW - timedelta(days=1), model=CLAUDE, additionalEventData=bearer)

    (model,) = found(look(), CALLS)

    assert model.attributes["called_with_api_key"] is True
    assert model.owner_hints == ()


def test_more_events_than_are_read_are_told_with_the_part(fake: FakeAws) -> None:
    trail = Trail(fake)
    for number in range(260):
        trail.called(APP, NOW - timedelta(minutes=600 - number), model=CLAUDE)

    seen = look()

    part = seen.parts[SCOPE, CALLS]
    assert part.status is PartStatus.COMPLETE
    assert "there are more of these events" in part.reason
    asked = [one for one in fake.named("LookupEvents") if value_of(one.params) == "InvokeModel"]
    assert len(asked) == 4


def test_callers_of_a_ready_service_are_asked_for_only_where_it_is_used(fake: FakeAws) -> None:
    Metrics(fake).add("AWS/Textract", Operation="AnalyzeDocument")
    trail = Trail(fake)
    source = "textract.amazonaws.com"
    trail.called(APP, NOW - timedelta(days=1), name="AnalyzeDocument", source=source)
    trail.called(ADA, NOW - timedelta(days=1), name="ListAdapters", source=source)

    seen = look()

    (service,) = found(seen, "cloudtrail.LookupEvents#textract")
    assert service.attributes["callers"] == ["role claims-app"]
    asked = {value_of(one.params) for one in fake.named("LookupEvents")}
    assert source in asked
    assert "polly.amazonaws.com" not in asked


def test_callers_are_kept_when_their_events_are_no_longer_read(fake: FakeAws) -> None:
    trail = Trail(fake)
    trail.called(APP, NOW - timedelta(days=3), model=CLAUDE)

    _, first = again(USE, None)
    since_then = trail.held
    trail.held = []
    trail.called(ADA, NOW, model=CLAUDE)
    found_again, second = again(USE, first)

    (model,) = [one for one in found_again if one.evidence[0].source == CALLS]
    assert len(since_then) == 1
    assert model.attributes["callers"] == ["ada@acme.example", "role claims-app"]
    last = [one for one in fake.named("LookupEvents") if value_of(one.params) == "InvokeModel"][-1]
    assert last.params["StartTime"] > (NOW - timedelta(hours=1)).timestamp()
    assert second.parts[CALLS].status is PartStatus.COMPLETE


def test_a_caller_that_was_not_seen_for_ninety_days_is_named_no_more(fake: FakeAws) -> None:
    trail = Trail(fake)
    trail.called(APP, NOW - timedelta(days=1), model=CLAUDE)
    _, first = again(USE, None)
    old = f"{NOW - timedelta(days=91):%Y-%m-%d}"
    kept = first.parts[CALLS].state.replace(f"{NOW - timedelta(days=1):%Y-%m-%d}", old)
    trail.held = []

    shown, _ = again(USE, replace(first, parts={CALLS: replace(first.parts[CALLS], state=kept)}))

    assert old in kept
    assert [one for one in shown if one.evidence[0].source == CALLS] == []


def calls_of(findings: list[Finding]) -> list[tuple[str, str]]:
    return [
        (one.name, link.target.key.rpartition(f"{REGION}:")[2])
        for one in findings
        if one.evidence[0].source == "cloudtrail.LookupEvents#callers"
        for link in one.links
        if link.relation == "calls"
    ]


def test_the_agent_that_runs_as_the_calling_role_calls_the_model(fake: FakeAws) -> None:
    agent(fake, "CLAIMS", role="claims-app")
    Trail(fake).called(APP, NOW - timedelta(days=1), model=CLAUDE)

    seen = look(None, "bedrock-agent")

    assert calls_of([one for _, _, one in seen.findings]) == [("CLAIMS", CLAUDE)]


def test_a_role_of_several_assets_proves_nothing_of_any(fake: FakeAws) -> None:
    agent(fake, "CLAIMS", "OTHER", role="claims-app")
    Trail(fake).called(APP, NOW - timedelta(days=1), model=CLAUDE)

    seen = look(None, "bedrock-agent")

    assert calls_of([one for _, _, one in seen.findings]) == []


def key(user: str, number: int, status: str = "Active") -> dict[str, Any]:
    return {
        "UserName": user,
        "Status": status,
        "CreateDate": NOW,
        "ServiceSpecificCredentialId": f"ACCAFAKEFAKEFAKE000{number}",
        "ServiceName": "bedrock.amazonaws.com",
        "ServiceCredentialAlias": f"{user}-key-{number}",
    }


def test_a_bedrock_key_shows_what_was_called_with_it_and_when_last(fake: FakeAws) -> None:
    fake.add(
        "iam",
        "ListServiceSpecificCredentials",
        key("BedrockAPIKey-x1", 1),
        key("BedrockAPIKey-x1", 2, "Inactive"),
        key("several", 3),
        key("several", 4),
    )
    trail = Trail(fake)
    bearer = {"callWithBearerToken": True}
    for user in ("BedrockAPIKey-x1", "several"):
        arn = f"arn:aws:iam::{HOME}:user/{user}"
        trail.called(arn, NOW - timedelta(days=3), model=CLAUDE, additionalEventData=bearer)

    seen = look()

    (used,) = found(seen, "cloudtrail.LookupEvents#callers")
    assert (used.kind, used.name) == ("api_key", "BedrockAPIKey-x1-key-1")
    assert used.usage
    assert f"{used.usage.last_used_at:%Y-%m-%d}" == f"{NOW - timedelta(days=3):%Y-%m-%d}"
    assert [link.target.key for link in used.links] == [f"aws:{HOME}:{REGION}:{CLAUDE}"]
    listed = {one.natural_key for one in found(seen, "iam.ListServiceSpecificCredentials")}
    assert used.natural_key in listed


@pytest.mark.parametrize("kept", ['{"until": "2026-01-01T00:00:00+00:00", "call', '[["arn:aws:iam::1', "~"])
def test_what_an_earlier_scan_kept_and_nobody_can_read_costs_nothing_but_itself(
    fake: FakeAws, kept: str
) -> None:
    trail = Trail(fake)
    trail.called(ADA, NOW - timedelta(hours=2), model=CLAUDE)
    _, first = again(USE, None)
    cut = {name: replace(one, state=kept) for name, one in first.parts.items()}

    shown, second = again(USE, replace(first, parts=cut))

    assert {one.status for one in second.parts.values()} == {PartStatus.COMPLETE}
    assert [one.attributes["callers"] for one in shown if one.evidence[0].source == CALLS] == [
        ["ada@acme.example"]
    ]
