"""What the stand-ins for hosts of repositories have in common: real repositories served by git, and faults.

A stand-in keeps its repositories on disk, below ``root`` as ``owner/name.git``, serves them to git by
``git http-backend`` behind the host's own login, and answers its API in :meth:`ForgeFake.answer`.
"""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from discovery.demo.httpd import LoopbackServer, Request, Response, json_response
from tests.code_samples import commit, git, write

TOKEN = "canary-6b1f0d-forge-token"


class Change(NamedTuple):
    """A commit: its author, and when as a date with its zone and in seconds since 1970."""

    sha: str
    name: str
    mail: str
    date: str
    seconds: str


@dataclass(slots=True, kw_only=True)
class Hosted:
    """One repository of a stand-in; ``flags`` are words such as ``archived`` or ``fork``."""

    number: int
    name: str
    folder: Path
    flags: set[str] = field(default_factory=set)
    visibility: str = "private"
    parent: str = "other/origin"
    """What a fork was made from; ``personal`` among the flags says that a person has the place."""
    told: dict[tuple[str, str, int], list[Change]] = field(default_factory=dict)
    """Changes by commit, file and how many: they stay what they are."""

    @property
    def id(self) -> str:
        """Return an id as opaque as a host's."""
        return f"R_{base64.urlsafe_b64encode(hashlib.sha1(str(self.number).encode()).digest())[:10].decode()}"

    @property
    def default_branch(self) -> str:
        """Return the checked-out branch, empty while there is no commit."""
        named = (self.folder / ".git" / "HEAD").read_text().strip().removeprefix("ref: refs/heads/")
        return named if self.branches else ""

    @property
    def branches(self) -> dict[str, str]:
        """Return all branches with their commits."""
        kept = self.folder / ".git"
        if not (kept / "packed-refs").exists():
            root = kept / "refs" / "heads"
            found = {
                path.relative_to(root).as_posix(): path.read_text().strip()
                for path in sorted(root.rglob("*"))
                if path.is_file() and path.suffix != ".lock"
            }
            if all(len(commit) == 40 for commit in found.values()):
                return found
        lines = git(self.folder, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads")
        return dict(line.split(" ") for line in lines.splitlines())

    @property
    def head(self) -> str:
        """Return the default branch's commit."""
        named = (self.folder / ".git" / "HEAD").read_text().strip().removeprefix("ref: refs/heads/")
        return self.branches.get(named, "")

    def commit(self, files: Mapping[str, str | bytes]) -> str:
        """Commit files; return the commit."""
        return commit(self.folder, files)

    def entries(self, revision: str) -> list[dict[str, Any]]:
        """Return the files of a commit as most hosts describe them."""
        found = []
        for line in git(self.folder, "ls-tree", "-r", "-l", revision).splitlines():
            head, _, path = line.partition("\t")
            mode, kind, sha, size = head.split()
            entry = {"path": path, "mode": mode, "type": kind, "sha": sha}
            found.append(entry | ({"size": int(size)} if size != "-" else {}))
        return found

    def changes(self, revision: str, path: str, limit: int) -> list[Change]:
        """Return the newest commits that changed a file."""
        form = "--format=%H%x09%an%x09%ae%x09%aI%x09%at"
        asked = (self.branches.get(revision, revision), path, limit)
        if asked not in self.told:
            lines = git(self.folder, "log", form, f"-{limit}", revision, "--", path).splitlines()
            self.told[asked] = [Change(*line.split("\t")) for line in lines]
        return self.told[asked]

    def blob(self, sha: str) -> bytes:
        """Return a blob's bytes."""
        done = subprocess.run(
            ["git", "cat-file", "blob", sha], cwd=self.folder, check=True, capture_output=True
        )
        return done.stdout


@dataclass(slots=True, kw_only=True)
class Fault:
    """Misbehave on paths that match ``path``: ``action`` is a status, or a word that a stand-in knows."""

    path: str
    action: str
    times: int = -1
    skip: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None

    def strikes(self, path: str) -> bool:
        """Say whether to misbehave now, and count."""
        if not fnmatch.fnmatchcase(path, self.path) or self.times == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= self.times > 0
        return True


class ApiError(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status)
        self.response = json_response(status, body if body is not None else {"message": "no"}, headers)


class ForgeFake(LoopbackServer):
    """Serve one account of a host; ``faults`` and repositories may be changed at any time."""

    git_users: tuple[str, ...] = ()

    def __init__(self, root: Path, *, faults: Iterable[Fault] = ()) -> None:
        super().__init__()
        self.root = root
        self.token = TOKEN
        self.repositories: list[Hosted] = []
        self.faults = list(faults)
        self.page_tokens: dict[str, int] = {}

    def add(
        self,
        name: str,
        files: Mapping[str, str | bytes] | None = None,
        *flags: str,
        visibility: str = "private",
        number: int = 0,
    ) -> Hosted:
        """Make a repository; without files it holds no commit."""
        folder = self.root / f"{name}.git"
        folder.mkdir(parents=True)
        git(folder, "init", "-q", "-b", "main")
        with (folder / ".git" / "config").open("a") as settings:
            settings.write("[uploadpack]\n\tallowFilter = true\n")
        made = Hosted(
            number=number or 1000 + len(self.repositories),
            name=name,
            folder=folder,
            flags=set(flags),
            visibility=visibility,
        )
        self.repositories.append(made)
        if files is not None:
            made.commit(files)
        return made

    def named(self, name: str) -> Hosted:
        """Return a repository; raises :class:`ApiError` (404) when there is none of that name."""
        found = next((one for one in self.repositories if one.name == name), None)
        if found is None:
            raise ApiError(404)
        return found

    def handle(self, request: Request) -> Response:
        """Answer one request: git's own, or the API's."""
        struck = next((fault for fault in self.faults if fault.strikes(request.path)), None)
        try:
            if struck is not None and struck.action.isdigit():
                raise ApiError(int(struck.action), struck.body, struck.headers)
            if request.path.endswith(("/info/refs", "/git-upload-pack")):
                return self._git(request)
            return self.answer(request, struck)
        except ApiError as error:
            return error.response

    def answer(self, request: Request, struck: Fault | None) -> Response:
        """Answer a request to the API; raises :class:`ApiError`."""
        raise NotImplementedError

    def page(self, items: list[Any], start: int, limit: int) -> tuple[list[Any], int | None]:
        """Return a page and where the next one begins."""
        rest = start + limit
        return items[start:rest], rest if rest < len(items) else None

    def issue(self, start: int, struck: Fault | None) -> str:
        """Return an opaque cursor for a place; the same for ever under the fault ``repeat_cursor``."""
        again = struck is not None and struck.action == "repeat_cursor"
        token = "again" if again else f"cursor{len(self.page_tokens)}x{start}"
        self.page_tokens[token] = start
        return token

    def place(self, token: str) -> int:
        """Return the place of a cursor; one that was never issued is refused."""
        if token not in self.page_tokens:
            raise ApiError(400, {"message": "invalid cursor"})
        return self.page_tokens[token]

    def git_path(self, path: str) -> str:
        """Return the path below ``root`` that a path of git's means."""
        return path

    def _git(self, request: Request) -> Response:
        user, _, secret = basic_of(request).partition(":")
        if secret != self.token or (self.git_users and user not in self.git_users):
            raise ApiError(401, None, {"WWW-Authenticate": "Basic"})
        return served(self.root, request, self.git_path(request.path))


def basic_of(request: Request) -> str:
    """Return ``user:secret`` of Basic authorization, empty without."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme != "Basic":
        return ""
    try:
        return base64.b64decode(value).decode()
    except ValueError:
        return ""


def served(root: Path, request: Request, path: str) -> Response:
    """Answer git by ``git http-backend``."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": request.method,
        "PATH_INFO": path,
        "QUERY_STRING": request.raw_query,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
    }
    command = ["git", "-c", "safe.directory=*", "http-backend"]
    done = subprocess.run(command, env=environment, input=request.body, check=True, capture_output=True)
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    status = int(fields.pop("Status", "200").split()[0])
    return Response(status=status, body=content, headers=fields)


__all__ = [
    "TOKEN",
    "ApiError",
    "Fault",
    "ForgeFake",
    "Hosted",
    "basic_of",
    "json_response",
    "served",
    "write",
]
