"""Hold the store against a small model of the ageing rules, over random histories, on both databases."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import select

from connectors.model import PartStatus, Scope
from connectors.outcome import PartBatch, ScopeOutcome
from store import Store, journal, open_store
from store.schema import asset, metadata, part, scope, sighting
from store.writer import PartWriter
from tests.store import samples

SCOPES, PARTS = ("one", "two"), ("agents", "models")
PLACES = [(where, name) for where in SCOPES for name in PARTS]
OUTCOMES = st.sampled_from([PartStatus.COMPLETE] * 6 + [PartStatus.DENIED, PartStatus.INCOMPLETE])
CHANGES = st.tuples(
    st.sampled_from(["keep"] * 4 + ["drop"] * 3 + ["add", "rename"]), st.sampled_from([1, 2, 4, 5, 6, 10, 14])
)
Place = tuple[str, str]


@dataclass
class Oracle:
    """What the rules say: the state of every open thing by place and name."""

    open: dict[Place, dict[str, str]] = field(default_factory=lambda: {place: {} for place in PLACES})
    gone: set[tuple[Place, str]] = field(default_factory=set)
    absences: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SCOPES, 0))

    def listing(self, listed: set[str], whole: bool) -> None:
        for where in SCOPES:
            if where in listed:
                self.absences[where] = 0
            elif whole:
                self.absences[where] += 1
            if where not in listed and whole and self.absences[where] == 2:
                for place in [one for one in PLACES if one[0] == where]:
                    self.gone |= {(place, name) for name in self.open[place]}
                    self.open[place] = {}

    def run(self, shown: dict[Place, set[str]], complete: set[Place], unreadable: set[str]) -> None:
        losses: dict[Place, set[str]] = {}
        before: dict[Place, int] = {}
        for place, names in shown.items():
            things = self.open[place]
            held = {name for name in things if name in unreadable}
            present = {name for name, state in things.items() if state == "present"}
            absent = set(things) - names - held
            if place in complete:
                before[place], losses[place] = len(present), present & absent
                for name in absent - present:
                    if things[name] == "missing":
                        del things[name]
                        self.gone.add((place, name))
                    else:
                        things[name] = "missing"
                things |= dict.fromkeys(losses[place], self.verdict(before[place], losses[place]))
            things |= dict.fromkeys(names, "present")
            self.gone -= {(place, name) for name in names}
        for group in [*({where} for where in SCOPES), set(SCOPES)]:
            places = [place for place in losses if place[0] in group]
            lost = {(place, name) for place in places for name in losses[place]}
            if self.verdict(sum(before[place] for place in places), lost) == "suspect":
                for place, name in lost:
                    self.open[place][name] = "suspect"

    @staticmethod
    def verdict(present: int, lost: set[Any]) -> str:
        return "suspect" if present >= 10 and 2 * len(lost) > present else "missing"


class Histories(RuleBasedStateMachine):
    """Change a made-up world, scan it, and compare the store with the oracle after every run."""

    store: Store

    def __init__(self) -> None:
        super().__init__()
        self.oracle = Oracle()
        self.world: dict[Place, dict[str, int]] = {place: {} for place in PLACES}
        self.runs = 0

    @initialize(numbers=st.sampled_from([2, 5, 9, 10, 11, 14]))
    def populate(self, numbers: int) -> None:
        for place in PLACES:
            self.add(place, set(range(numbers)))

    def add(self, place: Place, numbers: set[int]) -> None:
        self.world[place] |= {f"{place[0]}-{place[1]}-{number}": 1 for number in numbers}

    def change(self, place: Place, what: str, number: int) -> None:
        things = self.world[place]
        if what == "add":
            self.add(place, set(range(number)))
        elif what == "drop":
            for name in sorted(things)[:number]:
                del things[name]
        elif what == "rename":
            self.world[place] = {name: version + 1 for name, version in things.items()}

    @rule(
        changes=st.fixed_dictionaries(dict.fromkeys(PLACES, CHANGES)),
        outcomes=st.fixed_dictionaries(dict.fromkeys(PLACES, OUTCOMES)),
        filtered=st.sampled_from([False] * 7 + [True]),
        killed=st.sampled_from([False] * 5 + [True]),
        cut=st.integers(0, 3),
        unreadable=st.sets(st.sampled_from([f"{a}-{b}-{n}" for a, b in PLACES for n in (0, 4)]), max_size=3),
    )
    def scan(
        self,
        changes: dict[Place, tuple[str, int]],
        outcomes: dict[Place, PartStatus],
        filtered: bool,
        killed: bool,
        cut: int,
        unreadable: set[str],
    ) -> None:
        for place, (what, number) in changes.items():
            self.change(place, what, number)
        holder = samples.dead_holder() if killed else ""
        run_id = self._begin(filtered, holder)
        shown: dict[Place, set[str]] = {}
        for where in SCOPES:
            writer = PartWriter(self.store, run_id, self._scope(where), filtered)
            for name in PARTS:
                place = (where, name)
                shown[place] = self._scan_part(writer, place, outcomes[place], cut, unreadable)
            if not killed:
                journal.finish_scope(self.store, run_id, ScopeOutcome(scope_key=self._scope(where).key))
        if killed:
            assert journal.close_interrupted(self.store) == [run_id]
        else:
            journal.end_run(self.store, run_id, "complete", {})
        complete = {place for place, status in outcomes.items() if status is PartStatus.COMPLETE}
        self.oracle.run(shown, set() if filtered else complete, unreadable)
        self._compare()

    @rule(listed=st.sets(st.sampled_from(SCOPES)), whole=st.booleans())
    def list_scopes(self, listed: set[str], whole: bool) -> None:
        status = PartStatus.COMPLETE if whole else PartStatus.INCOMPLETE
        run_id = self._begin(False, "")
        scopes = [self._scope(where) for where in sorted(listed)]
        journal.note_scopes_listing(self.store, "demo", "main", scopes, samples.result(status))
        journal.end_run(self.store, run_id, "complete", {})
        self.oracle.listing(listed, whole)
        self._compare()

    def _scan_part(
        self, writer: PartWriter, place: Place, status: PartStatus, cut: int, unreadable: set[str]
    ) -> set[str]:
        names = sorted(self.world[place])
        # What ends early has shown only its beginning; what cannot be read is not shown.
        reached = names if status is PartStatus.COMPLETE else names[:cut]
        findings = [
            samples.finding(name, str(self.world[place][name])) for name in reached if name not in unreadable
        ]
        exceptions = [(f"demo://{name}", "cannot be read") for name in sorted(unreadable)]
        final = samples.result(status, len(findings), exceptions)
        for some, last in ((findings[:2], None), (findings[2:], final)):
            writer.apply(
                PartBatch(
                    scope_key=self._scope(place[0]).key,
                    part=place[1],
                    findings=some,
                    unchanged=[],
                    final=last,
                )
            )
        return {one.natural_key.key for one in findings}

    def _begin(self, filtered: bool, holder: str) -> str:
        self.runs += 1
        return samples.begin(self.store, f"run_{self.runs:03d}", filtered=filtered, holder=holder)

    @staticmethod
    def _scope(where: str) -> Scope:
        return samples.scope(where)

    def _compare(self) -> None:
        with self.store.read() as tx:
            query = (
                select(scope.c.key, part.c.name, sighting.c.key.label("thing"))
                .add_columns(sighting.c.suspect_at, sighting.c.missing_at)
                .join(part, part.c.scope_no == scope.c.scope_no)
                .join(sighting, sighting.c.part_no == part.c.part_no)
                .where(sighting.c.valid_to.is_(None))
            )
            found: dict[Place, dict[str, str]] = {place: {} for place in PLACES}
            for key, name, thing, suspect_at, missing_at in tx.conn.execute(query):
                state = "missing" if missing_at else "suspect" if suspect_at else "present"
                assert thing not in found[key.rsplit("/")[-1], name], "two open sightings of one thing"
                found[key.rsplit("/")[-1], name][thing] = state
            rows = tx.conn.execute(
                select(asset.c.natural_id, asset.c.state).where(asset.c.valid_to.is_(None))
            )
            assets = {row.natural_id: row.state for row in rows}
        assert found == self.oracle.open
        gone = {name: "gone" for _, name in self.oracle.gone}
        assert assets == gone | {name: s for things in found.values() for name, s in things.items()}


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_random_histories_follow_the_rules(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    opened: list[Store] = []

    def fresh() -> Store:
        if kind == "sqlite":
            path = tmp_path / f"{len(opened)}.db"
            shutil.copy(request.getfixturevalue("sqlite_template"), path)
            opened.append(open_store(f"sqlite:///{path}"))
        elif not opened:
            opened.append(open_store(request.getfixturevalue("postgres_store_url")))
        else:
            with opened[0].begin() as conn:
                # To truncate takes a file for each of the tables, most of which hold nothing.
                for table in reversed(metadata.sorted_tables):
                    conn.execute(table.delete())
        return opened[-1]

    class OnThisStore(Histories):
        def __init__(self) -> None:
            super().__init__()
            self.store = fresh()

    run_state_machine_as_test(
        OnThisStore,
        settings=settings(
            max_examples=15 if kind == "sqlite" else 8,
            stateful_step_count=10,
            deadline=None,
            phases=[Phase.generate],
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    for one in opened:
        one.close()
