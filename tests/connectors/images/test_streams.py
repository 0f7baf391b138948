"""Layers are read as streams: every packing, every limit, every digest."""

from __future__ import annotations

import gzip
import io
import zlib

import pytest

from connectors.images.streams import (
    CHUNK,
    Chunks,
    Hashed,
    LayerError,
    StreamLimits,
    is_digest,
    unpacked,
)
from tests.image_samples import digest

LIMITS = StreamLimits()


def _all(data: bytes, limits: StreamLimits = LIMITS, step: int = CHUNK) -> bytes:
    stream = unpacked(Hashed(io.BytesIO(data), ""), limits)
    out = b""
    while piece := stream.read(step):
        out += piece
    return out


@pytest.mark.parametrize("step", [1, 7, 512, 10_000_000])
def test_plain_and_packed_bytes_come_out_alike(step: int) -> None:
    text = b"layer " * 1_000

    assert _all(text, step=step) == _all(gzip.compress(text), step=step) == text


def test_members_of_a_gzip_file_are_joined_and_padding_is_passed_over() -> None:
    packed = gzip.compress(b"one") + gzip.compress(b"") + gzip.compress(b"two") + b"\0" * 700

    assert _all(packed) == b"onetwo"


def test_many_small_gzip_members_cost_no_more_than_their_bytes() -> None:
    packed = b"".join(gzip.compress(b"x") for _ in range(5_000))

    assert _all(packed) == b"x" * 5_000


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (gzip.compress(b"layer" * 100)[:-20], "cut off"),
        (gzip.compress(b"layer" * 100)[:5], "cut off"),
        (b"\x1f\x8b\x08\0" + b"\xff" * 100, "damaged"),
        (b"\x28\xb5\x2f\xfd" + b"\0" * 100, "zstd"),
    ],
    # Packed bytes hold the time: as names of tests they would differ from process to process.
    ids=["late", "early", "damaged", "zstd"],
)
def test_bytes_that_cannot_be_unpacked_say_why(data: bytes, reason: str) -> None:
    with pytest.raises(LayerError, match=reason):
        _all(data)


def test_a_bomb_is_stopped_by_its_ratio_and_by_its_size() -> None:
    bomb = gzip.compress(b"\0" * 80_000_000, 9)

    with pytest.raises(LayerError, match="times its size"):
        _all(bomb, step=1_000_000)
    with pytest.raises(LayerError, match="more than 5,000,000 bytes"):
        _all(bomb, StreamLimits(unpacked_bytes=5_000_000))


def test_little_memory_is_used_for_much_that_is_packed() -> None:
    bomb = zlib.compress(b"\0" * 50_000_000, 9, 31)
    stream = unpacked(Hashed(io.BytesIO(bomb), ""), LIMITS)

    assert len(stream.read(10)) == 10
    assert len(stream.read(1_000)) == 1_000


def test_a_digest_is_checked_over_all_bytes_also_those_nobody_asked_for() -> None:
    data = b"x" * 1_000_000
    good, bad = Hashed(io.BytesIO(data), digest(data)), Hashed(io.BytesIO(data + b"y"), digest(data))
    good.read(10)
    bad.read(1_000_000)

    good.finish()
    with pytest.raises(LayerError, match="digest"):
        bad.finish()


def test_a_digest_of_an_unknown_kind_is_no_proof() -> None:
    with pytest.raises(LayerError, match="cannot be checked"):
        Hashed(io.BytesIO(b""), "md5:abc").finish()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sha256:" + "a" * 64, True),
        ("sha512:" + "0" * 128, True),
        ("sha256:" + "A" * 64, False),
        ("sha256:" + "a" * 63, False),
        ("sha256:../../etc/passwd", False),
        ("md5:" + "a" * 32, False),
        (None, False),
        (7, False),
    ],
)
def test_only_digests_that_can_be_checked_count(text: object, expected: bool) -> None:
    assert is_digest(text) is expected


def test_chunks_are_joined_to_whole_reads() -> None:
    stream = Chunks(iter([b"ab", b"", b"cde", b"f"]))

    assert [stream.read(4), stream.read(4), stream.read(4)] == [b"abcd", b"ef", b""]
