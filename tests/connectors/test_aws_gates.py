"""Things that are AI only with evidence: domains with vectors, graphs, collections, AI applications."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors import aws_rows
from connectors.aws_evidence import proofs_of
from connectors.aws_rows import Row
from connectors.context import forget_clients
from connectors.model import PartStatus
from tests.fakes_aws import HOME, FakeAws
from tests.harness_aws import environment
from tests.looking_aws import REGION, look

MEMBER = "444455556666"
DOMAINS = aws_rows.load().row("opensearch", "ListDomainNames")
COLLECTIONS = aws_rows.load().row("opensearchserverless", "ListCollections")
GRAPHS = aws_rows.load().row("neptune-graph", "ListGraphs")
PROJECTS = aws_rows.load().row("cloudcontrol", "ListResources")
SIGN_ONS = (
    aws_rows.load().row("sso-admin", "ListInstances"),
    aws_rows.load().row("sso-admin", "ListApplications"),
)
INSTANCE = "arn:aws:sso:::instance/ssoins-1234567890abcdef"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    with FakeAws() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started
    forget_clients()


@pytest.mark.parametrize(
    ("settings", "is_shown"),
    [
        ({}, False),
        ({"UseCase": "OBSERVABILITY"}, False),
        ({"UseCase": "VECTOR"}, True),
        ({"AIMLOptions": {"S3VectorsEngine": {"Enabled": False}}}, False),
        ({"AIMLOptions": {"S3VectorsEngine": {"Enabled": True}}}, True),
        ({"AIMLOptions": {"ServerlessVectorAcceleration": {"Enabled": True}}}, True),
        ({"AIMLOptions": {"NaturalLanguageQueryGenerationOptions": {"DesiredState": "DISABLED"}}}, False),
    ],
)
def test_a_search_domain_is_a_vector_store_by_its_settings_and_not_by_its_name(
    fake: FakeAws, settings: dict[str, Any], is_shown: bool
) -> None:
    fake.add("opensearch", "ListDomainNames", {"DomainName": "rag-vectors", "EngineType": "OpenSearch"})
    fake.answer("opensearch", "DescribeDomain", lambda asked: {"DomainStatus": settings})

    looked = look(DOMAINS)

    shown = [one.natural_key.key for one in looked.findings.get(DOMAINS.part, ())]
    assert shown == [f"arn:aws:es:{REGION}:{HOME}:domain/rag-vectors"] * is_shown
    assert looked.results[DOMAINS.part].status is PartStatus.COMPLETE


def collection(number: int) -> dict[str, Any]:
    arn = f"arn:aws:aoss:{REGION}:{HOME}:collection/col{number}"
    return {"id": f"col{number}", "name": f"n{number}", "arn": arn, "status": "ACTIVE"}


def test_only_collections_for_vectors_are_shown_and_an_unchanged_scan_asks_for_none(fake: FakeAws) -> None:
    kinds = {"col1": "SEARCH", "col2": "VECTORSEARCH", "col3": "TIMESERIES"}
    fake.add("opensearchserverless", "ListCollections", *(collection(number) for number in (1, 2, 3)))
    fake.answer(
        "opensearchserverless",
        "BatchGetCollection",
        lambda asked: {"collectionDetails": [{"id": one, "type": kinds[one]} for one in asked["ids"]]},
    )

    first = look(COLLECTIONS)
    asked = len(fake.named("BatchGetCollection"))
    second = look(COLLECTIONS, before=first)

    assert first.keys(COLLECTIONS.part) == second.keys(COLLECTIONS.part) == [collection(2)["arn"]]
    assert first.one(COLLECTIONS.details_part).attributes["type"] == "VECTORSEARCH"
    assert asked == len(fake.named("BatchGetCollection")) == 3
    assert second.findings == {}


def test_what_was_shown_before_and_proves_nothing_now_is_gone(fake: FakeAws) -> None:
    kinds = {"col1": "VECTORSEARCH"}
    fake.add("opensearchserverless", "ListCollections", collection(1))
    fake.answer(
        "opensearchserverless",
        "BatchGetCollection",
        lambda asked: {"collectionDetails": [{"id": one, "type": kinds[one]} for one in asked["ids"]]},
    )
    first = look(COLLECTIONS)
    kinds["col1"] = "SEARCH"
    fake.remove("opensearchserverless", "ListCollections", lambda item: True)
    fake.add("opensearchserverless", "ListCollections", {**collection(1), "name": "renamed"})

    second = look(COLLECTIONS, before=first)

    assert second.keys(COLLECTIONS.part) == []
    assert second.results[COLLECTIONS.part].status is PartStatus.COMPLETE


def test_a_graph_is_a_vector_store_when_it_has_a_dimension(fake: FakeAws) -> None:
    graphs = {
        f"g{number}": {
            "id": f"g{number}",
            "name": f"n{number}",
            "arn": f"arn:aws:neptune-graph:{REGION}:{HOME}:graph/g{number}",
        }
        for number in (1, 2)
    }
    fake.add("neptune-graph", "ListGraphs", *graphs.values(), strict=False)
    vectors = {"g1": {"vectorSearchConfiguration": {"dimension": 1024}}, "g2": {}}
    fake.answer(
        "neptune-graph",
        "GetGraph",
        lambda asked: {**graphs[asked["graphIdentifier"]], **vectors[asked["graphIdentifier"]]},
    )

    looked = look(GRAPHS)

    assert looked.keys(GRAPHS.part) == [graphs["g1"]["arn"]]
    assert looked.one(GRAPHS.details_part).attributes["vector_dimension"] == 1024


def test_bedrock_projects_are_shown_but_for_the_one_that_every_account_has(fake: FakeAws) -> None:
    start = f"arn:aws:bedrock-mantle:{REGION}:{HOME}:project/"
    ours = '{"Name": "claims", "Id": "proj_a1", "CreatedAt": "2026-03-01T12:00:00Z"}'
    fake.add("cloudcontrol", "ListResources", {"Identifier": f"{start}default", "Properties": "{}"})
    fake.add("cloudcontrol", "ListResources", {"Identifier": f"{start}proj_a1", "Properties": ours})
    fake.add("cloudcontrol", "ListResources", {"Identifier": f"{start}proj_b2", "Properties": "no JSON"})

    looked = look(PROJECTS)

    assert looked.keys(PROJECTS.part) == [f"{start}proj_a1", f"{start}proj_b2"]
    found = {one.name: one for one in looked.findings[PROJECTS.part]}
    assert found["proj_a1"].kind == "application"
    assert found["proj_a1"].attributes["display_name"] == "claims"
    assert found["proj_a1"].created_at is not None
    assert fake.named("ListResources")[0].params["TypeName"] == "AWS::BedrockMantle::Project"


def test_a_region_without_bedrock_projects_does_not_offer_them(fake: FakeAws) -> None:
    fake.fail("cloudcontrol", "ListResources", "TypeNotFoundException", status=400)

    assert look(PROJECTS).results[PROJECTS.part].status is PartStatus.NOT_OFFERED


def test_an_api_is_shown_for_a_data_source_that_calls_bedrock(fake: FakeAws) -> None:
    apis, sources = (
        aws_rows.load().row("appsync", "ListGraphqlApis"),
        aws_rows.load().row("appsync", "ListDataSources"),
    )
    start = f"arn:aws:appsync:{REGION}:{HOME}:apis/a1"
    fake.add("appsync", "ListGraphqlApis", {"apiId": "a1", "arn": start, "name": "bedrock_chat"})
    for name, kind in (("model", "AMAZON_BEDROCK_RUNTIME"), ("bedrock_table", "AMAZON_DYNAMODB")):
        source = {"dataSourceArn": f"{start}/datasources/{name}", "name": name, "type": kind}
        fake.add("appsync", "ListDataSources", source)
    http = {"endpoint": f"https://bedrock-runtime.{REGION}.amazonaws.com"}
    source = {"dataSourceArn": f"{start}/datasources/older", "name": "older", "type": "HTTP"}
    fake.add("appsync", "ListDataSources", {**source, "httpConfig": http})

    looked = look(apis, sources)

    assert looked.keys(sources.part) == [f"{start}/datasources/model", f"{start}/datasources/older"]
    assert looked.keys(apis.part) == []


def application(name: str, provider: str) -> dict[str, Any]:
    return {
        "ApplicationArn": f"arn:aws:sso::{HOME}:application/ssoins-1234567890abcdef/apl-{name}",
        "ApplicationProviderArn": f"arn:aws:sso::aws:applicationProvider/{provider}",
        "Name": name,
        "InstanceArn": INSTANCE,
        "Status": "ENABLED",
    }


def with_sign_on(
    fake: FakeAws, *applications: dict[str, Any], account: str = HOME, owner: str = HOME
) -> None:
    instance = {"InstanceArn": INSTANCE, "OwnerAccountId": owner, "IdentityStoreId": "d-1234567890"}
    fake.add("sso-admin", "ListInstances", instance, account=account, strict=False)
    fake.add("sso-admin", "ListApplications", *applications, account=account, strict=False)


def test_sign_on_to_an_ai_application_is_shown_by_its_provider_with_numbers_and_no_people(
    fake: FakeAws,
) -> None:
    with_sign_on(fake, application("QDevProfile", "codewhisperer"), application("Kiro wiki", "custom"))
    people = [
        {"ApplicationArn": "x", "PrincipalId": f"9067642ac7-{number}", "PrincipalType": kind}
        for number, kind in enumerate(["USER"] * 130 + ["GROUP"] * 3)
    ]
    pages = {None: (people[:100], "page-2"), "page-2": (people[100:], "")}

    def assigned(asked: Any) -> dict[str, Any]:
        listed, following = pages[asked.get("NextToken")]
        return {"ApplicationAssignments": listed, **({"NextToken": following} if following else {})}

    fake.answer("sso-admin", "ListApplicationAssignments", assigned)

    looked = look(*SIGN_ONS)

    found, detail = looked.one(SIGN_ONS[1].part), looked.one(SIGN_ONS[1].details_part)
    assert (found.kind, found.name) == ("application", "QDevProfile")
    assert detail.attributes == {"assigned_users": 130, "assigned_groups": 3}
    assert "9067642ac7" not in repr(looked)
    assert len(fake.named("ListApplicationAssignments")) == 2, "of other applications nobody is counted"
    assert not any(call.service == "identitystore" for call in fake.calls)


def test_a_member_account_leaves_the_organisations_sign_on_to_its_owner(
    fake: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_sign_on(fake, application("q", "qbusiness"), account=MEMBER)

    looked = look(*SIGN_ONS, account=MEMBER, role_name="reader")

    assert looked.results[SIGN_ONS[1].part].status is PartStatus.COMPLETE
    assert looked.findings == {}
    assert fake.named("ListApplications") == []


@pytest.mark.parametrize(
    ("table", "known", "holds"),
    [
        ({"path": "a.b"}, {"a": {"b": 0}}, False),
        ({"path": "a.b"}, {"a": {"b": 8}}, True),
        ({"path": "a[].b", "values": ["x*"]}, {"a": [{"b": "y"}, {"b": "xy"}]}, True),
        ({"path": "a", "values": ["X*"]}, {"a": "xy"}, False),
        ({"path": "a", "values": ["1"], "where": {"c": "d"}}, {"a": "1", "c": "e"}, False),
        ({"path": "a", "values": ["1"], "where": {"c": "d"}}, {"a": "1", "c": "d"}, True),
    ],
)
def test_a_proof_holds_where_its_path_reaches_what_it_wants(
    table: dict[str, Any], known: dict[str, Any], holds: bool
) -> None:
    (proof,) = proofs_of([table])

    assert proof.holds(known) is holds


def gated() -> list[Row]:
    return [row for row in aws_rows.load().rows if row.is_gated]


def test_everything_that_lists_more_than_ai_stands_behind_a_gate() -> None:
    assert {row.part for row in gated()} >= {
        *("lambda.ListFunctions", "ecs.ListServices", "eks.ListClusters", "apprunner.ListServices"),
        *("batch.DescribeJobDefinitions", "ec2.DescribeInstances", "cloudcontrol.ListResources"),
        *("sso-admin.ListApplications", "opensearch.ListDomainNames", "neptune-graph.ListGraphs"),
        "opensearchserverless.ListCollections",
    }
