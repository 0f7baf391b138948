"""What is left of a CloudTrail record in the client: who did what to which thing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.clients.aws_events import lean_event

CANARY = "canary-Tt81-never-kept"
RECORD: dict[str, Any] = {
    "eventName": "CreateAgent",
    "eventSource": "bedrock.amazonaws.com",
    "eventTime": "2026-11-20T10:00:00Z",
    "sourceIPAddress": "203.0.113.9",
    "userAgent": "HashiCorp Terraform/1.9 AWSv5",
    "userIdentity": {
        "type": "AssumedRole",
        "arn": "arn:aws:sts::111122223333:assumed-role/engineer/ada",
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "principalId": f"AROA:{CANARY}",
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/engineer"},
            "sourceIdentity": "ada@acme.example",
            "attributes": {"mfaAuthenticated": CANARY},
        },
    },
    "requestParameters": {
        "agentName": "claims",
        "instruction": CANARY,
        "clientToken": CANARY,
        "environment": {"variables": {"OPENAI_API_KEY": CANARY, "GREETING": CANARY}},
        "tags": {"note": CANARY},
        "secretName": CANARY,
        "messages": [{"content": [{"text": CANARY}]}],
    },
    "responseElements": {
        "agent": {"agentId": "AGENT1", "agentArn": "arn:aws:bedrock:us-east-1:111122223333:agent/AGENT1"},
        "secretAccessKey": CANARY,
    },
}


def lean(**more: Any) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(lean_event(json.dumps({**RECORD, **more})))
    return read


def test_only_who_what_and_which_stays() -> None:
    kept = lean()

    assert kept == {
        "eventName": "CreateAgent",
        "eventSource": "bedrock.amazonaws.com",
        "eventTime": "2026-11-20T10:00:00Z",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": "arn:aws:sts::111122223333:assumed-role/engineer/ada",
            "sourceIdentity": "ada@acme.example",
            "issuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/engineer"},
        },
        "about": ["AGENT1", "arn:aws:bedrock:us-east-1:111122223333:agent/AGENT1", "claims"],
        "tool": "terraform",
    }


def test_the_service_that_called_for_somebody_is_kept_and_a_persons_address_is_not() -> None:
    assert lean(sourceIPAddress="cloudformation.amazonaws.com")["via"] == "cloudformation.amazonaws.com"
    assert "via" not in lean()


def test_the_model_that_was_called_and_a_bedrock_key_are_kept() -> None:
    kept = lean(
        requestParameters={"modelId": "acme.model-v1:0", "body": CANARY},
        additionalEventData={"callWithBearerToken": True, "inputTokens": 12},
    )

    assert kept["modelId"] == "acme.model-v1:0"
    assert kept["isBearer"] is True


def test_a_name_that_holds_a_secret_is_dropped() -> None:
    key = "AKIA" + "IOSFODNN7EXAMPLE"

    assert key not in json.dumps(lean(requestParameters={"agentName": f"agent {key}"}))


@pytest.mark.parametrize(
    "text",
    [None, "", "no json", "[]", '"x"', "{" * 50_000, '{"userIdentity": [], "requestParameters": 3}', 7],
)
def test_a_strange_record_is_no_failure(text: Any) -> None:
    assert lean_event(text) in ("", "{}")


def test_a_record_with_very_many_ids_keeps_some_of_them() -> None:
    kept = lean(requestParameters={"modelArns": [f"arn:{number}" for number in range(5_000)]})

    assert len(kept["about"]) <= 64


def test_a_deep_record_ends() -> None:
    deep: dict[str, Any] = {"name": "bottom"}
    for _ in range(200):
        deep = {"inside": deep}

    assert "bottom" not in json.dumps(lean(requestParameters=deep))
