"""The options that all hosts of repositories share."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connectors.code.options import ReadingOptions


class ForgeOptions(ReadingOptions):
    """Which repositories of a host to read; the others are listed in the coverage, with the reason."""

    repositories: tuple[str, ...] = Field(
        default=(), description="Read only repositories of these names (`owner/name`, with * as a wildcard)."
    )
    exclude_repositories: tuple[str, ...] = Field(
        default=(), description="Read no repositories of these names (`owner/name`, with * as a wildcard)."
    )
    visibility: tuple[Literal["public", "internal", "private"], ...] = Field(
        default=("public", "internal", "private"), description="Read repositories of these visibilities."
    )
    archived: bool = Field(default=True, description="Read archived repositories, too; they are marked.")
    forks: bool = Field(default=False, description="Read forks, too; they are marked.")
    branches: tuple[str, ...] = Field(
        default=(),
        description="Further branches to read besides the default one (with * as a wildcard); "
        "what they show raises no alert.",
    )
    history_files: int = Field(
        default=10,
        ge=0,
        le=1_000,
        description="Files of a repository whose last authors the host is asked for, one request each while "
        "the file stays as it is; 0 asks for none.",
    )
    host: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9.:-]*$",
        description="The host's name in identities; empty: that of the address git reads. "
        "Set it when people clone from another address.",
    )
    page_size: int = Field(default=100, ge=1, le=100, description="Repositories asked for at a time.")
