from __future__ import annotations

import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from normalizer.ids import mint, mint_block


def test_an_id_is_its_prefix_and_a_uuid_of_version_seven() -> None:
    minted = mint("ast")

    assert re.fullmatch(r"ast_[0-9a-f]{32}", minted)
    read = uuid.UUID(minted.removeprefix("ast_"))
    assert (read.version, read.variant) == (7, uuid.RFC_4122)
    assert abs((read.int >> 80) / 1000 - time.time()) < 5


def test_ids_grow_in_the_order_they_were_minted() -> None:
    minted = [mint("run") for _ in range(5_000)]

    assert minted == sorted(set(minted))


def test_ids_of_a_block_are_as_good_as_single_ones() -> None:
    minted = [mint("ast"), *mint_block("ast", 3_000), *mint_block("ast", 2), mint("ast")]

    assert minted == sorted(set(minted))
    assert {uuid.UUID(one.removeprefix("ast_")).version for one in minted} == {7}
    assert {uuid.UUID(one.removeprefix("ast_")).variant for one in minted} == {uuid.RFC_4122}


def test_ids_grow_also_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = mint("sys")
    monkeypatch.setattr(time, "time_ns", lambda: 0)

    after = mint("sys")

    assert after > before


def test_threads_never_mint_the_same_id() -> None:
    with ThreadPoolExecutor(8) as pool:
        minted = list(pool.map(lambda _: mint("ast"), range(2_000)))

    assert len(set(minted)) == len(minted)
