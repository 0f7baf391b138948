from __future__ import annotations

import pytest

from tests.code_samples import read

MANIFEST = """\
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  labels:
    name: not-this
  name: judge
spec:
  predictor:
    model:
      modelFormat: x
      resources:
        limits: {nvidia.com/gpu: 1}
---
# a list of objects
apiVersion: v1
kind: List
items:
- apiVersion: ray.io/v1
  kind: RayCluster
  metadata:
    name: workers
- kind: NIMService
  apiVersion: apps.nvidia.com/v1alpha1
  metadata: {name: nim}
"""


def objects(path: str, text: str | bytes) -> list[tuple[str, str, int]]:
    return [
        (fact.kind, fact.name, fact.line) for name, fact in read(path, text).facts if name == "kubernetes"
    ]


def test_objects_of_several_documents_and_lists_are_found_with_their_names() -> None:
    assert objects("deploy.yaml", MANIFEST) == [
        ("model_endpoint", "InferenceService/judge", 1),
        ("compute", "RayCluster/workers", 18),
        ("model_server", "NIMService/nim", 23),
    ]


def test_an_object_keeps_its_version_and_that_it_wants_a_gpu() -> None:
    first = next(fact for name, fact in read("deploy.yaml", MANIFEST).facts if name == "kubernetes")

    assert first.attributes == {
        "resource_type": "InferenceService",
        "api_version": "serving.kserve.io/v1beta1",
        "gpu": True,
    }


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "t.yaml",
            "{{- if .Values.on }}\napiVersion: kagent.dev/v1alpha2\nkind: Agent\nmetadata:\n"
            "  name: {{ .Release.Name }}\n{{- end }}\n",
            [("agent", "Agent", 2)],
        ),
        (
            "t.yaml",
            "apiVersion: kagent.dev/v1alpha1\nkind: ToolServer\n"
            'metadata:\n  name: {{ include "acme-tools.fullname" . }}\n',
            [("mcp_server", "ToolServer/acme-tools", 1)],
        ),
        (
            "t.yaml",
            "apiVersion: kagent.dev/v1alpha2\nkind: Agent\n"
            'metadata:\n  name: {{ include "acme.name" . }}-judge\n',
            [("agent", "Agent/acme-judge", 1)],
        ),
        (
            "t.yaml",
            "apiVersion: ray.io/v1\nkind: RayCluster\nmetadata:\n"
            '  name: "{{ .Release.Name }}-raycluster"\n---\n'
            "apiVersion: ray.io/v1\nkind: RayJob\nmetadata:\n  name: train-${RUN_ID}\n---\n"
            "apiVersion: ray.io/v1\nkind: RayService\nmetadata:\n  name: ${A}-${B}\n",
            [
                ("compute", "RayCluster/*-raycluster", 1),
                ("training_job", "RayJob/train-*", 6),
                ("model_endpoint", "RayService", 11),
            ],
        ),
        (
            "llm.yaml",
            "apiVersion: inference.llmkube.dev/v1alpha1\nkind: Model\nmetadata:\n  name: m\n---\n"
            "apiVersion: inference.llmkube.dev/v1alpha1\nkind: InferenceService\nmetadata:\n  name: m\n---\n"
            "apiVersion: foreman.llmkube.dev/v1alpha1\nkind: Agent\nmetadata:\n  name: coder\n---\n"
            "apiVersion: foreman.llmkube.dev/v1alpha1\nkind: FleetNode\nmetadata:\n  name: n\n---\n"
            "apiVersion: toolhive.stacklok.dev/v1alpha1\nkind: MCPServerEntry\nmetadata:\n  name: far\n",
            [
                ("model", "Model/m", 1),
                ("model_server", "InferenceService/m", 6),
                ("agent", "Agent/coder", 11),
                ("mcp_server", "MCPServerEntry/far", 21),
            ],
        ),
        (
            "k.json",
            '{\n  "apiVersion": "ray.io/v1",\n  "kind": "RayJob",\n  "metadata": {\n    "name": "j"\n  }\n}',
            [("training_job", "RayJob/j", 2)],
        ),
        (
            "c.yaml",
            "apiVersion: bedrockagent.aws.m.upbound.io/v1beta1\nkind: Agent\nmetadata:\n  name: a\n",
            [("agent", "Agent/a", 1)],
        ),
        (
            "m.tf",
            'resource "kubernetes_manifest" "m" {\n  manifest = {\n    apiVersion = "kaito.sh/v1beta1"\n'
            '    kind       = "Workspace"\n    metadata = {\n      name = "w"\n    }\n  }\n}\n',
            [("model_server", "Workspace/w", 3)],
        ),
        (
            "a.yml",
            "kind: Account\napiVersion: cognitiveservices.azure.com/v1api20250601\nmetadata:\n  name: x\n",
            [("ai_account", "Account/x", 2)],
        ),
        ("r.yaml", "rules:\n- apiGroups: [ray.io/v1]\n  resources: [rayjobs]\n", []),
        (
            "d.yaml",
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n"
            "  name: rayjobs.ray.io\n",
            [],
        ),
        ("o.yaml", "apiVersion: ray.io/v1\nkind: Other\nmetadata: {}\n", []),
        ("s.yaml", "scaleTargetRef:\n  apiVersion: kaito.sh/v1beta1\n  kind: InferenceSet\n  name: x\n", []),
        (
            "up.sh",
            "kubectl apply -f - <<EOF\napiVersion: ray.io/v1\nkind: RayJob\nmetadata:\n  name: j\nEOF\n",
            [("training_job", "RayJob/j", 2)],
        ),
        ("u.yaml", "docs: https://docs.ray.io/en/latest\n# apiVersion: ray.io/v1\nkind: RayJob\n", []),
    ],
)
def test_a_kind_counts_beside_its_own_group_only(
    path: str, text: str, expected: list[tuple[str, str, int]]
) -> None:
    assert objects(path, text) == expected


