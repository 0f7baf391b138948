"""Ctrl-C is heard at once, but never in the middle of what must not be cut."""

from __future__ import annotations

import signal
import threading

import pytest

from connectors import interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_strikes_at_once_where_nothing_is_held(number: int) -> None:
    with interrupts.heard(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


def test_blocks_in_each_other_end_before_a_signal_strikes_once() -> None:
    done = []

    def nested() -> None:
        with interrupts.held():
            with interrupts.held():
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)
                done.append("inner")
            done.append("outer")
        done.append("behind")

    with interrupts.heard():
        with pytest.raises(KeyboardInterrupt):
            nested()
        with interrupts.held():
            done.append("next")

    assert done == ["inner", "outer", "next"]


def test_a_block_that_fails_after_a_signal_ends_as_interrupted_with_its_error_as_the_context() -> None:
    def failing() -> None:
        with interrupts.held():
            signal.raise_signal(signal.SIGINT)
            raise ValueError("lost")

    with interrupts.heard(), pytest.raises(KeyboardInterrupt) as raised:
        failing()

    assert isinstance(raised.value.__context__, ValueError)


def test_handlers_come_back_and_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts.heard():
            signal.raise_signal(signal.SIGINT)
            assert signal.getsignal(signal.SIGTERM) is interrupts.strike
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is not interrupts.strike
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_hold_nothing_up() -> None:
    inside, leave = threading.Event(), threading.Event()

    def work() -> None:
        with interrupts.heard(), interrupts.held():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait(10)
    with interrupts.heard(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    leave.set()
    thread.join()
