"""Read Java archives as streams, for the Maven coordinates of what is in them, also of archives inside.

An archive's own directory stands at its end; here its entries are walked from the front by their local
headers, so that nothing is held but one small properties file. An entry that hides its size is inflated to
find its end. Where an archive names no coordinates, its file name together with its packages may tell them.

**Source:** APPNOTE.TXT 6.3 (local file headers, data descriptors), the Maven archiver's ``pom.properties``,
Spring Boot's nested archives; general knowledge of each.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from connectors.catalogue.tables import Catalogue
from connectors.images.knowledge import load_knowledge
from connectors.images.streams import CHUNK, ByteStream, LayerError

MAX_DEPTH = 3
"""An archive in an archive in an archive: an enterprise archive holds web archives, those hold libraries."""
MAX_ENTRIES = 200_000
MAX_INFLATED_BYTES = 2_000_000_000
"""Most that is inflated of an archive to find the ends of its entries."""
_MAX_PROPERTIES = 64 * 1024
_STEP = 16 * 1024
"""Bytes asked for where an entry's end is unknown: what lies behind it is put back."""
_LOCAL, _DESCRIPTOR = b"PK\x03\x04", b"PK\x07\x08"
_NAMED = re.compile(r"(?P<artifact>[A-Za-z][A-Za-z0-9._-]*?)-(?P<version>\d[A-Za-z0-9.+_-]*)\.jar$")


@dataclass(slots=True)
class _Found:
    """What one archive tells of itself."""

    coordinates: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Budget:
    """What one archive with all in it may cost."""

    entries: int = MAX_ENTRIES
    inflated: int = MAX_INFLATED_BYTES

    def enter(self) -> None:
        self.entries -= 1
        if self.entries < 0:
            raise LayerError(f"a Java archive with more than {MAX_ENTRIES:,} entries")

    def inflate(self, size: int) -> None:
        self.inflated -= size
        if self.inflated < 0:
            raise LayerError("a Java archive that unpacks to more than is read")


def coordinates(
    stream: ByteStream, name: str, catalogue: Catalogue, *, inflated_bytes: int = MAX_INFLATED_BYTES
) -> dict[str, str]:
    """Return Maven coordinates (``group:artifact`` -> version) of an archive and of those inside it.

    Raises :class:`LayerError` when it is no archive or has too many entries; what was found is lost then.
    """
    found: dict[str, str] = {}
    _archive(stream, name, catalogue, found, _Budget(inflated=inflated_bytes), 0)
    return found


def _archive(
    stream: ByteStream, name: str, catalogue: Catalogue, found: dict[str, str], budget: _Budget, depth: int
) -> None:
    mine = _Found()
    zipped = _Zip(stream, budget)
    for entry in zipped.entries():
        budget.enter()
        if entry.startswith("META-INF/maven/") and entry.endswith("/pom.properties"):
            _read_properties(zipped.read_all(_MAX_PROPERTIES), mine)
        elif depth < MAX_DEPTH and any(fnmatchcase(entry, glob) for glob in load_knowledge().java_archives):
            _archive(zipped, entry.rpartition("/")[2], catalogue, found, budget, depth + 1)
        elif entry.endswith(".class"):
            mine.folders.add(entry.rpartition("/")[0])
    found |= mine.coordinates or _by_name(name, mine.folders, catalogue)


def _read_properties(data: bytes, mine: _Found) -> None:
    fields = dict(
        line.strip().split("=", 1)
        for line in data.decode("utf-8", "replace").splitlines()
        if "=" in line and not line.startswith("#")
    )
    if fields.get("groupId") and fields.get("artifactId"):
        mine.coordinates[f"{fields['groupId']}:{fields['artifactId']}"] = fields.get("version", "")


def _by_name(name: str, folders: set[str], catalogue: Catalogue) -> dict[str, str]:
    """Tell a library by its file's name, if its classes lie where that catalogued library's do."""
    named = _NAMED.fullmatch(name)
    if named is None:
        return {}
    for key, row in catalogue.packages["maven"].items():
        group, _, artifact = key.partition(":")
        if artifact != named["artifact"]:
            continue
        places = [module.replace(".", "/") for module in (*row.modules, group)]
        if any(folder == place or folder.startswith(f"{place}/") for folder in folders for place in places):
            return {key: named["version"]}
    return {}


