"""What the catalogue's check says of conda's names and of modules that packages share."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.catalogue import load_catalogue
from connectors.errors import ConfigError


def _own(folder: Path, text: str) -> Path:
    place = folder / "own.toml"
    place.write_text(text)
    return place


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('conda_same = ["acme-ml"]\n', "'acme-ml', which is no PyPI package"),
        ('conda_same = ["OpenAI"]\n', "'OpenAI' is not in lower case"),
        ('[conda]\nacme = "acme-ml"\n', "'acme' stands for 'acme-ml'"),
    ],
)
def test_a_conda_name_must_stand_for_a_catalogued_package(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_catalogue(_own(tmp_path, text))


ROW = '{{ name = "{}", category = "ai_framework", vendor = "acme", modules = ["acme"], needs_manifest = {} }}'


def test_two_packages_may_share_a_module_that_proves_neither(tmp_path: Path) -> None:
    rows = ", ".join([ROW.format("acme-one", "true"), ROW.format("acme-two", "true")])

    catalogue = load_catalogue(_own(tmp_path, f"gem = [{rows}]\n"))

    assert {"acme-one", "acme-two"} <= set(catalogue.packages["gem"])


def test_two_packages_may_not_share_a_module_that_proves_them(tmp_path: Path) -> None:
    rows = ", ".join([ROW.format("acme-one", "false"), ROW.format("acme-two", "false")])

    with pytest.raises(ConfigError, match="gem module 'acme' is there 2 times"):
        load_catalogue(_own(tmp_path, f"gem = [{rows}]\n"))
