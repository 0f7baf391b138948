"""The options of the connector for container images."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from connectors.options import Options, Secret


class ImagesOptions(Options):
    """Which images to read, and how far to go."""

    targets: tuple[str, ...] = Field(
        default=(),
        description=(
            "Images: an archive (tar, also packed), a folder in the OCI image layout, or the name of an "
            "image in a registry; * and ? in repository or tag ask the registry which there are."
        ),
        examples=[["registry.example.org/team/app:1.0", "./app.tar"]],
    )
    platforms: tuple[str, ...] = Field(
        default=("linux/amd64",),
        description="Which images of an index to read: linux/amd64, linux/arm64, ...; * is all.",
    )
    mirrors: Mapping[str, str] = Field(
        default_factory=dict,
        description="URL that stands in for a registry host: a mirror or cache; it gets the credential.",
        examples=[{"docker.io": "https://mirror.example.org"}],
    )
    usernames: Mapping[str, str] = Field(
        default_factory=dict, description="User name by registry host, where its password needs one."
    )
    credentials: Mapping[str, Secret] = Field(
        default_factory=dict, description="Password or token by registry host; sent over https only."
    )
    token_hosts: tuple[str, ...] = Field(
        default=(),
        description="Further hosts that may ask for a registry's credential in exchange for a token.",
    )
    blob_hosts: tuple[str, ...] = Field(
        default=(),
        description="Further hosts (with * for labels) that a registry may lead readers of layers to.",
    )
    plain_http: tuple[str, ...] = Field(
        default=(),
        description="Registry hosts (with port) reached without TLS; this machine's own always may be.",
    )
    max_images: int = Field(
        default=1_000, ge=1, description="Most images that a target with * or ? may stand for."
    )
    max_layer_bytes: int = Field(
        default=32_000_000_000,
        ge=1_000_000,
        description="Layers that unpack to more are listed, not read on.",
    )
    max_members: int = Field(
        default=1_000_000, ge=1_000, description="Layers with more files are listed, not read on."
    )
    max_text_bytes: int = Field(
        default=2_000_000, ge=1_000, description="Larger text files of an application are listed, not read."
    )
    max_format_bytes: int = Field(
        default=16_000_000, ge=1_000, description="The same for manifests, locks and other known formats."
    )
    blob_timeout_s: float = Field(default=1_800.0, gt=0, description="Longest time for reading one layer.")
    catalogue: str = Field(default="", description="A TOML file that extends the catalogue.")
