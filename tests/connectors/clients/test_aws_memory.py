"""What one process remembers of AWS: made once, and what is large not for ever."""

from __future__ import annotations

import threading

from connectors.clients.aws_memory import Memory


def test_a_thing_is_made_once_however_many_ask_at_once() -> None:
    memory = Memory()
    made: list[int] = []

    def ask() -> None:
        memory.once("x", lambda: made.append(1))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert made == [1]


def test_of_large_things_only_the_last_few_are_kept() -> None:
    memory = Memory()
    made: list[str] = []

    def ask(name: str) -> None:
        memory.lately(name, lambda: made.append(name))

    for number in range(30):
        ask(f"account-{number}")
    ask("account-29")
    ask("account-22")
    ask("account-0")

    assert made == [*(f"account-{number}" for number in range(30)), "account-0"]


def test_what_is_asked_for_again_and_again_stays() -> None:
    memory = Memory()
    made: list[str] = []
    for number in range(30):
        memory.lately("mine", lambda: made.append("mine"))
        memory.lately(f"other-{number}", lambda: None)

    assert made == ["mine"]
