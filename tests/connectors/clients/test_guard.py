"""Only what is declared leaves, and a value never leaves its place in a path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.clients.guard import Guard, UndeclaredCall, origin
from connectors.contract import Operation

BASE = "https://api.example.org/v1"
ITEM = Operation(method="GET", host="{base_url}", path="/items/{id}", permission="read")
OPERATIONS = (
    ITEM,
    Operation(method="DELETE", host="{base_url}", path="/items/{id}", permission="write"),
    Operation(method="POST", host="{base_url}", path="/search", permission="read", is_query=True),
    Operation(method="POST", host="{base_url}", path="/items", permission="write"),
    Operation(method="GET", host="other.example.org", path="/x", permission="read"),
    Operation(method="CALL", host="service", path="ListThings", permission="read"),
)


@pytest.fixture
def guard() -> Guard:
    return Guard(OPERATIONS, {"{base_url}": BASE})


def test_a_template_is_filled_with_quoted_values(guard: Guard) -> None:
    assert guard.url("GET", "/items/{id}", {"id": "a/b?c#d ü"})[1] == f"{BASE}/items/a%2Fb%3Fc%23d%20%C3%BC"


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("GET", "/other", {}),
        ("GET", "/items/1", {}),
        ("GET", "/search", {}),
        ("PUT", "/items/{id}", {"id": "1"}),
        ("DELETE", "/items/{id}", {"id": "1"}),
        ("POST", "/items", {}),
        ("CALL", "ListThings", {}),
        ("GET", "/x", {}),
        ("GET", "/items/{id}", {}),
        ("GET", "/items/{id}", {"id": "1", "more": "2"}),
        ("GET", "/items/{id}", {"id": ""}),
        ("GET", "/items/{id}", {"id": ".."}),
    ],
)
def test_anything_else_is_refused_even_if_a_writing_method_was_declared(
    guard: Guard, method: str, path: str, params: dict[str, str]
) -> None:
    with pytest.raises(UndeclaredCall):
        guard.url(method, path, params)


@given(st.text(min_size=1).filter(lambda value: value not in (".", "..")))
def test_no_value_can_change_host_path_or_query(value: str) -> None:
    guard = Guard(OPERATIONS, {"{base_url}": BASE})
    try:
        url = guard.url("GET", "/items/{id}", {"id": value})[1]
    except UndeclaredCall:
        assert any("\ud800" <= char <= "\udfff" for char in value)  # no text that a URL could carry
        return

    assert url.startswith(f"{BASE}/items/")
    assert url.count("/") == 5
    assert not set("?#") & set(url)
    assert guard.allows(ITEM, url)


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        (f"{BASE}/items/7?page=2", True),
        ("https://API.example.org:443/v1/items/7", True),
        ("http://api.example.org/v1/items/7", False),
        ("https://api.example.org:444/v1/items/7", False),
        ("https://api.example.org.evil.example/v1/items/7", False),
        ("https://me@api.example.org/v1/items/7", False),
        (f"{BASE}/items/7/secrets", False),
        (f"{BASE}/items/..", False),
        (f"{BASE}/other", False),
        ("/v1/items/7", False),
        ("https://[bad/v1/items/7", False),
        ("", False),
    ],
)
def test_a_next_page_must_be_the_same_operation_at_the_same_place(
    guard: Guard, url: str, is_allowed: bool
) -> None:
    assert guard.allows(ITEM, url) is is_allowed


def test_an_origin_has_no_default_port_and_keeps_brackets() -> None:
    assert origin("HTTPS://Api.Example.org:443/x") == "https://api.example.org"
    assert origin("http://[::1]:8080/x") == "http://[::1]:8080"
