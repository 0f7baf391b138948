from __future__ import annotations

import pytest

from tests.code_samples import facts, read

AI = """\
param kind string = 'OpenAI'
param modelName string = 'gpt-4o-mini'
// resource no 'Microsoft.CognitiveServices/accounts@2023-05-01' = {}
/* resource neither 'Microsoft.CognitiveServices/accounts@2023-05-01' = {
*/
resource account 'Microsoft.CognitiveServices/accounts@2023-05-01' = {
  name: name
  location: 'westeurope'
  kind: kind
  properties: { customSubDomainName: '${name}-x{' }
  resource small 'deployments@2023-05-01' = [for d in deployments: {
    name: d.name
    properties: {
      model: {
        format: 'OpenAI'
        name: modelName
      }
    }
  }]
}
resource search 'microsoft.search/searchservices@2023-11-01' existing = {
  name: 'shared'
}
resource files 'Microsoft.Storage/storageAccounts@2023-01-01' = {
  name: 'files'
}
resource embed 'Microsoft.CognitiveServices/accounts/deployments@2023-05-01' = if (isOn) {
  parent: account
  name: 'embed'
  properties: { model: { name: 'text-embedding-3-small' } }
}
module hub 'br/public:avm/res/cognitive-services/account:0.9.0' = {
  name: 'hub'
}
module plain './core/storage.bicep' = {
  name: 'plain'
}
"""


def resources(text: str | bytes) -> list[tuple[str, str, int, str | None]]:
    return [
        (fact.kind, fact.name, fact.line, fact.model)
        for name, fact in read("ai.bicep", text).facts
        if name == "bicep"
    ]


def test_resources_children_and_registry_modules_are_found() -> None:
    service = "Microsoft.CognitiveServices/accounts"

    assert resources(AI) == [
        ("ai_account", f"{service}/account", 6, None),
        ("model_endpoint", f"{service}/deployments/small", 11, "gpt-4o-mini"),
        ("knowledge_base", "Microsoft.Search/searchServices/search", 21, None),
        ("model_endpoint", f"{service}/deployments/embed", 27, "text-embedding-3-small"),
        ("ai_account", "avm/res/cognitive-services/account/hub", 32, None),
    ]


def test_parameters_with_a_literal_default_are_followed() -> None:
    found = facts("ai.bicep", AI)["Microsoft.CognitiveServices/accounts/account"]

    assert found.attributes == {
        "resource_type": "Microsoft.CognitiveServices/accounts",
        "kind": "OpenAI",
        "location": "westeurope",
    }


def test_an_existing_resource_is_read_not_declared() -> None:
    found = facts("ai.bicep", AI)["Microsoft.Search/searchServices/search"]

    assert found.attributes["access"] == "read"


@pytest.mark.parametrize(
    ("kind", "count"), [("'Bing.Grounding'", 1), ("'Bing.Maps'", 0), ("kind", 0), ("", 0)]
)
def test_a_type_that_serves_without_ai_needs_its_kind(kind: str, count: int) -> None:
    text = f"resource b 'Microsoft.Bing/accounts@2020-06-10' = {{\n  name: 'b'\n  kind: {kind}\n}}\n"

    assert len(resources(text)) == count


@pytest.mark.parametrize(
    "content",
    [
        b"resource account 'Microsoft.CognitiveServices/accounts",
        b"resource '' = {{{{",
        b"resource x 'deployments@1' = {}",
        b"resource x 'Microsoft.Web/sites@1' = {\n" * 1_500,
        b"resource '''never closed",
        b"resource /* never closed",
        b"module m 'br/public:' = {",
    ],
)
def test_what_is_cut_off_declares_nothing(content: bytes) -> None:
    assert resources(content) == []
    assert read("ai.bicep", content).problems == []


def test_declarations_beyond_the_limit_are_told() -> None:
    first = b"resource a 'Microsoft.CognitiveServices/accounts@2024-10-01' = {\n  kind: 'OpenAI'\n}\n"

    found = read("ai.bicep", first + b"resource x 'Microsoft.Web/sites@1' = {}\n" * 2_000)

    assert [fact.name for _, fact in found if fact.kind == "ai_account"]
    assert found.problems == [("bicep", "more than 2000 declarations; the rest is left out")]


def test_undecodable_bytes_are_a_problem() -> None:
    assert read("ai.bicep", b"resource \xff\xff").problems == [("bicep", "not UTF-8 text at byte 9")]
