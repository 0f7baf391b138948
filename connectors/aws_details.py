"""Read what belongs to one listed item: descriptions, and lists inside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, TypeAlias

from connectors.aws_columns import Detail
from connectors.aws_findings import Listed, Spot, apply_facts, bare
from connectors.aws_rows import Row
from connectors.clients.aws import Listing, Place
from connectors.clients.aws_errors import Unreadable
from connectors.contract import Context
from connectors.errors import Absent, NoteAndGoOn
from connectors.model import Finding

Answers: TypeAlias = Sequence[tuple[Detail, dict[str, Any]]]
"""The steps that were read of an item, and what each answered."""

_EACH = 20
_NAME = "name"
_DENIALS_TO_GIVE_UP = 3


class Details:
    """Ask for single items of one scope."""

    def __init__(self, ctx: Context, place: Place, spot: Spot) -> None:
        self._ctx = ctx
        self._place = place
        self._spot = spot

    def answers(self, listed: Listed) -> Answers:
        """Read one item's details in order; a later step may use what an earlier one answered.

        Raises ``Absent`` when it is no longer there, and what the client raises.
        """
        row, known, found = listed.row, dict(listed.params), []
        for index, detail in enumerate(row.details):
            for one in islice(detail.each.all(known), _EACH) if detail.each else ("",):
                filled = {**known, "each": one}
                params = listed.params if index == 0 else detail.asked(filled, self._spot.fields)
                if not params:
                    break
                item = self._item(row, detail, dict(params))
                found.append((detail, item))
                known.update(item)
        return found

    def finding(self, listed: Listed, answers: Answers) -> Finding:
        """Build what the answers add to a listed item."""
        finding = bare(listed.row, listed, listed.row.details_part, self._spot)
        for detail, item in answers:
            apply_facts(finding, detail.facts, item, self._spot)
        return finding

    def _item(self, row: Row, detail: Detail, params: dict[str, Any]) -> dict[str, Any]:
        if detail.page:
            listed = self._ctx.aws.items(_listing(row, detail, params), self._place)
            return {detail.result: [one[_NAME] for one in listed] if detail.bare else list(listed)}
        answer = self._ctx.aws.call(row.service, detail.operation, self._place, params)
        item = answer.get(detail.root) if detail.root else answer
        if isinstance(item, list):  # an operation that reads many at a time was asked for one
            item = item[0] if item else None
            if item is None:
                raise Absent(f"{row.service}.{detail.operation} no longer knows it")
        if not isinstance(item, dict):
            raise Unreadable(f"{row.service}.{detail.operation} answered without {detail.root!r}")
        return item


class Patience:
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


def objects(answer: Mapping[str, Any], name: str, where: str) -> list[Mapping[str, Any]]:
    """Return a member that is a list of objects, empty if left out; raises ``Unreadable`` for all else."""
    found = answer.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise Unreadable(f"{where} answered with something else than objects in {name!r}")
    return found


def _listing(row: Row, detail: Detail, params: dict[str, Any]) -> Listing:
    assert detail.page is not None
    return Listing(
        service=row.service,
        operation=detail.operation,
        items=detail.result,
        item=_NAME if detail.bare else "",
        params=params,
        token=detail.page.token,
        next=detail.page.next,
        size=detail.page.size,
        at=detail.page.at,
    )
