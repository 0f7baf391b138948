"""Read git repositories that somebody else wrote, without running anything of them.

Objects are read by plumbing (``ls-tree``, ``cat-file``) in a private, empty repository of ours that only
borrows the object folder: no configuration, hook, attribute, replacement or promisor of the repository can
take effect, because git never sees them. Names and remotes come from plain reading of its small files
(:mod:`connectors.clients.git_folder`).

**Source:** what git 2.39 does with planted settings was tried, and is pinned by the tests. Of the settings
named here, ``GIT_NO_LAZY_FETCH`` is known only to newer releases; older ones are kept from fetching by the
private repository, which has no remote.
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

from connectors.errors import BadResponse, ConfigError
from connectors.secrets import redact

SAFE = (
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
        "ALL_PROXY",
        "all_proxy",
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


def temporary_folder(purpose: str) -> Path:
    """Make a private folder that the caller removes; raises ``ConfigError`` where none can be made."""
    try:
        return Path(tempfile.mkdtemp(prefix=f"aicensus-{purpose}-"))
    except OSError as error:
        raise ConfigError(
            f"there is no folder for temporary files: {error.strerror}",
            hint="Name one that can be written in TMPDIR.",
        ) from error


class GitReader:
    """Read trees and blobs of one object folder; close it to remove the private repository."""

    def __init__(
        self, objects: Path, *, object_format: str = "sha1", timeout_s: float = READ_TIMEOUT_S
    ) -> None:
        self._private = temporary_folder("git")
        self._timeout_s = timeout_s
        make_private_repository(self._private, object_format)
        self._env = git_environment(self._private) | {"GIT_OBJECT_DIRECTORY": str(objects)}
        self.where = str(objects.parent)

    def __enter__(self) -> GitReader:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def private(self) -> Path:
        """Return the folder of the private repository."""
        return self._private

    def answer(self, *arguments: str) -> bytes:
        """Return all that a plumbing command prints; raises ``BadResponse`` when it fails."""
        with self._run(*arguments) as output:
            return output.read()

    def records(self, object_ids: Sequence[str], *arguments: str) -> Iterator[bytes]:
        """Yield what a plumbing command prints, ended by NUL, about the objects given on its input."""
        with self._run(*arguments, feed=object_ids) as output:
            yield from _split(output, b"\0")

    def close(self) -> None:
        """Remove the private repository."""
        shutil.rmtree(self._private, ignore_errors=True)

    def tree(self, commit: str) -> Iterator[TreeEntry]:
        """Yield all entries of a commit's tree in git's order; submodules have mode ``160000``."""
        with self._run("ls-tree", "-r", "-z", "--full-tree", checked(commit)) as output:
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

    def head(self, object_id: str, size: int) -> bytes:
        """Return the first ``size`` bytes of a blob; the rest is not read. Raises ``BadResponse``."""
        data = b""
        try:
            with self._run("cat-file", "blob", checked(object_id)) as output:
                data = output.read(size)
                raise _EnoughError
        except _EnoughError:
            return data

    @contextmanager
    def _run(self, *arguments: str, feed: Sequence[str] | None = None) -> Iterator[IO[bytes]]:
        process = subprocess.Popen(
            ["git", *SAFE, *arguments],
            env=self._env,
            stdin=subprocess.PIPE if feed is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._private,
            start_new_session=True,
        )
        watch = threading.Timer(self._timeout_s, kill_group, [process])
        watch.start()
        feeder = _feed(process, feed)
        complete = False
        assert process.stdout is not None
        try:
            yield process.stdout
            complete = True
        finally:
            if not complete:  # the reader stopped early: git must not wait for it
                kill_group(process)
            _finish(process, feeder, watch)
            if not complete and process.stderr is not None:
                process.stderr.close()
        if process.returncode:
            raise BadResponse(
                f"git {arguments[0]} failed: {_last_words(process)}",
                where=self.where,
                hint="The repository may be damaged; try `git fsck` in it.",
            )


class _EnoughError(Exception):
    """Ends the reading of an object before its end."""


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


def checked(object_id: str) -> str:
    """Return an object id that is one; raises ``BadResponse`` for anything that git could take otherwise."""
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
                    pipe.write(checked(line).encode() + b"\n")
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


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and what it started."""
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
