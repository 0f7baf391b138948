from __future__ import annotations

import io

import pytest

from connectors.outcome import ScopeOutcome
from discovery.progress import PlainProgress, QuietProgress, ScanProgress, open_progress


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def done(key: str, error: str = "") -> ScopeOutcome:
    return ScopeOutcome(scope_key=key, error=error)


def test_status_says_how_far_it_is_and_how_fast() -> None:
    clock = Clock()
    progress = QuietProgress(clock=clock)
    progress.scope_planned(4)
    progress.scope_started("code:main/a")
    clock.now_s += 2

    progress.findings(120)
    progress.scope_done("code:main/a", done("code:main/a"))

    assert progress.status() == "1/4 scopes, 120 findings, 60/s"


def test_status_names_what_it_waits_for_longest_first() -> None:
    clock = Clock()
    progress = QuietProgress(clock=clock)
    progress.scope_planned(3)
    for key in ("aws:main/1/eu", "aws:main/1/us", "code:main/a"):
        progress.scope_started(key)
        clock.now_s += 10

    status = progress.status(width=200)

    assert status.endswith("slow: aws:main/1/eu (30 s), aws:main/1/us (20 s)")


def test_status_keeps_to_the_width_of_the_terminal() -> None:
    clock = Clock()
    progress = QuietProgress(clock=clock)
    progress.scope_planned(1)
    progress.scope_started("code:main/" + "x" * 200)
    clock.now_s += 60

    assert len(progress.status(width=60)) == 60


def test_rate_forgets_what_was_long_ago() -> None:
    clock = Clock()
    progress = QuietProgress(clock=clock)
    progress.findings(10_000)
    clock.now_s += 60

    progress.findings(10)

    assert progress.rate() == pytest.approx(1.0)


def test_plain_progress_speaks_now_and_then_and_closes_with_a_sum() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = PlainProgress(stream, every_s=10, clock=clock)
    progress.scope_planned(2)

    for _ in range(100):
        progress.findings(1)
    clock.now_s += 11
    progress.findings(1)
    progress.scope_done("a", done("a"))
    progress.scope_done("b", done("b", "the token is wrong"))
    progress.close()

    assert stream.getvalue().splitlines() == [
        "scan: 0/2 scopes, 101 findings, 0/s",
        "Scanned 2 scopes, 1 of them stopped early, 101 findings in 11 s.",
    ]


def test_remarks_of_the_scan_cannot_act_on_the_terminal() -> None:
    stream = io.StringIO()

    PlainProgress(stream).note("run \x1b[2J was cut off")

    assert stream.getvalue() == "run \\x1b[2J was cut off\n"


def test_progress_off_a_terminal_is_plain_and_can_be_turned_off() -> None:
    assert isinstance(open_progress(wanted=True), PlainProgress)
    assert isinstance(open_progress(wanted=False), QuietProgress)


def test_progress_is_what_a_scan_expects() -> None:
    from discovery.engine import Progress

    progress: Progress = ScanProgress()

    progress.note("nothing")
    assert isinstance(progress, ScanProgress)
