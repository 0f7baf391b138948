"""Type the rows of ``image_contents.toml``: what the connector knows of registries and of images' insides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal

from connectors.catalogue import read_table
from connectors.catalogue.tables import Category
from connectors.catalogue.typing_rows import typed
from connectors.errors import ConfigError

TABLE = "image_contents"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """A registry and the further hosts that it leads to."""

    host: str
    api: str = ""
    token_hosts: tuple[str, ...] = ()
    blob_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """Files that tell what is installed, and the function that reads them."""

    name: str
    reader: str
    version: int
    globs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OsPackage:
    """A package of an operating system that is about AI."""

    name: str
    manager: Literal["deb", "apk", "rpm"]
    vendor: str
    category: Category


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStore:
    """A place that keeps models under their names."""

    name: str
    provider: str
    literal: str
    pattern: str
    example: str
    not_example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """All of the table."""

    registry: tuple[Registry, ...]
    installed: tuple[Installed, ...]
    java_archives: tuple[str, ...]
    unread_databases: tuple[str, ...]
    os_package: tuple[OsPackage, ...]
    system_folders: tuple[str, ...]
    application_folders: tuple[str, ...]
    tool_folders: tuple[str, ...]
    language_folders: tuple[str, ...]
    model_options: tuple[str, ...]
    model_follows: tuple[str, ...]
    model_store: tuple[ModelStore, ...]
    model_artifacts: tuple[str, ...]
    model_files: tuple[str, ...]


@cache
def load_knowledge() -> Knowledge:
    """Return the table's rows; raises ``ConfigError`` with what is wrong in them."""
    problems: list[str] = []
    rows = typed(Knowledge, read_table(TABLE), problems)
    if rows is None or problems:
        raise ConfigError("the catalogue is wrong: " + "; ".join(problems[:10]), where=TABLE)
    return rows


@cache
def table_version() -> str:
    """Return a hash of the table's content, part of the key of what is cached of a layer."""
    import hashlib

    import orjson

    content = orjson.dumps(dict(read_table(TABLE)), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(content).hexdigest()[:12]
