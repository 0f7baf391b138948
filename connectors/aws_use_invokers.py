"""Say who could call what is used, by the account's policies; "could" is never use and makes no asset.

Asked once a week for each thing that other evidence shows to be used, and of an account once in a scan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass

from connectors import aws_use_rows
from connectors.aws_iam import Could, Grants, grants_of
from connectors.aws_use_findings import Subject, Subjects, Use, shown, weekly
from connectors.clients.aws import Place
from connectors.contract import Context
from connectors.errors import NoteAndGoOn
from connectors.model import Finding, Json, Unchanged

PART = "iam.GetAccountAuthorizationDetails"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callable:
    """Something in use, and the ways to call it: action and resource."""

    subject: Subject
    ways: frozenset[tuple[str, str]]


def read(
    ctx: Context, used: Sequence[Callable], subjects: Subjects, place: Place
) -> Iterator[Finding | Unchanged]:
    """Yield who could call each thing in use; nobody is asked where nothing new is."""
    with ctx.part(PART):
        previous = ctx.previous(PART)
        due: list[Callable] = []
        for one in sorted(used, key=lambda one: one.subject.key.key):
            key, stamp = one.subject.key, weekly(one.subject.key.key, ctx.now())
            if previous.get((key.namespace, key.key)) == stamp:
                yield Unchanged(natural_key=key, fingerprint=stamp)
            else:
                due.append(one)
        if not due:
            return
        grants = _grants(ctx, place)
        uses = [_use(one, grants) for one in due]
        for finding in shown(ctx, PART, uses, subjects.spot, f"IAM policies of {place.account}"):
            if isinstance(finding, Finding):
                finding.usage = None
                finding.fingerprint = weekly(finding.natural_key.key, ctx.now())
                yield finding


def _grants(ctx: Context, place: Place) -> Grants:
    """Read the account's policies once in this process, whichever region asks first."""
    home = Place(account=place.account, region=ctx.aws.home_region())

    def read() -> Grants | NoteAndGoOn:
        try:
            with ctx.aws.using(home):
                return grants_of(ctx.aws, home, aws_use_rows.load().prefixes)
        except NoteAndGoOn as error:
            return error

    grants: Grants | NoteAndGoOn = ctx.aws.memory.lately(f"grants/{place.account}", read)
    if isinstance(grants, NoteAndGoOn):
        raise copy(grants)
    return grants


def _use(one: Callable, grants: Grants) -> Use:
    by_name: dict[str, Could] = {}
    for action, resource in sorted(one.ways):
        for could in grants.who(action, resource):
            known = by_name.get(could.name)
            if known is None or (known.is_limited and not could.is_limited):
                by_name[could.name] = could
    named = sorted(name for name, could in by_name.items() if not could.is_admin)
    attributes: dict[str, Json] = {
        "could_be_called_by": list[Json](named[: aws_use_rows.load().limits.callers]),
        "could_be_called_by_count": len(by_name),
        "could_be_called_by_admins": sum(could.is_admin for could in by_name.values()),
        "could_be_called_within_limits": sum(could.is_limited for could in by_name.values()),
    }
    return Use(subject=one.subject, attributes=attributes)
