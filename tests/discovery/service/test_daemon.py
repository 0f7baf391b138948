from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path

import pytest

from connectors.errors import ConfigError
from discovery.config import Config, load_config
from discovery.service.daemon import run_daemon, run_worker, scheduled_jobs
from store import Store, schedule


def configure(folder: Path, text: str) -> Config:
    file = folder / "aicensus.toml"
    file.write_text(text)
    return load_config(file, {})


def test_without_a_schedule_the_daemon_says_what_to_add(tmp_path: Path, store: Store) -> None:
    config = configure(tmp_path, "[connectors.openai.main]\n")

    with pytest.raises(ConfigError, match="no connector instance has a schedule") as error:
        run_daemon(config, store)

    assert 'every = "6h"' in error.value.hint


def test_only_enabled_instances_with_a_schedule_are_run(tmp_path: Path) -> None:
    config = configure(
        tmp_path,
        """
        [connectors.openai.a]
        every = "6h"
        [connectors.openai.b]
        [connectors.openai.c]
        enabled = false
        every = "6h"
        """,
    )

    assert [job.key for job in scheduled_jobs(config)] == [("openai", "a")]


def test_a_due_instance_is_really_scanned_and_the_health_file_tells(tmp_path: Path, store: Store) -> None:
    estate = tmp_path / "estate"
    estate.mkdir()
    (estate / "requirements.txt").write_text("openai==2.0.0\n")
    health = tmp_path / "health.json"
    config = configure(
        tmp_path,
        f"""
        [daemon]
        tick = "50ms"
        health_file = "{health}"
        [connectors.code.main]
        targets = ["{estate}"]
        every = "1h"
        """,
    )

    has_ended = threading.Event()

    def stop_when_done() -> None:
        for _ in range(600):
            if has_ended.wait(0.05):
                return
            if any(past.done_at for past in schedule.history(store)):
                break
        os.kill(os.getpid(), signal.SIGTERM)

    watcher = threading.Thread(target=stop_when_done)
    watcher.start()
    try:
        run_daemon(config, store)
    finally:
        has_ended.set()
        watcher.join()

    (past,) = schedule.history(store)
    told = json.loads(health.read_text())
    assert past.run_id is not None
    assert past.run_id.startswith("run_")
    assert told["last_error"] == ""
    assert told["state"] == "stopping"
    assert set(told) == {
        *("holder", "state", "epoch", "running", "running_since", "next_due_at", "last_error", "updated_at"),
    }


def test_workers_exist_for_the_queue_only(tmp_path: Path) -> None:
    config = configure(tmp_path, "[scan]\nworkers = 2\n")

    with pytest.raises(ConfigError, match="has no workers of ours"):
        run_worker(config)
