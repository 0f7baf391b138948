"""Read the tags of everything listed, a hundred ARNs at a time, and the account's contacts beside them.

**Source:** Resource Groups Tagging API reference GetResources (at most 100 ARNs a call; what has no tag is
left out of the answer), read 2026-11-20. Permission: ``tag:GetResources``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connectors.aws_contacts import CONTACTS_PART, contacts, of_organization
from connectors.aws_findings import Listed, Spot, apply_tags, bare, due_stamp, tag_map
from connectors.aws_rows import Row, TagRules
from connectors.aws_stacks import repository_in, stack_id_in
from connectors.clients.aws import Place
from connectors.clients.aws_errors import Rejected
from connectors.contract import Context, PartHandle
from connectors.model import Finding, OwnerHint, Unchanged

TAGS_PART = "resourcegroupstaggingapi.GetResources"
_BATCH = 100


class Tags:
    """Read the parts of one scope; afterwards ``stacks`` has the stack id of what was read now, by key."""

    def __init__(
        self,
        ctx: Context,
        place: Place,
        spot: Spot,
        rules: TagRules,
        listed: Mapping[str, Sequence[Listed]],
        rows: Sequence[Row],
    ) -> None:
        self._ctx = ctx
        self._place = place
        self._spot = spot
        self._rules = rules
        self._listed = listed
        self._rows = rows
        self._contacts: tuple[OwnerHint, ...] = ()
        self._ids: dict[str, str] = {}
        self.stacks: dict[str, str] = {}

    def run(self) -> Iterator[Finding | Unchanged]:
        """Yield the tags of what is new, changed or due; the account is asked only when something is."""
        previous = self._ctx.previous(TAGS_PART)
        due: dict[str, Listed] = {}
        same: list[Listed] = []
        for one in self.taggable():
            is_known = previous.get((one.key.namespace, one.key.key)) == due_stamp(one, self._spot.now)
            if is_known:
                same.append(one)
            else:
                due[one.key.key] = one
        self._contacts = of_organization(self._ctx)
        with self._ctx.part(CONTACTS_PART):
            if due:
                self._contacts = (*contacts(self._ctx), *self._contacts)
        with self._ctx.part(TAGS_PART) as part:
            for one in same:
                yield Unchanged(natural_key=one.key, fingerprint=due_stamp(one, self._spot.now))
            waiting = list(due.values())
            for start in range(0, len(waiting), _BATCH):
                yield from self._tagged(waiting[start : start + _BATCH], part)

    def taggable(self) -> Iterator[Listed]:
        """Yield each ARN once, though two listings may show it, but none of another account."""
        seen: set[str] = set()
        for row in self._rows:
            for one in self._listed[row.part] if row.has_arn and not row.tags else ():
                if one.key.key not in seen and _is_own(one.key.key, self._spot):
                    seen.add(one.key.key)
                    yield one

    def _tagged(self, batch: list[Listed], part: PartHandle) -> Iterator[Finding]:
        """Ask for a batch's tags; one ARN that the service refuses must not cost the others theirs."""
        arns = [one.key.key for one in batch]
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
        for one in batch:
            yield self._finding(one, tag_map(found.get(one.key.key)))

    def _finding(self, one: Listed, tags: Mapping[str, str]) -> Finding:
        finding = bare(one.row, one, TAGS_PART, self._spot)
        apply_tags(finding, tags, self._rules)
        finding.owner_hints += self._contacts
        if tags:
            repository, stack = repository_in(tags), stack_id_in(tags)
            if repository:
                finding.attributes = {"repository": repository}
            if stack:
                self.stacks[one.key.key] = self._ids.setdefault(stack, stack)  # one text for all in a stack
        finding.fingerprint = due_stamp(one, self._spot.now)
        return finding


def _is_own(arn: str, spot: Spot) -> bool:
    pieces = arn.split(":", 5)
    return len(pieces) == 6 and pieces[4] in ("", spot.account) and pieces[3] in ("", spot.region)
