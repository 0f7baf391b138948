"""The AWS client factory: guard, identity, errors, redaction, lean models."""

from __future__ import annotations

import json
import logging
import pickle
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from botocore import exceptions as botocore_errors

from connectors import aws_rows, meter
from connectors.aws import AwsConnector, AwsOptions
from connectors.clients.aws import AwsClients, Identity, Listing, Place
from connectors.clients.aws_errors import Asked, Rejected, Unreadable, translate
from connectors.clients.aws_models import trimmed
from connectors.clients.aws_redact import HIDDEN, Redaction, Redactor
from connectors.clients.aws_sessions import is_aws_host, read_time
from connectors.clients.aws_settings import AwsSettings
from connectors.clients.guard import UndeclaredCall
from connectors.clients.network import NetworkSettings
from connectors.errors import (
    Absent,
    AuthError,
    ConfigError,
    Incomplete,
    NoteAndGoOn,
    NotEnabled,
    NotOffered,
    NotOptedIn,
    PermissionDenied,
    RateLimited,
    Unavailable,
)
from tests.fakes_aws import HOME, SECRET_KEY, FakeAws
from tests.fakes_aws_wire import output_shape
from tests.harness_aws import environment

PLACE = Place(account=HOME, region="us-east-1")
GUARDRAILS = aws_rows.load().row("bedrock", "ListGuardrails").listing()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    with FakeAws() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started


@pytest.fixture
def clients(fake: FakeAws) -> Iterator[AwsClients]:
    made = make()
    yield made
    made.close()


def make(attempts: int = 2, **network: Any) -> AwsClients:
    settings = AwsConnector().aws_settings(AwsOptions())
    network = {"connect_timeout_s": 2, "read_timeout_s": 2, **network}
    return AwsClients(
        settings,
        operations=AwsConnector.info.operations,
        network=NetworkSettings(max_attempts=attempts, **network),
    )


def asked(**known: Any) -> Asked:
    facts: dict[str, Any] = {
        "service": "bedrock",
        "operation": "ListGuardrails",
        "account": HOME,
        "region": "eu-west-1",
        "permission": "bedrock:ListGuardrails",
        "is_default_region": True,
        "is_known_endpoint": True,
    }
    return Asked(**{**facts, **known})


def refusal(code: str, status: int = 400, message: str = "no") -> Exception:
    answer: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return botocore_errors.ClientError(answer, "ListGuardrails")


def test_identity_is_asked_once(fake: FakeAws, clients: AwsClients) -> None:
    first, second = clients.identity(), clients.identity()

    assert first is second
    assert first == Identity(
        account=HOME, arn=f"arn:aws:sts::{HOME}:assumed-role/scanner/fake", partition="aws"
    )
    assert len(fake.calls) == 1


def test_an_undeclared_operation_is_refused_before_a_byte_is_sent(fake: FakeAws, clients: AwsClients) -> None:
    with pytest.raises(UndeclaredCall):
        clients.call("bedrock", "DeleteGuardrail", PLACE, {"guardrailIdentifier": "x"})

    assert fake.calls == []


def test_a_client_that_leaks_out_still_refuses_what_is_not_declared(fake: FakeAws) -> None:
    from connectors.clients import aws_sessions

    session = aws_sessions.new_session("", frozenset({("sts", "GetCallerIdentity")}))
    session.register_component("data_loader", _full_loader())
    client = session.create_client("bedrock", region_name="us-east-1")

    with pytest.raises(UndeclaredCall):
        client.delete_guardrail(guardrailIdentifier="x")

    assert fake.calls == []


def test_every_request_is_metered_retries_included(fake: FakeAws, clients: AwsClients) -> None:
    fake.fail("bedrock", "ListGuardrails", "ThrottlingException", status=400, times=1)
    clients.identity()
    before = meter.requests()

    assert list(clients.items(GUARDRAILS, PLACE)) == []

    assert meter.requests() - before == 2


def test_one_client_serves_all_threads(fake: FakeAws, clients: AwsClients) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: list(clients.items(GUARDRAILS, PLACE)), range(16)))

    assert results == [[]] * 16
    assert len(fake.named("GetCallerIdentity")) <= 2


def test_a_dropped_account_is_opened_again_when_needed(fake: FakeAws, clients: AwsClients) -> None:
    list(clients.items(GUARDRAILS, PLACE))

    clients.drop_account(HOME)

    assert list(clients.items(GUARDRAILS, PLACE)) == []


def test_a_listing_that_leads_in_a_circle_is_incomplete(fake: FakeAws, clients: AwsClients) -> None:
    fake.circular.add(("bedrock", "ListGuardrails"))

    with pytest.raises(Incomplete, match="repeated a page token"):
        list(clients.items(GUARDRAILS, PLACE))


def test_a_missing_list_is_empty_only_where_the_model_says_it_may_be(
    fake: FakeAws, clients: AwsClients
) -> None:
    fake.bodies["bedrock", "ListGuardrails"] = b"{}"
    fake.bodies["bedrock", "ListImportedModels"] = b"{}"
    optional = aws_rows.load().row("bedrock", "ListImportedModels").listing()

    assert list(clients.items(optional, PLACE)) == []
    with pytest.raises(Unreadable):
        list(clients.items(GUARDRAILS, PLACE))


