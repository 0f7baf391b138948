"""Read from the git history who introduced a thing and who last worked on the files that show it.

The thing's own text is followed back through the versions of its file: the oldest version of the unbroken
run that holds it was its introduction. Where the run reaches the end of what is known (the commits looked
at, a shallow clone) nobody is named. Bots are left out; addresses are kept as candidates only.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from datetime import UTC, datetime
from fnmatch import translate
from functools import cache, partial
from typing import TYPE_CHECKING

import orjson

from connectors import clock
from connectors.clients.git_folder import read_small
from connectors.clients.git_history import Touch, touches
from connectors.errors import ConnectorError
from connectors.hygiene import holds_secret
from connectors.model import Json, OwnerHint

if TYPE_CHECKING:
    from connectors.clients.git import GitReader
    from connectors.code.reading import Seen, TreeFacts
    from connectors.code.targets import Target
    from connectors.contract import Cache

_VERSIONS = 30
_BLOBS = 1_500
_BLOB_BYTES = 500_000
_PEOPLE = 3
_WORTH_KEEPING = 2_000_000
_INTRODUCED, _CHANGED = 0.5, 0.4
"""How surely an act of today points to who answers for the thing."""
_HALF_LIFE_DAYS, _STEP_DAYS = 180, 30
"""Size (bytes) up to which a history is cached: there is one for each commit that was scanned."""
_GITHUB = re.compile(r"(?:\d+\+)?([\w-]+)@users\.noreply\.github\.com", re.IGNORECASE)
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")

Place = tuple[str, str]
"""A path in the tree and the text to look for in it (empty: the file as a whole)."""


@dataclass(slots=True)
class History:
    """Who changed the files of a tree (newest first), and who brought which text into them."""

    changes: dict[str, list[Touch]] = field(default_factory=dict)
    origins: dict[Place, Touch] = field(default_factory=dict)
    bots: tuple[str, ...] = ()

    def hints(
        self, places: Sequence[Place], what: str, *, now: datetime | None = None
    ) -> tuple[OwnerHint, ...]:
        """Return who introduced a thing and who last changed the files that show it, without bots.

        What was done long ago says less of who answers today: it counts half after 180 days.
        """
        moment = now or clock.now()
        found: list[OwnerHint] = []
        origin = self.origin(places)
        if origin is not None and not self._is_bot(origin):
            why = f"introduced {what} in {origin.commit[:10]} on {_day(origin)}"
            found.append(_hint(origin, "git author", _INTRODUCED * _freshness(origin, moment), why))
        people: dict[str, tuple[Touch, str]] = {}
        for path in dict.fromkeys(path for path, _ in places):
            for touch in self.changes.get(path, ()):
                if not self._is_bot(touch):
                    people.setdefault(candidate_of(touch), (touch, path))
        latest = sorted(people.values(), key=lambda item: (-item[0].at, item[1]))[:_PEOPLE]
        for touch, path in latest:
            why = f"changed {path} in {touch.commit[:10]} on {_day(touch)}"
            found.append(_hint(touch, "git committer", _CHANGED * _freshness(touch, moment), why))
        return tuple(one for one in found if one.candidate)

    def forget_all_but_people(self) -> None:
        """Keep of each file's changes the last of each of the few people that hints may name."""
        for path, several in self.changes.items():
            people: dict[str, Touch] = {}
            for touch in several:
                if not self._is_bot(touch):
                    people.setdefault(candidate_of(touch), touch)
            self.changes[path] = list(people.values())[:_PEOPLE]

    def origin(self, places: Iterable[Place]) -> Touch | None:
        """Return the earliest introduction among the places of a thing."""
        known = [self.origins[place] for place in places if place in self.origins]
        return min(known, key=lambda touch: (touch.at, touch.commit), default=None)

    def introduced(self, places: Iterable[Place]) -> dict[str, Json] | None:
        """Return commit and day of the introduction as an attribute."""
        origin = self.origin(places)
        return {"commit": origin.commit, "at": _day(origin)} if origin else None

    def _is_bot(self, touch: Touch) -> bool:
        pattern = _any_of(self.bots)
        return bool(pattern.match(touch.name.lower()) or pattern.match(touch.mail.lower()))


def place_of(seen: Seen) -> Place:
    """Return where a fact stands and the text that tells it there: its name as the file spells it."""
    fact = seen.fact
    name = fact.model or fact.name
    return seen.path, name.rpartition(":")[2] if fact.kind == "package" else name


