"""Judge what a scan touched: which systems it belongs to, and which alerts that opens or closes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discovery.service import decisions
from discovery.service.alerting import AlertChanges, evaluate
from discovery.service.permissions import ENGINE
from store import systems

if TYPE_CHECKING:
    from collections.abc import Collection

    from discovery.engine import Touched
    from store import Store
    from store.placement import Placement


class Judge:
    """Group what was touched, and keep the alerts of the systems concerned in step."""

    def __init__(self, store: Store, roles_that_alert: Collection[str]) -> None:
        self._store = store
        self._roles = roles_that_alert
        self.changes = AlertChanges()

    def scope_done(self, touched: Touched) -> None:
        """Look at what a scope touched, and ask owners again of things that were made anew."""
        self.look_at(touched.assets, touched.placement)
        if touched.replaced:
            decisions.ask_owner_again(self._store, touched.replaced, actor=ENGINE)

    def look_at(self, touched: set[str] | None, placement: Placement | None = None) -> None:
        """Regroup the touched assets (``None``: all) and evaluate the rules for their systems.

        ``placement`` is what their writer has already done about grouping. With an empty set only what
        changed with time alone is evaluated.
        """
        changed: set[str] = set()
        if touched or touched is None:
            changed = systems.regroup(self._store, touched, placement).touched
        made = evaluate(self._store, changed, roles_that_alert=self._roles)
        self.changes.opened += made.opened
        self.changes.reopened += made.reopened
        self.changes.resolved += made.resolved
