from __future__ import annotations

import pytest

from tests.code_samples import read


def found(path: str, text: str) -> list[tuple[str, str, int]]:
    return [
        (fact.identifier, fact.name, fact.line)
        for known, fact in read(path, text).facts
        if known == "cloud-client"
    ]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "a.py",
            'import boto3\nc = boto3.client("bedrock-runtime", region_name=R)\n',
            ("aws/bedrock", "bedrock", 2),
        ),
        (
            "a.py",
            'import boto3\nc = boto3.client(\n    service_name="bedrock-runtime",\n)\n',
            ("aws/bedrock", "bedrock", 3),
        ),
        (
            "a.py",
            'from boto3 import Session\nc = Session().client(region_name=R, service_name = "textract")\n',
            ("aws/textract", "textract", 2),
        ),
        (
            "a.py",
            "import aioboto3\nasync with s.client('sagemaker-runtime') as c:\n",
            ("aws/sagemaker", "sagemaker", 2),
        ),
        (
            "n.ipynb",
            '{"cells": [\n{\n "cell_type": "code",\n "source": [\n  "import boto3\\n",\n'
            '  "c = boto3.client(\\n",\n  "    service_name=\\"comprehend\\")"\n ]\n}\n]}\n',
            ("aws/comprehend", "comprehend", 7),
        ),
    ],
)
def test_a_client_of_an_ai_service_is_a_use_of_it(
    path: str, text: str, expected: tuple[str, str, int]
) -> None:
    identifier, name, line = expected

    assert found(path, text) == [(f"grant/{identifier}", name, line)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'import boto3\nc = boto3.client("s3")\nname = "bedrock-runtime"\n'),
        ("a.py", 'import boto3\nlog("translate", client("x"))\n'),
        ("a.py", 'c = http.client("translate")\n'),
        ("a.py", 'import boto3\n# c = boto3.client("bedrock-runtime")\n'),
        ("a.py", 'import boto3\ndef f():\n    """Call boto3.client("bedrock-runtime")."""\n'),
        ("a.py", 'import boto3\nc = boto3.client("bedrock-runtimes")\n'),
        ("a.ts", 'boto3.client("bedrock-runtime")\n'),
        ("README.md", 'import boto3\nboto3.client("bedrock-runtime")\n'),
    ],
)
def test_other_clients_and_words_are_none(path: str, text: str) -> None:
    assert found(path, text) == []


def test_a_service_is_told_once_a_file() -> None:
    text = 'import boto3\na = boto3.client("polly")\nb = boto3.client("polly")\n'

    assert found("a.py", text) == [("grant/aws/polly", "polly", 2)]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "polly.ts",
            "const { Polly, S3,\n  Translate } = require('aws-sdk');\nconst p = new Polly();\n"
            "const t = new Translate();\n",
            [("polly", 1), ("translate", 2)],
        ),
        ("a.js", "const AWS = require('aws-sdk')\nconst p = new AWS.Polly({ region })\n", [("polly", 2)]),
        (
            "a.js",
            "const AWS = XRay.captureAWS(require('aws-sdk'));\nconst r = new AWS.Rekognition();\n",
            [("rekognition", 2)],
        ),
        ("a.mjs", 'import * as AWS from "aws-sdk";\nnew AWS.Textract();\n', [("textract", 2)]),
        ("a.ts", "import { Comprehend } from 'aws-sdk';\nnew Comprehend();\n", [("comprehend", 1)]),
        ("a.ts", "import SageMakerRuntime from 'aws-sdk/clients/sagemakerruntime';\n", [("sagemaker", 1)]),
    ],
)
def test_a_class_of_the_sdk_for_scripts_is_a_use(
    path: str, text: str, expected: list[tuple[str, int]]
) -> None:
    assert [(name, line) for _, name, line in found(path, text)] == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.ts", "import { S3, Polly } from 'aws-sdk';\nlet p: Polly;\nnew S3();\n"),
        ("a.ts", "import AWS from 'aws-sdk';\nnew other.Polly();\nnew Polly();\n"),
        ("a.ts", "import { Polly } from './polly';\nimport AWS from 'aws-sdk';\nnew Polly();\n"),
        ("a.ts", "import AWS from 'aws-sdk';\n// new AWS.Polly();\n"),
        ("a.ts", "import S3 from 'aws-sdk/clients/s3';\nimport P from 'aws-sdk/clients/pollys';\n"),
        ("a.py", "x = \"const AWS = require('aws-sdk'); new AWS.Polly()\"\n"),
        ("README.md", "const AWS = require('aws-sdk');\nnew AWS.Polly();\n"),
    ],
)
def test_what_opens_no_client_of_the_sdk_for_scripts_is_none(path: str, text: str) -> None:
    assert found(path, text) == []
