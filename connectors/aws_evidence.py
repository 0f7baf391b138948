"""Type the columns of an AWS row that say when an item is about AI, and what its jobs tell of use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from connectors.aws_paths import Path, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One way to prove that an item is about AI.

    ``path`` reaches something that is set, or one of ``values`` (``*`` stands for any characters), in an item
    whose fields are what ``where`` says. ``listed``: what the listing answers is enough to tell.
    """

    path: Path
    values: tuple[str, ...]
    where: tuple[tuple[str, str], ...]
    listed: bool = False

    def holds(self, known: Mapping[str, Any]) -> bool:
        """Say whether an item, with what its details added, proves it."""
        if any(known.get(name) != wanted for name, wanted in self.where):
            return False
        found = list(self.path.all(known))
        if not self.values:
            return any(found)
        return any(fnmatchcase(str(one), pattern) for one in found for pattern in self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expand:
    """Say how bare names of a listing become items: an operation reads ``at`` of them at a time."""

    operation: str
    permission: str
    param: str
    at: int
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadPaths:
    """Say where a workload's description holds what may be about AI.

    ``variables`` reach maps whose keys are names, or names; ``values`` the same maps, or values, as the
    client leaves them; ``secrets`` pairs of a name and the ARN of the secret behind it.
    """

    images: tuple[Path, ...] = ()
    digests: tuple[Path, ...] = ()
    variables: tuple[Path, ...] = ()
    values: tuple[Path, ...] = ()
    secrets: tuple[Path, ...] = ()
    layers: tuple[Path, ...] = ()

    @property
    def every(self) -> tuple[Path, ...]:
        """Return all paths, for checking them against a service model."""
        return (*self.images, *self.digests, *self.variables, *self.values, *self.secrets, *self.layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """Say which listed thing a job names: by its ARN, or by a name that ``to`` makes an ARN of."""

    path: Path
    to: str
    parts: tuple[str, ...]

    def subjects(self, item: Mapping[str, Any], place: Mapping[str, str]) -> Iterator[str]:
        """Yield the keys of the things that an item names."""
        for value in self.path.all(item):
            if isinstance(value, str) and value:
                yield value if value.startswith("arn:") else self.to.format(value, **place)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Say what is kept of jobs and runs, which are told together: when, how they ended, what they used."""

    at: Path
    status: Path
    keep: tuple[tuple[str, Path], ...]
    uses: tuple[Uses, ...]

    @property
    def every(self) -> tuple[Path, ...]:
        """Return all paths but that of the time."""
        return (self.status, *(path for _, path in self.keep), *(one.path for one in self.uses))


def proofs_of(tables: Iterable[Mapping[str, Any]]) -> tuple[Proof, ...]:
    """Read the ways to prove an item, any of which is enough."""
    return tuple(
        Proof(
            path=Path(table["path"]),
            values=tuple(table.get("values", ())),
            where=tuple(table.get("where", {}).items()),
            listed=table.get("listed", False),
        )
        for table in tables
    )


def workload_of(table: Mapping[str, Any]) -> WorkloadPaths:
    """Read where a workload holds what may be about AI; raises ``TypeError`` for an unknown name."""
    return WorkloadPaths(**{name: tuple(map(Path, paths)) for name, paths in table.items()})


def activity_of(table: Mapping[str, Any]) -> Activity:
    """Read what is kept of jobs."""
    return Activity(
        at=Path(table["at"]),
        status=Path(table["status"]),
        keep=tuple((name, Path(path)) for name, path in table.get("keep", {}).items()),
        uses=tuple(
            Uses(path=Path(one["path"]), to=one.get("to", "{}"), parts=tuple(one["parts"]))
            for one in table.get("uses", ())
        ),
    )


def fills_of(template: Template, place: Mapping[str, str]) -> str:
    """Return a key that the place alone fills; raises ``ValueError`` where it does not."""
    key = template.fill({}, place)
    if key is None:
        raise ValueError(f"{template.text!r} asks for more than the place")
    return key
