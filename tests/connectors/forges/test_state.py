"""What reading a repository of a host depends on."""

from __future__ import annotations

import pytest

from connectors.code.options import ReadingOptions
from connectors.code.scanning import formats_of
from connectors.forges.repositories import Repository
from connectors.forges.state import reading_version


@pytest.mark.parametrize(
    "change",
    [
        {"branch": "next"},
        {"marks": ("archived",)},
        {"visibility": "public"},
        {"address": "git.example.org/acme/store"},
        {"is_default": False},
    ],
    ids=str,
)
def test_all_that_a_reading_depends_on_is_in_its_version(change: dict[str, object]) -> None:
    values: dict[str, object] = {
        "id": "R_1",
        "name": "acme/shop",
        "address": "git.example.org/acme/shop",
        "url": "https://git.example.org/acme/shop.git",
        "branch": "main",
    }
    options = ReadingOptions()
    formats = formats_of(options)

    before = reading_version(Repository(**values), "0" * 40, options, formats)  # type: ignore[arg-type]
    after = reading_version(Repository(**(values | change)), "0" * 40, options, formats)  # type: ignore[arg-type]

    assert before != after
    assert before != reading_version(Repository(**values), "1" * 40, options, formats)  # type: ignore[arg-type]
    narrowed = ReadingOptions(exclude=("docs",))
    assert before != reading_version(Repository(**values), "0" * 40, narrowed, formats)  # type: ignore[arg-type]
