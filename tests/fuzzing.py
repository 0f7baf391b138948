"""Fuzz whatever reads bytes of others: targets with seeds, mutations, growing hostile inputs, and one judge.

The test of the parsers runs a little of it at every change, ``benchmarks/fuzz_parsers.py`` runs it for
minutes. A target is a reader with small valid inputs; the judge says what is wrong with one run: any
exception but the told ones, a fact that could not be kept or shown, a secret that got out, too much time.
"""

from __future__ import annotations

import json
import random
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import Any, Self

from connectors.code.facts import MAX_FACTS, MAX_NAME, Fact, FileFacts
from connectors.kinds import KINDS
from connectors.secrets import redact

CANARY = "sk-proj-" + "Canary0A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
"""A secret by its look, so that it is hidden even where damage makes it the name of something."""
PLAIN_CANARY = "blue-canary-51"
"""A secret by its place alone; looked for only in what an undamaged seed shows."""
SECONDS_A_100_KB = 1.0
GRACE_S = 0.5
"""CPU seconds that a run may take whatever its size, for the noise of a busy machine."""
HANG_S = 5.0
_MOST_BYTES_A_FACT = 10_000


@dataclass(frozen=True, slots=True)
class Seed:
    """A small valid input, and the path that makes the reader take it."""

    path: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One reader: ``read`` returns its facts, and nothing for what it refuses in the told way.

    ``words`` are what the reader looks for, to build hostile inputs from.
    """

    name: str
    seeds: tuple[Seed, ...]
    read: Callable[[Seed], Sequence[Fact]]
    words: tuple[bytes, ...] = ()
    kinds: tuple[str, ...] = ("*",)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one run cost (CPU seconds), how many facts it gave, and what is wrong with it."""

    seconds: float
    facts: int = 0
    fault: str = ""


class HangError(BaseException):
    """A run took longer than any may; no ordinary handler of a parser catches it."""


def judge(target: Target, seed: Seed, *, is_damaged: bool = True, hang_s: float = HANG_S) -> Verdict:
    """Run a target on one input and say what is wrong with the outcome."""
    allowed = GRACE_S + len(seed.data) / 100_000 * SECONDS_A_100_KB
    begun = time.process_time()
    facts: list[Fact] = []
    with _Caught() as caught, _alarm(max(hang_s, allowed + GRACE_S)):
        facts = list(islice(target.read(seed), MAX_FACTS + 1))
        # The registry leaves these out.
        facts = [fact for fact in facts if len(fact.identifier) <= MAX_NAME >= len(fact.name)]
    spent = time.process_time() - begun
    if caught.error is not None:
        fault = "hangs" if isinstance(caught.error, HangError) else _told(caught.error)
        return Verdict(spent, fault=fault)
    fault = f"takes {spent:.1f} s for {len(seed.data):,} bytes" if spent > allowed else ""
    return Verdict(spent, len(facts), fault or _wrong(target, seed, facts, is_damaged=is_damaged))


def _wrong(target: Target, seed: Seed, facts: Sequence[Fact], *, is_damaged: bool) -> str:
    lines = seed.data.count(b"\n") + 1
    for fact in facts:
        if fact.kind in KINDS and target.kinds != ("*",) and fact.kind not in target.kinds:
            return f"an undeclared kind {fact.kind!r}"
        if not 0 <= fact.line <= lines:
            return f"line {fact.line} of {lines}"
        texts: list[object] = [fact.kind, fact.provider, fact.identifier, fact.name, fact.detail]
        if not all(isinstance(text, str) for text in texts):
            return f"what is no text in a {fact.kind}"
        if not fact.kind or (not fact.provider and fact.kind in KINDS):
            return f"no kind or provider in {fact.kind!r}"
    return _unkept(facts, len(seed.data)) or _leaked(facts, is_damaged=is_damaged)


