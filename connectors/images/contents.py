"""Decide by path and first bytes what to do with a file of an image, and read it as its member streams by.

Three kinds of files say something: those that package managers, compilers and model stores leave behind,
wherever they lie; files with model weights; and the application's own files, outside of the folders that
belong to the system, which the code formats read as they read a repository.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from itertools import pairwise

from connectors.catalogue.tables import Catalogue
from connectors.code.facts import Fact, FileFacts, Source, UnreadableError
from connectors.code.formats.model_headers import read_header
from connectors.code.globs import to_regex
from connectors.code.registry import UNREAD, Formats
from connectors.code.trees import Limits
from connectors.images import weights
from connectors.images.binaries import read_program
from connectors.images.installed import golang, package, reader_of
from connectors.images.jars import coordinates
from connectors.images.knowledge import Knowledge, load_knowledge, table_version
from connectors.images.streams import LayerError
from connectors.images.tar import TarReader
from connectors.model import Grade, Json
from connectors.patterns import compile_pattern

CONTENTS = "image-contents"
"""The part for what is installed or kept in an image; facts of its readers go there."""
ANY = "*"
"""The reader named for a file that any of the formats that its path calls for might have read."""
_READER_VERSION = 1
_SHARD = re.compile(r"-0*(\d{1,6})-of-\d{2,6}\.")
_SNIFFED_BYTES = 1_000_000
"""Size from which a file's first bytes are looked at whatever it is called."""
_NOT_READ = "RPM's list of installed packages, in a database of Berkeley DB or NDB, which is not read"
_PROGRAMS = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe")
_MAX_KNOWN_FOLDERS = 100_000
_SURPRISES = (AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError)


class _Places:
    """Globs that end in a name, or in ``*`` and an ending, so that most files cost one look-up."""

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        self._exact: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        self._endings: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        for glob, answer in rows:
            name = glob.rpartition("/")[2]
            pattern = re.compile(to_regex(glob if "/" in glob else f"**/{glob}"))
            table = self._endings if name.startswith("*") else self._exact
            table.setdefault(name.lstrip("*"), []).append((pattern, answer))
        self._suffixes = tuple(self._endings)

    def find(self, path: str) -> tuple[str, ...]:
        rows = self._exact.get(path.rpartition("/")[2], [])
        if path.endswith(self._suffixes):
            rows = rows + [row for end in self._suffixes if path.endswith(end) for row in self._endings[end]]
        return tuple(dict.fromkeys(answer for pattern, answer in rows if pattern.fullmatch(path)))


