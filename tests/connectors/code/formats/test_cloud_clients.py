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
