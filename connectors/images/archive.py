"""Read an image archive: a tar file, packed or not, as engines save it or in the OCI layout.

An unpacked archive is read in place; a packed one is streamed once to learn what it holds and once for the
layers. Nothing is written anywhere.

**Source:** OCI image layout 1.1; the archive of ``docker image save`` (``manifest.json`` beside
``<id>/layer.tar`` or ``blobs/``), general knowledge.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from connectors.errors import BadResponse
from connectors.images.manifests import Choice, Layer, load, read_config, read_manifest
from connectors.images.sources import Image, checked, resolve
from connectors.images.streams import ByteStream, Hashed, LayerError, StreamLimits, unpacked
from connectors.images.tar import TarReader, inside

_MAX_SMALL = 8 * 1024 * 1024
_MAX_SMALL_TOTAL = 32 * 1024 * 1024
NAMES = "names"
"""The annotation under which the names of an engine's archive are handed on, joined by blanks."""


@dataclass(slots=True)
class _Contents:
    """What an archive holds: places of files, links among them, and the small JSON files themselves."""

    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    small: dict[str, bytes] = field(default_factory=dict)


class ImageArchive:
    """An archive on disk."""

    is_local = True

    def __init__(self, path: Path, limits: StreamLimits) -> None:
        self._path = path
        self._limits = limits
        self._is_packed = False
        self._contents = self._index()

    def choices(self) -> tuple[Choice, ...]:
        """Return the images of the archive; raises ``BadResponse`` when it holds none."""
        if "index.json" in self._contents.small:
            content = read_manifest(load(self._contents.small["index.json"], "index.json"), "index.json")
            here = content if isinstance(content, tuple) else ()
            whole = tuple(one for one in here if _blob(one.digest) in self._contents.small)
            if whole:
                return whole
        entries = self._entries()
        if not entries:
            raise BadResponse("the archive holds neither index.json nor manifest.json", where=str(self._path))
        return tuple(
            Choice(
                digest=_digest(self._small(str(entry.get("Config")))),
                platform="",
                annotations={NAMES: " ".join(name for name in _strings(entry.get("RepoTags")))},
            )
            for entry in entries
        )

    def images(self, version: str, platforms: tuple[str, ...]) -> tuple[str, list[Image]]:
        """Return the images that a digest of :meth:`choices` stands for; raises ``BadResponse`` for none."""
        if _blob(version) in self._contents.small and "index.json" in self._contents.small:
            data = self._contents.small[_blob(version)]
            if _is_manifest(data):
                return resolve(self, version, platforms)
        for entry in self._entries():
            config = self._small(str(entry.get("Config")))
            if _digest(config) == version:
                return version, [self._saved(entry, config, version)]
        raise BadResponse(f"the archive does not hold {version}", where=str(self._path))

    def layers(self, wanted: Iterable[Layer]) -> Iterator[tuple[Layer, ByteStream | LayerError]]:
        """Yield the stored bytes of layers; of a packed archive in the order in which they lie there."""
        by_place: dict[str, Layer] = {}
        for layer in wanted:
            place = self._place(layer.place or _blob(layer.digest))
            if place not in self._contents.places:
                yield layer, LayerError("it is not in the archive")
            else:
                by_place[place] = layer
        with self._open() as file:
            if self._is_packed:
                yield from self._streamed(file, by_place)
                return
            for place, layer in by_place.items():
                start, size = self._contents.places[place]
                file.seek(start)
                yield layer, _Region(file, size)

    def manifest(self, version: str) -> tuple[str, bytes]:
        """Return a manifest by its digest."""
        return version, checked(self._small(_blob(version)), version)

    def config(self, digest: str) -> bytes:
        """Return a configuration."""
        return checked(self._small(_blob(digest)), digest)

    def _streamed(
        self, file: BinaryIO, by_place: dict[str, Layer]
    ) -> Iterator[tuple[Layer, ByteStream | LayerError]]:
        left = dict(by_place)
        reader = TarReader(self._stream(file), self._limits)
        try:
            for member in reader:
                layer = left.pop(_name(member.path, self._limits), None) if member.kind == "file" else None
                if layer is not None:
                    yield layer, reader
                if not left:
                    return
        except LayerError as error:
            reason = LayerError(f"the archive around it cannot be read: {error}")
            yield from ((layer, reason) for layer in left.values())

    def _saved(self, entry: dict[str, Any], config: bytes, version: str) -> Image:
        """Return an image of an engine's own archive; its layers go by the digests of what they unpack to."""
        read = read_config(load(config, "configuration"))
        places = _strings(entry.get("Layers"))
        if len(places) != len(read.diff_ids):
            raise BadResponse(
                "the archive names another number of layers than its configuration", where=version
            )
        layers = tuple(
            Layer(digest=diff_id, place=place, is_unpacked_digest=True)
            for place, diff_id in zip(places, read.diff_ids, strict=True)
        )
        return Image(digest=version, layers=layers, config=replace(read))

    def _entries(self) -> list[dict[str, Any]]:
        if "manifest.json" not in self._contents.small:
            return []
        try:
            entries = orjson.loads(self._contents.small["manifest.json"])
        except orjson.JSONDecodeError:
            raise BadResponse("manifest.json is not JSON", where=str(self._path)) from None
        return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []

    def _small(self, name: str) -> bytes:
        place = self._place(name)
        if place not in self._contents.small:
            raise BadResponse("the archive lacks a manifest or configuration", where=str(self._path))
        return self._contents.small[place]

    def _place(self, name: str) -> str:
        """Follow a link from one member to another, as older engines write for layers used twice."""
        try:
            place = inside(name, self._limits)
        except ValueError:
            return ""
        return self._contents.links.get(place, place)

    def _index(self) -> _Contents:
        found, total = _Contents(), 0
        try:
            with self._open() as file:
                self._is_packed = file.read(2) == b"\x1f\x8b"
                file.seek(0)
                reader = TarReader(self._stream(file), self._limits)
                for member in reader:
                    name = _name(member.path, self._limits)
                    if member.kind in ("link", "hard"):
                        target = member.target if member.kind == "hard" else _beside(name, member.target)
                        found.links[name] = _name(target, self._limits)
                    if member.kind != "file" or not name:
                        continue
                    found.places[name] = (file.tell() if not self._is_packed else -1, member.size)
                    if member.size <= _MAX_SMALL and total < _MAX_SMALL_TOTAL:
                        head = reader.read(1)
                        if head in (b"{", b"["):
                            found.small[name] = head + reader.read_all(_MAX_SMALL)
                            total += member.size
        except LayerError as error:
            raise BadResponse(f"the archive cannot be read: {error}", where=str(self._path)) from None
        except OSError as error:
            raise BadResponse(
                f"the archive cannot be read: {error.strerror}", where=str(self._path)
            ) from error
        return found

    def _open(self) -> BinaryIO:
        handle = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise BadResponse("not a regular file", where=str(self._path))
        return os.fdopen(handle, "rb")

    def _stream(self, file: BinaryIO) -> ByteStream:
        return unpacked(Hashed(file, ""), self._limits) if self._is_packed else _Plain(file)


class _Plain:
    """A file that can be passed over without reading."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._end = os.fstat(file.fileno()).st_size

    def read(self, size: int) -> bytes:
        return self._file.read(size)

    def skip(self, size: int) -> None:
        if self._file.tell() + size > self._end:
            raise LayerError("it is cut off in the middle of a file")
        self._file.seek(size, os.SEEK_CUR)


class _Region:
    """A part of a file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._left = size

    def read(self, size: int) -> bytes:
        data = self._file.read(min(size, self._left))
        self._left -= len(data)
        return data


def _is_manifest(data: bytes) -> bool:
    try:
        content = orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    return isinstance(content, dict) and ("layers" in content or "manifests" in content)


def _name(path: str, limits: StreamLimits) -> str:
    try:
        return inside(path, limits)
    except ValueError:
        return ""


def _beside(name: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), target))


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _blob(digest: str) -> str:
    algorithm, _, digits = digest.partition(":")
    return f"blobs/{algorithm}/{digits}"


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
