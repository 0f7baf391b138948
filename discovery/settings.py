"""Know where aicensus keeps its own files on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

APP = "aicensus"
CONFIG_VARIABLE = "AICENSUS_CONFIG"
"""The environment variable that names the configuration file when ``--config`` is not given."""
CONFIG_FILE = "aicensus.toml"


def config_path(environ: Mapping[str, str]) -> Path | None:
    """Return the configuration file to read when none was named, or ``None`` when there is none.

    The variable wins (and must exist then), else the user's own configuration folder. The current folder
    is deliberately not searched: it is often what is scanned, and so belongs to somebody else
    (``docs/decisions/0003-configuration-is-never-found-in-what-is-scanned.md``).
    """
    named = environ.get(CONFIG_VARIABLE)
    if named:
        return Path(named).expanduser()
    import platformdirs

    standard = platformdirs.user_config_path(APP) / CONFIG_FILE
    try:
        return standard if standard.is_file() else None
    except PermissionError:
        return standard  # reading it will say what is in the way; going on without it would surprise


def data_folder() -> Path:
    """Return the user's data folder of aicensus."""
    import platformdirs

    return platformdirs.user_data_path(APP)


def default_store_url() -> str:
    """Return the URL of the SQLite store in the user's data folder."""
    return sqlite_url(data_folder() / "inventory.db")


def sqlite_url(path: Path) -> str:
    """Return the store URL of a SQLite file."""
    return f"sqlite:///{path.expanduser().absolute()}"


def store_url(text: str) -> str:
    """Return the store URL that a person meant by ``text``: a URL as it is, anything else as a file."""
    return text if "://" in text else sqlite_url(Path(text))
