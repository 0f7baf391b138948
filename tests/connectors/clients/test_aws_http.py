"""One HTTP session for all services of a place: connections, certificate authorities, proxies."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from connectors.aws import AwsConnector, AwsOptions
from connectors.clients.aws import AwsClients, Place
from connectors.clients.network import NetworkSettings
from connectors.errors import RetryLater

HOME = Place(account="", region="eu-west-1")
WHO = (
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/a</Arn>"
    b"<Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


@dataclass
class Served:
    """What a server was asked: request targets, and over how many connections."""

    url: str = ""
    targets: list[str] = field(default_factory=list)
    connections: int = 0


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Served]:
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            served.connections += 1
            super().setup()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(WHO)

        def do_GET(self) -> None:
            self._answer(b'{"guardrails": []}')

        def _answer(self, body: bytes) -> None:
            served.targets.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    served.url = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_address[1]}"
    yield served
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")


@contextmanager
def reaching(endpoint_url: str, **network: str) -> Iterator[AwsClients]:
    settings = AwsConnector().aws_settings(AwsOptions(endpoint_url=endpoint_url))
    made = AwsClients(
        settings,
        operations=AwsConnector.info.operations,
        network=NetworkSettings(max_attempts=1, connect_timeout_s=2, read_timeout_s=2, **network),
    )
    yield made
    made.close()


def test_services_of_a_place_share_a_connection_and_places_do_not() -> None:
    with serving() as served, reaching(served.url) as clients:
        for place in (HOME, Place(account="", region="eu-central-1")):
            with clients.using(place):
                clients.call("sts", "GetCallerIdentity", place, {})
                clients.call("bedrock", "ListGuardrails", place, {})

        assert len(served.targets) == 4
        assert served.connections == 2


def test_a_private_authority_is_trusted_when_configured_and_not_otherwise(
    certificate: Path, tmp_path: Path
) -> None:
    with serving(certificate) as served:
        with reaching(served.url, ca_bundle=str(tmp_path / "ca.pem")) as clients:
            assert clients.identity().account == "111122223333"
        with reaching(served.url) as clients, pytest.raises(RetryLater, match="certificate"):
            clients.identity()


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_the_environments_authority_is_trusted_as_botocore_does(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(tmp_path / "ca.pem"))

    with serving(certificate) as served, reaching(served.url) as clients:
        assert clients.identity().account == "111122223333"


def test_the_configured_proxy_is_asked_and_else_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as configured, serving() as ours:
        with reaching("http://sts.example.invalid", proxy=configured.url) as clients:
            clients.identity()
        monkeypatch.setenv("HTTP_PROXY", ours.url)
        with reaching("http://sts.example.invalid") as clients:
            clients.identity()

    assert configured.targets == ["http://sts.example.invalid/"]
    assert ours.targets == ["http://sts.example.invalid/"]
