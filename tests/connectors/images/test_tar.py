"""A tar stream is visited member by member; what its headers claim is never believed further than a bound."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.images.streams import LayerError, StreamLimits
from connectors.images.tar import MAX_HEADER_BYTES, Member, TarReader, inside
from tests.image_samples import Odd, layer

LIMITS = StreamLimits()


def _members(data: bytes, limits: StreamLimits = LIMITS) -> list[Member]:
    return list(TarReader(io.BytesIO(data), limits))


def _contents(data: bytes) -> dict[str, bytes]:
    reader = TarReader(io.BytesIO(data), LIMITS)
    return {member.path: reader.read_all(10_000_000) for member in reader}


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_files_links_and_devices_are_told_apart_in_every_form(form: int) -> None:
    long = f"{'d' * 90}/{'n' * 80}" if form == tarfile.USTAR_FORMAT else f"{'d' * 300}/é{'n' * 300}"
    files: dict[str, str | bytes | Odd] = {
        "a.txt": "one",
        long: "two",
        "empty": "",
        "folder": Odd("folder"),
        "again": Odd("hard", "a.txt"),
        "short": Odd("link", "../../etc/passwd"),
        "null": Odd("device"),
        "pipe": Odd("pipe"),
    }

    found = _members(layer(files, form=form))

    assert [(one.path.rstrip("/"), one.kind) for one in found] == [
        ("a.txt", "file"),
        (long, "file"),
        ("empty", "file"),
        ("folder", "folder"),
        ("again", "hard"),
        ("short", "link"),
        ("null", "special"),
        ("pipe", "special"),
    ]
    assert [one.target for one in found if one.target] == ["a.txt", "../../etc/passwd"]
    assert _contents(layer(files, form=form))[long] == b"two"


def test_content_that_is_not_read_is_passed_over() -> None:
    data = layer({"big": b"x" * 2_000_001, "small": "s"})
    reader = TarReader(io.BytesIO(data), LIMITS)

    sizes = {member.path: len(reader.read(5)) for member in reader}

    assert sizes == {"big": 5, "small": 1}


def test_sizes_in_base_256_are_understood() -> None:
    data = bytearray(layer({"a": b"x" * 600}))
    data[124:136] = b"\x80" + (600).to_bytes(11, "big")
    _sign(data)

    assert _contents(bytes(data)) == {"a": b"x" * 600}


def test_a_file_that_claims_to_be_huge_costs_what_is_there() -> None:
    data = bytearray(layer({"a": b"x" * 600}))
    data[124:136] = b"\x80" + (1 << 62).to_bytes(11, "big")
    _sign(data)

    with pytest.raises(LayerError, match="cut off"):
        _members(bytes(data))


def test_an_extended_header_that_claims_to_be_huge_is_refused_unread() -> None:
    data = bytearray(layer({"a": "x"}))
    data[156:157] = b"x"
    data[124:136] = b"%011o\0" % (MAX_HEADER_BYTES + 1)
    _sign(data)

    with pytest.raises(LayerError, match="larger than any real one"):
        _members(bytes(data))


@pytest.mark.parametrize("cut", [1, 100, 511, 513, 600])
def test_a_stream_that_ends_too_early_is_no_shorter_layer(cut: int) -> None:
    with pytest.raises(LayerError, match="cut off"):
        _members(layer({"a": b"x" * 600})[:cut])


def test_a_stream_that_ends_between_two_files_is_cut_off_too() -> None:
    with pytest.raises(LayerError, match="cut off"):
        _members(layer({"a": b"x" * 512, "b": "y"})[:1024])


def test_what_is_no_tar_is_said_to_be_none() -> None:
    with pytest.raises(LayerError, match="not a tar"):
        _members(b"{" + b"x" * 1_000)


def test_an_empty_stream_is_an_empty_layer() -> None:
    assert _members(b"") == _members(b"\0" * 1024) == []


def test_members_are_counted() -> None:
    with pytest.raises(LayerError, match="more than 2 members"):
        _members(layer({"a": "", "b": "", "c": ""}), StreamLimits(members=2))


def test_sparse_files_are_told() -> None:
    data = bytearray(layer({"a": b"x" * 600}))
    data[156:157] = b"S"
    _sign(data)

    assert [one.kind for one in _members(bytes(data))] == ["sparse"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("./a/b", "a/b"),
        ("/etc/passwd", "etc/passwd"),
        ("a//b/./c/", "a/b/c"),
        ("./", ""),
        ("a..b/..c", "a..b/..c"),
    ],
)
def test_paths_are_taken_from_the_root_of_the_image(path: str, expected: str) -> None:
    assert inside(path, LIMITS) == expected


@pytest.mark.parametrize("path", ["../x", "a/../../x", "a/..", "x" * 5_000, "d/" * 200 + "f"])
def test_paths_that_lead_out_or_never_end_are_refused(path: str) -> None:
    with pytest.raises(ValueError, match=r"leads out|more than|deeper"):
        inside(path, LIMITS)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 3_000), st.binary(min_size=1, max_size=40))
def test_damage_anywhere_ends_in_a_layer_error_or_in_members(place: int, damage: bytes) -> None:
    data = bytearray(layer({"a/b": b"x" * 700, "é" * 200: "long", "h": Odd("hard", "a/b")}))
    data[place : place + len(damage)] = damage

    try:
        found = _members(bytes(data))
    except LayerError:
        return

    assert all(isinstance(one.path, str) and one.size >= 0 for one in found)


def _sign(data: bytearray) -> None:
    """Write a header's checksum anew."""
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
