"""Forbid every connection and name look-up that leaves this machine.

Standard library only and cheap to import: it also runs inside the processes that tests start
(``tests/guard/sitecustomize.py``). What was refused is kept, so that a test fails even when the code under
test swallows the error. Names under ``.invalid`` never resolve anywhere and simply do not resolve here.
"""

from __future__ import annotations

import sys

LOG_VARIABLE = "AICENSUS_TEST_SOCKET_LOG"
"""Environment variable: a file to which started processes append what they were refused."""

refused: list[str] = []
_LOCAL_NAMES = {"localhost", "ip6-localhost", "", None, "0.0.0.0", "::", "::1"}
_installed = False
_log = ""


class NetworkForbidden(RuntimeError):
    """A test tried to reach something that is not on this machine."""


def install(*, log: str = "") -> None:
    """Start refusing; stays in force until the process ends. ``log`` is a file to append refusals to."""
    global _installed, _log
    _log = log
    if not _installed:
        _installed = True
        sys.addaudithook(_hook)


def is_local(host: object) -> bool:
    """Say whether a host name or address means this machine."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if isinstance(host, str):
        host = host.split("%")[0].strip("[]").lower()
    return host in _LOCAL_NAMES or (isinstance(host, str) and _is_loopback(host))


def _is_loopback(host: str) -> bool:
    parts = host.removeprefix("::ffff:").split(".")
    return len(parts) == 4 and parts[0] == "127" and all(part.isdigit() for part in parts)


def _hook(event: str, args: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = args[1]
        if isinstance(address, tuple) and not is_local(address[0]):
            _refuse(event, address[0])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        _check_name(event, args[0])


def _check_name(event: str, host: object) -> None:
    if is_local(host):
        return
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if name.rstrip(".").endswith(".invalid"):
        import socket

        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    _refuse(event, name)


def _refuse(event: str, host: object) -> None:
    text = f"{event} {host}"
    refused.append(text)
    if _log:
        with open(_log, "a", encoding="utf-8") as file:
            file.write(text + "\n")
    raise NetworkForbidden(f"tests stay on this machine, but this was tried: {text}")
