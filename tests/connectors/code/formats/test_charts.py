from __future__ import annotations

import pytest

from tests.code_samples import read


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "Chart.yaml",
            "dependencies:\n  - name: ollama\n    repository: https://otwld.github.io/ollama-helm/\n",
            [("model_server", "Ollama", 3)],
        ),
        (
            "Chart.yaml",
            "dependencies:\n  - name: mlflow\n    repository: oci://registry-1.docker.io/bitnamicharts\n"
            "  - name: redis\n    repository: oci://registry-1.docker.io/bitnamicharts\n",
            [("mlops_server", "MLflow", 3)],
        ),
        (
            "app.yaml",
            "  source:\n    repoURL: https://qdrant.github.io/qdrant-helm\n    chart: qdrant\n",
            [("vector_store", "Qdrant", 2)],
        ),
        (
            "main.tf",
            'resource "helm_release" "k" {\n  repository = "https://ray-project.github.io/kuberay-helm/"\n}\n',
            [("compute", "KubeRay", 2)],
        ),
        (
            "up.sh",
            "helm repo add weaviate https://weaviate.github.io/weaviate-helm\n"
            "helm upgrade --install w \\\n  weaviate/weaviate --version 17\n",
            [("vector_store", "Weaviate", 1)],
        ),
        ("up.sh", "helm repo add weaviate https://weaviate.github.io/weaviate-helm\n", []),
        (
            "up.sh",
            "helm repo add weaviate https://weaviate.github.io/weaviate-helm\nhelm install r bitnami/redis\n",
            [],
        ),
        (
            "up.sh",
            "helm install w weaviate --repo https://weaviate.github.io/weaviate-helm\n",
            [("vector_store", "Weaviate", 1)],
        ),
        ("Chart.yaml", "# repository: https://qdrant.github.io/qdrant-helm\n", []),
        ("a.yaml", "home: see https://qdrant.github.io/qdrant-helm for more\n", []),
        ("a.yaml", "repository: https://qdrant.github.io/qdrant-helm-fork\n", []),
        ("a.yaml", "repository: https://charts.bitnami.com/bitnami\nname: redis\n", []),
    ],
)
def test_a_chart_counts_where_its_repository_is_used(
    path: str, text: str, expected: list[tuple[str, str, int]]
) -> None:
    found = [
        (fact.kind, fact.name, fact.line) for name, fact in read(path, text).facts if name == "helm-chart"
    ]

    assert found == expected