def _unkept(facts: Sequence[Fact], size: int) -> str:
    whole = FileFacts([("x", fact) for fact in facts[:MAX_FACTS]])
    try:
        packed = whole.pack()
    except TypeError as error:
        return f"a fact that cannot be kept: {error}"
    # A note may repeat a table of its file; what repeats the file in each fact is too much.
    if len(packed) > (len(facts) + 1) * _MOST_BYTES_A_FACT + 2 * size:
        return "facts that are too large"
    return "" if FileFacts.unpack(packed) == whole else "a fact that comes back as another"


def _leaked(facts: Sequence[Fact], *, is_damaged: bool) -> str:
    text = redact(FileFacts([("x", fact) for fact in facts[:MAX_FACTS]]).pack().decode())
    searched = (CANARY,) if is_damaged else (CANARY, PLAIN_CANARY)
    return next((f"leaks {canary[:7]}" for canary in searched if canary in text), "")


class _Caught:
    """Keep whatever is raised within, but for what ends the whole program: the one question asked here."""

    error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> bool:
        self.error = error if isinstance(error, Exception | HangError) else None
        return self.error is not None


def _told(error: BaseException) -> str:
    frame, place = error.__traceback__, "?"
    while frame is not None:
        name = frame.tb_frame.f_code.co_filename
        if "/connectors/" in name:
            place = f"{name.rpartition('/connectors/')[2]}:{frame.tb_lineno}"
        frame = frame.tb_next
    return f"{type(error).__name__} at {place}"


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise :class:`HangError` after so much CPU time; between two steps of Python, or within ``re``."""

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise HangError

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


FOLDER = Path(__file__).parent / "connectors" / "code" / "fuzz_seeds"


@cache
def listed(file: str) -> tuple[bytes, ...]:
    """Return what a file of pieces or units lists, a line each in the notation of Python's texts."""
    lines = (FOLDER / file).read_text(encoding="ascii").splitlines()
    return tuple(line.encode().decode("unicode_escape").encode("latin-1") for line in lines)


_LONG = (b"1" * 5000, b"[" * 2000, b"a." * 2000)
_VALUES = (
    "null",
    "3",
    "true",
    '""',
    "[]",
    "{}",
    "[[]]",
    "[null]",
    "{}x",
    "-0.5",
    '"/"',
    '":"',
    '"\\ud800"',
    '"a"',
)
_VALUE = re.compile(
    rb"\"[^\"\n]*\"|'[^'\n]*'|\[[^\[\]]*\]|\{[^{}]*\}|(?<=[:=] )[\w.-]+|\b\d+\b|\btrue\b|\bfalse\b"
)


def mutate(random_: random.Random, target: Target, seed: Seed) -> Seed:
    """Return a seed with one to four pieces of damage."""
    data = seed.data
    for _ in range(random_.choice((1, 1, 1, 2, 2, 4))):
        data = random_.choice(_MUTATIONS)(random_, target, data)[:200_000]
    return Seed(seed.path, data)


def _insert(random_: random.Random, target: Target, data: bytes) -> bytes:
    place = random_.randint(0, len(data))
    piece = random_.choice(
        (*listed("pieces.txt"), *_LONG, *target.words, random_.randbytes(random_.randint(1, 8)))
    )
    return data[:place] + piece * random_.choice((1, 1, 1, 2, 3, 50)) + data[place:]


def _cut(random_: random.Random, _target: Target, data: bytes) -> bytes:
    start = random_.randint(0, len(data))
    return data[:start] + data[start + random_.choice((1, 2, 5, 20, 1_000_000)) :]


def _overwrite(random_: random.Random, _target: Target, data: bytes) -> bytes:
    start = random_.randint(0, max(0, len(data) - 1))
    piece = random_.choice((*listed("pieces.txt"), random_.randbytes(random_.choice((1, 1, 2, 4, 8)))))
    return data[:start] + piece + data[start + len(piece) :]


def _again(random_: random.Random, _target: Target, data: bytes) -> bytes:
    start = random_.randint(0, len(data))
    piece = data[start : start + random_.choice((1, 3, 10, 40, 200))]
    return data[:start] + piece * random_.choice((2, 2, 5, 300)) + data[start:]


