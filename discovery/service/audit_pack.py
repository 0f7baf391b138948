"""Make the pack that an auditor takes away, and verify one without a store or a network.

A pack is a zip file: the inventory as it was known at a moment, coverage, alerts, runs, the people that ids
stand for, the hashes of evidence, and the audit log up to that moment with the exact texts that were hashed.
``manifest.json`` names every other file with its SHA-256, and the end of the log. The same store and moment
give the same bytes. Whoever can write a new pack can write a new manifest: only a log head that was noted
elsewhere proves that the history was not rewritten (``known_head``).
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from connectors import clock
from discovery.service import inventory, single_user
from discovery.service.errors import DecisionError
from discovery.service.views import to_json
from store import audit, parties
from store.audit import GENESIS

if TYPE_CHECKING:
    from store import Store

FORMAT = "aicensus-audit-pack/1"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MOST_BYTES = 8 << 30
_MOST_FILES = 1_000
_CHUNK = 1 << 20
_PARTY = re.compile(r"\bpty_[0-9a-f]+\b")
_ALL = ("open", "acknowledged", "assigned", "in_review", "resolved", "accepted_risk", "suppressed")
README = """This is an audit pack of aicensus.

manifest.json     what is in here, each file with its SHA-256, the end of the audit log, and under
                  single_user what takes a second person and was decided without a proven one
systems.jsonl     AI systems as they were known at the moment in the manifest
assets.jsonl      what they are made of
alerts.jsonl      gaps that were alerts, in any state
coverage.jsonl    what was read and what could not be seen
runs.jsonl        the scans up to then
people.jsonl      whom the ids of people in the log stand for
audit-log.jsonl   every decision: the text that was hashed and its hash, each chained to the one before

Verify it on any machine, without a store or a network:  aicensus audit verify FILE.zip
Add --head HASH with a log head that was noted earlier to prove that no history was rewritten.
"""


@dataclass(slots=True, kw_only=True)
class PackView:
    """What a pack holds: entries of the log and its end, and lines by file."""

    path: str
    as_of: str
    entries: int
    head: str
    lines: dict[str, int] = field(default_factory=dict)
    single_user: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class PackReport:
    """What verifying a pack found; ``problems`` is empty when it is whole."""

    ok: bool
    as_of: str
    entries: int
    head: str
    files: int
    problems: list[str] = field(default_factory=list)


def write(store: Store, path: Path, *, as_of: datetime, version: str) -> PackView:
    """Write a pack of what was known at a moment; raises ``DecisionError`` when the file exists."""
    if path.exists():
        raise DecisionError(f"{path} exists already", hint="Name another file; a pack is never overwritten.")
    moment = clock.to_text(as_of)
    part = path.with_name(f".{path.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            view = _fill(store, archive, path, as_of, moment, version)
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)
    return view


def _fill(
    store: Store, archive: zipfile.ZipFile, path: Path, as_of: datetime, moment: str, version: str
) -> PackView:
    hashes: dict[str, dict[str, Any]] = {}
    view = PackView(path=str(path), as_of=moment, entries=0, head=GENESIS)
    view.single_user = single_user.decisions(store, as_of=as_of)
    for name, lines in _contents(store, as_of, moment):
        if name == "audit-log.jsonl":
            lines = _noting_head(lines, view)
        hashes[name], view.lines[name] = _add(archive, name, lines)
    hashes["README.txt"], _ = _add(archive, "README.txt", [README.encode()])
    manifest = {
        "as_of": moment,
        "audit_log": {"entries": view.entries, "head": view.head},
        "files": hashes,
        "format": FORMAT,
        "note": "An actor marked unauthenticated is the user of an operating system: a claim, no proof.",
        "single_user": view.single_user,
        "version": version,
    }
    _add(
        archive, "manifest.json", [orjson.dumps(manifest, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)]
    )
    return view


def _contents(store: Store, as_of: datetime, moment: str) -> Iterator[tuple[str, Iterator[bytes]]]:
    states = ("candidate", "registered", "governed", "retired", "rejected")
    systems = inventory.list_systems(store, inventory.SystemFilter(states=states), as_of=as_of)
    yield "systems.jsonl", map(_line, systems)
    present = inventory.AssetFilter(states=("present", "suspect", "missing", "gone"))
    yield "assets.jsonl", map(_line, inventory.iter_assets(store, present, as_of=as_of))
    alerts = inventory.list_alerts(
        store, inventory.AlertFilter(states=(*_ALL, "false_positive")), as_of=as_of
    )
    yield "alerts.jsonl", map(_line, alerts)
    yield "coverage.jsonl", map(_line, inventory.coverage(store, as_of=as_of))
    yield "runs.jsonl", map(_line, inventory.list_runs(store, as_of=as_of))
    named: set[str] = set()
    yield "audit-log.jsonl", _log(store, moment, named)
    with store.read() as tx:
        known = parties.by_id(tx.conn, named)
    yield "people.jsonl", (_json(asdict(known[one])) for one in sorted(known))


def _log(store: Store, moment: str, named: set[str]) -> Iterator[bytes]:
    """Yield the log up to a moment, and note whom it names."""
    with store.read() as tx:
        for body, digest in audit.texts(tx.conn, until=moment):
            named.update(_PARTY.findall(body))
            yield _json({"body": body, "hash": digest})


def _noting_head(lines: Iterable[bytes], view: PackView) -> Iterator[bytes]:
    for line in lines:
        view.entries += 1
        view.head = orjson.loads(line)["hash"]
        yield line


def _line(view: Any) -> bytes:
    return _json(to_json(view))


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS) + b"\n"


def _add(archive: zipfile.ZipFile, name: str, lines: Iterable[bytes]) -> tuple[dict[str, Any], int]:
    digest, size, count = hashlib.sha256(), 0, 0
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    with archive.open(info, "w", force_zip64=True) as file:
        for line in lines:
            digest.update(line)
            size += len(line)
            count += 1
            file.write(line)
    return {"bytes": size, "sha256": digest.hexdigest()}, count


def verify(path: Path, known_head: str | None = None) -> PackReport:
    """Check a pack: every file against the manifest, and the log's chain up to the end that it names.

    Nothing is unpacked to disk. Raises ``DecisionError`` when the file is no pack at all.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _verified(archive, known_head)
    except OSError as error:
        what = f"{path} cannot be read: {error.strerror or type(error).__name__}"
        raise DecisionError(what, hint="Give the file that 'report audit-pack' wrote.") from error
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        what = f"{path} cannot be read as a pack: it is none, or damaged ({type(error).__name__})"
        raise DecisionError(what, hint="Give the file that 'report audit-pack' wrote.") from error


