"""Read git repositories that somebody else wrote, without running anything of them.

Objects are read by plumbing (``ls-tree``, ``cat-file``) in a private, empty repository of ours that only
borrows the object folder: no configuration, hook, attribute, replacement or promisor of the repository can
take effect, because git never sees them. Names and remotes come from plain reading of its small files
(:mod:`connectors.clients.git_folder`).

**Source:** git-ls-tree, git-cat-file, git-fetch and git environment variables, read 2026-11-22.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from connectors.errors import BadResponse, ConfigError, Unavailable
from connectors.secrets import redact

_SAFE = (
    *("-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null", "-c", "diff.external="),
    *("-c", "core.sshCommand=", "-c", "credential.helper=", "-c", "core.askPass="),
    *("-c", "safe.bareRepository=explicit", "-c", "gc.auto=0", "-c", "maintenance.auto=false"),
    *("-c", "submodule.recurse=false", "-c", "core.alternateRefsCommand="),
)
_OBJECT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
READ_TIMEOUT_S = 900.0


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of a tree: ``mode`` as git writes it, the object's id, the path's bytes."""

    mode: str
    object_id: str
    path: bytes


def git_environment(git_dir: Path, *, protocols: str = "") -> dict[str, str]:
    """Return the whole environment of a git process: nothing of the user's configuration, no prompt.

    ``protocols`` are the transports allowed, joined by ``:``; empty allows none, so that a missing object
    can never be fetched behind our back.
    """
    kept = (
        "PATH",
        "TMPDIR",
        "SSH_AUTH_SOCK",
        "HTTPS_PROXY",
        "https_proxy",
        "NO_PROXY",
        "no_proxy",
        "SSL_CERT_FILE",
    )
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    return environment | {
        "GIT_DIR": str(git_dir),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "LC_ALL": "C",
    }


class GitReader:
    """Read trees and blobs of one object folder; close it to remove the private repository."""

    def __init__(
        self, objects: Path, *, object_format: str = "sha1", timeout_s: float = READ_TIMEOUT_S
    ) -> None:
        self._private = Path(tempfile.mkdtemp(prefix="aicensus-git-"))
        self._timeout_s = timeout_s
        make_private_repository(self._private, object_format)
        self._env = git_environment(self._private) | {"GIT_OBJECT_DIRECTORY": str(objects)}
        self.where = str(objects.parent)

    def __enter__(self) -> GitReader:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the private repository."""
        shutil.rmtree(self._private, ignore_errors=True)

    def tree(self, commit: str) -> Iterator[TreeEntry]:
        """Yield all entries of a commit's tree in git's order; submodules have mode ``160000``."""
        with self._run("ls-tree", "-r", "-z", "--full-tree", _checked(commit)) as output:
            for line in _split(output, b"\0"):
                head, _, path = line.partition(b"\t")
                mode, _, object_id = head.decode("ascii", "replace").split(" ", 2)
                yield TreeEntry(mode, object_id, path)

    def sizes(self, object_ids: Sequence[str]) -> dict[str, int]:
        """Return the sizes (bytes) of the objects that are there."""
        found: dict[str, int] = {}
        with self._run("cat-file", "--batch-check", "--buffer", feed=object_ids) as output:
            for line in _split(output, b"\n"):
                words = line.decode("ascii", "replace").split()
                if len(words) == 3 and words[1] == "blob":
                    found[words[0]] = int(words[2])
        return found

    def blobs(self, object_ids: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        """Yield the bytes of blobs in the order asked for; those that are missing are left out."""
        with self._run("cat-file", "--batch", "--buffer", feed=object_ids) as output:
            while line := output.readline():
                words = line.decode("ascii", "replace").split()
                if len(words) != 3:
                    continue
                data = output.read(int(words[2]) + 1)[:-1]
                if words[1] == "blob":
                    yield words[0], data

    @contextmanager
    def _run(self, *arguments: str, feed: Sequence[str] | None = None) -> Iterator[IO[bytes]]:
        process = subprocess.Popen(
            ["git", *_SAFE, *arguments],
            env=self._env,
            stdin=subprocess.PIPE if feed is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._private,
            start_new_session=True,
        )
        watch = threading.Timer(self._timeout_s, _kill, [process])
        watch.start()
        feeder = _feed(process, feed)
        complete = False
        assert process.stdout is not None
        try:
            yield process.stdout
            complete = True
        finally:
            if not complete:  # the reader stopped early: git must not wait for it
                _kill(process)
            _finish(process, feeder, watch)
        if process.returncode:
            raise BadResponse(
                f"git {arguments[0]} failed: {_last_words(process)}",
                where=self.where,
                hint="The repository may be damaged; try `git fsck` in it.",
            )


def make_private_repository(folder: Path, object_format: str = "sha1") -> None:
    """Write an empty repository by hand, so that no template or default of this machine enters it."""
    if object_format not in ("sha1", "sha256"):
        raise BadResponse(f"unknown git object format {object_format!r}", where=str(folder))
    for name in ("objects", "refs"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "HEAD").write_text("ref: refs/heads/none\n")
    extension = "" if object_format == "sha1" else "[extensions]\n\tobjectFormat = sha256\n"
    version = 0 if object_format == "sha1" else 1
    (folder / "config").write_text(
        f"[core]\n\trepositoryformatversion = {version}\n\tbare = true\n{extension}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """How long a fetch may take (seconds) and how much it may bring (bytes)."""

    timeout_s: float = 600.0
    size_bytes: int = 2_000_000_000
    blob_bytes: int = 16_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a fetch brought: a bare repository in ``folder``, one commit, and the names of the branches."""

    folder: Path
    commit: str
    branch: str
    default_branch: str


