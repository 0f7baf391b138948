"""Remember, within one process, what AWS offers where; safe for threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

_T = TypeVar("_T")
_KEPT_LATELY = 8


class Memory:
    """Hold what is known of services and regions besides the SDK, whose own lists miss new ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._made: dict[str, Any] = {}
        self._lately: dict[str, None] = {}
        self._absent: dict[tuple[str, str, str], str] = {}
        self._found: dict[str, set[tuple[str, str]]] = {}
        self._offered: frozenset[tuple[str, str]] = frozenset()
        self._answering: set[str] = set()

    def once(self, name: str, make: Callable[[], _T]) -> _T:
        """Return what ``make`` gave when it was first asked for under that name."""
        with self._lock:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            if name not in self._made:
                self._made[name] = make()
            made: _T = self._made[name]
            return made

    def lately(self, name: str, make: Callable[[], _T]) -> _T:
        """Return what ``make`` gave as :meth:`once` does, but keep only what was asked for last.

        For what is large and belongs to an account: scopes of an account come one after the other.
        """
        made = self.once(name, make)
        with self._lock:
            self._lately.pop(name, None)
            self._lately[name] = None
            gone = list(self._lately)[:-_KEPT_LATELY]
            for one in gone:
                del self._lately[one]
                self._made.pop(one, None)
                self._locks.pop(one, None)
        return made

    def offered(self, places: Iterable[tuple[str, str]]) -> None:
        """Take for granted that services are offered: ``(region, service)``."""
        self._offered = frozenset(places)

    def absent(self, reasons: Mapping[tuple[str, str, str], str]) -> None:
        """Take for granted that operations are not offered: ``(region, service, operation)`` -> why."""
        self._absent.update(reasons)

    def why_absent(self, region: str, service: str, operation: str) -> str | None:
        """Return why an operation need not be tried, ``None`` when it is to be."""
        return self._absent.get((region, service, operation))

    def answered(self, region: str) -> None:
        """Note that something answered in a region."""
        self._answering.add(region)

    def not_offered(self, region: str, service: str, operation: str) -> None:
        """Note that a region said it does not offer an operation."""
        with self._lock:
            self._found.setdefault(region, set()).add((service, operation))

    def found_absent(self, region: str) -> frozenset[tuple[str, str]]:
        """Return the ``(service, operation)`` that a region said it does not offer.

        Empty as long as nothing answered in the region: then the network may be what is missing.
        """
        with self._lock:
            return frozenset(self._found.get(region, ())) if region in self._answering else frozenset()

    def blames_network(self, region: str, service: str) -> bool:
        """Say whether a name that does not resolve is a matter of our network and not of the service."""
        return not self._answering or (region, service) in self._offered
