"""An HTTP server that breaks every rule, to try clients against; each path misbehaves in its own way.

Written on bare sockets, for a proper server library would not let us lie.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from email.utils import formatdate

Behaviour = Callable[["HostileServer", socket.socket, str, int], None]
PLANTED = "sk-hostile-0123456789abcdefghij"


class HostileServer:
    """Listen on 127.0.0.1; ``hits`` counts requests by path, ``seen`` keeps their heads."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.elsewhere = ""
        self.hits: Counter[str] = Counter()
        self.seen: list[str] = []
        self.connections = 0

    def __enter__(self) -> HostileServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(timeout=5)
        self._listener.close()

    def wait(self, seconds: float) -> bool:
        """Wait, but not beyond the end of the test; true when the test has ended."""
        return self._stopping.wait(seconds)

    def _accept(self) -> None:
        self._listener.settimeout(0.05)
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError, OSError):
                connection, _ = self._listener.accept()
                connection.settimeout(30)
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while head := _head(connection):
                self.seen.append(head)
                target = head.split(" ")[1]
                path = target.split("?")[0]
                self.hits[path] += 1
                BEHAVIOURS[path](self, connection, target, self.hits[path])
                if not path.startswith(_KEEPS):
                    return


def _head(connection: socket.socket) -> str:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return ""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return (head + b"\r\n\r\n" + body).decode("latin-1")


def answer(status: str, body: bytes, *headers: str, length: int | None = None) -> bytes:
    """Write an answer; ``length`` lies about its size."""
    size = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {size}", "Content-Type: application/json", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _send(body: bytes) -> Behaviour:
    return lambda server, connection, target, hit: connection.sendall(body)


def _reset(server: HostileServer, connection: socket.socket, target: str, hit: int) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _stall(server: HostileServer, connection: socket.socket, target: str, hit: int) -> None:
    server.wait(20)


def _drip(server: HostileServer, connection: socket.socket, target: str, hit: int) -> None:
    connection.sendall(answer("200 OK", b"", length=100_000))
    while not server.wait(0.02):
        connection.sendall(b" ")


