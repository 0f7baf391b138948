"""What holds for every host: GitHub, GitLab, Bitbucket (Cloud and Data Center), Azure DevOps, Gitea."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectors import registry
from connectors.context import forget_clients
from connectors.forges.trees import API_BLOBS
from connectors.hygiene import canonical
from connectors.model import PartStatus
from tests.code_samples import git
from tests.fakes_azure_devops import AzureDevOpsFake
from tests.fakes_bitbucket import BitbucketFake
from tests.fakes_bitbucket_data_center import BitbucketDataCenterFake
from tests.fakes_forges import TOKEN, Fault, ForgeFake, Hosted
from tests.fakes_gitea import GiteaFake
from tests.fakes_github import GitHubFake
from tests.fakes_gitlab import GitLabFake
from tests.forge_samples import BOT, Account, Look

NAME = "git.example.org"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of host: its connector, its stand-in, what names the account, the paths of its listing."""

    connector: str
    fake: Callable[[Path], Any]
    account: str
    listing: str
    owner: str = "acme"

    def __str__(self) -> str:
        return self.connector


KINDS = (
    Kind("github", GitHubFake, "organizations", "/api/graphql"),
    Kind("gitlab", GitLabFake, "groups", "/api/v4/groups/*"),
    Kind("bitbucket", BitbucketFake, "workspaces", "/2.0/repositories/acme"),
    Kind("bitbucket_data_center", BitbucketDataCenterFake, "projects", "/rest/api/1.0/projects/*/repos"),
    Kind("azure_devops", AzureDevOpsFake, "organizations", "/acme/_apis/projects", "acme/store/_git"),
    Kind("gitea", GiteaFake, "organizations", "/api/v1/orgs/*"),
)


@dataclass(slots=True)
class Host:
    """A running stand-in and the connector that reads it."""

    kind: Kind
    fake: Any

    def add(self, name: str, files: Any = BOT, *flags: str, **more: Any) -> Hosted:
        """Make a repository of the account."""
        made: Hosted = self.fake.add(f"{self.kind.owner}/{name}", files, *flags, **more)
        return made

    def account(self, **more: Any) -> Account:
        """Return the connector, not yet scanned."""
        chosen = {self.kind.account: ("acme",), "base_url": self.fake.api_url, "host": NAME, **more}
        chosen.setdefault("git_url", self.fake.base_url)
        model = registry.info(self.kind.connector).config_model
        return Account(self.kind.connector, model.model_validate(chosen))

    def reads(self) -> list[str]:
        """Return the paths that were asked for contents since the last call."""
        words = ("info/refs", "upload-pack", "trees", "blobs")
        found = [one.path for one in self.fake.requests if any(word in one.path for word in words)]
        self.fake.requests.clear()
        return found