def fetch(
    url: str,
    folder: Path,
    *,
    ref: str = "",
    authorization: str = "",
    limits: FetchLimits,
    protocols: tuple[str, ...] = ("https", "ssh"),
) -> Fetched:
    """Bring the newest commit of ``ref`` (empty: the default branch) into an empty ``folder``, bare.

    One commit deep, without blobs over ``limits.blob_bytes``. ``authorization`` is the value of an HTTP
    header; it travels in the environment, never on a command line. Raises ``ConfigError`` for a URL or ref
    that is not allowed, ``Unavailable`` when the host does not answer in time or refuses.
    """
    check_url(url, protocols)
    if ref.startswith("-") or ".." in ref or not re.fullmatch(r"[\w./@+-]*", ref):
        raise ConfigError(f"not the name of a branch or tag: {ref!r}")
    make_private_repository(folder)
    env = git_environment(folder, protocols=":".join(protocols)) | _authorization(url, authorization)
    if "ssh" in protocols:
        env |= {"HOME": os.environ.get("HOME", ""), "GIT_SSH_COMMAND": "ssh -o BatchMode=yes"}
    listing = _run_limited(["ls-remote", "--symref", "--", url, "HEAD"], env, folder, limits)
    named = re.search(r"^ref: refs/heads/(\S+)\tHEAD$", listing, re.M)
    default = named.group(1) if named else "HEAD"
    wanted = ref or default
    _run_limited(
        [
            *(
                "fetch",
                "--depth=1",
                "--no-tags",
                "--no-recurse-submodules",
                "--no-write-fetch-head",
                "--quiet",
            ),
            *(f"--filter=blob:limit={limits.blob_bytes}", "--", url, f"+{wanted}:refs/aicensus/head"),
        ],
        env,
        folder,
        limits,
    )
    # The fetch notes its URL as a promisor of missing blobs; from here on nothing may be fetched again.
    make_private_repository(folder)
    commit = (folder / "refs" / "aicensus" / "head").read_text().strip()
    return Fetched(folder=folder, commit=_checked(commit), branch=wanted, default_branch=default)


