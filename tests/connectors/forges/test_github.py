"""GitHub: what is listed, what is left out, how it logs in, and what it does when GitHub says no."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.context import forget_clients
from connectors.forges.github import GitHubOptions, github_errors
from connectors.forges.github_login import GitHubApp
from connectors.model import PartStatus
from connectors.secrets import SecretRef
from tests.fakes_forges import TOKEN, Fault
from tests.fakes_github import GitHubFake
from tests.forge_samples import BOT, Account


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubFake]:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    with GitHubFake(tmp_path / "hosted") as running:
        yield running
    forget_clients()


def account(host: GitHubFake, **options: object) -> Account:
    chosen = {"organizations": ("acme",), "base_url": host.api_url, "host": "git.example.org", **options}
    return Account("github", GitHubOptions.model_validate(chosen))


def test_repositories_are_listed_over_several_pages_with_their_immutable_ids(host: GitHubFake) -> None:
    hosted = [host.add(f"acme/r{number}", BOT) for number in range(5)]

    look = account(host, page_size=2).look()

    assert [scope.key for scope in look.scopes.values()] == [f"github:main/{one.id}" for one in hosted]
    assert list(look.scopes) == [one.name for one in hosted]
    assert len([one for one in host.requests if one.path == "/api/graphql"]) == 3
    assert {scope.account for scope in look.scopes.values()} == {
        f"git.example.org/{one.id}" for one in hosted
    }


def test_heads_come_with_the_listing(host: GitHubFake) -> None:
    shop = host.add("acme/shop", BOT)

    scope = account(host).look().scopes["acme/shop"]

    assert scope.ref is not None
    assert (scope.ref.name, scope.ref.commit, scope.ref.drives) == ("main", shop.head, True)


def test_without_organisations_the_token_says_what_it_reaches(host: GitHubFake) -> None:
    host.add("acme/shop", BOT)
    host.add("dana/notes", BOT)

    look = account(host, organizations=()).look()

    assert list(look.scopes) == ["acme/shop", "dana/notes"]


def test_an_organisation_that_is_not_there_is_a_failure_and_not_an_empty_one(host: GitHubFake) -> None:
    look = account(host, organizations=("nobody",)).look()

    assert look.listing is not None
    assert look.listing.status is PartStatus.FAILED


def test_a_listing_that_repeats_its_cursor_is_not_complete(host: GitHubFake) -> None:
    for number in range(4):
        host.add(f"acme/r{number}", BOT)
    host.faults.append(Fault(path="/api/graphql", action="repeat_cursor"))

    look = account(host, page_size=2).look()

    assert look.listing is not None
    assert look.listing.status is PartStatus.INCOMPLETE


def _limit(action: str, said: str, **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(path="/api/graphql", action=action, times=2, body={"message": said}, headers=named)


@pytest.mark.parametrize(
    "fault",
    [
        _limit("403", "You have exceeded a secondary rate limit", Retry_After="0"),
        _limit("403", "API rate limit exceeded", X_RateLimit_Remaining="0", X_RateLimit_Reset="1000000001"),
        _limit("graphql_limit", "", Retry_After="0"),
        _limit("502", "busy", Retry_After="0"),
    ],
    ids=["secondary", "primary", "graphql", "busy"],
)
def test_a_limit_is_waited_for(host: GitHubFake, fault: Fault) -> None:
    host.add("acme/shop", BOT)
    host.faults.append(fault)

    look = account(host).look()

    assert list(look.scopes) == ["acme/shop"]
    assert fault.times == 0


def test_a_limit_that_will_not_end_soon_is_throttled(host: GitHubFake) -> None:
    body, headers = {"message": "API rate limit exceeded"}, {"Retry-After": "3600"}
    host.faults.append(Fault(path="/api/graphql", action="403", body=body, headers=headers))

    look = account(host).look()

    assert look.listing is not None
    assert look.listing.status is PartStatus.THROTTLED
    assert "3600" in look.listing.reason


def test_a_wrong_token_names_the_variable(host: GitHubFake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "canary-of-another-account")

    look = account(host).look()

    assert look.listing is not None
    assert look.listing.status is PartStatus.DENIED
    assert "env:GITHUB_TOKEN" in look.listing.reason


def test_forks_are_listed_and_not_read_unless_asked_for(host: GitHubFake) -> None:
    host.add("acme/copy", BOT, "fork")
    watched = account(host)

    left = watched.look()
    read = watched.look(forks=True)

    assert left.reasons("acme/copy") == {("not_opted_in", "a fork. Set forks = true to read forks.")}
    assert read.named("acme/copy")["openai"].attributes["repository_marks"] == ["fork"]


def test_archived_repositories_are_read_and_marked(host: GitHubFake) -> None:
    host.add("acme/old", BOT, "archived", "template", visibility="public")

    look = account(host).look()

    attributes = look.named("acme/old")["gpt-4o"].attributes
    assert attributes["repository_marks"] == ["archived", "template"]
    assert attributes["repository_visibility"] == "public"


@pytest.mark.parametrize(
    ("flags", "options", "status"),
    [
        (("archived",), {"archived": False}, "not_opted_in"),
        (("disabled",), {}, "not_enabled"),
        ((), {"exclude_repositories": ("*/SHOP",)}, "not_opted_in"),
        ((), {"repositories": ("acme/other*",)}, "not_opted_in"),
        ((), {"visibility": ("public",)}, "not_opted_in"),
    ],
)
def test_what_is_left_out_says_why(
    host: GitHubFake, flags: tuple[str, ...], options: dict[str, object], status: str
) -> None:
    host.add("acme/shop", BOT, *flags)

    look = account(host, **options).look()

    ((found, reason),) = look.reasons("acme/shop")
    assert found == status
    assert reason
    assert look.findings["acme/shop"] == []
    assert not any(one.path.endswith("/info/refs") for one in host.requests)


def test_an_empty_repository_is_complete_and_shows_nothing(host: GitHubFake) -> None:
    host.add("acme/new")

    look = account(host).look()

    assert look.reasons("acme/new") == {("complete", "")}
    assert look.findings["acme/new"] == []


def test_further_branches_are_read_by_choice_and_never_drive(host: GitHubFake) -> None:
    shop = host.add("acme/shop", BOT)
    from tests.code_samples import git

    git(shop.folder, "checkout", "-q", "-b", "next/one")
    shop.commit({"more.py": "import anthropic\n"})
    git(shop.folder, "checkout", "-q", "main")

    look = account(host, branches=("next/*",)).look()

    assert list(look.scopes) == ["acme/shop", "acme/shop@next/one"]
    assert "anthropic" not in look.named("acme/shop")
    found = look.named("acme/shop@next/one")["anthropic"]
    assert found.ref is not None
    assert (found.ref.name, found.ref.drives) == ("next/one", False)


def test_an_app_logs_in_and_renews_its_token_before_it_ends(
    host: GitHubFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    host.app_key = key.public_key().public_bytes(serialization.Encoding.PEM, public).decode()
    host.token_life = timedelta(minutes=5)  # within the margin: every request renews it
    place = tmp_path / "key.pem"
    place.write_bytes(pem)
    monkeypatch.delenv("GITHUB_TOKEN")
    host.add("acme/shop", BOT)
    app = GitHubApp(id="12", private_key=SecretRef("file", str(place)), installation="77")

    look = account(host, organizations=(), app=app).look()

    assert "openai" in look.named("acme/shop")
    assert host.tokens_issued > 1


def test_a_text_that_is_no_private_key_is_said_without_quoting_it(host: GitHubFake, tmp_path: Path) -> None:
    place = tmp_path / "key.pem"
    place.write_text("canary-not-a-key")
    app = GitHubApp(id="12", private_key=SecretRef("file", str(place)), installation="77")

    look = account(host, app=app)
    with pytest.raises(Exception, match="is not a private key") as caught:
        look.look()

    assert "canary-not-a-key" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, {"message": "Not Found"}, "PermissionDenied"),
        (451, None, "NotOffered"),
        (403, {"message": "Resource not accessible"}, None),
        (429, {"message": "secondary rate limit"}, "RateLimited"),
        (200, {"errors": [{"type": "FORBIDDEN"}]}, "PermissionDenied"),
        (200, {"errors": "text"}, None),
        (200, {"errors": [None]}, None),
        (200, {"data": {}}, None),
        (200, [], None),
    ],
)
def test_githubs_own_words_are_understood(status: int, body: object, kind: str | None) -> None:
    error = github_errors(status, body)

    assert (type(error).__name__ if error else None) == kind


@pytest.mark.parametrize(
    ("base_url", "git"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://git.example.org/api/v3", "https://git.example.org"),
        ("https://api.tenant.example.org/", "https://tenant.example.org"),
    ],
)
def test_where_git_reads_follows_from_the_api(base_url: str, git: str) -> None:
    from connectors.forges.github import GitHubConnector

    settings = GitHubConnector().http_settings(GitHubOptions(base_url=base_url))

    assert settings.hosts["{git_url}"] == git
