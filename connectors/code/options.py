"""The options of the code connector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field, PrivateAttr

from connectors.options import Options, Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Which earlier version a scan compares with, so that it shows only what changed.

    ``base`` is a branch or commit whose common ancestor with HEAD counts (a pull request's target),
    ``since`` one that counts itself, ``since_at`` a moment whose last commit counts. One of them is set.
    """

    base: str = ""
    since: str = ""
    since_at: datetime | None = None


class ReadingOptions(Options):
    """How far to go in a tree, for every connector that reads repositories.

    Paths in ``include`` and ``exclude`` are gitignore patterns relative to each tree.
    """

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
    fetch_timeout_s: float = Field(
        default=600.0, gt=0, description="Longest time for fetching one repository."
    )
    max_fetch_bytes: int = Field(
        default=2_000_000_000, ge=1_000_000, description="Largest repository to fetch."
    )


class CodeOptions(ReadingOptions):
    """What to scan, and how far to go."""

    targets: tuple[str, ...] = Field(
        default=(".",), description="Folders, git repositories (bare or not) and git URLs (https, ssh)."
    )
    ref: str = Field(
        default="", description="Branch, tag or commit to read of git URLs and bare repositories."
    )
    credentials: Mapping[str, Secret] = Field(
        default_factory=dict, description="Token by host name for git URLs over https."
    )
    history_commits: int = Field(
        default=500,
        ge=0,
        le=100_000,
        description="How many of the last commits are asked who introduced and changed things; 0: none.",
    )
    protocols: tuple[str, ...] = Field(
        default=("https", "ssh"),
        description="Transports allowed for git URLs; `file` is for tests of one's own.",
    )
    # Of one run, never of a configuration: a scan that looks at changes alone must be journaled as such.
    _changes: Changes | None = PrivateAttr(default=None)

    @property
    def changes(self) -> Changes | None:
        """Return what this run compares with; ``None``: it looks at everything."""
        return self._changes

    def only(self, changes: Changes | None) -> CodeOptions:
        """Return the same options for a run that looks only at what changed."""
        narrowed = self.model_copy()
        narrowed._changes = changes
        return narrowed