def check_url(url: str, protocols: tuple[str, ...] = ("https", "ssh")) -> None:
    """Refuse what git could take for an option, a helper program, or a URL with a password in it."""
    if url.startswith("-") or any(ord(char) < 33 for char in url):
        raise ConfigError(
            f"not a git URL: {redact(url)!r}", hint="It must not begin with '-' or hold spaces."
        )
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "ssh", url
    if scheme not in protocols or "::" in url.split("/")[0]:
        raise ConfigError(
            f"git URLs of this kind are not read: {redact(url)!r}", hint=f"Use one of {', '.join(protocols)}."
        )
    authority = rest.split("/")[0] if separator else rest.split(":")[0]
    user, at, host = authority.rpartition("@")
    if host.startswith("-") or user.startswith("-") or (scheme != "file" and not host):
        raise ConfigError(f"not a git URL: {redact(url)!r}", hint="The host is missing or begins with '-'.")
    if at and (":" in user or scheme == "https"):
        raise ConfigError(
            f"the git URL for {host!r} holds a credential",
            hint='Give it by reference instead: credentials = { "HOST" = { env = "NAME" } }.',
        )


def _authorization(url: str, header: str) -> dict[str, str]:
    if not header:
        return {}
    origin = "/".join(url.split("/", 3)[:3])
    return {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"http.{origin}/.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: {header}",
        "GIT_CONFIG_KEY_1": "http.followRedirects",
        "GIT_CONFIG_VALUE_1": "false",
    }


def _run_limited(arguments: list[str], env: dict[str, str], folder: Path, limits: FetchLimits) -> str:
    """Run git and watch its time and the size of ``folder``; returns its output."""
    process = subprocess.Popen(
        ["git", *_SAFE[:-4], *arguments],
        env=env,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    waited = 0.0
    while True:
        try:
            output, errors = process.communicate(timeout=0.5)
            break
        except subprocess.TimeoutExpired:
            waited += 0.5
        if waited > limits.timeout_s or _size(folder) > limits.size_bytes:
            _kill(process)
            process.communicate()
            what = "takes too long" if waited > limits.timeout_s else "is too large"
            raise Unavailable(
                f"fetching the repository {what}", hint="Raise the limit or scan a local clone."
            )
    if process.returncode:
        words = redact(
            errors.decode("utf-8", "replace").strip().splitlines()[-1][:200] if errors.strip() else ""
        )
        raise Unavailable(
            f"git {arguments[0]} failed: {words}", hint="Check the URL, the network and the credential."
        )
    return output.decode("utf-8", "replace")


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except OSError:
                continue  # git renames its temporary packs while we look
    return total


def _checked(object_id: str) -> str:
    if not _OBJECT_ID.fullmatch(object_id):
        raise BadResponse(f"not a git object id: {object_id[:80]!r}")
    return object_id


def _feed(process: subprocess.Popen[bytes], lines: Iterable[str] | None) -> threading.Thread | None:
    """Write the wanted ids from a thread of its own: git may answer before it has read them all."""
    if lines is None:
        return None

    def write() -> None:
        assert process.stdin is not None
        try:
            with process.stdin as pipe:
                for line in lines:
                    pipe.write(_checked(line).encode() + b"\n")
        except BrokenPipeError:
            return

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


def _finish(
    process: subprocess.Popen[bytes], feeder: threading.Thread | None, watch: threading.Timer
) -> None:
    assert process.stdout is not None
    process.stdout.close()
    if feeder is not None:
        feeder.join()
    process.wait()
    watch.cancel()
    if process.returncode == 0 and process.stderr is not None:
        process.stderr.close()


def _last_words(process: subprocess.Popen[bytes]) -> str:
    assert process.stderr is not None
    with process.stderr as pipe:
        text = pipe.read(4096).decode("utf-8", "replace").strip()
    return redact(text.splitlines()[-1][:200]) if text else f"exit code {process.returncode}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _split(stream: IO[bytes], separator: bytes) -> Iterator[bytes]:
    rest = b""
    while chunk := stream.read(65536):
        *lines, rest = (rest + chunk).split(separator)
        yield from lines
    if rest:
        yield rest
