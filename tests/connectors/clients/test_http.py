"""The shared HTTP client against a server that breaks every rule."""

from __future__ import annotations

import base64
import logging
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors import meter
from connectors.clients.budget import Clock
from connectors.clients.guard import UndeclaredCall
from connectors.clients.http import HttpClient, HttpSettings, is_graphql_query
from connectors.clients.network import NetworkSettings
from connectors.clients.pages import Cursor, NextToken, NextUrl
from connectors.clients.waits import retry_after_s
from connectors.contract import Operation
from connectors.errors import (
    AuthError,
    BadResponse,
    ConfigError,
    ConnectorError,
    Incomplete,
    NotLicensed,
    PermissionDenied,
    RateLimited,
    Unavailable,
)
from connectors.secrets import Authorization, SecretRef, redact
from tests.hostile_http import BEHAVIOURS, PLANTED, HostileServer

TOKEN = "tok-4f2c9a-not-of-a-known-shape"
OPERATIONS = (
    *(
        Operation(method="GET", host="{base_url}", path=path, permission=f"read {path}")
        for path in BEHAVIOURS
    ),
    Operation(method="POST", host="{base_url}", path="/ok", permission="ask", is_query=True),
    Operation(method="POST", host="{base_url}", path="/404", permission="write"),
)
FAST = NetworkSettings(connect_timeout_s=2, read_timeout_s=0.3, max_attempts=3, max_wait_s=30)
"""Gives up a server that stalls after a moment, which a busy machine may take for its answer too."""
PATIENT = NetworkSettings(connect_timeout_s=20, read_timeout_s=20, max_attempts=3, max_wait_s=30)


