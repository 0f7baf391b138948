"""Bring one commit of a git repository, or single blobs of it, into a private folder, over https or ssh.

Nothing of the user's git configuration takes part. What must not be seen (a token) or is about the network
travels in the environment, never on a command line.

**Source:** tried with git 2.39 against a server of our own (``git http-backend``); the tests pin it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from connectors import meter
from connectors.clients.git import (
    SAFE,
    checked,
    git_environment,
    kill_group,
    make_private_repository,
    temporary_folder,
)
from connectors.clients.network import LOOPBACK, NetworkSettings
from connectors.errors import ConfigError, Unavailable
from connectors.model import PartStatus
from connectors.secrets import redact

# What git adds to every failure of ssh; the line before it says what it was.
_SAYS_LITTLE = (
    "fatal: Could not read from remote repository",
    "Please make sure you have the correct access rights",
    "and the repository exists",
)
_REFUSED = re.compile(r"error: 40[134]\b|Authentication failed|could not read Username|not found", re.I)


# What git itself forbids in the name of a ref; a colon or a star would make another refspec of it.
_NO_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{")


class Refused(Unavailable):
    """The host does not let this credential read the repository (hosts say "not found" for that, too)."""

    status = PartStatus.DENIED


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
    default_branch: str = "",
    without_blobs: bool = False,
    authorization: str = "",
    limits: FetchLimits,
    protocols: tuple[str, ...] = ("https", "ssh"),
    network: NetworkSettings | None = None,
) -> Fetched:
    """Bring the newest commit of ``ref`` (empty: the default branch) into an empty ``folder``, bare.

    One commit deep, without blobs over ``limits.blob_bytes``; ``without_blobs`` brings only its trees, where
    the host can do so. A ``default_branch`` that is known already need not be asked for. ``authorization``
    is the value of an HTTP header; it travels in the environment, never on a command line. ``network`` gives
    the proxy and the CA file for https (the CA file replaces the system's trust, as for our other clients).
    Redirects are not followed. Raises ``ConfigError`` for a URL or ref that is not allowed, ``Unavailable``
    when the host does not answer in time, ``Refused`` when it does not let us in.
    """
    check_url(url, protocols)
    if ref.startswith("-") or _NO_REF.search(ref):
        raise ConfigError(f"not the name of a branch or tag: {ref!r}")
    make_private_repository(folder)
    env = _environment(url, folder, authorization, protocols, network)
    if not default_branch:
        default_branch, _ = _head(url, env, folder, limits)
    wanted = ref or default_branch
    blobs = "none" if without_blobs else f"limit={limits.blob_bytes}"
    _run_limited(
        [*_FETCH, "--depth=1", f"--filter=blob:{blobs}", "--", url, f"+{wanted}:refs/aicensus/head"],
        env,
        folder,
        limits,
    )
    # The fetch notes its URL as a promisor of missing blobs; from here on nothing may be fetched again.
    make_private_repository(folder)
    commit = (folder / "refs" / "aicensus" / "head").read_text().strip()
    return Fetched(folder=folder, commit=checked(commit), branch=wanted, default_branch=default_branch)


def remote_head(
    url: str,
    *,
    authorization: str = "",
    limits: FetchLimits,
    protocols: tuple[str, ...] = ("https", "ssh"),
    network: NetworkSettings | None = None,
) -> tuple[str, str]:
    """Ask for the default branch (``HEAD`` when it has no name) and its commit (empty: there is none yet).

    Arguments and errors are those of :func:`fetch`.
    """
    check_url(url, protocols)
    folder = temporary_folder("head")
    try:
        make_private_repository(folder)
        return _head(url, _environment(url, folder, authorization, protocols, network), folder, limits)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _head(url: str, env: dict[str, str], folder: Path, limits: FetchLimits) -> tuple[str, str]:
    listing = _run_limited(["ls-remote", "--symref", "--", url, "HEAD"], env, folder, limits)
    named = re.search(r"^ref: refs/heads/(\S+)\tHEAD$", listing, re.M)
    commit = re.search(r"^([0-9a-f]{40,64})\tHEAD$", listing, re.M)
    return named.group(1) if named else "HEAD", commit.group(1) if commit else ""


_FETCH = ("fetch", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--quiet")


def fetch_blobs(
    url: str,
    folder: Path,
    object_ids: Sequence[str],
    *,
    authorization: str = "",
    limits: FetchLimits,
    protocols: tuple[str, ...] = ("https", "ssh"),
    network: NetworkSettings | None = None,
) -> None:
    """Bring single blobs into ``folder``: an empty one, or one that :func:`fetch` has filled.

    Arguments and errors are those of :func:`fetch`. The host must let single objects be asked for, as those
    do that offer partial clones; git checks that the bytes have the id asked for.
    """
    check_url(url, protocols)
    wanted = "".join(f"{checked(one)}\n" for one in object_ids)
    make_private_repository(folder)
    # Without the word promisor git would look for what the blobs do not lead to.
    quoted = url.replace("\\", "\\\\").replace('"', '\\"')
    (folder / "config").write_text(
        "[core]\n\trepositoryformatversion = 1\n\tbare = true\n"
        f'[remote "{quoted}"]\n\tpromisor = true\n\tpartialclonefilter = blob:none\n'
    )
    env = _environment(url, folder, authorization, protocols, network)
    arguments = ["-c", "fetch.negotiationAlgorithm=noop", *_FETCH, "--filter=blob:none", "--stdin", "--", url]
    try:
        _run_limited(arguments, env, folder, limits, feed=wanted.encode())
    finally:
        make_private_repository(folder)


def _environment(
    url: str, folder: Path, authorization: str, protocols: tuple[str, ...], network: NetworkSettings | None
) -> dict[str, str]:
    env = git_environment(folder, protocols=":".join(protocols))
    env |= _http_settings(url, authorization, network or NetworkSettings())
    if "ssh" in protocols:
        env |= {"HOME": os.environ.get("HOME", ""), "GIT_SSH_COMMAND": "ssh -o BatchMode=yes"}
    return env


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
        instead = "Name the folder itself" if scheme == "file" else f"Use one of {', '.join(protocols)}"
        raise ConfigError(f"git URLs of this kind are not read: {redact(url)!r}", hint=f"{instead}.")
    authority = rest.split("/")[0] if separator else rest.split(":")[0]
    user, at, host = authority.rpartition("@")
    if host.startswith("-") or user.startswith("-") or (scheme != "file" and not host):
        raise ConfigError(f"not a git URL: {redact(url)!r}", hint="The host is missing or begins with '-'.")
    if "?" in rest or "#" in rest:
        raise ConfigError(
            f"the git URL for {host!r} holds a query, where tokens are",
            hint="Leave out what follows '?' or '#'.",
        )
    if at and (":" in user or scheme == "https"):
        raise ConfigError(
            f"the git URL for {host!r} holds a credential",
            hint='Give it by reference instead: credentials = { "HOST" = { env = "NAME" } }.',
        )


def _http_settings(url: str, authorization: str, network: NetworkSettings) -> dict[str, str]:
    """Return settings of https as environment variables, which other users of the machine cannot see."""
    settings = [
        ("http.followRedirects", "false"),
        ("http.lowSpeedLimit", "1"),
        ("http.lowSpeedTime", str(max(1, round(network.read_timeout_s)))),
    ]
    if network.proxy and urlsplit(url).hostname not in LOOPBACK:
        settings.append(("http.proxy", network.proxy))
    if network.ca_bundle:
        if not Path(network.ca_bundle).is_file():
            raise ConfigError(
                f"the CA bundle {network.ca_bundle!r} is not a file",
                hint="Set [network] ca_bundle to a PEM file.",
            )
        settings.append(("http.sslCAInfo", str(Path(network.ca_bundle).absolute())))
    if authorization:
        origin = "/".join(url.split("/", 3)[:3])
        settings.append((f"http.{origin}/.extraHeader", f"Authorization: {authorization}"))
    variables = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _run_limited(
    arguments: list[str], env: dict[str, str], folder: Path, limits: FetchLimits, *, feed: bytes | None = None
) -> str:
    """Run git and watch its time and the size of ``folder``; returns its output."""
    meter.count_request()
    process = subprocess.Popen(
        ["git", *SAFE[:-4], *arguments],
        env=env,
        cwd=folder,
        stdin=subprocess.DEVNULL if feed is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    waited = 0.0
    while True:
        try:
            output, errors = process.communicate(feed, timeout=0.5)
            break
        except subprocess.TimeoutExpired:
            waited += 0.5
            feed = None  # it is on its way; giving it twice is refused
        if waited > limits.timeout_s or _size(folder) > limits.size_bytes:
            kill_group(process)
            process.communicate()
            what = "takes too long" if waited > limits.timeout_s else "is too large"
            raise Unavailable(
                f"fetching the repository {what}", hint="Raise the limit or scan a local clone."
            )
    if process.returncode:
        words = redact(_last_words(errors.decode("utf-8", "replace")))
        kind = Refused if _REFUSED.search(words) else Unavailable
        what = next(word for word in arguments if word in ("fetch", "ls-remote"))
        raise kind(f"git {what} failed: {words}", hint="Check the URL, the network and the credential.")
    return output.decode("utf-8", "replace")


def _last_words(errors: str) -> str:
    """Return the last line in which git, or the ssh below it, says what went wrong."""
    lines = [line.strip(" \t.") for line in errors.splitlines()]
    telling = [line for line in lines if line and not line.startswith(_SAYS_LITTLE)]
    return (telling or lines or [""])[-1][:200]


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except OSError:
                continue  # git renames its temporary packs while we look
    return total
