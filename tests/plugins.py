"""Install connectors for a test as another package would: by entry points on the import path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from connectors import registry


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, connectors: Mapping[str, str]) -> None:
    """Make ``name -> module:Class`` known to the registry until the test ends."""
    info = folder / "aicensus_test_plugins-1.0.dist-info"
    info.mkdir(parents=True)
    info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: aicensus-test-plugins\nVersion: 1.0\n")
    lines = [f"[{registry.GROUP}]", *(f"{name} = {target}" for name, target in connectors.items())]
    info.joinpath("entry_points.txt").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(str(folder))
    registry.refresh()