def look_back(
    target: Target, facts: TreeFacts, commit: str, *, commits: int, cache: Cache
) -> tuple[History | None, list[tuple[str, str]]]:
    """Return the history of the files that show something, and notes of what it could not tell.

    ``commits`` bounds the walk; 0 asks for nothing. Without a commit there is none.
    """
    git = target.git
    places = sorted({place_of(seen) for several in facts.by_part.values() for seen in several})
    if git is None or not commit or not commits or not places:
        return None, []
    from connectors.clients.git_compare import open_history

    notes: list[tuple[str, str]] = []
    cut = frozenset(read_small(git.common_dir / "shallow").split())
    if cut:
        notes.append((".git/shallow", "the clone is shallow: who introduced what came before is not known"))
    if commit in cut:
        return None, notes
    prefix = f"{target.prefix}/" if target.prefix else ""
    key = _key(target.repository, commit, commits, prefix, sorted(cut), places, facts.catalogue.bots)
    history = _unpack(cache.get_many([key]).get(key))
    if history is None:
        try:
            with open_history(git) as reader:
                walk = partial(touches, reader, commit, commits=commits, without=cut)
                history = _read(reader, walk, prefix, places, facts.blobs)
            history.bots = facts.catalogue.bots
            history.forget_all_but_people()
        except ConnectorError as error:
            return None, [*notes, (".git", f"the history cannot be read: {error}")]
        packed = _pack(history)
        # What holds a secret is not kept: the cache is as durable as the inventory.
        if len(packed) <= _WORTH_KEEPING and not holds_secret(packed):
            cache.put(key, packed)
    history.bots = facts.catalogue.bots
    return history, notes


def _read(
    reader: GitReader,
    walk: Callable[[Sequence[str]], dict[str, list[Touch]]],
    prefix: str,
    places: list[Place],
    now: Mapping[str, str],
) -> History:
    paths = list(dict.fromkeys(path for path, _ in places))
    found = walk([prefix + path for path in paths])
    changes = {path: found[prefix + path][:_VERSIONS] for path in paths if prefix + path in found}
    # Where a file has but one version and stands as committed, that one holds what it shows.
    texts = _texts(
        reader,
        {
            path: several
            for path, several in changes.items()
            if len(several) > 1 or now.get(path, several[0].blob) != several[0].blob
        },
    )
    origins = {}
    for path, text in places:
        origin = _origin(changes.get(path, []), text.encode("utf-8", "replace"), texts)
        if origin is not None:
            origins[path, text] = origin
    return History(changes, origins)


def _texts(reader: GitReader, changes: Mapping[str, list[Touch]]) -> dict[str, bytes]:
    blobs = list(dict.fromkeys(touch.blob for several in changes.values() for touch in several if touch.blob))
    sizes = reader.sizes(blobs[:_BLOBS])
    return dict(reader.blobs([blob for blob, size in sizes.items() if size <= _BLOB_BYTES]))


def _origin(changes: list[Touch], text: bytes, texts: Mapping[str, bytes]) -> Touch | None:
    """Return the oldest of the unbroken run of versions, from the newest on, that hold the text."""
    if len(changes) == 1 and changes[0].blob not in texts:
        return changes[0] if changes[0].added else None
    last: Touch | None = None
    for touch in changes:
        if not touch.blob or not _holds(texts.get(touch.blob, b""), text):
            return last
        last = touch
    # The run reaches the oldest version known: only if that one made the file is it the introduction.
    return last if last is not None and last.added else None


@cache
def _any_of(globs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, globs)) or r"(?!)")


def _holds(data: bytes, text: bytes) -> bool:
    """Say whether a text stands in the data as a whole: ``gpt-4o`` does not in ``gpt-4o-mini``."""
    place = data.find(text) if text else 0
    for _ in range(200):
        if place < 0:
            return False
        before, after = data[place - 1 : place], data[place + len(text) : place + len(text) + 1]
        if not text or not (_is_word(before) or _is_word(after)):
            return True
        place = data.find(text, place + 1)
    return False


def _is_word(byte: bytes) -> bool:
    return byte.isalnum() or byte in (b"-", b"_")


def candidate_of(touch: Touch) -> str:
    """Return how an author is written as a candidate: handle, address, or name; empty when unknown."""
    handle = _GITHUB.fullmatch(touch.mail)
    if handle:
        return f"@{handle.group(1)}"
    return touch.mail if _MAIL.fullmatch(touch.mail) else touch.name.strip()


def _hint(touch: Touch, source: str, confidence: float, why: str) -> OwnerHint:
    return OwnerHint(candidate=candidate_of(touch), source=source, confidence=round(confidence, 3), why=why)


def _freshness(touch: Touch, now: datetime) -> float:
    """Return 1 for what was done lately, 0.5 after 180 days, in steps of 30: each step writes hints anew."""
    age_days = max(0.0, now.timestamp() - touch.at) / 86_400
    return float(0.5 ** (age_days // _STEP_DAYS * _STEP_DAYS / _HALF_LIFE_DAYS))


def _day(touch: Touch) -> str:
    return datetime.fromtimestamp(min(max(touch.at, 0), 253402300799), UTC).date().isoformat()


def _key(*parts: object) -> str:
    return f"code-history/1/{hashlib.sha256(orjson.dumps(parts)).hexdigest()[:40]}"


def _pack(history: History) -> bytes:
    return orjson.dumps(
        [
            {path: [astuple(touch) for touch in several] for path, several in history.changes.items()},
            [[*place, astuple(touch)] for place, touch in history.origins.items()],
        ]
    )


def _unpack(data: bytes | None) -> History | None:
    if data is None:
        return None
    try:
        changes, origins = orjson.loads(data)
        return History(
            {path: [Touch(*row) for row in several] for path, several in changes.items()},
            {(path, text): Touch(*row) for path, text, row in origins},
        )
    except (ValueError, TypeError):
        return None
