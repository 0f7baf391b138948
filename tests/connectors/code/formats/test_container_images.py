from __future__ import annotations

import pytest

from tests.code_samples import facts, read

COMPOSE = """\
services:
  llm:
    image: ollama/ollama:0.3.12
    deploy:
      resources:
        reservations:
          devices:
            - capabilities: [gpu]
  store:
    image: "docker.io/pgvector/pgvector:pg16"
  flows:
    image: n8nio/n8n:1
"""


def images(path: str, text: str) -> list[tuple[str, str, int]]:
    return [
        (fact.kind, fact.name, fact.line)
        for name, fact in read(path, text).facts
        if name == "container-image"
    ]


def commands(path: str, text: str) -> list[tuple[str, str, int]]:
    return [
        (fact.kind, fact.name, fact.line) for name, fact in read(path, text).facts if name == "server-command"
    ]


def test_a_service_of_compose_shows_its_image_tag_and_gpu() -> None:
    found = [fact for name, fact in read("docker-compose.yml", COMPOSE).facts if name == "container-image"]

    assert [(fact.kind, fact.name, fact.line) for fact in found] == [
        ("model_server", "ollama/ollama", 3),
        ("vector_store", "pgvector/pgvector", 10),
    ]
    assert found[0].attributes == {
        "image": "ollama/ollama",
        "product": "Ollama",
        "tag": "0.3.12",
        "gpu": True,
    }
    assert "gpu" not in found[1].attributes


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        ("Dockerfile", "FROM --platform=linux/amd64 vllm/vllm-openai:v1 AS base\n", "vllm/vllm-openai"),
        ("Containerfile", "FROM quay.io/go-skynet/local-ai\n", "go-skynet/local-ai"),
        ("Dockerfile", "COPY --from=ollama/ollama /bin/ollama /bin/\n", "ollama/ollama"),
        ("Dockerfile", "FROM registry.example.org/hub/ollama/ollama:1\n", "ollama/ollama"),
        ("Dockerfile", "FROM registry.example.org:5000/qdrant/qdrant\n", "qdrant/qdrant"),
        (
            "a.yaml",
            "image: ${REGISTRY:-ghcr.io}/open-webui/open-webui:${TAG:-main}\n",
            "open-webui/open-webui",
        ),
        (
            "a.yaml",
            "      - image: {{ .Values.registry }}/qdrant/qdrant:{{ .Values.tag }}\n",
            "qdrant/qdrant",
        ),
        ("values.yaml", "image:\n  repository: ollama/ollama\n  tag: latest\n", "ollama/ollama"),
        ("kustomization.yaml", "images:\n  - name: chromadb/chroma\n    newTag: '1'\n", "chromadb/chroma"),
        (
            "kustomization.yaml",
            "images:\n  - name: x\n    newName: chromadb/chroma\n    newTag: '1'\n",
            "chromadb/chroma",
        ),
        ("ci.yml", "test:\n  services:\n    - qdrant/qdrant:v1\n", "qdrant/qdrant"),
        ("ci.yml", "test:\n  services:\n    - name: qdrant/qdrant:v1\n      alias: q\n", "qdrant/qdrant"),
        ("ci.yml", "jobs:\n  a:\n    container: pytorch/pytorch:2\n", "pytorch/pytorch"),
        ("ci.yml", "      - uses: docker://promptfoo/promptfoo:1\n", "promptfoo/promptfoo"),
        (
            "run.sh",
            "docker run -d \\\n  --gpus all \\\n  -p 1:1 \\\n  ollama/ollama serve\n",
            "ollama/ollama",
        ),
        ("run.sh", "podman pull docker.io/milvusdb/milvus\n", "milvusdb/milvus"),
        (
            "run.sh",
            'IMAGE="ollama/ollama:1"\ndocker manifest inspect "$IMAGE"\nkubectl set image "$IMAGE"\n',
            "ollama/ollama",
        ),
        ("main.tf", '  image = "ollama/ollama:0.3"\n', "ollama/ollama"),
        ("Test.java", 'new GenericContainer<>("chromadb/chroma:0.5");\n', "chromadb/chroma"),
        ("stack.ts", "ContainerImage.fromRegistry('ollama/ollama')\n", "ollama/ollama"),
        ("a.yaml", "image: nvcr.io/nim/acme/judge:1.0\n", "nvcr.io/nim/acme/judge"),
        (
            "values.yaml",
            "image:\n  repository: ghcr.io/kaito-project/aikit/llama3\n  tag: 8b\n",
            "ghcr.io/kaito-project/aikit/llama3",
        ),
        ("a.yaml", "image: 'quay.io/acme/vllm-openai-ubi9:0.4'\n", "quay.io/acme/vllm-openai-ubi9"),
        ("a.yaml", "image: quay.io/acme/vllm-cpu-openai-ubi9:0.3\n", "quay.io/acme/vllm-cpu-openai-ubi9"),
        ("a.yaml", "image: ghcr.io/acme/hub/ollama_cuda12:1\n", "ghcr.io/acme/hub/ollama_cuda12"),
        ("Dockerfile", "FROM acme/deepsparse-openai-ubi9:0.2\n", "acme/deepsparse-openai-ubi9"),
        ("a.yaml", "image: acme/text-generation-inference:2-rocm\n", "acme/text-generation-inference"),
        ("a.yaml", "image: acme/tensorflow-serving-gpu\n", "acme/tensorflow-serving-gpu"),
        ("a.yaml", "image: acme/llama.cpp-server-cuda\n", "acme/llama.cpp-server-cuda"),
        ("a.yaml", "image: mcp/github\n", "mcp/github"),
        (
            "a.tf",
            'image = "763104351884.dkr.ecr.eu-west-1.amazonaws.com/huggingface-pytorch-inference:2"\n',
            "763104351884.dkr.ecr.eu-west-1.amazonaws.com/huggingface-pytorch-inference",
        ),
    ],
)
def test_an_image_is_found_wherever_images_are_named(path: str, text: str, name: str) -> None:
    assert [found for _, found, _ in images(path, text)] == [name]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Dockerfile", "# FROM ollama/ollama\nFROM nvidia/cuda:12\n"),
        ("Dockerfile", "FROM zenmldocker/zenml:0.47.0\n"),
        ("Makefile", "x:\n\tdocker build -t acme/x:1 -f packages/vllm/Dockerfile .\n"),
        ("ci.sh", "docker build -f images/llama-cpp-python/Containerfile.cpu .\n"),
        ("run.sh", "git clone https://github.com/qdrant/qdrant\n"),
        ("a.py", "text = 'Docker image: ollama/ollama:latest'\n"),
        ("a.tsx", "<Snippet language={'bash'}>docker pull ollama/ollama</Snippet>\n"),
        ("package.json", '{"repository": "ollama/ollama", "image": "ollama/ollama"}'),
        (
            "ci.yml",
            "      - uses: actions/checkout@v4\n        with:\n"
            "          repository: ollama/ollama\n          path: x\n",
        ),
        ("ci.yml", "      - uses: pytorch/pytorch@v1\n"),
        ("a.yaml", "image: acme/ollama/ollama-fork:1\n"),
        ("a.yaml", "image: acme/notollama\n"),
        ("a.yaml", "image: acme/ollama-webui:1\nimage: acme/ollama-api\nimage: acme/my-ollama-proxy\n"),
        ("a.yaml", "image: acme/gradio-rag-vllm-openai:1\n"),
        ("a.yaml", "image: acme/vllm-tools/dashboard:1\n"),
        ("a.yaml", "image: acme/openai-gpu:1\n"),
        ("a.yaml", "image: nvcr.io/nvidia/tritonserver:24.01-py3-sdk\n"),
        ("a.yaml", "image: acme/tritonserver:24.01-py3-sdk\n"),
        ("a.ts", 'import { Ollama } from "@langchain/ollama";\n'),
        ("a.yaml", "about: ollama/ollama is nice\n"),
        ("a.go", 'import "github.com/qdrant/qdrant/go"\n'),
        ("a.py", 'MODEL = "mcp/server"\n'),
        ("README.md", "docker run ollama/ollama\n"),
        ("a.yaml", "image: redis:7\nimage: minio/minio\nimage: jupyter/base-notebook\n"),
        ("run.sh", 'IMAGE="ollama/ollama:1"\nuntil docker manifest inspect "$IMAGE"; do sleep 1; done\n'),
    ],
)
def test_a_name_out_of_an_images_place_is_none(path: str, text: str) -> None:
    assert images(path, text) == []


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("Dockerfile", "RUN ollama serve & sleep 5 && ollama pull x\n", [("model_server", "Ollama", 1)]),
        (
            "Dockerfile",
            'CMD ["python3", "-m", "vllm.entrypoints.openai.api_server"]\n',
            [("model_server", "vLLM", 1)],
        ),
        ("compose.yml", 'command: ["vllm", "serve", "acme/judge"]\n', [("model_server", "vLLM", 1)]),
        ("Procfile", "\nweb: litellm --config c.yaml\n", [("gateway", "LiteLLM", 2)]),
        ("a.service", "ExecStart=/usr/local/bin/ollama serve\n", [("model_server", "Ollama", 1)]),
        ("run.sh", "mlflow server --host 0.0.0.0\n", [("mlops_server", "MLflow", 1)]),
        ("up.sh", "az cognitiveservices account create -n x\n", [("ai_account", "Azure AI services", 1)]),
        (
            "up.sh",
            "gcloud services enable generativelanguage.googleapis.com\n",
            [("ai_service", "gemini-api", 1)],
        ),
        ("up.sh", "gcloud ai endpoints create --region r\n", [("model_endpoint", "Vertex AI endpoint", 1)]),
        ("up.sh", "aws bedrock-runtime invoke-model --model-id x o\n", [("ai_service", "bedrock", 1)]),
        (
            "Dockerfile",
            "RUN cmake --build b --target whisper-server -j4\n",
            [("model_server", "whisper-server", 1)],
        ),
        ("run.sh", "./whisper-server \\\n  -m m.bin\n", [("model_server", "whisper-server", 1)]),
        ("run.sh", "whisper-server -m ggml-base.bin\n", [("model_server", "whisper-server", 1)]),
        ("run.sh", "docker run -p 1:1 whisper-server\npkill -f whisper-server\ncd whisper-server\n", []),
        ("run.sh", 'pkill -f "ollama serve"\nls | grep -v -e x -e "llama-server" -e y\n', []),
        ("up.sh", "gcloud ai endpoints list\naws bedrock-agent list-agents\n", []),
        ("run.sh", "echo 'start ollama serve first'\n# ollama serve\n", []),
        ("a.yaml", "description: then ollama serve answers\n", []),
        ("a.yml", "steps:\n  - name: Dump vllm serve flags\n    run: ./flags.sh\n", []),
        ("app.py", 'HELP = "ollama serve"\n', []),
        ("run.sh", "cd my-ollama serve\n", []),
    ],
)
def test_a_server_counts_where_a_line_starts_it(
    path: str, text: str, expected: list[tuple[str, str, int]]
) -> None:
    assert commands(path, text) == expected


@pytest.mark.parametrize(
    "content",
    [b"image: ollama/ollama", b"FROM ollama/ollama:\xff\xfe", b"\0ollama/ollama", b"ollama/ollama" * 3_000],
)
def test_odd_bytes_are_read_without_a_problem(content: bytes) -> None:
    assert read("Dockerfile", content).problems == []


@pytest.mark.parametrize(("tag", "is_server"), [("24.12-py3", True), ("24.12-py3-sdk", False)])
def test_a_tag_under_which_a_client_lies_shows_no_server(tag: str, is_server: bool) -> None:
    found = facts("pod.yaml", f"containers:\n  - image: nvcr.io/nvidia/tritonserver:{tag}\n")

    assert ("nvidia/tritonserver" in found) is is_server
