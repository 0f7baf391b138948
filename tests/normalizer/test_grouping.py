from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from normalizer import grouping
from normalizer.grouping import explain, group_key, system_kind


@dataclass
class Thing:
    kind: str = "model_endpoint"
    natural_namespace: str = "aws/arn"
    natural_id: str = "arn:1"
    account: str | None = "1111"
    application: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


@pytest.mark.parametrize("spelling", ["ai-system", "AI_System", "AISystem", "ai system", "Ai.System"])
def test_any_spelling_of_the_tag_groups(spelling: str) -> None:
    assert group_key(Thing(tags={spelling: " Checkout  Bot "})) == "tag:aws|1111|checkout-bot"


def test_tag_wins_over_repository_unit_and_application() -> None:
    thing = Thing(natural_namespace="code/R_1", application="services/bot", tags={"ai-system": "x"})

    assert group_key(thing) == "tag:code|1111|x"


@pytest.mark.parametrize("value", ["  ", "true", "YES", "tbd", "prod", "n/a"])
def test_a_tag_that_names_no_system_says_nothing(value: str) -> None:
    assert group_key(Thing(tags={"ai-system": value})) == "one:aws/arn|arn:1"


@pytest.mark.parametrize("value", ["api", "backend", "ML-prod", "web", "default"])
def test_an_application_that_is_only_a_sort_of_thing_groups_nothing(value: str) -> None:
    assert group_key(Thing(tags={"app": value})) == "one:aws/arn|arn:1"


def test_one_tag_in_two_accounts_is_two_groups_for_linking_to_join() -> None:
    here, there = Thing(tags={"ai-system": "shop"}), Thing(tags={"ai-system": "shop"}, account="2222")

    assert group_key(here) != group_key(there)


def test_code_is_grouped_by_repository_and_unit() -> None:
    bot = Thing(kind="package", natural_namespace="code/R_1", application="services/bot")
    same_name_elsewhere = Thing(kind="package", natural_namespace="code/R_2", application="services/bot")

    assert group_key(bot) == "unit:code/R_1|services/bot"
    assert group_key(bot) != group_key(same_name_elsewhere)


def test_application_groups_within_one_account_only() -> None:
    here = Thing(application="shop")
    there = Thing(application="shop", account="2222")
    tagged = Thing(tags={"Application": "shop"})

    assert group_key(here) == group_key(tagged) == "app:aws|1111|shop"
    assert group_key(there) != group_key(here)


def test_a_bar_in_an_account_does_not_join_two_groups() -> None:
    odd = Thing(account="a|b", application="c")
    other = Thing(account="a", application="b|c")

    assert group_key(odd) != group_key(other)


def test_what_cannot_stand_alone_is_gathered_per_provider_and_account() -> None:
    assert group_key(Thing(kind="guardrail")) == "rest:aws|1111"
    assert group_key(Thing(kind="api_key", natural_namespace="openai/org-1/key")) == "rest:openai|1111"


@pytest.mark.parametrize(
    ("unit", "name"),
    [("services/bot", "bot"), ("infra/aws", "infra/aws"), ("x/deploy/Prod", "deploy/Prod"), ("api", "api")],
)
def test_a_unit_in_a_folder_that_only_says_where_is_named_with_its_parent(unit: str, name: str) -> None:
    key = group_key(Thing(natural_namespace="code/R_1", application=unit))

    assert explain(key).label == name


def test_every_key_explains_itself() -> None:
    things = [
        Thing(tags={"ai-system": "x"}),
        Thing(natural_namespace="code/R_1", application="services/bot"),
        Thing(application="shop"),
        Thing(),
        Thing(kind="dataset"),
    ]

    reasons = [explain(group_key(thing)) for thing in things]

    assert [one.label for one in reasons] == ["x", "bot", "shop", "", "aws 1111 (other)"]
    assert [one.must for one in reasons] == [True, False, False, False, False]
    assert all(one.why and 0 < one.strength <= 1 for one in reasons)


def test_application_of_a_key() -> None:
    assert grouping.application_of("app:openai|org-1|proj_|x") == "proj_|x"
    assert grouping.application_of("unit:code/R_1|a|b") is None


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (["package", "agent"], "agent"),
        (["package", "mcp_server"], "application"),
        (["model_endpoint", "dataset"], "model_service"),
        (["agent_config", "mcp_server"], "developer_tool"),
        (["training_job", "model"], "pipeline"),
        (["vector_store"], "shared_service"),
        ([], "shared_service"),
    ],
)
def test_members_tell_the_kind_of_system(kinds: list[str], expected: str) -> None:
    assert system_kind("one:x|y", kinds) == expected


def test_gathered_things_are_a_shared_service_whatever_they_are() -> None:
    assert system_kind("rest:aws|1", ["agent"]) == "shared_service"