class FakeTime:
    """A clock that jumps when asked to sleep, and remembers how long."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.now, wall=lambda: 2e9, sleep=self.sleep, jitter=lambda: 1.0)


@pytest.fixture
def server() -> Iterator[HostileServer]:
    with HostileServer() as server:
        yield server


@pytest.fixture
def passing() -> FakeTime:
    return FakeTime()


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSTILE_TOKEN", TOKEN)


def client(
    server: HostileServer, passing: FakeTime, network: NetworkSettings = PATIENT, **settings: Any
) -> HttpClient:
    values: dict[str, Any] = {"bearer": SecretRef("env", "HOSTILE_TOKEN"), "total_timeout_s": 60.0}
    return HttpClient(
        HttpSettings(base_url=server.url, **(values | settings)),
        operations=OPERATIONS,
        network=network,
        clock=passing.clock(),
    )


def test_an_answer_comes_with_headers_in_lower_case(server: HostileServer, passing: FakeTime) -> None:
    answer = client(server, passing).get("/ok")

    assert answer.data == {"ok": True}
    assert answer.headers["content-type"] == "application/json"
    assert f"Authorization: Bearer {TOKEN}" in server.seen[0]


def test_connections_are_reused(server: HostileServer, passing: FakeTime) -> None:
    one = client(server, passing)

    for path in ("/ok", "/gzip", "/ok"):
        assert one.get(path).data == {"ok": True}

    assert server.connections == 1


@pytest.mark.parametrize(
    ("path", "error", "attempts"),
    [
        ("/reset", Unavailable, 3),
        ("/stall", Unavailable, 3),
        ("/truncate", Unavailable, 3),
        ("/garbage", Unavailable, 3),
        ("/cut-gzip", Unavailable, 3),
        ("/503-always", Unavailable, 3),
        ("/429-always", RateLimited, 3),
        ("/drip", Unavailable, 2),
        ("/drip-gzip", Unavailable, 2),
        ("/drip-head", Unavailable, 2),
        ("/truncated-json", BadResponse, 1),
        ("/short-length", BadResponse, 1),
        ("/html", BadResponse, 1),
        ("/empty", BadResponse, 1),
        ("/deep", BadResponse, 1),
        ("/not-utf8", BadResponse, 1),
        ("/huge", BadResponse, 1),
        ("/bomb", BadResponse, 1),
        ("/bad-gzip", BadResponse, 1),
        ("/brotli", BadResponse, 1),
        ("/redirect-loop", BadResponse, 1),
        ("/404", BadResponse, 1),
        ("/401", AuthError, 1),
        ("/429-long", RateLimited, 1),
    ],
)
def test_every_misbehaviour_ends_as_the_right_error(
    server: HostileServer, passing: FakeTime, path: str, error: type[ConnectorError], attempts: int
) -> None:
    with pytest.raises(ConnectorError) as raised:
        client(server, passing, FAST, max_body_bytes=1_000_000, total_timeout_s=2.0).get(path)

    assert type(raised.value) is error, str(raised.value)
    assert server.hits[path] == attempts
    assert f"GET {path} at 127.0.0.1" in raised.value.where


@pytest.mark.parametrize(
    "path", ["/reset-once", "/500-once", "/429-date", "/429-bare", "/429-seconds", "/429-nonsense"]
)
def test_a_passing_failure_is_retried_and_then_answered(
    server: HostileServer, passing: FakeTime, path: str
) -> None:
    assert client(server, passing).get(path).data == {"ok": True}


@pytest.mark.parametrize(
    ("path", "waits"),
    [("/429-seconds", [7.0, 7.0]), ("/429-date", [5.0]), ("/429-bare", [1.0, 2.0]), ("/500-once", [1.0])],
)
def test_waits_are_as_long_as_the_vendor_says_else_exponential(
    server: HostileServer, passing: FakeTime, path: str, waits: list[float]
) -> None:
    client(server, passing).get(path)

    assert passing.slept == pytest.approx(waits)


def test_a_wait_beyond_our_patience_is_not_begun(server: HostileServer, passing: FakeTime) -> None:
    with pytest.raises(RateLimited, match="asks to wait 86400 s"):
        client(server, passing).get("/429-long")

    assert passing.slept == []


def test_all_waits_of_a_request_together_stay_within_max_wait(
    server: HostileServer, passing: FakeTime
) -> None:
    network = NetworkSettings(max_attempts=50, max_wait_s=5)

    with pytest.raises(RateLimited):
        client(server, passing, network).get("/429-always")

    assert sum(passing.slept) == 5


def test_a_pause_told_to_one_thread_holds_for_all_of_the_credential(
    server: HostileServer, passing: FakeTime
) -> None:
    one = client(server, passing)
    one._budgets.get((server.url, SecretRef("env", "HOSTILE_TOKEN"))).pause(9)

    one.get("/ok")

    assert passing.slept == [9.0]


def test_requests_are_counted_with_retries_for_the_thread_that_sends_them(
    server: HostileServer, passing: FakeTime
) -> None:
    counted: list[int] = []

    def work() -> None:
        one = client(server, passing)
        one.get("/429-bare")
        counted.append(meter.requests())

    before = meter.requests()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert counted == [3]
    assert meter.requests() == before


def test_a_redirect_to_another_host_is_not_followed(server: HostileServer, passing: FakeTime) -> None:
    with HostileServer() as other:
        server.elsewhere = other.url

        with pytest.raises(BadResponse, match="was not followed") as raised:
            client(server, passing).get("/redirect-elsewhere")

        assert other.connections == 0
    assert PLANTED not in str(raised.value)


@pytest.mark.parametrize("path", ["/next-elsewhere", "/next-other-path"])
def test_a_next_page_outside_the_operation_is_not_followed(
    server: HostileServer, passing: FakeTime, path: str
) -> None:
    with HostileServer() as other:
        server.elsewhere = other.url
        items = client(server, passing).paginate(path, pages=NextUrl())

        assert next(items) == {"id": "a"}
        with pytest.raises(BadResponse, match="was not followed"):
            next(items)

        assert other.connections == 0
    assert server.hits["/ok"] == 0


@pytest.mark.parametrize("pages", [Cursor(), NextToken(more_field="has_more")])
def test_endless_pages_end_at_the_cap_and_say_so(
    server: HostileServer, passing: FakeTime, pages: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from connectors.clients.pages import walk

    one = client(server, passing)

    with pytest.raises(Incomplete, match="cap of 20 pages"):
        list(walk(lambda params, url: one.get("/endless", params=params), pages, max_pages=20))

    assert server.hits["/endless"] == 20


@pytest.mark.parametrize(
    ("call", "path"),
    [("get", "/nowhere"), ("get", "/ok/../echo"), ("query", "/empty"), ("query", "/404")],
)
def test_what_is_not_declared_is_refused_before_a_byte_is_sent(
    server: HostileServer, passing: FakeTime, call: str, path: str
) -> None:
    one = client(server, passing)

    with pytest.raises(UndeclaredCall):
        one.get(path) if call == "get" else one.query(path, {})

    assert server.connections == 0


def test_a_declared_query_is_posted_as_json(server: HostileServer, passing: FakeTime) -> None:
    client(server, passing).query("/ok", {"filter": "ai"})

    assert server.seen[0].startswith("POST /ok HTTP/1.1")
    assert server.seen[0].endswith('{"filter":"ai"}')


@pytest.mark.parametrize(
    "document",
    [
        "{ me }",
        "query Q($a: [Int!] = [1]) { a(b: {c: 1}) { d } } fragment F on T { e }",
        '{ a(x: "mutation { b }") } # mutation\n',
        'query { a(x: """mutation""") }',
        "fragment mutation on T { a } query { ...mutation }",
    ],
)
def test_graphql_queries_are_recognised(document: str) -> None:
    assert is_graphql_query(document)


@pytest.mark.parametrize(
    "document",
    [
        "mutation { drop }",
        "query { a } mutation M { drop }",
        "# query\nmutation { drop }",
        "subscription S { a }",
        'query { a(x: "}") } mutation { drop }',
        "{ a } } mutation { b",
        "{ a",
        "type T { a: Int }",
    ],
)
def test_anything_but_graphql_queries_is_refused(
    server: HostileServer, passing: FakeTime, document: str
) -> None:
    with pytest.raises(UndeclaredCall):
        client(server, passing).graphql("/ok", document)

    assert server.connections == 0


def test_no_error_log_or_pickle_shows_the_credential(
    server: HostileServer, passing: FakeTime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    one = client(server, passing, FAST)
    errors: list[ConnectorError] = []

    for path in ("/echo", "/401", "/reset", "/html", "/stall"):
        with pytest.raises(ConnectorError) as raised:
            one.get(path)
        errors.append(raised.value)

    shown = repr(errors) + "".join(map(str, errors)) + caplog.text + repr(one.settings)
    chained = [error for one in errors for error in (one.__cause__, one.__context__) if error is not None]
    assert TOKEN not in shown
    assert TOKEN not in repr(chained)
    assert TOKEN.encode() not in pickle.dumps((errors, one.settings))


def test_a_denial_names_the_permission_that_is_missing(server: HostileServer, passing: FakeTime) -> None:
    with pytest.raises(PermissionDenied, match="Grant read /echo"):
        client(server, passing).get("/echo")


def _license(status: int, body: Any) -> ConnectorError | None:
    return NotLicensed("not in your plan") if body["error"]["message"] == "nothing here" else None


def test_a_vendors_own_code_decides_before_ours(server: HostileServer, passing: FakeTime) -> None:
    with pytest.raises(NotLicensed) as raised:
        client(server, passing, error_map=_license).get("/404")

    assert "GET /404" in raised.value.where


def test_a_missing_secret_names_its_place_and_sends_nothing(
    server: HostileServer, passing: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOSTILE_TOKEN")

    with pytest.raises(ConfigError, match="env:HOSTILE_TOKEN"):
        client(server, passing).get("/ok")

    assert server.connections == 0


def test_a_secret_with_a_line_end_cannot_add_a_header(
    server: HostileServer, passing: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTILE_TOKEN", "good\r\nX-Evil: 1")

    with pytest.raises(ConfigError, match=r"control.*env:HOSTILE_TOKEN"):
        client(server, passing).get("/ok")

    assert server.connections == 0


def test_further_credentials_are_used_by_name(
    server: HostileServer, passing: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER_TOKEN", "another-token-1")
    one = client(server, passing, credentials={"team": SecretRef("env", "OTHER_TOKEN")})

    one.get("/ok", credential="team")

    assert "Authorization: Bearer another-token-1" in server.seen[0]
    with pytest.raises(ConfigError, match="no credential named 'nobody'"):
        one.get("/ok", credential="nobody")


def test_a_netrc_of_the_user_does_not_replace_our_credential(
    server: HostileServer, passing: FakeTime, home: Path
) -> None:
    home.joinpath(".netrc").write_text("machine 127.0.0.1 login me password theirs\n")

    client(server, passing).get("/ok")

    assert f"Authorization: Bearer {TOKEN}" in server.seen[0]


def test_loopback_is_reached_past_a_proxy_of_the_environment(
    server: HostileServer, passing: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    assert client(server, passing).get("/ok").data == {"ok": True}


def test_a_configured_proxy_is_asked_for_other_hosts(server: HostileServer, passing: FakeTime) -> None:
    network = NetworkSettings(proxy=server.url, max_attempts=1, read_timeout_s=1)
    one = HttpClient(
        HttpSettings(base_url="http://vendor.invalid"),
        operations=OPERATIONS,
        network=network,
        clock=passing.clock(),
    )

    assert one.get("/ok").data == {"ok": True}
    assert server.seen[0].startswith("GET http://vendor.invalid/ok HTTP/1.1")


def test_a_name_that_does_not_resolve_names_host_and_option(passing: FakeTime) -> None:
    one = HttpClient(
        HttpSettings(base_url="https://vendor.invalid/v1"),
        operations=OPERATIONS,
        network=FAST,
        clock=passing.clock(),
    )

    with pytest.raises(Unavailable, match=r"'vendor\.invalid' does not resolve.*base_url"):
        one.get("/ok")


def test_a_port_where_nobody_listens_is_unavailable(server: HostileServer, passing: FakeTime) -> None:
    one = client(server, passing)
    server.__exit__()

    with pytest.raises(Unavailable, match=r"no connection to .* could be made.*base_url"):
        one.get("/ok")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x.example",
        "x.example/v1",
        "https://",
        "https://me:pw@x.example",
        "https://x.example/?a=b",
        "http://x:99999",
    ],
)
def test_a_base_url_that_makes_no_sense_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigError, match="base_url") as raised:
        HttpClient(HttpSettings(base_url=url), operations=OPERATIONS, network=FAST)

    assert "pw" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 1.5 ", 1.5),
        ("Wed, 18 May 2033 03:33:30 GMT", 10.0),
        ("Wed, 18 May 2011 03:33:30 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("9" * 400, None),
        ("Mon, 99 Foo 2033", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(value: str, seconds: float | None) -> None:
    assert retry_after_s(value, 2e9) == seconds


def test_closing_a_client_leaves_it_usable(server: HostileServer, passing: FakeTime) -> None:
    one = client(server, passing)
    one.get("/ok")

    one.close()

    assert one.get("/ok").data == {"ok": True}
    assert server.connections == 2


class Renewing:
    """A login whose tokens are good for so many seconds."""

    def __init__(self, good_s: float) -> None:
        self.good_s = good_s
        self.issued = 0

    def token(self, client: HttpClient) -> tuple[str, float]:
        self.issued += 1
        return f"{TOKEN}-{self.issued}", self.good_s


def test_a_login_is_asked_once_while_its_token_is_good(server: HostileServer, passing: FakeTime) -> None:
    login = Renewing(3_600)
    one = client(server, passing, bearer=None, login=login)

    for _ in range(3):
        one.get("/ok")

    assert login.issued == 1
    assert one.token() == f"{TOKEN}-1"
    assert f"Authorization: Bearer {TOKEN}-1" in server.seen[-1]


def test_a_token_is_renewed_before_it_ends(server: HostileServer, passing: FakeTime) -> None:
    login = Renewing(3_600)
    one = client(server, passing, bearer=None, login=login)
    one.get("/ok")

    passing.now += 3_100
    one.get("/ok")

    assert login.issued == 2
    assert f"Authorization: Bearer {TOKEN}-2" in server.seen[-1]


def test_basic_authorization_is_sent_as_it_is_and_known_to_the_redactor(
    server: HostileServer, passing: FakeTime
) -> None:
    secret = Authorization("env", "HOSTILE_TOKEN", "dana")

    client(server, passing, bearer=secret).get("/ok")

    sent = base64.b64encode(f"dana:{TOKEN}".encode()).decode()
    assert f"Authorization: Basic {sent}" in server.seen[0]
    assert redact(f"x {sent} y") == "x [redacted] y"
    assert TOKEN not in repr(secret)


def test_a_limit_that_the_vendor_calls_forbidden_is_waited_for(
    server: HostileServer, passing: FakeTime
) -> None:
    one = client(
        server, passing, error_map=lambda status, body: RateLimited("slow down") if status == 404 else None
    )

    with pytest.raises(RateLimited):
        one.get("/404")

    assert len(server.seen) == 3
    assert len(passing.slept) == 2


@pytest.mark.parametrize("address", ["http://api.example.org/v1", "http://10.0.0.7"])
def test_a_credential_never_travels_in_the_clear(address: str) -> None:
    with pytest.raises(ConfigError, match="in the clear"):
        HttpSettings(base_url=address, bearer=SecretRef("env", "KEY"))

    assert HttpSettings(base_url="http://127.0.0.1:8080", bearer=SecretRef("env", "KEY")).base_url
    assert HttpSettings(base_url=address).base_url == address
