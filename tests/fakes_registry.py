"""A registry on 127.0.0.1: the reading half of the OCI distribution protocol, with its log-in."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import quote

from discovery.demo.httpd import LoopbackServer, Request, Response, json_response
from tests.image_samples import INDEX, MANIFEST, Built, digest

TOKEN = "token-4f1c9e52d7"


@dataclass(slots=True, kw_only=True)
class Struck:
    """Answer requests whose path holds ``path`` with ``status``, so many times."""

    path: str
    status: int
    times: int = 1_000_000
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Held:
    """A repository: manifests by tag."""

    tags: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)


class RegistryFake(LoopbackServer):
    """Serve repositories; ``login`` is ``none``, ``basic`` or ``bearer`` (by ``/token``).

    ``realm`` replaces the address that a challenge names, ``moved`` the place that blobs are led to.
    """

    def __init__(self, *, login: str = "bearer", user: str = "robot", password: str = "") -> None:
        super().__init__()
        self.repositories: dict[str, Held] = {}
        self.login = login
        self.user, self.password = user, password
        self.realm = ""
        self.moved = ""
        self.struck: list[Struck] = []
        self.page = 1_000

    @property
    def host(self) -> str:
        return self.base_url.removeprefix("http://")

    def push(self, repository: str, tag: str, built: Built) -> None:
        """Keep an image under a tag."""
        held = self.repositories.setdefault(repository, Held())
        held.tags[tag] = built.manifest
        held.manifests[built.digest] = built.manifest
        held.blobs |= built.blobs

    def push_index(self, repository: str, tag: str, content: bytes, *images: Built) -> None:
        """Keep an index under a tag, with its images."""
        held = self.repositories.setdefault(repository, Held())
        for built in images:
            held.manifests[built.digest] = built.manifest
            held.blobs |= built.blobs
        held.tags[tag] = content
        held.manifests[digest(content)] = content

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        for one in self.struck:
            if one.path in request.path and one.times > 0:
                one.times -= 1
                return Response(status=one.status, headers=dict(one.headers))
        if request.method != "GET":
            return Response(status=405)
        if request.path == "/token":
            return self._token(request)
        if request.path.startswith("/cdn/"):
            return self._cdn(request)
        return self._unknown(request) or self._asked(request)

    def _token(self, request: Request) -> Response:
        if self.password and request.headers.get("authorization") != self._basic():
            return json_response(401, {"errors": [{"code": "UNAUTHORIZED", "message": "wrong password"}]})
        return json_response(200, {"token": f"{TOKEN}-{quote(request.one('scope') or '', safe='')}"})

    def _basic(self) -> str:
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()

    def _unknown(self, request: Request) -> Response | None:
        """Ask who it is; ``None`` when that is known."""
        sent = request.headers.get("authorization", "")
        if self.login == "none" or (self.login == "basic" and sent == self._basic()):
            return None
        if self.login == "basic":
            return Response(status=401, headers={"WWW-Authenticate": 'Basic realm="registry"'})
        name = request.path.removeprefix("/v2/").rpartition("/")[0].rpartition("/")[0]
        scope = "registry:catalog:*" if request.path == "/v2/_catalog" else f"repository:{name}:pull"
        if sent == f"Bearer {TOKEN}-{quote(scope, safe='')}":
            return None
        realm = self.realm or f"{self.base_url}/token"
        asked = f'Bearer realm="{realm}",service="registry.example.org",scope="repository:*:push,pull"'
        return Response(status=401, headers={"WWW-Authenticate": asked})

    def _cdn(self, request: Request) -> Response:
        if "authorization" in request.headers:
            return Response(status=400)
        wanted = request.path.rpartition("/")[2]
        for held in self.repositories.values():
            if wanted in held.blobs:
                return Response(body=held.blobs[wanted])
        return Response(status=404)

    def _asked(self, request: Request) -> Response:
        if request.path == "/v2/_catalog":
            return self._listed(request, "repositories", sorted(self.repositories))
        name, _, last = request.path.removeprefix("/v2/").rpartition("/")
        name, _, what = name.rpartition("/")
        held = self.repositories.get(name)
        if held is None:
            return json_response(404, {"errors": [{"code": "NAME_UNKNOWN", "message": "no such repository"}]})
        if (what, last) == ("tags", "list"):
            return self._listed(request, "tags", sorted(held.tags), name)
        if what == "manifests":
            data = held.tags.get(last) or held.manifests.get(last)
            if data is None:
                return json_response(404, {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "unknown"}]})
            kind = INDEX if b'"manifests"' in data else MANIFEST
            return Response(body=data, headers={"Content-Type": kind, "Docker-Content-Digest": digest(data)})
        if what == "blobs" and last in held.blobs:
            if self.moved:
                return Response(status=307, headers={"Location": f"{self.moved}/cdn/{last}"})
            return Response(body=held.blobs[last])
        return json_response(404, {"errors": [{"code": "BLOB_UNKNOWN", "message": "unknown"}]})

    def _listed(self, request: Request, key: str, names: list[str], name: str = "") -> Response:
        after = request.one("last") or ""
        size = min(self.page, int(request.one("n") or 1_000))
        left = [one for one in names if one > after]
        headers = {}
        if len(left) > size:
            headers["Link"] = f'<{request.path}?last={left[size - 1]}&n={size}>; rel="next"'
        return json_response(200, {"name": name, key: left[:size]}, headers)
