"""Find the accounts to read: those that are named, or all that AWS Organizations lists.

An account that cannot be read now (suspended, being closed, excluded) is listed and left out with the reason,
so that nothing in it ages. One that Organizations lists no more is gone.

**Source:** AWS Organizations API reference, ListAccounts and Account (``State`` replaces ``Status``), read
2026-11-20. Permission: ``organizations:ListAccounts`` in the management or a delegated administrator account.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.clients.aws import AwsClients, Listing, Place
from connectors.contract import Context
from connectors.errors import AuthError, NoteAndGoOn

_LIST_ACCOUNTS = Listing(
    service="organizations",
    operation="ListAccounts",
    items="Accounts",
    token="NextToken",
    next="NextToken",
    size="MaxResults",
    at=20,
)
_STATES = {
    "PENDING_ACTIVATION": "Organizations has not activated the account yet",
    "SUSPENDED": "the account is suspended",
    "PENDING_CLOSURE": "the account is being closed",
    "CLOSED": "the account is closed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account; ``left_out`` says why it is not read (empty: it is); ``email`` is Organizations'."""

    id: str
    name: str = ""
    email: str = ""
    left_out: str = ""


def accounts(ctx: Context, own: str) -> list[Account]:
    """Return the accounts to list, the configured ones first and in that order, then by id.

    When Organizations does not answer, the listing is marked incomplete and the configured accounts (or the
    credential's own) are all that is read.
    """
    config = ctx.config
    found = {name: Account(id=name) for name in config.accounts}
    if config.organization:
        for one in _of_organization(ctx, config.organization_account or own):
            found[one.id] = one
    if not found:
        found[own] = Account(id=own)
    for name in config.exclude_accounts:
        if name in found:
            found[name] = Account(
                id=name, name=found[name].name, left_out="excluded by the option exclude_accounts"
            )
    return list(found.values())


def _of_organization(ctx: Context, account: str) -> list[Account]:
    aws: AwsClients = ctx.aws
    place = Place(account=account, region=aws.home_region())
    try:
        with aws.using(place):
            listed = sorted(map(_account, aws.items(_LIST_ACCOUNTS, place)), key=lambda one: one.id)
    except (AuthError, NoteAndGoOn) as error:
        ctx.incomplete(f"the accounts of the organisation are not known: {error}")
        return []
    return listed


def _account(item: Mapping[str, Any]) -> Account:
    state = str(item.get("State") or item.get("Status") or "ACTIVE")
    reason = "" if state == "ACTIVE" else _STATES.get(state, f"Organizations says {state}")
    return Account(
        id=str(item["Id"]),
        name=str(item.get("Name", "")),
        email=str(item.get("Email", "")),
        left_out=reason,
    )


def labelled(account: Account) -> str:
    """Return the account for people: its id and, where known, its name."""
    return f"{account.id} ({account.name})" if account.name else account.id
