"""Know and keep what is said of the organisation as a whole; every decision is one transaction.

Which facts there are is data: ``discovery/organisation_facts.toml``. A day is one where the organisation is.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from connectors import clock
from connectors.secrets import redact
from discovery.service.errors import DecisionError, NotFound
from discovery.service.rule_fields import nearest
from discovery.service.rule_trees import Moment
from discovery.service.views_rules import OrganisationFactView
from store import audit, organisation, parties
from store import rule_sets as kept
from store.audit import Actor, Entry
from store.organisation import Fact, OrganisationFacts
from store.parties import Party

if TYPE_CHECKING:
    from store.database import ReadTx, Store, WriteTx

STALE_DAYS = 7
CONTROL = "control."
_MOST_CHARS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FactSpec:
    """One fact that can be said: ``type`` is ref, day or word; a day with ``past`` may not lie ahead."""

    key: str
    type: str
    label: str
    help: str
    words: tuple[str, ...] = ()
    past: bool = False


@cache
def specs() -> Mapping[str, FactSpec]:
    """Return all facts that can be said, by key in the order in which they are shown."""
    raw = _table()
    found = [FactSpec(**{**one, "words": tuple(one.get("words", ()))}) for one in raw["fact"]]
    for control in raw["controls"]:
        text = f"Whether the control {control} of ISO/IEC 42001 applies; say why not with --reason."
        words = tuple(raw["control_words"])
        key = f"{CONTROL}{control}"
        found.append(FactSpec(key=key, type="word", words=words, label=f"Control {control}", help=text))
    return {one.key: one for one in found}


def read(tx: ReadTx | WriteTx, now: datetime, *, counted: bool, rev: int | None = None) -> OrganisationFacts:
    """Return what rules may know of the organisation; ``counted``: what takes counting too."""
    facts = organisation.facts(tx.conn, rev)
    if not counted:
        return OrganisationFacts(facts=facts)
    controls = [key for key in specs() if key.startswith(CONTROL)]
    # How stale scopes were on a past day is not kept: it stays unknown.
    before = clock.to_text(now - timedelta(days=STALE_DAYS))
    return OrganisationFacts(
        facts=facts,
        stale_scopes=organisation.stale_scopes(tx.conn, before) if rev is None else None,
        undecided_controls=sum(key not in facts for key in controls),
    )


def show(store: Store, *, as_of: datetime | None = None) -> list[OrganisationFactView]:
    """Return every fact that can be said with what was said, in the order of the table."""
    with store.read(as_of) as tx:
        said = organisation.facts(tx.conn, None if as_of is None else tx.rev)
        people = parties.by_id(tx.conn, {one.said_by for one in said.values()})
    return [_view(spec, said.get(spec.key), people) for spec in specs().values()]


def say(
    store: Store, key: str, value: str, *, actor: Actor, reason: str = "", now: datetime | None = None
) -> OrganisationFactView:
    """Keep a fact and judge the organisation's rules again; raises ``NotFound`` and ``DecisionError``."""
    spec = _spec(key)
    with store.write(actor=actor.name, kind="decision") as tx:
        moment = now or clock.from_text(tx.now)
        text = _checked(spec, value, Moment(moment, kept.timezone(tx.conn)).today)
        if text == "not_applicable" and not reason.strip():
            raise DecisionError(f"{spec.label} does not apply: say why", hint="Give --reason.")
        at = clock.to_text(moment)
        who = parties.ensure(tx.conn, [actor.name], now=at, team=False)[actor.name]
        fact = Fact(key=spec.key, value=text, said_by=who.party_id, said_at=at, reason=redact(reason))
        _keep(tx, fact, actor, moment)
    return _view(spec, fact, {who.party_id: who})


def unsay(store: Store, key: str, *, actor: Actor, reason: str, now: datetime | None = None) -> None:
    """Take a fact back; the gaps that it closed open again.

    Raises ``DecisionError`` without a reason, and for what nobody said.
    """
    if not reason.strip():
        raise DecisionError("taking a fact back takes a reason", hint="Say why with --reason.")
    spec = _spec(key)
    with store.write(actor=actor.name, kind="decision") as tx:
        if spec.key not in organisation.facts(tx.conn):
            raise DecisionError(f"nothing was said of {spec.key!r}")
        fact = Fact(key=spec.key, value="", said_by="", said_at="", reason=redact(reason))
        _keep(tx, fact, actor, now or clock.from_text(tx.now))


def _keep(tx: WriteTx, fact: Fact, actor: Actor, moment: datetime) -> None:
    """Write a fact (an empty value takes it back), judge again, and note the decision last."""
    from discovery.service import alerting

    before = organisation.facts(tx.conn).get(fact.key)
    if fact.value:
        organisation.put(tx.conn, tx.rev, fact)
    else:
        organisation.end(tx.conn, tx.rev, fact.key)
    alerting.evaluate_rest_in(tx, actor, moment)
    old: dict[str, Any] = {"value": before.value if before else None}
    entry = Entry(
        action="organisation.set" if fact.value else "organisation.unset",
        object=fact.key,
        reason=fact.reason,
        old=old,
        new={"value": fact.value or None},
    )
    audit.append(tx.conn, actor, entry, at=clock.to_text(moment))


def _spec(key: str) -> FactSpec:
    found = specs().get(key) or specs().get(f"{CONTROL}{key}")
    if found is not None:
        return found
    near = nearest(key, specs())
    hint = f"Did you mean {near}?" if near else "List them with: aicensus organisation show"
    raise NotFound(f"there is no fact {key!r} of the organisation", hint=hint)


def _checked(spec: FactSpec, value: str, today: date) -> str:
    text = redact(value.strip())[:_MOST_CHARS]
    if not text:
        hint = f"Take it back with: aicensus organisation unset {spec.key}"
        raise DecisionError(f"{spec.key} is empty", hint=hint)
    if spec.type == "word" and text not in spec.words:
        raise DecisionError(f"{spec.key} is one of {', '.join(spec.words)}, not {text!r}")
    if spec.type == "day":
        try:
            day = date.fromisoformat(text)
        except ValueError as error:
            raise DecisionError(f"{text!r} is not a day", hint="Write it as 2026-11-22.") from error
        if spec.past and day > today:
            raise DecisionError(f"{spec.key} cannot lie ahead: {day}")
        text = day.isoformat()
    return text


def _view(spec: FactSpec, said: Fact | None, people: Mapping[str, Party]) -> OrganisationFactView:
    view = OrganisationFactView(key=spec.key, label=spec.label, help=spec.help, type=spec.type)
    view.words = list(spec.words)
    if said is None:
        return view
    who = people[said.said_by].label if said.said_by in people else said.said_by
    return replace(view, value=said.value, said_by=who, said_at=said.said_at, reason=said.reason or None)


def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files("discovery").joinpath("organisation_facts.toml").read_text("utf-8"))