class _Zip:
    """The entries of a zip stream, in order; also the stream of the entry just yielded."""

    def __init__(self, stream: ByteStream, budget: _Budget) -> None:
        self._stream = stream
        self._budget = budget
        self._ahead = b""
        self._left = 0
        self._inflate: zlib._Decompress | None = None
        self._is_open_ended = False
        self._out = b""
        self._is_zip64 = False

    def entries(self) -> Iterator[str]:
        """Yield the name of each entry; the end is whatever is no local header."""
        is_first = True
        while True:
            self._finish()
            mark = self._raw(4)
            if mark != _LOCAL:
                if is_first and mark not in (b"PK\x05\x06", b""):
                    raise LayerError("a Java archive that does not begin like one")
                self._drain()
                return
            is_first = False
            header = self._exactly(26)
            flags, method = struct.unpack_from("<HH", header, 2)
            packed, plain, name_size, extra_size = struct.unpack_from("<IIHH", header, 14)
            name = self._exactly(name_size).decode("utf-8", "replace")
            packed = _real_size(packed, plain, self._exactly(extra_size))
            self._begin(flags, method, packed)
            yield name

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes of the current entry, unpacked."""
        while len(self._out) < size and self._has_more():
            self._out += self._next(size - len(self._out))
        data, self._out = self._out[:size], self._out[size:]
        return data

    def read_all(self, limit: int) -> bytes:
        """Return the current entry, at most ``limit`` bytes of it."""
        return self.read(limit)

    def _begin(self, flags: int, method: int, packed: int) -> None:
        self._out = b""
        self._left = packed
        # Bit 3: the sizes stand behind the data. Bit 0: encrypted, which is only passed over.
        self._is_open_ended = bool(flags & 8) and packed == 0
        self._inflate = zlib.decompressobj(-15) if method == 8 and not flags & 1 else None
        if self._is_open_ended and self._inflate is None:
            raise LayerError("a Java archive with a stored entry of unknown size")

    def _has_more(self) -> bool:
        return not self._inflate.eof if self._inflate is not None else self._left > 0

    def _next(self, size: int) -> bytes:
        packed = self._inflate.unconsumed_tail if self._inflate is not None else b""
        if not packed:
            packed = self._raw(_STEP if self._is_open_ended else min(CHUNK, self._left))
            self._left -= 0 if self._is_open_ended else len(packed)
        if self._inflate is None:
            if not packed:
                raise LayerError("a Java archive that is cut off")
            return packed
        try:
            data = self._inflate.decompress(packed, size)
        except zlib.error:
            raise LayerError("a Java archive with damaged data") from None
        self._budget.inflate(len(data))
        if not packed and not data and not self._inflate.eof:
            raise LayerError("a Java archive that is cut off")
        if self._inflate.eof and self._is_open_ended:
            self._ahead = self._inflate.unused_data + self._ahead
        return data

    def _finish(self) -> None:
        """Pass over what is left of the current entry, and the sizes behind it."""
        if self._inflate is not None and self._is_open_ended:
            while self._has_more():
                self._next(CHUNK)
            self._descriptor()
        else:
            while self._left:
                gone = self._raw(min(CHUNK, self._left))
                if not gone:
                    raise LayerError("a Java archive that is cut off")
                self._left -= len(gone)
        self._inflate, self._is_open_ended, self._out = None, False, b""

    def _descriptor(self) -> None:
        """Pass over a data descriptor: 12 bytes, with or without a mark, or 20 where sizes are long."""
        data = self._exactly(12)
        if data[:4] == _DESCRIPTOR:
            data += self._exactly(4)
        behind = self._raw(12)
        # What follows is the next header; where eight more bytes stand before it, the sizes were long.
        is_long = behind[8:10] == b"PK" and behind[:2] != b"PK"
        self._ahead = (behind[8:] if is_long else behind) + self._ahead

    def _drain(self) -> None:
        """Read to the end of the archive, so that the stream around it stands behind it."""
        while self._raw(CHUNK):
            pass

    def _exactly(self, size: int) -> bytes:
        data = self._raw(size)
        if len(data) != size:
            raise LayerError("a Java archive that is cut off")
        return data

    def _raw(self, size: int) -> bytes:
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        while len(data) < size and (more := self._stream.read(size - len(data))):
            data += more
        return data


def _real_size(packed: int, plain: int, extra: bytes) -> int:
    """Return an entry's packed size, from the field for long sizes where the short one is full."""
    if packed != 0xFFFFFFFF:
        return packed
    place = 0
    while place + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, place)
        start = place + 4 + (8 if plain == 0xFFFFFFFF else 0)
        if kind == 1 and start + 8 <= len(extra):
            return int(struct.unpack_from("<Q", extra, start)[0])
        place += 4 + size
    return packed
