"""The table ``[store]`` of the configuration file: where the inventory is kept, and for how long what."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer

from connectors.options import Options, Secret
from connectors.secrets import SecretRef
from discovery.settings import default_store_url, store_url


def _read_store_url(value: Any) -> str | SecretRef:
    if isinstance(value, dict):
        from pydantic import TypeAdapter

        ref: SecretRef = TypeAdapter(Secret).validate_python(value)
        return ref
    if not isinstance(value, str | SecretRef):
        raise ValueError('the store is a URL in quotes or a reference such as { env = "NAME" }')
    if isinstance(value, str) and has_password(value):
        raise ValueError(
            'a URL with a password is a secret and is given by reference: url = { env = "NAME" }, '
            '{ file = "PATH" } or { keyring = "SERVICE/NAME" }'
        )
    return value


def has_password(url: str) -> bool:
    """Say whether a URL holds a password, before its host or among its parameters."""
    authority = url.partition("://")[2].partition("/")[0]
    user, at, _ = authority.rpartition("@")
    return (bool(at) and ":" in user) or "password=" in url.lower()


def _write_store_url(value: str | SecretRef) -> str | dict[str, str]:
    return {value.place: value.name} if isinstance(value, SecretRef) else value


StoreUrl = Annotated[str | SecretRef, BeforeValidator(_read_store_url), PlainSerializer(_write_store_url)]


class StoreSection(Options):
    """Where the inventory is kept."""

    location: StoreUrl = Field(
        default="",
        alias="url",
        description=(
            "sqlite:///FILE, postgresql+psycopg://USER@HOST/DATABASE, or a reference such as "
            '{ env = "AICENSUS_STORE_URL" } (required when the URL holds a password). '
            "Empty: a SQLite file in your data folder."
        ),
    )

    evidence: str = Field(
        default="",
        description=(
            "The folder where copies of evidence files are kept, by their SHA-256. Empty: beside a SQLite "
            "store; a shared PostgreSQL store needs a shared folder here before evidence files are added."
        ),
    )

    personal_days: int = Field(
        default=0,
        ge=0,
        le=3650,
        description=(
            "How long evidence of use names the people who used something: the daemon drops older names "
            "every day, and so does `aicensus db prune --personal`. 0: as long as --older-than says."
        ),
    )

    @property
    def url(self) -> str:
        """Return the URL to open; raises ``ConfigError`` when it is a reference that leads nowhere."""
        if isinstance(self.location, SecretRef):
            return store_url(self.location.resolve())
        return store_url(self.location) if self.location else default_store_url()
