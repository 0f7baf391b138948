"""A git host on loopback: TLS with a CA of its own, ``git http-backend`` behind it, and a proxy before it."""

from __future__ import annotations

import base64
import contextlib
import os
import select
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

NAME = "git.example.test"


@dataclass(slots=True)
class GitHost:
    """A running host: its port, the CA file to trust, and what was seen of its clients."""

    port: int
    ca_file: Path
    root: Path
    token: str = ""
    redirect_to: str = ""
    requests: list[str] = field(default_factory=list)
    command_lines: set[str] = field(default_factory=set)

    def url(self, repository: str, host: str = "127.0.0.1") -> str:
        """Return the URL of a repository below ``root``."""
        return f"https://{host}:{self.port}/{repository}"


@contextlib.contextmanager
def git_host(place: Path, root: Path, *, token: str = "", redirect_to: str = "") -> Iterator[GitHost]:
    """Serve the repositories below ``root``; with a ``token`` only to those who show it."""
    key, certificate = _certificate(place)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    host = GitHost(server.server_address[1], certificate, root, token, redirect_to)
    server.host = host  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _certificate(place: Path) -> tuple[Path, Path]:
    key, certificate = place / "host.key", place / "host.pem"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                f"/CN={NAME}",
            ),
            *("-addext", f"subjectAltName=DNS:{NAME},IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return key, certificate


class _Handler(BaseHTTPRequestHandler):
    """Hand requests to ``git http-backend`` as a CGI program."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self._body())

    def log_message(self, format: str, *args: Any) -> None:
        return

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _answer(self, body: bytes) -> None:
        host: GitHost = self.server.host  # type: ignore[attr-defined]
        host.requests.append(f"{self.command} {self.path}")
        host.command_lines |= _command_lines()
        if host.redirect_to:
            self._send(302, [("Location", host.redirect_to + self.path)], b"")
        elif host.token and self.headers.get("Authorization") != f"Basic {host.token}":
            self._send(401, [("WWW-Authenticate", "Basic")], b"")
        else:
            head, _, content = _backend(host, self, body).partition(b"\r\n\r\n")
            fields = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n")]
            status = next((value for name, value in fields if name == "Status"), "200")
            self._send(int(status.split()[0]), [item for item in fields if item[0] != "Status"], content)

    def _send(self, status: int, fields: list[Any], body: bytes) -> None:
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _backend(host: GitHost, handler: BaseHTTPRequestHandler, body: bytes) -> bytes:
    path, _, query = handler.path.partition("?")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(host.root),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_PROJECT_ROOT": str(host.root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": handler.command,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
    }
    # The test's own repositories may belong to another user than the one who runs the tests.
    command = ["git", "-c", "safe.directory=*", "http-backend"]
    return subprocess.run(command, env=environment, input=body, check=True, capture_output=True).stdout


def _command_lines() -> set[str]:
    """Return the command lines of all processes, as any user of the machine could see them."""
    found = set()
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.add(place.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
    return found


@contextlib.contextmanager
def connect_proxy(port: int) -> Iterator[tuple[str, list[str]]]:
    """Run a proxy that leads every CONNECT to ``port`` of this machine; yields its URL and what was asked."""
    asked: list[str] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_tunnel, args=(client, port, asked), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        listener.close()


def _tunnel(client: socket.socket, port: int, asked: list[str]) -> None:
    # The server may be gone with its test before a late client is led to it: that ends the connection only.
    with contextlib.suppress(OSError), client, socket.create_connection(("127.0.0.1", port)) as inner:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        asked.append(head.split(b"\r\n", 1)[0].decode())
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        pairs = {client: inner, inner: client}
        while True:
            for ready in select.select(list(pairs), [], [])[0]:
                data = ready.recv(65536)
                if not data:
                    return
                pairs[ready].sendall(data)


def basic(token: str) -> str:
    """Return what our client sends for a token, without the scheme."""
    return base64.b64encode(f"x-access-token:{token}".encode()).decode()
