"""What AWS says of oversight is shown on the things it speaks of: cards, checks, logs, guardrails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors import aws_rows
from connectors.aws_rows import Row
from connectors.context import forget_clients
from connectors.model import RelationKind
from tests import aws_samples
from tests.fakes_aws import HOME, FakeAws
from tests.harness_aws import environment
from tests.looking_aws import REGION, look

MODELS = replace(aws_rows.load().row("sagemaker", "ListModels"), details=())
CARDS = aws_rows.load().row("sagemaker", "ListModelCards")
MODEL = f"arn:aws:sagemaker:{REGION}:{HOME}:model/fraud"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    with FakeAws() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started
    forget_clients()


def card(fake: FakeAws, name: str, content: Any, status: str = "Approved") -> None:
    item = {**aws_samples.item(CARDS, 1), "ModelCardName": name, "ModelCardStatus": status}
    item["ModelCardArn"] = f"arn:aws:sagemaker:{REGION}:{HOME}:model-card/{name}"
    fake.add("sagemaker", "ListModelCards", item, strict=False)
    cards = fake.__dict__.setdefault("cards", {})
    cards[name] = {**item, "ModelCardVersion": 1, "Content": json.dumps(content), "CreatedBy": {}}
    fake.answer("sagemaker", "DescribeModelCard", lambda asked: _described(cards[asked["ModelCardName"]]))


def _described(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "ModelCardSummaries"}


def with_model(fake: FakeAws) -> None:
    item = {**aws_samples.item(MODELS, 1), "ModelArn": MODEL, "ModelName": "fraud"}
    fake.add("sagemaker", "ListModels", item, strict=False)


def about(model: str) -> dict[str, Any]:
    return {"model_overview": {"model_id": model}, "intended_uses": {"risk_rating": "High"}}


@pytest.mark.parametrize("named", [MODEL, "fraud"])
def test_a_model_card_is_evidence_on_its_model(fake: FakeAws, named: str) -> None:
    with_model(fake)
    card(fake, "fraud-card", about(named))

    looked = look(MODELS, CARDS)

    (shown,) = (one for one in looked.findings[CARDS.details_part] if one.kind == "model")
    assert shown.natural_key.key == MODEL
    assert shown.attributes == {"model_card_status": ["Approved"], "risk_rating": ["High"]}
    assert [one.relation for one in shown.links] == [RelationKind.GUARDED_BY]
    assert shown.links[0].target.key.endswith("model-card/fraud-card")


def test_a_card_of_another_model_says_nothing_of_ours(fake: FakeAws) -> None:
    with_model(fake)
    card(fake, "other", about("arn:aws:sagemaker:eu-west-1:999999999999:model/other"))

    looked = look(MODELS, CARDS)

    assert [one.kind for one in looked.findings[CARDS.details_part]] == ["oversight_control"]


def test_an_unchanged_card_says_again_what_it_said_without_a_call(fake: FakeAws) -> None:
    with_model(fake)
    card(fake, "fraud-card", about(MODEL))
    first = look(MODELS, CARDS)
    fake.calls.clear()

    second = look(MODELS, CARDS, before=first)

    assert fake.named("DescribeModelCard") == []
    assert second.findings == {}
    assert second.keys(CARDS.details_part) == first.keys(CARDS.details_part)
    assert MODEL in second.keys(CARDS.details_part)


def test_two_cards_of_one_model_show_it_once(fake: FakeAws) -> None:
    with_model(fake)
    card(fake, "one", about(MODEL))
    card(fake, "two", about(MODEL))

    shown = look(MODELS, CARDS).findings[CARDS.details_part]

    assert [one.natural_key.key for one in shown].count(MODEL) == 1


@pytest.mark.parametrize("content", ["{", "[]", '{"model_overview": 7}', "{" * 5_000])
def test_a_card_that_is_no_card_harms_nothing(fake: FakeAws, content: str) -> None:
    with_model(fake)
    card(fake, "odd", {})
    fake.__dict__["cards"]["odd"]["Content"] = content

    looked = look(MODELS, CARDS)

    assert [one.kind for one in looked.findings[CARDS.details_part]] == ["oversight_control"]


def rows(*names: tuple[str, str]) -> list[Row]:
    return [replace(aws_rows.load().row(*name), details=()) for name in names]


def test_invocation_logging_and_enforced_guardrails_are_shown_on_everything_that_calls_models(
    fake: FakeAws,
) -> None:
    profiles, enforced, logging = rows(
        ("bedrock", "ListInferenceProfiles"),
        ("bedrock", "ListEnforcedGuardrailsConfiguration"),
        ("bedrock", "GetModelInvocationLoggingConfiguration"),
    )
    fake.add("bedrock", profiles.operation, *(aws_samples.item(profiles, n) for n in (1, 2)), strict=False)
    fake.add("bedrock", enforced.operation, aws_samples.item(enforced, 1), strict=False)
    log = {"loggingConfig": {"s3Config": {"bucketName": "acme-logs"}, "textDataDeliveryEnabled": True}}
    fake.answer("bedrock", logging.operation, log)

    looked = look(profiles, enforced, logging)

    logged = [one for one in looked.findings[logging.part] if one.kind == "model_endpoint"]
    guarded = [one for one in looked.findings[enforced.part] if one.kind == "model_endpoint"]
    assert len(logged) == len(guarded) == 2
    assert [one.attributes["invocation_log_buckets"] for one in logged] == [["acme-logs"]] * 2
    assert all(one.links[0].relation is RelationKind.GUARDED_BY for one in [*logged, *guarded])


def test_without_logging_nothing_says_that_there_is(fake: FakeAws) -> None:
    profiles, logging = rows(
        ("bedrock", "ListInferenceProfiles"), ("bedrock", "GetModelInvocationLoggingConfiguration")
    )
    fake.add("bedrock", profiles.operation, aws_samples.item(profiles, 1), strict=False)
    fake.answer("bedrock", logging.operation, {})

    looked = look(profiles, logging)

    assert logging.part not in looked.findings


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("ListModelBiasJobDefinitions", "bias_checks"),
        ("ListModelExplainabilityJobDefinitions", "explainability_checks"),
        ("ListModelQualityJobDefinitions", "model_quality_checks"),
        ("ListDataQualityJobDefinitions", "data_quality_checks"),
    ],
)
def test_a_check_is_shown_on_the_endpoint_that_it_checks(fake: FakeAws, operation: str, name: str) -> None:
    endpoints, checks = rows(("sagemaker", "ListEndpoints"), ("sagemaker", operation))
    arn = f"arn:aws:sagemaker:{REGION}:{HOME}:endpoint/scoring"
    endpoint = {**aws_samples.item(endpoints, 1), "EndpointName": "scoring", "EndpointArn": arn}
    fake.add("sagemaker", "ListEndpoints", endpoint, strict=False)
    check = {**aws_samples.item(checks, 1), "EndpointName": "scoring", "MonitoringJobDefinitionName": "c1"}
    fake.add("sagemaker", operation, check, strict=False)

    looked = look(endpoints, checks)

    (shown,) = (one for one in looked.findings[checks.part] if one.kind == "model_endpoint")
    assert shown.natural_key.key == arn
    assert shown.attributes[name] == ["c1"]


def test_a_list_inside_a_thing_is_read_to_its_end(fake: FakeAws) -> None:
    row = aws_rows.load().row("organizations", "ListPolicies")
    fake.add("organizations", "ListPolicies", aws_samples.item(row, 1), strict=False)
    pages = {None: (["r-1", "ou-1"], "page-2"), "page-2": (["ou-2"], "page-3"), "page-3": (["111"], "")}

    def answer(asked: Any) -> dict[str, Any]:
        names, following = pages[asked.get("NextToken")]
        found: dict[str, Any] = {"Targets": [{"TargetId": name} for name in names]}
        return {**found, "NextToken": following} if following else found

    fake.answer("organizations", "ListTargetsForPolicy", answer)

    looked = look(row)

    assert looked.one(row.details_part).attributes["holds_for"] == ["r-1", "ou-1", "ou-2", "111"]


def test_a_list_inside_a_thing_that_never_ends_is_an_exception(fake: FakeAws) -> None:
    row = aws_rows.load().row("organizations", "ListPolicies")
    fake.add("organizations", "ListPolicies", aws_samples.item(row, 1), strict=False)
    fake.answer("organizations", "ListTargetsForPolicy", {"Targets": [], "NextToken": "page-2"})

    result = look(row).results[row.details_part]

    assert result.exceptions or result.status != "complete"


def test_people_are_counted_and_not_named(fake: FakeAws) -> None:
    row = aws_rows.load().row("sagemaker", "ListDomains")
    fake.add("sagemaker", "ListDomains", aws_samples.item(row, 1), strict=False)
    people = [{"UserProfileName": name} for name in ("ada", "grace", "edsger")]
    fake.answer("sagemaker", "ListUserProfiles", {"UserProfiles": people})

    looked = look(row)

    assert looked.one(row.details_part).attributes == {"user_profiles": 3}
    assert "edsger" not in repr(looked)