def test_an_endpoint_that_is_not_there_is_unavailable(fake: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    with pytest.raises(Unavailable, match="cannot be reached"):
        make(attempts=1).identity()


def test_an_endpoint_that_is_no_url_is_a_configuration_error(
    fake: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "not a url")

    with pytest.raises(ConfigError, match="AWS_ENDPOINT_URL"):
        make().identity()


def test_a_server_that_never_answers_times_out(fake: FakeAws, clients: AwsClients) -> None:
    slow = make(attempts=1, read_timeout_s=0.2)

    def wait(_: object) -> bool:
        fake.pause(1.0)
        return False

    fake.refuse_if = wait

    with pytest.raises(Unavailable):
        slow.identity()


def test_settings_travel_to_workers() -> None:
    settings = AwsConnector().aws_settings(AwsOptions())

    assert pickle.loads(pickle.dumps(settings)) == settings
    assert SECRET_KEY not in repr(settings)


def test_botocores_debug_log_stays_shut(
    fake: FakeAws, clients: AwsClients, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    clients.identity()

    assert [record.name for record in caplog.records if record.name.startswith("botocore")] == []


@pytest.mark.parametrize(
    ("error", "known", "ours"),
    [
        (refusal("AccessDeniedException", 403), {}, PermissionDenied),
        (refusal("UnauthorizedOperation", 403), {}, PermissionDenied),
        (refusal("ThrottlingException"), {}, RateLimited),
        (refusal("TooManyRequestsException", 429), {}, RateLimited),
        (refusal("SomethingElse", 429), {}, RateLimited),
        (refusal("ExpiredTokenException", 403), {}, AuthError),
        (refusal("UnrecognizedClientException", 403), {}, AuthError),
        (refusal("UnrecognizedClientException", 403), {"is_default_region": False}, NotOptedIn),
        (refusal("InvalidClientTokenId", 403), {"is_default_region": False}, NotOptedIn),
        (refusal("OptInRequired", 403), {}, NotOptedIn),
        (refusal("SubscriptionRequiredException"), {}, NotEnabled),
        (refusal("SignatureDoesNotMatch", 403), {}, AuthError),
        (refusal("ResourceNotFoundException", 404), {}, Absent),
        (refusal("404", 404), {}, NoteAndGoOn),
        (refusal("ValidationException", 400, "Operation is not supported in this region"), {}, NotOffered),
        (refusal("ValidationException"), {}, Rejected),
        (refusal("500", 500), {}, Unavailable),
        (refusal("ServiceUnavailableException", 503), {}, Unavailable),
        (botocore_errors.NoCredentialsError(), {}, AuthError),
        (botocore_errors.ProfileNotFound(profile="x"), {}, ConfigError),
        (botocore_errors.UnauthorizedSSOTokenError(), {}, AuthError),
        (botocore_errors.ReadTimeoutError(endpoint_url="x"), {}, Unavailable),
        (botocore_errors.ConnectTimeoutError(endpoint_url="x"), {}, Unavailable),
        (botocore_errors.SSLError(endpoint_url="x", error=OSError("bad")), {}, Unavailable),
        (botocore_errors.UnknownServiceError(service_name="x", known_service_names=""), {}, NoteAndGoOn),
    ],
    ids=lambda one: getattr(one, "__name__", None) or str(one)[:60],
)
def test_errors_are_named_by_what_happens_next(error: Exception, known: dict[str, Any], ours: type) -> None:
    made = translate(error, asked(**known))

    assert type(made) is ours
    assert "eu-west-1" in str(made)


def test_a_denial_names_the_iam_action() -> None:
    assert "Allow the IAM action bedrock:ListGuardrails" in str(translate(refusal("AccessDenied"), asked()))


@pytest.mark.parametrize(("is_known", "ours"), [(True, Unavailable), (False, NotOffered)])
def test_a_name_that_does_not_resolve_is_judged_by_what_is_known(is_known: bool, ours: type) -> None:
    class NameResolutionError(Exception):
        """Named as urllib3's."""

    error = botocore_errors.EndpointConnectionError(endpoint_url="https://x", error=NameResolutionError())

    assert type(translate(error, asked(is_known_endpoint=is_known))) is ours


def test_redaction_keeps_keys_lengths_and_model_ids_only() -> None:
    rules = aws_rows.load().redaction
    answer = {
        "PrimaryContainer": {
            "Environment": {"TOKEN": "s3cr3t", "HF_MODEL_ID": "acme/llm", "MODEL_ID": "a b c"}
        },
        "Containers": [{"Environment": {"TOKEN": "s3cr3t"}}],
    }

    Redactor(rules).clean(("sagemaker", "DescribeModel"), output_shape("sagemaker", "DescribeModel"), answer)

    assert answer["PrimaryContainer"] == {
        "Environment": {"TOKEN": HIDDEN, "HF_MODEL_ID": "acme/llm", "MODEL_ID": HIDDEN}
    }
    assert answer["Containers"] == [{"Environment": {"TOKEN": HIDDEN}}]


def test_a_model_variable_that_holds_a_key_is_hidden() -> None:
    key = "sk-proj-0123456789abcdefXYZ"
    answer: dict[str, Any] = {"PrimaryContainer": {"Environment": {"HF_MODEL_ID": key}}}

    Redactor(aws_rows.load().redaction).clean(
        ("sagemaker", "DescribeModel"), output_shape("sagemaker", "DescribeModel"), answer
    )

    assert key not in repr(answer)


def test_prompt_texts_become_length_and_hash() -> None:
    answer: dict[str, Any] = {"agent": {"agentName": "a", "instruction": "never say this"}}

    Redactor(aws_rows.load().redaction).clean(
        ("bedrock-agent", "GetAgent"), output_shape("bedrock-agent", "GetAgent"), answer
    )

    assert answer["agent"]["instruction"].startswith("[14 characters, sha256 ")
    assert answer["agent"]["agentName"] == "a"


def test_answers_without_secrets_cost_no_walk() -> None:
    redactor = Redactor(Redaction(maps=frozenset({"Environment"})))

    redactor.clean(
        ("bedrock", "ListGuardrails"), output_shape("bedrock", "ListGuardrails"), {"guardrails": []}
    )

    assert redactor._plans["bedrock", "ListGuardrails"] == {}


@pytest.mark.parametrize(
    "value",
    [
        1767323045.5,
        "2026-01-02T03:04:05.500Z",
        "2026-01-02T04:04:05.500+01:00",
        "Fri, 02 Jan 2026 03:04:05 GMT",
    ],
)
def test_times_are_read_as_utc(value: Any) -> None:
    read = read_time(value)

    assert read.tzinfo is UTC
    assert abs(read - datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) < timedelta(seconds=1)


def test_a_time_with_another_zone_is_converted() -> None:
    assert read_time(datetime(2026, 1, 2, 1, tzinfo=timezone(timedelta(hours=1))).isoformat()).hour == 0


@pytest.mark.parametrize(
    ("url", "is_aws"),
    [
        ("https://bedrock.eu-west-1.amazonaws.com", True),
        ("https://sts.cn-north-1.amazonaws.com.cn", True),
        ("http://127.0.0.1:5000", False),
        ("https://amazonaws.com.evil.example", False),
    ],
)
def test_aws_hosts_are_told_from_others(url: str, is_aws: bool) -> None:
    assert is_aws_host(url) is is_aws


@pytest.mark.parametrize("indent", [None, 1, 2, 4])
def test_a_trimmed_model_keeps_what_it_needs_and_nothing_else(indent: int | None) -> None:
    model = {
        "metadata": {"x": 1},
        "documentation": "long",
        "operations": {
            "ListA": {
                "name": "ListA",
                "input": {"shape": "In"},
                "errors": [{"shape": "Bad"}],
                "documentation": "d",
            },
            "DeleteA": {"name": "DeleteA", "input": {"shape": "Other"}},
        },
        "shapes": {
            "In": {
                "type": "structure",
                "members": {"documentation": {"shape": "Text", "documentation": "d"}},
            },
            "Text": {"type": "string", "documentation": "d"},
            "Bad": {"type": "structure", "members": {"again": {"shape": "Bad"}}},
            "Other": {"type": "structure", "members": {}},
        },
    }

    lean = trimmed(json.dumps(model, indent=indent).encode(), {"ListA"})

    assert list(lean["operations"]) == ["ListA"]
    assert list(lean["shapes"]) == ["In", "Text", "Bad"]
    assert lean["shapes"]["In"]["members"] == {"documentation": {"shape": "Text"}}
    assert "documentation" not in lean
    assert lean["metadata"] == {"x": 1}


def test_settings_without_partitions_still_sign_in(fake: FakeAws) -> None:
    clients = AwsClients(
        AwsSettings(), operations=AwsConnector.info.operations, network=NetworkSettings(max_attempts=1)
    )

    assert clients.home_region() == "us-east-1"


def test_an_operation_that_the_sdk_does_not_know_is_a_note(fake: FakeAws) -> None:
    operations = (
        *AwsConnector.info.operations,
        aws_rows.call("bedrock", "ListTomorrow", "bedrock:ListTomorrow"),
    )
    clients = AwsClients(AwsSettings(), operations=operations, network=NetworkSettings(max_attempts=1))
    listing = Listing(service="bedrock", operation="ListTomorrow", items="x")

    with pytest.raises(NoteAndGoOn, match="does not know"):
        list(clients.items(listing, PLACE))


def _full_loader() -> Any:
    from botocore.loaders import create_loader

    return create_loader()


def test_the_body_of_a_request_does_not_wait_for_the_acknowledgement_of_its_head(
    fake: FakeAws, clients: AwsClients
) -> None:
    seconds = []

    for _ in range(12):
        started = time.monotonic()
        clients.call("comprehend", "ListFlywheels", PLACE, {})
        seconds.append(time.monotonic() - started)

    # Waiting costs 40 ms in every request of a connection but its first; a busy machine misses some of them.
    assert min(seconds[1:]) < 0.03
