"""A repository as listed: its addresses, its ids, and whether it is to be read."""

from __future__ import annotations

import pytest

from connectors.errors import BadResponse, ConfigError
from connectors.forges.options import ForgeOptions
from connectors.forges.repositories import (
    Repository,
    address_of,
    git_url,
    immutable_id,
    parent_address,
    protocols_for,
    why_not_read,
)
from connectors.model import Scope


def repository(**changes: object) -> Repository:
    values: dict[str, object] = {
        "id": "R_1",
        "name": "acme/shop",
        "address": "git.example.org/acme/shop",
        "url": "https://git.example.org/acme/shop.git",
        "branch": "main",
        "head": "0" * 40,
    }
    return Repository(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("acme/shop.git", "https://git.example.org/acme/shop.git"),
        ("acme/sub/shop.git", "https://git.example.org/acme/sub/shop.git"),
        ("acme/My Project/_git/r", "https://git.example.org/acme/My%20Project/_git/r"),
        ("acme/a?b#c.git", "https://git.example.org/acme/a%3Fb%23c.git"),
        ("acme/ü.git", "https://git.example.org/acme/%C3%BC.git"),
        ('acme/a"b.git', "https://git.example.org/acme/a%22b.git"),
    ],
)
def test_a_repositorys_address_stays_below_the_configured_one(path: str, url: str) -> None:
    assert git_url("https://git.example.org/", path) == url


@pytest.mark.parametrize("path", ["", "/etc", "../x", "a/../../b", "a//b", "a/./b", "a\nb", "a\0b"])
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(BadResponse):
        git_url("https://git.example.org", path)


@pytest.mark.parametrize(
    ("base", "protocols"), [("https://h", ("https",)), ("http://127.0.0.1:8", ("http",))]
)
def test_git_speaks_https_and_http_only_to_this_machine(base: str, protocols: tuple[str, ...]) -> None:
    assert protocols_for(base) == protocols


@pytest.mark.parametrize("base", ["http://git.example.org", "file:///tmp", "ssh://h", "h"])
def test_a_credential_does_not_travel_in_the_clear(base: str) -> None:
    with pytest.raises(ConfigError):
        protocols_for(base)


def test_a_name_of_the_host_stands_for_the_address_git_reads() -> None:
    url = "http://127.0.0.1:8080/Acme/Shop.git"

    assert address_of(url, "") == "127.0.0.1:8080/Acme/Shop"
    assert address_of(url, "git.example.org") == "git.example.org/Acme/Shop"
    assert address_of(url, "github.com") == "github.com/acme/shop"


@pytest.mark.parametrize("path", ["", "../x", "a//b", "a\n/b"])
def test_a_parent_whose_path_leads_elsewhere_is_none(path: str) -> None:
    assert parent_address("acme/shop", "https://h", "") == "h/acme/shop"
    assert parent_address(path, "https://h", "") == ""


@pytest.mark.parametrize("value", ["", None, True, {}, "a b", "a/b", "x" * 300])
def test_what_is_no_id_is_refused(value: object) -> None:
    with pytest.raises(BadResponse):
        immutable_id(value, "listing")


def test_a_repository_survives_the_trip_through_its_scope() -> None:
    one = repository(key="7", marks=("archived", "fork"), visibility="internal", fork_of="h/a/b")

    scope = Scope(
        connector="github", instance="main", ids=one.ids, parts=(), ref=one.ref, listed=one.listed()
    )

    assert Repository.of(scope) == one
    further = one.on_branch("next/one", "1" * 40)
    back = Scope(
        connector="github",
        instance="main",
        ids=further.ids,
        parts=(),
        ref=further.ref,
        listed=further.listed(),
    )
    assert Repository.of(back) == further
    assert further.ids != one.ids


@pytest.mark.parametrize(
    ("changes", "options", "is_read"),
    [
        ({}, {}, True),
        ({"marks": ("archived",)}, {}, True),
        ({"marks": ("archived",)}, {"archived": False}, False),
        ({"marks": ("fork",)}, {}, False),
        ({"marks": ("fork",)}, {"forks": True}, True),
        ({"marks": ("disabled",)}, {"forks": True}, False),
        ({"visibility": "public"}, {"visibility": ("private",)}, False),
        ({"visibility": ""}, {"visibility": ("private",)}, True),
        ({}, {"repositories": ("acme/s*",)}, True),
        ({}, {"repositories": ("other/*",)}, False),
        ({}, {"repositories": ("acme/*",), "exclude_repositories": ("ACME/SHOP",)}, False),
    ],
)
def test_options_choose_what_is_read(
    changes: dict[str, object], options: dict[str, object], is_read: bool
) -> None:
    reason = why_not_read(repository(**changes), ForgeOptions.model_validate(options))

    assert (reason is None) is is_read
