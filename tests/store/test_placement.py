"""What a writer settles by itself must be what a look at everything would make of it."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from connectors import clock
from connectors.model import Finding, NaturalKey, Part, PartStatus, Ref, Scope
from connectors.outcome import PartBatch, PartResult
from discovery.service import decisions, inventory
from store import Store, systems
from store.writer import PartWriter
from tests.estate import ALICE, Estate, code, finding, hint, revision

KINDS = ("agent", "ai_project", "dataset", "guardrail", "model_endpoint", "api_key", "workspace")


class Writing:
    """One scope being written, part by part, as the engine does it."""

    def __init__(self, store: Store, *parts: str, scope: str = "s1", label: str = "acme/shop") -> None:
        declared = tuple(Part(name=name, kinds=KINDS) for name in parts)
        self.store = store
        self.scope = Scope(connector="aws", instance="main", ids=(scope,), parts=declared, label=label)
        self.writer = PartWriter(store, Estate(store).begin_run(), self.scope)
        self.touched: set[str] = set()

    def show(self, part: str, *findings: Finding) -> None:
        """Write a whole part."""
        for number, one in enumerate(findings):
            one.fingerprint = f"{number}-{one!r}"
        moment = clock.now()
        final = PartResult(
            status=PartStatus.COMPLETE,
            reason="",
            count=len(findings),
            exceptions=(),
            requests=1,
            started_at=moment,
            ended_at=moment,
        )
        batch = PartBatch(
            scope_key=self.scope.key, part=part, findings=list(findings), unchanged=[], final=final
        )
        self.touched |= self.writer.apply(batch).touched_assets

    def settle(self) -> systems.Regrouped:
        """End the scope."""
        return systems.regroup(self.store, self.touched, self.writer.placement)


def anything(rng: random.Random, number: int) -> Finding:
    """Return a made-up finding whose group, name and owner are of many kinds."""
    kind = rng.choice(KINDS)
    changes: dict[str, Any] = {"application": rng.choice([None, None, "app-1", "app-2", "proj_7"])}
    if rng.random() < 0.2:
        changes["tags"] = {"AI-System": rng.choice(["retail", "Bank"]), "owner": f"team-{number % 3}"}
    elif rng.random() < 0.3:
        changes["tags"] = {"team": f"t{number % 4}@acme.example", "application": "app-3"}
    if rng.random() < 0.4:
        changes["owner_hints"] = (hint(f"@acme/team-{number % 3}"), hint("bob@acme.example", "tag"))
    if kind == "ai_project" and changes["application"] == "proj_7":
        changes["key"] = "proj_7"
    if rng.random() < 0.1:
        changes["aliases"] = (NaturalKey(namespace="aws/arn", key=f"other-name-{number % 5}"),)
    if rng.random() < 0.1:
        changes["ref"] = Ref(name="feature", drives=False)
    if rng.random() < 0.2:
        return code(f"pkg-{number}", unit=rng.choice(["", "services/bot"]), **changes)
    return finding(f"thing {number}", kind, **changes)


@pytest.mark.parametrize("seed", range(6))
def test_a_look_at_everything_changes_nothing_afterwards(store: Store, seed: int) -> None:
    rng = random.Random(seed)
    for scope in ("s1", "s2"):
        writing = Writing(store, "a", "b", "c", scope=scope)
        for part in "abc":
            writing.show(part, *(anything(rng, number) for number in rng.sample(range(40), 20)))
        writing.settle()
    before = revision(store)

    systems.regroup(store, None)

    assert revision(store) == before
    assert len(inventory.list_systems(store)) > 3


def test_what_changed_without_a_word_about_groups_is_not_read_again(store: Store) -> None:
    first = Writing(store, "a")
    first.show("a", finding("helper", owner_hints=(hint("@acme/bots"),)), finding("other"))
    first.settle()
    second = Writing(store, "a")

    second.show(
        "a", finding("helper", owner_hints=(hint("@acme/bots"),), attributes={"v": 2}), finding("other")
    )
    result = second.settle()

    assert second.writer.placement.same == second.touched
    assert len(result.touched) == 1


@pytest.mark.parametrize(
    "changes",
    [{"name": "renamed"}, {"owner_hints": (hint("@acme/ops"),)}, {"tags": {"ai-system": "retail"}}],
    ids=["name", "owner", "group"],
)
def test_what_changed_in_name_owner_or_group_is_read_again(store: Store, changes: dict[str, Any]) -> None:
    first = Writing(store, "a")
    first.show("a", finding("helper", owner_hints=(hint("@acme/bots"),)))
    first.settle()
    second = Writing(store, "a")
    now = replace(finding("helper", owner_hints=(hint("@acme/bots"),)), **changes)

    second.show("a", now)
    second.settle()

    before = revision(store)
    systems.regroup(store, None)
    assert not second.writer.placement.same
    assert revision(store) == before


def test_an_owner_named_while_the_scope_is_under_way_stays(store: Store) -> None:
    writing = Writing(store, "a", "b")
    writing.show("a", finding("helper", application="shop", owner_hints=(hint("@acme/bots"),)))
    decisions.set_owner(store, "shop", "ana@acme.example", actor=ALICE)

    writing.show("b", finding("second", application="shop"))
    writing.settle()

    (shop,) = inventory.list_systems(store)
    assert shop.owner is not None
    assert [len(shop.assets), [one.party for one in shop.owner_candidates]] == [2, ["@acme/bots"]]


def test_members_added_by_another_scope_meanwhile_count(store: Store) -> None:
    slow = Writing(store, "a", scope="eu-west-1")
    quick = Writing(store, "a", scope="eu-north-1")
    slow.show("a", finding("helper", "dataset", application="shop"))
    quick.show("a", finding("agent", application="shop", owner_hints=(hint("@acme/bots"),)))
    quick.settle()

    slow.settle()

    (shop,) = inventory.list_systems(store)
    assert (shop.kind, len(shop.assets), len(shop.owner_candidates)) == ("agent", 2, 1)


def test_a_first_scan_settles_without_reading_members(store: Store) -> None:
    writing = Writing(store, "a", "b")
    writing.show("a", *(finding(f"t{one}", application="shop") for one in range(5)))
    writing.show("b", *(finding(f"u{one}", "dataset", application="shop") for one in range(5)))

    result = writing.settle()

    placement = writing.writer.placement
    assert placement.placed == writing.touched
    assert result.touched == placement.minted.keys()
