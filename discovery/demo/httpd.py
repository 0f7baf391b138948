"""Serve a small HTTP estate on 127.0.0.1, for the demo and the tests.

One thread a connection, an ephemeral port, HTTP/1.1 with keep-alive, a request log, nothing but the
standard library. A fake derives from :class:`LoopbackServer` and answers in :meth:`~LoopbackServer.handle`.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

MAX_REQUEST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it arrived; header names are in lower case, ``path`` is as sent and without query."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    raw_query: str = ""

    def one(self, name: str) -> str | None:
        """Return the only value of a query parameter, or ``None`` when it was not sent."""
        values = self.query.get(name)
        return values[-1] if values else None


@dataclass(slots=True, kw_only=True)
class Response:
    """What to send back.

    ``delay_s`` waits before the first byte; ``drip_s`` waits between single bytes of the body;
    ``cut_after`` closes the connection after so many bytes of the body, with the full Content-Length.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    drip_s: float = 0.0
    cut_after: int | None = None


def json_response(status: int, body: object, headers: Mapping[str, str] | None = None) -> Response:
    """Build a JSON answer."""
    return Response(
        status=status,
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", **(headers or {})},
    )


class LoopbackServer:
    """Answer HTTP on 127.0.0.1 in background threads until :meth:`stop`.

    ``requests`` is the log of what arrived, in order of arrival. Usable as a context manager.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.lock = threading.RLock()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def handle(self, request: Request) -> Response:
        """Answer one request; runs in a thread of its own."""
        raise NotImplementedError

    @property
    def base_url(self) -> str:
        """Return ``http://127.0.0.1:<port>``; raises ``RuntimeError`` before :meth:`start`."""
        if self._server is None:
            raise RuntimeError("the server is not started")
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> str:
        """Listen on a free port and return :attr:`base_url`."""
        if self._server is None:
            self._stopping.clear()
            self._server = _Server(self)
            self._thread = threading.Thread(
                target=self._server.serve_forever, args=(0.01,), name=type(self).__name__, daemon=True
            )
            self._thread.start()
        return self.base_url

    def stop(self) -> None:
        """Stop listening and drop open connections; safe to call twice."""
        server, self._server = self._server, None
        self._stopping.set()
        if server is not None:
            server.shutdown()
            server.server_close()
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than until :meth:`stop`."""
        self._stopping.wait(seconds)

    def receive(self, request: Request) -> Response:
        """Log a request and answer it."""
        with self.lock:
            self.requests.append(request)
        return self.handle(request)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, owner: LoopbackServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent when a client goes away; anything else is shown as usual."""
        import sys

        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Keep standard error quiet; the request log is on the server."""

    def _serve(self) -> None:
        response = self.server.owner.receive(self._request())
        self.server.owner.pause(response.delay_s) if response.delay_s else None
        self._send(response)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        size = min(int(self.headers.get("Content-Length") or 0), MAX_REQUEST_BYTES)
        return Request(
            method=self.command,
            path=parts.path,
            query=parse_qs(parts.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(size) if size else b"",
            raw_query=parts.query,
        )

    def _send(self, response: Response) -> None:
        body = response.body
        self.send_response(response.status)
        headers = {"Content-Length": str(len(body)), **response.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        with contextlib.suppress(ConnectionError):
            self._send_body(body, response)

    def _send_body(self, body: bytes, response: Response) -> None:
        if response.cut_after is not None:
            self.wfile.write(body[: response.cut_after])
            self.close_connection = True
        elif response.drip_s:
            for index in range(len(body)):
                self.wfile.write(body[index : index + 1])
                self.server.owner.pause(response.drip_s)
        else:
            self.wfile.write(body)
