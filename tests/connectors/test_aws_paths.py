"""Paths into answers, and key templates."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.aws_paths import Path, Template

ITEM: dict[str, Any] = {
    "name": "a",
    "deep": {"er": "b"},
    "list": [{"arn": "x"}, {"arn": "y"}, {"arn": "x"}, {}],
    "text": '{"inside": {"value": 7}}',
    "broken": "{",
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "a"),
        ("deep.er", "b"),
        ("list[].arn", ["x", "y"]),
        ("text.json().inside.value", 7),
        ("broken.json().inside", None),
        ("name.er", None),
        ("missing", None),
        ("missing[].arn", []),
    ],
)
def test_a_path_reaches_what_is_there(path: str, value: Any) -> None:
    assert Path(path).value(ITEM) == value


def test_deeply_nested_json_holds_nothing_for_us() -> None:
    item = {"text": "[" * 100_000}

    assert Path("text.json().a").first(item) is None


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{name}", "a"),
        ("arn:{partition}:{name}", "arn:aws:a"),
        ("{missing|name}/z", "a/z"),
        ("{missing}", None),
        ("{deep}", None),
        ("x/{missing}", None),
    ],
)
def test_a_template_is_filled_or_gives_nothing(template: str, text: str | None) -> None:
    assert Template(template).fill(ITEM, {"partition": "aws"}) == text


def test_an_item_cannot_speak_for_its_place() -> None:
    assert (
        Template("{region}:{name}").fill({"region": "evil", "name": "a"}, {"region": "eu-west-1"})
        == "eu-west-1:a"
    )
