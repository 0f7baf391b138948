"""Read a whole tree once: facts per file, the units, and what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.catalogue.tables import Catalogue
from connectors.code import ignore, tree_joins
from connectors.code.agent_links import LINK_BYTES, MOST_LINKS, add_links
from connectors.code.facts import MODULE_CALL, Fact, FileFacts
from connectors.code.formats.repository_title import EXAMPLES
from connectors.code.local_modules import LocalModules
from connectors.code.owners import PLACES
from connectors.code.registry import UNREAD, Formats, Plan
from connectors.code.roles import Roles, Units
from connectors.code.trees import Entry, Limits, Tree, blob_id
from connectors.code.unit_notes import UnitNotes
from connectors.contract import Cache
from connectors.hygiene import holds_secret
from connectors.kinds import KINDS
from connectors.model import Role

if TYPE_CHECKING:
    from connectors.code.history import History
    from connectors.code.links import FileThings
    from connectors.code.owner_files import OwnerFiles
    from connectors.code.suppress import Suppressions

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
    ``notes`` are the facts whose kind is none of :mod:`connectors.kinds`: no findings, but what the joins
    (:mod:`connectors.code.tree_joins`) put into those that are. What the joins found out of them stands in
    the last fields: suppressions, owner files, what manifests say of units, the roles of units with AI;
    ``things`` is kept for links (:mod:`connectors.code.links`), ``history`` comes from git.
    """

    catalogue: Catalogue
    units: Units
    roles: Roles
    by_part: dict[str, list[Seen]]
    exceptions: dict[str, list[tuple[str, str]]]
    places: list[tuple[str, str]] = field(default_factory=list)
    notes: dict[str, list[Seen]] = field(default_factory=dict)
    code_owners: dict[str, bytes] = field(default_factory=dict)
    local_modules: LocalModules = field(default_factory=LocalModules)
    jvm_folders: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    blobs: dict[str, str] = field(default_factory=dict)
    files: int = 0
    suppressions: Suppressions | None = None
    owner_files: OwnerFiles | None = None
    history: History | None = None
    unit_notes: UnitNotes = field(default_factory=UnitNotes)
    unit_roles: dict[str, Role] = field(default_factory=dict)
    things: dict[str, FileThings] | None = None

    @property
    def is_of_examples(self) -> bool:
        """Say whether the title of the tree's own README calls it a collection of examples."""
        return any("/" not in seen.path for seen in self.notes.get(EXAMPLES, ()))


