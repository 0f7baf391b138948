from __future__ import annotations

from typing import Any

import pytest

from normalizer import grouping, link_nodes, link_uses, linking
from normalizer.link_edges import NAMED, Edge, edges_of
from normalizer.link_facts import Fact, Side, Token, tokens_of
from normalizer.link_nodes import Node, Origin
from normalizer.link_uses import Related


def live(name: str, kind: str = "agent", account: str = "111", **known: Any) -> Fact:
    """Return something that runs in an AWS account."""
    key = known.pop("key", f"arn:aws:bedrock:eu-west-1:{account}:{kind}/{name}")
    group = grouping.group_of(kind, "aws/arn", key, account, None, known.get("tags", {}))
    return Fact(
        asset_id=f"ast_{name}",
        group_key=group,
        kind=kind,
        provider="aws",
        namespace="aws/arn",
        natural_id=key,
        name=name,
        account=account,
        region="eu-west-1",
        **known,
    )


def code(unit: str = ".", kind: str = "package", repo: str = "github.com/acme/bot", **known: Any) -> Fact:
    """Return something in a repository."""
    name = known.pop("name", "openai")
    return Fact(
        asset_id=f"ast_{repo}{unit}{name}",
        group_key=f"unit:code/{repo}|{unit}",
        kind=kind,
        provider="aws" if "attributes" in known else "openai",
        namespace=f"code/{repo}",
        natural_id=f"{unit}|{kind}|{name}",
        name=name,
        account=repo,
        **known,
    )


def image(name: str, **attributes: Any) -> Fact:
    """Return an image in a registry."""
    return Fact(
        asset_id=f"ast_{name}",
        group_key=f"app:image|{name}|{name}",
        kind="container_image",
        provider="oci",
        namespace=f"image/{name}",
        natural_id=name.partition("/")[2],
        name=name.partition("/")[2],
        account=name,
        attributes=attributes,
    )


def edges(*facts: Fact, origins: dict[str, Origin] | None = None, **accounts: str) -> list[Edge]:
    """Return the edges of facts; ``accounts`` are names of accounts, as ``a111="acme-prod"``."""
    found: dict[str, Node] = {}
    tokens = []
    for fact in facts:
        node = found.setdefault(fact.node, link_nodes.start(fact.node))
        link_nodes.add(node, fact.kind, fact.name, fact.account)
        node.account_name = accounts.get(f"a{fact.account}", "")
        tokens += tokens_of(fact)
    for key, node in found.items():
        tokens += link_nodes.tokens_of(node, (origins or {}).get(key, Origin()))
    return linking.bucketed(tokens, found)


def rules(found: list[Edge]) -> list[str]:
    return sorted({one.rule for one in found})


