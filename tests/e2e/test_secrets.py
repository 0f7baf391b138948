"""Secrets planted in everything that is read must never come out anywhere."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from discovery.cli import main
from discovery.config import load_config
from discovery.service.scan import ScanRequest, SilentProgress, run_scan
from store import open_store
from tests.e2e import planted
from tests.e2e.planted import MARK
from tests.fakes_aws import SECRET_KEY, FakeAws
from tests.harness_aws import environment
from tests.pickling_executor import PicklingExecutor

FORMATS = ("table", "json", "jsonl", "csv")
_HIT = re.compile(rb"(?i)" + MARK.encode() + rb"[\w-]{0,12}")
_REPOSITORY = Path(__file__).resolve().parents[2]


def leaks(data: bytes | str) -> set[str]:
    """Return the canaries in some output."""
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")
    found = {hit.decode() for hit in _HIT.findall(raw)}
    return found | {known for known in (*planted.AWS_SAMPLES, SECRET_KEY) if known.encode() in raw}


@pytest.fixture
def config(tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Serve the planted estate, and point a configuration at it."""
    code = tmp_path / "shop"
    planted.write_code(code)
    bare = _as_repository(code, tmp_path / "bare.git")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with FakeAws() as aws, planted.Chatty(planted.organisation()) as openai:
        planted.fill_account(aws)
        for name, value in environment(aws).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_SESSION_TOKEN", planted.SESSION_TOKEN)
        monkeypatch.setenv("PLANTED_KEY", planted.CONFIGURED)
        monkeypatch.setenv("PLANTED_STORE", store_url)
        for number, project in enumerate(openai.org.projects):
            monkeypatch.setenv(f"PLANTED_{number}", project.key)
        keys = ", ".join(
            f'{project.id} = {{ env = "PLANTED_{number}" }}'
            for number, project in enumerate(openai.org.projects)
            if project.item["status"] == "active"
        )
        path = tmp_path / "aicensus.toml"
        path.write_text(
            '[store]\nurl = { env = "PLANTED_STORE" }\n[network]\nmax_attempts = 2\n'
            '[daemon]\ntick = "200ms"\n'
            f"health_file = {json.dumps(str(tmp_path / 'health.json'))}\n"
            f'[connectors.code.main]\ntargets = {json.dumps([str(code), str(bare)])}\nevery = "1s"\n'
            "[connectors.aws.main]\n"
            f"[connectors.openai.main]\nbase_url = {json.dumps(openai.base_url)}\n"
            f'admin_key = {{ env = "PLANTED_KEY" }}\nproject_keys = {{ {keys} }}\nevery = "1s"\n'
        )
        yield path


