"""Say which users and roles of an account could do something, by their policies: "could", never "does".

Evaluated are the Allow and Deny statements of inline, attached and group policies and of permissions
boundaries. What is not seen (service control policies, session policies, policies of the resource) can only
take rights away or belongs to others; conditions are not evaluated but told apart.

**Source:** IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements" (wildcards, NotAction,
NotResource); IAM API reference GetAccountAuthorizationDetails; read 2026-11-22. Permission:
``iam:GetAccountAuthorizationDetails``.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from connectors.clients.aws import AwsClients, Listing, Place

_SERVICE_PATH = "/aws-service-role/"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy."""

    is_allow: bool
    actions: tuple[str, ...]
    is_not_action: bool
    resources: tuple[str, ...]
    is_not_resource: bool
    is_conditional: bool

    def speaks_of(self, action: str) -> bool:
        """Say whether the statement is about an action."""
        return any(matches(one, action) for one in self.actions) != self.is_not_action

    def may_speak_of(self, services: Sequence[str]) -> bool:
        """Say whether the statement may be about an action of one of the services."""
        if self.is_not_action:
            return True
        named = {one.partition(":")[0] for one in self.actions}
        return any(matches(pattern, service) for pattern in named for service in services)

    def covers(self, resource: str) -> bool:
        """Say whether it is about a resource; ``*`` asks whether it may be about any."""
        if resource == "*":
            return self.is_not_resource or bool(self.resources)
        return any(matches(one, resource) for one in self.resources) != self.is_not_resource

    @property
    def is_everything(self) -> bool:
        """Say whether it is about all there is: an administrator's statement."""
        return "*" in self.actions and not self.is_not_action and "*" in self.resources


@dataclass(frozen=True, slots=True)
class Holder:
    """A user or role with what its policies say; ``boundary`` is ``None`` where there is none.

    ``is_bounded`` says that there is a boundary which was not among the policies.
    """

    name: str
    arn: str
    statements: tuple[Statement, ...]
    boundary: tuple[Statement, ...] | None
    is_bounded: bool = False


@dataclass(frozen=True, slots=True)
class Could:
    """Someone who could: ``is_limited`` by conditions or denials that only a call decides."""

    name: str
    arn: str
    is_limited: bool
    is_admin: bool


@dataclass(frozen=True, slots=True)
class Grants:
    """All users and roles of an account that hold rights in the services of interest."""

    holders: tuple[Holder, ...]

    def who(self, action: str, resource: str) -> list[Could]:
        """Return who could do an action on a resource (``*``: on any), by name."""
        found = (_could(one, action, resource) for one in self.holders)
        return sorted((one for one in found if one is not None), key=lambda one: one.name)


def grants_of(aws: AwsClients, place: Place, services: Sequence[str]) -> Grants:
    """Read an account's users, roles and policies, and keep what speaks of ``services`` (IAM prefixes)."""
    documents = {
        str(one.get("Arn")): _of_policy(one, services)
        for one in _details(aws, place, "Policies", "LocalManagedPolicy", "AWSManagedPolicy")
    }
    groups = {
        str(one.get("GroupName")): _own(one, "Group", documents, services)
        for one in _details(aws, place, "GroupDetailList", "Group")
    }
    holders: list[Holder] = []
    for kind, items in (
        ("User", _details(aws, place, "UserDetailList", "User")),
        ("Role", _details(aws, place, "RoleDetailList", "Role")),
    ):
        made = (_holder(one, kind, documents, groups, services) for one in items)
        holders += (one for one in made if one is not None)
    return Grants(tuple(holders))


def _details(aws: AwsClients, place: Place, items: str, *filters: str) -> Iterator[dict[str, Any]]:
    listing = Listing(
        service="iam",
        operation="GetAccountAuthorizationDetails",
        items=items,
        params={"Filter": list(filters)},
        token="Marker",
        next="Marker",
        size="MaxItems",
        at=1000,
    )
    return aws.items(listing, place)


