"""Send a message as a signed webhook.

The headers are those of Standard Webhooks: ``webhook-id`` (the same on every try), ``webhook-timestamp``
(seconds), ``webhook-signature``: ``v1,`` and the Base64 of HMAC-SHA256 over ``id.timestamp.body``. A secret
that begins with ``whsec_`` is Base64, any other is taken as it is written.

**Source:** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md,
as known on 2026-11-22.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from connectors.clients.waits import retry_after_s
from connectors.secrets import remember
from discovery.outbound import http
from discovery.outbound.errors import DeliveryFailed
from discovery.outbound.messages import Message

if TYPE_CHECKING:
    from connectors.clients.network import NetworkSettings
    from connectors.secrets import SecretRef

SHORTEST_KEY = 16
_GONE = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One receiver: where it is and what messages to it are signed with, both by reference."""

    url: SecretRef
    secret: SecretRef
    network: NetworkSettings
    allow_internal: bool = False

    def send(self, message: Message, now: datetime) -> None:
        """Deliver a message; raises :class:`DeliveryFailed`, or ``ConfigError`` for a missing secret."""
        body = orjson.dumps(message.content)
        seconds = int(now.timestamp())
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.id,
            "webhook-id": message.id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": sign(self.secret.resolve(), message.id, seconds, body),
        }
        answer = http.post(
            self.url.resolve(), body, headers, network=self.network, allow_internal=self.allow_internal
        )
        if 200 <= answer.status < 300:
            return
        if 300 <= answer.status < 400:
            raise DeliveryFailed(f"the receiver redirects ({answer.status}), which is not followed")
        wait_s = retry_after_s(answer.headers.get("retry-after", ""), now.timestamp())
        raise DeliveryFailed(
            f"the receiver answered {answer.status}", is_final=answer.status == _GONE, retry_after_s=wait_s
        )


def sign(secret: str, message_id: str, seconds: int, body: bytes) -> str:
    """Return the signature of a message; raises a final :class:`DeliveryFailed` for a weak or broken key."""
    key = secret.encode()
    if secret.startswith("whsec_"):
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except (binascii.Error, ValueError):
            raise DeliveryFailed("the signing secret is not Base64 after whsec_", is_final=True) from None
    if len(key) < SHORTEST_KEY:
        raise DeliveryFailed(f"the signing secret is shorter than {SHORTEST_KEY} bytes", is_final=True)
    remember(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{message_id}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
