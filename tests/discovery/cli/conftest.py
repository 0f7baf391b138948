from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from discovery.cli import main


@dataclass
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Aicensus = Callable[..., Ran]


@pytest.fixture
def aicensus(capsys: pytest.CaptureFixture[str]) -> Aicensus:
    """Run the real command line in this process."""

    def run(*words: str) -> Ran:
        capsys.readouterr()
        code = main(words)
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run


@pytest.fixture
def db(tmp_path: Path) -> str:
    """Return a place for a SQLite store."""
    return str(tmp_path / "inventory.db")


@pytest.fixture
def url(db: str) -> str:
    return f"sqlite:///{db}"
