"""Send a message to any of the services that the library ``apprise`` knows.

The library opens its own connections: redirects are turned off for it, and a host that its address names is
looked at first. It has no idempotency key: a sender that dies between sending and noting it sends twice.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from connectors.errors import ConfigError
from discovery.outbound.addresses import resolve
from discovery.outbound.errors import DeliveryFailed
from discovery.outbound.messages import Message

if TYPE_CHECKING:
    from connectors.secrets import SecretRef


@dataclass(frozen=True, slots=True, kw_only=True)
class ByApprise:
    """One receiver; its address is a credential and given by reference."""

    url: SecretRef
    allow_internal: bool = False

    def send(self, message: Message, now: datetime) -> None:
        """Deliver a message; raises :class:`DeliveryFailed`, or ``ConfigError`` for what is not set up."""
        library = _library()
        # Its own log lines may show parts of an address.
        logging.getLogger("apprise").disabled = True
        sender = library.Apprise(
            asset=library.AppriseAsset(async_mode=False, http_redirects=False, storage_mode="memory")
        )
        if not sender.add(self.url.resolve()) or len(sender) != 1:
            raise DeliveryFailed("apprise does not know this kind of address", is_final=True)
        service = sender[0]
        service.redirects = False
        for host in _hosts(service):
            resolve(host, int(getattr(service, "port", None) or 443), allow_internal=self.allow_internal)
        if not sender.notify(title=message.title, body=message.text, body_format="text"):
            raise DeliveryFailed("apprise could not deliver the message")


def _library() -> Any:
    try:
        import apprise
    except ImportError as error:
        raise ConfigError(
            "receivers of the kind apprise need the package apprise", hint="Install aicensus[notify]."
        ) from error
    return apprise


def _hosts(service: Any) -> list[str]:
    """Return the hosts that the address itself names; others belong to the service."""
    if getattr(service, "smtp_host", None):
        return [str(service.smtp_host)]
    if any("{host}" in one for one in service.templates) and service.host:
        return [str(service.host)]
    return []
