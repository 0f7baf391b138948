"""One credential's pace, pauses and retries, shared by its threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from connectors.clients.budget import (
    RETRY_PURSE,
    Budget,
    BudgetBook,
    Clock,
    allow_waiting,
    stop_waiting,
)
from connectors.errors import Unavailable


class FakeTime:
    def __init__(self) -> None:
        self.now = 50.0
        self.slept: list[float] = []
        self.lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.slept.append(seconds)
            self.now += seconds

    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.now, sleep=self.sleep)


@pytest.fixture
def passing() -> FakeTime:
    return FakeTime()


def test_without_a_rate_nothing_waits(passing: FakeTime) -> None:
    budget = Budget(passing.clock())

    for _ in range(1_000):
        budget.acquire()

    assert passing.slept == []


def test_a_rate_lets_a_seconds_worth_through_and_then_paces(passing: FakeTime) -> None:
    budget = Budget(passing.clock(), rate_per_s=10)

    for _ in range(30):
        budget.acquire()

    assert passing.now - 50 == pytest.approx(2.0)


def test_a_pause_holds_for_every_thread(passing: FakeTime) -> None:
    budget = Budget(passing.clock())
    budget.pause(30)
    threads = [threading.Thread(target=budget.acquire) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert passing.now >= 80


def test_a_shorter_pause_does_not_cut_a_longer_one(passing: FakeTime) -> None:
    budget = Budget(passing.clock())
    budget.pause(30)
    budget.pause(1)

    budget.acquire()

    assert passing.slept == [30]


def test_retries_end_when_nothing_succeeds_and_come_back_with_success(passing: FakeTime) -> None:
    budget = Budget(passing.clock())

    spent = sum(budget.spend_retry() for _ in range(1_000))
    for _ in range(5):
        budget.succeeded()

    assert spent == RETRY_PURSE
    assert [budget.spend_retry(), budget.spend_retry()] == [True, False]


def test_a_book_gives_one_budget_for_one_credential(passing: FakeTime) -> None:
    book = BudgetBook(passing.clock())

    assert book.get("a") is book.get("a")
    assert book.get("a") is not book.get("b")


@pytest.fixture
def stopped() -> Iterator[None]:
    stop_waiting()
    yield
    allow_waiting()


@pytest.mark.usefixtures("stopped")
def test_a_stopped_run_does_not_sit_out_its_pauses() -> None:
    budget = Budget()
    budget.pause(3_600)

    with pytest.raises(Unavailable, match="being stopped"):
        budget.acquire()
