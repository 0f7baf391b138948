"""Programs say which modules they were built from."""

from __future__ import annotations

import io
import json
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.images.binaries import MAX_HELD_BYTES, read_program, rust_crates
from tests.image_samples import go_program

MODULES = {"example.org/shop": "(devel)", "github.com/openai/openai-go": "v1.2.3"}


def _read(data: bytes) -> tuple[dict[str, str], dict[str, str]]:
    return read_program(data[:64], io.BytesIO(data[64:]), len(data))


def test_modules_of_a_go_program_are_read() -> None:
    modules, crates = _read(go_program(("github.com/openai/openai-go", "v1.2.3")))

    assert (modules, crates) == (MODULES, {})


def test_a_large_program_is_read_as_it_streams_by() -> None:
    data = go_program(("github.com/openai/openai-go", "v1.2.3"), before=b"\x01" * (MAX_HELD_BYTES + 77_777))

    assert _read(data)[0] == MODULES


@pytest.mark.parametrize("shift", [0, 5, 262_130, 262_144 - 64 - 7])
def test_the_mark_is_found_across_chunks_and_a_mark_in_code_is_passed_over(shift: int) -> None:
    before = b"\xff Go buildinf:" + b"\x01" * shift + b"\xff Go buildinf:"
    small = go_program(("github.com/openai/openai-go", "v1.2.3"), before=before)
    large = go_program(("github.com/openai/openai-go", "v1.2.3"), before=before + b"\x01" * MAX_HELD_BYTES)

    assert _read(small)[0] == _read(large)[0] == MODULES


def test_a_replaced_module_keeps_its_name_and_takes_the_other_version() -> None:
    data = go_program(("github.com/openai/openai-go", "v1.2.3\th1:x=\n=>\tgithub.com/acme/fork\tv9.9.9"))

    assert _read(data)[0]["github.com/openai/openai-go"] == "v9.9.9"


@pytest.mark.parametrize("data", [b"\x7fELF" + b"\0" * 200, go_program()[:120], b"\xff Go buildinf:" * 50])
def test_a_program_without_build_information_says_nothing(data: bytes) -> None:
    assert _read(data) == ({}, {})


def _rust(audit: bytes) -> bytes:
    names = b"\0.shstrtab\0.dep-v0\0"
    body = names + audit
    header = bytearray(64)
    header[:6] = b"\x7fELF\x02\x01"
    table = 64 + len(body)
    struct.pack_into("<Q", header, 40, table)
    struct.pack_into("<HHH", header, 58, 64, 3, 1)

    def section(name: int, start: int, size: int) -> bytes:
        return struct.pack("<IIQQQQ", name, 1, 0, 0, start, size).ljust(64, b"\0")

    return (
        bytes(header)
        + body
        + section(0, 0, 0)
        + section(1, 64, len(names))
        + section(11, 64 + len(names), len(audit))
    )


def test_crates_of_an_audited_rust_program_are_read() -> None:
    packages = [
        {"name": "async-openai", "version": "0.20.0"},
        {"name": "cc", "version": "1.0", "kind": "build"},
        {"name": 7},
        "x",
    ]

    data = _rust(zlib.compress(json.dumps({"packages": packages}).encode()))

    assert _read(data) == ({}, {"async-openai": "0.20.0"})


@pytest.mark.parametrize(
    "audit", [b"", b"not zlib", zlib.compress(b"[1]"), zlib.compress(b'{"packages": 7}')]
)
def test_audit_data_that_is_none_says_nothing(audit: bytes) -> None:
    assert rust_crates(_rust(audit)) == {}


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 400), st.binary(min_size=1, max_size=40))
def test_damage_never_ends_in_an_error(place: int, damage: bytes) -> None:
    for whole in (go_program(("a.org/b", "v1")), _rust(zlib.compress(b'{"packages": []}'))):
        data = bytearray(whole)
        data[place : place + len(damage)] = damage

        assert len(_read(bytes(data))) == 2
