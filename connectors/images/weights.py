"""Tell files that may hold model weights, by their first bytes or else by their endings.

Stores keep weights under names without an ending. What a header says is read by the code connector's format.
"""

from __future__ import annotations

import struct

HEAD_BYTES = 64
HEADER_BYTES = 256 * 1024


def ending_of(head: bytes, name: str, endings: tuple[str, ...]) -> str:
    """Return as what kind of file (``gguf``, ``onnx``, ...) the bytes are to be read; empty for none."""
    if head[:4] == b"GGUF":
        return "gguf"
    if head[4:8] == b"TFL3":
        return "tflite"
    if len(head) > 9 and head[8:10] == b'{"' and 2 <= struct.unpack_from("<Q", head)[0] < 100_000_000:
        return "safetensors"
    return next((ending[1:] for ending in endings if name.endswith(ending)), "")
