from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from discovery.service import audit_pack, decisions
from discovery.service.errors import DecisionError
from store import Store
from tests.estate import ALICE, Estate, finding

LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def pack(store: Store, tmp_path: Path) -> Path:
    Estate(store).show(finding("helper", tags={"Owner": "dana@acme.example"}))
    decisions.set_owner(store, "helper", "dana@acme.example", actor=ALICE)
    decisions.withdraw_owner(store, "helper", actor=ALICE, reason="moved on")
    decisions.set_owner(store, "helper", "bo@acme.example", actor=ALICE)
    path = tmp_path / "audit.zip"
    audit_pack.write(store, path, as_of=LATER, version="1")
    return path


def changed(pack: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Return a copy of a pack with other contents."""
    with zipfile.ZipFile(pack) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    target = pack.with_name("changed.zip")
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target


def renew(files: dict[str, bytes], **values: Any) -> None:
    """Make the manifest fit the files again, as somebody would who rewrites a pack."""
    manifest = orjson.loads(files["manifest.json"]) | values
    for name, one in manifest["files"].items():
        one["sha256"] = hashlib.sha256(files[name]).hexdigest()
    files["manifest.json"] = orjson.dumps(manifest)


def lines(content: bytes) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in content.splitlines()]


def test_a_pack_is_whole_and_holds_what_was_known(pack: Path) -> None:
    report = audit_pack.verify(pack)

    with zipfile.ZipFile(pack) as archive:
        systems = lines(archive.read("systems.jsonl"))
        people = lines(archive.read("people.jsonl"))
    assert (report.ok, report.problems, report.entries) == (True, [], 3)
    assert [(one["name"], one["owner"]) for one in systems] == [("helper", "bo@acme.example")]
    assert {"bo@acme.example", "dana@acme.example"} <= {one["email"] for one in people}


def test_the_same_moment_gives_the_same_bytes(store: Store, pack: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"

    audit_pack.write(store, again, as_of=LATER, version="1")

    assert again.read_bytes() == pack.read_bytes()


def test_a_pack_of_a_day_before_holds_nothing_later(store: Store, pack: Path, tmp_path: Path) -> None:
    early = tmp_path / "early.zip"

    view = audit_pack.write(store, early, as_of=datetime(2020, 1, 1, tzinfo=UTC), version="1")

    assert (view.entries, view.lines["systems.jsonl"], audit_pack.verify(early).ok) == (0, 0, True)


def test_a_changed_file_is_named(pack: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        files["systems.jsonl"] = files["systems.jsonl"].replace(b"bo@acme", b"xo@acme")

    report = audit_pack.verify(changed(pack, change))

    assert report.problems == ["'systems.jsonl' was changed: its hash does not fit the manifest"]


def test_a_flipped_byte_in_the_log_is_named_by_entry(pack: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        files["audit-log.jsonl"] = files["audit-log.jsonl"].replace(b"moved on", b"moved in")
        renew(files)

    report = audit_pack.verify(changed(pack, change))

    assert report.problems == ["entry 2 was changed: its hash does not fit its text"]


def test_a_cut_tail_is_named(pack: Path) -> None:
    def change(files: dict[str, bytes]) -> None:
        files["audit-log.jsonl"] = b"\n".join(files["audit-log.jsonl"].splitlines()[:2]) + b"\n"
        renew(files)

    (problem,) = audit_pack.verify(changed(pack, change)).problems

    assert "ends at entry 2, the manifest says 3" in problem


def test_a_history_rewritten_to_fit_is_found_by_a_head_noted_elsewhere(pack: Path) -> None:
    known = audit_pack.verify(pack).head

    def change(files: dict[str, bytes]) -> None:
        previous, rewritten = "0" * 64, b""
        for one in lines(files["audit-log.jsonl"]):
            body = orjson.loads(one["body"]) | {"prev_hash": previous, "reason": "made up"}
            text = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
            previous = hashlib.sha256(text).hexdigest()
            rewritten += orjson.dumps({"body": text.decode(), "hash": previous}) + b"\n"
        files["audit-log.jsonl"] = rewritten
        renew(files, audit_log={"entries": 3, "head": previous})

    forged = changed(pack, change)

    assert audit_pack.verify(forged).ok
    assert "rewritten" in audit_pack.verify(forged, known).problems[0]


@pytest.mark.parametrize("kind", ["extra", "missing"])
def test_files_that_were_put_in_or_taken_out_are_named(pack: Path, kind: str) -> None:
    def change(files: dict[str, bytes]) -> None:
        if kind == "extra":
            files["notes.txt"] = b"hello"
        else:
            del files["assets.jsonl"]

    (problem,) = audit_pack.verify(changed(pack, change)).problems

    assert ("not in the manifest" if kind == "extra" else "'assets.jsonl' is missing") in problem


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 no zip", b'{"a": 1}'],
    ids=["empty", "broken", "json"],
)
def test_what_is_no_pack_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)

    with pytest.raises(DecisionError, match="cannot be read as a pack"):
        audit_pack.verify(path)


@pytest.mark.parametrize("manifest", [b"[]", b"{}", b'{"format": 1, "files": 3}', b"\xff"])
def test_a_zip_with_another_manifest_is_refused(pack: Path, manifest: bytes) -> None:
    other = changed(pack, lambda files: files.update({"manifest.json": manifest}))

    with pytest.raises(DecisionError, match="no audit pack"):
        audit_pack.verify(other)


def test_an_existing_file_is_never_overwritten(store: Store, pack: Path) -> None:
    with pytest.raises(DecisionError, match="exists already"):
        audit_pack.write(store, pack, as_of=LATER, version="1")