class TreeReader:
    """Bring the files of a tree through cache, byte search and parsers."""

    def __init__(self, formats: Formats, cache: Cache, limits: Limits, wanted: Callable[[str], bool]) -> None:
        self._formats = formats
        self._cache = cache
        self._limits = limits
        self._wanted = wanted
        self._plans: dict[str, Plan] = {}
        self._ignored = ignore.IgnoreRules()
        self._not_ai = {(row.kind, row.name): row for row in formats.catalogue.not_ai}
        self._denied: dict[tuple[str, str], str] = {}

    def read(self, tree: Tree) -> TreeFacts:
        """Return what the tree holds; raises the connector errors of its reader."""
        catalogue = self._formats.catalogue
        parts = self._formats.parts
        self._ignored = ignore.IgnoreRules()
        self._denied = {}
        result = TreeFacts(
            catalogue=catalogue,
            units=Units(catalogue),
            roles=Roles(catalogue),
            by_part={part: [] for part in parts},
            exceptions={part: [] for part in parts},
        )
        for batch in tree.batches(lambda path: self._wanted(path) or _name_of(path) == ignore.NAME):
            batch = self._shown(tree, batch)
            self._plans = {entry.path: self._formats.plan(entry.path) for entry in batch}
            for entry in batch:
                self._note(result, entry)
            for entry, facts in self._facts(tree, batch, result):
                self._keep(result, entry, facts)
        self._link(result, tree)
        self._list_exceptions(result, tree)
        self._drop_ignored(result)
        result.places += self._told_denied()
        tree_joins.run(result)
        return result

    def _shown(self, tree: Tree, batch: list[Entry]) -> list[Entry]:
        """Return what of a batch the ignore files read so far leave, after reading those in it."""
        files = [entry for entry in batch if _name(entry) == ignore.NAME]
        if files:
            for entry, data in tree.read(files, lambda path: self._limits.text_bytes):
                self._ignored.add(entry.path, data)
            batch = [entry for entry in batch if _name(entry) != ignore.NAME]
        return [entry for entry in batch if not self._ignored.hide(entry.path)] if self._ignored else batch

    def _link(self, result: TreeFacts, tree: Tree) -> None:
        """Let a link that leads to an agent file of this tree be one as well; no other link matters."""
        targets = {path: to for path, to in tree.notes.link_targets.items() if self._wanted(path)}
        links = [Entry(path) for path in targets] or tree.notes.links
        links = [link for link in links if self._formats.plan(link.path).label][:MOST_LINKS]
        if links and not targets:
            read = tree.read(links, lambda path: LINK_BYTES)
            targets = {link.path: data.decode("utf-8", "replace") for link, data in read}
        add_links(result, self._formats, {link.path: targets.get(link.path, "") for link in links})

    def _drop_ignored(self, result: TreeFacts) -> None:
        """Drop facts of files that came before the ignore file that names them, and list what is hidden."""
        if self._ignored:
            late = {
                seen.path
                for several in (*result.by_part.values(), *result.notes.values())
                for seen in several
            }
            hidden = {path for path in late if self._ignored.hide(path)}
            for table in (result.by_part, result.notes) if hidden else ():
                for key, several in table.items():
                    table[key] = [seen for seen in several if seen.path not in hidden]
        result.places += self._ignored.notes()

    def _note(self, result: TreeFacts, entry: Entry) -> None:
        result.files += 1
        entry.head = self._plans[entry.path].head
        result.units.note(entry.path)
        result.roles.note(entry.path)
        if entry.path.endswith(".py"):
            result.local_modules.note(entry.path)
        elif entry.path.endswith((".java", ".kt", ".scala", ".groovy")):
            result.jvm_folders.add(entry.path.rpartition("/")[0])
        elif entry.path.endswith((".md", ".txt")):
            result.texts.add(entry.path)

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
            self._remember(entry, facts)
        return facts

    def _remember(self, entry: Entry, facts: FileFacts) -> None:
        packed = facts.pack()
        # What holds a secret is parsed anew each time: the cache is as durable as the inventory.
        if not holds_secret(packed, *(fact.tags for _, fact in facts)):
            self._cache.put(self._key(entry), packed)

    def _looked_up(self, entry: Entry, data: bytes) -> FileFacts:
        """Return the facts of a large lock or manifest of a folder, from the cache when it is known there."""
        entry.blob = entry.blob or blob_id(data)
        key = self._key(entry)
        kept = self._cache.get_many([key]).get(key)
        facts = FileFacts.unpack(kept) if kept is not None else None
        if facts is None:
            facts = self._formats.read(data, _name(entry), self._plans[entry.path])
            self._remember(entry, facts)
        return facts

    def _keep(self, result: TreeFacts, entry: Entry, facts: FileFacts) -> None:
        rows = self._formats.rows
        for name, fact in facts:
            if fact.kind == MODULE_CALL:
                result.units.note_call(entry.path, fact.identifier)
                continue
            if self._not_ai and self._is_denied(entry.path, fact):
                continue
            seen = Seen(entry.path, fact, name)
            if fact.kind in KINDS:
                result.by_part[rows[name].part].append(seen)
            else:
                result.notes.setdefault(fact.kind, []).append(seen)
        for name, reason in facts.problems:
            result.exceptions[rows[name].part].append((entry.path, f"{name}: {reason}"))

    def _is_denied(self, path: str, fact: Fact) -> bool:
        """Say whether the user's catalogue says that a thing is no AI, and note where it was first seen."""
        plain = fact.identifier.partition("@")[0] if fact.identifier.startswith("pkg:") else fact.identifier
        for name in (plain, fact.name):
            if (fact.kind, name) in self._not_ai:
                self._denied.setdefault((fact.kind, name), path)
                return True
        return False

    def _told_denied(self) -> list[tuple[str, str]]:
        """Return, for the coverage, each thing that was left out as no AI, and why."""
        told = []
        for (kind, name), path in self._denied.items():
            why = self._not_ai[kind, name].why
            told.append((path, f"{name} ({kind}) is no AI{f': {why}' if why else ''}"[:300]))
        return told

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
    return _name_of(entry.path)


def _name_of(path: str) -> str:
    return path.rpartition("/")[2]
