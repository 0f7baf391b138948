from __future__ import annotations

import pytest

from discovery.service import (
    alert_bulk,
    alert_undo,
    decisions,
    maturity,
    maturity_facts,
    system_standing,
)
from discovery.service.alert_decisions import AlertAction, Given
from discovery.service.inventory import AlertFilter
from discovery.service.maturity import Measured
from store import Store
from tests.estate import ALICE, Estate, finding

VALUES: dict[str, float | None] = dict.fromkeys(maturity.signals_of("value"))
COVS = maturity.signals_of("cov")


def system(number: int, holds: bool = False, tier: str = "high", *, only: tuple[str, ...] = ()) -> Measured:
    names = only or COVS
    return Measured(
        system_id=f"sys_{number}", name=f"bot-{number}", tier=tier, holds=dict.fromkeys(names, holds)
    )


def test_weights_add_up_to_100_in_each_dimension() -> None:
    totals = [sum(one["weight"] for one in row["signals"]) for row in maturity.table()["dimensions"]]

    assert totals == [100, 100, 100, 100]


def test_everything_in_order_is_a_habit() -> None:
    view = maturity.measure("now", [system(n, True) for n in range(5)], dict.fromkeys(VALUES, 100.0))

    assert (view.score, view.low, view.high, view.band, view.steps) == (100.0, 100.0, 100.0, "habit", [])


def test_what_has_no_data_widens_the_interval_and_lowers_the_evidence() -> None:
    view = maturity.measure("now", [system(n, True) for n in range(5)], VALUES)

    leadership = view.dimensions[0]
    assert (leadership.score, leadership.low, leadership.high) == (100.0, 30.0, 100.0)
    assert leadership.coverage == 30.0


def test_one_weak_dimension_cannot_hide() -> None:
    strong = dict.fromkeys(VALUES, 100.0)
    weak = strong | {"no_recurrence": 0.0, "debt_trend": 0.0, "incident_actions": 0.0, "noise": 0.0}
    lacking = {"review_current": False, "freshness": False}
    systems = [
        Measured(system_id=str(n), name=str(n), tier="high", holds=dict.fromkeys(COVS, True) | lacking)
        for n in range(5)
    ]

    view = maturity.measure("now", systems, weak)

    assert view.dimensions[3].score == 0.0
    assert view.score == 0.0


def test_there_is_no_score_below_five_live_systems() -> None:
    view = maturity.measure("now", [system(n) for n in range(4)], VALUES)

    assert (view.score, view.steps, view.note) == (None, [], "no score below 5 live systems")


def test_a_system_without_a_tier_weighs_like_a_high_one() -> None:
    blank = [system(0, True, "high"), *(system(n, False, "unknown") for n in range(1, 5))]
    said = [system(0, True, "high"), *(system(n, False, "low") for n in range(1, 5))]

    unknown, low = (maturity.measure("now", systems, VALUES).dimensions[0] for systems in (blank, said))

    assert (unknown.score, low.score) == (20.0, 50.0)


def test_the_next_steps_gain_most_and_start_with_the_heaviest_system() -> None:
    systems = [system(n, True) for n in range(4)] + [system(4, True, "critical")]
    systems[4] = Measured(
        system_id="sys_4", name="bot-4", tier="critical", holds=dict(systems[4].holds) | {"owner_cov": False}
    )

    view = maturity.measure("now", systems, VALUES)

    gains = [one.gain for one in view.steps]
    owner = next(one for one in view.steps if one.signal == "owner_cov")
    assert gains == sorted(gains, reverse=True)
    assert (owner.system_id, "bot-4" in owner.step, owner.gain > 0) == ("sys_4", True, True)


def test_a_first_scan_is_ad_hoc_and_wide(store: Store) -> None:
    Estate(store).show(*(finding(f"bot-{number}") for number in range(5)))

    view = maturity_facts.measure(store)

    assert view.live_systems == 5
    assert view.band == "ad hoc"
    assert view.low < 20 < view.high
    assert len(view.steps) == 3


def test_an_accepted_owner_raises_leadership(store: Store) -> None:
    Estate(store).show(*(finding(f"bot-{number}") for number in range(5)))
    before = maturity_facts.measure(store).dimensions[0]
    for number in range(5):
        decisions.set_owner(store, f"bot-{number}", "ana@acme.example", actor=ALICE)

    after = maturity_facts.measure(store).dimensions[0]

    signals = {one.signal: one.score for one in after.signals}
    assert signals["owner_cov"] == 100.0
    assert signals["assign_speed"] == pytest.approx(100, abs=1)
    assert (after.low > before.low, after.coverage >= before.coverage) == (True, True)


def test_a_system_counts_as_entered_first_when_the_store_knew_it_before_a_scanner(store: Store) -> None:
    estate = Estate(store)
    estate.show(finding("bot-0"), finding("bot-1"))
    decisions.set_owner(store, "bot-0", "ana@acme.example", actor=ALICE)
    system_standing.register(store, "bot-0", actor=ALICE)
    for number in (2, 3):
        system_standing.add(store, f"desk-{number}", kind="saas_tool", owner="ana@acme.example", actor=ALICE)

    view = maturity_facts.measure(store)

    (signal,) = (one for row in view.dimensions for one in row.signals if one.signal == "pre_registered")
    assert signal.score == 50.0


def test_one_without_systems_measures_nothing(store: Store) -> None:
    view = maturity_facts.measure(store)

    assert (view.live_systems, view.score) == (0, None)


def test_it_says_how_much_changed_in_30_and_in_90_days() -> None:
    strong = maturity.measure("now", [system(n, True) for n in range(5)], dict.fromkeys(VALUES, 100.0))
    weak = maturity.measure("then", [system(n) for n in range(5)], dict.fromkeys(VALUES, 50.0))

    maturity.put_change(strong, weak, 30)
    maturity.put_change(strong, maturity.measure("then", [], VALUES), 90)

    assert strong.change_30 == round(100 - (weak.score or 0), 1)
    assert [one.change_30 for one in strong.dimensions] == [
        round(100 - (one.score or 0), 1) for one in weak.dimensions
    ]
    assert strong.change_90 is None


def test_a_store_that_is_younger_knows_no_change(store: Store) -> None:
    Estate(store).show(*(finding(f"bot-{number}") for number in range(5)))

    view = maturity_facts.measure(store, with_change=True)

    assert (view.change_30, view.dimensions[0].change_90) == (None, None)


def test_candidates_that_are_no_ai_are_noise_and_decisions_taken_back_are_none(store: Store) -> None:
    Estate(store).show(*(finding(f"bot-{number}") for number in range(6)))
    wrong = Given(action=AlertAction.FALSE_POSITIVE, actor=ALICE, reason="a sample")
    alert_bulk.decide_many(store, AlertFilter(rule="OVR-00"), wrong)
    before = noise(store)

    alert_undo.undo(store, "latest", actor=ALICE)
    after = noise(store)
    system_standing.reject(store, "bot-5", actor=ALICE, code="not_ai", reason="a calculator")

    # Rejecting closes the two alerts of the system: one of three things was wrong.
    assert (before, after) == (0.0, None)
    assert noise(store) == pytest.approx(100 - (100 / 3 - 10) * 2, abs=0.1)


def noise(store: Store) -> float | None:
    signals = maturity_facts.measure(store).dimensions[3].signals
    return next(one.score for one in signals if one.signal == "noise")
