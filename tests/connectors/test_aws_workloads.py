"""Workloads on AWS: shown when their image, layers or variables prove that they are about AI, else not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import aws_rows
from connectors.aws_workloads import known_layer
from connectors.context import forget_clients
from connectors.model import PartStatus, RelationKind
from tests.fakes_aws import HOME, FakeAws
from tests.harness_aws import environment
from tests.looking_aws import NOW, REGION, look

WHEN = datetime(2026, 3, 1, tzinfo=UTC)
FUNCTIONS = aws_rows.load().row("lambda", "ListFunctions")
CLUSTERS = aws_rows.load().row("ecs", "ListClusters")
SERVICES = aws_rows.load().row("ecs", "ListServices")
APPS = aws_rows.load().row("apprunner", "ListServices")
JOBS = aws_rows.load().row("batch", "DescribeJobDefinitions")
INSTANCES = aws_rows.load().row("ec2", "DescribeInstances")
EKS = aws_rows.load().row("eks", "ListClusters")
SECRET = "sk-proj-never-to-be-kept-0123456789abcdef"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    with FakeAws() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started
    forget_clients()


def function(name: str, variables: Mapping[str, str], **more: Any) -> dict[str, Any]:
    return {
        "FunctionName": name,
        "FunctionArn": f"arn:aws:lambda:{REGION}:{HOME}:function:{name}",
        "Runtime": "python3.13",
        "Role": f"arn:aws:iam::{HOME}:role/{name}",
        "Environment": {"Variables": dict(variables)},
        **more,
    }


def test_a_function_is_shown_for_a_providers_key_and_never_for_its_name(fake: FakeAws) -> None:
    ours = function("claims", {"OPENAI_API_KEY": SECRET, "STAGE": "prod"})
    others = function("openai-gpt-chatbot", {"STAGE": "prod", "DB_PASSWORD": SECRET})
    fake.add("lambda", "ListFunctions", ours, others)

    looked = look(FUNCTIONS)

    found = looked.one(FUNCTIONS.part)
    assert looked.keys(FUNCTIONS.part) == [ours["FunctionArn"]]
    assert found.kind == "application"
    assert found.attributes["ai_variables"] == ["OPENAI_API_KEY"]
    assert found.attributes["providers"] == ["openai"]
    assert found.attributes["role_arn"] == ours["Role"]
    assert SECRET not in repr(looked)


def test_of_an_address_only_a_known_providers_host_leaves_the_client(fake: FakeAws) -> None:
    url = f"https://user:{SECRET}@acme.openai.azure.com/openai?key={SECRET}"
    inside = f"https://{SECRET}.internal.acme.example/api"
    fake.add("lambda", "ListFunctions", function("mail", {"LLM_URL": url, "API_URL": inside}))

    looked = look(FUNCTIONS)

    assert looked.one(FUNCTIONS.part).attributes["ai_hosts"] == ["acme.openai.azure.com"]
    assert looked.one(FUNCTIONS.part).attributes["variables"] == 2
    assert SECRET not in repr(looked)


def test_a_function_with_an_image_keeps_its_digest_and_the_bedrock_model_is_linked(fake: FakeAws) -> None:
    digest = "a1" * 32
    more = {"PackageType": "Image", "CodeSha256": digest}
    model = "anthropic.claude-sonnet-4-5-20250929-v1:0"
    variables = {"ANTHROPIC_API_KEY": SECRET, "BEDROCK_MODEL_ID": model}
    fake.add("lambda", "ListFunctions", function("agent", variables, **more))

    found = look(FUNCTIONS).one(FUNCTIONS.part)

    assert found.attributes["image_digest"] == [f"sha256:{digest}"]
    assert found.model == model
    assert [(one.relation, one.target.key) for one in found.links] == [
        (RelationKind.USES_MODEL, f"arn:aws:bedrock:{REGION}::foundation-model/{model}"),
        (RelationKind.USES_MODEL, f"aws:{HOME}:{REGION}:{model}"),
    ]


def test_a_function_with_a_catalogued_image_is_shown_and_only_images_are_asked_for(fake: FakeAws) -> None:
    served = function("llm", {}, PackageType="Image")
    other = function("resize", {}, PackageType="Image")
    zipped = function("zipped", {"OPENAI_API_KEY": SECRET}, PackageType="Zip")
    fake.add("lambda", "ListFunctions", served, other, zipped)
    asked_for: list[str] = []

    def answer(asked: Mapping[str, Any]) -> dict[str, Any]:
        asked_for.append(asked["FunctionName"].rpartition(":")[2])
        image = "ollama/ollama:0.9" if asked_for[-1] == "llm" else "acme/resize:1"
        return {"Code": {"ImageUri": image, "Location": f"https://s3.example.org/?sig={SECRET}"}}

    fake.answer("lambda", "GetFunction", answer)

    looked = look(FUNCTIONS)

    found = {one.natural_key.key: one for one in looked.findings[FUNCTIONS.part]}
    assert found.keys() == {served["FunctionArn"], zipped["FunctionArn"]}
    assert found[served["FunctionArn"]].kind == "model_server"
    assert found[served["FunctionArn"]].attributes["image"] == "ollama/ollama:0.9"
    assert sorted(asked_for) == ["llm", "resize"]
    assert SECRET not in repr(looked)


def test_a_denied_image_hides_no_function_that_the_listing_proves(fake: FakeAws) -> None:
    unknown = [function(f"resize{number}", {}, PackageType="Image") for number in range(5)]
    ours = function("claims", {"OPENAI_API_KEY": SECRET}, PackageType="Image")
    fake.add("lambda", "ListFunctions", *unknown, ours)
    fake.fail("lambda", "GetFunction", "AccessDeniedException", status=403)

    looked = look(FUNCTIONS)

    assert looked.keys(FUNCTIONS.part) == [ours["FunctionArn"]]
    assert looked.results[FUNCTIONS.part].status is PartStatus.COMPLETE
    assert [one for one, _ in looked.results[FUNCTIONS.part].exceptions] == [
        one["FunctionArn"] for one in unknown
    ]
    assert looked.results[FUNCTIONS.details_part].exceptions


def test_a_layer_counts_by_its_publishers_account(fake: FakeAws) -> None:
    known = f"arn:aws:lambda:{REGION}:770693421928:layer:Klayers-p312-openai:14"
    own = f"arn:aws:lambda:{REGION}:{HOME}:layer:Klayers-p312-openai:14"
    fake.add("lambda", "ListFunctions", function("a", {}, Layers=[{"Arn": known}]))
    fake.add("lambda", "ListFunctions", function("b", {}, Layers=[{"Arn": own}]))

    looked = look(FUNCTIONS)

    assert looked.one(FUNCTIONS.part).attributes["ai_layers"] == [known]
    assert known_layer(own) is None


def container(image: str, **more: Any) -> dict[str, Any]:
    return {"name": "main", "image": image, **more}


def with_service(fake: FakeAws, name: str, *containers: dict[str, Any], revision: int = 1) -> str:
    cluster = f"arn:aws:ecs:{REGION}:{HOME}:cluster/main"
    arn = f"arn:aws:ecs:{REGION}:{HOME}:service/main/{name}"
    task = f"arn:aws:ecs:{REGION}:{HOME}:task-definition/{name}:{revision}"
    tasks = fake.__dict__.setdefault("tasks", {})
    tasks[task] = {"taskDefinitionArn": task, "family": name, "containerDefinitions": list(containers)}
    services = fake.__dict__.setdefault("services", {})
    if not services:
        fake.add("ecs", "ListClusters", cluster)
    if arn not in services:
        fake.add("ecs", "ListServices", arn)
    services[arn] = {"serviceArn": arn, "serviceName": name, "clusterArn": cluster, "taskDefinition": task}
    fake.answer(
        "ecs", "DescribeServices", lambda asked: {"services": [services[one] for one in asked["services"]]}
    )
    fake.answer(
        "ecs", "DescribeTaskDefinition", lambda asked: {"taskDefinition": tasks[asked["taskDefinition"]]}
    )
    return arn


def test_a_service_takes_its_kind_from_a_catalogued_image_and_keeps_the_reference(fake: FakeAws) -> None:
    image = f"registry.acme.example/mirror/vllm/vllm-openai:v0.9@sha256:{'0b' * 32}"
    arn = with_service(fake, "llm", container("nginx:1.29"), container(image))
    with_service(fake, "shop", container("acme/vllm-dashboard:1"), container("redis:8"))

    looked = look(CLUSTERS, SERVICES)

    found = looked.one(SERVICES.part)
    assert found.natural_key.key == arn
    assert found.kind == "model_server"
    assert found.attributes["images"] == ["nginx:1.29", image]
    assert found.attributes["image"] == image
    assert found.attributes["image_digest"] == [f"sha256:{'0b' * 32}"]
    assert found.attributes["tools"] == ["vLLM"]
    assert looked.keys(CLUSTERS.part) == [], "a cluster is no AI system"
    assert looked.one(SERVICES.details_part).kind == "model_server"


def test_the_secret_behind_a_providers_key_is_linked_and_its_value_is_not_there(fake: FakeAws) -> None:
    secret = f"arn:aws:secretsmanager:{REGION}:{HOME}:secret:openai-AbCdEf"
    pairs = [{"name": "OPENAI_API_KEY", "valueFrom": secret}, {"name": "DB", "valueFrom": f"{secret}2"}]
    plain = [{"name": "GREETING", "value": SECRET}]
    with_service(fake, "bot", container("acme/bot:3", secrets=pairs, environment=plain, command=[SECRET]))

    looked = look(CLUSTERS, SERVICES)

    held = [
        one.target.key for one in looked.one(SERVICES.part).links if one.relation is RelationKind.HOLDS_KEY
    ]
    assert held == [secret]
    reference = looked.one(SERVICES.part).attributes["key_reference"]
    assert reference == [f"aws-secret:{HOME}/{REGION}/openai"]
    assert looked.one(SERVICES.part).attributes["image"] == "acme/bot:3"
    assert SECRET not in repr(looked)


def test_services_are_described_ten_at_a_time_and_task_definitions_once(fake: FakeAws) -> None:
    for number in range(25):
        with_service(fake, f"s{number}", container("acme/web:1"))
    with_service(fake, "llm", container("ollama/ollama:0.9"))

    first = look(CLUSTERS, SERVICES)
    asked = [len(call.params["services"]) for call in fake.named("DescribeServices")]
    described = len(fake.named("DescribeTaskDefinition"))
    fake.calls.clear()
    second = look(CLUSTERS, SERVICES, before=first)

    assert asked == [10, 10, 6]
    assert described == 26
    assert fake.named("DescribeTaskDefinition") == []
    assert second.findings == {}
    assert second.keys(SERVICES.part) == first.keys(SERVICES.part)
    assert second.results[SERVICES.part].state == first.results[SERVICES.part].state != ""


def test_a_new_deployment_is_looked_at_again_in_both_directions(fake: FakeAws) -> None:
    with_service(fake, "was", container("ollama/ollama:0.9"))
    with_service(fake, "will", container("acme/web:1"))
    first = look(CLUSTERS, SERVICES)
    with_service(fake, "was", container("acme/web:1"), revision=2)
    will = with_service(fake, "will", container("ollama/ollama:0.9"), revision=2)

    second = look(CLUSTERS, SERVICES, before=first)

    assert second.keys(SERVICES.part) == [will]


def test_what_proved_nothing_is_looked_at_again_after_a_week(fake: FakeAws) -> None:
    with_service(fake, "web", container("acme/web:1"))
    first = look(CLUSTERS, SERVICES)
    fake.calls.clear()

    look(CLUSTERS, SERVICES, before=first, now=NOW + timedelta(days=7))

    assert len(fake.named("DescribeTaskDefinition")) == 1


@pytest.mark.parametrize("body", [b'{"services": {"a": 1}}', b'{"services": ["a"]}', b"[]", b"<html>"])
def test_an_answer_of_another_form_fails_the_part_and_is_not_empty(fake: FakeAws, body: bytes) -> None:
    with_service(fake, "llm", container("ollama/ollama:0.9"))
    fake.bodies["ecs", "DescribeServices"] = body

    assert look(CLUSTERS, SERVICES).results[SERVICES.part].status is PartStatus.FAILED


def test_a_denied_description_holds_the_part_and_nothing_ages(fake: FakeAws) -> None:
    for name in "abcd":
        with_service(fake, name, container("ollama/ollama:0.9"))
    fake.fail("ecs", "DescribeTaskDefinition", "AccessDeniedException", status=400)

    looked = look(CLUSTERS, SERVICES)

    assert looked.results[SERVICES.part].status is PartStatus.DENIED
    assert "ecs:DescribeTaskDefinition" in looked.results[SERVICES.part].reason
    assert len(fake.named("DescribeTaskDefinition")) == 3
    assert looked.results[SERVICES.part].state == ""


def test_one_that_cannot_be_described_is_an_exception_and_the_rest_is_shown(fake: FakeAws) -> None:
    arns = [with_service(fake, name, container("ollama/ollama:0.9")) for name in "ab"]
    fake.fail("ecs", "DescribeTaskDefinition", "ClientException", status=400, times=1)

    looked = look(CLUSTERS, SERVICES)

    assert looked.results[SERVICES.part].status is PartStatus.COMPLETE
    assert [one for one, _ in looked.results[SERVICES.part].exceptions] == arns[:1]
    assert looked.keys(SERVICES.part) == arns[1:]


def test_an_app_runner_service_tells_image_variables_secrets_and_repository(fake: FakeAws) -> None:
    arn = f"arn:aws:apprunner:{REGION}:{HOME}:service/chat/0123456789abcdef0123456789abcdef"
    secret = f"arn:aws:ssm:{REGION}:{HOME}:parameter/gemini"
    code = {
        "RuntimeEnvironmentVariables": {"A": SECRET},
        "RuntimeEnvironmentSecrets": {"GEMINI_API_KEY": secret},
    }
    source = {
        "RepositoryUrl": "https://github.com/acme/chat",
        "SourceCodeVersion": {"Type": "BRANCH", "Value": "main"},
        "CodeConfiguration": {
            "ConfigurationSource": "API",
            "CodeConfigurationValues": {"Runtime": "PYTHON_3", **code},
        },
    }
    named = {"ServiceName": "chat", "ServiceId": "x", "ServiceArn": arn, "Status": "RUNNING"}
    fake.add("apprunner", "ListServices", named, strict=False)
    full = {
        **named,
        "CreatedAt": WHEN,
        "UpdatedAt": WHEN,
        "SourceConfiguration": {"CodeRepository": source},
        "InstanceConfiguration": {"InstanceRoleArn": f"arn:aws:iam::{HOME}:role/chat"},
    }
    fake.answer("apprunner", "DescribeService", lambda asked: {"Service": full})

    looked = look(APPS)

    assert looked.one(APPS.part).attributes["ai_variables"] == ["GEMINI_API_KEY"]
    assert [one.target.key for one in looked.one(APPS.part).links] == [secret]
    assert looked.one(APPS.details_part).attributes["repository_url"] == "https://github.com/acme/chat"
    assert len(fake.named("DescribeService")) == 1, "what proved it is not asked for twice"
    assert SECRET not in repr(looked)


def test_batch_job_definitions_of_every_form_are_read(fake: FakeAws) -> None:
    image = "docker.io/ollama/ollama:0.9"
    forms: dict[str, dict[str, Any]] = {
        "plain": {"containerProperties": {"image": image}},
        "ecs": {"ecsProperties": {"taskProperties": [{"containers": [{"image": image}]}]}},
        "eks": {"eksProperties": {"podProperties": {"containers": [{"image": image}]}}},
        "nodes": {
            "nodeProperties": {
                "numNodes": 1,
                "mainNode": 0,
                "nodeRangeProperties": [{"targetNodes": "0:", "container": {"image": image}}],
            }
        },
        "other": {
            "containerProperties": {"image": "acme/etl:1", "environment": [{"name": "A", "value": SECRET}]}
        },
    }
    for name, form in forms.items():
        arn = f"arn:aws:batch:{REGION}:{HOME}:job-definition/{name}:1"
        named = {"jobDefinitionName": name, "jobDefinitionArn": arn, "revision": 1, "type": "container"}
        fake.add("batch", "DescribeJobDefinitions", {**named, **form})

    looked = look(JOBS)

    assert {one.name for one in looked.findings[JOBS.part]} == {"plain", "ecs", "eks", "nodes"}
    assert {one.attributes["image"] for one in looked.findings[JOBS.part]} == {image}
    assert fake.named("DescribeJobDefinitions")[0].params["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("image", "tags", "is_shown"),
    [
        (
            {"Name": "Deep Learning OSS Nvidia Driver AMI GPU PyTorch 2.7", "ImageOwnerAlias": "amazon"},
            {},
            True,
        ),
        ({"Name": "Deep Learning of our own", "ImageOwnerAlias": "self"}, {}, False),
        ({"Name": "llm-server-gpt"}, {"Name": "llm"}, False),
        ({"Name": "al2023-ami", "ImageOwnerAlias": "amazon"}, {"ray-cluster-name": "train"}, True),
    ],
)
def test_an_accelerated_instance_needs_an_ai_image_or_tag(
    fake: FakeAws, image: dict[str, Any], tags: dict[str, str], is_shown: bool
) -> None:
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    instance = {"InstanceId": "i-1", "InstanceType": "g5.xlarge", "ImageId": "ami-1", "Tags": listed}
    fake.add("ec2", "DescribeInstances", {"ReservationId": "r-1", "Instances": [instance]})
    fake.answer("ec2", "DescribeImages", {"Images": [image]})

    looked = look(INSTANCES)

    assert [one.kind for one in looked.findings.get(INSTANCES.part, ())] == ["compute"] * is_shown
    assert looked.results[INSTANCES.part].status is PartStatus.COMPLETE
    filters = {
        key: value for key, value in fake.named("DescribeInstances")[0].params.items() if "Filter" in key
    }
    assert filters["Filter.1.Name"] == "instance-type"
    assert "g5*" in filters.values()


def test_a_kubernetes_cluster_is_shown_for_an_ai_addon_with_who_may_run_there(fake: FakeAws) -> None:
    fake.add("eks", "ListClusters", "plain", "ml")
    addons = {"plain": ["vpc-cni"], "ml": ["vpc-cni", "amazon-sagemaker-hyperpod-taskgovernance"]}
    fake.answer("eks", "ListAddons", lambda asked: {"addons": addons[asked["clusterName"]]})
    pods = [{"clusterName": "ml", "namespace": "serving", "serviceAccount": "llm"}]
    fake.answer("eks", "ListPodIdentityAssociations", {"associations": pods})

    looked = look(EKS)

    assert looked.keys(EKS.part) == [f"arn:aws:eks:{REGION}:{HOME}:cluster/ml"]
    assert looked.one(EKS.details_part).attributes["pod_identities"] == ["llm"]