DECLARED = {"resource_type": "x", "agent_name": "invoice-bot"}
CLAUDE: dict[str, Any] = {
    "kind": "agent_config",
    "name": "CLAUDE.md",
    "attributes": {"form": "claude-code"},
}
SOURCE = {"source_repository": "git@github.com:Acme/bot.git"}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ((live("a", tags={"ai-system": "shop"}), live("b", account="2", tags={"AI_System": "Shop"})), ["G1"]),
        ((live("a", tags={"ai-system": "true"}), live("b", account="2", tags={"ai-system": "true"})), []),
        ((code(), live("one", attributes=SOURCE)), ["G3"]),
        ((code(), live("one", tags={"git_org": "acme", "git_repo": "bot"})), ["G3"]),
        ((code(), live("one", tags={"repository": "https://github.com/acme/bot"})), ["G3"]),
        ((code(), live("one", tags={"repository": "https://github.com/acme/other"})), []),
        (
            (
                image("r.example.org/bot", digest="sha256:1"),
                live("w", attributes={"image": "r.example.org/bot:7"}),
            ),
            ["G3"],
        ),
        ((image("ghcr.io/vllm/vllm"), live("w", attributes={"image": "ghcr.io/vllm/vllm:7"})), []),
        (
            (
                code(
                    kind="agent", name="x.y", attributes={"resource_type": "x", "agent_name": "invoice-bot"}
                ),
                live("invoice-bot"),
            ),
            ["G2"],
        ),
        (
            (
                code(
                    kind="agent", name="x.y", attributes={"resource_type": "x", "agent_name": "invoice-bot"}
                ),
                live("invoice-bot", kind="workflow"),
            ),
            [],
        ),
        (
            (
                code(kind="configuration", name="env", attributes={"agent_id": "K2QX7VTZ0A"}),
                live("helper", key="arn:aws:bedrock:eu-west-1:111:agent/K2QX7VTZ0A"),
            ),
            ["G2"],
        ),
        (
            (
                code(kind="provider_endpoint", name="acme.openai.azure.com"),
                live("acct", attributes={"endpoint": "https://acme.openai.azure.com/"}),
            ),
            ["G2"],
        ),
        (
            (
                live("one", tags={"aws:cloudformation:stack-name": "checkout", "app": "x1"}),
                live("two", tags={"aws:cloudformation:stack-name": "checkout", "app": "x2"}),
            ),
            ["G4"],
        ),
        (
            (
                live("one", kind="saas_app", attributes={"client_id": "c1"}),
                live("two", kind="subscription", attributes={"client_id": "c1"}),
            ),
            ["G5"],
        ),
        (
            (
                live("one", kind="saas_app", attributes={"client_id": "c1"}),
                live("two", kind="saas_app", account="2", attributes={"client_id": "c1"}),
            ),
            [],
        ),
        (
            (
                live("reg", kind="identity", attributes={"client_id": "c1"}),
                live("bot", attributes={"app_id": "c1"}),
            ),
            ["G2"],
        ),
        (
            (live("one", attributes={"blueprint_id": "bp"}), live("two", attributes={"blueprint_id": "bp"})),
            ["G6"],
        ),
        (
            (
                live("fn", kind="application", attributes={"role_arn": "arn:role/x"}),
                live("ep", kind="model_endpoint", attributes={"called_by": "arn:role/x"}),
            ),
            ["G7"],
        ),
        (
            (
                code(kind="ai_service", name="bedrock", attributes={"role_names": ["claims-app"]}),
                live("fn", kind="application", attributes={"role_arn": "arn:aws:iam::1:role/x/claims-app"}),
            ),
            ["G7"],
        ),
        (
            (
                code(kind="ai_service", name="bedrock", attributes={"role_names": ["app-role"]}),
                live("fn", kind="application", attributes={"role_arn": "arn:aws:iam::1:role/app-role"}),
            ),
            [],
        ),
        (
            (
                code(kind="api_key", name="KEY", attributes={"key_reference": ["aws-secret:1/r/n"]}),
                live("fn", kind="application", attributes={"key_reference": ["aws-secret:1/r/n"]}),
            ),
            ["G8"],
        ),
        (
            (
                code(kind="api_key", name="KEY", attributes={"key_fingerprint": "f"}),
                live("k", kind="api_key", attributes={"key_fingerprint": "f"}),
            ),
            ["G8"],
        ),
        (
            (
                code(**CLAUDE),
                code(
                    kind="agent_config",
                    name="CLAUDE.md",
                    repo="github.com/acme/x",
                    attributes={"form": "claude-code"},
                ),
            ),
            ["G11"],
        ),
        (
            (
                code(),
                code(**CLAUDE),
                code(
                    kind="agent_config",
                    name="CLAUDE.md",
                    repo="github.com/acme/x",
                    attributes={"form": "claude-code"},
                ),
            ),
            [],
        ),
        ((live("invoice-prod"), live("invoice-dev")), ["G12"]),
        ((live("invoice-prod"), live("invoice-dev", account="2")), []),
        ((live("chatbot-prod"), live("chatbot-dev")), []),
        ((code("services/api"), code("infra")), ["G13"]),
        ((code("services/chat"), code("services/rank")), []),
        ((code("services/chat"), code("services/chat/infra")), ["G13"]),
        ((code("services/chat"), code("infra")), ["G13"]),
        ((code("services/chat"), code("services/rank"), code("infra/aws"), code("infra/azure")), []),
    ],
)
def test_what_meets_is_linked_by_the_rule_that_says_so(facts: tuple[Fact, ...], expected: list[str]) -> None:
    assert rules(edges(*facts)) == expected


def test_copies_in_accounts_of_one_family_are_copies() -> None:
    found = edges(live("invoice"), live("invoice", account="222"), a111="acme-ml-prod", a222="acme-ml-dev")

    assert rules(found) == ["G12"]


