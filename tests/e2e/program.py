"""The real program in a process of its own, as people and pipelines start it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from discovery.cli import main

REPOSITORY = Path(__file__).resolve().parents[2]
NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a process that finds our modules, and may keep what it compiled."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    guarded = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    return {**inherited, "PYTHONPATH": guarded, **more}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run of the program left behind."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Return all text, its lines joined, so that folding does not matter."""
        return " ".join((self.out + self.err).split())


@dataclass(slots=True)
class Program:
    """The real program in a process of its own, with one store and one small folder to scan."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)
    is_nobody: bool = False

    @property
    def db(self) -> Path:
        return self.folder / "inventory.db"

    @property
    def shop(self) -> Path:
        return self.folder / "shop"

    def __call__(self, *words: str, **options: Any) -> Ran:
        """Run a command; ``options`` go to ``subprocess``."""
        done = subprocess.run(
            [*(AS_NOBODY if self.is_nobody else ()), sys.executable, "-m", "discovery", *words],
            **{"capture_output": True, "timeout": 100, **options},
            env=environment(self.environ),
            cwd=self.folder,
            check=False,
        )
        return Ran(
            code=done.returncode,
            out=(done.stdout or b"").decode(errors="replace"),
            err=(done.stderr or b"").decode(errors="replace"),
        )

    def configure(self, text: str) -> None:
        (self.folder / "aicensus.toml").write_text(textwrap.dedent(text))
        self.environ["AICENSUS_CONFIG"] = str(self.folder / "aicensus.toml")

    def scan(self, *words: str, **options: Any) -> Ran:
        """Scan the folder, or what the configuration names, into the store."""
        return self("scan", *words, "--db", str(self.db), **options)

    def here(self, *words: str) -> str:
        """Run a command in this process and return what it printed: to prepare a test or to look afterwards.

        Starting a process takes two seconds of CPU, most of it imports.
        """
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code = main([*words, "--db", str(self.db)])
        assert code == 0, said.getvalue()
        return said.getvalue()

    def assets(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(self.here("assets", "--format", "json"))
        return rows
