"""Measure reading one large layer: processor time and peak memory.

    python -m benchmarks.image_layer [MEGABYTES]

The layer is made while it is read (gzip, half small source files, half libraries), so that only the reader's
memory counts. Both catalogue and byte search are loaded before the clock starts.
"""

from __future__ import annotations

import random
import resource
import sys
import tarfile
import time
import zlib
from collections.abc import Iterator

from connectors.catalogue import load_catalogue
from connectors.code.registry import formats_for
from connectors.code.trees import Limits
from connectors.images.contents import ContentReader
from connectors.images.layers import read_layer
from connectors.images.streams import Chunks, Hashed, StreamLimits, unpacked

_SMALL, _LARGE, _PIECE = 10_000, 10_000_000, 100_000


def members(megabytes: int) -> Iterator[bytes]:
    """Yield a tar stream of about so many bytes, in small pieces."""
    dice = random.Random(1)
    source = b"".join(b"def f%d(x):\n    return x + %d\n" % (n, dice.randrange(10**6)) for n in range(250))
    noise = dice.randbytes(_PIECE)
    for number in range(megabytes * 1_000_000 // 2 // _SMALL):
        place = "app/src" if number % 2 else "usr/lib/python3/dist-packages"
        yield header(f"{place}/pkg{number % 500}/m{number}.py", _SMALL)
        yield source[:_SMALL].ljust(_SMALL, b"#") + b"\0" * (-_SMALL % 512)
    for number in range(megabytes * 1_000_000 // 2 // _LARGE):
        yield header(f"usr/lib/lib{number}.so", _LARGE, 0o755)
        yield b"\x7fELF" + noise[4:]
        for _ in range(_LARGE // _PIECE - 1):
            yield noise
        yield b"\0" * (-_LARGE % 512)
    yield b"\0" * 1024


def header(name: str, size: int, mode: int = 0o644) -> bytes:
    """Return the header of one member of a tar stream."""
    made = tarfile.TarInfo(name)
    made.size, made.mode = size, mode
    return made.tobuf()


def packed(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Pack with gzip as it comes."""
    gzip = zlib.compressobj(1, zlib.DEFLATED, 31)
    for chunk in chunks:
        yield gzip.compress(chunk)
    yield gzip.flush()


def main() -> int:
    """Read the layer and print the figures."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    formats = formats_for(load_catalogue())
    contents = ContentReader(formats, Limits())
    formats.prefilter.search(b"x")
    for _ in packed(members(2)):
        pass  # the maker's own memory is taken before it is measured
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started = time.process_time()
    stored = Hashed(Chunks(packed(members(megabytes))), "")
    found = read_layer(unpacked(stored, StreamLimits()), contents, StreamLimits(), is_base=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{megabytes} MB of files, {stored.count / 1e6:.0f} MB packed, {len(found.names):,} files")
    print(f"processor time, packing included: {time.process_time() - started:.1f} s")
    print(f"memory: {before:.0f} MB before, {peak:.0f} MB at the most")
    return 0


if __name__ == "__main__":
    sys.exit(main())
