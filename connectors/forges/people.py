"""Ask a host who last changed the files that show something, so that somebody can be named for it.

A repository of a host is read one commit deep, so there is no history beside it. Its API is asked for the
newest commits of single files: only files that show a thing by themselves, the ones that show most first, up
to ``history_files`` of a repository. What was answered is kept under the file's blob: while the bytes stay
what they are nobody is asked again, which costs less than a conditional request.

Who brought a thing is not known this way; the clone's history says it (:mod:`connectors.code.history`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple

import orjson

from connectors.clients.git_history import Touch
from connectors.code.history import History
from connectors.code.reading import TreeFacts
from connectors.contract import Context
from connectors.errors import NoteAndGoOn, RetryLater
from connectors.forges.base import ForgeConnector
from connectors.forges.repositories import Repository
from connectors.hygiene import holds_secret

_KEPT = "code-people/1/"


def last_people(
    forge: ForgeConnector, ctx: Context, repository: Repository, commit: str, facts: TreeFacts
) -> tuple[History | None, list[tuple[str, str]]]:
    """Return who changed a tree's files last, and notes of what could not be asked.

    The first refusal ends the asking, not the reading: what is there does not depend on who brought it.
    """
    wanted = _files(facts)
    asked = wanted[: ctx.config.history_files]
    if not asked:
        return None, []
    keys = {path: _key(repository, path, facts.blobs[path]) for path in asked}
    known = ctx.cache.get_many(list(keys.values()))
    history, notes = History(bots=facts.catalogue.bots), list[tuple[str, str]]()
    for path in asked:
        touches = _unpack(known.get(keys[path]))
        if touches is None:
            try:
                touches = forge.last_changes(ctx, repository, commit, path)
            except (NoteAndGoOn, RetryLater) as error:
                notes.append((path, f"who changed it, and other files, could not be asked: {error}"))
                break
            _keep(ctx, keys[path], touches)
        if touches:
            history.changes[path] = touches
    history.forget_all_but_people()
    return history, notes


def _files(facts: TreeFacts) -> list[str]:
    """Return the files that show a thing by themselves, by role and by how much they show."""
    shown: Counter[str] = Counter(
        seen.path
        for several in facts.by_part.values()
        for seen in several
        if seen.fact.standing and seen.fact.attributes.get("direct") is not False and seen.path in facts.blobs
    )
    return sorted(shown, key=lambda path: (facts.roles.of(path).rank, -shown[path], path))


def _key(repository: Repository, path: str, blob: str) -> str:
    told = orjson.dumps([repository.repository, repository.branch, path, blob])
    return _KEPT + hashlib.sha256(told).hexdigest()[:40]


def _keep(ctx: Context, key: str, touches: Sequence[Touch]) -> None:
    packed = orjson.dumps([astuple(touch) for touch in touches])
    if not holds_secret(packed):  # the cache is as durable as the inventory
        ctx.cache.put(key, packed)


def _unpack(data: bytes | None) -> list[Touch] | None:
    if data is None:
        return None
    try:
        return [Touch(*row) for row in orjson.loads(data)]
    except (ValueError, TypeError):
        return None
