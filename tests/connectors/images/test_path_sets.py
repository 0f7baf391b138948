"""Sets of paths hold what was put in, in a few bytes each."""

from __future__ import annotations

import pytest

from connectors.images.path_sets import PathSet


def _set(*paths: str) -> PathSet:
    made = PathSet()
    for path in paths:
        made.add(path)
    return made


def test_a_set_holds_what_was_added_and_nothing_else() -> None:
    found = _set("a", "b/c", "é", "a")

    assert all(path in found for path in ("a", "b/c", "é"))
    assert not any(path in found for path in ("", "b", "c", "b/c/d"))


def test_paths_added_after_a_question_count_too() -> None:
    found = _set("a")
    assert "b" not in found

    found.add("b")

    assert "b" in found


def test_a_set_survives_being_packed() -> None:
    found = _set(*(f"usr/lib/{number}" for number in range(500)))

    again = PathSet.unpack(found.pack())

    assert again == found
    assert "usr/lib/499" in again
    assert len(found.pack()) == 500 * 8
    assert PathSet.unpack("") == PathSet()


@pytest.mark.parametrize("text", ["x", "AAAA", "not base64!"])
def test_what_is_no_packed_set_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        PathSet.unpack(text)
