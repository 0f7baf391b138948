"""Read whom an account names as its contacts: the weakest hint at an owner, for what nothing else tells of.

**Source:** AWS Account Management API reference GetAlternateContact (an account without one answers
ResourceNotFoundException), read 2026-11-22. Permission: ``account:GetAlternateContact``.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy

from connectors.clients.aws import AwsClients, Place
from connectors.contract import Context
from connectors.errors import Absent, NoteAndGoOn
from connectors.model import OwnerHint

CONTACTS_PART = "account.GetAlternateContact"
ADDRESS = "account_email"
"""The key in a scope's ``listed`` under which the address stands that Organizations has of the account."""
_CONFIDENCE = 0.15
_TYPES = ("OPERATIONS", "SECURITY")


def contacts(ctx: Context) -> tuple[OwnerHint, ...]:
    """Return the hints of the scope's account, asked once an account; raises what kept it from answering."""
    account = ctx.scope.account or ""
    asked: tuple[OwnerHint, ...] | NoteAndGoOn = ctx.aws.memory.once(
        f"contacts/{account}", lambda: _ask(ctx.aws, account)
    )
    if isinstance(asked, NoteAndGoOn):
        raise copy(asked)
    return asked


def of_organization(ctx: Context) -> tuple[OwnerHint, ...]:
    """Return the hint at the address that Organizations has of the account."""
    address = ctx.scope.listed.get(ADDRESS, "")
    why = f"address of the account {ctx.scope.account} in AWS Organizations"
    return (_hint(address, "account email", why),) if address else ()


def _ask(aws: AwsClients, account: str) -> tuple[OwnerHint, ...] | NoteAndGoOn:
    place = Place(account=account, region=aws.home_region())
    try:
        with aws.using(place):
            return tuple(_contacts(aws, place))
    except NoteAndGoOn as error:
        return error


def _contacts(aws: AwsClients, place: Place) -> Iterator[OwnerHint]:
    for kind in _TYPES:
        try:
            answer = aws.call("account", "GetAlternateContact", place, {"AlternateContactType": kind})
        except Absent:
            continue
        address = (answer.get("AlternateContact") or {}).get("EmailAddress")
        if isinstance(address, str) and address:
            why = f"{kind.lower()} contact of the account {place.account}"
            yield _hint(address, "account contact", why)


def _hint(address: str, source: str, why: str) -> OwnerHint:
    return OwnerHint(candidate=address, source=source, confidence=_CONFIDENCE, why=why)