def _holder(
    item: Mapping[str, Any],
    kind: str,
    documents: Mapping[str, tuple[Statement, ...]],
    groups: Mapping[str, tuple[Statement, ...]],
    services: Sequence[str],
) -> Holder | None:
    """Return a user or role, ``None`` when it holds nothing of interest or belongs to an AWS service."""
    if str(item.get("Path", "")).startswith(_SERVICE_PATH):
        return None
    own = _own(item, kind, documents, services)
    inherited = (one for group in item.get("GroupList") or () for one in groups.get(str(group), ()))
    statements = tuple(dict.fromkeys((*own, *inherited)))
    if not any(one.is_allow for one in statements):
        return None
    boundary = str((item.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn") or "")
    return Holder(
        name=f"{kind.lower()} {item.get(f'{kind}Name')}",
        arn=str(item.get("Arn", "")),
        statements=statements,
        boundary=documents.get(boundary),
        is_bounded=bool(boundary) and boundary not in documents,
    )


def _own(
    item: Mapping[str, Any],
    kind: str,
    documents: Mapping[str, tuple[Statement, ...]],
    services: Sequence[str],
) -> tuple[Statement, ...]:
    inline = (
        statement
        for policy in item.get(f"{kind}PolicyList") or ()
        for statement in statements_of(policy.get("PolicyDocument"), services)
    )
    attached = (
        statement
        for policy in item.get("AttachedManagedPolicies") or ()
        for statement in documents.get(str(policy.get("PolicyArn")), ())
    )
    return (*inline, *attached)


def _of_policy(item: Mapping[str, Any], services: Sequence[str]) -> tuple[Statement, ...]:
    for version in item.get("PolicyVersionList") or ():
        if version.get("IsDefaultVersion"):
            return tuple(statements_of(version.get("Document"), services))
    return ()


def statements_of(document: Any, services: Sequence[str]) -> Iterator[Statement]:
    """Yield the statements of a policy that may speak of any of the services."""
    if not isinstance(document, Mapping):
        return
    listed = document.get("Statement")
    for one in [listed] if isinstance(listed, Mapping) else listed if isinstance(listed, list) else ():
        if isinstance(one, Mapping):
            statement = Statement(
                is_allow=one.get("Effect") == "Allow",
                actions=_texts(one.get("Action", one.get("NotAction"))),
                is_not_action="Action" not in one,
                resources=_texts(one.get("Resource", one.get("NotResource"))),
                is_not_resource="Resource" not in one,
                is_conditional=bool(one.get("Condition")),
            )
            if statement.may_speak_of(services):
                yield statement


def _texts(value: Any) -> tuple[str, ...]:
    values: Iterable[Any] = [value] if isinstance(value, str) else value if isinstance(value, list) else ()
    return tuple(str(one) for one in values)


def _could(holder: Holder, action: str, resource: str) -> Could | None:
    verdicts = [_verdict(holder.statements, action, resource)]
    if holder.boundary is not None:
        verdicts.append(_verdict(holder.boundary, action, resource))
    if None in verdicts:
        return None
    is_admin = any(one.is_everything and one.is_allow for one in holder.statements)
    return Could(holder.name, holder.arn, holder.is_bounded or True in verdicts, is_admin)


def _verdict(statements: Sequence[Statement], action: str, resource: str) -> bool | None:
    """Say whether statements allow only within limits; ``None`` when they do not allow at all."""
    allows = [one for one in statements if one.is_allow and _fits(one, action, resource)]
    denies = [one for one in statements if not one.is_allow and _fits(one, action, resource)]
    if not allows or any(_is_flat(one, resource) for one in denies):
        return None
    return bool(denies) or all(one.is_conditional for one in allows)


def _fits(statement: Statement, action: str, resource: str) -> bool:
    return statement.speaks_of(action) and statement.covers(resource)


def _is_flat(deny: Statement, resource: str) -> bool:
    """Say whether a denial holds whatever the call is: no condition, and all of the resource."""
    if deny.is_conditional or deny.is_not_resource:
        return False
    return "*" in deny.resources or (resource != "*" and deny.covers(resource))


@lru_cache(maxsize=65_536)
def matches(pattern: str, value: str) -> bool:
    """Say whether an IAM pattern matches: ``*`` any text, ``?`` one character; case does not count."""
    if pattern == "*":
        return True
    return _compiled(pattern).fullmatch(value) is not None


@lru_cache(maxsize=8_192)
def _compiled(pattern: str) -> re.Pattern[str]:
    # What fnmatch writes never tries a star twice, so that no pattern takes long; a bracket is plain in IAM.
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]")), re.IGNORECASE)
