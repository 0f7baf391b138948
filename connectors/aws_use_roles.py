"""Know which asset runs as which role, so that a role's calls become the asset's.

Roles come from what a scan reads of its assets (their attribute ``role_arn``); where an asset is unchanged
and so not read again, from what the last scan kept. A role that several assets run as proves nothing of any.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connectors.aws_use_findings import Subject, Use, kept_of
from connectors.model import Finding, Link, NaturalKey, RelationKind, Unchanged

ROLE = "role_arn"


class Roles:
    """Watch what a scan shows; ``kept`` gives the text of the last scan."""

    def __init__(self, kept: Callable[[], str]) -> None:
        self._kept = kept
        self._runs_as: dict[tuple[str, str], tuple[str, str, str]] = {}
        self._standing: set[tuple[str, str]] = set()

    def note(self, one: Finding | Unchanged) -> None:
        """Remember the role of an asset that is shown."""
        key = (one.natural_key.namespace, one.natural_key.key)
        if isinstance(one, Unchanged):
            self._standing.add(key)
            return
        role = one.attributes.get(ROLE)
        if isinstance(role, str) and role:
            self._runs_as[key] = (role, one.kind, one.name)

    def remembered(self) -> list[list[str]]:
        """Return the roles of the assets that are there now: role, namespace, key, kind, name."""
        text = self._kept()
        for role, namespace, key, kind, name in kept_of(text) or ():
            if (namespace, key) in self._standing:
                self._runs_as.setdefault((namespace, key), (role, kind, name))
        return [[role, *key, kind, name] for key, (role, kind, name) in sorted(self._runs_as.items())]

    def uses(self, calls: Sequence[tuple[Subject, str, str]], kinds: Sequence[str]) -> list[Use]:
        """Return what each asset called, given (what was called, ARN of the caller, day of the last call)."""
        by_role: dict[str, list[Subject]] = {}
        for role, namespace, key, kind, name in self.remembered():
            asset = Subject(key=NaturalKey(namespace=namespace, key=key), kind=kind, name=name)
            by_role.setdefault(role, []).append(asset)
        found: dict[str, Use] = {}
        for called, role, day in sorted(calls, key=lambda call: (call[0].key.key, call[1])):
            assets = by_role.get(role, [])
            if len(assets) != 1 or assets[0].kind not in kinds or assets[0].key == called.key:
                continue
            use = found.setdefault(assets[0].key.key, Use(subject=assets[0]))
            use.day = max(use.day, day)
            use.links += (Link(relation=RelationKind.CALLS, target=called.key),)
        return [use for _, use in sorted(found.items())]
