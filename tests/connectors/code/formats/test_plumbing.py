"""Buckets of the infrastructure itself are no data of a system; what a system logs or makes is."""

from __future__ import annotations

import pytest

from connectors.catalogue import load_catalogue
from connectors.code.formats.plumbing import is_plumbing
from tests.code_samples import read

BUCKET = 'resource "aws_s3_bucket" "claims" {\n}\n'
NAMED = 'resource "aws_s3_bucket" "a" {\n  bucket = "acme-in"\n}\n'
STACK = "Resources:\n  Claims:\n    Type: AWS::S3::Bucket\n    Properties:\n"
STAGED = 'resource "google_storage_bucket" "claims" {\n  name = var.name\n}\n'
ACCOUNT = 'resource "azurerm_storage_account" "claims" {\n  name = var.name\n}\n'


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("access_logs", True),
        ("acme-alb-logs", True),
        ("s3_access_logs_bucket", True),
        ("LoggingBucket", True),
        ("log_bucket", True),
        ("acme-tfstate", True),
        ("terraform_state", True),
        ("cloudtrail", True),
        ("lambda_packages", True),
        ("codepipeline_bucket", True),
        ("static_site", True),
        ("frontend_bucket", True),
        ("StreamlitCloudTrailBucket", True),
        ("acme-cloud-build", True),
        ("acme-service-lambda-layers", True),
        ("lambda_responses_bucket", False),
        ("code_bundle_bucket", True),
        ("acme-db-backups", True),
        ("acme-layers", False),
        ("feedgen_enrich_build_bucket", True),
        ("acme-tf-backend", True),
        ("CloudFrontDistributionLogsBucket", True),
        ("chat_logs", False),
        ("inference-logs", False),
        ("mlflow_artifacts", False),
        ("MlOpsArtifactsBucket", False),
        ("website_documents", False),
        ("storage", False),
        ("bucket", False),
        ("app", False),
    ],
)
def test_a_name_tells_what_a_bucket_is_for(name: str, is_one: bool) -> None:
    assert is_plumbing(load_catalogue(), name) is is_one


