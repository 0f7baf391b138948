"""The loopback server that the demo's fakes stand on."""

from __future__ import annotations

import requests

from discovery.demo.httpd import LoopbackServer, Request, Response, json_response


class Echo(LoopbackServer):
    def handle(self, request: Request) -> Response:
        return json_response(
            200, {"method": request.method, "path": request.path, "body": request.body.decode()}
        )


def test_a_request_arrives_whole_and_is_logged() -> None:
    with Echo() as server:
        answer = requests.post(f"{server.base_url}/a%2Fb?x=1&x=2", data=b"hello", timeout=5).json()

    assert answer == {"method": "POST", "path": "/a%2Fb", "body": "hello"}
    assert server.requests[0].query == {"x": ["1", "2"]}
    assert server.requests[0].one("x") == "2"
    assert server.requests[0].headers["host"].startswith("127.0.0.1:")


def test_it_listens_on_loopback_only_and_stops_twice_without_complaint() -> None:
    server = Echo()

    assert server.start().startswith("http://127.0.0.1:")
    server.stop()
    server.stop()


def test_it_can_be_started_again() -> None:
    server = Echo()
    server.start()
    server.stop()

    with server:
        assert requests.get(server.base_url, timeout=5).status_code == 200
