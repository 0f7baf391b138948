"""Read what a CloudFormation stack says of the things it made: its tags, and the repository in them.

**Source:** AWS CloudFormation user guide, "Resource tags" (``aws:cloudformation:stack-id`` is put on whatever
a stack makes), API reference DescribeStacks (a stack that is gone is a ValidationError, "does not exist");
read 2026-11-22. Permission: ``cloudformation:DescribeStacks``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from connectors.aws_findings import Listed, Spot, bare, due_stamp, named_in, tag_map
from connectors.aws_rows import TagRules, squeeze
from connectors.catalogue import read_table
from connectors.clients.aws import Listing, Place
from connectors.clients.aws_errors import Rejected
from connectors.contract import Context, PartHandle
from connectors.errors import Absent
from connectors.model import Finding, OwnerHint, Unchanged

STACKS_PART = "cloudformation.DescribeStacks"
_TRUST = 0.67
"""How much a stack's tag says of a thing in it, beside a tag of the thing itself."""
_ONE_BY_ONE = 20
"""Stacks up to which each is asked for; for more, the region's stacks are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A stack; ``created`` is UTC."""

    id: str
    name: str
    created: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


class Stacks:
    """Read the part of one scope; afterwards ``by_key`` has the stack of each thing that was asked about."""

    def __init__(self, ctx: Context, place: Place, spot: Spot, rules: TagRules) -> None:
        self._ctx = ctx
        self._place = place
        self._spot = spot
        self._rules = rules
        self.by_key: dict[str, Stack] = {}

    def run(self, listed: Iterable[Listed], tags: Mapping[str, str]) -> Iterator[Finding | Unchanged]:
        """Yield what stacks say; ``tags`` are the stack ids of what had its tags read now, by key."""
        with self._ctx.part(STACKS_PART) as part:
            previous = self._ctx.previous(STACKS_PART)
            known = self._read(sorted(set(tags.values())), part)
            for one in listed:
                stack = known.get(tags.get(one.key.key, ""))
                before = previous.get((one.key.namespace, one.key.key))
                if stack is not None:
                    self.by_key[one.key.key] = stack
                    yield self._finding(one, stack)
                elif before is not None:
                    yield Unchanged(natural_key=one.key, fingerprint=before)

    def _read(self, ids: list[str], part: PartHandle) -> dict[str, Stack]:
        if len(ids) > _ONE_BY_ONE:
            listing = Listing(
                service="cloudformation",
                operation="DescribeStacks",
                items="Stacks",
                token="NextToken",
                next="NextToken",
            )
            stacks = {one.id: one for one in map(_stack, self._ctx.aws.items(listing, self._place))}
            return {one: stacks.get(one) or Stack(id=one, name=_name(one)) for one in ids}
        found: dict[str, Stack] = {}
        for one in ids:
            try:
                found[one] = self._one(one)
            except Rejected as error:
                part.exception(one, str(error))
        return found

    def _one(self, stack_id: str) -> Stack:
        try:
            answer = self._ctx.aws.call(
                "cloudformation", "DescribeStacks", self._place, {"StackName": stack_id}
            )
        except (Absent, Rejected) as error:
            if isinstance(error, Rejected) and "does not exist" not in error.what:
                raise
            return Stack(id=stack_id, name=_name(stack_id))
        items = answer.get("Stacks") or ()
        return _stack(items[0]) if items else Stack(id=stack_id, name=_name(stack_id))

    def _finding(self, one: Listed, stack: Stack) -> Finding:
        finding = bare(one.row, one, STACKS_PART, self._spot)
        finding.attributes = {"stack": stack.name}
        finding.owner_hints = tuple(
            OwnerHint(
                candidate=value,
                source="stack tag",
                confidence=round(confidence * _TRUST, 2),
                why=f"tag {key} of the stack {stack.name}",
            )
            for key, value, confidence in named_in(stack.tags, self._rules)
        )
        repository = repository_in(stack.tags)
        if repository:
            finding.attributes = {**finding.attributes, "repository": repository}
        finding.fingerprint = due_stamp(one, self._spot.now)
        return finding


def stack_id_in(tags: Mapping[str, str]) -> str:
    """Return the id of the stack that made a thing, empty where its tags name none."""
    return tags.get(_keys()["stack"], "")


def repository_in(tags: Mapping[str, str]) -> str:
    """Return the repository that tags name, whatever the spelling of the key."""
    by_key = {squeeze(key): value.strip() for key, value in sorted(tags.items())}
    return next((by_key[key] for key in _keys()["repository"] if by_key.get(key)), "")


@cache
def _keys() -> Mapping[str, Any]:
    keys: Mapping[str, Any] = read_table("aws_creators")["tags"]
    return keys


def _stack(item: Mapping[str, Any]) -> Stack:
    created = item.get("CreationTime")
    stack_id = str(item.get("StackId") or "")
    return Stack(
        id=stack_id,
        name=str(item.get("StackName") or _name(stack_id)),
        created=created if isinstance(created, datetime) else None,
        tags=tag_map(item.get("Tags")),
    )


def _name(stack_id: str) -> str:
    """Return the name inside ``arn:...:stack/<name>/<uuid>``."""
    pieces = stack_id.split("/")
    return pieces[1] if len(pieces) > 1 else stack_id
