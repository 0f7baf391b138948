"""Run a daemon whose scans only write down that they ran; started by the daemon tests.

Arguments: store URL, name, log file, seconds a scan takes, grace in seconds, instances (comma-separated).
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors import clock
from discovery.service.daemon import StoreCalendar
from scheduler.daemon import Daemon, Job, RunResult
from scheduler.leader import Leadership
from scheduler.triggers import ScheduleSpec
from store import open_store
from store.errors import StoreError
from store.leadership import LeaderLock

EVERY = timedelta(seconds=1)


def main() -> None:
    """Run until told to stop."""
    url, name, log, scan_s, grace_s, instances = sys.argv[1:]
    store = open_store(url)

    def write(text: str) -> None:
        # One write of one line to a file opened for appending is atomic.
        with Path(log).open("ab", buffering=0) as file:
            file.write(f"{name} {text}\n".encode())

    def scan(connector: str, instance: str, due_at: datetime) -> RunResult:
        write(f"begin {instance} {clock.to_text(due_at)}")
        end = time.monotonic() + float(scan_s)
        try:
            while time.monotonic() < end:
                time.sleep(0.01)
        except KeyboardInterrupt:
            write(f"interrupted {instance} {clock.to_text(due_at)}")
            return RunResult(run_id="run_x", is_interrupted=True)
        write(f"end {instance} {clock.to_text(due_at)}")
        return RunResult(run_id="run_x")

    holder = f"{name}:{os.getpid()}"
    daemon = Daemon(
        jobs=[
            Job(connector="toy", instance=one, spec=ScheduleSpec(every=EVERY)) for one in instances.split(",")
        ],
        calendar=StoreCalendar(store, holder),
        leadership=Leadership(LeaderLock(store, holder, 30), ttl_s=30, failures=(StoreError,)),
        run_instance=scan,
        holder=holder,
        zone=ZoneInfo("UTC"),
        tick_s=0.1,
        grace_s=float(grace_s),
        failures=(StoreError,),
        on_status=lambda status: None,
    )
    write(f"started at {datetime.now(UTC).isoformat()}")
    daemon.run()
    store.close()
    write("stopped")


if __name__ == "__main__":
    main()