def _lines(random_: random.Random, _target: Target, data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    one, other = random_.randrange(len(lines)), random_.randrange(len(lines))
    change = random_.randrange(5)
    if change == 0:
        lines[one], lines[other] = lines[other], lines[one]
    elif change == 1:
        lines.insert(other, lines[one])
    elif change == 2:
        lines[one] = b" " * random_.choice((1, 2, 4, 60)) + lines[one]
    elif change == 3:
        lines[one] = lines[one].lstrip()
    else:
        lines[one] = lines[one].rstrip(b"\r\n")
    return b"".join(lines)


def _retype(random_: random.Random, _target: Target, data: bytes) -> bytes:
    """Put a value of another type where one stands in the text."""
    places = list(islice(_VALUE.finditer(data), 200))
    if not places:
        return data
    place = random_.choice(places)
    return data[: place.start()] + random_.choice(_VALUES).encode() + data[place.end() :]


def _reshape(random_: random.Random, target: Target, data: bytes) -> bytes:
    """Put a value of another type somewhere into the tree of a JSON text."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return _retype(random_, target, data)
    holder: Any = {"": content}
    key: Any = ""
    while isinstance(holder[key], dict | list) and holder[key] and random_.random() < 0.8:
        holder = holder[key]
        key = random_.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        if random_.random() < 0.1:
            break
    new: Any = random_.choice(
        (None, 3, -1, True, "", [], {}, [None], {"": 1}, [[]], "/", ":", "a\nb", 10**30, 1.5)
    )
    if holder.get("") is content if isinstance(holder, dict) else False:
        return json.dumps(new).encode()
    holder[key] = new
    return json.dumps(content, indent=random_.choice((None, 1))).encode()


def _spliced(random_: random.Random, target: Target, data: bytes) -> bytes:
    other = random_.choice(target.seeds).data
    return data[: random_.randint(0, len(data))] + other[random_.randint(0, len(other)) :]


_MUTATIONS = (
    _insert,
    _insert,
    _cut,
    _overwrite,
    _again,
    _lines,
    _retype,
    _retype,
    _reshape,
    _reshape,
    _spliced,
)


def growing(
    target: Target, positions: int = 3, most: int = 1, words: int = 5
) -> Iterator[tuple[str, str, Callable[[int], bytes]]]:
    """Yield hostile inputs of any size: a label, a path, and what builds the input of so many bytes."""
    for seed in target.seeds[:most]:
        front = seed.data if len(seed.data) < 2_000 else b""
        for unit in listed("units.txt"):
            yield f"{unit!r} after", seed.path, _grown(front, unit, b"")
        for word in target.words[:words]:
            for glue in (b"", b" ", b'"\n', b"a" * 300):
                yield f"{word!r}+{glue[:9]!r} many", seed.path, _grown(b"", word + glue, b"")
            yield f"{word!r} many after", seed.path, _grown(front, word + b" ", b"")
            for unit in (b" ", b"a", b'"', b"(", b"[", b"{", b"a\n", b"\n a"):
                yield f"{word!r} then {unit!r}", seed.path, _grown(front + word, unit, b"")
            for unit in (b"\n", b" ", b"a", b"\n a"):
                yield f"{unit!r} then {word!r}", seed.path, _halves(unit, word)
        places = [found.end() for found in re.finditer(rb"[^\w\s]+\s*|\w+(?=[ \n:=])", seed.data)]
        step = max(1, len(places) // positions)
        for place in places[::step][:positions]:
            for unit in listed("units.txt"):
                label = f"{unit!r} at {place}"
                yield label, seed.path, _grown(seed.data[:place], unit, seed.data[place:])
        yield "the seed many times", seed.path, _grown(b"", seed.data or b" ", b"")


def _grown(before: bytes, unit: bytes, after: bytes) -> Callable[[int], bytes]:
    return lambda size: before + unit * (size // len(unit)) + after


def _halves(unit: bytes, word: bytes) -> Callable[[int], bytes]:
    return lambda size: unit * (size // 2 // len(unit)) + word * (size // 2 // len(word))
