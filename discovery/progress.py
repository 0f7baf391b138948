"""Show on standard error how a scan goes: live on a terminal, a line now and then elsewhere.

Called from several threads. Nothing is ever written to standard output.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from discovery.render.text import count, duration, safe

if TYPE_CHECKING:
    from rich.spinner import Spinner

    from connectors.outcome import ScopeOutcome

SLOW_AFTER_S = 5.0
"""From this age on a running scope is named as what the scan waits for."""
_RATE_WINDOW_S = 10.0
_SLOWEST = 2


class ScanProgress:
    """Count what a scan does; subclasses decide when to show it."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._started_at = clock()
        self._running: dict[str, float] = {}
        self._samples: deque[tuple[float, int]] = deque()
        self.planned = 0
        self.done = 0
        self.failed = 0
        self.found = 0

    def scope_planned(self, count: int) -> None:
        """Hear how many scopes there are to do in all."""
        with self._lock:
            self.planned = max(self.planned, count)
            self._changed()

    def scope_started(self, key: str) -> None:
        """Hear that a scope is being read now."""
        with self._lock:
            self._running[key] = self._clock()
            self._changed()

    def scope_done(self, key: str, outcome: ScopeOutcome) -> None:
        """Hear how a scope ended."""
        with self._lock:
            self._running.pop(key, None)
            self.done += 1
            self.failed += bool(outcome.error)
            self._changed()

    def findings(self, count: int) -> None:
        """Hear that so many more things were seen."""
        with self._lock:
            self.found += count
            now = self._clock()
            self._samples.append((now, count))
            while self._samples and self._samples[0][0] < now - _RATE_WINDOW_S:
                self._samples.popleft()
            self._changed()

    def note(self, text: str) -> None:
        """Hear a remark and show it on a line of its own."""
        with self._lock:
            self._remark(safe(text))

    def rate(self) -> float:
        """Return findings a second over the last ten seconds."""
        with self._lock:
            now = self._clock()
            recent = sum(number for at, number in self._samples if at >= now - _RATE_WINDOW_S)
            return recent / max(min(_RATE_WINDOW_S, now - self._started_at), 0.5)

    def slow(self) -> list[tuple[str, float]]:
        """Return the scopes that have run longest, with their age in seconds, oldest first."""
        with self._lock:
            now = self._clock()
            ages = sorted(((now - at, key) for key, at in self._running.items()), reverse=True)
            return [(key, age) for age, key in ages[:_SLOWEST] if age >= SLOW_AFTER_S]

    def status(self, width: int = 80) -> str:
        """Return one line of at most ``width`` columns that says how far the scan is."""
        with self._lock:
            total = f"/{self.planned}" if self.planned else ""
            text = f"{self.done}{total} scopes, {count(self.found, 'finding')}, {self.rate():,.0f}/s"
            if self.failed:
                text += f", {self.failed} stopped"
            waiting = [f"{safe(key)} ({duration(age)})" for key, age in self.slow()]
        if waiting:
            text += f", slow: {', '.join(waiting)}"
        elif not self.planned:
            text = "listing what there is to scan"
        return text if len(text) <= width else text[: width - 1] + "…"

    def elapsed_s(self) -> float:
        """Return the seconds since the scan began."""
        return self._clock() - self._started_at

    def final(self) -> str:
        """Return the closing line."""
        stopped = f", {self.failed} of them stopped early" if self.failed else ""
        return (
            f"Scanned {count(self.done, 'scope')}{stopped}, {count(self.found, 'finding')} "
            f"in {duration(self.elapsed_s())}."
        )

    def close(self) -> None:
        """Show the closing line and leave the terminal as it was."""

    def __enter__(self) -> ScanProgress:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or self.done:
            self.close()
        else:  # what ended it is said elsewhere; a count of nothing would only stand in the way
            self.discard()

    def discard(self) -> None:
        """End without a closing line."""

    def _changed(self) -> None:
        pass

    def _remark(self, text: str) -> None:
        pass


class QuietProgress(ScanProgress):
    """Count, and show nothing (``--no-progress``)."""


class PlainProgress(ScanProgress):
    """Write a line at the start, every ``every_s`` seconds while it lasts, and at the end."""

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        every_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(clock=clock)
        self._stream = stream or sys.stderr
        self._every_s = every_s
        self._last_at = self._started_at

    def close(self) -> None:
        """Write the closing line."""
        with self._lock:
            self._remark(self.final())

    def _changed(self) -> None:
        now = self._clock()
        if now - self._last_at >= self._every_s:
            self._last_at = now
            self._remark(f"scan: {self.status(width=200)}")

    def _remark(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()


class LiveProgress(ScanProgress):
    """Keep one line up to date on a terminal, redrawn about eight times a second."""

    def __init__(self, stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock=clock)
        from rich.live import Live
        from rich.spinner import Spinner

        from discovery.render.terminal import console

        self._console = console(stream or sys.stderr)
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(
            console=self._console, get_renderable=self._draw, refresh_per_second=8, transient=True
        )
        self._live.start()

    def close(self) -> None:
        """Remove the live line and write the closing one."""
        self._live.stop()
        self._console.print(self.final(), style="dim")

    def discard(self) -> None:
        """Remove the live line."""
        self._live.stop()

    def _draw(self) -> Spinner:
        from rich.text import Text

        self._spinner.update(text=Text(self.status(max(self._console.width - 4, 20))))
        return self._spinner

    def _remark(self, text: str) -> None:
        self._console.print(text, style="dim")


def open_progress(*, wanted: bool) -> ScanProgress:
    """Return the progress that suits standard error; none at all when it is not wanted."""
    if not wanted:
        return QuietProgress()
    return LiveProgress() if sys.stderr.isatty() else PlainProgress()
