"""Say whose AWS credential is used, in which partition, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.clients.aws_redact import Redaction
from connectors.secrets import SecretRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One of the separate AWS clouds: where it answers global questions, which regions need no opt-in."""

    name: str
    home: str
    default_regions: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSettings:
    """Say whose credential is used and how; safe to pickle, the external id is only a reference.

    Without ``role_name`` only the credential's own account can be read. ``external_ids`` are those of
    accounts with one of their own. ``partition`` is where to sign in when the credential names no region.
    ``endpoint_url`` stands before ``AWS_ENDPOINT_URL``; ``partitions`` and ``redaction`` come from the
    catalogue, and so do ``rates``: requests a second that an operation bears in one account and region.
    """

    profile: str = ""
    role_name: str = ""
    external_id: SecretRef | None = None
    external_ids: Mapping[str, SecretRef] = field(default_factory=dict)
    partition: str = ""
    session_name: str = "aicensus"
    endpoint_url: str = ""
    partitions: tuple[Partition, ...] = ()
    redaction: Redaction = field(default_factory=Redaction)
    rates: Mapping[tuple[str, str], float] = field(default_factory=dict)