def _verified(archive: zipfile.ZipFile, known_head: str | None) -> PackReport:
    manifest = _manifest(archive)
    report = PackReport(ok=False, as_of=str(manifest.get("as_of", "")), entries=0, head=GENESIS, files=0)
    files = manifest["files"]
    inside = [one.filename for one in archive.infolist()]
    if len(set(inside)) != len(inside):
        report.problems.append("a file is in the pack twice")
    for name in sorted(set(inside) - set(files) - {"manifest.json"}):
        report.problems.append(f"{name!r} is in the pack but not in the manifest")
    for name, wanted in sorted(files.items()):
        report.files += 1
        if name not in inside:
            report.problems.append(f"{name!r} is missing")
        elif _digest(archive, name) != wanted.get("sha256"):
            report.problems.append(f"{name!r} was changed: its hash does not fit the manifest")
    if "audit-log.jsonl" in inside:
        _check_log(archive, report, manifest, known_head)
    report.ok = not report.problems
    return report


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    infos = archive.infolist()
    if len(infos) > _MOST_FILES or sum(one.file_size for one in infos) > _MOST_BYTES:
        raise DecisionError("this is no audit pack: it is too large", hint="Packs hold fewer than 8 GB.")
    try:
        manifest = orjson.loads(archive.read("manifest.json"))
        named = manifest["format"], {str(key): dict(value) for key, value in manifest["files"].items()}
        log = manifest["audit_log"]["head"], int(manifest["audit_log"]["entries"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DecisionError("this is no audit pack: it has no manifest that can be read") from error
    if named[0] != FORMAT:
        raise DecisionError(f"unknown kind of pack {str(named[0])[:60]!r}", hint="Use a newer aicensus.")
    return {**manifest, "files": named[1], "log": log}


def _digest(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with archive.open(name) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _check_log(
    archive: zipfile.ZipFile, report: PackReport, manifest: dict[str, Any], known_head: str | None
) -> None:
    seen = known_head in (None, GENESIS)
    with archive.open("audit-log.jsonl") as file:
        for line in file:
            problem = _entry_problem(line, report)
            if problem:
                report.problems.append(problem)
                return
            seen = seen or report.head == known_head
    if (report.head, report.entries) != manifest["log"]:
        report.problems.append(
            f"the log ends at entry {report.entries}, the manifest says {manifest['log'][1]}: "
            "it was cut or added to"
        )
    if not seen:
        report.problems.append("the known head is not in the log: it was cut or the history rewritten")


def _entry_problem(line: bytes, report: PackReport) -> str:
    number = report.entries + 1
    try:
        kept = orjson.loads(line)
        body, digest = str(kept["body"]), str(kept["hash"])
        told = orjson.loads(body)
        seq, previous = told["seq"], told["prev_hash"]
    except (KeyError, TypeError, ValueError):
        return f"entry {number} of the log cannot be read"
    if hashlib.sha256(body.encode()).hexdigest() != digest:
        return f"entry {number} was changed: its hash does not fit its text"
    if seq != number or previous != report.head:
        return f"entry {number} does not follow the one before it: the history was rewritten"
    report.entries, report.head = number, digest
    return ""
