"""A start beside a distribution that owns one of our names."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from discovery import guard


def install(folder: Path, name: str, record: str, top_level: str | None = None) -> metadata.Distribution:
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "RECORD").write_text(record)
    if top_level is not None:
        (info / "top_level.txt").write_text(top_level)
    return metadata.Distribution.at(info)


def test_clean_environment_starts() -> None:
    guard.check_names()


def test_our_own_distribution_may_own_its_names(tmp_path: Path) -> None:
    ours = install(tmp_path, "AICensus", "store/__init__.py,,\n")

    assert guard.foreign_owners([ours]) == {}


@pytest.mark.parametrize(
    ("record", "top_level"),
    [
        ("store/__init__.py,sha256=x,1\n", None),
        ("store.py,sha256=x,1\n", None),
        ('"store/odd,name.py",sha256=x,1\n', None),
        ("other/__init__.py,,\n", "other\nstore\n"),
    ],
)
def test_foreign_package_is_named_with_a_way_out(tmp_path: Path, record: str, top_level: str | None) -> None:
    other = install(tmp_path, "a-shop", record, top_level)

    with pytest.raises(guard.NameTaken, match=r"'store' belongs to a-shop.*pipx install aicensus"):
        guard.check_names([other])


@pytest.mark.parametrize(
    "record", ["stores/__init__.py,,\n", "lib/store/__init__.py,,\n", "storefront.py,,\n"]
)
def test_a_similar_name_is_no_clash(tmp_path: Path, record: str) -> None:
    assert guard.foreign_owners([install(tmp_path, "a-shop", record)]) == {}


def test_answer_agrees_with_the_standard_library() -> None:
    by_name = metadata.packages_distributions()

    found = guard.foreign_owners(metadata.distributions())

    expected = {name: set(by_name.get(name, [])) - {"aicensus"} for name in guard.OUR_NAMES}
    assert found == {name: sorted(owners) for name, owners in expected.items() if owners}
