"""Type what manifests, indexes and image configurations say; refuse what is none of them.

Docker's schema 2 and OCI's forms are read alike, by their content. Schema 1 is refused: its layers are
listed in a signed form that registries have given up.

**Source:** OCI image specification 1.1 (image-index, manifest, config), Docker image manifest v2 schema 2,
general knowledge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from connectors.errors import BadResponse
from connectors.images.streams import is_digest

MAX_MANIFEST_BYTES = 4 * 1024 * 1024
"""What registries take at most (OCI distribution specification, "Pushing Manifests")."""
MAX_CONFIG_BYTES = 8 * 1024 * 1024
MAX_LAYERS = 512
MANIFEST_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer: the digest of its stored bytes (or of the unpacked ones), its size, its type.

    ``place`` is where an archive keeps it. ``is_unpacked_digest``: the digest is of the bytes after
    unpacking, as in archives of older engines. ``is_elsewhere``: its bytes are not kept with the image.
    """

    digest: str
    size: int = -1
    media_type: str = ""
    place: str = ""
    is_unpacked_digest: bool = False
    is_elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One image of an index: its manifest's digest and the platform it is for (``linux/arm64/v8``)."""

    digest: str
    platform: str
    size: int = -1
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """An image's manifest: the digest of its configuration, its layers, lowest first."""

    config: str
    config_type: str
    layers: tuple[Layer, ...]
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig:
    """What an image runs as; ``env`` holds values and must not leave the connector unread."""

    platform: str = ""
    created: str = ""
    env: tuple[str, ...] = field(default=(), repr=False)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    diff_ids: tuple[str, ...] = ()


def load(data: bytes, where: str) -> dict[str, Any]:
    """Return a JSON object; raises ``BadResponse`` for anything else."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise BadResponse("a manifest or configuration is not JSON", where=where) from None
    if not isinstance(value, dict):
        raise BadResponse("a manifest or configuration is no JSON object", where=where)
    return value


def read_manifest(content: Mapping[str, Any], where: str) -> Manifest | tuple[Choice, ...]:
    """Return an image's manifest, or the choices of an index; raises ``BadResponse``."""
    if isinstance(content.get("manifests"), list):
        return tuple(_choice(item) for item in content["manifests"] if _is_descriptor(item))
    if content.get("schemaVersion") == 1:
        raise BadResponse(
            "a manifest of schema 1, which is not read",
            where=where,
            hint="Push the image again with a newer engine.",
        )
    config, layers = content.get("config"), content.get("layers")
    if not _is_descriptor(config) or not isinstance(layers, list):
        raise BadResponse("neither a manifest nor an index of images", where=where)
    if len(layers) > MAX_LAYERS or not all(_is_descriptor(item) for item in layers):
        raise BadResponse(f"a manifest with a layer that is none, or more than {MAX_LAYERS}", where=where)
    assert isinstance(config, dict)
    return Manifest(
        config=config["digest"],
        config_type=_text(config, "mediaType"),
        layers=tuple(_layer(item) for item in layers),
        artifact_type=_text(content, "artifactType"),
        annotations=_texts(content.get("annotations")),
    )


def read_config(content: Mapping[str, Any]) -> ImageConfig:
    """Return what an image's configuration says; what is malformed in it is left out."""
    run = content.get("config")
    run = run if isinstance(run, dict) else {}
    rootfs = content.get("rootfs")
    diff_ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
    return ImageConfig(
        platform=_platform(content),
        created=_text(content, "created"),
        env=_strings(run.get("Env")),
        entrypoint=_strings(run.get("Entrypoint")),
        command=_strings(run.get("Cmd")),
        labels=_texts(run.get("Labels")),
        diff_ids=tuple(one for one in _strings(diff_ids) if is_digest(one)),
    )


def _is_descriptor(value: object) -> bool:
    return isinstance(value, dict) and is_digest(value.get("digest"))


def _layer(item: dict[str, Any]) -> Layer:
    media_type = _text(item, "mediaType")
    return Layer(
        digest=item["digest"],
        size=_size(item),
        media_type=media_type,
        # Base layers of Windows are only named: their maker does not let others keep them.
        is_elsewhere="foreign" in media_type or "nondistributable" in media_type,
    )


def _choice(item: dict[str, Any]) -> Choice:
    platform = item.get("platform")
    return Choice(
        digest=item["digest"],
        platform=_platform(platform) if isinstance(platform, dict) else "",
        size=_size(item),
        annotations=_texts(item.get("annotations")),
    )


def _platform(content: Mapping[str, Any]) -> str:
    pieces = (_text(content, "os"), _text(content, "architecture"), _text(content, "variant"))
    return "/".join(piece for piece in pieces if piece)[:60]


def _size(item: Mapping[str, Any]) -> int:
    size = item.get("size")
    return size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else -1


def _text(content: Mapping[str, Any], key: str) -> str:
    value = content.get(key)
    return value[:500] if isinstance(value, str) else ""


def _texts(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {key: text for key, text in value.items() if isinstance(key, str) and isinstance(text, str)}


def _strings(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def fits(platform: str, wanted: tuple[str, ...]) -> bool:
    """Say whether a platform is among the wanted ones: ``*`` is all, ``linux/arm64`` any variant of it."""
    if platform.startswith("unknown"):  # an attestation that a build tool put beside the images
        return False
    return any(one in ("*", platform) or platform.startswith(f"{one}/") for one in wanted)
