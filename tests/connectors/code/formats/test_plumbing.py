"""Buckets of the infrastructure itself are no data of a system; what a system logs or makes is."""

from __future__ import annotations

import pytest

from connectors.catalogue import load_catalogue
from connectors.code.formats.plumbing import is_plumbing
from tests.code_samples import read

BUCKET = 'resource "aws_s3_bucket" "claims" {\n}\n'


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
        ("a.py", 'path = "s3://acme-tfstate/x"\nother = "s3://acme-claims/x"\n', {"acme-claims"}),
    ],
)
def test_the_use_in_the_same_file_tells_as_well(path: str, text: str, names: set[str]) -> None:
    assert {fact.name for _, fact in read(path, text) if fact.kind == "data_store"} == names
