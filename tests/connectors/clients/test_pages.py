"""Every way of cutting a listing into pages, read to its end or reported as cut short."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.clients.pages import (
    Answer,
    Cursor,
    LinkHeader,
    NextToken,
    NextUrl,
    Offset,
    OnePage,
    PageNumber,
    Pages,
    Param,
    TokenHeader,
    walk,
)
from connectors.errors import BadResponse, Incomplete


class Script:
    """Play answers one after the other, and keep what was asked."""

    def __init__(self, *answers: Any, headers: tuple[Mapping[str, str], ...] = ()) -> None:
        self._answers = answers
        self._headers = headers
        self.asked: list[dict[str, Param] | str] = []

    def __call__(self, params: Mapping[str, Param], url: str) -> Answer:
        number = len(self.asked)
        self.asked.append(url or dict(params))
        headers = self._headers[number] if number < len(self._headers) else {}
        return Answer(self._answers[min(number, len(self._answers) - 1)], headers)


def things(*names: str) -> list[dict[str, str]]:
    return [{"id": name} for name in names]


def names(script: Script, pages: Pages, **caps: int) -> list[str]:
    return [item["id"] for item in walk(script, pages, **caps)]


def test_a_cursor_is_followed_while_there_is_more() -> None:
    script = Script(
        {"data": things("a", "b"), "has_more": True, "last_id": "b"},
        {"data": things("c"), "has_more": False, "last_id": "c"},
    )

    assert names(script, Cursor(limit=2)) == ["a", "b", "c"]
    assert script.asked == [{"limit": 2}, {"limit": 2, "after": "b"}]


def test_a_cursor_without_last_id_uses_the_last_item() -> None:
    script = Script({"data": things("a"), "has_more": True}, {"data": things("b"), "has_more": False})

    assert names(script, Cursor()) == ["a", "b"]
    assert script.asked[1] == {"limit": 100, "after": "a"}


def test_a_next_token_is_followed_until_there_is_none() -> None:
    script = Script({"data": things("a"), "next_page": "p2"}, {"data": things("b"), "next_page": None})

    assert names(script, NextToken(limit=31)) == ["a", "b"]
    assert script.asked == [{"limit": 31}, {"limit": 31, "page": "p2"}]


def test_a_link_header_is_followed_by_its_next_relation() -> None:
    link = '<https://x.example/r?page=9>; rel="last", <https://x.example/r?page=2>; rel="next"'
    script = Script(things("a"), things("b"), headers=({"link": link},))

    assert names(script, LinkHeader(limit=50)) == ["a", "b"]
    assert script.asked == [{"per_page": 50}, "https://x.example/r?page=2"]


def test_a_next_url_in_the_body_is_followed_even_under_a_dotted_name() -> None:
    script = Script(
        {"value": things("a"), "@odata.nextLink": "https://x.example/r?s=2"}, {"value": things("b")}
    )

    assert names(script, NextUrl(url_field="@odata.nextLink")) == ["a", "b"]
    assert script.asked[1] == "https://x.example/r?s=2"


def test_an_offset_goes_on_behind_what_came_not_behind_what_was_asked() -> None:
    script = Script({"items": things("a", "b")}, {"items": things("c")}, {"items": []})

    assert names(script, Offset(limit=100)) == ["a", "b", "c"]
    assert [step["offset"] for step in script.asked if isinstance(step, dict)] == [0, 2, 3]


def test_an_offset_with_a_total_needs_no_empty_page() -> None:
    script = Script({"items": things("a", "b"), "total": 3}, {"items": things("c"), "total": 3})

    assert names(script, Offset(limit=2, total_field="total")) == ["a", "b", "c"]
    assert len(script.asked) == 2


def test_page_numbers_are_counted_up_to_the_named_last_one() -> None:
    script = Script(
        {"items": things("a"), "meta": {"pages": 2}}, {"items": things("b"), "meta": {"pages": 2}}
    )

    assert names(script, PageNumber(pages_field="meta.pages")) == ["a", "b"]
    assert [step["page"] for step in script.asked if isinstance(step, dict)] == [1, 2]


def test_page_numbers_without_a_named_last_one_end_at_an_empty_page() -> None:
    script = Script({"items": things("a")}, {"items": things("b")}, {"items": []})

    assert names(script, PageNumber(first_page=0)) == ["a", "b"]
    assert [step["page"] for step in script.asked if isinstance(step, dict)] == [0, 1, 2]


def test_an_empty_page_that_names_a_next_one_is_followed() -> None:
    script = Script({"data": [], "has_more": True, "last_id": "x"}, {"data": things("a"), "has_more": False})

    assert names(script, Cursor()) == ["a"]


@pytest.mark.parametrize(
    ("answers", "pages", "reason"),
    [
        ([{"data": things("a"), "has_more": True, "last_id": "x"}], Cursor(), "same as the page before"),
        (
            [
                {"data": things("a"), "has_more": True, "last_id": "x"},
                {"data": things("b"), "has_more": True, "last_id": "y"},
                {"data": things("c"), "has_more": True, "last_id": "x"},
            ],
            Cursor(),
            "repeated a page token; 3 items on 3 pages",
        ),
        ([{"data": [], "has_more": True, "last_id": "x"}], Cursor(), "repeated a page token"),
        ([{"data": [], "has_more": True}], Cursor(), "has_more is true but there is no last_id"),
        ([{"data": [], "has_more": True, "next_page": ""}], NextToken(more_field="has_more"), "no next_page"),
        ([{"items": things("a")}], Offset(), "same as the page before"),
        ([{"items": things("a")}], PageNumber(), "same as the page before"),
        (
            [{"items": things("a"), "total": 5}, {"items": [], "total": 5}],
            Offset(total_field="total"),
            "1 of 5",
        ),
        ([{"data": things("a"), "has_more": True}], OnePage(), "documented without pages"),
    ],
)
def test_a_listing_without_an_end_is_incomplete_and_says_why(
    answers: list[Any], pages: Pages, reason: str
) -> None:
    with pytest.raises(Incomplete, match=reason):
        names(Script(*answers), pages)


def test_what_was_read_before_the_end_failed_has_been_yielded() -> None:
    script = Script({"data": things("a", "b"), "has_more": True, "last_id": "x"})
    items = walk(script, Cursor())

    assert [next(items)["id"], next(items)["id"]] == ["a", "b"]
    with pytest.raises(Incomplete):
        next(items)


def test_the_page_cap_is_never_silent() -> None:
    pages = [{"data": things(str(n)), "has_more": True, "last_id": str(n)} for n in range(9)]

    with pytest.raises(Incomplete, match="cap of 5 pages was reached and there is more; 5 items"):
        names(Script(*pages), Cursor(), max_pages=5)


def test_a_listing_of_exactly_the_page_cap_is_complete() -> None:
    pages = [{"data": things(str(n)), "has_more": n < 4, "last_id": str(n)} for n in range(5)]

    assert len(names(Script(*pages), Cursor(), max_pages=5)) == 5


def test_empty_pages_in_a_row_have_a_cap_of_their_own() -> None:
    pages = [{"data": [], "has_more": True, "last_id": str(n)} for n in range(99)]

    with pytest.raises(Incomplete, match="50 empty pages in a row"):
        names(Script(*pages), Cursor())


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"error": "x"},
        {"data": None},
        {"data": {"a": 1}},
        {"data": ["a"], "has_more": False},
        {"data": [], "has_more": "no"},
        {"data": things("a")},
        {"data": things("a"), "has_more": True, "last_id": {"a": 1}},
    ],
)
def test_a_page_of_another_shape_is_a_bad_response_and_not_an_empty_list(body: Any) -> None:
    with pytest.raises(BadResponse):
        names(Script(body), Cursor())


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(0, 4), min_size=1, max_size=8))
def test_every_item_is_read_once_however_the_vendor_cuts(sizes: list[int]) -> None:
    names_of = [[f"{page}-{number}" for number in range(size)] for page, size in enumerate(sizes)]
    bodies = [
        {"data": things(*page), "has_more": number + 1 < len(sizes), "last_id": f"c{number}"}
        for number, page in enumerate(names_of)
    ]

    assert names(Script(*bodies), Cursor()) == [name for page in names_of for name in page]


def test_a_token_in_the_headers_is_followed_until_there_is_none() -> None:
    script = Script(
        {"value": things("a", "b")},
        {"value": things("c")},
        headers=({"x-ms-continuationtoken": "t1"}, {}),
    )

    assert names(script, TokenHeader(limit=2)) == ["a", "b", "c"]
    assert script.asked == [{"$top": 2}, {"$top": 2, "continuationToken": "t1"}]


def test_a_token_in_the_headers_that_comes_again_is_no_end() -> None:
    headers = {"x-ms-continuationtoken": "t1"}
    script = Script({"value": things("a")}, {"value": things("b")}, headers=(headers, headers, headers))

    with pytest.raises(Incomplete, match="repeated"):
        names(script, TokenHeader())
