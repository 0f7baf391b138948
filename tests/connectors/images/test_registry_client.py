"""A registry is asked for what is declared, logged in to, paged and believed only as far as digests go."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from connectors.clients.network import NetworkSettings
from connectors.errors import (
    Absent,
    AuthError,
    BadResponse,
    ConfigError,
    ConnectorError,
    Incomplete,
    PermissionDenied,
    RateLimited,
    Unavailable,
)
from connectors.images.options import ImagesOptions
from connectors.images.registry_client import OPERATIONS, RegistryClient
from connectors.images.streams import LayerError
from connectors.secrets import SecretRef
from discovery.demo.httpd import Request, Response, json_response
from tests.fakes_registry import RegistryFake, Struck
from tests.image_samples import dist_info, image

BUILT = image(dict([dist_info("openai")]))
HOST = "registry.example.org"
PASSWORD = "pass-9d1f60"


@pytest.fixture
def fake() -> Iterator[RegistryFake]:
    served = RegistryFake()
    served.push("team/app", "1", BUILT)
    with served:
        yield served


def _client(fake: RegistryFake, **options: object) -> RegistryClient:
    chosen = ImagesOptions.model_validate({"mirrors": {HOST: fake.base_url}, **options})
    return RegistryClient(HOST, chosen, NetworkSettings(max_attempts=3, max_wait_s=5))


def _with_password(fake: RegistryFake, monkeypatch: pytest.MonkeyPatch) -> RegistryClient:
    fake.password = PASSWORD
    monkeypatch.setenv("REGISTRY_PASSWORD", PASSWORD)
    secret = SecretRef("env", "REGISTRY_PASSWORD")
    return _client(fake, usernames={HOST: "robot"}, credentials={HOST: secret})


def _blob(client: RegistryClient, digest: str) -> bytes:
    with client.blob("team/app", digest) as stream:
        data = b""
        while piece := stream.read(7):
            data += piece
    return data


def test_manifests_configurations_and_layers_are_read(fake: RegistryFake) -> None:
    client = _client(fake)

    assert client.manifest("team/app", "1") == (BUILT.digest, BUILT.manifest)
    assert client.manifest("team/app", BUILT.digest)[1] == BUILT.manifest
    assert client.config("team/app", _digest(BUILT.config)) == BUILT.config
    assert _blob(client, _digest(BUILT.layers[0])) == BUILT.layers[0]


def test_a_token_is_asked_for_once_and_only_for_what_is_read(fake: RegistryFake) -> None:
    client = _client(fake)

    client.manifest("team/app", "1")
    client.config("team/app", _digest(BUILT.config))

    tokens = [one for one in fake.requests if one.path == "/token"]
    assert [(one.one("scope"), one.one("service")) for one in tokens] == [
        ("repository:team/app:pull", "registry.example.org")
    ]


@pytest.mark.parametrize("login", ["bearer", "basic"])
def test_the_credential_opens_the_registry(
    login: str, fake: RegistryFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.login = login

    assert _with_password(fake, monkeypatch).manifest("team/app", "1")[0] == BUILT.digest


@pytest.mark.parametrize("login", ["bearer", "basic"])
def test_a_wrong_credential_is_said_to_be_wrong(
    login: str, fake: RegistryFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = _with_password(fake, monkeypatch)
    fake.login, fake.password = login, "another"

    with pytest.raises(AuthError, match="REGISTRY_PASSWORD") as error:
        client.manifest("team/app", "1")

    assert PASSWORD not in str(error.value)


def test_a_token_that_has_expired_is_fetched_again(fake: RegistryFake) -> None:
    client = _client(fake)
    client.manifest("team/app", "1")
    fake.struck.append(
        Struck(path="/manifests/", status=401, times=1, headers=_challenge(f"{fake.base_url}/token"))
    )

    assert client.manifest("team/app", "1")[0] == BUILT.digest


@pytest.mark.parametrize(
    "realm",
    [
        "https://evil.example.org/token",
        "http://169.254.169.254/latest/meta-data",
        "https://user@auth.docker.io/token",
        "file:///etc/passwd",
        "//x",
        "",
    ],
)
def test_a_token_is_never_fetched_from_a_host_that_is_not_declared(
    realm: str, fake: RegistryFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = _with_password(fake, monkeypatch)
    fake.realm = realm or "x"

    with pytest.raises(AuthError, match="not declared"):
        client.manifest("team/app", "1")

    assert {one.path for one in fake.requests} == {"/v2/team/app/manifests/1"}
    assert all("authorization" not in one.headers for one in fake.requests)


def test_layers_are_followed_to_declared_hosts_without_the_credential(
    fake: RegistryFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = _with_password(fake, monkeypatch)
    fake.moved = fake.base_url

    assert _blob(client, _digest(BUILT.layers[0])) == BUILT.layers[0]
    assert [one.headers.get("authorization") for one in fake.requests if one.path.startswith("/cdn/")] == [
        None
    ]


@pytest.mark.parametrize(
    "place", ["https://evil.example.org", "http://169.254.169.254", "ftp://x", "http://registry.example.org"]
)
def test_layers_are_not_followed_elsewhere(place: str, fake: RegistryFake) -> None:
    fake.moved = place

    with pytest.raises(BadResponse, match="not followed"):
        _blob(_client(fake), _digest(BUILT.layers[0]))


def test_a_chain_of_redirects_ends(fake: RegistryFake) -> None:
    fake.struck.append(Struck(path="/cdn/", status=302, headers={"Location": "/cdn/again"}))
    fake.moved = fake.base_url

    with pytest.raises(BadResponse, match="redirects"):
        _blob(_client(fake), _digest(BUILT.layers[0]))


def test_manifests_are_not_followed_at_all(fake: RegistryFake) -> None:
    fake.struck.append(Struck(path="/manifests/", status=302, headers={"Location": "/elsewhere"}))

    with pytest.raises(BadResponse, match="302"):
        _client(fake).manifest("team/app", "1")


def test_a_manifest_that_is_another_one_is_refused(fake: RegistryFake) -> None:
    other = image({"a": "b"})
    fake.repositories["team/app"].manifests[BUILT.digest] = other.manifest

    with pytest.raises(BadResponse, match="not what it is kept as"):
        _client(fake).manifest("team/app", BUILT.digest)


def test_a_configuration_that_is_another_one_is_refused(fake: RegistryFake) -> None:
    fake.repositories["team/app"].blobs[_digest(BUILT.config)] = b"{}"

    with pytest.raises(BadResponse, match="not what it is kept as"):
        _client(fake).config("team/app", _digest(BUILT.config))


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, PermissionDenied), (429, RateLimited), (503, Unavailable), (404, BadResponse), (418, BadResponse)],
)
@pytest.mark.parametrize("path", ["/manifests/", "/blobs/"])
def test_refusals_are_told_apart(
    status: int, kind: type[ConnectorError], path: str, fake: RegistryFake
) -> None:
    fake.struck.append(Struck(path=path, status=status, headers={"Retry-After": "0"}))
    client = _client(fake)

    with pytest.raises(kind):
        client.manifest("team/app", "1") if path == "/manifests/" else _blob(client, BUILT.digest)


def test_only_the_registrys_own_word_means_that_a_thing_is_not_there(fake: RegistryFake) -> None:
    with pytest.raises(Absent):
        _client(fake).manifest("team/app", "no-such-tag")


@pytest.mark.parametrize("path", ["/manifests/", "/blobs/"])
def test_being_told_to_wait_loses_nothing(path: str, fake: RegistryFake) -> None:
    fake.struck.append(Struck(path=path, status=429, times=2, headers={"Retry-After": "0"}))
    client = _client(fake)

    assert client.manifest("team/app", "1")[0] == BUILT.digest
    assert _blob(client, _digest(BUILT.layers[0])) == BUILT.layers[0]


def test_a_connection_that_breaks_is_an_error_of_the_layer() -> None:
    class Cutting(RegistryFake):
        def handle(self, request: Request) -> Response:
            answer = super().handle(request)
            if "/blobs/" in request.path and answer.status == 200:
                answer.cut_after = len(answer.body) // 2
            return answer

    with Cutting() as fake:
        fake.push("team/app", "1", BUILT)

        with pytest.raises(LayerError, match="read to its end"):
            _blob(_client(fake), _digest(BUILT.layers[0]))


def test_tags_and_repositories_are_read_over_pages(fake: RegistryFake) -> None:
    for number in range(7):
        fake.push("team/app", f"v{number}", BUILT)
        fake.push(f"team/other{number}", "1", BUILT)
    fake.page = 3
    client = _client(fake)

    assert list(client.tags("team/app")) == ["1", *(f"v{number}" for number in range(7))]
    assert len(list(client.repositories())) == 8
    assert sum(one.path.endswith("/tags/list") for one in fake.requests) >= 3


def test_a_listing_in_a_circle_is_incomplete() -> None:
    class Circling(RegistryFake):
        def _listed(self, request: Request, key: str, names: list[str], name: str = "") -> Response:
            link = {"Link": f'<{request.path}?last=a>; rel="next"'}
            return json_response(200, {key: [f"t{len(self.requests)}"]}, link)

    with Circling() as fake:
        fake.push("team/app", "1", BUILT)

        with pytest.raises(Incomplete):
            list(_client(fake).tags("team/app"))


@pytest.mark.parametrize("link", ["https://evil.example.org/v2/team/app/tags/list", "/v2/_catalog", "/token"])
def test_a_next_page_elsewhere_is_not_followed(link: str) -> None:
    class Leading(RegistryFake):
        def _listed(self, request: Request, key: str, names: list[str], name: str = "") -> Response:
            return json_response(200, {key: ["a"]}, {"Link": f'<{link}>; rel="next"'})

    with Leading() as fake:
        fake.push("team/app", "1", BUILT)

        with pytest.raises(BadResponse, match="not followed"):
            list(_client(fake).tags("team/app"))


def test_a_listing_without_names_is_empty_and_one_of_the_wrong_shape_refused() -> None:
    class Odd(RegistryFake):
        names: object = None

        def _listed(self, request: Request, key: str, names: list[str], name: str = "") -> Response:
            return json_response(200, {key: self.names})

    with Odd() as fake:
        fake.push("team/app", "1", BUILT)
        client = _client(fake)

        assert list(client.tags("team/app")) == []
        fake.names = "abc"
        with pytest.raises(BadResponse, match="no list"):
            list(client.tags("team/app"))


@pytest.mark.parametrize(
    "url",
    ["mirror.example.org", "https://mirror.example.org/path", "https://u:p@mirror.example.org", "ftp://x"],
)
def test_a_mirror_is_a_scheme_and_a_host(url: str) -> None:
    with pytest.raises(ConfigError, match="mirrors"):
        RegistryClient(HOST, ImagesOptions(mirrors={HOST: url}), NetworkSettings())


def test_only_reading_operations_are_declared() -> None:
    assert {one.method for one in OPERATIONS} == {"GET"}


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _challenge(realm: str) -> dict[str, str]:
    return {"WWW-Authenticate": f'Bearer realm="{realm}",service="x"'}
