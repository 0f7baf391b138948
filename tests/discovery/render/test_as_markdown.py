from __future__ import annotations

import pytest

from discovery.render.as_markdown import code, summary
from discovery.service.judging import Excuse, Thing
from discovery.service.views import AssetView, EvidenceView
from tests.discovery.samples import HOSTILE, SEEN, asset


def thing(number: int = 1, *, is_new: bool = True, excuse: Excuse | None = None, **changes: object) -> Thing:
    shown: AssetView = asset(number, "package", **changes)
    place = EvidenceView(source="pip", locator=f"bot/requirements.txt:{number}", observed_at=SEEN, detail="")
    return Thing(asset=shown, is_new=is_new, places=[place], excuse=excuse)


def test_new_things_are_rows_with_the_place_where_they_are() -> None:
    text = summary([thing(3, name="anthropic", provider="anthropic")], compared_with="main")

    assert text.startswith("## AI found: 1 new since `main`\n")
    assert "| `anthropic` | package | `anthropic` | declared | `bot/requirements.txt:3` |" in text


def test_nothing_new_is_said_in_one_line() -> None:
    assert summary([]) == "## AI found: 0 new\n\n"


def test_known_and_excused_things_are_counted_and_told_apart() -> None:
    quiet = thing(1, name="label", excuse=Excuse(kind="suppressed", reason="only a label"))
    text = summary([quiet, thing(2, is_new=False)])

    assert "0 new" in text
    assert "1 thing known before." in text
    assert "- `label` (package): `only a label`" in text


def test_what_was_not_seen_is_listed() -> None:
    assert "- `code:main/x packages: failed`" in summary([], reasons=["code:main/x packages: failed"])


def test_a_long_list_ends_with_how_many_are_left_out() -> None:
    text = summary([thing(number) for number in range(1, 61)])

    assert text.count("\n| `package") == 50
    assert "… and 10 more." in text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain", "`plain`"),
        ("a`b", "`` a`b ``"),
        ("a``b`c", "``` a``b`c ```"),
        ("a|b", "`a\\|b`"),
        ("<img src=x>", "`<img src=x>`"),
        ("![x](https://evil.example)", "`![x](https://evil.example)`"),
        ("a\nb", "`a\\x0ab`"),
        ("", ""),
    ],
)
def test_a_name_is_set_as_code_that_nothing_can_leave(name: str, shown: str) -> None:
    assert code(name) == shown


def test_hostile_names_stay_on_their_line_and_in_their_cell() -> None:
    text = summary([thing(1, name=HOSTILE + "\n\n# title | x")])

    (row,) = [line for line in text.splitlines() if line.startswith("| `=cmd")]
    assert row.replace("\\|", "").count("|") == 6
    assert not set("\x1b\x07\u202e") & set(text)
    assert "\n# title" not in text
