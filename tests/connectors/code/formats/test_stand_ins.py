"""Names still to be filled in, of stores, hosts and models: one list tells them all."""

from __future__ import annotations

import pytest

from connectors.catalogue import load_catalogue
from connectors.code.formats import stand_ins


@pytest.mark.parametrize(
    ("name", "is_stand_in"),
    [
        ("your-claims", True),
        ("my-bucket-2", True),
        ("mybucket2", True),
        ("yourpath", True),
        ("bucket-name", True),
        ("path-to-docs", True),
        ("XXXX-docs", True),
        ("acme-placeholder", True),
        ("", True),
        ("claims", False),
        ("my-documents", False),
        ("users", False),
        ("user", False),
        ("mydatabase", False),
        ("table_of_claims", False),
        ("yourself", False),
    ],
)
def test_a_store_has_a_name_of_its_own(name: str, is_stand_in: bool) -> None:
    assert stand_ins.is_store(load_catalogue(), name) is is_stand_in


@pytest.mark.parametrize(
    ("label", "is_stand_in"),
    [
        ("your-resource", True),
        ("contoso-name-here", True),
        ("my-openai", True),
        ("EXAMPLE", True),
        ("resource-name", True),
        ("azure-openai-resource", True),
        ("axial-resource", False),
        ("openai-service", False),
        ("contoso", False),
        ("test", False),
        ("mysql", False),
    ],
)
def test_a_word_of_a_label_tells_that_a_host_is_none(label: str, is_stand_in: bool) -> None:
    assert stand_ins.is_label(load_catalogue(), label) is is_stand_in


@pytest.mark.parametrize(
    ("model", "is_stand_in"),
    [
        ("your-org/your-model", True),
        ("test-model", True),
        ("my_model", True),
        ("username/llama", True),
        ("your-finetuned-llama", True),
        ("gpt-4o", False),
        ("acme/my-llama", False),
        ("test-time-compute", False),
    ],
)
def test_a_model_has_a_name_of_its_own(model: str, is_stand_in: bool) -> None:
    assert stand_ins.is_model(load_catalogue(), model) is is_stand_in
