"""``aicensus scan`` with the code connector on real folders and real stores."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.discovery.cli.conftest import Aicensus

REPOSITORY = Path(__file__).resolve().parents[3]
PROGRAM = [sys.executable, "-m", "discovery"]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with one service that uses a vendor's package."""
    folder = tmp_path / "shop"
    (folder / "bot").mkdir(parents=True)
    (folder / "bot" / "requirements.txt").write_text("openai==1.2.3\nrequests==2.0\n")
    return folder


def test_first_scan_needs_no_configuration_and_no_credential(
    aicensus: Aicensus, shop: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop)

    ran = aicensus("scan")

    assert ran.code == 0, ran.err
    assert "1 AI system, 1 new" in ran.out
    assert "This is the first look" in ran.out
    assert "Without an owner: 1" in ran.out
    assert "Without a complete oversight record: 1" in ran.out
    assert "Everything that was asked for could be read." in ran.out
    assert "Next\n  aicensus owner" in ran.out
    assert "Scanned 1 scope" in ran.err
    assert max(map(len, ran.out.splitlines())) <= 80
    assert "\x1b" not in ran.out + ran.err


def test_second_scan_says_that_nothing_is_new(aicensus: Aicensus, shop: Path, db: str) -> None:
    aicensus("scan", str(shop), "--db", db)

    ran = aicensus("scan", str(shop), "--db", db)

    assert ran.code == 0
    assert "Nothing since the last scan." in ran.out
    assert "(0 new, 0 gone)" in " ".join(ran.out.split())


def test_next_command_reaches_the_same_store_and_works(aicensus: Aicensus, shop: Path, db: str) -> None:
    import shlex

    ran = aicensus("scan", str(shop), "--db", db)

    told = ran.out.split("Next\n")[1].splitlines()
    commands = [line.strip() for line in told if line.startswith("  aicensus")]
    runnable = [line for line in commands if "oversight" not in line]
    assert all(f"--db {db}" in line for line in commands)
    for line in runnable:
        done = aicensus(*["dana@example.org" if word == "PARTY" else word for word in shlex.split(line)[1:]])
        assert done.code == 0, f"{line}: {done.err}"


def test_json_alone_is_on_standard_output(aicensus: Aicensus, shop: Path, db: str) -> None:
    ran = aicensus("scan", str(shop), "--db", db, "--format", "json")

    assert [row["owner"] for row in ran.json] == [None]
    assert "Scanned 1 scope" in ran.err


def test_no_progress_leaves_standard_error_empty(aicensus: Aicensus, shop: Path, db: str) -> None:
    assert aicensus("scan", str(shop), "--db", db, "--no-progress").err == ""


@pytest.mark.parametrize(("severity", "code"), [("none", 0), ("low", 1), ("high", 1), ("critical", 0)])
def test_fail_on_compares_with_the_open_alerts(
    severity: str, code: int, aicensus: Aicensus, shop: Path, db: str
) -> None:
    assert aicensus("scan", str(shop), "--db", db, "--fail-on", severity).code == code


def test_unreadable_target_is_a_mistake_that_names_it(aicensus: Aicensus, tmp_path: Path, db: str) -> None:
    ran = aicensus("scan", str(tmp_path / "nothing"), "--db", db)

    assert ran.code in (2, 3)
    assert "nothing" in ran.out + ran.err


def test_empty_folder_has_no_system_and_says_so(aicensus: Aicensus, tmp_path: Path, db: str) -> None:
    (tmp_path / "empty").mkdir()

    ran = aicensus("scan", str(tmp_path / "empty"), "--db", db)

    assert ran.code == 0
    assert "no AI system was found" in ran.out


