"""Read layers as streams: count and hash what comes in, unpack it step by step, never past a limit.

Nothing is written to disk and nothing is held but one chunk. A stream that breaks a limit, is cut off or is
not what it says raises :class:`LayerError`; what was read before stands as far as its reader trusts it.
"""

from __future__ import annotations

import contextlib
import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

CHUNK = 256 * 1024
RATIO_FROM = 64 * 1024 * 1024
"""Unpacked size (bytes) from which the ratio counts: small files of zeros are no bomb."""
_DIGESTS = {"sha256": 64, "sha512": 128}


class LayerError(Exception):
    """A layer, or an archive around it, cannot be read on; the text says why and quotes nothing of it."""


class ByteStream(Protocol):
    """Bytes that can be read once, forwards."""

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes, fewer only at the end; empty at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """How far a layer may go: unpacked bytes, members, unpacked for packed bytes, path length and depth."""

    unpacked_bytes: int = 32_000_000_000
    members: int = 1_000_000
    ratio: int = 200
    path_chars: int = 4_096
    path_depth: int = 128


class Chunks:
    """Make a stream of an iterator of byte strings."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes; short reads happen only at the end."""
        pieces, have = [self._rest], len(self._rest)
        while have < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            pieces.append(chunk)
            have += len(chunk)
        data = b"".join(pieces)
        self._rest = data[size:]
        return data[:size]


class Hashed:
    """Pass a stream on while its bytes are counted and hashed."""

    def __init__(self, stream: ByteStream, digest: str) -> None:
        algorithm, _, self._wanted = digest.partition(":")
        self._stream = stream
        self._hash = hashlib.new(algorithm) if algorithm in _DIGESTS else None
        self.count = 0

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        data = self._stream.read(size)
        self.count += len(data)
        if self._hash is not None:
            self._hash.update(data)
        return data

    def finish(self) -> None:
        """Read to the end and compare; raises :class:`LayerError` when the digest is another."""
        while self.read(CHUNK):
            pass
        if self._hash is None:
            raise LayerError("its digest is of a kind that cannot be checked")
        if self._hash.hexdigest() != self._wanted:
            raise LayerError("its bytes do not have the digest that the manifest names")


def is_digest(text: object) -> bool:
    """Say whether a text is a digest that can be checked (``sha256:...``, ``sha512:...``)."""
    if not isinstance(text, str):
        return False
    algorithm, _, digits = text.partition(":")
    return len(digits) == _DIGESTS.get(algorithm, -1) and all(char in "0123456789abcdef" for char in digits)


def unpacked(packed: Hashed, limits: StreamLimits) -> ByteStream:
    """Return the bytes of a layer that is gzip, zstd or not packed, told apart by its first bytes."""
    head = packed.read(4)
    stream = _Pushed(head, packed)
    if head[:2] == b"\x1f\x8b":
        return _Bounded(_Inflated(stream), packed, limits)
    if head == b"\x28\xb5\x2f\xfd":
        return _Bounded(_zstd(stream), packed, limits)
    return _Bounded(stream, packed, limits)


class _Pushed:
    """A stream with its first bytes put back."""

    def __init__(self, head: bytes, stream: ByteStream) -> None:
        self._head = head
        self._stream = stream

    def read(self, size: int) -> bytes:
        head, self._head = self._head[:size], self._head[size:]
        return head + self._stream.read(size - len(head)) if len(head) < size else head


class _Inflated:
    """Undo gzip, of any number of members, at most one chunk ahead."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._gzip: Any = zlib.decompressobj(31)
        self._packed = b""
        self._out = bytearray()
        self._ended = False

    def read(self, size: int) -> bytes:
        while len(self._out) < size and not self._ended:
            self._more(max(size, CHUNK))
        data = bytes(self._out[:size])
        del self._out[:size]
        return data

    def _more(self, size: int) -> None:
        packed = self._packed or self._stream.read(CHUNK)
        if not packed:
            raise LayerError("its gzip data is cut off")
        try:
            self._out += self._gzip.decompress(packed, size)
        except zlib.error:
            raise LayerError("its gzip data is damaged") from None
        self._packed = self._gzip.unconsumed_tail
        if self._gzip.eof:
            self._next_member(self._gzip.unused_data)

    def _next_member(self, rest: bytes) -> None:
        """Go on behind a member: what follows is another one (as eStargz and pigz write), or padding."""
        rest = (rest or self._stream.read(CHUNK)).lstrip(b"\0")
        if rest[:1] == b"\x1f":
            self._gzip, self._packed = zlib.decompressobj(31), rest
        else:
            self._ended = True


def _zstd(stream: ByteStream) -> ByteStream:
    """Undo zstd by whichever library is there; raises :class:`LayerError` without one."""
    # 128 MB is what the format calls for at most without asking; beyond it a frame could claim gigabytes.
    with contextlib.suppress(ImportError):
        library: Any = import_module("compression.zstd")  # of Python 3.14 and later
        options = {library.DecompressionParameter.window_log_max: 27}
        file: Any = library.ZstdFile(stream, options=options)
        return _Foreign(file.read, (library.ZstdError, EOFError))
    with contextlib.suppress(ImportError):
        zstandard: Any = import_module("zstandard")
        reader: Any = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(
            stream, read_across_frames=True
        )
        return _Foreign(reader.read, (zstandard.ZstdError,))
    raise LayerError(
        "it is packed with zstd and nothing here unpacks that: install the Python package zstandard"
    )


class _Foreign:
    """A library's reader, with its errors as ours."""

    def __init__(self, read: Callable[[int], bytes], errors: tuple[type[Exception], ...]) -> None:
        self._read = read
        self._errors = errors

    def read(self, size: int) -> bytes:
        try:
            return self._read(size)
        except self._errors:
            raise LayerError("its zstd data is damaged") from None


class _Bounded:
    """Count unpacked bytes against the limits."""

    def __init__(self, stream: ByteStream, packed: Hashed, limits: StreamLimits) -> None:
        self._stream = stream
        self._packed = packed
        self._limits = limits
        self._count = 0

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._count += len(data)
        if self._count > self._limits.unpacked_bytes:
            raise LayerError(f"it unpacks to more than {self._limits.unpacked_bytes:,} bytes")
        if self._count > RATIO_FROM and self._count > self._packed.count * self._limits.ratio:
            raise LayerError(f"it unpacks to more than {self._limits.ratio} times its size")
        return data
