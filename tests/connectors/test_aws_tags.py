"""Tags in any spelling, the account's contacts beside them, and the weight that each has in the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors import aws_rows
from connectors.aws_contacts import ADDRESS, CONTACTS_PART
from connectors.aws_findings import named_in
from connectors.aws_tags import TAGS_PART
from connectors.context import forget_clients
from connectors.model import OwnerHint, PartStatus
from normalizer.owners import combine
from tests import aws_samples
from tests.conformance import Seen
from tests.connectors.test_aws import guardrail, look
from tests.fakes_aws import HOME, FakeAws
from tests.fakes_aws_organization import FakeOrganization
from tests.harness_aws import environment

RULES = aws_rows.load().tag_rules


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeOrganization]:
    with FakeOrganization() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        started.add("bedrock", "ListGuardrails", guardrail(1))
        yield started
    forget_clients()


def contact(fake: FakeAws, kind: str, address: str) -> None:
    held = {
        "Name": "x",
        "Title": "y",
        "EmailAddress": address,
        "PhoneNumber": "+49-555-0100",
        "AlternateContactType": kind,
    }
    fake.answer(
        "account",
        "GetAlternateContact",
        lambda asked: {"AlternateContact": held} if asked["AlternateContactType"] == kind else None,
    )


def hints(seen: Seen) -> list[OwnerHint]:
    return [hint for _, part, one in seen.findings if part == TAGS_PART for hint in one.owner_hints]


@pytest.mark.parametrize(
    ("key", "word"),
    [
        *((key, "owner") for key in ("owner", "Owner", "OWNER", "acme:owner", "acme/Owner", "o.w-n_er")),
        *((key, "owneremail") for key in ("owner-email", "Owner Email", "ownerEmail", "acme:owner_email")),
        *((key, "team") for key in ("team", "Team", "acme.example/team")),
        *((key, "createdby") for key in ("createdBy", "created-by", "CreatedBy")),
        *((key, "") for key in ("homeowner", "aws:cloudformation:owner", "teams-channel", "owners-manual")),
    ],
)
def test_the_key_may_be_spelled_in_any_way(key: str, word: str) -> None:
    found = list(named_in({key: "ada@acme.example"}, RULES))

    assert found == ([(key, "ada@acme.example", RULES.owners[word])] if word else [])


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "n/a",
        "TBD",
        "Terraform",
        f"arn:aws:iam::{HOME}:role/deploy",
        f"arn:aws:sts::{HOME}:assumed-role/ci/GitHubActions",
    ],
)
def test_a_placeholder_or_a_role_names_nobody(value: str) -> None:
    assert list(named_in({"Owner": value}, RULES)) == []


def test_a_user_that_a_tag_names_by_arn_is_named_by_name() -> None:
    assert list(named_in({"Owner": f"arn:aws:iam::{HOME}:user/ada"}, RULES)) == [("Owner", "ada", 0.9)]


def test_a_plain_key_counts_before_one_with_a_prefix() -> None:
    assert [value for _, value, _ in named_in({"acme:owner": "bob", "owner": "ada"}, RULES)] == ["ada"]


def test_the_accounts_contacts_are_the_weakest_hint_and_asked_once_an_account(fake: FakeOrganization) -> None:
    fake.regions[HOME] = ["eu-west-1", "us-east-1"]
    fake.add("bedrock", "ListGuardrails", guardrail(2, region="eu-west-1"), region="eu-west-1")
    contact(fake, "OPERATIONS", "ops@acme.example")

    seen = look(services=("bedrock",))

    assert {(one.candidate, one.source, one.why) for one in hints(seen)} == {
        ("ops@acme.example", "account contact", f"operations contact of the account {HOME}")
    }
    assert len(fake.named("GetAlternateContact")) == 2, "one call for each type of contact"
    assert "+49-555-0100" not in repr(seen)


def test_the_address_of_the_account_comes_from_organizations(fake: FakeOrganization) -> None:
    fake.emails = {HOME: "aws-claims@acme.example"}

    seen = look(services=("bedrock",), organization=True)

    assert [(one.candidate, one.source) for one in hints(seen)] == [
        ("aws-claims@acme.example", "account email")
    ]
    assert {scope.listed.get(ADDRESS) for scope in seen.scopes} == {"aws-claims@acme.example"}


def test_contacts_that_may_not_be_read_cost_no_tags(fake: FakeOrganization) -> None:
    fake.fail("account", "GetAlternateContact", "AccessDeniedException")

    seen = look(services=("bedrock",))

    parts = {name: one for (_, name), one in seen.parts.items()}
    assert parts[CONTACTS_PART].status is PartStatus.DENIED
    assert "account:GetAlternateContact" in parts[CONTACTS_PART].reason
    assert parts[TAGS_PART].status is PartStatus.COMPLETE
    assert len([one for _, part, one in seen.findings if part == TAGS_PART]) == 1


def test_an_unchanged_scan_asks_for_no_contact(fake: FakeOrganization) -> None:
    contact(fake, "SECURITY", "sec@acme.example")
    first = look(services=("bedrock",))
    fake.calls.clear()

    look(before=first, services=("bedrock",))

    assert fake.named("GetAlternateContact") == []


def test_any_other_evidence_outweighs_the_account() -> None:
    weak = OwnerHint(candidate="ops@acme.example", source="account contact", confidence=0.15, why="contact")
    strong = OwnerHint(candidate="ada@acme.example", source="cloudtrail", confidence=0.65, why="made it")

    ranked = combine([("a", weak), ("a", strong)])

    assert [(one.party, one.confidence) for one in ranked] == [
        ("ada@acme.example", 0.65),
        ("ops@acme.example", 0.15),
    ]


@pytest.mark.parametrize(
    ("user", "people"), [("ada", ["ada"]), ("BedrockAPIKey-x1y2", []), ("svc-claims", [])]
)
def test_the_user_of_a_bedrock_key_answers_for_it_unless_it_is_a_machines(
    fake: FakeOrganization, user: str, people: list[str]
) -> None:
    row = aws_rows.load().row("iam", "ListServiceSpecificCredentials")
    key = {**aws_samples.item(row, 1), "UserName": user}
    fake.add("iam", "ListServiceSpecificCredentials", key, strict=False)

    seen = look(services=("iam",))

    (found,) = [one for _, part, one in seen.findings if part == row.part]
    assert [one.candidate for one in found.owner_hints] == people
