from __future__ import annotations

import pytest

from connectors.catalogue import load_catalogue
from connectors.code.prefilter import MAX_HITS, Prefilter


@pytest.fixture(scope="module")
def prefilter() -> Prefilter:
    return Prefilter(load_catalogue())


def test_a_literal_inside_another_is_found_as_well(prefilter: Prefilter) -> None:
    classes = {hit.hit_class for hit in prefilter.search(b'from openai import x; y = "openai"')}

    assert classes == {"python-module", "npm-module"}


@pytest.mark.parametrize("literal", [b"api.openai.com", b" Microsoft.SemanticKernel"])
def test_a_literal_across_two_windows_is_found_once(prefilter: Prefilter, literal: bytes) -> None:
    data = bytearray(b"\n" * (2 * 512 * 1024))
    place = 512 * 1024 - 6
    data[place : place + len(literal)] = literal

    hits = prefilter.search(bytes(data))

    alone = {
        (hit.hit_class, hit.row, hit.start + place, hit.end + place) for hit in prefilter.search(literal)
    }
    assert alone
    assert {(hit.hit_class, hit.row, hit.start, hit.end) for hit in hits} == alone
    assert len(hits) == len(set(hits))


def test_a_file_of_one_repeated_literal_does_not_fill_the_memory(prefilter: Prefilter) -> None:
    assert len(prefilter.search(b"gpt-4" * 400_000)) <= MAX_HITS


def test_most_text_has_no_hit(prefilter: Prefilter) -> None:
    assert prefilter.search(b"def main() -> int:\n    return 0\n" * 1000) == []


def test_every_literal_is_found_however_many_begin_alike(prefilter: Prefilter) -> None:
    for literal in prefilter.literals:
        ends = {(hit.start, hit.end) for hit in prefilter.search(literal)}

        assert (0, len(literal)) in ends, literal


def test_a_literal_of_which_only_the_beginning_stands_there_is_not_found(prefilter: Prefilter) -> None:
    assert prefilter.search(b" Microsoft.SemanticKernel") != []

    assert prefilter.search(b" Microsoft.SemanticWeb\n") == []
