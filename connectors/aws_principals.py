"""Tell people from automation among AWS principals: a role or a pipeline answers for nothing.

**Source:** AWS CloudTrail user guide, "userIdentity element"; IAM Identity Center user guide (roles begin
with ``AWSReservedSSO_``, the session is the user's name); read 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_MAIL = re.compile(r"[^@\s/:]+@[^@\s/:]+\.[^@\s/:]+")
_SIGNED_IN = "AWSReservedSSO_"
_MACHINE = re.compile(
    r"(?i)\[bot\]|^BedrockAPIKey-|(?:^|[-_.])(?:bots?|ci|cd|cicd|svc|service|deploy(?:er|ment)?|automation|"
    r"terraform|pulumi|cloudformation|cdk|jenkins|gitlab|github|circleci|buildkite|spacelift|runner|"
    r"pipelines?|lambda|scanner|aicensus|root)(?:$|[-_.@0-9])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who called: ``person`` (empty: nobody that can answer), else ``machine``, a role, service or user.

    ``arn`` is that of the user or the role behind a session, empty where the caller has none.
    """

    person: str = ""
    machine: str = ""
    arn: str = ""


def of_arn(arn: str) -> Principal:
    """Return the principal that an ARN names; a bare name is taken for a user's."""
    if not arn.startswith("arn:"):
        return _user(arn, "")
    pieces = arn.split(":", 5)
    resource = pieces[5] if len(pieces) == 6 else ""
    kind, _, rest = resource.partition("/")
    if kind == "assumed-role":
        role, _, session = rest.partition("/")
        partition, account = pieces[1], pieces[4]
        return _session(role, session, "", f"arn:{partition}:iam::{account}:role/{role}")
    if kind == "role":
        return Principal(machine=f"role {rest.rpartition('/')[2]}", arn=arn)
    if kind in ("user", "federated-user"):
        return _user(rest.rpartition("/")[2], arn)
    return Principal(machine=resource or arn, arn=arn)


def of_identity(identity: Mapping[str, Any]) -> Principal:
    """Return the principal of a record's ``userIdentity``, as ``clients.aws_events`` keeps it."""
    kind, arn = str(identity.get("type", "")), str(identity.get("arn", ""))
    if kind == "AssumedRole":
        issuer = identity.get("issuer")
        role_arn = str(issuer.get("arn", "")) if isinstance(issuer, Mapping) else ""
        session = arn.split(":", 5)[-1].split("/", 2)
        role = session[1] if len(session) > 1 else role_arn.rpartition("/")[2]
        name = session[2] if len(session) > 2 else ""
        return _session(role, name, str(identity.get("sourceIdentity", "")), role_arn or of_arn(arn).arn)
    if kind in ("IAMUser", "SAMLUser"):
        return _user(str(identity.get("userName", "")) or arn.rpartition("/")[2], arn)
    if kind == "FederatedUser":
        return of_arn(arn)
    if kind in ("AWSService", "AWSAccount") or identity.get("invokedBy"):
        return Principal(machine=str(identity.get("invokedBy") or identity.get("accountId") or kind))
    if kind == "WebIdentityUser":
        return Principal(machine=str(identity.get("userName") or kind))
    return Principal(machine=kind.lower() or "unknown", arn=arn if kind == "Root" else "")


def _session(role: str, session: str, source: str, role_arn: str) -> Principal:
    """A session is a person's where the sign-in says so; else the role is all that is known."""
    for name, is_proof in ((source, True), (session, role.startswith(_SIGNED_IN))):
        if name and not _MACHINE.search(name) and (is_proof or _MAIL.fullmatch(name)):
            return Principal(person=name, arn=role_arn)
    return Principal(machine=f"role {role}", arn=role_arn)


def _user(name: str, arn: str) -> Principal:
    if not name or _MACHINE.search(name):
        return Principal(machine=f"user {name}".rstrip(), arn=arn)
    return Principal(person=name, arn=arn)
