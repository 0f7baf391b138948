from __future__ import annotations

import gc

import pytest

from store.bulk import many_objects


def test_the_collector_rests_until_the_last_of_several_blocks_ends() -> None:
    first, second = many_objects(), many_objects()
    seen = [gc.isenabled()]

    for step in (first.__enter__, second.__enter__):
        step()
        seen.append(gc.isenabled())
    for block in (first, second):
        block.__exit__(None, None, None)
        seen.append(gc.isenabled())

    assert seen == [True, False, False, False, True]


def test_the_collector_runs_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="broken"), many_objects():
        raise ValueError("broken")

    assert gc.isenabled()


def test_a_collector_that_was_off_before_stays_off() -> None:
    gc.disable()
    try:
        with many_objects():
            pass

        assert not gc.isenabled()
    finally:
        gc.enable()