def _as_repository(code: Path, bare: Path) -> Path:
    """Commit the folder elsewhere, as a repository without a work tree: its blobs are cached."""
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main")
    git = ("git", "--git-dir", str(bare), "--work-tree", str(code), *who)
    for words in (
        ("init", "-q", "--bare"),
        ("add", "-A"),
        ("commit", "-q", "-m", f"token {planted.plain(89)}"),
    ):
        subprocess.run([*git, *words] if words[0] != "init" else ["git", *who, *words, str(bare)], check=True)
    return bare


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run a command and return all that it wrote; every failure but a partial scan is one of the test."""
    capsys.readouterr()
    code = main(words)
    said = capsys.readouterr()
    assert code in (0, 3), said.err
    return said.out + said.err


def rows(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, object]]:
    """Run a command with ``--format json`` and return its rows."""
    capsys.readouterr()
    main([*words, "--format", "json"])
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def test_no_planted_secret_comes_out_anywhere(
    config: Path,
    store_url: str,
    tmp_path: Path,
    home: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    where = ("--config", str(config))

    said = {"scan": shown(capsys, "scan", "--debug", *where)}
    said |= {"second scan": shown(capsys, "scan", *where)}
    for noun in ("systems", "assets", "alerts", "runs", "coverage"):
        for form in FORMATS:
            said[f"{noun} {form}"] = shown(capsys, noun, "--format", form, *where)
    for noun in ("systems", "assets", "alerts", "runs"):
        key = f"{noun.removesuffix('s')}_id"
        for row in rows(capsys, noun, *where):
            said[f"{noun} show"] = said.get(f"{noun} show", "") + shown(
                capsys, noun, "show", str(row[key]), *where
            )
    for form in ("jsonl", "csv", "json", "cyclonedx"):
        said[f"export {form}"] = shown(capsys, "export", form, *where)
    said["config show"] = shown(capsys, "config", "show", *where)
    said["logs"] = caplog.text
    files = [one for folder in (tmp_path / "tmp", home) for one in folder.rglob("*") if one.is_file()]
    said |= {str(one): one.read_bytes().decode("latin-1") for one in files}
    said["store"] = _stored(store_url)

    assert {place: found for place, text in said.items() if (found := leaks(text))} == {}
    assert len(said["assets json"]) > 20_000, "the estate was not read"


def test_jobs_and_outcomes_that_travel_hold_no_secret(config: Path) -> None:
    seen: list[bytes] = []

    class Listening(PicklingExecutor):
        def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
            import pickle

            seen.append(pickle.dumps((fn, args, kwargs)))
            future = super().submit(fn, *args, **kwargs)
            future.add_done_callback(lambda done: seen.append(_unpacked(done.result())))
            return future

    settings = load_config(config)
    executor = Listening(2)
    store = open_store(settings.store.url)
    try:
        report = run_scan(settings, store, ScanRequest(), SilentProgress(), executor=executor)
    finally:
        store.close()
        executor.shutdown()

    assert report.tally.seen > 50
    assert set().union(*map(leaks, seen)) == set()


def test_a_daemon_tells_no_secret_in_its_log_and_health_file(config: Path, tmp_path: Path) -> None:
    daemon = subprocess.Popen(
        [sys.executable, "-m", "discovery", "daemon", "--debug", "--config", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=_REPOSITORY,
    )
    health = tmp_path / "health.json"
    told = b""
    end = time.monotonic() + 40
    while time.monotonic() < end and daemon.poll() is None and told.count(b'"last_run') < 1:
        time.sleep(0.3)
        told += health.read_bytes() if health.exists() else b""
        if _runs(config) >= 2:
            break
    daemon.send_signal(signal.SIGTERM)
    out, err = daemon.communicate(timeout=60)

    assert _runs(config) >= 2, err.decode()
    assert b"openai:main" in err
    assert leaks(told + out + err) == set()


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://aicensus:{MARK}93-plain@127.0.0.1:1/inventory",
        f"postgresql://aicensus:{MARK}94/sl%61sh@127.0.0.1:1/inventory",
        f"postgresql://aicensus@127.0.0.1:1/inventory?password={MARK}95-plain",
        f"mysql://aicensus:{MARK}96@127.0.0.1:1/inventory",
    ],
)
def test_the_password_of_a_store_url_is_in_no_text(
    url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED_STORE", url)
    config = tmp_path / "a.toml"
    config.write_text('[store]\nurl = { env = "PLANTED_STORE" }\n')
    said = ""

    for words in (("--db", url), ("--db", url, "--debug"), ("--config", str(config))):
        assert main(["systems", *words]) == main(["scan", *words]) == 2
        captured = capsys.readouterr()
        said += captured.out + captured.err

    assert "Error: " in said
    assert leaks(said) == set()


def _runs(config: Path) -> int:
    """Count the runs that ended."""
    import os

    with open_store(os.environ["PLANTED_STORE"], read_only=True) as store, store.read() as tx:
        return int(tx.conn.execute(text("SELECT count(*) FROM run WHERE ended_at IS NOT NULL")).scalar_one())


def _stored(url: str) -> str:
    """Return every byte of the store: all rows, and for SQLite the files as they are."""
    with open_store(url, read_only=True) as store, store.read() as tx:
        told = "".join(
            repr(tx.conn.execute(text(f'SELECT * FROM "{name}"')).all())
            for name in inspect(tx.conn).get_table_names()
        )
    if url.startswith("sqlite:///"):
        path = Path(url.removeprefix("sqlite:///"))
        told += "".join(one.read_bytes().decode("latin-1") for one in path.parent.glob(f"{path.name}*"))
        told += _blobs(path)
    return told


def _blobs(path: Path) -> str:
    """Return kept blobs unpacked, where they are compressed."""
    import zlib

    found = b""
    with sqlite3.connect(path) as raw:
        for (value,) in raw.execute("SELECT value FROM blob_cache"):
            try:
                found += zlib.decompress(value)
            except zlib.error:
                found += value
    return found.decode("latin-1")


def _unpacked(returned: object) -> bytes:
    import pickle

    from connectors.runner import ScopeReturn

    assert isinstance(returned, ScopeReturn)
    return pickle.dumps((returned.outcome, list(returned.unpack()), returned.cache_entries))
