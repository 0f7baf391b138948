"""Scan one account in one region: list everything, then describe only what is new, changed or due.

A detail or tag finding's fingerprint is the listed item's fingerprint and the week it was read in. It is
read again when either differs: the item or its row changed, the last try failed, or seven days went by
(the day of the week differs by item, so that a large estate is spread over the week). An unchanged scan
therefore sends list calls only, also on a worker that has no cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from connectors import aws_rows
from connectors.aws_activity import Told
from connectors.aws_columns import Parent
from connectors.aws_contacts import CONTACTS_PART
from connectors.aws_creators import CREATORS_PART, Creators, events_of
from connectors.aws_details import Answers, Details, Patience, objects
from connectors.aws_findings import (
    Listed,
    Spot,
    due_stamp,
    from_listing,
    is_vendors_own,
    key_of,
    moment_of,
    name_of,
    stamp_of,
)
from connectors.aws_gates import Gate
from connectors.aws_rows import Row
from connectors.aws_spoken import Spoken, SpokenByDetails
from connectors.aws_stacks import STACKS_PART, Stacks
from connectors.aws_tags import TAGS_PART, Tags
from connectors.clients.aws import Place
from connectors.clients.aws_errors import Rejected, Unreadable
from connectors.contract import Context, PartHandle
from connectors.errors import Absent, NoteAndGoOn, NotEnabled, NotOffered, NotOptedIn, PermissionDenied
from connectors.model import Finding, NaturalKey, Part, Unchanged


def owner_parts(rows: Sequence[Row], *, creator_lookups: int) -> tuple[Part, ...]:
    """Return the parts that tell who may answer for what rows list."""
    taggable = _kinds(row for row in rows if row.has_arn)
    made = _kinds(row for row in rows if events_of(row.service, row.operation, row.tier))
    parts = [
        Part(name=TAGS_PART, kinds=taggable, details=True),
        Part(name=CONTACTS_PART, kinds=(), details=True),
        Part(name=STACKS_PART, kinds=taggable, details=True),
    ]
    if creator_lookups:
        parts.append(Part(name=CREATORS_PART, kinds=made, details=True))
    return tuple(parts)


def _kinds(rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(sorted({kind for row in rows if not row.silent for kind in (row.kind, *row.more_kinds)}))


def _of_service(rows: Sequence[Row]) -> Iterator[tuple[Row, bool]]:
    """Yield each row, and whether it is the last one of its service."""
    last = {row.service: row for row in rows}
    return ((row, last[row.service] is row) for row in rows)


class ScopeScan:
    """Hold what one scan of one scope remembers between its parts."""

    def __init__(self, ctx: Context, rows: Sequence[Row]) -> None:
        scope = ctx.scope
        account, region = scope.account or "", scope.region or ""
        identity = ctx.aws.identity()
        self._ctx = ctx
        self._rows = rows
        self._tag_rules = aws_rows.load().tag_rules
        self._place = Place(account=account, region=ctx.aws.home_region() if region == "global" else region)
        self._spot = Spot(
            account=account,
            region=region,
            fields={"partition": identity.partition, "account": account, "region": region},
            now=ctx.now(),
        )
        self._details = Details(ctx, self._place, self._spot)
        self._answers: dict[str, dict[str, Answers]] = {}
        self._listed: dict[str, list[Listed]] = {}
        self._complete: set[str] = set()
        self._absent: dict[str, NoteAndGoOn] = {}
        self._created: dict[str, datetime] = {}
        self._parents: dict[str, list[dict[str, Any]]] = {row.part: [] for row in rows}
        self._parent_fields: dict[str, frozenset[str]] = {}
        for row in rows:
            if row.parent:
                part = f"{row.service}.{row.parent.operation}"
                self._parent_fields[part] = self._parent_fields.get(part, frozenset()) | row.parent.fields

    @property
    def spot(self) -> Spot:
        """Return where and when the scope is read."""
        return self._spot

    def listed(self, part: str) -> Sequence[Listed]:
        """Return what a listing showed; nothing where it is not part of this scan."""
        return self._listed.get(part, ())

    def was_cut(self, part: str) -> bool:
        """Say whether a listing was begun and not read to its end, so that it may lack things."""
        return part in self._listed and part not in self._complete and part not in self._absent

    def run(self) -> Iterator[Finding | Unchanged]:
        """Yield everything, part by part."""
        described = [row for row in self._rows if row.details]
        # A service whose rows are done is not asked again: its client would only take memory.
        for row, is_last in _of_service(self._rows):
            yield from self._tell(row) if row.activity else self._list(row)
            if is_last and not any(one.service == row.service for one in described):
                self._ctx.aws.release(row.service, self._place)
        for row, is_last in _of_service(described):
            yield from self._describe(row)
            if is_last:
                self._ctx.aws.release(row.service, self._place)
        if self._rows:
            yield from self._owners()

    def _owners(self) -> Iterator[Finding | Unchanged]:
        """Read who may answer for what was listed: tags, the account's contacts, stacks, who made it."""
        tags = Tags(self._ctx, self._place, self._spot, self._tag_rules, self._listed, self._rows)
        yield from tags.run()
        stacks = Stacks(self._ctx, self._place, self._spot, self._tag_rules)
        yield from stacks.run(tags.taggable(), tags.stacks)
        if self._ctx.config.creator_lookups:
            creators = Creators(self._ctx, self._place, self._spot, stacks.by_key)
            yield from creators.run(
                (one for row in self._rows for one in self._listed[row.part]), self._created
            )

    def _list(self, row: Row) -> Iterator[Finding | Unchanged]:
        listed = self._listed[row.part] = []
        with self._ctx.part(row.part) as part:
            previous = self._ctx.previous(row.part)
            spoken = Spoken(row.about, self._spot) if row.about and not row.about.by_details else None
            gate = Gate(self._ctx, row, self._details, self._spot, part) if row.is_gated else None
            for item, known in self._identified(row, part):
                if row.silent:
                    continue
                if gate:
                    shown = gate.through(item, known)
                    if shown is None:
                        continue
                    if isinstance(shown, Finding) and shown.kind != row.kind:
                        known = replace(known, row=replace(row, kind=shown.kind))
                    yield shown
                elif previous.get((known.key.namespace, known.key.key)) == known.stamp:
                    yield Unchanged(natural_key=known.key, fingerprint=known.stamp)
                else:
                    yield from_listing(row, item, known, self._spot, self._tag_rules)
                listed.append(known)
                if spoken:
                    spoken.add(item, known.key)
            if gate:
                gate.close()
                self._answers[row.part] = gate.answers
            if spoken:
                yield from self._about(row, spoken, part)

    def _identified(self, row: Row, part: PartHandle) -> Iterator[tuple[Mapping[str, Any], Listed]]:
        """Yield a row's own items, each once; one that is read to its end without a fault is complete."""
        keys: set[NaturalKey] = set()
        is_whole = row.parent is None or f"{row.service}.{row.parent.operation}" in self._complete
        for item in self._noted(row, part):
            if is_vendors_own(row, item) or self._is_others(row, item):
                continue
            key = key_of(row, item, self._spot)
            if key is None:
                part.incomplete("an item came without its identity")
                is_whole = False
                continue
            if key in keys:  # a listing that moves while it is read may show an item twice
                continue
            keys.add(key)
            yield item, self._note(row, item, key)
        if is_whole:
            self._complete.add(row.part)

    def _is_others(self, row: Row, item: Mapping[str, Any]) -> bool:
        """Say whether an item is another account's, which shows it but lets only its own account read on."""
        account = self._spot.account
        if not row.owner or account == self._ctx.aws.identity().account:
            return False
        return bool(item.get(row.owner, account) != account)

    def _tell(self, row: Row) -> Iterator[Finding | Unchanged]:
        """Read the newest jobs of a kind and tell them together."""
        self._listed[row.part] = []
        with self._ctx.part(row.part) as part:
            told = Told(row, self._spot, self._ctx.config.activity_items)
            for item in self._noted(row, part):
                told.add(item)
            yield from told.shown(self._listed, self._ctx.previous(row.part))

    def _noted(self, row: Row, part: PartHandle) -> Iterator[Mapping[str, Any]]:
        """Yield a row's items; remember where there is no such service, for what lies inside its items."""
        try:
            yield from self._items(row, part)
        except (NotOffered, NotEnabled, NotOptedIn) as error:
            self._absent[row.part] = error
            raise

    def _about(self, row: Row, spoken: Spoken, part: PartHandle) -> Iterator[Finding | Unchanged]:
        """Add what oversight says to the things of this scope that it speaks of, as listed."""
        parts = spoken.about.parts
        things = {one.key.key: one for name in parts for one in self._listed.get(name, ())}
        spoken.meet(things)
        previous = self._ctx.previous(row.part)
        if any(self.was_cut(one) for one in parts):  # it may be there: what is known of it stays
            known = {key for _, key in previous} - {one.key.key for one in self._listed[row.part]}
            for key in sorted((spoken.keys() | known) - things.keys()):
                part.exception(key, f"{' or '.join(parts)} could not be read to its end")
        for key in sorted(spoken.keys() & things.keys()):
            finding = spoken.finding(things[key], row.part)
            if previous.get((finding.natural_key.namespace, key)) == finding.fingerprint:
                yield Unchanged(natural_key=finding.natural_key, fingerprint=finding.fingerprint)
            else:
                yield finding

    def _items(self, row: Row, part: PartHandle) -> Iterator[Mapping[str, Any]]:
        if row.single:
            answer = self._ctx.aws.call(row.service, row.operation, self._place, row.params)
            if answer.get(row.result):
                yield answer[row.result]
        elif row.parent is None:
            for more in row.each or ({},):
                yield from self._asked(row, more)
        else:
            yield from self._items_of_parents(row, row.parent, part)

    def _asked(self, row: Row, more: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """List a row with further parameters.

        A service that does not know the account it is asked for was never set up there.
        """
        try:
            yield from self._listed_items(row, more)
        except Absent as error:
            if row.parent:
                raise
            raise NotEnabled(error.what, where=error.where) from error

    def _listed_items(self, row: Row, more: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        listing = row.listing(more, self._spot.fields)
        if row.activity:
            most = self._ctx.config.activity_items
            newest = replace(listing, at=min(listing.at, most))
            yield from islice(self._ctx.aws.items(newest, self._place), most)
        elif row.expand:
            yield from self._expanded(row, more, self._ctx.aws.items(listing, self._place))
        elif row.inside:
            for group in self._ctx.aws.items(listing, self._place):
                yield from objects(group, row.inside, row.part)
        else:
            yield from self._ctx.aws.items(listing, self._place)

    def _expanded(
        self, row: Row, more: Mapping[str, Any], items: Iterator[Mapping[str, Any]]
    ) -> Iterator[Mapping[str, Any]]:
        """Read what bare names stand for, some at a time."""
        assert row.expand
        while names := [item[row.item] for item in islice(items, row.expand.at)]:
            params = {**more, row.expand.param: names}
            answer = self._ctx.aws.call(row.service, row.expand.operation, self._place, params)
            yield from objects(answer, row.expand.result, f"{row.service}.{row.expand.operation}")

    def _items_of_parents(self, row: Row, parent: Parent, part: PartHandle) -> Iterator[Mapping[str, Any]]:
        parent_part = f"{row.service}.{parent.operation}"
        if parent_part in self._absent:
            raise copy(self._absent[parent_part])
        if parent_part not in self._complete:
            part.incomplete(f"{parent_part} could not be read to its end")
        for known in self._parents[parent_part]:
            asked = {name: template.fill(known, self._spot.fields) for name, template in parent.params}
            if None in asked.values():
                continue
            for more in row.each or ({},):
                try:
                    for item in self._asked(row, {**asked, **more}):
                        yield {**asked, **item}
                except Absent:  # deleted since it was listed
                    continue

    def _note(self, row: Row, item: Mapping[str, Any], key: NaturalKey) -> Listed:
        fields = self._parent_fields.get(row.part)
        if fields:
            self._parents[row.part].append({name: item[name] for name in fields if name in item})
        params: dict[str, Any] = {}
        if row.details:
            params = row.details[0].asked(item, self._spot.fields) or {}
        created = None
        if row.facts.created is not None and events_of(row.service, row.operation, row.tier):
            created = moment_of(row.facts.created.first(item))
        return Listed(
            row=row,
            key=key,
            name=name_of(row, item, key),
            stamp=stamp_of(row, item),
            params=params,
            created=created,
        )

    def _describe(self, row: Row) -> Iterator[Finding | Unchanged]:
        with self._ctx.part(row.details_part) as part:
            previous = self._ctx.previous(row.details_part)
            patience = Patience()
            spoken = SpokenByDetails(row, self._listed, previous, self._spot)
            for listed in self._listed[row.part]:
                if row.details[0].when and not listed.params:
                    continue
                stamp = due_stamp(listed, self._spot.now)
                if previous.get((listed.key.namespace, listed.key.key)) == stamp:
                    yield Unchanged(natural_key=listed.key, fingerprint=stamp)
                    yield from spoken.unchanged(stamp)
                    continue
                try:
                    answers = self._answers.get(row.part, {}).pop(listed.key.key, None)
                    answers = self._details.answers(listed) if answers is None else answers
                except Absent:  # deleted since it was listed; the next listing says so
                    continue
                except (PermissionDenied, Rejected, Unreadable) as error:
                    patience.failed(error)
                    part.exception(listed.key.key, str(error))
                    continue
                patience.worked()
                finding = self._details.finding(listed, answers)
                if finding.created_at is not None and listed.created is None:
                    self._created[listed.key.key] = finding.created_at
                finding.fingerprint = stamp
                yield finding
                yield from spoken.said(listed, answers, stamp)
