from __future__ import annotations

import pytest

from connectors import key_marks
from connectors.catalogue import read_table

KEY = "sk-proj-Q2w3E4r5T6y7U8i9O0pAsDfGhJkLzXcVbNmQ7z"
ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:crm/openai"
AWS = "aws-secret:111122223333/eu-west-1/crm/openai"


@pytest.mark.parametrize("shown", ["sk-proj-...mQ7z", "sk-********mQ7z", "sk-pro…Q7z", " ***mQ7z "])
def test_a_key_in_code_and_what_its_vendor_shows_of_it_leave_the_same_mark(shown: str) -> None:
    assert key_marks.of_shown("openai", shown) in key_marks.in_text("openai", f'= "{KEY}"')


def test_a_mark_is_of_one_vendor_and_one_end() -> None:
    mark = key_marks.of_shown("openai", "sk-...mQ7z")

    assert mark != key_marks.of_shown("anthropic", "sk-...mQ7z")
    assert mark != key_marks.of_shown("openai", "sk-...mQ7y")


@pytest.mark.parametrize("shown", ["", "sk-***b1", KEY, "...", "a b...cdef", f"...{KEY}"])
def test_what_is_not_shortened_or_says_too_little_leaves_no_mark(shown: str) -> None:
    assert key_marks.of_shown("openai", shown) == ""


@pytest.mark.parametrize(
    "text",
    [
        "=sk-your-own-key-goes-here-Q2w3E4r5T6y7U8i9",
        "=sk-" + "x1" * 20,
        "=sk-proj-short",
        "=${OPENAI_API_KEY}",
        "=hf_Q2w3E4r5T6y7U8i9O0pAsDfGhJkLzXcVbN",
    ],
    ids=["words", "few letters", "short", "variable", "another vendor's"],
)
def test_placeholders_and_other_texts_are_no_keys(text: str) -> None:
    assert key_marks.in_text("openai", text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{ARN}-AbC1eF", AWS),
        (f"{ARN}-AbC1eF:key:AWSCURRENT:", AWS),
        (f'"{ARN}"', AWS),
        (
            "arn:aws:ssm:eu-west-1:111122223333:parameter/crm/key",
            "aws-parameter:111122223333/eu-west-1/crm/key",
        ),
        ("https://Acme-KV.vault.azure.net/secrets/OpenAI/0f1e", "azure-secret:acme-kv/openai"),
        ("@Microsoft.KeyVault(VaultName=acme-kv;SecretName=openai)", "azure-secret:acme-kv/openai"),
        ("projects/acme-prod/secrets/openai/versions/latest", "gcp-secret:acme-prod/openai"),
    ],
)
def test_a_stored_secret_has_one_spelling_whatever_names_it(text: str, expected: str) -> None:
    assert key_marks.references(text) == [expected]


def test_a_projects_id_is_told_from_a_variables_name() -> None:
    text = 'project="proj_Abc123Def456"; proj_settings_of_the_team = 1'

    assert key_marks.projects("openai", text) == ["proj_Abc123Def456"]
    assert key_marks.projects("anthropic", text) == []


def test_every_row_is_of_a_known_provider() -> None:
    providers = {row["name"] for row in read_table("providers")["provider"]}
    table = read_table("key_marks")

    assert {row["provider"] for row in (*table["key"], *table["project"])} <= providers
