"""Keep documents that prove what a record says: a copy by its SHA-256, or a link, with an end of validity.

Copies lie in a folder of their own, named by hash and never changed. ``verify`` hashes them again; what was
altered or is gone is marked on the record, and a rule makes a gap of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import mimetypes
import os
import re
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connectors import clock
from connectors.secrets import redact
from discovery.service import oversight_rules, record_lists, refs, rule_sets
from discovery.service.errors import DecisionError, NotFound
from normalizer import ids
from store import parties

if TYPE_CHECKING:
    from discovery.service.deciding import Decided
    from discovery.service.record_lists import Item
    from discovery.service.rule_sets import RuleSet
    from store import Store
    from store.audit import Actor
    from store.database import WriteTx

FIELD = "evidence"
MOST_BYTES = 200 << 20
_CHUNK = 1 << 20
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(slots=True, kw_only=True)
class EvidenceItemView:
    """One piece of evidence: ``integrity`` is ok, failed or unchecked; ``expired`` after its last day."""

    system_id: str
    system_name: str
    id: str
    title: str
    uri: str
    sha256: str | None
    media: str | None
    captured_by: str | None
    captured_at: str | None
    valid_to: str | None
    covers: list[str]
    integrity: str
    expired: bool


@dataclass(slots=True, kw_only=True)
class Verified:
    """What hashing the copies again found: how many hold, and what does not, each with why."""

    checked: int = 0
    failed: list[str] = field(default_factory=list)
    changed: int = 0


def listed(
    store: Store, *, system: str | None = None, timezone: str = "UTC", as_of: datetime | None = None
) -> list[EvidenceItemView]:
    """Return the evidence of all systems or one, by system, then as it was added."""
    today = oversight_rules.today(timezone, as_of or clock.now()).isoformat()
    return [
        EvidenceItemView(
            system_id=system_id,
            system_name=name,
            id=str(item.get("id", "")),
            title=str(item.get("title") or ""),
            uri=str(item.get("uri") or ""),
            sha256=_text(item, "sha256"),
            media=_text(item, "media"),
            captured_by=_text(item, "captured_by"),
            captured_at=_text(item, "captured_at"),
            valid_to=_text(item, "valid_to"),
            covers=_texts(item, "covers"),
            integrity=str(item.get("integrity") or "unchecked"),
            expired=str(item.get("valid_to") or "9999")[:10] < today,
        )
        for system_id, name, item in record_lists.of_all(store, FIELD, system=system, as_of=as_of)
    ]


def add(
    store: Store,
    system: str,
    source: str,
    *,
    folder: Path,
    actor: Actor,
    title: str = "",
    valid_to: date | None = None,
    covers: tuple[str, ...] = (),
    reason: str = "",
    timezone: str = "UTC",
    now: datetime | None = None,
) -> tuple[str, Decided]:
    """Add a file (copied into ``folder``) or an https link to a system; returns the evidence's id.

    Raises ``DecisionError`` for what is no regular file, over 200 MB, or a link with a password in it.
    """
    today = oversight_rules.today(timezone, now or clock.now())
    if valid_to is not None and valid_to < today:
        raise DecisionError(f"the last day {valid_to} has passed", hint="Choose today or a later day.")
    with store.read() as read_tx:  # before anything is copied
        system_id = refs.system_id(read_tx, system)
        known = _known_controls(rule_sets.in_force(read_tx))
    item: Item = {"id": ids.mint("evd"), "captured_at": today.isoformat()}
    item |= _linked(source) if "://" in source else _copied(Path(source), folder)
    item["title"] = redact(title.strip()) or item["title"]
    if valid_to is not None:
        item["valid_to"] = valid_to.isoformat()
    if covers:
        item["covers"] = [*covers]

    def change(tx: WriteTx, items: list[Item]) -> list[Item]:
        me = parties.ensure(tx.conn, [actor.name], now=tx.now, team=False)[actor.name]
        return [*items, {**item, "captured_by": me.party_id}]

    decided = _edit(store, system_id, change, actor, "evidence.add", reason, timezone, now)
    unknown = [one for one in covers if one not in known]
    decided.warnings += [f"no rule or control that is known is called {one}" for one in unknown]
    return str(item["id"]), decided


def _known_controls(rules: RuleSet) -> set[str]:
    """Return what evidence may cover: the ids of rules, and of the controls that they refer to."""
    controls = {ref for rule in rules.rules for several in rule.refs.values() for ref in several}
    return controls | {rule.id for rule in rules.rules}


def remove(
    store: Store,
    system: str,
    evidence_id: str,
    *,
    actor: Actor,
    reason: str,
    timezone: str = "UTC",
    now: datetime | None = None,
) -> Decided:
    """Take evidence off a record; its copy stays in the folder, for the log still names its hash.

    ``evidence_id`` may be its first eight characters or more; raises ``NotFound`` unless just one has it.
    """

    def change(_: WriteTx, items: list[Item]) -> list[Item]:
        left = [one for one in items if not str(one.get("id")).startswith(evidence_id)]
        if len(evidence_id) < 8 or len(left) != len(items) - 1:
            raise NotFound(
                f"{system!r} has no evidence {evidence_id!r}, or several", hint="See: aicensus evidence list"
            )
        return left

    return _edit(store, system, change, actor, "evidence.remove", reason, timezone, now)


def verify(
    store: Store, *, folder: Path, actor: Actor, timezone: str = "UTC", now: datetime | None = None
) -> Verified:
    """Hash every copy again and mark on the records what holds and what does not."""
    result = Verified()
    by_system: dict[str, dict[str, str]] = {}
    for one in listed(store, timezone=timezone):
        if one.sha256 is None:
            continue
        result.checked += 1
        problem = _problem(folder, one.sha256)
        if problem:
            result.failed.append(f"{one.system_name}: {one.title} ({one.id}): {problem}")
        wanted = "failed" if problem else "ok"
        if one.integrity != wanted:
            by_system.setdefault(one.system_id, {})[one.id] = wanted
    for system_id, wanted_of in sorted(by_system.items()):
        result.changed += len(wanted_of)
        _edit(store, system_id, _marking(wanted_of), actor, "evidence.verify", "", timezone, now)
    return result


def _marking(wanted: dict[str, str]) -> record_lists.Edit:
    def change(_: WriteTx, items: list[Item]) -> list[Item]:
        return [{**one, "integrity": wanted.get(str(one.get("id")), one.get("integrity"))} for one in items]

    return change


def _edit(
    store: Store,
    system: str,
    change: Callable[[WriteTx, list[Item]], list[Item]],
    actor: Actor,
    action: str,
    reason: str,
    timezone: str,
    now: datetime | None,
) -> Decided:
    return record_lists.edit(
        store, system, FIELD, change, actor=actor, action=action, reason=reason, timezone=timezone, now=now
    )


def _linked(url: str) -> Item:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise DecisionError(
            f"{redact(url)[:200]!r} is no web address", hint="Give a file, or a link with https://."
        )
    if parts.username or parts.password:
        raise DecisionError("the link holds a user or password", hint="Give it without.")
    return {"title": redact(url)[:200], "uri": redact(url), "integrity": "unchecked"}


def _copied(path: Path, folder: Path) -> Item:
    """Copy a file under the name of its hash, unless it is there."""
    try:
        with path.open("rb") as file:
            kind = os.fstat(file.fileno())
            if not stat.S_ISREG(kind.st_mode):
                raise DecisionError(f"{path} is no regular file", hint="Give a document.")
            if kind.st_size > MOST_BYTES:
                raise DecisionError(
                    f"{path} is over {MOST_BYTES >> 20} MB", hint="Give a link to it instead."
                )
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=folder, prefix=".part-")
            part = Path(name)
            try:
                digest = hashlib.sha256()
                with os.fdopen(handle, "wb") as copy:
                    while chunk := file.read(_CHUNK):
                        digest.update(chunk)
                        copy.write(chunk)
                os.replace(part, folder / digest.hexdigest())
            finally:
                with contextlib.suppress(FileNotFoundError):
                    part.unlink()
    except OSError as error:
        raise DecisionError(
            f"{path} cannot be kept: {error.strerror}", hint="Check the file and the folder."
        ) from error
    media, _ = mimetypes.guess_type(path.name)
    item: Item = {"title": redact(path.name), "uri": f"sha256:{digest.hexdigest()}", "integrity": "ok"}
    item |= {"sha256": digest.hexdigest()}
    return item | ({"media": media} if media else {})


def _problem(folder: Path, sha256: str) -> str:
    digest = hashlib.sha256()
    if not _HASH.fullmatch(sha256):  # imported: it must not lead out of the folder
        return "its hash is no SHA-256"
    try:
        with (folder / sha256).open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except FileNotFoundError:
        return "the copy is gone"
    except OSError as error:
        return f"the copy cannot be read: {error.strerror}"
    return "" if digest.hexdigest() == sha256 else "the copy was altered"


def _text(item: Item, name: str) -> str | None:
    value = item.get(name)
    return str(value) if value else None


def _texts(item: Item, name: str) -> list[str]:
    value = item.get(name)
    return [str(one) for one in value] if isinstance(value, list) else []
