"""Files that may hold weights are told by their first bytes, else by their endings."""

from __future__ import annotations

import json
import struct

import pytest

from connectors.images.knowledge import load_knowledge
from connectors.images.weights import ending_of
from tests.image_samples import gguf


def _safetensors(header: object) -> bytes:
    data = json.dumps(header).encode()
    return struct.pack("<Q", len(data)) + data


@pytest.mark.parametrize(
    ("head", "name", "expected"),
    [
        (gguf()[:64], "models/blob-without-ending", "gguf"),
        (_safetensors({"w": {"dtype": "F16"}}), "sha256-abc", "safetensors"),
        (b"\x1c\0\0\0TFL3" + b"\0" * 20, "x", "tflite"),
        (b"\x08\x07\x12\x07pytorch\x1a", "x.onnx", "onnx"),
        (b"\x08\x07\x12\x07pytorch\x1a", "x.bin", ""),
        (b"text", "x.pt", "pt"),
        (b"", "x.txt", ""),
        (b'\xff\xff\xff\xff\xff\xff\xff\xff{"', "x", ""),
    ],
)
def test_bytes_go_before_names(head: bytes, name: str, expected: str) -> None:
    assert ending_of(head, name, load_knowledge().model_files) == expected
