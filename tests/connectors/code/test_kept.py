"""What a part keeps, and when it stands."""

from __future__ import annotations

import pytest

from connectors.code.kept import Kept, digest

SHOWN = {("code/a", "x"): "1", ("code/a", "y"): "2"}
KEPT = Kept(version="v1", shown=digest(SHOWN), exceptions=(("a.json", "not JSON"),))


def test_what_is_kept_is_read_again_as_it_was() -> None:
    assert Kept.of(KEPT.text()) == KEPT


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "[1]", "[1,2,3]", '["v","s",[["a"]]]', '["v","s",null]', "{", "null"]
)
def test_a_text_that_is_something_else_is_nothing(text: str) -> None:
    assert Kept.of(text) is None


def test_a_part_stands_when_version_and_record_are_the_same() -> None:
    assert KEPT.stands("v1", dict(reversed(SHOWN.items())))


@pytest.mark.parametrize(
    "recorded",
    [{}, {**SHOWN, ("code/a", "gone"): "3"}, {("code/a", "x"): "1"}, {**SHOWN, ("code/a", "y"): "changed"}],
)
def test_a_part_does_not_stand_when_the_record_is_another(recorded: dict[tuple[str, str], str]) -> None:
    assert not KEPT.stands("v1", recorded)


def test_a_part_does_not_stand_with_another_version() -> None:
    assert not KEPT.stands("v2", SHOWN)
