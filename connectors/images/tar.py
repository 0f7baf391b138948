"""Visit the members of a tar stream in order, trusting none of its sizes.

The standard library's reader takes the length of extended headers from the file and reads them whole, so a
few bytes of a packed layer could fill the memory; here everything but a file's content has a fixed bound.
Understood: ustar, pax (path, linkpath, size) and GNU long names. Sparse files are told, not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.images.streams import CHUNK, ByteStream, LayerError, StreamLimits

_BLOCK = 512
MAX_HEADER_BYTES = 1_000_000
"""Longest extended header; real ones hold a path or a few attributes."""
_FILE, _HARD, _LINK, _FOLDER, _SPARSE = b"07\0", b"1", b"2", b"5", b"S"


@dataclass(frozen=True, slots=True)
class Member:
    """One entry: its path as written, its type, its size in bytes and its mode.

    ``kind`` is ``file``, ``hard`` (the same file under another name), ``link``, ``folder``, ``sparse`` or
    ``special``; ``target`` is where a link leads, as written.
    """

    path: str
    kind: str
    size: int
    mode: int
    target: str = ""


@dataclass(slots=True)
class _Extra:
    """What extended headers say about the next member."""

    path: str | None = None
    target: str | None = None
    size: int | None = None
    is_sparse: bool = False


@dataclass(slots=True)
class TarReader:
    """Iterate over members; :meth:`read` gives the content of the one just yielded."""

    stream: ByteStream
    limits: StreamLimits
    _left: int = 0
    _padding: int = 0
    _defaults: _Extra = field(default_factory=_Extra)

    def __iter__(self) -> Iterator[Member]:
        """Yield the members up to the end mark; raises :class:`LayerError` where the stream is no tar."""
        count, extra = 0, _Extra()
        while True:
            self._skip()
            header = self._exactly(_BLOCK, may_end=True)
            if not header and count:
                # Every writer of layers marks the end; without a mark the rest may have been cut off.
                raise LayerError("it ends without a mark, so it may be cut off")
            if not header or not header.strip(b"\0"):
                return
            count += 1
            if count > self.limits.members:
                raise LayerError(f"it has more than {self.limits.members:,} members")
            size, kind = _checked(header), header[156:157]
            if kind in b"xgLK":
                self._extend(extra, kind, self._header_text(size))
                continue
            if extra.size is not None:
                size = extra.size
            is_plain = kind in _FILE or kind == b"\0"
            # Only files have content; what a link or a folder says of its size is not there.
            self._left = size if kind not in (_HARD, _LINK, _FOLDER, b"3", b"4", b"6") else 0
            self._padding = -self._left % _BLOCK
            yield self._member(header, extra, kind, size, is_plain)
            extra = _Extra()

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes of the current member's content."""
        data = self.stream.read(min(size, self._left))
        if not data and self._left and size:
            raise LayerError("it is cut off in the middle of a file")
        self._left -= len(data)
        return data

    def read_all(self, limit: int) -> bytes:
        """Return the rest of the current member's content, at most ``limit`` bytes."""
        pieces = bytearray()
        while self._left and len(pieces) < limit:
            pieces += self.read(min(CHUNK, limit - len(pieces)))
        return bytes(pieces)

    def _member(self, header: bytes, extra: _Extra, kind: bytes, size: int, is_plain: bool) -> Member:
        path = extra.path if extra.path is not None else _name(header)
        target = extra.target if extra.target is not None else _text(header[157:257])
        if is_plain:
            # Old tars mark a folder by a slash at the end of a file's name.
            shape = "folder" if path.endswith("/") and not size else "sparse" if extra.is_sparse else "file"
        else:
            shape = {_HARD: "hard", _LINK: "link", _FOLDER: "folder", _SPARSE: "sparse"}.get(kind, "special")
        return Member(path, shape, size, _number(header[100:108]), target)

    def _extend(self, extra: _Extra, kind: bytes, data: bytes) -> None:
        if kind == b"L":
            extra.path = _text(data)
        elif kind == b"K":
            extra.target = _text(data)
        elif kind == b"x":
            _read_pax(data, extra)

    def _header_text(self, size: int) -> bytes:
        if size > MAX_HEADER_BYTES:
            raise LayerError("an extended header is larger than any real one")
        data = self._exactly(size)
        self._padding = -size % _BLOCK
        return data

    def _skip(self) -> None:
        left, self._left = self._left + self._padding, 0
        self._padding = 0
        skip = getattr(self.stream, "skip", None)
        if skip is not None and left > CHUNK:  # a file on disk need not be read to be passed over
            skip(left)
            return
        while left:
            data = self.stream.read(min(CHUNK, left))
            if not data:
                raise LayerError("it is cut off in the middle of a file")
            left -= len(data)

    def _exactly(self, size: int, *, may_end: bool = False) -> bytes:
        data = self.stream.read(size)
        while 0 < len(data) < size and (more := self.stream.read(size - len(data))):
            data += more
        if len(data) != size and (data or not may_end):
            raise LayerError("it is cut off in the middle of a header")
        return data


def _checked(header: bytes) -> int:
    """Return the size that a header states; raises :class:`LayerError` when it is no header."""
    wanted = _number(header[148:156])
    blanked = header[:148] + b" " * 8 + header[156:]
    if wanted != sum(blanked):
        raise LayerError("it is not a tar stream")
    size = _number(header[124:136])
    if size < 0:
        raise LayerError("a member's size is negative")
    return size


def _number(field_bytes: bytes) -> int:
    """Read octal digits, or base 256 where the first bit is set; -1 for anything else."""
    if field_bytes[0] & 0x80:
        return int.from_bytes(bytes([field_bytes[0] & 0x7F]) + field_bytes[1:], "big")
    digits = field_bytes.strip(b" \0").partition(b"\0")[0]
    try:
        return int(digits, 8) if digits else 0
    except ValueError:
        return -1


def _name(header: bytes) -> str:
    name, prefix = _text(header[0:100]), _text(header[345:500])
    is_ustar = header[257:263] == b"ustar\0"  # GNU's own form keeps other things where the prefix is
    return f"{prefix}/{name}" if is_ustar and prefix else name


def _text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _read_pax(data: bytes, extra: _Extra) -> None:
    """Read ``length key=value`` records; the first that is none ends the header."""
    place = 0
    while place < len(data):
        blank = data.find(b" ", place, place + 12)
        digits = data[place:blank] if blank > 0 else b""
        if not digits.isdigit():
            return
        end = place + int(digits)
        if end <= blank or end > len(data):
            return
        key, _, value = data[blank + 1 : end - 1].partition(b"=")
        if key == b"path":
            extra.path = _text(value)
        elif key == b"linkpath":
            extra.target = _text(value)
        elif key == b"size" and value.isdigit() and len(value) <= 20:
            extra.size = int(value)
        elif key.startswith(b"GNU.sparse."):
            extra.is_sparse = True
        place = end


def inside(path: str, limits: StreamLimits) -> str:
    """Return a member's path below the image's root, without ``./`` and leading slashes.

    Raises ``ValueError`` with a short reason for a path that leads out or is longer or deeper than allowed.
    """
    if len(path) > limits.path_chars:
        raise ValueError(f"a path of more than {limits.path_chars} characters")
    pieces = [piece for piece in path.split("/") if piece not in ("", ".")]
    if ".." in pieces:
        raise ValueError("a path that leads out of the image")
    if len(pieces) > limits.path_depth:
        raise ValueError(f"deeper than {limits.path_depth} folders")
    return "/".join(pieces)
