"""Read one layer: which of its files say something, what they say, and what the layer takes away.

What comes out is a pure function of the layer's bytes, the catalogue and the limits, so that a base layer
is read once in an organisation. Only files with facts are kept; of all others a short hash of the path, which
is enough to know that they lie over a file of a layer below.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from connectors.code.facts import Fact, FileFacts
from connectors.code.trees import shown
from connectors.images.contents import ContentReader
from connectors.images.path_sets import PathSet
from connectors.images.streams import ByteStream, StreamLimits
from connectors.images.tar import Member, TarReader, inside

_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"
_MAX_PROBLEMS = 1_000
_MAX_REMOVED = 200_000


@dataclass(slots=True, kw_only=True)
class LayerFacts:
    """What one layer says.

    ``files`` are the facts by path, ``problems`` what could not be read (path, name of the reader, reason).
    ``links`` are further names of files (path -> target) that would be read under that name. ``removed`` and
    ``opaque`` are paths and folders whose content below this layer is gone; ``names`` is everything here
    that is no folder, ``folders`` the folders. ``is_base``: the two were not kept.
    """

    files: dict[str, FileFacts] = field(default_factory=dict)
    problems: list[tuple[str, str, str]] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    opaque: set[str] = field(default_factory=set)
    names: PathSet = field(default_factory=PathSet)
    folders: PathSet = field(default_factory=PathSet)
    is_base: bool = False

    def hides(self, path: str) -> bool:
        """Say whether this layer takes away, or lies over, a file of a layer below it."""
        if path in self.removed or path in self.names or path in self.folders:
            return True
        above = path
        while above:
            above = above.rpartition("/")[0]
            if above in self.opaque or (above and (above in self.removed or above in self.names)):
                return True
        return False

    def pack(self) -> bytes:
        """Serialise for the cache."""
        return orjson.dumps(
            [
                {path: facts.pack().decode() for path, facts in self.files.items()},
                *(self.problems, self.links, sorted(self.removed), sorted(self.opaque)),
                *(self.names.pack(), self.folders.pack()),
                self.is_base,
            ]
        )

    @classmethod
    def unpack(cls, data: bytes) -> LayerFacts | None:
        """Read what :meth:`pack` wrote; ``None`` when it is something else (a miss)."""
        try:
            files, problems, links, removed, opaque, names, folders, is_base = orjson.loads(data)
            read = {path: FileFacts.unpack(packed.encode()) for path, packed in files.items()}
            if any(facts is None for facts in read.values()):
                return None
            return cls(
                files={path: facts for path, facts in read.items() if facts is not None},
                problems=[(path, name, reason) for path, name, reason in problems],
                links=dict(links),
                removed=set(removed),
                opaque=set(opaque),
                names=PathSet.unpack(names),
                folders=PathSet.unpack(folders),
                is_base=bool(is_base),
            )
        except (ValueError, TypeError, AttributeError):
            return None

    def facts(self) -> Iterable[tuple[str, Fact]]:
        """Yield the path and each fact."""
        for path, facts in self.files.items():
            for _, fact in facts:
                yield path, fact


def read_layer(
    stream: ByteStream, contents: ContentReader, limits: StreamLimits, *, is_base: bool
) -> LayerFacts:
    """Return what an unpacked layer says; raises ``LayerError`` when it cannot be read to its end."""
    found = LayerFacts(is_base=is_base)
    reader = TarReader(stream, limits)
    for member in reader:
        try:
            path = shown(inside(member.path, limits))
        except ValueError as error:
            _problem(found, shown(member.path[:200]), str(error))
            continue
        if path:
            _take(found, reader, member, path, contents)
    return found


def _take(found: LayerFacts, reader: TarReader, member: Member, path: str, contents: ContentReader) -> None:
    folder, _, name = path.rpartition("/")
    if name.startswith(_WHITEOUT):
        if name == _OPAQUE:
            found.opaque.add(folder)
        elif len(found.removed) < _MAX_REMOVED:
            found.removed.add(posixpath.join(folder, name[len(_WHITEOUT) :]))
        return
    if not found.is_base:
        (found.folders if member.kind == "folder" else found.names).add(path)
    if member.kind != "folder":  # a later entry of the same name is the one that counts
        found.files.pop(path, None)
        found.links.pop(path, None)
    if member.kind == "hard":
        _link(found, member, path, contents)
    elif member.kind == "sparse" and contents.wants(path):
        _problem(found, path, "a sparse file, which is not read")
    elif member.kind == "file":
        facts = contents.read(reader, path, member.size, member.mode)
        for reader_name, reason in facts.problems:
            _problem(found, path, reason, reader_name)
        if facts.facts:
            facts.problems = []
            found.files[path] = facts


def _link(found: LayerFacts, member: Member, path: str, contents: ContentReader) -> None:
    """Take a further name of a file: what it says is said under this name too."""
    try:
        target = shown(inside(member.target, StreamLimits()))
    except ValueError:
        _problem(found, path, "a hard link to a path that leads out of the image")
        return
    if contents.wants(path):
        found.links[path] = target


def _problem(found: LayerFacts, path: str, reason: str, reader: str = "") -> None:
    if len(found.problems) < _MAX_PROBLEMS:
        found.problems.append((path, reader, reason))
    elif len(found.problems) == _MAX_PROBLEMS:
        found.problems.append(
            (path, "", f"more than {_MAX_PROBLEMS} files could not be read; listed no further")
        )