@pytest.mark.parametrize(
    ("path", "text", "names"),
    [
        ("main.tf", BUCKET, {"claims"}),
        ("a.yaml", STACK, {"Claims"}),
        ("a.yaml", STACK + "      WebsiteConfiguration:\n        IndexDocument: index.html\n", set()),
        ("main.tf", BUCKET.replace("claims", "access_logs"), set()),
        (
            "main.tf",
            BUCKET + 'resource "aws_s3_bucket_logging" "x" {\n  target_bucket = aws_s3_bucket.claims.id\n}\n',
            set(),
        ),
        (
            "main.tf",
            BUCKET
            + 'resource "aws_lb" "x" {\n  access_logs {\n    bucket = aws_s3_bucket.claims.id\n  }\n}\n',
            set(),
        ),
        (
            "main.tf",
            BUCKET + 'resource "aws_cloudtrail" "x" {\n  s3_bucket_name = aws_s3_bucket.claims.id\n}\n',
            set(),
        ),
        (
            "main.tf",
            BUCKET + 'resource "aws_s3_bucket_logging" "x" {\n  bucket = aws_s3_bucket.claims.id\n'
            "  target_bucket = aws_s3_bucket.claims2.id\n}\n",
            {"claims"},
        ),
        (
            "a.yaml",
            "Resources:\n  Claims:\n    Type: AWS::S3::Bucket\n  Other:\n    Type: AWS::S3::Bucket\n"
            "    Properties:\n"
            "      LoggingConfiguration:\n        DestinationBucketName: !Ref Claims\n",
            {"Other"},
        ),
        ("main.tf", NAMED, {"acme-in"}),
        (
            "main.tf",
            NAMED + 'resource "aws_lb" "x" {\n  access_logs {\n    bucket = aws_s3_bucket.a.id\n  }\n}\n',
            set(),
        ),
        (
            "main.tf",
            NAMED
            + 'resource "aws_lambda_function" "x" {\n  s3_key = "a"\n  s3_bucket = aws_s3_bucket.a.id\n}\n',
            set(),
        ),
        (
            "main.tf",
            NAMED + 'resource "aws_glue_job" "x" {\n  s3_bucket = aws_s3_bucket.a.id\n}\n',
            {"acme-in"},
        ),
        (
            "main.tf",
            STAGED + 'module "f" {\n  source_code_bucket_name = google_storage_bucket.claims.name\n}\n',
            set(),
        ),
        (
            "main.tf",
            STAGED + "storage_source {\n  bucket = google_storage_bucket.claims.name\n}\n"
            "environment_variables = {\n  OUT = google_storage_bucket.claims.name\n}\n",
            {"claims"},
        ),
        (
            "main.tf",
            STAGED + "storage_source {\n  bucket = google_storage_bucket.claims.name\n}\n"
            'resource "google_vertex_ai_index" "x" {\n'
            '  contents_delta_uri = "gs://${google_storage_bucket.claims.name}/index"\n}\n',
            {"claims"},
        ),
        (
            "main.tf",
            STAGED + "storage_source {\n  bucket = google_storage_bucket.claims.name\n}\n",
            set(),
        ),
        (
            "main.tf",
            BUCKET
            + 'source {\n  type     = "S3"\n  location = "${aws_s3_bucket.claims.bucket}/app.zip"\n}\n',
            set(),
        ),
        ("main.tf", STAGED + "output = google_storage_bucket.claims.name\n", {"claims"}),
        (
            "main.tf",
            ACCOUNT + 'resource "azurerm_logic_app_standard" "x" {\n  name = "a-${var.x}"\n'
            "  storage_account_name = azurerm_storage_account.claims.name\n}\n",
            set(),
        ),
        (
            "main.tf",
            ACCOUNT + 'resource "azurerm_linux_function_app" "x" {\n'
            "  storage_account_name = azurerm_storage_account.claims.name\n}\n"
            'resource "azurerm_storage_container" "x" {\n  name = var.name\n'
            "  storage_account_name = azurerm_storage_account.claims.name\n}\n",
            {"claims", "x"},
        ),
        (
            "main.tf",
            ACCOUNT + 'resource "azurerm_linux_virtual_machine" "x" {\n  boot_diagnostics {\n'
            "    storage_account_uri = azurerm_storage_account.claims.primary_blob_endpoint\n  }\n}\n",
            set(),
        ),
        (
            "main.tf",
            ACCOUNT + 'resource "azurerm_storage_share" "x" {\n  name = "a"\n'
            "  storage_account_name = azurerm_storage_account.claims.name\n}\n",
            {"claims"},
        ),
        (
            "a.yaml",
            "Resources:\n  Claims:\n    Type: AWS::S3::Bucket\n  Pipe:\n    Properties:\n"
            "      ArtifactStore:\n        Type: S3\n        Location: !Ref Claims\n",
            set(),
        ),
        ("deploy.sh", "aws s3 sync ./dist s3://app.acme.org/ --delete\n", set()),
        ("deploy.sh", "aws s3 cp --recursive web/build/ s3://app.acme.org --quiet\n", set()),
        ("load.sh", "aws s3 sync ./documents s3://acme-claims/in\n", {"acme-claims"}),
        ("load.sh", "aws s3 sync s3://acme-claims/in ./build\n", {"acme-claims"}),
        ("a.py", 'path = "s3://acme-tfstate/x"\nother = "s3://acme-claims/x"\n', {"acme-claims"}),
    ],
)
def test_the_use_in_the_same_file_tells_as_well(path: str, text: str, names: set[str]) -> None:
    assert {fact.name for _, fact in read(path, text) if fact.kind == "data_store"} == names
