"""Tell what the first bytes of a model file say: its format, and what its header says of the model.

Nothing is loaded and no pickle is opened: magic numbers, bounded header fields and names are all that is
read.

**Source:** general knowledge of the formats' published layouts (GGUF, safetensors, ONNX, TensorFlow Lite,
Core ML, HDF5, PyTorch's zip and legacy forms); no page was opened for it.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator

from connectors.model import Json

Header = dict[str, Json]
_TEXT = re.compile(r"[^\x20-\x7e]+")
_GGUF_KEYS = {
    "general.architecture": "architecture",
    "general.name": "model_name",
    "general.basename": "base_name",
    "general.size_label": "size_label",
    "general.license": "license",
    "general.organization": "organization",
    "general.finetune": "finetune",
    "general.base_model.0.repo_url": "base_model",
}
_GGUF_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_MAX_FIELDS = 400
_ONNX_TAGS = {
    0x08: "",
    0x12: "producer",
    0x1A: "",
    0x22: "",
    0x28: "",
    0x32: "",
    0x3A: "",
    0x42: "",
    0x72: "",
}
# A pickle names the modules of what it holds: as a line (protocol 0 to 2) or as a short text.
_PICKLED = re.compile(
    rb"(?:c|\x8c.|X....)(sklearn|torch|xgboost|lightgbm|catboost|keras|tensorflow|transformers|spacy|"
    rb"statsmodels|sentence_transformers|fastai|prophet|hmmlearn|gensim|surprise|pycaret|tpot|autogluon)[._]",
    re.S,
)
# Tensors alone are data as well: a network has layers, or its weights have names.
_SMALL = 4_096
"""Bytes of an archive that may hold a tensor and no more."""
_NETWORK = re.compile(rb"torch\.nn\b|\.weight|\.bias|weights?\x94|state_dict")
_TORCH_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"


def read_header(data: bytes, ending: str) -> Header | None:
    """Return what a model file's first bytes say; ``None`` when they are those of something else."""
    for reader in _READERS.get(ending, ()):
        found = reader(data)
        if found is not None:
            return {key: value for key, value in found.items() if value not in ("", None)}
    return None


def _gguf(data: bytes) -> Header | None:
    if data[:4] != b"GGUF" or len(data) < 24 or data[8:16] == bytes(8):
        return None  # without a tensor it is a vocabulary
    found: Header = {"format": "gguf"}
    try:
        for key, value in _gguf_fields(data):
            if key in _GGUF_KEYS:
                found[_GGUF_KEYS[key]] = value
    except (struct.error, IndexError):
        pass  # the head ends within a field: what came before counts
    return found


def _gguf_fields(data: bytes) -> Iterator[tuple[str, str]]:
    """Yield the text fields of the header, in order; raises ``struct.error`` where the bytes end."""
    version, _, count = struct.unpack_from("<IQQ", data, 4)
    place = 24
    for _ in range(min(count, _MAX_FIELDS) if 2 <= version <= 9 else 0):
        key, place = _gguf_text(data, place)
        (kind,) = struct.unpack_from("<I", data, place)
        place += 4
        if kind == 8:
            value, place = _gguf_text(data, place)
            yield key, value
        elif kind == 9:
            item, items = struct.unpack_from("<IQ", data, place)
            if item not in _GGUF_SIZES:
                return  # a list of texts (the vocabulary): what names the model stands before it
            place += min(12 + items * _GGUF_SIZES[item], len(data))
        else:
            place += _GGUF_SIZES[kind] if kind in _GGUF_SIZES else len(data)


