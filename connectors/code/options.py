"""The options of the code connector."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from connectors.options import Options, Secret


class CodeOptions(Options):
    """What to scan, and how far to go.

    Paths in ``include`` and ``exclude`` are gitignore patterns relative to each target.
    """

    targets: tuple[str, ...] = Field(
        default=(".",), description="Folders, git repositories (bare or not) and git URLs (https, ssh)."
    )
    ref: str = Field(
        default="", description="Branch, tag or commit to read of git URLs and bare repositories."
    )
    include: tuple[str, ...] = Field(
        default=(), description="Read only paths that match one of these patterns."
    )
    exclude: tuple[str, ...] = Field(
        default=(), description="Read no paths that match one of these patterns."
    )
    own_packages: tuple[str, ...] = Field(
        default=(),
        description="Names (with * as a wildcard) of the organisation's own packages; marked as such.",
    )
    max_text_bytes: int = Field(
        default=2_000_000, ge=1_000, description="Larger text files are listed, not read."
    )
    max_format_bytes: int = Field(
        default=16_000_000, ge=1_000, description="The same for manifests, locks and other known formats."
    )
    catalogue: str = Field(default="", description="A TOML file that extends the catalogue.")
    credentials: Mapping[str, Secret] = Field(
        default_factory=dict, description="Token by host name for git URLs over https."
    )
    fetch_timeout_s: float = Field(
        default=600.0, gt=0, description="Longest time for fetching one repository."
    )
    max_fetch_bytes: int = Field(
        default=2_000_000_000, ge=1_000_000, description="Largest repository to fetch."
    )
    protocols: tuple[str, ...] = Field(
        default=("https", "ssh"),
        description="Transports allowed for git URLs; `file` is for tests of one's own.",
    )
