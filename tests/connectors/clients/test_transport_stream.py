"""A streamed answer is read as it comes, within its time, and breaks as a failure of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.clients.network import NetworkSettings
from connectors.clients.transport import Call, Transport, TransportFailure
from discovery.demo.httpd import LoopbackServer, Request, Response


class _Server(LoopbackServer):
    def handle(self, request: Request) -> Response:
        body = b"x" * 300_000
        if request.path == "/cut":
            return Response(body=body, cut_after=1_000)
        if request.path == "/drip":
            return Response(body=body, drip_s=0.05)
        if request.path == "/gone":
            return Response(status=404, body=b"no")
        encoding = request.headers.get("accept-encoding", "")
        return Response(body=body, headers={"X-Asked": encoding})


@pytest.fixture
def server() -> Iterator[_Server]:
    with _Server() as served:
        yield served


def _transport(total_timeout_s: float = 30) -> Transport:
    return Transport(NetworkSettings(), max_body_bytes=10, total_timeout_s=total_timeout_s)


def _read(server: _Server, path: str, transport: Transport) -> tuple[int, bytes]:
    with transport.stream(Call("GET", server.base_url + path, {}), {}) as answer:
        data = b""
        while piece := answer.read(70_000):
            data += piece
        return answer.status, data


def test_a_body_of_any_size_is_read_piece_by_piece(server: _Server) -> None:
    assert _read(server, "/", _transport()) == (200, b"x" * 300_000)


def test_a_stream_is_asked_for_as_it_is_kept(server: _Server) -> None:
    with _transport().stream(Call("GET", f"{server.base_url}/", {}), {}) as answer:
        assert answer.headers["x-asked"] == "identity"


def test_a_status_that_is_no_success_is_handed_on(server: _Server) -> None:
    assert _read(server, "/gone", _transport()) == (404, b"no")


def test_a_body_that_is_cut_off_is_a_failure(server: _Server) -> None:
    with pytest.raises(TransportFailure, match="broke"):
        _read(server, "/cut", _transport())


def test_a_body_that_never_ends_is_cut_off(server: _Server) -> None:
    with pytest.raises(TransportFailure, match="did not end within"):
        _read(server, "/drip", _transport(0.3))


def test_nobody_there_is_a_failure(server: _Server) -> None:
    address = server.base_url
    server.stop()

    with (
        pytest.raises(TransportFailure),
        _transport().stream(Call("GET", f"{address}/", {}), {}),
    ):
        pass


def test_the_readers_own_error_passes_through(server: _Server) -> None:
    with (
        pytest.raises(KeyError),
        _transport().stream(Call("GET", f"{server.base_url}/", {}), {}),
    ):
        raise KeyError("the reader's")
