"""What a part keeps from scan to scan, so that a repository in which nothing moved is not read again.

Kept are the version of all that a reading depends on, and a digest of what the part showed. Only when the
version stands and the digest is that of what is on record now, nothing new can come of reading.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version as installed_version

import orjson

from connectors.code.options import ReadingOptions
from connectors.code.registry import Formats, Plan
from connectors.code.scanning import FILES
from connectors.contract import Context, PartHandle
from connectors.model import Finding, Unchanged

Shown = Mapping[tuple[str, str], str]
"""Fingerprints by namespace and key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What one part keeps; ``exceptions`` are listed again with every scan that leaves the part as it is."""

    version: str
    shown: str
    exceptions: tuple[tuple[str, str], ...]

    def text(self) -> str:
        """Write it for the store."""
        return orjson.dumps([self.version, self.shown, self.exceptions]).decode()

    @classmethod
    def of(cls, text: str) -> Kept | None:
        """Read what :meth:`text` wrote; ``None`` when there is nothing or something else."""
        try:
            version, shown, exceptions = orjson.loads(text)
            pairs = tuple((str(path), str(reason)) for path, reason in exceptions)
        except (ValueError, TypeError):
            return None
        return cls(version=str(version), shown=str(shown), exceptions=pairs)

    def stands(self, version: str, recorded: Shown) -> bool:
        """Say whether the part would show just what is on record.

        A thing on record that the last reading did not show (it is missing, and not closed yet) makes a
        difference: then the repository is read once more.
        """
        return self.version == version and self.shown == digest(recorded)


def digest(shown: Shown) -> str:
    """Return what stands for everything that a part shows."""
    lines = sorted(f"{namespace}\0{key}\0{fingerprint}" for (namespace, key), fingerprint in shown.items())
    return hashlib.blake2b("\n".join(lines).encode("utf-8", "replace"), digest_size=12).hexdigest()


def kept_of(
    version: str, items: Iterable[Finding | Unchanged], exceptions: Iterable[tuple[str, str]]
) -> Kept:
    """Return what a part keeps that showed just these things."""
    shown = {(one.natural_key.namespace, one.natural_key.key): one.fingerprint for one in items}
    return Kept(version=version, shown=digest(shown), exceptions=tuple(exceptions))


@dataclass(slots=True, kw_only=True)
class Standing:
    """Nothing moved: every part shows what it has shown."""

    kept: Mapping[str, Kept]

    def tell(self, ctx: Context, name: str, part: PartHandle) -> Iterator[Finding | Unchanged]:
        """Say of all that is on record that it stands."""
        kept = self.kept[name]
        for path, reason in kept.exceptions:
            part.exception(path, reason)
        part.stands()
        part.state(kept.text())
        yield from ()


def standing(ctx: Context, formats: Formats, version: str) -> Standing | None:
    """Return what every part kept, if all of it stands."""
    found: dict[str, Kept] = {}
    for name in (FILES, *formats.parts):
        kept = Kept.of(ctx.previous_state(name))
        recorded = ctx.previous(name) if kept and kept.version == version else {}
        if kept is None or not kept.stands(version, recorded):
            return None
        found[name] = kept
    return Standing(kept=found)


def version_of(options: ReadingOptions, formats: Formats, facts: Sequence[object]) -> str:
    """Return what changes whenever reading again could show something else.

    Code and catalogue, the options of reading, and what the caller says of the tree (``facts``).
    """
    chosen = options.model_dump(mode="json", include=set(ReadingOptions.model_fields))
    told = [*facts, chosen, _code_version(), formats.cache_key("", "", Plan((), ""))]
    return hashlib.blake2b(orjson.dumps(told, option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()


@cache
def _code_version() -> str:
    return installed_version("aicensus")
