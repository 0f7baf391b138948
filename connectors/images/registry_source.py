"""A repository of a registry as a source of images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.images.manifests import Layer
from connectors.images.reference import Reference
from connectors.images.registry_client import RegistryClient
from connectors.images.sources import Image, resolve
from connectors.images.streams import ByteStream, LayerError


class RegistrySource:
    """Read images of one repository."""

    is_local = False

    def __init__(self, client: RegistryClient, reference: Reference) -> None:
        self._client = client
        self._repository = reference.repository

    def images(self, version: str, platforms: tuple[str, ...]) -> tuple[str, list[Image]]:
        """Return the images that a tag or digest stands for."""
        return resolve(self, version, platforms)

    def layers(self, wanted: Iterable[Layer]) -> Iterator[tuple[Layer, ByteStream | LayerError]]:
        """Yield each layer's bytes as they come."""
        for layer in wanted:
            with self._client.blob(self._repository, layer.digest) as stream:
                yield layer, stream

    def manifest(self, version: str) -> tuple[str, bytes]:
        """Return a manifest."""
        return self._client.manifest(self._repository, version)

    def config(self, digest: str) -> bytes:
        """Return a configuration."""
        return self._client.config(self._repository, digest)
