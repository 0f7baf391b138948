"""Stores that cannot be used, wrong words, and outputs that cannot be written: told, and nothing lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from store import engines
from tests.e2e.program import Program, environment

# Stores


def test_a_store_of_a_newer_version_is_left_alone(kept: Program) -> None:
    with sqlite3.connect(kept.db) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")

    runs = [kept.scan(str(kept.shop)), kept("systems", "--db", str(kept.db))]

    assert [ran.code for ran in runs] == [2, 2]
    for ran in runs:
        assert "the store has schema 9999, newer than this version's" in ran.said
        assert "Install a newer aicensus, or use another store." in ran.said


def test_a_locked_store_says_who_holds_it_up(
    kept: Program, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from discovery.cli import main

    monkeypatch.setattr(engines, "LOCK_WAIT_S", 0.3)  # in this process, so that the test need not wait 30 s
    other = sqlite3.connect(kept.db, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    code = main(["scan", str(kept.shop), "--db", str(kept.db)])
    said = capsys.readouterr().err
    other.close()

    assert code == 2
    assert "another process holds the store's write lock" in said
    assert "Wait for it to end, then try again." in said
    assert kept.scan(str(kept.shop)).code == 0


def test_a_full_disk_keeps_what_was_there_and_the_next_scan_goes_on(kept: Program) -> None:
    disk = kept.folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kept.db.stat().st_size + 200_000}", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to make a small disk")
    try:
        shutil.copy(kept.db, disk / "inventory.db")
        many = Program(disk)
        forest = _many(kept.folder)

        full = many("scan", str(forest), "--db", str(many.db))
        before = [row["state"] for row in many.assets()]
        subprocess.run(["mount", "-o", "remount,size=100m", str(disk)], check=True)
        after = many("scan", str(forest), "--db", str(many.db))

        assert full.code == 2
        assert full.err.startswith("Error: the disk that holds the store is full")
        assert "Free some space and run again; nothing is lost." in full.err
        assert "present" in before
        assert after.code == 0, after.said
        assert len(many.assets()) == 1201
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def _many(folder: Path) -> Path:
    for number in range(1200):
        (folder / "forest" / f"s{number}").mkdir(parents=True)
        (folder / "forest" / f"s{number}" / "requirements.txt").write_text(f"openai==1.{number}\n")
    return folder / "forest"


@pytest.mark.usefixtures("nobody")
def test_a_read_only_folder_can_be_looked_at_but_not_scanned_into(kept: Program) -> None:
    kept.db.chmod(0o444)
    kept.is_nobody = True
    kept.environ |= {f"XDG_{name}_HOME": str(kept.folder) for name in ("CONFIG", "DATA")}

    looked = kept("systems", "--db", str(kept.db))
    scanned = kept.scan(str(kept.shop))
    elsewhere = kept("scan", str(kept.shop), "--db", str(kept.folder / "new.db"))

    assert (looked.code, "bot" in looked.out) == (0, True), looked.said
    assert (scanned.code, elsewhere.code) == (2, 2), scanned.said
    assert "the store or its folder may not be written" in scanned.said
    assert "give --db a file in a folder of your own" in scanned.said
    assert "the folder of the store may not be written" in elsewhere.said


@pytest.mark.parametrize("damage", ["text", "pages", "cut"])
def test_a_corrupt_store_is_told_and_not_touched(kept: Program, damage: str) -> None:
    whole = kept.db.read_bytes()
    damaged = {
        "text": b"this is no database\n",
        "pages": whole[:4096] + b"\xde\xad\xbe\xef" * 40_000 + whole[4096 + 160_000 :],
        "cut": whole[: len(whole) // 6],
    }[damage]
    for name in ("", "-wal", "-shm"):
        Path(f"{kept.db}{name}").unlink(missing_ok=True)
    kept.db.write_bytes(damaged)

    runs = [kept("systems", "--db", str(kept.db)), kept.scan(str(kept.shop))]

    assert [ran.code for ran in runs] == [2, 2]
    for ran in runs:
        assert "not a SQLite database" in ran.said or "the store is damaged" in ran.said
        assert "backup" in ran.said
        assert "Traceback" not in ran.said


# The command line and what it writes to


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Usage: aicensus"),
        (("sytems",), "Did you mean 'systems'?"),
        (("systems", "shwo"), "Did you mean 'show'?"),
        (("scan", "nowhere"), "the target 'nowhere' does not exist (code:main). Name a folder, a repository"),
        (("scan", "--connector", "open-ai"), "Did you mean `openai`?"),
        (("scan", "--connector", "openai:two"), "Add a table [connectors.openai.two]."),
        (("scan", "https://git.example.org/acme/bot.git?token=x"), "holds a query"),
        (("systems", "show", "nothing"), "there is no system 'nothing'. List them with: aicensus systems"),
        (("assets", "show", "ast_0"), "there is no asset 'ast_0'"),
        (("runs", "show", "run_0"), "there is no run 'run_0'"),
        (("assets", "--kind", "packge"), "did you mean package?"),
        (("assets", "--state", "lost"), "'lost' is not one of 'present', 'suspect', 'missing', 'gone'"),
        (("systems", "--as-of", "yesterday"), "neither a day (2026-11-22) nor a time"),
        (("systems", "--as-of", ""), "neither a day (2026-11-22) nor a time"),
        (("systems", "--as-of", "9999-12-31T23:59:59-14:00"), "neither a day (2026-11-22) nor a time"),
        (("systems", "--db", "nowhere/inventory.db"), "Run aicensus scan first"),
        (("config", "check", "--config", "nowhere.toml"), "nowhere.toml: cannot be read"),
    ],
)
def test_wrong_words_are_told_with_what_would_be_right(
    words: tuple[str, ...],
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    sqlite_template: Path,
) -> None:
    from discovery.cli import main

    monkeypatch.chdir(tmp_path)
    shutil.copy(sqlite_template, "inventory.db")
    db = [] if not words or words[0] == "config" or "--db" in words else ["--db", "inventory.db"]

    code = main([*words, *db] if words[-1:] != ("shwo",) else list(words))

    assert code == 2
    assert told in " ".join(capsys.readouterr().err.split())


def test_one_name_for_two_systems_asks_which(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from discovery.cli import main

    monkeypatch.chdir(tmp_path)
    for place in ("one", "two"):
        (tmp_path / place / "bot").mkdir(parents=True)
        (tmp_path / place / "bot" / "requirements.txt").write_text("openai==1.2.3\n")
        main(["scan", place, "--db", "inventory.db"])
    capsys.readouterr()

    code = main(["owner", "set", "bot", "dana@acme.example", "--db", "inventory.db"])

    said = capsys.readouterr().err
    assert code == 2
    assert said.count("sys_") >= 2


def test_a_scan_for_itself_without_room_for_temporary_files_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from discovery.cli import main

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))

    code = main(["scan", str(tmp_path), "--fresh"])

    assert code == 2
    assert "--fresh needs a folder for temporary files" in capsys.readouterr().err


def test_an_output_that_cannot_be_written_is_told_and_never_replaced(kept: Program) -> None:
    db = ("--db", str(kept.db))
    with Path("/dev/full").open("wb") as full:
        options = {"capture_output": False, "stdout": full, "stderr": subprocess.PIPE}
        runs = [kept(noun, *db, **options) for noun in ("systems", "assets")]
        runs += [kept("export", "jsonl", *db, **options), kept.scan(str(kept.shop), **options)]
    named = kept("export", "jsonl", "-o", "/dev/full", *db)

    assert [ran.code for ran in runs] == [2, 2, 2, 2]
    assert all("the output cannot be written: No space left on device" in ran.said for ran in runs)
    assert named.code == 2
    assert "No space left on device" in named.said
    assert Path("/dev/full").is_char_device()


def test_a_closed_output_is_no_failure(kept: Program) -> None:
    words = f"{sys.executable} -m discovery systems --db {kept.db}"

    closed = subprocess.run(
        ["sh", "-c", f"{words} >&- && {words} >&- <&- 2>&-"],
        env=environment({}),
        capture_output=True,
        check=False,
    )

    assert (closed.returncode, closed.stderr) == (0, b"")


def test_a_reader_that_leaves_does_not_change_the_exit_code_of_a_scan(program: Program) -> None:
    reader, writer = os.pipe()
    os.close(reader)

    ran = program.scan(
        "https://git.nowhere.invalid/acme/bot.git",
        capture_output=False,
        stdout=writer,
        stderr=subprocess.PIPE,
    )
    os.close(writer)

    assert ran.code == 3
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("columns", ["1", "40", "nonsense"])
def test_a_narrow_terminal_hides_no_column(kept: Program, columns: str) -> None:
    kept.environ["COLUMNS"] = columns

    shown = kept("systems", "--db", str(kept.db)).out

    assert shown.splitlines()[0].split()[:3] == ["SYSTEM", "KIND", "ASSETS"]
    assert shown.splitlines()[1].startswith("bot")
