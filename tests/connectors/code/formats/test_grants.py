from __future__ import annotations

import pytest

from tests.code_samples import read

HCL = """\
data "aws_iam_policy_document" "p" {
  statement {
    effect  = "Deny"
    actions = ["comprehend:DetectSentiment"]
  }
  statement {
    actions   = ["bedrock:InvokeModel", "s3:GetObject"]
    resources = ["*"]
  }
  statement {
    not_actions = ["polly:*"]
  }
}
"""
YAML = """\
Statement:
  - Effect: Allow
    Action:
      - bedrock:InvokeModelWithResponseStream
      - bedrock:ListFoundationModels
  - Effect: Deny
    Action: ["rekognition:*"]
"""


def permissions(path: str, text: str | bytes) -> list[tuple[str, str, int]]:
    return [
        (fact.name, str(fact.attributes["resource_type"]), fact.line)
        for name, fact in read(path, text).facts
        if name == "cloud-grant"
    ]


def test_an_allowed_call_shows_the_service_and_a_denied_one_does_not() -> None:
    assert permissions("iam.tf", HCL) == [("bedrock", "bedrock:InvokeModel", 7)]
    assert permissions("t.yaml", YAML) == [("bedrock", "bedrock:InvokeModelWithResponseStream", 4)]


def test_a_permission_is_evidence_of_a_service_not_of_a_resource() -> None:
    (found,) = [fact for name, fact in read("iam.tf", HCL).facts if name == "cloud-grant"]

    assert (found.kind, found.provider, found.grade.value) == ("ai_service", "aws", "configured")


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("p.json", '{"Effect": "Allow", "Action": "bedrock:*"}', ["bedrock:*"]),
        ("p.json", '{"Action": ["textract:AnalyzeDocument"], "Effect": "Deny"}', []),
        (
            "s.ts",
            "new PolicyStatement({ actions: ['lex:RecognizeText'], effect: Effect.ALLOW });",
            ["lex:RecognizeText"],
        ),
        ("s.ts", "new PolicyStatement({ actions: ['lex:RecognizeText'], effect: Effect.DENY });", []),
        (
            "a.tf",
            'policy_arn = "arn:aws:iam::aws:policy/AmazonBedrockFullAccess"',
            ["AmazonBedrockFullAccess"],
        ),
        ("a.tf", 'role = "roles/aiplatform.user"', ["roles/aiplatform.user"]),
        ("a.sh", "gcloud x --role=roles/aiplatform.user", ["roles/aiplatform.user"]),
        (
            "a.tf",
            'role_definition_name = "Cognitive Services OpenAI User"',
            ["Cognitive Services OpenAI User"],
        ),
        (
            "r.bicep",
            "roleDefinitionId: '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd'",
            ["5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"],
        ),
        (
            "r.bicep",
            "  'Cognitive Services OpenAI User': subscriptionResourceId('x', "
            "'5e0bd9bd-7b93-4f28-af87-19fc36ad61bd')",
            [],
        ),
        ("a.py", '"""Set up.\n\nYour identity needs "Cognitive Services OpenAI User" here.\n"""\n', []),
        (
            "metadata.yaml",
            "apiVersion: blueprints.cloud.google.com/v1alpha1\nroles:\n  - roles/aiplatform.user\n",
            [],
        ),
        (
            "roles.yaml",
            "# apiVersion: blueprints.cloud.google.com/v1\nroles:\n  - roles/aiplatform.user\n",
            ["roles/aiplatform.user"],
        ),
        (
            "metadata.yaml",
            "# blueprints.cloud.google.com/v1\nroles:\n  - roles/aiplatform.user\n",
            ["roles/aiplatform.user"],
        ),
        ("a.sh", 'echo "• roles/aiplatform.user - Use Vertex AI for inference"', []),
        ("a.sh", "if x; then print_info 'grants roles/aiplatform.user to all'; fi", []),
        (
            "a.sh",
            'gcloud x \\\n    --role="roles/aiplatform.user" \\\n    --condition=None\n',
            ["roles/aiplatform.user"],
        ),
        ("a.css", "action { translate:TranslateText }", []),
        ("s.ts", "const action = 1; const move = 'translate:*';", []),
        ("a.yaml", "# Action: bedrock:InvokeModel", []),
        ("a.yaml", "topic: bedrock:InvokeModel", []),
        ("a.yaml", "Action: mybedrock:InvokeModel", []),
        ("a.yaml", "about: the Cognitive Services OpenAI User role", []),
        ("a.md", 'Action: "bedrock:InvokeModel"', []),
    ],
)
def test_a_permission_counts_where_it_is_granted(path: str, text: str, expected: list[str]) -> None:
    assert [name for _, name, _ in permissions(path, text)] == expected


def test_a_table_of_the_roles_that_a_template_knows_grants_nothing() -> None:
    role = "'5e0bd9bd-7b93-4f28-af87-19fc36ad61bd'"
    known = f"  'User': resourceId(\n    'Microsoft.Authorization/roleDefinitions',\n    {role}\n  )\n"

    assert permissions("a.bicep", "var builtInRoleNames = {\n" + known + "}\n") == []
    assert permissions("a.bicep", "var granted = {\n" + known + "}\n")


def test_a_list_of_all_the_roles_of_a_cloud_says_nothing() -> None:
    role = '"CognitiveServicesOpenAIUser": "5e0bd9bd-7b93-4f28-af87-19fc36ad61bd"'
    others = [f'"Role{number}": "{number:08x}-7b93-4f28-af87-19fc36ad61bd"' for number in range(20)]

    assert permissions("roles.json", "{" + role + "}")
    assert permissions("roles.json", "{" + ", ".join([role, *others]) + "}") == []


def test_a_boundary_that_names_many_services_says_nothing() -> None:
    services = ", ".join(f'"service{number}:*"' for number in range(20))

    assert permissions("p.json", f'{{"Action": ["bedrock:*", {services}]}}') == []


@pytest.mark.parametrize(
    "content", [b"bedrock:InvokeModel" * 2_000, b'Action: "bedrock:Invoke\xff', b"roles/ml."]
)
def test_odd_bytes_grant_nothing(content: bytes) -> None:
    assert permissions("p.yaml", content) == []
    assert read("p.yaml", content).problems == []


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.tf", 'resource "aws_iam_role" "r" {\n  name = "claims-app"\n  path = "/"\n}\n', ["claims-app"]),
        ("a.tf", 'resource "aws_iam_role" "r" {\n  name = "claims-${var.env}"\n}\n', None),
        ("t.yaml", "RoleName: claims-app\n", ["claims-app"]),
        ("t.yaml", "RoleName: !Sub claims-${Env}\n", None),
        ("s.ts", "new Role(this, 'R', { roleName: 'claims-app' });\n", ["claims-app"]),
        ("s.ts", "new Role(this, 'R', { roleName: name\n });\n", None),
    ],
)
def test_a_role_that_is_declared_beside_a_permission_is_named(
    path: str, text: str, expected: list[str] | None
) -> None:
    grant = {
        "a.tf": HCL,
        "t.yaml": YAML,
        "s.ts": "const p = { Effect: 'Allow', actions: ['bedrock:InvokeModel'] }",
    }

    found = [fact for name, fact in read(path, f"{text}{grant[path]}\n").facts if name == "cloud-grant"]

    assert [fact.attributes.get("role_names") for fact in found] == [expected]
