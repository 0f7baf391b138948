"""TLS with a private authority, and none without it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from connectors.clients.network import NetworkSettings
from connectors.clients.transport import Call, Transport, TransportFailure
from connectors.errors import ConfigError


class _Ok(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100" if self.path == "/stall" else "2")
        self.end_headers()
        self.wfile.write(b"{}")
        if self.path == "/stall":
            self.server.done.wait(5)  # type: ignore[attr-defined]

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def url(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = HTTPServer(("127.0.0.1", 0), _Ok)
    server.done = threading.Event()  # type: ignore[attr-defined]
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.done.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


def transport(ca_bundle: str = "", total_timeout_s: float = 5) -> Transport:
    network = NetworkSettings(ca_bundle=ca_bundle, connect_timeout_s=2, read_timeout_s=2)
    return Transport(network, max_body_bytes=1_000, total_timeout_s=total_timeout_s)


def test_a_private_authority_is_trusted_when_configured(url: str, tmp_path: Path) -> None:
    assert transport(str(tmp_path / "ca.pem")).send(Call("GET", f"{url}/x", {}), {}).body == b"{}"


def test_the_configured_authority_wins_over_the_environments(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "other.pem"
    empty.write_text("")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(empty))

    assert transport(str(tmp_path / "ca.pem")).send(Call("GET", f"{url}/x", {}), {}).status == 200


def test_an_unknown_authority_is_refused_at_once_with_a_hint(url: str) -> None:
    with pytest.raises(TransportFailure, match="no trusted TLS") as raised:
        transport().send(Call("GET", f"{url}/x", {}), {})

    assert "ca_bundle" in raised.value.hint
    assert raised.value.is_final


def test_a_ca_bundle_that_is_not_there_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ca_bundle"):
        transport(str(tmp_path / "missing.pem"))


def test_a_connection_under_tls_is_cut_when_its_time_is_up(url: str, tmp_path: Path) -> None:
    with pytest.raises(TransportFailure, match=r"did not end within 0\.4 s"):
        transport(str(tmp_path / "ca.pem"), total_timeout_s=0.4).send(Call("GET", f"{url}/stall", {}), {})