def test_a_sample_whose_name_is_yet_to_be_filled_in_is_no_object() -> None:
    text = "apiVersion: core.k8sgpt.ai/v1alpha1\nkind: K8sGPT\nmetadata:\n  name: {}\n"

    names = [[fact.name for _, fact in read("a.yaml", text.format(name)).facts] for name in ("<name>", "own")]

    assert names == [[], ["K8sGPT/own"]]


def test_a_model_named_in_the_object_is_kept() -> None:
    text = "apiVersion: kubeai.org/v1\nkind: Model\nmetadata:\n  name: m\nspec:\n  model: acme/judge-7b\n"

    (found,) = [fact for name, fact in read("m.yaml", text).facts if name == "kubernetes"]

    assert found.model == "acme/judge-7b"


@pytest.mark.parametrize(
    ("line", "model"),
    [
        ('model = os.environ.get("MODEL_ID")', ""),
        ("model = args", ""),
        ('model: os.environ.get("MODEL_ID")', ""),
        ("model = x\n          model: acme/judge-7b", "acme/judge-7b"),
        ("model: acme/judge-7b # the small one", "acme/judge-7b"),
    ],
)
def test_a_line_of_a_script_sets_no_model_of_the_object(line: str, model: str) -> None:
    head = "apiVersion: kubeai.org/v1\nkind: Model\nmetadata:\n  name: m\nspec:\n  args:\n"
    text = f"{head}    - |\n          {line}\n"

    (found,) = [fact for name, fact in read("m.yaml", text).facts if name == "kubernetes"]

    assert (found.model or "") == model


@pytest.mark.parametrize(
    "content",
    [
        b"apiVersion: ray.io/v1",
        b"apiVersion: ray.io/v1\nkind:",
        b"apiVersion: ray.io/v1\nkind: [RayJob]\nmetadata: 3\n",
        b"  " * 500 + b"apiVersion: ray.io/v1\nkind: RayJob\n",
        b"apiVersion: ray.io/v1\n" * 2_000,
        b"apiVersion: ray.io/\xff",
    ],
)
def test_what_is_cut_off_or_of_the_wrong_type_is_no_object(content: bytes) -> None:
    assert objects("x.yaml", content) == []
    assert read("x.yaml", content).problems == []


@pytest.mark.parametrize(
    ("spec", "image"),
    [
        ("  image: ghcr.io/acme/tools:1 # x\n", "ghcr.io/acme/tools:1"),
        ('  template:\n    containers:\n      - image: "acme/tools@sha256:00"\n', "acme/tools@sha256:00"),
        ("  image: {{ .Values.image }}\n", None),
        ("  imagePullPolicy: Always\n", None),
    ],
)
def test_an_object_tells_the_image_it_runs(spec: str, image: str | None) -> None:
    text = (
        "apiVersion: toolhive.stacklok.dev/v1beta1\nkind: MCPServer\nmetadata:\n  name: tools\nspec:\n"
        f"{spec}---\nkind: Other\nimage: other\n"
    )

    (fact,) = (fact for name, fact in read("m.yaml", text).facts if name == "kubernetes")

    assert fact.attributes.get("image") == image
