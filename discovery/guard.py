"""Refuse to start when another distribution has put itself over one of our packages.

Our five import packages have plain names. Two distributions that own one top-level name overwrite each
other in silence, and then half of one runs with half of the other.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from importlib import metadata

OUR_NAMES = ("connectors", "discovery", "normalizer", "scheduler", "store")
OUR_DISTRIBUTION = "aicensus"
_fine: set[tuple[str, ...]] = set()


class NameTaken(RuntimeError):
    """Another distribution owns one of our names; the text says which and what to do."""


def foreign_owners(distributions: Iterable[metadata.Distribution]) -> dict[str, list[str]]:
    """Return which of our names other distributions own: ``name -> sorted distribution names``."""
    owners: dict[str, set[str]] = {}
    for distribution in distributions:
        for top_level in _our_names_in(distribution):
            name = distribution.metadata["Name"] or "(unnamed)"
            if re.sub(r"[-_.]+", "-", name).lower() != OUR_DISTRIBUTION:
                owners.setdefault(top_level, set()).add(name)
    return {top_level: sorted(names) for top_level, names in sorted(owners.items())}


def check_names(distributions: Iterable[metadata.Distribution] | None = None) -> None:
    """Raise :class:`NameTaken` when a distribution that is not ours owns one of our names.

    Reads the file lists of what is installed beside us, a few milliseconds for each hundred packages; once
    for each import path of a process.
    """
    path = tuple(sys.path)
    if distributions is None and path in _fine:
        return
    taken = foreign_owners(metadata.distributions() if distributions is None else distributions)
    if taken:
        listed = "; ".join(f"{name!r} belongs to {', '.join(owners)}" for name, owners in taken.items())
        raise NameTaken(
            f"other packages in this environment use our names: {listed}. "
            "Install aicensus into an environment of its own, for example by: pipx install aicensus"
        )
    if distributions is None:
        _fine.add(path)


def _our_names_in(distribution: metadata.Distribution) -> set[str]:
    # The same two sources as importlib.metadata.packages_distributions, which builds a path object for
    # every file of every package and takes ten times as long.
    declared = distribution.read_text("top_level.txt")
    if declared is not None:
        return set(declared.split()).intersection(OUR_NAMES)
    record = distribution.read_text("RECORD") or ""
    return {name for name in OUR_NAMES if re.search(rf"^\"?{name}(?:/|\.py,)", record, re.MULTILINE)}
