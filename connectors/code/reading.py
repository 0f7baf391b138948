"""Read a whole tree once: facts per file, the units, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from connectors.code.facts import MODULE_CALL, Fact, FileFacts
from connectors.code.owners import PLACES
from connectors.code.registry import UNREAD, Formats, Plan
from connectors.code.roles import Roles, Units
from connectors.code.trees import Entry, Limits, Tree, blob_id
from connectors.contract import Cache
from connectors.hygiene import holds_secret

WORTH_KEEPING = 32_000
"""Size (bytes) from which facts of a folder's lock or manifest are cached.

A folder's files must be read before their id is known, so the cache saves only search and parser. Measured:
a source file of 100 kB costs 0.3 ms to search and 0.1 ms to hash, less than a row in the cache; a lock of
600 kB costs 25 ms to parse, 0.7 ms to hash and nothing to unpack.
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """A fact in its tree: where it stands, and the format that read it."""

    path: str
    fact: Fact
    format: str


@dataclass(slots=True, kw_only=True)
class TreeFacts:
    """All that one pass over a tree found.

    ``by_part`` are the facts of each part in the order of the files, ``exceptions`` what single files of a
    part could not give, ``places`` what was not entered. ``blobs`` are the ids of files that were read.
    """

    units: Units
    roles: Roles
    by_part: dict[str, list[Seen]]
    exceptions: dict[str, list[tuple[str, str]]]
    places: list[tuple[str, str]] = field(default_factory=list)
    code_owners: dict[str, bytes] = field(default_factory=dict)
    local_modules: set[str] = field(default_factory=set)
    blobs: dict[str, str] = field(default_factory=dict)
    files: int = 0


class TreeReader:
    """Bring the files of a tree through cache, byte search and parsers."""

    def __init__(self, formats: Formats, cache: Cache, limits: Limits, wanted: Callable[[str], bool]) -> None:
        self._formats = formats
        self._cache = cache
        self._limits = limits
        self._wanted = wanted
        self._plans: dict[str, Plan] = {}

    def read(self, tree: Tree) -> TreeFacts:
        """Return what the tree holds; raises the connector errors of its reader."""
        catalogue = self._formats.catalogue
        parts = self._formats.parts
        result = TreeFacts(
            units=Units(catalogue),
            roles=Roles(catalogue),
            by_part={part: [] for part in parts},
            exceptions={part: [] for part in parts},
        )
        for batch in tree.batches(self._wanted):
            self._plans = {entry.path: self._formats.plan(entry.path) for entry in batch}
            for entry in batch:
                self._note(result, entry)
            for entry, facts in self._facts(tree, batch, result):
                self._keep(result, entry, facts)
        self._list_exceptions(result, tree)
        return result

    def _note(self, result: TreeFacts, entry: Entry) -> None:
        result.files += 1
        result.units.note(entry.path)
        if entry.path.endswith(".py"):
            folder, _, name = entry.path.rpartition("/")
            result.local_modules.add(name.removesuffix(".py"))
            if name == "__init__.py":
                result.local_modules.add(folder.rpartition("/")[2])

    def _facts(self, tree: Tree, batch: list[Entry], result: TreeFacts) -> Iterator[tuple[Entry, FileFacts]]:
        worth = [entry for entry in batch if self._is_worth_reading(entry)]
        known = self._cached(worth) if tree.knows_blobs else {}
        todo = []
        for entry in worth:
            kept = known.get(self._key(entry)) if entry.path not in PLACES else None
            facts = FileFacts.unpack(kept) if kept is not None else None
            if facts is None:
                todo.append(entry)
            else:
                result.blobs[entry.path] = entry.blob
                yield entry, facts
        for entry, data in tree.read(todo, self._limit):
            if entry.blob:
                result.blobs[entry.path] = entry.blob
            if entry.path in PLACES:
                result.code_owners[entry.path] = data
            yield entry, self._parse(tree, entry, data)

    def _parse(self, tree: Tree, entry: Entry, data: bytes) -> FileFacts:
        plan = self._plans[entry.path]
        if not plan.formats and b"\0" in data[:8192]:
            facts = FileFacts()  # a binary file; nothing in it is text
        elif not tree.knows_blobs and plan.formats and len(data) >= WORTH_KEEPING:
            return self._looked_up(entry, data)
        else:
            facts = self._formats.read(data, _name(entry), plan)
        if tree.knows_blobs:
            packed = facts.pack()
            # What holds a secret is parsed anew each time: the cache is as durable as the inventory.
            if not holds_secret(packed, *(fact.tags for _, fact in facts)):
                self._cache.put(self._key(entry), packed)
        return facts

    def _looked_up(self, entry: Entry, data: bytes) -> FileFacts:
        """Return the facts of a large lock or manifest of a folder, from the cache when it is known there."""
        entry.blob = entry.blob or blob_id(data)
        key = self._key(entry)
        kept = self._cache.get_many([key]).get(key)
        facts = FileFacts.unpack(kept) if kept is not None else None
        if facts is None:
            facts = self._formats.read(data, _name(entry), self._plans[entry.path])
            self._cache.put(key, facts.pack())
        return facts

    def _keep(self, result: TreeFacts, entry: Entry, facts: FileFacts) -> None:
        rows = self._formats.rows
        for name, fact in facts:
            if fact.kind == MODULE_CALL:
                result.units.note_call(entry.path, fact.identifier)
                continue
            result.by_part[rows[name].part].append(Seen(entry.path, fact, name))
        for name, reason in facts.problems:
            result.exceptions[rows[name].part].append((entry.path, f"{name}: {reason}"))

    def _list_exceptions(self, result: TreeFacts, tree: Tree) -> None:
        """List a file that was not read at all under every part that might have shown something of it."""
        result.places = sorted(tree.notes.places)
        expected = [one for one in tree.notes.binaries if self._formats.plan(one[0]).formats]
        for path, reason in (*tree.notes.files, *expected):
            is_folder = path == "." or path.endswith("/")  # anything might be below it
            for part in (
                self._formats.parts if is_folder else self._formats.parts_of(self._formats.plan(path))
            ):
                result.exceptions[part].append((path, reason))

    def _is_worth_reading(self, entry: Entry) -> bool:
        plan = self._plans[entry.path]
        return bool(plan.formats) or plan.syntax not in UNREAD or entry.path in PLACES

    def _cached(self, entries: list[Entry]) -> dict[str, bytes]:
        return self._cache.get_many({self._key(entry) for entry in entries})

    def _key(self, entry: Entry) -> str:
        return self._formats.cache_key(entry.blob, _name(entry), self._plans[entry.path])

    def _limit(self, path: str) -> int:
        plan = self._plans[path]
        return self._limits.format_bytes if plan.formats else self._limits.text_bytes


def _name(entry: Entry) -> str:
    return entry.path.rpartition("/")[2]
