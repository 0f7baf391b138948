"""Read files of model weights by their first bytes, model cards, and configuration beside weights."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connectors.catalogue.tables import Catalogue
from connectors.code.facts import Fact, Source, UnreadableError
from connectors.code.formats.common import load_json_object, short
from connectors.code.formats.model_headers import read_header
from connectors.code.formats.model_ids import vendor_of
from connectors.model import Grade, Json

_POINTER = b"version https://git-lfs.github.com/spec/"
# With these endings a name is proof enough where only a Git LFS pointer is there; others need their content.
_SURE = frozenset(
    {"gguf", "safetensors", "onnx", "tflite", "mlmodel", "pt", "pth", "ckpt", "keras", "litertlm"}
)
_SHARD = re.compile(r"-0*(\d+)-of-\d{2,}")
_MATTER = re.compile(r"---\r?\n(.{0,12000}?)\n---\s", re.S)
_CARD_KEYS = ("library_name", "pipeline_tag", "base_model", "model-index")
_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def parse(source: Source) -> Iterator[Fact]:
    """Yield the model file when its bytes are one's; of a model in several files the first stands for all.

    Raises :class:`UnreadableError` for a Git LFS pointer whose name does not prove what it points to.
    """
    shard = _SHARD.search(source.name)
    if shard and int(shard.group(1)) > 1:
        return
    ending = source.name.rpartition(".")[2].lower()
    if source.data.startswith(_POINTER):
        yield _pointer(source, ending)
        return
    header = read_header(source.data, ending)
    if header is not None:
        yield _file(header)


def _pointer(source: Source, ending: str) -> Fact:
    if ending not in _SURE and not source.name.endswith("_model.bin"):
        raise UnreadableError("a Git LFS pointer; its content is not in the repository")
    attributes: dict[str, Json] = {"format": ending, "lfs": True}
    size = re.search(rb"\nsize (\d{1,15})\n", source.data)
    if size:
        attributes["size_bytes"] = int(size.group(1))
    return _file(attributes)


def _file(attributes: dict[str, Json]) -> Fact:
    return Fact(
        kind="model_file",
        provider="local",
        identifier="",
        name="",
        grade=Grade.CONFIGURED,
        attributes=attributes,
    )


def parse_package(source: Source) -> Iterator[Fact]:
    """Yield a Core ML package by its Manifest.json."""
    if "rootModelIdentifier" in load_json_object(source):
        yield _file({"format": "coreml"})


def parse_config(source: Source) -> Iterator[Fact]:
    """Yield the model that a transformers ``config.json`` or PEFT ``adapter_config.json`` describes."""
    if b'"model_type"' not in source.data and b'"peft_type"' not in source.data:
        return
    content = load_json_object(source)
    kinds = content.get("architectures")
    is_model = isinstance(kinds, list) and bool(kinds) and isinstance(content.get("model_type"), str)
    base = content.get("base_model_name_or_path") if "peft_type" in content else content.get("_name_or_path")
    if not is_model and not ("peft_type" in content and isinstance(base, str)):
        return
    name = base if isinstance(base, str) and _ID.fullmatch(base) else ""
    yield _described(
        source.catalogue,
        name,
        form="adapter" if "peft_type" in content else "model configuration",
        architecture=short(kinds[0]) if is_model and isinstance(kinds, list) else None,
        model_type=short(content["model_type"]) if is_model else None,
    )


def parse_card(source: Source) -> Iterator[Fact]:
    """Yield the model that a model card (front matter of a README.md) stands for."""
    matter = _MATTER.match(source.lenient_text()) if source.data.startswith(b"---") else None
    if matter is None:
        return
    fields = _fields(matter.group(1))
    if not any(key in fields for key in _CARD_KEYS):
        return
    bases = [base for base in fields.get("base_model", []) if _ID.fullmatch(base)]
    yield _described(
        source.catalogue,
        "",
        form="model card",
        library=_first(fields, "library_name"),
        task=_first(fields, "pipeline_tag"),
        license=_first(fields, "license"),
        base_model=bases[0] if bases else None,
    )


def _described(catalogue: Catalogue, model: str, **attributes: Json) -> Fact:
    base = attributes.get("base_model")
    known = model or (base if isinstance(base, str) else "")
    return Fact(
        kind="model",
        provider=(vendor_of(catalogue, known) if known else "") or "huggingface",
        identifier=model,
        name=model,
        grade=Grade.DECLARED,
        line=1,
        model=model or None,
        attributes={key: value for key, value in attributes.items() if value},
    )


def _fields(text: str) -> dict[str, list[str]]:
    """Return the top-level keys of plain front matter with their values; nested tables only as keys."""
    found: dict[str, list[str]] = {}
    key = ""
    for line in text.splitlines():
        top = re.match(r"([A-Za-z_][\w-]*)\s*:\s*(.*)", line)
        item = re.match(r"\s*-\s+(\S.*)", line)
        if top:
            key = top.group(1)
            found[key] = [value for value in [_unquoted(top.group(2))] if value]
        elif item and key:
            found[key].append(_unquoted(item.group(1)))
    return found


def _unquoted(text: str) -> str:
    return text.strip().strip("\"'").strip()[:200]


def _first(fields: dict[str, list[str]], key: str) -> Any:
    values = fields.get(key) or [""]
    return short(values[0]) or None
