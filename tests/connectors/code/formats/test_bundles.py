"""Table tests of Databricks bundles."""

from __future__ import annotations

import pytest

from tests.code_samples import read

BUNDLE = """\
bundle:
  name: shop
resources:
  vector_search_endpoints:
    search:
      name: ${var.endpoint}
  vector_search_indexes:
    products:
      name: main.shop.products
      endpoint_name: search
  genie_spaces:
    sales:
      title: Sales
      file_path: ../src/sales.geniespace.json
  registered_models:
    churn: {name: churn, catalog_name: main}
  experiments:
    trial: {name: /Users/a/trial}
  apps:
    plain:
      name: plain
      resources:
        - name: job
          job: {id: 1}
    helper:
      name: helper
      resources:
        - name: model
          serving_endpoint: {name: chat}
  jobs:
    nightly:
      name: nightly
targets:
  prod:
    resources:
      model_serving_endpoints:
        chat:
          name: chat
          config:
            served_entities:
              - external_model: {name: gpt-4o, provider: openai}
"""
JOBS = """\
resources:
  jobs:
    setup:
      environments:
        - environment_key: default
          spec:
            client: "3"
            dependencies:
              - databricks-vectorsearch>=0.40
              - ../dist/*.whl
              - cowsay
      tasks:
        - task_key: a
          libraries:
            - pypi: {package: mlflow==3.1}
            - pypi:
                package: "openai"
        - task_key: b
          for_each_task:
            task:
              libraries:
                - pypi: {package: langchain}
  pipelines:
    load:
      environment:
        dependencies: [databricks-agents]
"""


def found(path: str, text: str, form: str = "databricks-bundle") -> list[tuple[str, str, int, str | None]]:
    return [(fact.kind, fact.name, fact.line, fact.model) for name, fact in read(path, text) if name == form]


@pytest.mark.parametrize("path", ["databricks.yml", "resources/shop.yaml"])
def test_resources_of_a_bundle_are_what_terraform_would_declare(path: str) -> None:
    assert found(path, BUNDLE) == [
        ("vector_store", "vector_search_endpoints/search", 5, None),
        ("vector_store", "vector_search_indexes/products", 8, None),
        ("agent", "genie_spaces/sales", 12, None),
        ("model", "registered_models/churn", 16, None),
        ("experiment", "experiments/trial", 18, None),
        ("application", "apps/helper", 25, None),
        ("model_endpoint", "model_serving_endpoints/chat", 37, "gpt-4o"),
    ]


def test_jobs_and_pipelines_of_a_bundle_install_packages() -> None:
    assert [
        (name, line) for _, name, line, _ in found("resources/a.yml", JOBS, "databricks-environment")
    ] == [
        ("databricks-vectorsearch", 9),
        ("mlflow", 15),
        ("openai", 17),
        ("langchain", 22),
        ("databricks-agents", 26),
    ]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("values.yaml", "experiments:\n  one: {name: x}\nserving_endpoint: y\n"),
        ("k.yaml", "resources:\n  - experiments: {one: {name: x}}\n"),
        ("k.yaml", "resources:\n  experiments: [a, b]\n"),
        ("k.yaml", "resources:\n  experiments:\n    one: 3\n    two: {weight: 4}\n"),
        ("k.yaml", "resources: {apps: {a: {name: a, resources: [{job: {id: 1}}]}}} # genie_space:\n"),
        ("k.yaml", "other:\n  registered_models:\n    m: {name: m}\n"),
        ("k.yaml", "# resources:\n#   registered_models:\n#     m: {name: m}\n"),
        ("k.py", "resources:\n  registered_models:\n    m: {name: m}\n"),
        ("k.md", "resources:\n  registered_models:\n    m: {name: m}\n"),
    ],
)
def test_other_files_with_such_words_declare_nothing(path: str, text: str) -> None:
    assert found(path, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "resources:\n  jobs: {a: {environments: [{environment_key: x}]}}\n",
        "resources:\n  jobs: [{environment_key: x}]\n",
        "resources:\n  jobs: {a: {environments: 3, tasks: [{libraries: [{pypi: 4}]}]}} # environment_key:\n",
        "jobs:\n  a:\n    environments: [{environment_key: x, spec: {dependencies: [openai]}}]\n",
        "resources: {jobs: {a: {environments: [{environment_key: x, spec: {dependencies: [3, cowsay]}}]}}}\n",
    ],
)
def test_jobs_without_a_catalogued_package_say_nothing(text: str) -> None:
    assert found("resources/a.yml", text, "databricks-environment") == []
    assert read("resources/a.yml", text).problems == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("resources:\n  experiments:\n    experiment: {name: /Users/a/claims}\n", "experiments/claims"),
        ('resources:\n  experiments:\n    main: {name: "claims-${bundle.target}"}\n', "experiments/claims-*"),
        ('resources:\n  experiments:\n    main: {name: "${var.name}"}\n', "experiments/main"),
        ("resources:\n  experiments:\n    trial: {name: claims}\n", "experiments/trial"),
    ],
)
def test_a_resource_under_a_general_key_is_called_by_its_name(text: str, name: str) -> None:
    assert [
        fact.name for part, fact in read("databricks.yml", text).facts if part == "databricks-bundle"
    ] == [name]
