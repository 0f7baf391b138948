from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from pathlib import Path

import pytest

from tests.code_samples import commit, read, scan, write

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 4096\n" % (b"a" * 64)


def gguf(**fields: str) -> bytes:
    data = b"GGUF" + struct.pack("<IQQ", 3, 1, len(fields) + 2)
    data += text("general.quantization_version") + struct.pack("<II", 4, 2)
    for key, value in fields.items():
        data += text(f"general.{key}") + struct.pack("<I", 8) + text(value)
    return data + text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 1) + text("a")


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def safetensors(**metadata: str) -> bytes:
    header = json.dumps({"__metadata__": metadata, "w": {"dtype": "F32", "shape": [1]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(4)


def archive(*names: str, holds: bytes = b"layer.weight") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(name, holds)
    return out.getvalue()


ONNX = b"\x08\x08\x12\x07pytorch\x1a\x03" + b"2.1" + b"\x3a\x90\x4e" + bytes(64)
HDF5 = b"\x89HDF\r\n\x1a\n"

FILES = [
    ("a.gguf", gguf(architecture="llama", name="Judge 8B"), {"format": "gguf", "architecture": "llama"}),
    ("a.safetensors", safetensors(format="pt"), {"format": "safetensors", "framework": "pt"}),
    ("a.onnx", ONNX, {"format": "onnx", "producer": "pytorch"}),
    ("a.tflite", b"\x1c\0\0\0TFL3" + bytes(20), {"format": "tflite"}),
    ("a.mlmodel", b"\x08\x05\x12\x10" + bytes(20), {"format": "coreml"}),
    ("a.pt", archive("model/data.pkl", "model/data/0"), {"format": "pytorch"}),
    ("a.pth", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19." + bytes(9), {"format": "pytorch"}),
    ("a.pkl", b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x13sklearn.linear_model", {"format": "pickle"}),
    ("a.h5", HDF5 + bytes(90) + b"keras_version", {"format": "keras"}),
    ("a.keras", archive("metadata.json", "config.json", "model.weights.h5"), {"format": "keras"}),
    ("saved_model.pb", b"\x08\x01\x12\x99" + bytes(20), {"format": "tensorflow saved model"}),
    ("a.gguf", POINTER, {"format": "gguf", "lfs": True, "size_bytes": 4096}),
]


@pytest.mark.parametrize(("path", "data", "attributes"), FILES)
def test_a_model_file_is_known_by_its_bytes(path: str, data: bytes, attributes: dict[str, object]) -> None:
    (found,) = [fact for _, fact in read(path, data)]

    assert (found.kind, found.identifier) == ("model_file", "")
    assert attributes.items() <= dict(found.attributes).items()


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("a.gguf", b"hello"),
        ("a.gguf", gguf(architecture="llama")[:8] + bytes(8) + gguf(architecture="llama")[16:]),
        ("a.gguf", b""),
        ("a.onnx", b"\x08\x08nonsense that is no field"),
        ("a.onnx", b"text"),
        ("a.pt", archive("notes.txt")),
        ("a.pt", archive("a/data.pkl", "a/data/0", holds=b"x")),
        ("a.pth", b"/usr/lib/python\n"),
        ("a.pkl", pickle.dumps({"rows": [1, 2, 3]})),
        ("a.h5", HDF5 + bytes(500)),
        ("a.lite", b"SQLite format 3\0"),
        ("a.plan", b"Terraform plan"),
        ("a.keras", b"PK\x03\x04"),
        ("model-00002-of-00003.safetensors", safetensors()),
    ],
)
def test_other_bytes_under_such_a_name_are_none(path: str, data: bytes) -> None:
    found = read(path, data)

    assert (found.facts, found.problems) == ([], [])


@pytest.mark.parametrize(("path", "data", "attributes"), FILES)
def test_a_file_cut_off_anywhere_is_no_problem(path: str, data: bytes, attributes: dict[str, object]) -> None:
    for end in range(len(data)):
        assert [name for name, _ in read(path, data[:end]).problems if end > 130] == []


def test_a_pointer_whose_name_proves_nothing_is_an_exception() -> None:
    found = read("a.pkl", POINTER)

    assert found.facts == []
    assert "Git LFS pointer" in found.problems[0][1]


def test_a_large_model_is_read_no_further_than_its_head(tmp_path: Path) -> None:
    big = gguf(architecture="llama") + os.urandom(400_000)
    write(tmp_path / "folder", {"models/big.gguf": big})
    commit(tmp_path / "git", {"models/big.gguf": big})

    in_folder = scan(tmp_path / "folder", max_format_bytes=300_000)
    in_git = scan(tmp_path / "git" / ".git", max_format_bytes=300_000)

    for scanned in (in_folder, in_git):
        (found,) = [one for one in scanned.findings if one.kind == "model_file"]
        assert found.name == "models/big.gguf"
        assert found.attributes["architecture"] == "llama"
        assert scanned.exceptions("model-files") == {}


def test_a_model_card_and_a_configuration_name_models() -> None:
    card = "---\nlibrary_name: peft\nbase_model:\n- meta-llama/Llama-3.1-8B\nlicense: mit\n---\n# Judge\n"
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "_name_or_path": "acme/judge"}

    (of_card,) = [fact for _, fact in read("README.md", card)]
    (of_config,) = [fact for _, fact in read("config.json", json.dumps(config)) if fact.line == 1]

    assert (of_card.kind, of_card.provider, of_card.identifier) == ("model", "meta", "")
    assert of_card.attributes["base_model"] == "meta-llama/Llama-3.1-8B"
    assert (of_config.model, of_config.attributes["architecture"]) == ("acme/judge", "LlamaForCausalLM")


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("README.md", "# A project\n"),
        ("README.md", "---\ntitle: Docs\nlicense: mit\n---\n"),
        ("config.json", '{"model_type": 3, "architectures": []}'),
        ("config.json", '{"port": 80}'),
        ("config.json", '{"architectures": ["x86"], "a": "model_type"}'),
    ],
)
def test_other_readmes_and_configurations_are_none(path: str, data: str) -> None:
    assert read(path, data).facts == []
