"""Scan one account in one region: list everything, then describe only what is new, changed or due.

A detail or tag finding's fingerprint is the listed item's fingerprint and the week it was read in. It is
read again when either differs: the item or its row changed, the last try failed, or seven days went by
(the day of the week differs by item, so that a large estate is spread over the week). An unchanged scan
therefore sends list calls only, also on a worker that has no cache.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from datetime import datetime
from itertools import islice
from typing import Any

from connectors import aws_rows
from connectors.aws_columns import Detail, Parent
from connectors.aws_findings import (
    Listed,
    Spot,
    apply_facts,
    apply_tags,
    bare,
    from_listing,
    is_vendors_own,
    key_of,
    name_of,
    stamp_of,
    tag_map,
)
from connectors.aws_rows import Row
from connectors.aws_spoken import Spoken
from connectors.clients.aws import Place
from connectors.clients.aws_errors import Rejected, Unreadable
from connectors.contract import Context, PartHandle
from connectors.errors import Absent, NoteAndGoOn, NotEnabled, NotOffered, NotOptedIn, PermissionDenied
from connectors.model import Finding, NaturalKey, Unchanged

TAGS_PART = "resourcegroupstaggingapi.GetResources"
_TAG_BATCH = 100
_REFRESH_DAYS = 7
_DENIALS_TO_GIVE_UP = 3
_EACH = 20


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
        self._listed: dict[str, list[Listed]] = {}
        self._complete: set[str] = set()
        self._absent: dict[str, NoteAndGoOn] = {}
        self._parents: dict[str, list[dict[str, Any]]] = {row.part: [] for row in rows}
        self._parent_fields: dict[str, frozenset[str]] = {}
        for row in rows:
            if row.parent:
                part = f"{row.service}.{row.parent.operation}"
                self._parent_fields[part] = self._parent_fields.get(part, frozenset()) | row.parent.fields

    def run(self) -> Iterator[Finding | Unchanged]:
        """Yield everything, part by part."""
        for row in self._rows:
            yield from self._list(row)
        for row in self._rows:
            if row.details:
                yield from self._describe(row)
        if self._rows:
            yield from self._read_tags()

    def _list(self, row: Row) -> Iterator[Finding | Unchanged]:
        listed = self._listed[row.part] = []
        with self._ctx.part(row.part) as part:
            previous = self._ctx.previous(row.part)
            keys: set[NaturalKey] = set()
            is_whole = row.parent is None or f"{row.service}.{row.parent.operation}" in self._complete
            spoken = Spoken(row.about, self._spot) if row.about else None
            for item in self._noted(row, part):
                if is_vendors_own(row, item):
                    continue
                key = key_of(row, item, self._spot)
                if key is None:
                    part.incomplete("an item came without its identity")
                    is_whole = False
                    continue
                if key in keys:  # a listing that moves while it is read may show an item twice
                    continue
                keys.add(key)
                known = self._note(row, item, key)
                listed.append(known)
                if spoken:
                    spoken.add(item, key)
                if previous.get((key.namespace, key.key)) == known.stamp:
                    yield Unchanged(natural_key=key, fingerprint=known.stamp)
                else:
                    yield from_listing(row, item, known, self._spot, self._tag_rules)
            if spoken:
                yield from self._about(row, spoken, part)
            if is_whole:
                self._complete.add(row.part)

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
        if any(one in self._listed and one not in {*self._complete, *self._absent} for one in parts):
            for key in sorted(spoken.keys() - things.keys()):  # it may be there: what is known of it stays
                part.exception(key, f"{' or '.join(parts)} could not be read to its end")
        previous = self._ctx.previous(row.part)
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
            yield from self._ctx.aws.items(row.listing(more, self._spot.fields), self._place)
        except Absent as error:
            if row.parent:
                raise
            raise NotEnabled(error.what, where=error.where) from error

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
        return Listed(
            row=row, key=key, name=name_of(row, item, key), stamp=stamp_of(row, item), params=params
        )

    def _describe(self, row: Row) -> Iterator[Finding | Unchanged]:
        with self._ctx.part(row.details_part) as part:
            previous = self._ctx.previous(row.details_part)
            patience = _Patience()
            for listed in self._listed[row.part]:
                stamp = due_stamp(listed, self._spot.now)
                if previous.get((listed.key.namespace, listed.key.key)) == stamp:
                    yield Unchanged(natural_key=listed.key, fingerprint=stamp)
                    continue
                try:
                    finding = self._detail(listed)
                except Absent:  # deleted since it was listed; the next listing says so
                    continue
                except (PermissionDenied, Rejected, Unreadable) as error:
                    patience.failed(error)
                    part.exception(listed.key.key, str(error))
                    continue
                patience.worked()
                finding.fingerprint = stamp
                yield finding

    def _detail(self, listed: Listed) -> Finding:
        """Read one item; a later step may use what an earlier one answered."""
        row = listed.row
        finding = bare(row, listed, row.details_part, self._spot)
        known: dict[str, Any] = dict(listed.params)
        for index, detail in enumerate(row.details):
            for one in islice(detail.each.all(known), _EACH) if detail.each else ("",):
                filled = {**known, "each": one}
                params = listed.params if index == 0 else detail.asked(filled, self._spot.fields)
                if not params:
                    break
                item = self._detail_item(row, detail, params)
                apply_facts(finding, detail.facts, item, self._spot)
                known.update(item)
        return finding

    def _detail_item(self, row: Row, detail: Detail, params: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._ctx.aws.call(row.service, detail.operation, self._place, params)
        item = answer.get(detail.root) if detail.root else answer
        if isinstance(item, list):  # an operation that reads many at a time was asked for one
            item = item[0] if item else None
            if item is None:
                raise Absent(f"{row.service}.{detail.operation} no longer knows it")
        if not isinstance(item, dict):
            raise Unreadable(f"{row.service}.{detail.operation} answered without {detail.root!r}")
        return item

    def _read_tags(self) -> Iterator[Finding | Unchanged]:
        with self._ctx.part(TAGS_PART) as part:
            previous = self._ctx.previous(TAGS_PART)
            due: list[Listed] = []
            for listed in self._taggable():
                stamp = due_stamp(listed, self._spot.now)
                if previous.get((listed.key.namespace, listed.key.key)) == stamp:
                    yield Unchanged(natural_key=listed.key, fingerprint=stamp)
                else:
                    due.append(listed)
            for start in range(0, len(due), _TAG_BATCH):
                yield from self._tagged(due[start : start + _TAG_BATCH], part)

    def _taggable(self) -> Iterator[Listed]:
        """Yield each ARN once, though two listings may show it, but none of another account."""
        seen: set[str] = set()
        for row in self._rows:
            for listed in self._listed[row.part] if row.has_arn and not row.tags else ():
                if listed.key.key not in seen and _is_own(listed.key.key, self._spot):
                    seen.add(listed.key.key)
                    yield listed

    def _tagged(self, batch: list[Listed], part: PartHandle) -> Iterator[Finding]:
        """Ask for a batch's tags; one ARN that the service refuses must not cost the others theirs."""
        arns = [listed.key.key for listed in batch]
        try:
            answer = self._ctx.aws.call(
                "resourcegroupstaggingapi", "GetResources", self._place, {"ResourceARNList": arns}
            )
        except Rejected as error:
            if len(batch) == 1:
                part.exception(arns[0], str(error))
                return
            middle = len(batch) // 2
            yield from self._tagged(batch[:middle], part)
            yield from self._tagged(batch[middle:], part)
            return
        found = {
            one.get("ResourceARN"): one.get("Tags") for one in answer.get("ResourceTagMappingList") or ()
        }
        for listed in batch:
            finding = bare(listed.row, listed, TAGS_PART, self._spot)
            apply_tags(finding, tag_map(found.get(listed.key.key)), self._tag_rules)
            finding.fingerprint = due_stamp(listed, self._spot.now)
            yield finding


class _Patience:
    """Give up a part whose every read is refused, but not for single items that are."""

    def __init__(self) -> None:
        self._failures = 0
        self._has_worked = False

    def worked(self) -> None:
        """Note a read that succeeded."""
        self._has_worked = True

    def failed(self, error: NoteAndGoOn) -> None:
        """Note a refusal; raises it when there were only refusals."""
        self._failures += 1
        if not self._has_worked and self._failures >= _DENIALS_TO_GIVE_UP:
            raise error


def due_stamp(listed: Listed, now: datetime) -> str:
    """Return the fingerprint that a detail read now has: the listed one and the item's own week."""
    jitter = int.from_bytes(hashlib.blake2b(listed.key.key.encode(), digest_size=2).digest()) % _REFRESH_DAYS
    week = (int(now.timestamp()) // 86_400 + jitter) // _REFRESH_DAYS
    return f"{listed.stamp}.{week:x}"


def _is_own(arn: str, spot: Spot) -> bool:
    pieces = arn.split(":", 5)
    return len(pieces) == 6 and pieces[4] in ("", spot.account) and pieces[3] in ("", spot.region)
