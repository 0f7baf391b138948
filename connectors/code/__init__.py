"""Find AI in code: folders, git repositories and git URLs, read without running anything of them.

The connector is loaded when it is asked for: reading a tree needs neither its options nor git.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectors.code.connector import CodeConnector

__all__ = ["CodeConnector"]


def __getattr__(name: str) -> Any:
    if name != "CodeConnector":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from connectors.code.connector import CodeConnector

    return CodeConnector
