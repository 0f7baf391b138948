"""A repository with a branch to merge, and shells that run in it as a pipeline's runner would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.code_samples import commit, git

ROOT = Path(__file__).resolve().parents[2]
INTEGRATIONS = ROOT / "integrations"


@dataclass(slots=True)
class Ran:
    """How a shell ended."""

    code: int
    said: str


def load(path: Path) -> Any:
    """Return a YAML file's content."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def branch(folder: Path, brings: str) -> str:
    """Make a repository with AI on ``main`` and a branch that appends a requirement; return the base."""
    folder.mkdir()
    base = commit(folder, {"bot/requirements.txt": "openai==1.2.3\n"})
    git(folder, "checkout", "-q", "-b", "feature")
    commit(folder, {"bot/requirements.txt": f"openai==1.2.3\n{brings}\n"})
    return base


def shell(script: str | Path, folder: Path, variables: Mapping[str, str]) -> Ran:
    """Run a script's text or file by bash in ``folder``, with our console command on the PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    words = ["bash", str(script)] if isinstance(script, Path) else ["bash", "-c", script]
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, "PATH": path, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return Ran(done.returncode, done.stdout + done.stderr)
