"""A scan that is killed or stopped at any moment leaves a whole store, and the next one goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from discovery.cli import main
from store import Store, leases, open_store
from store.schema import asset, lease, part, run, run_part, run_scope
from tests import plugins

ROOT = Path(__file__).resolve().parents[2]
BIG = ", ".join(f'"{{scope}}-{number}"' for number in range(2_100))
"""More than a batch: the first one is written while the part is still being read."""
CONFIG = f"""
[store]
url = {{ env = "TOY_STORE" }}
[scan]
workers = 2
[connectors.toy.main]
scopes = ["one", "two", "three"]
[connectors.toy.main.parts]
small = ["!request", "{{scope}}-a", "{{scope}}-b", "!wait:WAIT"]
denied = ["!request", "!denied"]
last = ["!request", "{{scope}}-c", "!wait:WAIT"]
[connectors.toy.big]
scopes = ["big"]
parts = {{ big = ["!request", {BIG}, "!wait:WAIT"], after = ["!request", "{{scope}}-z"] }}
"""


@dataclass
class Scans:
    """Start scans of a scripted vendor in processes of their own, and look at what they leave."""

    url: str
    folder: Path
    capsys: pytest.CaptureFixture[str]
    wait_s: float = 0.3
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def config(self) -> Path:
        path = self.folder / f"wait-{self.wait_s}.toml"
        path.write_text(CONFIG.replace("WAIT", str(self.wait_s)))
        return path

    def start(self) -> subprocess.Popen[str]:
        path = os.pathsep.join([str(ROOT), str(self.folder / "plugins"), os.environ["PYTHONPATH"]])
        command = [sys.executable, "-m", "discovery", "scan", "--no-progress"]
        process = subprocess.Popen(
            [*command, "--config", str(self.config)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": path, "TOY_STORE": self.url},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def until(self, holds: Callable[[Store], bool], process: subprocess.Popen[str]) -> None:
        end = time.monotonic() + 30
        with open_store(self.url, read_only=True) as store:
            while not holds(store):
                if process.poll() is not None:
                    assert process.returncode in (0, 3), process.communicate()
                    return  # it was quicker than we could look
                assert time.monotonic() < end
                time.sleep(0.01)

    def run(self, *words: str) -> tuple[int, str]:
        self.capsys.readouterr()
        code = main([*words, "--config", str(self.config)])
        return code, self.capsys.readouterr().out

    def inventory(self) -> dict[str, Any]:
        """Return what people see, without ids and times."""
        assets = json.loads(self.run("assets", "list", "--format", "json")[1])
        systems = json.loads(self.run("systems", "list", "--format", "json")[1])
        alerts = json.loads(self.run("alerts", "list", "--format", "json")[1])
        names = {row["asset_id"]: row["natural_id"] for row in assets}
        members = {row["system_id"]: sorted(names[one] for one in row["assets"]) for row in systems}
        return {
            "assets": sorted((row["natural_id"], row["kind"], row["state"]) for row in assets),
            "systems": sorted((row["name"], row["state"], members[row["system_id"]]) for row in systems),
            "alerts": sorted((row["rule"], row["state"], members[row["system_id"]]) for row in alerts),
        }


@pytest.fixture
def scans(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Scans]:
    """Return a starter of scans, once for each database; whatever still runs at the end is killed."""
    plugins.install(tmp_path / "plugins", monkeypatch, {"toy": "tests.connectors.toys:ToyConnector"})
    monkeypatch.setenv("TOY_STORE", store_url)
    started = Scans(store_url, tmp_path, capsys)
    yield started
    for process in started.processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=20)


def counted(table: Any, *conditions: Any) -> Callable[[Store], int]:
    def count(store: Store) -> int:
        with store.read() as tx:
            return int(
                tx.conn.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()
            )

    return count


running = counted(run, run.c.state == "running")
parts_done = counted(run_part, run_part.c.requests > 0)
assets_known = counted(asset)
# The scopes of the first instance end with a part that was denied: those are read again in any case.
complete_scopes = counted(run_part.join(part), part.c.name == "after", run_part.c.status == "complete")

MOMENTS: dict[str, Callable[[Store], bool]] = {
    "at its very start": lambda store: running(store) == 1,
    "between parts": lambda store: parts_done(store) >= 3,
    "in the middle of a part": lambda store: assets_known(store) >= 2_000,
    "near its end": lambda store: parts_done(store) >= 9,
}


def assert_whole(url: str) -> None:
    """Check that the store is sound, that no lease is held, and that every run is closed."""
    with open_store(url) as store:
        if store.dialect == "sqlite":
            with store.read() as tx:
                assert tx.conn.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        with store.read() as tx:
            states = list(tx.conn.execute(select(run.c.state).order_by(run.c.rev)).scalars())
            names = list(tx.conn.execute(select(lease.c.name)).scalars())
            # A killed process leaves its row behind; what counts is that nobody has to wait for it.
            held = [name for name in names if leases.is_held(tx.conn, name)]
    assert "running" not in states
    assert "failed" not in states
    assert held == []


_WHOLE: dict[str, Any] = {}


@pytest.fixture
def whole(scans: Scans, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the inventory of a scan that nobody interrupts; it is made once."""
    if _WHOLE:
        return _WHOLE
    monkeypatch.setenv("TOY_STORE", f"sqlite:///{tmp_path / 'whole.db'}")
    scans.run("scan", "--no-progress")
    _WHOLE.update(scans.inventory())
    monkeypatch.setenv("TOY_STORE", scans.url)
    return _WHOLE


def test_a_scan_killed_again_and_again_ends_with_the_inventory_of_a_whole_one(
    scans: Scans, whole: dict[str, Any]
) -> None:
    for moment in MOMENTS.values():
        process = scans.start()
        scans.until(moment, process)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=40)

    scans.run("scan", "--no-progress")

    assert [one.returncode for one in scans.processes].count(-signal.SIGKILL) >= 3
    assert len(whole["assets"]) == 2_110
    assert scans.inventory() == whole
    assert_whole(scans.url)
    assert scans.run("audit", "verify")[0] == 0


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_what_a_killed_scan_completed_is_not_read_again_and_is_read_the_time_after(scans: Scans) -> None:
    scans.wait_s = 1
    process = scans.start()
    scans.until(lambda store: complete_scopes(store) >= 1, process)
    process.kill()
    process.wait(timeout=40)

    scans.run("scan", "--no-progress")
    scans.run("scan", "--no-progress")

    with open_store(scans.url) as store, store.read() as tx:
        query = select(func.count()).where(run_scope.c.state == "reused").group_by(run_scope.c.run_id)
        reused = list(tx.conn.execute(query).scalars())
    assert reused == [1]


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_ctrl_c_ends_a_scan_soon_and_says_that_it_is_partial(scans: Scans, whole: dict[str, Any]) -> None:
    process = scans.start()
    scans.until(lambda store: parts_done(store) >= 2, process)

    process.send_signal(signal.SIGINT)
    code = process.wait(timeout=40)

    assert code == 3
    with closing(open_store(scans.url)) as store:
        assert running(store) == 0
    scans.run("scan", "--no-progress")
    assert scans.inventory() == whole
    assert_whole(scans.url)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_ctrl_c_twice_ends_a_scan_at_once_though_a_vendor_does_not_answer(scans: Scans) -> None:
    scans.wait_s = 60
    process = scans.start()
    scans.until(lambda store: assets_known(store) >= 2_000, process)

    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)

    assert process.returncode == 3
    assert "Stopped." in said
    assert "Traceback" not in said
    assert_whole(scans.url)