def _gguf_text(data: bytes, place: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<Q", data, place)
    start = place + 8
    if start + length > len(data):
        raise struct.error("the text ends behind the head")
    return _plain(data[start : start + min(length, 300)]), start + length


def _safetensors(data: bytes) -> Header | None:
    if len(data) < 10 or data[8:9] != b"{":
        return None
    (length,) = struct.unpack_from("<Q", data)
    if not 2 <= length <= 100_000_000:
        return None
    found: Header = {"format": "safetensors"}
    place = data.find(b'"__metadata__"', 8, 4096)
    table = re.compile(rb"\s*:\s*(\{[^{}]*\})").match(data, place + 14) if place >= 0 else None
    try:
        content = json.loads(table.group(1)) if table else {}
    except (ValueError, RecursionError):
        content = {}
    for key, name in (("modelspec.architecture", "architecture"), ("modelspec.title", "model_name")):
        if isinstance(content.get(key), str):
            found[name] = _plain(content[key].encode(errors="replace")[:300])
    if isinstance(content.get("format"), str):
        found["framework"] = _plain(content["format"].encode(errors="replace")[:40])
    return found


def _onnx(data: bytes) -> Header | None:
    found: Header = {"format": "onnx"}
    if data[:1] != b"\x08" or len(data) < 8 or not 1 <= data[1] <= 30:
        return None
    place = 2
    for _ in range(8):
        tag = data[place] if place < len(data) else -1
        if tag not in _ONNX_TAGS:
            return found if place >= len(data) > 8 else None
        value, place = _varint(data, place + 1)
        if tag & 7 == 2:
            if tag == 0x12 and value <= 100:
                found["producer"] = _plain(data[place : place + value])
            if tag == 0x3A:
                return found  # the graph
            place += value
    return found


def _core_ml(data: bytes) -> Header | None:
    is_model = data[:1] == b"\x08" and len(data) > 4 and 1 <= data[1] <= 30 and data[2:3] == b"\x12"
    return {"format": "coreml"} if is_model else None


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 64:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    return value, place


def _torch(data: bytes) -> Header | None:
    if data[:4] == b"PK\x03\x04":
        names = _zip_names(data)
        # A few numbers on their own are no network: torch.save(tensor, "a.pt").
        if len(data) < _SMALL and not _NETWORK.search(data) and not any("/code/" in name for name in names):
            return None
        if any(name.endswith(("/data.pkl", "/constants.pkl")) or "/code/" in name for name in names):
            return {"format": "pytorch"}
        return None
    return {"format": "pytorch"} if data.startswith(_TORCH_LEGACY) else None


def _keras(data: bytes) -> Header | None:
    if data[:4] == b"PK\x03\x04":
        names = set(_zip_names(data))
        return {"format": "keras"} if names & {"config.json", "metadata.json", "model.weights.h5"} else None
    return _hdf5(data)


def _hdf5(data: bytes) -> Header | None:
    if not data.startswith(b"\x89HDF\r\n\x1a\n"):
        return None
    marks = (b"keras_version", b"model_config", b"model_weights", b"layer_names")
    return {"format": "keras"} if any(mark in data for mark in marks) else None


def _pickle(data: bytes) -> Header | None:
    if data[:1] != b"\x80" or not 2 <= data[1:2][0] <= 5 if len(data) > 1 else True:
        return None
    found = _PICKLED.search(data)
    if found is None or (found.group(1) == b"torch" and not _NETWORK.search(data)):
        return None
    return {"format": "pickle", "framework": found.group(1).decode()}


def _zip_names(data: bytes) -> list[str]:
    """Return the names in the local headers of a zip's front, the first 50; nothing is unpacked."""
    names: list[str] = []
    place = 0
    while len(names) < 50 and (place := data.find(b"PK\x03\x04", place)) >= 0 and place + 30 <= len(data):
        (length,) = struct.unpack_from("<H", data, place + 26)
        names.append(_plain(data[place + 30 : place + 30 + min(length, 300)]))
        place += 30
    return names


def _magic(place: int, mark: bytes, name: str) -> Callable[[bytes], Header | None]:
    return lambda data: {"format": name} if data[place : place + len(mark)] == mark else None


def _plain(data: bytes) -> str:
    return _TEXT.sub(" ", data.decode("utf-8", "replace")).strip()[:200]


_READERS: dict[str, tuple[Callable[[bytes], Header | None], ...]] = {
    "gguf": (_gguf,),
    "safetensors": (_safetensors,),
    "onnx": (_onnx,),
    "tflite": (_magic(4, b"TFL3", "tflite"),),
    "lite": (_magic(4, b"TFL3", "tflite"),),
    "litertlm": (_magic(0, b"LITERTLM", "litert-lm"),),
    "mlmodel": (_core_ml,),
    "pt": (_torch,),
    "pth": (_torch,),
    "ckpt": (_torch, _hdf5),
    "bin": (_torch, _magic(0, b"lmgg", "ggml"), _magic(0, b"tjgg", "ggml"), _magic(0, b"fmgg", "ggml")),
    "pkl": (_torch, _pickle),
    "pickle": (_pickle,),
    "joblib": (_pickle,),
    "h5": (_hdf5,),
    "hdf5": (_hdf5,),
    "keras": (_keras,),
    "pb": (_magic(0, b"\x08\x01\x12", "tensorflow saved model"),),
    "pte": (_magic(4, b"ET", "executorch"),),
    "engine": (_magic(0, b"ftrt", "tensorrt"),),
    "plan": (_magic(0, b"ftrt", "tensorrt"),),
    "cbm": (_magic(0, b"CBM1", "catboost"),),
}
