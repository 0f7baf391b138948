"""Judge what a scan touched: which systems it belongs to, and which alerts that opens or closes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discovery.service import decisions, notifying, record_evidence, rule_sets, sla
from discovery.service.alerting import AlertChanges, evaluate, evaluate_rest
from discovery.service.permissions import ENGINE
from store import alerts, linkage, organisation, systems, units

if TYPE_CHECKING:
    from collections.abc import Collection

    from discovery.config import Config
    from discovery.engine import Touched
    from store import Store
    from store.placement import Placement


class Judge:
    """Group what was touched, and keep the alerts of the systems concerned in step."""

    def __init__(self, store: Store, config: Config) -> None:
        """Judge as configured; raises ``ConfigError`` for a mistake in the rules."""
        self._store = store
        self._roles: Collection[str] = config.scan.roles_that_alert
        self._rules = rule_sets.of_config(config)
        self._timezone = config.organisation.timezone
        units.sync(store, [one.unit() for one in config.organisation.units])
        notifying.keep(store, config)
        sla.keep(store, config)
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
            linked = linkage.relink(self._store, touched)
            changed = (changed | linked.touched) - linked.merged.keys()
            record_evidence.refresh(self._store, changed)
        made = evaluate(
            self._store,
            changed,
            roles_that_alert=self._roles,
            rules=self._rules,
            timezone=self._timezone,
        )
        self._count(made)

    def finish(self) -> None:
        """Judge what only a whole scan tells: the organisation, where anything was said of it."""
        with self._store.read() as tx:
            matters = bool(organisation.facts(tx.conn) or alerts.of_no_system(tx.conn))
        if matters:
            self._count(evaluate_rest(self._store))

    def _count(self, made: AlertChanges) -> None:
        self.changes.opened += made.opened
        self.changes.reopened += made.reopened
        self.changes.resolved += made.resolved
