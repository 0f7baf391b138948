"""Tell which Bedrock API key called: AWS keeps no date of a key's last use, but a call names the key's user.

Asked only where calls with a key were seen, once an account. Of a user with several active keys no call tells
which one it was.

Permission: ``iam:ListServiceSpecificCredentials``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors import aws_rows
from connectors.aws_findings import Spot, key_of, name_of
from connectors.aws_use_findings import Subject, Use
from connectors.clients.aws import Place
from connectors.contract import Context
from connectors.errors import NoteAndGoOn
from connectors.model import Link, RelationKind

_LISTED = ("iam", "ListServiceSpecificCredentials")
KIND = "api_key"


def uses(ctx: Context, calls: Iterable[tuple[Subject, str, str]], spot: Spot) -> list[Use]:
    """Return what each key called, given (what was called, ARN of the user, day of the last call)."""
    by_user: dict[str, list[tuple[Subject, str]]] = {}
    for called, arn, day in calls:
        if ":user/" in arn:
            by_user.setdefault(arn.rpartition("/")[2], []).append((called, day))
    keys = _keys(ctx, spot) if by_user else {}
    found: list[Use] = []
    for user, made in sorted(by_user.items()):
        held = keys.get(user, [])
        if len(held) == 1:
            links = {
                called.key.key: Link(relation=RelationKind.CALLS, target=called.key) for called, _ in made
            }
            day = max(day for _, day in made)
            found.append(
                Use(subject=held[0], day=day, links=tuple(link for _, link in sorted(links.items())))
            )
    return found


def _keys(ctx: Context, spot: Spot) -> Mapping[str, list[Subject]]:
    """Return the active keys of each user; nothing where they cannot be listed, which their own part says."""

    def read() -> dict[str, list[Subject]]:
        place = Place(account=spot.account, region=ctx.aws.home_region())
        row = aws_rows.load().row(*_LISTED)
        held: dict[str, list[Subject]] = {}
        try:
            with ctx.aws.using(place):
                for item in ctx.aws.items(row.listing({}, spot.fields), place):
                    _hold(held, row, item, spot)
        except NoteAndGoOn as error:
            ctx.log.info("the Bedrock API keys cannot be listed: %s", error.what)
        return held

    keys: dict[str, list[Subject]] = ctx.aws.memory.lately(f"keys/{spot.account}", read)
    return keys


def _hold(held: dict[str, list[Subject]], row: aws_rows.Row, item: Mapping[str, Any], spot: Spot) -> None:
    key = key_of(row, item, spot)
    if key is not None and item.get("Status") == "Active":
        subject = Subject(key=key, kind=KIND, name=name_of(row, item, key))
        held.setdefault(str(item.get("UserName")), []).append(subject)
