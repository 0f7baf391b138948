"""The AWS rows as a whole: what is asked, what is kept out, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path as FilePath
from typing import Any

import pytest

from connectors import aws_rows
from connectors.aws import AwsConnector
from connectors.catalogue import read_table
from connectors.kinds import KINDS

ROWS = aws_rows.load().rows
DORMANT = aws_rows.load().dormant


def test_all_asset_and_control_operations_are_rows(shared: FilePath) -> None:
    wanted = {name for name, tier in surface(shared).items() if tier in ("asset", "control")}
    known = {row.part for row in (*ROWS, *DORMANT)}

    assert len(wanted) == 155
    assert wanted - known == set()


def test_every_operation_of_the_reference_is_called_or_says_why_not(shared: FilePath) -> None:
    listed = surface(shared)
    silent = {row.part for row in DORMANT}

    called = {f"{one.host}.{one.path}" for one in AwsConnector.info.operations}

    assert len(listed) == 337
    assert listed.keys() - called - silent - not_asked() == set()
    assert not_asked() & called == set()
    assert not_asked() - listed.keys() == set()


def test_the_reasons_for_not_asking_are_told_once() -> None:
    rows = read_table("aws_not_asked")["not_asked"]

    assert len(not_asked()) == sum(len(row["operations"]) for row in rows)
    assert all(len(row["why"]) > 20 for row in rows)


def surface(shared: FilePath) -> dict[str, str]:
    """Return the tiers of the reference's operations by name."""
    listed = json.loads((shared / "reference" / "aws-ai-surface.json").read_text())["operations"]
    return {f"{one['service']}.{one['operation']}": one["tier"] for one in listed}


def not_asked() -> set[str]:
    """Return the operations that the catalogue leaves out."""
    return {name for row in read_table("aws_not_asked")["not_asked"] for name in row["operations"]}


def test_what_is_not_asked_says_why() -> None:
    silent = {row.part for row in DORMANT}

    assert silent == {
        *("lex-models.GetBots", "neptunedata.ListMLEndpoints"),
        *("wisdom.ListAssistants", "wisdom.ListKnowledgeBases"),
    }
    assert all(len(row.off) > 20 for row in DORMANT)


def test_catalogue_operations_never_become_rows(shared: FilePath) -> None:
    traps = {name for name, tier in surface(shared).items() if tier == "catalog"}

    assert traps & {row.part for row in (*ROWS, *DORMANT)} == set()


def test_permissions_agree_with_the_reference(shared: FilePath) -> None:
    listed = json.loads((shared / "reference" / "aws-ai-surface.json").read_text())["operations"]

    actions = {f"{one['service']}.{one['operation']}": one["iam_action"] for one in listed}

    wrong = [row.part for row in ROWS if row.permission.split(", ")[0] != actions.get(row.part)]
    assert wrong == ["ecs.ListServices", "appsync.ListDataSources"], "which the reference has not"


def test_detail_permissions_have_the_prefix_of_iam_and_not_of_the_client() -> None:
    wrong = [
        detail.permission
        for row in ROWS
        for detail in row.details
        if detail.permission != f"{row.permission.split(':')[0]}:{detail.operation}"
    ]

    assert wrong == []


def test_the_vendors_catalogue_is_kept_out_where_it_answers() -> None:
    params = {row.part: dict(row.params) for row in ROWS}
    skipped = {row.part: dict(row.skip) for row in ROWS if row.skip}
    own = {part: one for part, one in skipped.items() if one.keys() - {"status", "Status", "State"}}

    assert params["bedrock.ListInferenceProfiles"] == {"typeEquals": "APPLICATION"}
    assert params["bedrock.ListPromptRouters"] == {"type": "custom"}
    for name in ("ListBrowsers", "ListCodeInterpreters"):
        assert params[f"bedrock-agentcore-control.{name}"] == {"type": "CUSTOM"}
    for name in ("ListBlueprints", "ListDataAutomationProjects"):
        assert params[f"bedrock-data-automation.{name}"] == {"resourceOwner": "ACCOUNT"}
    for name in ("ListAIAgents", "ListAIPrompts"):
        assert params[f"qconnect.{name}"] == {"origin": "CUSTOMER"}
    assert own == {
        "sagemaker.ListHubs": {"HubName": {"SageMakerPublicHub"}},
        "bedrock-agentcore-control.ListEvaluators": {"evaluatorType": {"Builtin"}},
        "qconnect.ListAIAgents": {"origin": {"SYSTEM"}},
        "qconnect.ListAIPrompts": {"origin": {"SYSTEM"}},
        "organizations.ListPolicies": {"AwsManaged": {True}},
        "healthlake.ListFHIRDatastores": {"DatastoreStatus": {"DELETED"}},
    }


def test_what_belongs_to_the_account_is_asked_once_and_not_in_every_region() -> None:
    once = {row.part for row in ROWS if row.is_global}

    assert once == {
        *("iam.ListServiceSpecificCredentials", "organizations.ListPolicies"),
        "marketplace-agreement.SearchAgreements",
    }


def test_a_parameter_may_ask_for_the_account() -> None:
    row = aws_rows.load().row("quicksight", "ListAgents")

    listing = row.listing({"MaxResults": 5}, {"account": "111122223333"})

    assert listing.params == {"AwsAccountId": "111122223333", "MaxResults": 5}


def test_every_kind_of_a_row_is_known() -> None:
    assert {kind for row in ROWS for kind in (*row.kinds, *row.details_kinds) if kind} <= set(KINDS)
    assert {row.part for row in ROWS if not row.kind} == {row.part for row in ROWS if row.silent}


def test_a_workload_may_be_of_every_kind_that_an_image_means() -> None:
    images = {row["kind"] for row in read_table("images")["image"]}

    named = {row.part: set(row.kinds) for row in ROWS if row.workload and row.workload.images}

    assert len(named) == 4
    assert [part for part, kinds in named.items() if kinds != images | {"application"}] == []


def test_everything_that_may_be_called_is_declared_once() -> None:
    operations = aws_rows.load().operations()

    names = [(one.host, one.path) for one in operations]

    assert len(names) == len(set(names))
    assert {("sts", "AssumeRole"), ("resourcegroupstaggingapi", "GetResources")} <= set(names)


def test_editing_a_row_changes_its_version() -> None:
    table = aws_rows.tables()
    edited = {**table, "operation": [{**one, "title": "x"} for one in table["operation"]]}

    before, after = aws_rows.load().rows[0], aws_rows.compiled(edited).rows[0]

    assert before.version != after.version


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"colour": "red"}, "unknown keys"),
        ({"kind": "account"}, "never an asset"),
        ({"kind": "spoon"}, "no mapping"),
        ({"parent": {"operation": "ListNothing", "param": "a", "field": "b"}}, "must come after its parent"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(change: dict[str, Any], complaint: str) -> None:
    table = aws_rows.tables()
    rows = [{**table["operation"][0], **change}]

    with pytest.raises(ValueError, match=complaint):
        aws_rows.compiled({**table, "operation": rows})


def test_one_operation_has_one_row() -> None:
    table = aws_rows.tables()

    with pytest.raises(ValueError, match="two rows for"):
        aws_rows.compiled({**table, "operation": [table["operation"][0]] * 2})
