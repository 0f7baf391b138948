"""Say what is worth doing now: one command each, most useful first."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from discovery.service.views import CoverageView, NextStepKind, NextStepView, SystemView

if TYPE_CHECKING:
    from store.queries_runs import RunRow

_LIKELY = 0.5
_BLIND = ("denied", "throttled", "failed", "incomplete")


def steps(
    systems: Sequence[SystemView], covered: Sequence[CoverageView], last: RunRow | None
) -> list[NextStepView]:
    """Return next steps for an inventory; an empty one asks for a scan."""
    if last is None:
        return [NextStepView(kind=NextStepKind.SCAN, command="aicensus scan", why="nothing was scanned yet")]
    asked = [one for one in systems if one.alerting]
    names = Counter(one.name for one in systems)
    found = [*_suspect(last), *_owner(asked, names), *_oversight(asked, names), *_blind(covered)]
    if not found:
        why = "every system has an owner and a complete oversight record"
        if not systems:
            why = "nothing was found; name what to scan, as in aicensus scan PATH or --connector aws"
        found.append(NextStepView(kind=NextStepKind.ALERTS, command="aicensus systems", why=why))
    return found


def _suspect(last: RunRow) -> list[NextStepView]:
    if not last.suspect:
        return []
    why = f"{last.suspect} part(s) lost more than half of what they showed; nothing was closed"
    command = f'aicensus runs accept {last.run_id} --reason "..."'
    return [NextStepView(kind=NextStepKind.SUSPECT, command=command, why=why)]


def _owner(systems: Sequence[SystemView], names: Counter[str]) -> list[NextStepView]:
    without = [one for one in systems if one.owner is None]
    if not without:
        return []
    best = max(without, key=lambda one: (_confidence(one), one.kind != "shared_service", len(one.assets)))
    count = f"{len(without)} of {len(systems)} systems have no accepted owner"
    if _confidence(best) >= _LIKELY:
        who = best.owner_candidates[0]
        command = f"aicensus owner accept {_name(best, names)}"
        why = f"{count}; {who.party} is {who.confidence:.0%} likely to answer for {best.name}"
        return [NextStepView(kind=NextStepKind.OWNER, command=command, why=why)]
    command = f"aicensus owner set {_name(best, names)} someone@example.com"
    return [NextStepView(kind=NextStepKind.OWNER, command=command, why=count)]


def _oversight(systems: Sequence[SystemView], names: Counter[str]) -> list[NextStepView]:
    without = [one for one in systems if not one.oversight.complete]
    if not without:
        return []
    best = max(
        without, key=lambda one: (one.owner is not None, one.kind != "shared_service", len(one.assets))
    )
    why = f"{len(without)} of {len(systems)} systems have no complete oversight record"
    command = f"aicensus oversight record {_name(best, names)}"
    return [NextStepView(kind=NextStepKind.OVERSIGHT, command=command, why=why)]


def _blind(covered: Sequence[CoverageView]) -> list[NextStepView]:
    blind = Counter(one.status for one in covered if one.status in _BLIND and one.state == "active")
    if not blind:
        return []
    counts = ", ".join(f"{count} {status}" for status, count in blind.most_common())
    why = f"parts that could not be seen: {counts}"
    return [NextStepView(kind=NextStepKind.COVERAGE, command="aicensus coverage", why=why)]


def _confidence(system: SystemView) -> float:
    return system.owner_candidates[0].confidence if system.owner_candidates else 0.0


def _name(system: SystemView, names: Counter[str]) -> str:
    """Return what to type for a system: its name where only it bears it and a shell takes it, else its id."""
    plain = names[system.name] == 1 and system.name.isprintable() and not system.name.startswith("-")
    return shlex.quote(system.name) if plain else system.system_id
