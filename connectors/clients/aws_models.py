"""Load botocore's service models lean: only the operations we may call, and no documentation.

A service model is a few megabytes of text, most of it documentation and operations that no connector asks.
Left out, the first SageMaker client costs a tenth of the time and the process about a third less memory.
The guard of declared operations stays in force; this is no second guard.

**Source:** ``file_loader`` is a documented argument of ``botocore.loaders.Loader`` (botocore 1.44.5, read
2026-11-20).
"""

from __future__ import annotations

import gzip
import re
import threading
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson

_lock = threading.Lock()
_loaders: dict[frozenset[tuple[str, str]], Any] = {}


def lean_loader(operations: frozenset[tuple[str, str]]) -> Any:
    """Return this process's loader for a set of (service, operation); made once per set."""
    from botocore.loaders import Loader

    files: Any = _LeanFiles(operations)  # has the two methods of botocore's JSONFileLoader
    with _lock:
        loader = _loaders.get(operations)
        if loader is None:
            loader = _loaders[operations] = Loader(file_loader=files)
        return loader


class _LeanFiles:
    """Stand in for botocore's ``JSONFileLoader``."""

    def __init__(self, operations: frozenset[tuple[str, str]]) -> None:
        self._operations: dict[str, set[str]] = {}
        for service, operation in operations:
            self._operations.setdefault(service, set()).add(operation)

    def exists(self, file_path: str) -> bool:
        """Say whether there is a plain or packed file of that name."""
        return any(path.is_file() for path in _files(file_path))

    def load_file(self, file_path: str) -> Any:
        """Return the file's data, ``None`` when there is none; service models come trimmed."""
        for path in _files(file_path):
            if path.is_file():
                raw = path.read_bytes()
                text = gzip.decompress(raw) if path.suffix == ".gz" else raw
                if path.name.startswith("service-2.json"):  # an addition to a model is small as it is
                    return trimmed(text, self._operations.get(path.parent.parent.name, set()))
                return orjson.loads(text)
        return None


def _files(file_path: str) -> tuple[Path, Path]:
    return Path(f"{file_path}.json"), Path(f"{file_path}.json.gz")


def trimmed(text: bytes, operations: set[str]) -> dict[str, Any]:
    """Read a service model with only some operations and the shapes that they reach.

    The whole of a large model takes thirty times as much memory as what is kept of it, and a process does
    not give that back: what is left out is not even parsed.
    """
    top = _members(text, 1)
    all_operations, all_shapes = _members(top["operations"], 2), _members(top["shapes"], 2)
    kept = {
        name: _undocumented(orjson.loads(one)) for name, one in all_operations.items() if name in operations
    }
    shapes: dict[str, Any] = {}
    waiting = [name for operation in kept.values() for name in _shapes_of_operation(operation)]
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = _undocumented(orjson.loads(all_shapes[name]))
            waiting.extend(_shapes_of_shape(shapes[name]))
    ordered = {name: shapes[name] for name in all_shapes if name in shapes}
    rest = {
        name: orjson.loads(one)
        for name, one in top.items()
        if name not in ("operations", "shapes", "documentation")
    }
    return {**rest, "operations": kept, "shapes": ordered}


def _members(text: bytes, depth: int) -> dict[str, bytes]:
    """Return the members of a JSON object by name, unparsed.

    The SDK's files are written with two spaces for each depth, and a text in them has no line breaks of its
    own, so a member begins where a line is indented by just its depth. Written otherwise, it is parsed.
    """
    indent = b"  " * depth + b'"'
    found: dict[str, bytes] = {}
    if text.lstrip().startswith(b"{\n" + indent):
        starts = [one.start() for one in re.finditer(b"^" + indent, text, re.MULTILINE)]
        for start, end in pairwise([*starts, text.rindex(b"}")]):
            name, _, value = text[start:end].strip().removesuffix(b",").partition(b":")
            found[orjson.loads(name)] = value
    return found or {name: orjson.dumps(value) for name, value in orjson.loads(text).items()}


def _undocumented(value: Mapping[str, Any]) -> dict[str, Any]:
    lean = {name: inner for name, inner in value.items() if name != "documentation"}
    if "members" in lean:
        lean["members"] = {name: _undocumented(member) for name, member in lean["members"].items()}
    return lean


def _shapes_of_operation(operation: Mapping[str, Any]) -> list[str]:
    used = [operation[side]["shape"] for side in ("input", "output") if side in operation]
    return used + [error["shape"] for error in operation.get("errors", ())]


def _shapes_of_shape(shape: Mapping[str, Any]) -> list[str]:
    inner = list(shape.get("members", {}).values())
    inner += [shape[side] for side in ("member", "key", "value") if side in shape]
    return [one["shape"] for one in inner]
