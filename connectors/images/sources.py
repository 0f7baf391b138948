"""Read an image from where it is kept: the pieces all places have in common, and a folder with a layout."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from connectors.errors import BadResponse, NotOffered
from connectors.images.manifests import (
    MAX_CONFIG_BYTES,
    MAX_MANIFEST_BYTES,
    Choice,
    ImageConfig,
    Layer,
    Manifest,
    fits,
    load,
    read_config,
    read_manifest,
)
from connectors.images.streams import ByteStream, Hashed, LayerError

_MAX_NESTED = 3
"""Indexes in indexes that are followed; build tools make one of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One image for one platform: the digest of its manifest, its layers, what it runs as."""

    digest: str
    layers: tuple[Layer, ...]
    config: ImageConfig
    manifest: Manifest | None = None


class ImageSource(Protocol):
    """A place that keeps images.

    ``is_local``: bytes under a digest may be other ones than it says until they were hashed here.
    """

    is_local: bool

    def images(self, version: str, platforms: tuple[str, ...]) -> tuple[str, list[Image]]:
        """Return the digest of what ``version`` names, and its images for the wanted platforms."""

    def layers(self, wanted: Iterable[Layer]) -> Iterator[tuple[Layer, ByteStream | LayerError]]:
        """Yield the stored bytes of layers, in the order that suits the place; read each before the next."""


class Blobs(Protocol):
    """Small pieces by digest, checked against it."""

    def manifest(self, version: str) -> tuple[str, bytes]:
        """Return a manifest's digest and bytes by tag or digest."""

    def config(self, digest: str) -> bytes:
        """Return a configuration's bytes."""


def resolve(blobs: Blobs, version: str, platforms: tuple[str, ...]) -> tuple[str, list[Image]]:
    """Return the digest of what a version names, and its images for the wanted platforms.

    Raises ``NotOffered`` when an index has none of them.
    """
    top, data = blobs.manifest(version)
    found: list[Image] = []
    offered: list[str] = []
    pending: list[tuple[str, bytes, int]] = [(top, data, 0)]
    while pending:
        digest, data, depth = pending.pop(0)
        content = read_manifest(load(data, digest), digest)
        if isinstance(content, Manifest):
            found.append(_image(blobs, digest, content))
            continue
        for choice in content:
            offered.append(choice.platform)
            if depth < _MAX_NESTED and (not choice.platform or fits(choice.platform, platforms)):
                pending.append((*blobs.manifest(choice.digest), depth + 1))
    if not found:
        shown = ", ".join(sorted({one for one in offered if one}))[:200] or "nothing"
        raise NotOffered(
            f"there is no image for {', '.join(platforms)}; offered: {shown}",
            hint="Set the option platforms.",
        )
    return top, found


def _image(blobs: Blobs, digest: str, manifest: Manifest) -> Image:
    config = read_config(load(blobs.config(manifest.config), manifest.config))
    return Image(digest=digest, layers=manifest.layers, config=config, manifest=manifest)


class LayoutFolder:
    """A folder in the OCI image layout, read by descriptors and never through a link."""

    is_local = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def choices(self) -> tuple[Choice, ...]:
        """Return what the folder's index names; raises ``BadResponse``."""
        data = self._small("index.json", MAX_MANIFEST_BYTES)
        content = read_manifest(load(data, "index.json"), "index.json")
        if isinstance(content, Manifest):
            raise BadResponse("index.json is no index", where=str(self._folder))
        return content

    def images(self, version: str, platforms: tuple[str, ...]) -> tuple[str, list[Image]]:
        """Return the images of one entry of the index, by its digest."""
        return resolve(self, version, platforms)

    def layers(self, wanted: Iterable[Layer]) -> Iterator[tuple[Layer, ByteStream | LayerError]]:
        """Yield each layer's file."""
        for layer in wanted:
            try:
                file = self._open(_blob(layer.digest))
            except OSError as error:
                yield layer, LayerError(f"its file cannot be opened: {error.strerror}")
                continue
            with file:
                yield layer, file

    def manifest(self, version: str) -> tuple[str, bytes]:
        """Return a manifest by its digest."""
        return version, self._checked(version, MAX_MANIFEST_BYTES)

    def config(self, digest: str) -> bytes:
        """Return a configuration."""
        return self._checked(digest, MAX_CONFIG_BYTES)

    def _checked(self, digest: str, limit: int) -> bytes:
        return checked(self._small(_blob(digest), limit), digest)

    def _small(self, name: str, limit: int) -> bytes:
        try:
            with self._open(name) as file:
                data = file.read(limit + 1)
        except OSError as error:
            raise BadResponse(f"{name} cannot be read: {error.strerror}", where=str(self._folder)) from error
        if len(data) > limit:
            raise BadResponse(f"{name} is larger than {limit:,} bytes", where=str(self._folder))
        return data

    def _open(self, name: str) -> BinaryIO:
        """Open a file below the folder; a link in its place, or a pipe, is refused."""
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        *folders, last = name.split("/")
        for piece in folders:
            try:
                inner = os.open(piece, _FOLDER_FLAGS, dir_fd=folder)
            finally:
                os.close(folder)
            folder = inner
        try:
            handle = os.open(last, _FILE_FLAGS, dir_fd=folder)
        finally:
            os.close(folder)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise OSError(0, "not a regular file")
        return os.fdopen(handle, "rb")


_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def checked(data: bytes, digest: str) -> bytes:
    """Return small bytes that have the digest they are kept under; raises ``BadResponse`` otherwise."""
    stream = Hashed(_Once(data), digest)
    try:
        stream.finish()
    except LayerError as error:
        raise BadResponse(f"a manifest or configuration is not what it is kept as: {error}") from None
    return data


class _Once:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int) -> bytes:
        data, self._data = self._data[:size], self._data[size:]
        return data


def _blob(digest: str) -> str:
    algorithm, _, digits = digest.partition(":")
    return f"blobs/{algorithm}/{digits}"
