"""Say what reading a repository of a host depends on (see :mod:`connectors.code.kept`)."""

from __future__ import annotations

from connectors.code.kept import version_of
from connectors.code.options import ReadingOptions
from connectors.code.registry import Formats
from connectors.forges.repositories import Repository


def reading_version(repository: Repository, head: str, options: ReadingOptions, formats: Formats) -> str:
    """Return what changes whenever reading the repository again could show something else.

    Head, branch and what the host says of the repository; code and catalogue; options of reading.
    """
    facts = [
        *(head, repository.branch, repository.is_default, repository.repository, repository.address),
        *(repository.marks, repository.visibility, repository.fork_of, repository.fork_by),
    ]
    return version_of(options, formats, facts)