@pytest.fixture(params=KINDS, ids=str)
def host(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    kind: Kind = request.param
    monkeypatch.setenv(f"{kind.connector.upper()}_TOKEN", TOKEN)
    fake: ForgeFake
    with kind.fake(tmp_path / "hosted") as fake:
        yield Host(kind, fake)
    forget_clients()


def shown(look: Look, label: str) -> list[bytes]:
    """Return all that a repository's findings say."""
    return [canonical(one) for one in look.findings[label]]


def test_every_repository_of_several_pages_is_one_scope(host: Host) -> None:
    names = [host.add(f"r{number}").name for number in range(5)]

    look = host.account(page_size=2).look()

    assert look.listing is not None
    assert look.listing.status is PartStatus.COMPLETE
    assert [label.rpartition("/")[2] for label in look.scopes] == [name.rpartition("/")[2] for name in names]
    assert len({scope.account for scope in look.scopes.values()}) == 5
    assert all((scope.account or "").startswith(f"{NAME}/") for scope in look.scopes.values())


def test_a_listing_that_leads_in_a_circle_is_not_complete(host: Host) -> None:
    for number in range(5):
        # Azure DevOps pages through projects; the others through repositories.
        host.fake.add(
            f"acme/p{number}/_git/r" if host.kind.connector == "azure_devops" else f"acme/r{number}", BOT
        )
    host.fake.faults.append(Fault(path=host.kind.listing, action="repeat_cursor"))

    look = host.account(page_size=2).look()

    assert look.listing is not None
    assert look.listing.status in (PartStatus.INCOMPLETE, PartStatus.FAILED)


@pytest.mark.parametrize(("action", "status"), [("403", "denied"), ("429", "throttled"), ("500", "failed")])
def test_a_listing_that_fails_is_never_an_empty_one(host: Host, action: str, status: str) -> None:
    host.add("shop")
    host.fake.faults.append(Fault(path=host.kind.listing, action=action, headers={"Retry-After": "0"}))

    look = host.account().look()

    assert look.listing is not None
    assert look.listing.status == status
    assert look.scopes == {}


def test_an_account_that_is_not_there_is_a_failure(host: Host) -> None:
    host.add("shop")

    look = host.account(**{host.kind.account: ("nobody",)}).look()

    assert look.listing is not None
    assert look.listing.status is not PartStatus.COMPLETE


def test_a_wrong_token_names_where_it_came_from(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.add("shop")
    variable = f"{host.kind.connector.upper()}_TOKEN"
    monkeypatch.setenv(variable, "canary-of-somebody-else")

    look = host.account().look()

    assert look.listing is not None
    assert look.listing.status is PartStatus.DENIED
    assert variable in look.listing.reason
    assert "canary-of-somebody-else" not in repr(look)


def test_a_repository_is_read_with_its_clones_address_as_alias(host: Host) -> None:
    made = host.add("shop")

    (found, *_) = host.account().look().findings[_label(made)]

    assert [alias.namespace for alias in found.aliases] == [f"code/{NAME}/{made.name}"]
    assert found.natural_key.namespace != found.aliases[0].namespace
    assert found.ref is not None
    assert (found.ref.name, found.ref.commit) == ("main", made.head)


def test_an_address_that_the_api_names_elsewhere_is_not_followed(host: Host) -> None:
    made = host.add("shop")

    look = host.account().look()

    scope = look.scopes[_label(made)]
    assert scope.listed["url"].startswith(host.fake.base_url)
    assert scope.locator.startswith(f"https://{NAME}/")
    assert look.errors == {}


def test_nothing_is_read_where_nothing_moved(host: Host) -> None:
    made = host.add("shop")
    watched = host.account()
    first = watched.look()
    host.reads()

    second = watched.look()

    assert host.reads() == []
    assert second.findings[_label(made)] == []
    assert len(second.unchanged[_label(made)]) == len(first.findings[_label(made)]) > 0


@pytest.mark.parametrize("count", [1, API_BLOBS + 1], ids=["few", "many"])
def test_a_moved_repository_shows_what_reading_it_anew_shows(host: Host, count: int) -> None:
    made = host.add("shop")
    watched = host.account()
    watched.look()
    made.commit(
        {f"part{number}.py": f'MODEL = "gpt-4.{number % 2}"\n# {number}\n' for number in range(count)}
    )

    moved = watched.look()
    anew = host.account().look()

    assert "gpt-4.0" in {one.name for one in anew.findings[_label(made)]} or count == 1
    known = {canonical(one) for one in moved.findings[_label(made)]}
    assert known
    assert known <= set(shown(anew, _label(made)))
    assert len(moved.findings[_label(made)]) + len(moved.unchanged[_label(made)]) == len(
        anew.findings[_label(made)]
    )


def test_an_empty_repository_is_complete(host: Host) -> None:
    made = host.add("new", None)

    look = host.account().look()

    assert look.reasons(_label(made)) == {("complete", "")}
    assert look.findings[_label(made)] == []


def test_a_fork_is_listed_and_not_read(host: Host) -> None:
    made = host.add("copy", BOT, "fork")

    look = host.account().look()

    assert look.reasons(_label(made)) == {("not_opted_in", "a fork. Set forks = true to read forks.")}
    assert host.reads() == []


# Azure DevOps' listing says that something is a fork, not of what; only some say whose place it lies in.
_TELL_OF_WHAT = ("github", "gitlab", "gitea", "bitbucket", "bitbucket_data_center")
_TELL_WHOSE = ("github", "gitlab", "bitbucket_data_center")


@pytest.mark.parametrize(("flags", "whose"), [((), "organisation"), (("personal",), "person")])
def test_a_fork_that_is_read_names_what_it_was_made_from(
    host: Host, flags: tuple[str, ...], whose: str
) -> None:
    made = host.add("copy", BOT, "fork", *flags)

    found = host.account(forks=True).look().findings[_label(made)]

    attributes = {(one.attributes.get("fork_of"), one.attributes.get("fork_by")) for one in found}
    kind = host.kind.connector
    parent = f"{NAME}/other/origin" if kind in _TELL_OF_WHAT else None
    assert attributes == {(parent, whose if kind in _TELL_WHOSE else None)}


_SAID = {
    "github": ("archived", "disabled", "mirror", "template"),
    "gitlab": ("archived", "disabled", "mirror"),
    "bitbucket": (),
    "bitbucket_data_center": ("archived", "disabled"),
    "azure_devops": ("disabled",),
    "gitea": ("archived", "mirror", "template"),
}
"""What each host says of a repository; none of them knows every mark."""


@pytest.mark.parametrize(
    ("host", "flag"),
    [pytest.param(kind, flag, id=f"{kind}-{flag}") for kind in KINDS for flag in _SAID[kind.connector]],
    indirect=["host"],
)
def test_what_the_host_says_of_a_repository_is_told(host: Host, flag: str) -> None:
    made = host.add("shop", BOT, flag)

    look = host.account().look()

    marks = {str(one.attributes["repository_marks"]) for one in look.findings[_label(made)]}
    statuses = {status for status, _ in look.reasons(_label(made))}
    assert (marks, statuses) == (
        (set(), {"not_enabled"}) if flag == "disabled" else ({f"['{flag}']"}, {"complete"})
    )


def test_further_branches_are_scopes_of_their_own(host: Host) -> None:
    made = host.add("shop")
    git(made.folder, "checkout", "-q", "-b", "next/one")
    made.commit({"more.py": 'MODEL = "gpt-4.1"\n'})
    git(made.folder, "checkout", "-q", "main")

    look = host.account(branches=("next/*",)).look()

    label = f"{_label(made)}@next/one"
    assert set(look.scopes) == {_label(made), label}
    assert "gpt-4.1" in look.named(label)
    assert all(one.ref is not None and not one.ref.drives for one in look.findings[label])


def test_branches_that_cannot_be_listed_leave_the_listing_incomplete(host: Host) -> None:
    made = host.add("shop")
    path = "*/refs" if host.kind.connector == "azure_devops" else "*/branches"
    host.fake.faults.append(Fault(path=path, action="403"))

    look = host.account(branches=("next/*",)).look()

    assert look.listing is not None
    assert look.listing.status is PartStatus.INCOMPLETE
    # Where only the branches say which is the default one, there is nothing to read without them.
    assert set(look.scopes) == (set() if host.kind.connector == "bitbucket_data_center" else {_label(made)})


def test_a_refused_repository_is_denied_and_the_others_are_read(host: Host) -> None:
    refused, other = host.add("shop"), host.add("site")
    host.fake.faults.append(Fault(path="*shop*/info/refs", action="403"))

    look = host.account().look()

    assert {status for status, _ in look.reasons(_label(refused))} == {"denied"}
    assert {status for status, _ in look.reasons(_label(other))} == {"complete"}


def test_neither_the_token_nor_its_written_form_is_in_anything_that_is_told(host: Host) -> None:
    import base64

    host.add("shop")
    host.add("site")
    host.fake.faults.append(Fault(path="*shop*/info/refs", action="403"))

    told = repr(host.account().look())

    sent = {one.headers.get("authorization", "") for one in host.fake.requests}
    assert any(sent)
    for value in {TOKEN, *(one.partition(" ")[2] for one in sent if one)}:
        assert value not in told
        assert base64.b64encode(value.encode()).decode() not in told


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"value": [1]}', b"null", b'[{"id": {}}]', b"<html>"])
def test_an_answer_that_is_none_fails_the_listing_and_nothing_else(host: Host, body: bytes) -> None:
    host.add("shop")
    honest = host.fake.answer

    def broken(request: Any, struck: Any) -> Any:
        response = honest(request, struck)
        response.body = body
        return response

    host.fake.answer = broken

    look = host.account().look()

    assert look.listing is not None
    is_an_empty_list = body == b"[]" and host.kind.connector in ("gitlab", "gitea")
    assert (look.listing.status is PartStatus.COMPLETE) is is_an_empty_list
    assert look.findings == {}


def _label(made: Hosted) -> str:
    return made.name.replace("/_git/", "/")


def test_a_file_that_is_too_large_is_brought_once_and_listed_each_time(host: Host) -> None:
    made = host.add("shop", BOT | {"huge.py": "# " + "x" * 2_000})
    watched = host.account(max_text_bytes=1_000)
    watched.look()
    made.commit({"a.py": "x = 1\n"})
    first = watched.look()
    host.reads()
    made.commit({"b.py": "x = 2\n"})

    second = watched.look()

    huge = git(made.folder, "rev-parse", "HEAD:huge.py")
    assert not any(huge in path for path in host.reads())
    for look in (first, second):
        assert "huge.py" in dict(look.parts[_label(made)]["models"].exceptions)


@pytest.mark.parametrize("name", ["feature#1", "it's", "a(b)=c,d", "ü/ö", "-dash"])
def test_a_branch_may_be_called_what_git_allows(host: Host, name: str) -> None:
    made = host.add("shop", BOT)
    git(made.folder, "update-ref", f"refs/heads/{name}", "HEAD")
    git(made.folder, "symbolic-ref", "HEAD", f"refs/heads/{name}")
    git(made.folder, "update-ref", "-d", "refs/heads/main")

    look = host.account().look()

    assert look.reasons(_label(made)) == {("complete", "")}
    assert "gpt-4o" in look.named(_label(made))


def _by(made: Hosted, author: str, files: Any) -> None:
    made.commit(files)
    git(made.folder, "commit", "-q", "--amend", "--no-edit", f"--author={author}")


def _asked(host: Host) -> int:
    found = sum("/commits" in one.path for one in host.fake.requests)
    host.fake.requests.clear()
    return found


def test_who_last_changed_the_files_is_asked_once_for_each_version_of_a_file(host: Host) -> None:
    made = host.add("shop")
    _by(made, "Ana <ana@acme.example>", {"bot.py": 'import openai\n\nMODEL = "gpt-4.1"\n'})
    _by(made, "dependabot[bot] <bot@acme.example>", {"bot.py": 'import openai\n\nMODEL = "gpt-4.1-mini"\n'})
    watched = host.account()
    first = watched.look().named(_label(made))["gpt-4.1-mini"]
    asked = _asked(host)
    made.commit({"README.md": "Another text.\n"})

    watched.look()

    named = [(hint.candidate, hint.source) for hint in first.owner_hints]
    assert named == [("ana@acme.example", "git committer"), ("test@example.org", "git committer")]
    assert "changed bot.py in " in first.owner_hints[0].why
    assert (asked, _asked(host)) == (2, 0)


def test_a_host_that_does_not_say_who_changed_files_is_told_and_all_is_read(host: Host) -> None:
    made = host.add("shop")
    host.fake.faults.append(Fault(path="*/commits*", action="403"))

    look = host.account().look()

    assert "gpt-4o" in look.named(_label(made))
    assert _asked(host) == 1
    told = dict(look.parts[_label(made)]["files"].exceptions)
    assert any("could not be asked" in reason for reason in told.values())


def test_nobody_is_asked_when_the_options_say_so(host: Host) -> None:
    made = host.add("shop")

    look = host.account(history_files=0).look()

    assert "gpt-4o" in look.named(_label(made))
    assert _asked(host) == 0
