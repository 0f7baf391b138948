"""Keep deliveries from reaching into the own network: resolve once, look at every address, use that one.

An address that is not of the public internet (private, loopback, link-local, metadata services, and the same
wrapped into IPv6) is only reached when its receiver says ``allow_internal``.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

from discovery.outbound.errors import DeliveryFailed

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def resolve(host: str, port: int, *, allow_internal: bool) -> Sequence[str]:
    """Return the addresses of a host, all of them allowed; raises :class:`DeliveryFailed`."""
    addresses = [host] if _is_address(host) else _looked_up(host, port)
    if not allow_internal and any(is_internal(one) for one in addresses):
        raise DeliveryFailed(
            "the receiver's host is an internal address; set allow_internal = true if that is meant",
            is_final=True,
        )
    return addresses


def _looked_up(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DeliveryFailed("the receiver's host name does not resolve") from error
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def is_internal(address: str) -> bool:
    """Say whether an IP address is not one of the public internet, also when it is wrapped in another."""
    plain = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(plain, ipaddress.IPv6Address):
        inner = [plain.ipv4_mapped, plain.sixtofour, *(plain.teredo or ())]
        if plain in _NAT64:
            inner.append(ipaddress.IPv4Address(int(plain) & 0xFFFFFFFF))
        if any(one is not None and not one.is_global for one in inner):
            return True
        if plain.ipv4_mapped is not None:
            return False
    return not plain.is_global or plain.is_multicast