class ContentReader:
    """Read files of images; one for each catalogue and limits, safe to use for many layers in turn."""

    def __init__(self, formats: Formats, limits: Limits) -> None:
        self._formats = formats
        self._limits = limits
        self._rows: Knowledge = load_knowledge()
        self._installed = _Places((glob, row.name) for row in self._rows.installed for glob in row.globs)
        self._readers = {row.name: reader_of(row.reader) for row in self._rows.installed}
        self._databases = _Places((glob, "rpm") for glob in self._rows.unread_databases)
        self._areas: dict[str, bool] = {}
        self._tool_names = frozenset((*self._rows.tool_folders, *formats.catalogue.skipped_folders))
        self._control = frozenset(formats.catalogue.control_folders)

    @property
    def catalogue(self) -> Catalogue:
        """Return the catalogue that is asked."""
        return self._formats.catalogue

    @cached_property
    def version(self) -> str:
        """Return what facts depend on besides a layer's bytes, for the keys of cached layers."""
        rows = ",".join(f"{row.name}:{row.version}" for row in self._rows.installed)
        told = f"{rows}/{_READER_VERSION}/{table_version()}/{self._limits}"
        own = hashlib.sha256(told.encode()).hexdigest()[:8]
        return self._formats.cache_key(own, "", self._formats.plan("x"))

    def wants(self, path: str) -> bool:
        """Say whether a file of this path might say something, whatever is in it."""
        if self._installed.find(path) or self._databases.find(path) or self._is_java(path):
            return True
        if self._store_fact(path) is not None or path.endswith(self._rows.model_files):
            return True
        plan = self._formats.plan(path)
        return self._is_application(path) and (bool(plan.formats) or plan.syntax not in UNREAD)

    def read(self, stream: TarReader, path: str, size: int, mode: int) -> FileFacts:
        """Return what the member just reached says; never raises for what is in it but ``LayerError``."""
        result = FileFacts()
        stored = self._store_fact(path)
        if stored is not None:
            result.facts.append((CONTENTS, stored))
        names = self._installed.find(path)
        if names:
            self._read_installed(stream, path, size, names, result)
        elif self._is_java(path):
            self._read_java(stream, path, result)
        elif self._databases.find(path):
            result.problems.append((CONTENTS, _NOT_READ))
        else:
            self._read_other(stream, path, size, mode, result)
        return result

    def _read_installed(
        self, stream: TarReader, path: str, size: int, names: tuple[str, ...], result: FileFacts
    ) -> None:
        if size > self._limits.format_bytes:
            result.problems.append((CONTENTS, "larger than the limit"))
            return
        source = self._source(stream.read_all(size), path)
        for name in names:
            try:
                result.facts += [(name, fact) for fact in self._readers[name](source)]
            except UnreadableError as error:
                result.problems.append((CONTENTS, f"{name}: {error}"))
            except _SURPRISES as error:
                # As with code formats: a file nobody thought of costs that file, not the layer.
                result.problems.append((CONTENTS, f"{name}: parser error: {type(error).__name__}"))

    def _read_java(self, stream: TarReader, path: str, result: FileFacts) -> None:
        source = self._source(b"", path)
        try:
            found = coordinates(stream, path.rpartition("/")[2], self.catalogue)
        except LayerError as error:
            result.problems.append((CONTENTS, str(error)))
            return
        for name, version in found.items():
            result.facts += [("java-archive", fact) for fact in package(source, "maven", name, version)]

    def _read_other(self, stream: TarReader, path: str, size: int, mode: int, result: FileFacts) -> None:
        is_application = self._is_application(path)
        is_weights = path.endswith(self._rows.model_files)
        is_program = bool(mode & 0o111)
        if not (is_application or is_weights or is_program or size >= _SNIFFED_BYTES):
            return
        head = stream.read(min(size, weights.HEAD_BYTES))
        ending = weights.ending_of(head, path, self._rows.model_files)
        if ending:
            head += stream.read_all(weights.HEADER_BYTES)
            if self._read_weights(path, size, head, ending, result):
                return
        if head.startswith(_PROGRAMS):
            if is_program or size >= _SNIFFED_BYTES:
                self._read_program(stream, path, size, head, result)
        elif is_application:
            self._read_code(stream, path, size, head, result)

    def _read_weights(self, path: str, size: int, head: bytes, ending: str, result: FileFacts) -> bool:
        """Take a file of weights by its header; of a model in several files the first stands for all."""
        try:
            found = read_header(head, ending)
        except (struct.error, *_SURPRISES) as error:
            result.problems.append((CONTENTS, f"model header: parser error: {type(error).__name__}"))
            return True
        shard = _SHARD.search(path)
        if found is not None and not (shard and int(shard.group(1)) > 1):
            result.facts.append((CONTENTS, _weights(path, size, found)))
        return found is not None

    def _read_program(self, stream: TarReader, path: str, size: int, head: bytes, result: FileFacts) -> None:
        modules, crates = read_program(head, stream, size)
        source = self._source(b"", path)
        result.facts += [("go-program", fact) for fact in golang(source, modules)]
        for name, version in crates.items():
            result.facts += [("rust-program", fact) for fact in package(source, "cargo", name, version)]

    def _read_code(self, stream: TarReader, path: str, size: int, head: bytes, result: FileFacts) -> None:
        plan = self._formats.plan(path)
        if not plan.formats and plan.syntax in UNREAD:
            return
        limit = self._limits.format_bytes if plan.formats else self._limits.text_bytes
        wanted = min(size, plan.head) if plan.head else size
        if wanted > limit:
            if plan.formats or b"\0" not in head:
                result.problems.append((ANY, f"larger than the limit ({size / 1_000_000:.1f} MB)"))
            return
        data = head + stream.read_all(max(0, wanted - len(head)))
        if not plan.formats and b"\0" in data[:8192]:
            return
        read = self._formats.read(data, path.rpartition("/")[2], plan)
        result.facts += read.facts
        result.problems += read.problems

    def _store_fact(self, path: str) -> Fact | None:
        """Return the model that a path in a model store names."""
        for row in self._rows.model_store:
            found = compile_pattern(row.pattern).search(path) if row.literal in f"/{path}" else None
            if found is None:
                continue
            owner, model = str(found.group("owner")), str(found.group("model"))
            name = f"{owner}/{model}"
            if row.provider == "ollama":
                name = f"{model if owner == 'library' else name}:{found.group('tag')}"
            return Fact(
                kind="model",
                provider=self.catalogue.owners.get(owner, row.provider),
                identifier=name,
                name=name,
                grade=Grade.CONFIGURED,
                model=name,
                detail=row.name,
            )
        return None

    def _is_java(self, path: str) -> bool:
        return path[-4:] in (".jar", ".war", ".ear")

    def _source(self, data: bytes, path: str) -> Source:
        return Source(data=data, name=path.rpartition("/")[2], syntax="config", catalogue=self.catalogue)

    def _is_application(self, path: str) -> bool:
        """Say whether the folders above a file are neither the system's nor put there by tools."""
        folder = path.rpartition("/")[0]
        area = self._areas.get(folder)
        if area is None:
            if len(self._areas) >= _MAX_KNOWN_FOLDERS:
                self._areas.clear()
            area = self._areas[folder] = self._judge(folder)
        return area

    def _judge(self, folder: str) -> bool:
        pieces = folder.split("/")
        if any(piece in self._tool_names or piece in self._control for piece in pieces):
            return False
        for first, second in pairwise(pieces):
            is_library = first in ("lib", "lib64")
            if is_library and any(fnmatchcase(second, name) for name in self._rows.language_folders):
                return False
        below = f"{folder}/"
        is_system = any(below.startswith(f"{one}/") for one in self._rows.system_folders)
        return not is_system or any(below.startswith(f"{one}/") for one in self._rows.application_folders)

    def is_installed(self, path: str) -> bool:
        """Say whether a path is one of those that tell what is installed."""
        return bool(self._installed.find(path)) or self._is_java(path)

    @property
    def model_artifacts(self) -> tuple[str, ...]:
        """Return how the types of artifacts begin that are models."""
        return self._rows.model_artifacts


def _weights(path: str, size: int, header: Mapping[str, Json]) -> Fact:
    name = path.rpartition("/")[2]
    return Fact(
        kind="model_file",
        provider="local",
        identifier=path,
        name=str(header.get("model_name") or name),
        grade=Grade.CONFIGURED,
        attributes={"file": name, "size_bytes": size, **header},
    )
