"""The example estate holds what its README promises, as the code connector sees it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from connectors import registry
from connectors.clients.network import NetworkSettings
from connectors.model import Finding, PartStatus, Role, Scope
from connectors.outcome import PartBatch, ScopeOutcome
from connectors.runner import ScopeJob, list_scopes, run_scope

ESTATE = Path(__file__).resolve().parents[2] / "examples" / "acme"


@pytest.fixture(scope="module")
def scanned() -> tuple[ScopeOutcome, list[Finding]]:
    place = Scope(connector="code", instance="main", ids=("?",), parts=())
    options = registry.info("code").config_model(targets=[str(ESTATE)])
    job = ScopeJob(connector="code", instance="main", scope=place, options=options, network=NetworkSettings())
    scopes, listing = list_scopes(job)
    assert scopes is not None, listing.reason
    batches: list[PartBatch] = []
    outcome = run_scope(replace(job, scope=scopes[0]), batches.append)
    return outcome, [one for batch in batches for one in batch.findings]


@pytest.fixture(scope="module")
def findings(scanned: tuple[ScopeOutcome, list[Finding]]) -> list[Finding]:
    return scanned[1]


def of_kind(findings: list[Finding], kind: str) -> dict[str, Finding]:
    return {one.name: one for one in findings if one.kind == kind}


def test_every_part_is_complete_and_without_exceptions(scanned: tuple[ScopeOutcome, list[Finding]]) -> None:
    outcome, _ = scanned

    assert {part.status for part in outcome.parts.values()} == {PartStatus.COMPLETE}
    assert [part.exceptions for part in outcome.parts.values() if part.exceptions] == []


def test_both_services_and_the_infrastructure_are_found(findings: list[Finding]) -> None:
    kinds = {one.kind for one in findings}

    assert {
        "package",
        "model",
        "mcp_server",
        "agent",
        "knowledge_base",
        "guardrail",
        "model_endpoint",
    } <= kinds
    assert {"openai", "langchain", "chromadb", "@anthropic-ai/sdk", "ai"} <= set(of_kind(findings, "package"))
    assert set(of_kind(findings, "mcp_server")) == {"orders", "filesystem", "catalogue", "postgres"}


@pytest.mark.parametrize(
    ("model", "role"),
    [
        ("gpt-4.1-mini", Role.APPLICATION),
        ("claude-sonnet-4-5", Role.APPLICATION),
        ("gpt-3.5-turbo", Role.TEST),
        ("claude-3-opus-20240229", Role.TEST),
        ("gpt-4-0613", Role.DOCS),
    ],
)
def test_model_has_the_role_of_the_folder_that_names_it(
    findings: list[Finding], model: str, role: Role
) -> None:
    assert of_kind(findings, "model")[model].role is role


def test_each_service_points_to_its_own_team(findings: list[Finding]) -> None:
    packages = of_kind(findings, "package")

    teams = {
        name: {hint.candidate for hint in packages[name].owner_hints if hint.source == "CODEOWNERS"}
        for name in ("chromadb", "ai")
    }

    assert teams == {
        "chromadb": {"@acme-retail/customer-care"},
        "ai": {"@acme-retail/personalisation", "mei.tanaka@acme-retail.example"},
    }


def test_lock_file_names_only_an_invented_host() -> None:
    text = (ESTATE / "services" / "recommender" / "package-lock.json").read_text()

    assert set(re.findall(r"https?://([^/\"]+)", text)) == {"packages.example.org"}