def test_wrong_credential_makes_the_scan_partial_and_shows_no_secret(
    aicensus: Aicensus, shop: Path, db: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-wrong-key-000000000000")
    config = tmp_path / "a.toml"
    # Port 9 of this machine: nobody answers there.
    text = f"""
        [network]
        max_attempts = 1
        [connectors.code.main]
        targets = [{json.dumps(str(shop))}]
        [connectors.openai.main]
        base_url = "http://127.0.0.1:9/v1"
    """
    config.write_text(text)

    ran = aicensus("scan", "--config", str(config), "--db", db)

    assert ran.code == 3, ran.err
    assert "This scan is partial" in ran.out
    assert "openai:main" in ran.out
    assert "1 AI system" in ran.out
    assert "sk-admin" not in ran.out + ran.err


def program(*words: str, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PROGRAM, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        **options,  # type: ignore[call-overload]
    )


def test_reader_that_leaves_early_causes_no_noise(aicensus: Aicensus, shop: Path, db: str) -> None:
    aicensus("scan", str(shop), "--db", db)

    running = program("assets", "--db", db, "--format", "json")
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    err = running.stderr.read()
    running.stderr.close()
    running.wait(timeout=60)

    assert err == ""
    assert running.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_scan_says_what_is_saved_and_the_next_goes_on(
    number: signal.Signals, aicensus: Aicensus, tmp_path: Path, db: str
) -> None:
    forest = tmp_path / "forest"
    for one in range(800):
        folder = forest / f"s{one}"
        folder.mkdir(parents=True)
        (folder / "requirements.txt").write_text(f"openai==1.{one}\n")
    running = program("scan", str(forest), "--db", db)

    deadline = time.monotonic() + 60
    while running.poll() is None and time.monotonic() < deadline and not _has_run(db):
        time.sleep(0.02)
    running.send_signal(number)
    out, err = running.communicate(timeout=120)

    assert running.returncode == 3, out + err
    assert "saved" in out + err
    assert "Traceback" not in err
    again = aicensus("scan", str(forest), "--db", db, "--format", "json")
    assert again.code == 0, again.err
    assert len(aicensus("assets", "--db", db, "--format", "json").json) == 800


def _has_run(db: str) -> bool:
    if not Path(db).exists():
        return False
    try:
        with sqlite3.connect(f"file:{db}?mode=ro", uri=True, timeout=0.1) as raw:
            return bool(raw.execute("SELECT 1 FROM run").fetchone())
    except sqlite3.Error:
        return False


def test_terminal_gets_colour_and_live_progress_and_no_color_none(shop: Path, db: str) -> None:
    coloured = on_terminal(["scan", str(shop), "--db", db], {})
    plain = on_terminal(["systems", "--db", db], {"NO_COLOR": "1"})

    assert "\x1b[1;33mWithout an owner: 1" in coloured
    assert "Scanned 1 scope" in coloured
    assert "bot" in plain
    assert "\x1b[33m" not in plain
    assert "\x1b[1;33m" not in plain


def test_person_at_a_terminal_is_asked_the_four_questions(aicensus: Aicensus, shop: Path, db: str) -> None:
    aicensus("scan", str(shop), "--db", db)
    answers = ["Answers questions about orders.", "personal", "in the loop", "A person checks.", "2099-01-31"]

    shown = on_terminal(["oversight", "record", "bot", "--db", db], {}, answers)

    assert "What is it for" in shown
    assert "The oversight record of bot is" in shown
    kept = aicensus("oversight", "show", "bot", "--db", db, "--format", "json").json[0]
    assert kept["data_categories"] == ["personal"]
    assert kept["mode"] == "in_the_loop"
    assert kept["next_review"] == "2099-01-31"


def on_terminal(words: list[str], environ: dict[str, str], answers: Sequence[str] = ()) -> str:
    """Run the program on a pseudo-terminal of 100 columns and return all that it showed.

    Each time it asks (``> `` at the end) the next answer is typed.
    """
    leader, follower = pty.openpty()
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", **environ}
    running = subprocess.Popen(
        [*PROGRAM, *words], stdin=follower, stdout=follower, stderr=follower, env=env, cwd=REPOSITORY
    )
    os.close(follower)
    shown, left = b"", list(answers)
    while True:
        ready, _, _ = select.select([leader], [], [], 0.2)
        if ready:
            try:
                shown += os.read(leader, 65536)
            except OSError:  # the other side has closed
                break
            if left and shown.endswith(b"> "):
                os.write(leader, f"{left.pop(0)}\n".encode())
        elif running.poll() is not None:
            break
    os.close(leader)
    running.wait(timeout=60)
    return shown.decode()
