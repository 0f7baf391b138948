"""Scan a host's stand-in again and again through the real runner, with what the store would remember."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from connectors.clients.network import NetworkSettings
from connectors.context import NoCache
from connectors.contract import Cache
from connectors.model import Finding, NaturalKey, Scope, Unchanged
from connectors.outcome import PartBatch, PartResult
from connectors.runner import ScopeJob, TravellingCache, list_scopes, run_scope

BOT = {
    "pyproject.toml": '[project]\nname = "bot"\ndependencies = ["openai>=1"]\n',
    "bot.py": 'import openai\n\nMODEL = "gpt-4o"\n',
    "README.md": "A bot.\n",
}


@dataclass(slots=True)
class Look:
    """What one scan of one account showed, by label of the repository."""

    scopes: dict[str, Scope] = field(default_factory=dict)
    listing: PartResult | None = None
    findings: dict[str, list[Finding]] = field(default_factory=dict)
    unchanged: dict[str, list[Unchanged]] = field(default_factory=dict)
    parts: dict[str, dict[str, PartResult]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def named(self, label: str) -> dict[str, Finding]:
        """Return a repository's findings by name."""
        return {one.name: one for one in self.findings[label]}

    def reasons(self, label: str) -> set[tuple[str, str]]:
        """Return the status and reason of a repository's parts, each once."""
        return {(result.status.value, result.reason) for result in self.parts[label].values()}


class Account:
    """One configured connector instance, scanned over time."""

    def __init__(self, connector: str, options: Any, cache: Cache | None = None) -> None:
        self.connector = connector
        self.options = options
        self.network = NetworkSettings(max_attempts=3, max_wait_s=5)
        self.cache = cache or TravellingCache()
        self._fingerprints: dict[tuple[str, str], dict[tuple[str, str], str]] = {}
        self._states: dict[tuple[str, str], str] = {}

    def look(self, **changed: Any) -> Look:
        """List and scan every scope; ``changed`` are options from now on."""
        self.options = self.options.model_copy(update=changed)
        nowhere = Scope(connector=self.connector, instance="main", ids=("*",), parts=())
        scopes, listing = list_scopes(self._job(nowhere))
        look = Look(listing=listing)
        for scope in scopes or ():
            look.scopes[scope.label] = scope
            self._scan(scope, look)
        return look

    def _scan(self, scope: Scope, look: Look) -> None:
        batches: list[PartBatch] = []
        outcome = run_scope(self._job(scope), batches.append)
        look.findings[scope.label] = [one for batch in batches for one in batch.findings]
        look.unchanged[scope.label] = [one for batch in batches for one in batch.unchanged]
        look.parts[scope.label] = outcome.parts
        if outcome.error:
            look.errors[scope.label] = outcome.error
        for name, result in outcome.parts.items():
            place = scope.key, name
            self._states[place] = result.state
            if result.stands:
                look.unchanged[scope.label] += [
                    Unchanged(natural_key=NaturalKey(namespace=namespace, key=key), fingerprint=fingerprint)
                    for (namespace, key), fingerprint in self._fingerprints.setdefault(place, {}).items()
                ]
                continue
            mine = [batch for batch in batches if batch.part == name]
            shown = [one for batch in mine for one in (*batch.findings, *batch.unchanged)]
            if result.status == "complete":
                self._fingerprints[place] = {
                    (one.natural_key.namespace, one.natural_key.key): one.fingerprint for one in shown
                }

    def _job(self, scope: Scope) -> ScopeJob:
        return ScopeJob(
            connector=self.connector,
            instance="main",
            scope=scope,
            options=self.options,
            network=self.network,
            previous=lambda part: self._fingerprints.get((scope.key, part), {}),
            previous_state=lambda part: self._states.get((scope.key, part), ""),
            cache=self.cache,
        )


__all__ = ["BOT", "Account", "Look", "NoCache"]