@pytest.mark.parametrize(
    ("name", "path", "unit"),
    [
        ("chat", "", "services/chat"),
        ("bot-chat", "", "services/chat"),
        ("unrelated", "", None),
        ("unrelated", "services/rank/infra/main.tf", "services/rank"),
        ("unrelated", "infra/main.tf", None),
    ],
    ids=[
        "by name",
        "by the repository's name before it",
        "nothing tells",
        "by path",
        "a path that is nobody's",
    ],
)
def test_in_a_repository_of_several_a_label_must_tell_which(name: str, path: str, unit: str | None) -> None:
    tags = {"git_org": "acme", "git_repo": "bot"} | ({"git_file": path} if path else {})

    found = edges(code("services/chat"), code("services/rank"), live(name, tags=tags))

    assert [one.left for one in found] == ([f"unit:code/github.com/acme/bot|{unit}"] if unit else [])


def test_an_earlier_address_leads_to_a_repository_until_another_has_it() -> None:
    moved = code(repo="github.com/R_1")
    known = {moved.node: Origin(addresses=("github.com/acme/new",), earlier=("github.com/acme/bot",))}

    before = edges(moved, live("one", attributes=SOURCE), origins=known)
    after = edges(moved, code(), live("one", attributes=SOURCE), origins=known)

    assert [one.left for one in before] == [moved.node]
    assert [one.left for one in after] == ["unit:code/github.com/acme/bot|."]


@pytest.mark.parametrize(
    ("address", "fork_by", "rule"),
    [
        ("github.com/dana/bot", "", "G12"),
        ("github.com/dana/bot", "person", "G12"),
        ("github.com/umbrella/bot", "organisation", "N4"),
        ("github.com/dana/other-bot", "person", "N4"),
        ("github.com/acme/bot2", "", "N4"),
    ],
)
def test_only_a_fork_that_kept_its_name_in_a_persons_place_is_a_working_copy(
    address: str, fork_by: str, rule: str
) -> None:
    fork = code(repo="github.com/R_2")
    known = {fork.node: Origin(addresses=(address,), fork_of="github.com/acme/bot", fork_by=fork_by)}

    assert [one.rule for one in edges(code(), fork, origins=known)] == [rule]


def test_two_declarations_of_one_live_thing_are_no_proof() -> None:
    mine = code(kind="agent", name="x.y", attributes=DECLARED)
    theirs = code(kind="agent", name="x.y", repo="github.com/acme/copy", attributes=DECLARED)

    found = edges(mine, theirs, live("invoice-bot"))

    assert {(one.how, one.strength) for one in found} == {("likely", 0.6)}


@pytest.mark.parametrize(
    ("relation", "left_id", "right_id", "is_use"),
    [
        ("calls", "arn:a", "arn:b", True),
        ("declares", "arn:a", "arn:b", False),
        ("served_by", "/subs/1/accounts/x/deployments/d", "/subs/1/accounts/x", False),
        ("served_by", "/subs/1/accounts/xy", "/subs/1/accounts/x", True),
    ],
)
def test_what_declares_or_lies_inside_owns_and_all_else_uses(
    relation: str, left_id: str, right_id: str, is_use: bool
) -> None:
    related = Related(
        relation=relation,
        left_node="one:l",
        right_node="one:r",
        left_asset="ast_l",
        right_asset="ast_r",
        left_id=left_id,
        right_id=right_id,
    )

    (found,) = link_uses.edges_of([related, related])

    assert (found.is_use, found.rule) == (is_use, "G2")


def test_edges_grow_no_faster_than_those_who_meet() -> None:
    many = [live(f"thing{one}", kind="saas_app", attributes={"client_id": "c"}) for one in range(400)]

    assert len([one for one in edges(*many) if one.rule == "G5"]) == 399


@pytest.mark.parametrize("basis", sorted(NAMED))
def test_where_nobody_names_what_others_are_meeting_says_nothing(basis: str) -> None:
    # Such tokens are not even read when links are planned.
    facts = [live("order-bot"), live("order-bot", account="222"), code(), image("host.example/bot")]
    nodes = {fact.node: link_nodes.start(fact.node) for fact in facts}
    for side in (Side.HAS, Side.SAME, Side.WAS):
        met = [Token(f"{basis}:aws|agent|order-bot", side, fact.node, fact.asset_id) for fact in facts]

        assert edges_of(met[0].text, met, nodes) == []
