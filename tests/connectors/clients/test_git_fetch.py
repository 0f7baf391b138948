"""Fetching: no URL runs anything, TLS is checked, the proxy is used, and a token shows up nowhere else."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.clients.git import GitReader
from connectors.clients.git_fetch import FetchLimits, Refused, check_url, fetch, fetch_blobs
from connectors.clients.network import NetworkSettings
from connectors.errors import BadResponse, ConfigError, Unavailable
from connectors.model import PartStatus
from tests.code_samples import commit, git, scan, write
from tests.git_server import NAME, GitHost, basic, connect_proxy, git_host

LIMITS = FetchLimits(timeout_s=30)
TOKEN = "canary-4f1c9e-git-token"

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """Make ``hosted/bot`` and return ``hosted``."""
    place = tmp_path / "hosted" / "bot"
    place.mkdir(parents=True)
    commit(place, {"bot.py": 'MODEL = "gpt-4o"\n', "big.bin": b"\0" * 50_000})
    git(place, "config", "uploadpack.allowFilter", "true")
    return place.parent


@pytest.fixture
def host(tmp_path: Path, origin: Path) -> Iterator[GitHost]:
    with git_host(tmp_path, origin, token=basic(TOKEN)) as running:
        yield running


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "fetched"
    folder.mkdir()
    return folder


def test_a_commit_comes_over_tls_of_a_private_ca_with_a_token(tmp_path: Path, host: GitHost) -> None:
    folder = _folder(tmp_path)

    fetched = fetch(
        host.url("bot"),
        folder,
        authorization=f"Basic {basic(TOKEN)}",
        limits=LIMITS,
        network=NetworkSettings(ca_bundle=str(host.ca_file)),
    )

    assert fetched.branch == "main"
    with GitReader(folder / "objects") as reader:
        assert [entry.path for entry in reader.tree(fetched.commit)] == [b"big.bin", b"bot.py"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_process_has_the_token_on_its_command_line(tmp_path: Path, host: GitHost) -> None:
    fetch(
        host.url("bot"),
        _folder(tmp_path),
        authorization=f"Basic {basic(TOKEN)}",
        limits=LIMITS,
        network=NetworkSettings(ca_bundle=str(host.ca_file)),
    )

    seen = host.command_lines
    assert any("git-remote-https" in line or "git remote-https" in line for line in seen)
    assert [line for line in seen if TOKEN in line or basic(TOKEN) in line] == []


def test_what_was_fetched_keeps_neither_token_nor_url(tmp_path: Path, host: GitHost) -> None:
    folder = _folder(tmp_path)

    fetch(
        host.url("bot"),
        folder,
        authorization=f"Basic {basic(TOKEN)}",
        limits=LIMITS,
        network=NetworkSettings(ca_bundle=str(host.ca_file)),
    )

    text = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert basic(TOKEN).encode() not in text
    assert b"127.0.0.1" not in text


def test_blobs_over_the_limit_stay_where_they_are(tmp_path: Path, host: GitHost) -> None:
    folder = _folder(tmp_path)

    fetched = fetch(
        host.url("bot"),
        folder,
        authorization=f"Basic {basic(TOKEN)}",
        limits=FetchLimits(timeout_s=30, blob_bytes=10_000),
        network=NetworkSettings(ca_bundle=str(host.ca_file)),
    )

    with GitReader(folder / "objects") as reader:
        ids = [entry.object_id for entry in reader.tree(fetched.commit)]
        assert len(reader.sizes(ids)) == 1


def test_without_the_private_ca_nothing_is_trusted(tmp_path: Path, host: GitHost) -> None:
    with pytest.raises(Unavailable, match="certificate"):
        fetch(host.url("bot"), _folder(tmp_path), limits=LIMITS)

    assert host.requests == []


def test_without_the_token_the_error_says_what_to_check(tmp_path: Path, host: GitHost) -> None:
    with pytest.raises(Unavailable, match="Check the URL, the network and the credential"):
        fetch(
            host.url("bot"),
            _folder(tmp_path),
            limits=LIMITS,
            network=NetworkSettings(ca_bundle=str(host.ca_file)),
        )


def test_the_configured_proxy_is_asked(tmp_path: Path, host: GitHost) -> None:
    with connect_proxy(host.port) as (proxy, asked):
        fetched = fetch(
            f"https://{NAME}/bot",
            _folder(tmp_path),
            authorization=f"Basic {basic(TOKEN)}",
            limits=LIMITS,
            network=NetworkSettings(ca_bundle=str(host.ca_file), proxy=proxy),
        )

    assert fetched.commit
    assert set(asked) == {f"CONNECT {NAME}:443 HTTP/1.1"}


def test_a_redirect_to_another_place_is_not_followed(tmp_path: Path, origin: Path, host: GitHost) -> None:
    away = tmp_path / "away"
    away.mkdir()
    with git_host(away, origin, redirect_to=host.url("")[:-1]) as redirecting, pytest.raises(Unavailable):
        fetch(
            redirecting.url("bot"),
            _folder(tmp_path),
            authorization=f"Basic {basic(TOKEN)}",
            limits=LIMITS,
            network=NetworkSettings(ca_bundle=str(redirecting.ca_file)),
        )

    assert host.requests == []


def test_a_ca_bundle_that_is_no_file_is_a_mistake_of_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ca_bundle"):
        fetch(
            "https://127.0.0.1:1/x",
            tmp_path,
            limits=LIMITS,
            network=NetworkSettings(ca_bundle=str(tmp_path / "none.pem")),
        )


def test_a_scan_of_a_url_uses_token_and_ca_from_the_configuration(
    tmp_path: Path, host: GitHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TOKEN_FOR_TEST", TOKEN)

    found = scan(
        host.url("bot"),
        network=NetworkSettings(ca_bundle=str(host.ca_file)),
        credentials={"127.0.0.1": {"env": "GIT_TOKEN_FOR_TEST"}},
    )

    assert found.error == ""
    assert found.named("gpt-4o").evidence[0].locator == "bot.py:1"
    assert TOKEN not in repr(found)


REFUSED = [
    "--upload-pack=touch /tmp/x",
    "-oProxyCommand=x",
    "ext::sh -c 'touch x'",
    "ext::sh",
    "file:///etc",
    "http://git.example.org/x",
    "git://git.example.org/x",
    "https://git.example.org/x y",
    "ssh://-oProxyCommand=touch/x",
    "git@-oProxyCommand=x:y",
    "https://user@git.example.org/x",
]


@pytest.mark.parametrize("url", REFUSED)
def test_urls_that_could_run_something_are_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        check_url(url)


@pytest.mark.parametrize(
    "url", ["https://git.example.org/x.git", "ssh://git@git.example.org/x", "git@git.example.org:acme/x.git"]
)
def test_plain_urls_are_allowed(url: str) -> None:
    check_url(url)


def test_a_password_in_a_url_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        check_url("https://user:hunter2-very-secret@git.example.org/x")

    assert "hunter2" not in str(caught.value)
    assert "credentials" in str(caught.value)


def test_a_fetch_brings_one_commit_bare_and_forgets_where_it_came_from(tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    origin.mkdir()
    commit(origin, {"a.txt": "one"})
    head = commit(origin, {"a.txt": "two"})
    folder = tmp_path / "fetched"
    folder.mkdir()

    fetched = fetch(f"file://{origin}", folder, limits=LIMITS, protocols=("file",))

    assert (fetched.commit, fetched.branch, fetched.default_branch) == (head, "main", "main")
    assert "origin" not in (folder / "config").read_text()
    with GitReader(folder / "objects") as reader:
        assert [entry.path for entry in reader.tree(head)] == [b"a.txt"]


@pytest.mark.parametrize("ref", ["--upload-pack=x", "a..b", "a b", "a:b", "a*", "a@{1}"])
def test_a_ref_that_is_no_name_is_refused(tmp_path: Path, ref: str) -> None:
    with pytest.raises(ConfigError, match="branch or tag"):
        fetch("https://git.example.org/x", tmp_path, ref=ref, limits=LIMITS)


def test_a_repository_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="git ls-remote failed"):
        fetch(f"file://{tmp_path}/none", tmp_path, limits=LIMITS, protocols=("file",))


def test_a_failure_of_ssh_is_told_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"git ls-remote failed: ssh: connect to host 127\.0\.0\.1 port 1"):
        fetch("ssh://git@127.0.0.1:1/acme/x", tmp_path, limits=LIMITS)


def test_the_folder_of_a_file_url_may_be_named_itself() -> None:
    with pytest.raises(ConfigError, match=r"file:///srv/bot.*Name the folder itself"):
        check_url("file:///srv/bot")


def test_a_token_travels_in_the_environment_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = write(
        tmp_path / "tools", {"git": '#!/bin/sh\necho "$@" >> "$TMPDIR/args"\nenv >> "$TMPDIR/env"\nexit 1\n'}
    )
    (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    with pytest.raises(Unavailable):
        fetch("https://git.example.org/x", tmp_path, authorization="Basic c2VjcmV0", limits=LIMITS)

    assert "c2VjcmV0" not in (tmp_path / "args").read_text()
    seen = (tmp_path / "env").read_text()
    assert "Authorization: Basic c2VjcmV0" in seen
    assert "http.https://git.example.org/.extraHeader" in seen


def test_a_fetch_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = write(tmp_path / "tools", {"git": "#!/bin/sh\nsleep 60\n"})
    (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")

    with pytest.raises(Unavailable, match="takes too long"):
        fetch("https://git.example.org/x", tmp_path, limits=FetchLimits(timeout_s=0.4))


def _ids(origin: Path) -> dict[str, str]:
    lines = git(origin / "bot", "ls-tree", "-r", "HEAD").splitlines()
    return {line.partition("\t")[2]: line.split()[2] for line in lines}


def test_a_commit_can_come_without_blobs_and_single_blobs_after_it(
    tmp_path: Path, origin: Path, host: GitHost
) -> None:
    folder, ids = _folder(tmp_path), _ids(origin)
    how = {
        "authorization": f"Basic {basic(TOKEN)}",
        "limits": LIMITS,
        "network": NetworkSettings(ca_bundle=str(host.ca_file)),
    }

    fetched = fetch(host.url("bot"), folder, ref="main", default_branch="main", without_blobs=True, **how)
    with GitReader(folder / "objects") as reader:
        before = reader.sizes(list(ids.values()))
    fetch_blobs(host.url("bot"), folder, [ids["bot.py"]], **how)

    assert fetched.commit
    assert before == {}
    with GitReader(folder / "objects") as reader:
        assert dict(reader.blobs(list(ids.values()))) == {ids["bot.py"]: b'MODEL = "gpt-4o"\n'}


def test_single_blobs_come_into_an_empty_folder_and_leave_no_url_behind(
    tmp_path: Path, origin: Path, host: GitHost
) -> None:
    folder, ids = _folder(tmp_path), _ids(origin)

    fetch_blobs(
        host.url("bot"),
        folder,
        [ids["bot.py"]],
        authorization=f"Basic {basic(TOKEN)}",
        limits=LIMITS,
        network=NetworkSettings(ca_bundle=str(host.ca_file)),
    )

    with GitReader(folder / "objects") as reader:
        assert [data for _, data in reader.blobs([ids["bot.py"]])] == [b'MODEL = "gpt-4o"\n']
    text = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"127.0.0.1" not in text
    assert basic(TOKEN).encode() not in text


def test_a_known_default_branch_is_not_asked_for(tmp_path: Path, host: GitHost) -> None:
    fetch(
        host.url("bot"),
        _folder(tmp_path),
        ref="refs/heads/main",
        default_branch="main",
        authorization=f"Basic {basic(TOKEN)}",
        limits=LIMITS,
        network=NetworkSettings(ca_bundle=str(host.ca_file)),
    )

    assert len([one for one in host.requests if "info/refs" in one]) <= 2


def test_a_host_that_does_not_let_us_in_denies(tmp_path: Path, host: GitHost) -> None:
    with pytest.raises(Refused) as raised:
        fetch(
            host.url("bot"),
            _folder(tmp_path),
            limits=LIMITS,
            network=NetworkSettings(ca_bundle=str(host.ca_file)),
        )

    assert raised.value.status is PartStatus.DENIED


@pytest.mark.parametrize("wanted", ["--upload-pack=x", "HEAD", "", "0" * 39, "0" * 40 + "\n--x"])
def test_what_is_no_object_id_is_not_asked_for(tmp_path: Path, wanted: str) -> None:
    with pytest.raises(BadResponse):
        fetch_blobs("https://git.example.test/bot", _folder(tmp_path), [wanted], limits=LIMITS)
