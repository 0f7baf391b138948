"""Daemons, readers and deciding people on one store at the same time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from discovery.cli import main
from discovery.demo.openai import OpenAIFake
from discovery.demo.openai_org import Org
from discovery.demo.serve import ESTATE
from store import open_store
from store.schema import audit, party, run, run_scope
from tests import plugins

ROOT = Path(__file__).resolve().parents[2]
READ = (("systems", "list"), ("assets", "list"), ("alerts", "list"), ("coverage",))
TIMES = 12


@dataclass
class Office:
    """Start processes that share one store; those that still run at the end are killed."""

    url: str
    folder: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def config(self, name: str, tables: str) -> Path:
        path = self.folder / f"{name}.toml"
        health = json.dumps(str(self.health(name)))
        daemon = f'[daemon]\ntick = "1s"\nhealth_file = {health}\n'
        path.write_text('[store]\nurl = { env = "OFFICE_STORE" }\n' + daemon + tables)
        return path

    def health(self, name: str) -> Path:
        return self.folder / f"{name}.health.json"

    def start(self, *words: str) -> subprocess.Popen[str]:
        path = os.pathsep.join([str(ROOT), str(self.folder / "plugins"), os.environ["PYTHONPATH"]])
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.processes.append(process)
        return process

    def daemon(self, config: Path) -> subprocess.Popen[str]:
        return self.start("-m", "discovery", "daemon", "--config", str(config))

    def ended(self, state: str = "complete") -> int:
        query = select(func.count()).select_from(run).where(run.c.state == state, run.c.trigger == "schedule")
        with open_store(self.url, read_only=True) as store, store.read() as tx:
            return int(tx.conn.execute(query).scalar_one())


def wait_until(holds: Callable[[], Any], seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


@pytest.fixture
def office(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Office]:
    """Return a starter of processes on the store that the test's parameter names."""
    url = str(request.getfixturevalue(f"{request.param}_store_url"))
    plugins.install(tmp_path / "plugins", monkeypatch, {"toy": "tests.connectors.toys:ToyConnector"})
    monkeypatch.setenv("OFFICE_STORE", url)
    opened = Office(url, tmp_path)
    yield opened
    for process in opened.processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=20)


@pytest.mark.parametrize("office", ["sqlite"], indirect=True)
def test_a_daemon_four_readers_and_a_deciding_person_never_lock_each_other_out(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ESTATE, office.folder / "acme")
    org = Org.example()
    monkeypatch.setenv("OPENAI_ADMIN_KEY", org.admin_key)
    with OpenAIFake(org) as openai:
        code = f"[connectors.code.main]\ntargets = [{json.dumps(str(office.folder / 'acme'))}]\n"
        saas = f"[connectors.openai.main]\nbase_url = {json.dumps(openai.base_url)}\n"
        config = office.config("one", "".join(f'{table}every = "1s"\n' for table in (code, saas)))
        daemon = office.daemon(config)
        wait_until(lambda: office.ended() >= 2)
        logs = [office.folder / f"{number}.log" for number in range(len(READ))]
        for log, words in zip(logs, READ, strict=True):
            command = ("tests.e2e.reader_process", str(TIMES), str(log), *words, "--config", str(config))
            office.start("-m", *command)
        capsys.readouterr()
        main(["systems", "list", "--format", "json", "--config", str(config)])
        system = json.loads(capsys.readouterr().out)[0]["system_id"]
        decided: list[str] = []
        before, end = office.ended(), time.monotonic() + 90
        while not all(log.exists() for log in logs):
            assert time.monotonic() < end
            name = f"owner-{len(decided)}@acme.example"
            words = ("owner", "set", system, name, "--reason", "the loop", "--config", str(config))
            assert main(words) == 0, capsys.readouterr().err
            decided.append(name)
        scans = office.ended() - before
        daemon.send_signal(signal.SIGTERM)
        _, said = daemon.communicate(timeout=20)

    assert daemon.returncode == 0
    assert "locked" not in said
    assert "ERROR" not in said
    for log in logs:
        assert log.read_text() == ""
    assert scans > 2
    assert len(decided) > 5
    with open_store(office.url) as store, store.read() as tx:
        people = set(tx.conn.execute(select(party.c.email)).scalars())
        entries = list(tx.conn.execute(select(audit.c.body).where(audit.c.action == "owner.set")).scalars())
    assert len(set(entries)) == len(entries) == len(decided)
    assert people >= set(decided)
    assert main(["audit", "verify", "--config", str(config)]) == 0


TOY = """
[connectors.toy.main]
every = "1s"
scopes = ["one", "two", "three", "four"]
parts = { a = ["!request", "{scope}-a", "!wait:0.2"], b = ["!request", "{scope}-b", "!wait:0.2"] }
"""


@pytest.mark.parametrize("office", ["sqlite", "postgres"], indirect=True)
def test_two_daemons_and_a_person_never_scan_a_scope_at_once_and_one_survives_the_other(
    office: Office,
) -> None:
    configs = {name: office.config(name, TOY) for name in ("one", "two")}
    daemons = {name: office.daemon(config) for name, config in configs.items()}
    office.start(
        *("-m", "tests.e2e.reader_process", "8", str(office.folder / "person.log")),
        *("scan", "--no-progress", "--config", str(configs["one"])),
    )
    wait_until(lambda: office.ended() + office.ended("partial") >= 3)
    wait_until((office.folder / "person.log").exists)
    leader = next(
        name for name in configs if json.loads(office.health(name).read_text())["state"] == "leading"
    )
    daemons[leader].kill()
    before = office.ended()

    wait_until(lambda: office.ended() >= before + 2)
    survivor = daemons["two" if leader == "one" else "one"]
    survivor.send_signal(signal.SIGTERM)
    _, said = survivor.communicate(timeout=20)

    assert survivor.returncode == 0, said
    assert "Traceback" not in said
    assert (office.folder / "person.log").read_text() == ""
    times, left_to_others = scanned(office.url)
    assert left_to_others > 0
    assert len(times) == 4
    for intervals in times.values():
        assert len(intervals) >= 4
        assert all(ended <= begun for (_, ended), (begun, _) in pairwise(intervals))


def scanned(url: str) -> tuple[dict[int, list[tuple[str, str]]], int]:
    """Return when each scope was scanned, in order, whoever did it, and how many were left to another."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    query = select(run_scope).where(run_scope.c.ended_at.is_not(None), run_scope.c.started_at.is_not(None))
    with open_store(url, read_only=True) as store, store.read() as tx:
        for row in tx.conn.execute(query.order_by(run_scope.c.started_at)):
            found[row.scope_no].append((row.started_at, row.ended_at))
        counts = tx.conn.execute(select(run.c.counts)).scalars()
        return found, sum(json.loads(one).get("scopes_busy", 0) for one in counts)
