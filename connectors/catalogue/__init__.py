"""Load our knowledge: typed tables from the TOML files beside this one, checked when they are read.

Nothing is read at import. :func:`load_catalogue` reads everything the code connector knows once a process;
:func:`read_table` gives one file's raw content to a connector that types its own rows. A user's own file
extends the tables and wins where it names the same thing.

Keys, types, kinds and duplicates are checked at every load. That each pattern matches its example is proved
for our own files by the tests, and at load as soon as a user's file is in play: it costs as much as reading.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from connectors.catalogue.compiled import keep, recall
from connectors.catalogue.lint import check, duplicates
from connectors.catalogue.tables import Catalogue
from connectors.errors import ConfigError

CODE_TABLES = (
    *("agents", "ci", "formats", "iac", "mcp", "models", "secrets"),
    *("iac_azure", "iac_aws", "iac_kubernetes", "iac_code", "images"),
    *("providers", "packages_pypi", "packages_npm", "packages_maven", "packages_nuget", "packages_golang"),
    *("packages_cargo", "packages_gem", "packages_composer", "packages_hex", "packages_pub"),
    *("packages_swift", "packages_cran", "packages_cocoapods", "conda", "installers"),
    *("oversight", "data", "people", "not_ai"),
)
"""The files that make up a :class:`Catalogue`, by name."""


@cache
def read_table(name: str) -> Mapping[str, Any]:
    """Return the content of ``<name>.toml``; raises ``ConfigError`` when it is not there or not TOML."""
    try:
        text = _text(name)
        return MappingProxyType(tomllib.loads(text))
    except FileNotFoundError as error:
        raise ConfigError(f"there is no catalogue table {name!r}") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the catalogue table {name!r} is not TOML: {error}") from error


def load_catalogue(own_file: Path | None = None) -> Catalogue:
    """Return the checked catalogue, with the tables of ``own_file`` on top.

    Rows of the user's file with a known name replace ours, others are added. Raises ``ConfigError`` that
    names the file and the row.
    """
    return _load(str(own_file) if own_file is not None else "")


def merged_content(own_file: str) -> tuple[dict[str, Any], str]:
    """Return the content of all files as it stands there, the user's on top, and its version."""
    digest = hashlib.sha256()
    for name in CODE_TABLES:
        digest.update(_text(name).encode())
    merged = _ours(digest.hexdigest())
    if own_file:
        own, text = read_own(Path(own_file))
        digest.update(text)
        merged = _extend(merged, own, own_file)
    return merged, digest.hexdigest()[:16]


def _ours(version: str) -> dict[str, Any]:
    """Return the content of our files; parsing them costs more than all else that a small scan does."""
    kept = recall(version)
    if kept is None:
        kept = {}
        for name in CODE_TABLES:
            kept.update(read_table(name))
        keep(version, kept)
    return kept


@cache
def _load(own_file: str) -> Catalogue:
    merged, version = merged_content(own_file)
    catalogue = Catalogue.build(merged, version=version, where=own_file or "the catalogue")
    problems = check(catalogue) if own_file else list(duplicates(catalogue))
    if problems:
        raise ConfigError(
            f"the catalogue has {len(problems)} mistakes: {'; '.join(problems[:5])}", where=own_file
        )
    return catalogue


def _text(name: str) -> str:
    # Beside this file, by its path: importlib.resources costs 20 ms to import and we are never in an archive.
    return Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8")


def read_own(path: Path) -> tuple[dict[str, Any], bytes]:
    """Return the content and the bytes of a user's file; raises ``ConfigError`` when it cannot be read."""
    try:
        data = path.read_bytes()
        return tomllib.loads(data.decode("utf-8")), data
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(
            f"the catalogue file {str(path)!r} cannot be read: {error}", hint="It is a TOML file in UTF-8."
        ) from error


def _extend(ours: dict[str, Any], own: dict[str, Any], where: str) -> dict[str, Any]:
    """Put the user's rows over ours; a row's identity is its ``name`` or ``type``."""
    merged = dict(ours)
    for key, value in own.items():
        if key not in ours:
            raise ConfigError(
                f"unknown catalogue table {key!r}", where=where, hint=f"Known: {', '.join(ours)}."
            )
        if isinstance(value, list) and value and isinstance(value[0], dict):
            identity = "type" if "type" in value[0] else "name"
            named = [row.get(identity) for row in value if isinstance(row, dict)]
            merged[key] = [row for row in ours[key] if row.get(identity) not in named] + value
        elif isinstance(value, list):
            merged[key] = [*ours[key], *value]
        else:
            merged[key] = value
    return merged
