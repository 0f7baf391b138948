"""Read an image once for all parts: its manifests, its layers, and what its file system holds in the end."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

from connectors.contract import Cache
from connectors.hygiene import holds_secret
from connectors.images.contents import ContentReader
from connectors.images.layers import LayerFacts, read_layer
from connectors.images.manifests import Layer
from connectors.images.merging import FileSystem, lay_over
from connectors.images.sources import Image, ImageSource
from connectors.images.streams import ByteStream, Hashed, LayerError, StreamLimits, unpacked

log = logging.getLogger("aicensus.images")

_IMAGE_CONFIGS = (
    "",
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
)


@dataclass(slots=True, kw_only=True)
class ReadImage:
    """What was read of an image: its digest, its images by platform with their file systems, and the gaps.

    ``gaps`` are layers that were not read (digest, reason): anything might be in them. ``not_images`` are
    artifacts among the images, with what they are.
    """

    digest: str
    images: list[Image] = field(default_factory=list)
    systems: list[FileSystem] = field(default_factory=list)
    gaps: list[tuple[str, str]] = field(default_factory=list)
    not_images: list[tuple[Image, str]] = field(default_factory=list)


class ImageReader:
    """Bring the layers of an image through cache, streams and readers."""

    def __init__(self, contents: ContentReader, cache: Cache, limits: StreamLimits) -> None:
        self._contents = contents
        self._cache = cache
        self._limits = limits

    def read(self, source: ImageSource, version: str, platforms: tuple[str, ...]) -> ReadImage:
        """Return what the image holds; raises the connector errors of its source."""
        digest, images = source.images(version, platforms)
        result = ReadImage(digest=digest)
        for image in images:
            other = artifact_type(image)
            if other:
                result.not_images.append((image, other))
            else:
                result.images.append(image)
        wanted = {
            (layer.digest, number == 0): layer
            for image in result.images
            for number, layer in enumerate(image.layers)
        }
        known = self._layers(source, wanted, result.gaps)
        for image in result.images:
            laid = [
                (layer, known.get((layer.digest, not number))) for number, layer in enumerate(image.layers)
            ]
            result.systems.append(lay_over([(layer, facts) for layer, facts in laid if facts is not None]))
        return result

    def _layers(
        self, source: ImageSource, wanted: dict[tuple[str, bool], Layer], gaps: list[tuple[str, str]]
    ) -> dict[tuple[str, bool], LayerFacts]:
        keys = {place: self._key(*place) for place in wanted}
        packed = self._cache.get_many(keys.values())
        known: dict[tuple[str, bool], LayerFacts] = {}
        for place, key in keys.items():
            facts = LayerFacts.unpack(packed[key]) if key in packed else None
            if facts is not None:
                known[place] = facts
        # A place's own bytes may be other ones than the digest says: what is local is hashed even so.
        todo = {place: layer for place, layer in wanted.items() if source.is_local or place not in known}
        by_digest: dict[str, list[bool]] = {}
        for digest, is_base in todo:
            by_digest.setdefault(digest, []).append(is_base)
        for layer, stream in source.layers(self._readable(todo.values(), gaps)):
            # One pass is enough for both uses of a layer: not as a base more is kept of it.
            is_base = all(by_digest[layer.digest])
            try:
                facts = self._one(layer, stream, known.get((layer.digest, is_base)), is_base)
            except LayerError as error:
                gaps.append((layer.digest, str(error)))
                for either in (False, True):
                    known.pop((layer.digest, either), None)
                continue
            for either in by_digest[layer.digest]:
                known[layer.digest, either] = facts
        return known

    def _readable(self, layers: Iterable[Layer], gaps: list[tuple[str, str]]) -> list[Layer]:
        """Return each layer once, without those whose bytes are kept elsewhere."""
        found: dict[str, Layer] = {}
        for layer in layers:
            if layer.is_elsewhere:
                gaps.append((layer.digest, "its bytes are kept elsewhere by its maker and are not fetched"))
            else:
                found[layer.digest] = layer
        return list(found.values())

    def _one(
        self, layer: Layer, stream: ByteStream | LayerError, known: LayerFacts | None, is_base: bool
    ) -> LayerFacts:
        """Return what a layer says, its bytes checked; raises :class:`LayerError`."""
        if isinstance(stream, LayerError):
            raise stream
        stored = Hashed(stream, "" if layer.is_unpacked_digest else layer.digest)
        if known is not None and not layer.is_unpacked_digest:
            stored.finish()
            return known
        plain = Hashed(unpacked(stored, self._limits), layer.digest if layer.is_unpacked_digest else "")
        facts = known or read_layer(plain, self._contents, self._limits, is_base=is_base)
        (plain if layer.is_unpacked_digest else stored).finish()
        if known is None:
            packed = facts.pack()
            if not holds_secret(packed, *(fact.tags for _, fact in facts.facts())):
                self._cache.put(self._key(layer.digest, is_base), packed)
        return facts

    def _key(self, digest: str, is_base: bool) -> str:
        return (
            f"image/{digest}/{'base' if is_base else 'layer'}/{self._contents.version}/{self._limits.members}"
        )


def artifact_type(image: Image) -> str:
    """Return what an artifact is that only travels as an image does; empty for an image."""
    manifest = image.manifest
    if manifest is None:
        return ""
    if manifest.artifact_type:
        return manifest.artifact_type
    if manifest.config_type not in _IMAGE_CONFIGS:
        return manifest.config_type
    foreign = [
        layer.media_type for layer in image.layers if layer.media_type.startswith("application/vnd.ollama.")
    ]
    return foreign[0] if foreign else ""
