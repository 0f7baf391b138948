"""Find AI in code: folders, git repositories and git URLs, read without running anything of them."""

from connectors.code.connector import CodeConnector

__all__ = ["CodeConnector"]