def _drip_gzip(server: HostileServer, connection: socket.socket, target: str, hit: int) -> None:
    connection.sendall(answer("200 OK", b"", "Content-Encoding: gzip", length=100_000))
    connection.sendall(b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03")
    while not server.wait(0.02):
        connection.sendall(b"n")  # the file name in the gzip header: input without output


def _drip_head(server: HostileServer, connection: socket.socket, target: str, hit: int) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not server.wait(0.02):
        connection.sendall(b"a")


def _huge(server: HostileServer, connection: socket.socket, target: str, hit: int) -> None:
    connection.sendall(answer("200 OK", b"", length=10**10))
    while not server.wait(0):
        connection.sendall(b"[" * 65536)


def _elsewhere(server: HostileServer, connection: socket.socket, target: str, hit: int) -> None:
    connection.sendall(answer("302 Found", b"", f"Location: {server.elsewhere}/stolen?key={PLANTED}"))


def _loop(server: HostileServer, connection: socket.socket, target: str, hit: int) -> None:
    connection.sendall(answer("301 Moved Permanently", b"", f"Location: {server.url}/redirect-loop"))


def _after(times: int, refusal: bytes) -> Behaviour:
    """Refuse so often, then answer."""

    def behave(server: HostileServer, connection: socket.socket, target: str, hit: int) -> None:
        connection.sendall(refusal if hit <= times else answer("200 OK", b'{"ok": true}'))

    return behave


def _endless(server: HostileServer, connection: socket.socket, target: str, hit: int) -> None:
    """Name a fresh next page for ever."""
    body = {"data": [{"id": f"i{hit}"}], "has_more": True, "last_id": f"i{hit}", "next_page": f"p{hit}"}
    connection.sendall(answer("200 OK", json.dumps(body).encode()))


def _next_elsewhere(server: HostileServer, connection: socket.socket, target: str, hit: int) -> None:
    body = {"value": [{"id": "a"}], "next": f"{server.elsewhere}/stolen"}
    connection.sendall(answer("200 OK", json.dumps(body).encode()))


def _next_other_path(server: HostileServer, connection: socket.socket, target: str, hit: int) -> None:
    body = {"value": [{"id": "a"}], "next": f"{server.url}/ok"}
    connection.sendall(answer("200 OK", json.dumps(body).encode()))


def _echo(server: HostileServer, connection: socket.socket, target: str, hit: int) -> None:
    """Repeat the credential in the error, as careless vendors do."""
    head = server.seen[-1]
    connection.sendall(answer("403 Forbidden", json.dumps({"error": {"message": head}}).encode()))


_BOMB = gzip.compress(b" " * 50_000_000)
_OK = answer("200 OK", b'{"ok": true}')
_BUSY = b'{"error": {"message": "slow down", "code": "rate_limit_exceeded"}}'
# Closing after a whole answer races with the client's next request on the same connection.
_KEEPS = (
    *("/ok", "/gzip", "/429", "/500", "/503", "/40"),
    *("/cut-gzip", "/endless", "/next-other", "/redirect-loop"),
)
BEHAVIOURS: dict[str, Behaviour] = {
    "/ok": _send(_OK),
    "http://vendor.invalid/ok": _send(_OK),  # as a proxy is asked
    "/gzip": _send(answer("200 OK", gzip.compress(b'{"ok": true}'), "Content-Encoding: gzip")),
    "/reset": _reset,
    "/reset-once": lambda server, connection, target, hit: (_reset if hit == 1 else _send(_OK))(
        server, connection, target, hit
    ),
    "/stall": _stall,
    "/drip": _drip,
    "/drip-gzip": _drip_gzip,
    "/drip-head": _drip_head,
    "/truncate": _send(answer("200 OK", b'{"ok": tr', length=12)),
    "/truncated-json": _send(answer("200 OK", b'{"data": [{"id": "a"}, {"id"')),
    "/short-length": _send(answer("200 OK", b'{"ok": true}', length=6)),
    "/garbage": _send(b"\x00\xff\xfe SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    "/html": _send(answer("200 OK", b"<html>log in to the network</html>")),
    "/empty": _send(answer("200 OK", b"")),
    "/deep": _send(answer("200 OK", b"[" * 100_000)),
    "/not-utf8": _send(answer("200 OK", b'{"name": "\xff\xfe"}')),
    "/huge": _huge,
    "/bomb": _send(answer("200 OK", _BOMB, "Content-Encoding: gzip")),
    "/bad-gzip": _send(answer("200 OK", b"not gzip at all", "Content-Encoding: gzip")),
    "/brotli": _send(answer("200 OK", b"....", "Content-Encoding: br")),
    "/cut-gzip": _send(answer("200 OK", gzip.compress(b'{"ok": true}' * 99)[:-12], "Content-Encoding: gzip")),
    "/redirect-elsewhere": _elsewhere,
    "/redirect-loop": _loop,
    "/429-seconds": _after(2, answer("429 Too Many Requests", _BUSY, "Retry-After: 7")),
    "/429-date": _after(
        1, answer("429 Too Many Requests", _BUSY, f"Retry-After: {formatdate(2e9 + 5, usegmt=True)}")
    ),
    "/429-bare": _after(2, answer("429 Too Many Requests", _BUSY)),
    "/429-nonsense": _after(1, answer("429 Too Many Requests", _BUSY, "Retry-After: when I feel like it")),
    "/429-long": _after(99, answer("429 Too Many Requests", _BUSY, "Retry-After: 86400")),
    "/429-always": _after(99, answer("429 Too Many Requests", _BUSY, "Retry-After: 1")),
    "/500-once": _after(1, answer("500 Internal Server Error", b"oops")),
    "/503-always": _after(99, answer("503 Service Unavailable", b"{}")),
    "/401": _send(answer("401 Unauthorized", b'{"error": {"message": "no"}}')),
    "/404": _send(answer("404 Not Found", b'{"error": {"message": "nothing here"}}')),
    "/echo": _echo,
    "/endless": _endless,
    "/next-elsewhere": _next_elsewhere,
    "/next-other-path": _next_other_path,
}
