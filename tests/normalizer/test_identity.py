from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.identity import Known, Move, MoveWhy, Resolver

MADE = datetime(2026, 1, 1, tzinfo=UTC)
A, B, C = ("ns", "a"), ("ns", "b"), ("other", "c")


def resolver(**known: str) -> Resolver:
    numbers: Iterator[int] = count()
    rows = {("ns", key): Known(asset_id, is_alias=False) for key, asset_id in known.items()}
    return Resolver(rows, mint_id=lambda: f"new_{next(numbers)}")


def test_an_unknown_key_gets_a_fresh_id_and_a_row() -> None:
    names = resolver()

    assert names.resolve(A, [], None) == "new_0"
    assert names.resolve(A, [], None) == "new_0"
    assert names.added == {A: Known("new_0", is_alias=False)}
    assert names.fresh == {"new_0"}


def test_a_known_key_keeps_its_id() -> None:
    names = resolver(a="ast_1")

    assert names.resolve(A, [], None) == "ast_1"
    assert (names.added, names.fresh, names.moves) == ({}, set(), [])


def test_an_unknown_key_with_a_known_alias_is_that_asset() -> None:
    names = resolver(b="ast_1")

    assert names.resolve(A, [B, C], None) == "ast_1"
    assert {key: row.is_alias for key, row in names.added.items()} == {A: False, C: True}


def test_an_alias_joins_two_assets_under_the_older_id() -> None:
    names = resolver(a="ast_9", b="ast_3")

    assert names.resolve(A, [B], None) == "ast_3"
    assert names.stored_moves() == [Move("ast_9", "ast_3", MoveWhy.MERGED)]
    assert names.final("ast_9") == "ast_3"


def test_a_stored_id_beats_a_fresh_one_whatever_the_clocks_say() -> None:
    names = resolver(b="zzz_stored")
    names.resolve(A, [], None)

    assert names.resolve(A, [B], None) == "zzz_stored"
    assert names.stored_moves() == []
    assert names.final("new_0") == "zzz_stored"


def test_a_newer_creation_time_takes_over_every_name() -> None:
    names = resolver()
    names.known = {A: Known("ast_1", False, MADE), B: Known("ast_1", True)}

    assert names.resolve(A, [B], MADE + timedelta(hours=1)) == "new_0"
    assert names.stored_moves() == [Move("ast_1", "new_0", MoveWhy.REPLACED)]
    assert names.known[B].asset_id == "new_0"
    assert names.dated == {A: Known("new_0", False, MADE + timedelta(hours=1))}


@pytest.mark.parametrize("later", [timedelta(0), timedelta(seconds=2), timedelta(days=-30)])
def test_an_equal_rounded_or_older_creation_time_changes_nothing(later: timedelta) -> None:
    names = resolver()
    names.known = {A: Known("ast_1", False, MADE)}

    assert names.resolve(A, [], MADE + later) == "ast_1"
    assert (names.moves, names.dated) == ([], {})


def test_a_creation_time_learnt_later_is_noted_and_replaces_nothing() -> None:
    names = resolver(a="ast_1")

    assert names.resolve(A, [], MADE) == "ast_1"
    assert (names.moves, list(names.dated)) == ([], [A])


KEYS = st.sampled_from([("ns", letter) for letter in "abcdef"])
THINGS = st.lists(st.tuples(KEYS, st.lists(KEYS, max_size=2)), max_size=8)


@given(THINGS)
def test_names_connected_by_aliases_end_in_one_asset_and_others_do_not(
    things: list[tuple[tuple[str, str], list[tuple[str, str]]]],
) -> None:
    names = resolver()

    ids = [names.resolve(key, aliases, None) for key, aliases in things]

    groups: list[set[tuple[str, str]]] = []
    for key, aliases in things:
        touching = [one for one in groups if one & {key, *aliases}]
        groups = [one for one in groups if one not in touching] + [set().union({key, *aliases}, *touching)]
    for place, (key, _) in enumerate(things):
        for other_place, (other, _) in enumerate(things):
            together = any({key, other} <= one for one in groups)
            assert (names.final(ids[place]) == names.final(ids[other_place])) is together
