"""Compare the inventory of two moments: what appeared, vanished, changed owner, model, record or state.

What is compared are stored results, as ``--as-of`` shows them: what was known at each moment, not what was
true then. People are shown by the name they have now.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from discovery.service.errors import DecisionError
from store import queries_history
from store.database import revision_at

if TYPE_CHECKING:
    from store import Store
    from store.queries_history import AssetThen, SystemThen

CHANGES = ("appeared", "vanished", "merged", "state", "owner", "record", "model", "renamed", "moved")
"""What a difference may say, in the order in which differences are listed."""
_ENDED = ("retired", "rejected", "merged")


@dataclass(slots=True, kw_only=True)
class DifferenceView:
    """One difference between two moments.

    ``change`` is one of :data:`CHANGES`; ``subject`` is system or asset, ``id`` its id. ``before`` and
    ``after`` are what changed (owner, model, state, name, system), ``None`` where there was nothing.
    """

    change: str
    subject: str
    id: str
    name: str
    kind: str
    system_id: str | None
    before: str | None
    after: str | None


def differences(store: Store, start: datetime, end: datetime) -> list[DifferenceView]:
    """Return what differs between two moments (aware, UTC): systems first, then assets.

    Raises ``DecisionError`` when ``end`` is not after ``start``.
    """
    if end <= start:
        raise DecisionError("the second day is not after the first", hint="Give the earlier day first.")
    with store.read(end) as tx:
        before, after = revision_at(tx.conn, start), tx.rev or 0
        systems = queries_history.changed_systems(tx.conn, before, after)
        assets = queries_history.changed_assets(tx.conn, before, after)
    found = [one for id_, (then, now) in systems.items() for one in _of_system(id_, then, now)]
    found += [one for id_, (then, now) in assets.items() for one in _of_asset(id_, then, now)]
    rank = {name: place for place, name in enumerate(CHANGES)}
    found.sort(key=lambda one: (one.subject != "system", rank[one.change], one.name.casefold(), one.id))
    return found


def _of_system(id_: str, then: SystemThen | None, now: SystemThen | None) -> Iterator[DifferenceView]:
    shown = now or then
    if shown is None:
        return

    def view(change: str, before: str | None, after: str | None) -> DifferenceView:
        return DifferenceView(
            change=change,
            subject="system",
            id=id_,
            name=shown.name,
            kind=shown.kind,
            system_id=id_,
            before=before,
            after=after,
        )

    was, is_ = _is_there(then), _is_there(now)
    if is_ and not was:
        yield view("appeared", then.state if then else None, shown.state)
    if was and not is_ and then is not None:
        merged = now is not None and now.state == "merged"
        yield view("merged" if merged else "vanished", then.state, shown.merged_into or shown.state)
    if not was or not is_ or then is None or now is None:
        return
    if then.state != now.state:
        yield view("state", then.state, now.state)
    if then.owner != now.owner:
        yield view("owner", then.owner, now.owner)
    if then.has_record != now.has_record:
        yield view("record", _record(then.has_record), _record(now.has_record))
    if then.models != now.models:
        yield view("model", ", ".join(then.models) or None, ", ".join(now.models) or None)
    if then.name != now.name:
        yield view("renamed", then.name, now.name)


def _is_there(one: SystemThen | None) -> bool:
    """Say whether there was something to answer for: a person's entry, or anything of it left."""
    return one is not None and one.state not in _ENDED and (one.assets > 0 or one.decided)


def _of_asset(id_: str, then: AssetThen | None, now: AssetThen | None) -> Iterator[DifferenceView]:
    shown = now or then
    if shown is None:
        return

    def view(change: str, before: str | None, after: str | None) -> DifferenceView:
        return DifferenceView(
            change=change,
            subject="asset",
            id=id_,
            name=shown.name,
            kind=shown.kind,
            system_id=shown.system_id,
            before=before,
            after=after,
        )

    was = then is not None and then.state != "gone"
    is_ = now is not None and now.state != "gone"
    if was != is_:
        states = (then.state if then else None, now.state if now else None)
        yield view("appeared" if is_ else "vanished", *states)
        return
    if not was or then is None or now is None:
        return
    if then.state != now.state:
        yield view("state", then.state, now.state)
    if then.model != now.model:
        yield view("model", then.model, now.model)
    if then.name != now.name:
        yield view("renamed", then.name, now.name)
    if then.system_id != now.system_id:
        yield view("moved", then.system_id, now.system_id)


def _record(complete: bool) -> str:
    return "complete" if complete else "not complete"
