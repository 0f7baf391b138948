from __future__ import annotations

from connectors.model import Evidence, Finding, Grade, PartStatus
from discovery.service import drift
from store import Store, linkage
from tests.estate import SEEN_AT, Estate, code, finding


def declared(name: str = "aws_bedrockagent_agent.helper", **changes: object) -> Finding:
    """Return an agent that Terraform declares in the application ``claims``."""
    evidence = (Evidence(source="terraform", locator="infra/main.tf:3", observed_at=SEEN_AT),)
    values = {
        "provider": "aws",
        "grade": Grade.DECLARED,
        "evidence": evidence,
        "tags": {"ai-system": "claims"},
    }
    return code(name, unit="infra", kind="agent", **(values | changes))


def told(store: Store) -> set[tuple[str, str]]:
    return {(one.drift, one.name) for one in drift.drifts(store)}


def test_what_runs_without_any_code_is_told(store: Store) -> None:
    Estate(store).show(finding("helper"))

    assert told(store) == {("live_not_in_code", "helper"), ("running_not_registered", "helper")}


def test_what_is_declared_but_runs_nowhere_is_told_once_the_account_was_read(store: Store) -> None:
    estate = Estate(store)
    estate.show(declared(), scope="R_1", connector="code")
    before = told(store)
    estate.show()

    assert before == set()
    assert told(store) == {("in_code_not_live", "aws_bedrockagent_agent.helper")}


def test_an_account_that_was_denied_says_nothing_about_what_is_missing(store: Store) -> None:
    estate = Estate(store)
    estate.show(declared(), scope="R_1", connector="code")
    estate.show(status=PartStatus.DENIED)

    assert told(store) == set()


def test_code_and_what_runs_in_one_system_agree(store: Store) -> None:
    estate = Estate(store)
    estate.show(declared(), scope="R_1", connector="code")
    estate.show(finding("helper", tags={"ai-system": "claims"}))
    linkage.relink(store, None)

    assert told(store) == {("running_not_registered", "claims")}


def test_what_only_a_test_declares_is_not_expected_to_run(store: Store) -> None:
    from connectors.model import Role

    estate = Estate(store)
    estate.show(declared(role=Role.TEST), scope="R_1", connector="code")
    estate.show()

    assert told(store) == set()
