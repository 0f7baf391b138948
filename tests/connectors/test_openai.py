"""The OpenAI connector against the truthful fake, through the real runner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from connectors.clients.network import NetworkSettings
from connectors.context import forget_clients
from connectors.errors import ConfigError
from connectors.key_marks import of_shown
from connectors.model import Finding, Grade, NaturalKey, PartStatus, RelationKind, Scope
from connectors.openai import OpenAIConnector, OpenAIOptions
from connectors.openai_findings import Place, project_key
from connectors.outcome import PartBatch, PartResult, ScopeOutcome
from connectors.runner import ScopeJob, list_scopes, run_scope
from connectors.secrets import SecretRef
from discovery.demo.openai import Fault, OpenAIFake, Org

BOT = "proj_acmeSupportBot"
REC = "proj_acmeRecommender"
LAB = "proj_acmeMarketingLab"
ORG = "org-acmeRetail"
FAST = NetworkSettings(max_attempts=3, read_timeout_s=2, max_wait_s=5)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIFake]:
    fake = OpenAIFake(Org.example())
    monkeypatch.setenv("OPENAI_ADMIN_KEY", fake.org.admin_key)
    for number, project in enumerate(fake.org.projects):
        monkeypatch.setenv(f"PROJECT_KEY_{number}", project.key)
    with fake:
        yield fake
    forget_clients()


class Scan:
    """One scan of all scopes."""

    def __init__(self, fake: OpenAIFake, **options: Any) -> None:
        values: dict[str, Any] = {"base_url": fake.base_url, "organization": ORG}
        self.options = OpenAIOptions(**(values | options))
        self.batches: list[PartBatch] = []
        nowhere = Scope(connector="openai", instance="main", ids=("*",), parts=())
        scopes, self.listing = list_scopes(self._job(nowhere))
        self.scopes = scopes or []
        self.outcomes = [run_scope(self._job(scope), self.batches.append) for scope in self.scopes]

    def _job(self, scope: Scope) -> ScopeJob:
        return ScopeJob(connector="openai", instance="main", scope=scope, options=self.options, network=FAST)

    @property
    def findings(self) -> list[Finding]:
        return [finding for batch in self.batches for finding in batch.findings]

    def one(self, what: str, key: str, part: str = "") -> Finding:
        """Return the only finding of an identity (in a part)."""
        found = [
            finding
            for batch in self.batches
            if part in ("", batch.part)
            for finding in batch.findings
            if finding.natural_key == NaturalKey(namespace=f"openai/{ORG}/{what}", key=key)
        ]
        assert len(found) == 1, [finding.name for finding in found]
        return found[0]

    def names(self, kind: str) -> set[str]:
        return {finding.name for finding in self.findings if finding.kind == kind}

    def part(self, scope: str, part: str) -> PartResult:
        return self.outcome(scope).parts[part]

    def outcome(self, scope: str) -> ScopeOutcome:
        return next(one for one in self.outcomes if one.scope_key.endswith(scope))


def keys_of(fake: OpenAIFake) -> dict[str, SecretRef]:
    return {
        project.id: SecretRef("env", f"PROJECT_KEY_{number}")
        for number, project in enumerate(fake.org.projects)
        if project.item["status"] == "active"
    }


def test_of_what_the_vendor_shows_of_a_key_only_a_mark_is_kept(fake: OpenAIFake) -> None:
    for one in fake.org.projects[0].lists["api_keys"]:
        one["redacted_value"] = "sk-proj-...mQ7z"

    key = Scan(fake).one("api_key", "key_acmeBot01")

    assert key.attributes["key_fingerprint"] == [of_shown("openai", "sk-...mQ7z")]
    assert "mQ7z" not in repr(key)


def test_an_admin_key_alone_shows_projects_keys_identities_models_and_controls(fake: OpenAIFake) -> None:
    scan = Scan(fake)

    assert {finding.kind for finding in scan.findings} == {
        *("ai_project", "api_key", "identity", "model", "oversight_control")
    }
    assert scan.names("ai_project") == {"support-bot", "recommender", "marketing-lab"}
    assert len({finding.natural_key for finding in scan.findings if finding.kind == "api_key"}) == 7
    assert scan.names("identity") == {"support-bot", "product-texts batch"}
    assert all(one.status is PartStatus.COMPLETE for each in scan.outcomes for one in each.parts.values())


def test_a_projects_things_share_its_id_as_application(fake: OpenAIFake) -> None:
    scan = Scan(fake, project_keys=keys_of(fake))

    mine = {finding.kind for finding in scan.findings if finding.application == BOT}
    assert mine == {
        *("ai_project", "api_key", "identity", "model", "oversight_control", "agent", "vector_store", "tool")
    }
    assert {finding.account for finding in scan.findings} == {ORG}


def test_an_archived_project_is_neither_scope_nor_asset(fake: OpenAIFake) -> None:
    scan = Scan(fake)

    assert "chat-pilot-2024" not in scan.names("ai_project")
    assert [scope.ids for scope in scan.scopes] == [(ORG,), (ORG, BOT), (ORG, REC), (ORG, LAB)]


def test_a_key_whose_owner_has_no_access_is_an_orphan_with_a_weak_candidate(fake: OpenAIFake) -> None:
    key = Scan(fake).one("api_key", "key_acmeMkt01")

    assert key.attributes["orphan"] is True
    assert key.attributes["orphan_reason"] == "the owner has no access to the project"
    assert [(hint.candidate, hint.confidence) for hint in key.owner_hints] == [
        ("jon.okafor@acme-retail.example", 0.1)
    ]


def test_an_active_key_is_no_orphan_and_names_its_holder(fake: OpenAIFake) -> None:
    key = Scan(fake).one("api_key", "key_acmeRec02")

    assert "orphan" not in key.attributes
    assert [hint.candidate for hint in key.owner_hints] == ["mei.tanaka@acme-retail.example"]


def test_a_key_without_any_owner_is_an_orphan_and_no_crash(fake: OpenAIFake) -> None:
    fake.faults.append(Fault(path="*_keys", action="null_owner"))

    scan = Scan(fake)

    assert scan.one("api_key", "key_acmeRec02").attributes["orphan_reason"] == "the key has no owner"
    assert scan.one("api_key", "key_acmeAdmin01").attributes["orphan"] is True


def test_nothing_of_a_keys_value_is_kept(fake: OpenAIFake) -> None:
    shown = repr(Scan(fake).findings)

    assert "***" not in shown
    assert "redacted" not in shown


def test_a_project_key_listed_among_admin_keys_is_not_taken_for_one(fake: OpenAIFake) -> None:
    scan = Scan(fake)

    levels = {
        finding.natural_key.key: finding.attributes["level"]
        for finding in scan.findings
        if finding.kind == "api_key"
    }
    assert [key for key, level in levels.items() if level == "organisation"] == ["key_acmeAdmin01"]
    assert scan.one("api_key", "key_acmeBot01").attributes["level"] == "project"


def test_an_admin_keys_holder_is_resolved_to_an_address(fake: OpenAIFake) -> None:
    key = Scan(fake).one("api_key", "key_acmeAdmin01")

    assert [hint.candidate for hint in key.owner_hints] == ["anna.keller@acme-retail.example"]


def test_only_models_that_were_called_count_as_in_use(fake: OpenAIFake) -> None:
    scan = Scan(fake, project_keys=keys_of(fake))

    models = {finding.natural_key.key for finding in scan.findings if finding.kind == "model"}
    assert models == {
        f"{BOT}/gpt-4.1",
        f"{BOT}/text-embedding-3-small",
        f"{LAB}/gpt-4.1",
        f"{REC}/ft:gpt-4.1-mini:acme-retail:texts:A1",
    }


def test_a_model_in_use_says_how_much_when_and_by_which_keys(fake: OpenAIFake) -> None:
    model = Scan(fake).one("model", f"{BOT}/gpt-4.1")

    assert (model.grade, model.model, model.application) == (Grade.LIVE, "gpt-4.1", BOT)
    assert model.attributes["api_key_ids"] == ["key_acmeBot01", "key_acmeBot02"]
    assert model.usage is not None
    assert model.usage.requests == 812 + 1490 + 36
    assert model.usage.last_used_at == datetime.fromtimestamp(fake.org.now_s // 86_400 * 86_400, UTC)


def test_use_before_the_window_does_not_count(fake: OpenAIFake) -> None:
    model = Scan(fake, usage_days=5).one("model", f"{BOT}/gpt-4.1")

    assert model.usage is not None
    assert model.usage.requests == 812 + 1490


def test_a_long_window_is_read_over_several_pages_of_days(fake: OpenAIFake) -> None:
    scan = Scan(fake, usage_days=90)

    assert scan.part(f"/{ORG}", "usage_completions").requests == 3


def test_an_own_model_has_one_identity_in_the_list_and_in_use(fake: OpenAIFake) -> None:
    scan = Scan(fake, project_keys=keys_of(fake))
    key = f"{REC}/ft:gpt-4.1-mini:acme-retail:texts:A1"

    assert scan.one("model", key, "models").attributes["owned_by"] == "acme-retail"
    assert scan.one("model", key, "usage_completions").grade is Grade.LIVE


def test_an_assistants_instructions_are_hashed_and_its_links_kept(fake: OpenAIFake) -> None:
    scan = Scan(fake, project_keys=keys_of(fake))

    agent = scan.one("assistant", "asst_acmeReturns")

    assert "returns at Acme" not in repr(scan.findings)
    assert len(str(agent.attributes["instructions_sha256"])) == 64
    assert agent.attributes["instructions_length"] == len(
        "You answer questions about returns at Acme Retail. Be brief and kind."
    )
    assert {(link.relation, link.target.key) for link in agent.links} == {
        (RelationKind.USES_MODEL, f"{BOT}/gpt-4.1"),
        (RelationKind.CALLS, "vs_acmePolicies"),
    }
    assert agent.tags == {"team": "customer-care"}


def test_a_training_job_links_to_the_file_and_both_models(fake: OpenAIFake) -> None:
    job = Scan(fake, project_keys=keys_of(fake)).one("fine_tuning_job", "ftjob-acmeTexts")

    assert {link.target.key for link in job.links} == {
        "file-acmeTexts",
        f"{REC}/gpt-4.1-mini",
        f"{REC}/ft:gpt-4.1-mini:acme-retail:texts:A1",
    }


def test_only_files_that_train_or_evaluate_are_datasets(fake: OpenAIFake) -> None:
    files = fake.org.projects[1].lists["files"]
    files.append(files[0] | {"id": "file-chat", "purpose": "user_data", "filename": "private.pdf"})

    scan = Scan(fake, project_keys=keys_of(fake))

    assert scan.names("dataset") == {"product-texts.jsonl"}


def test_project_owners_are_candidates_and_members_are_not(fake: OpenAIFake) -> None:
    scan = Scan(fake)

    bot, lab = (scan.one("project", project, "users") for project in (BOT, LAB))
    assert [hint.candidate for hint in bot.owner_hints] == ["anna.keller@acme-retail.example"]
    assert lab.owner_hints == ()


def test_a_setting_is_a_control_only_when_it_limits_something(fake: OpenAIFake) -> None:
    scan = Scan(fake)

    controls = {finding.natural_key.key for finding in scan.findings if finding.kind == "oversight_control"}
    assert controls == {
        ORG,
        f"{BOT}/model_permissions",
        f"{BOT}/hosted_tool_permissions",
        f"{BOT}/data_retention",
        f"{LAB}/hosted_tool_permissions",
    }
    project = scan.one("project", BOT, "model_permissions")
    assert [(link.relation, link.target.key) for link in project.links] == [
        (RelationKind.GUARDED_BY, f"{BOT}/model_permissions")
    ]
    assert scan.one("project", REC, "model_permissions").links == ()


def test_without_an_organisation_id_the_oldest_project_stands_for_it(fake: OpenAIFake) -> None:
    scan = Scan(fake, organization="")

    assert scan.scopes[0].key == "openai:main/org-of-proj_acmeOldPilot"


def test_setting_the_organisation_later_keeps_every_identity(fake: OpenAIFake) -> None:
    before, after = Scan(fake, organization=""), Scan(fake)

    def aliases(scan: Scan) -> set[NaturalKey]:
        return {alias for finding in scan.findings for alias in finding.aliases}

    assert aliases(before) - aliases(after) == {
        NaturalKey(namespace="openai/data_retention", key="org-of-proj_acmeOldPilot")
    }


@pytest.mark.parametrize("secret", ["sk-admin-wrong-0123456789", "project"])
def test_a_wrong_key_lists_nothing_and_says_denied(
    fake: OpenAIFake, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    value = fake.org.projects[0].key if secret == "project" else secret
    monkeypatch.setenv("OPENAI_ADMIN_KEY", value)

    scan = Scan(fake)

    assert scan.listing.status is PartStatus.DENIED
    assert scan.scopes == []
    assert value not in scan.listing.reason


def test_a_missing_key_is_a_configuration_error_that_names_the_variable(
    fake: OpenAIFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_ADMIN_KEY")

    with pytest.raises(ConfigError, match="OPENAI_ADMIN_KEY"):
        Scan(fake)


def test_a_key_for_an_unknown_project_is_a_configuration_error(fake: OpenAIFake) -> None:
    with pytest.raises(ConfigError, match="proj_typo"):
        Scan(fake, project_keys={"proj_typo": SecretRef("env", "PROJECT_KEY_0")})


def test_a_secret_written_into_the_options_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValidationError) as raised:
        OpenAIOptions.model_validate({"admin_key": "sk-admin-pasted-0123456789abcdef"})

    assert "by reference" in str(raised.value)
    assert "pasted" not in str(raised.value)


def test_a_wrong_project_key_stops_its_scope_only_after_the_admin_parts(
    fake: OpenAIFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROJECT_KEY_0", "sk-proj-revoked-0123456789")

    scan = Scan(fake, project_keys=keys_of(fake))

    assert scan.part(BOT, "api_keys").status is PartStatus.COMPLETE
    assert scan.part(BOT, "assistants").status is PartStatus.DENIED
    assert scan.part(BOT, "skills").status is PartStatus.DENIED
    assert scan.part(REC, "assistants").status is PartStatus.COMPLETE


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("403", PartStatus.DENIED),
        ("401", PartStatus.DENIED),
        ("404", PartStatus.FAILED),
        ("503", PartStatus.FAILED),
        ("truncate", PartStatus.FAILED),
        ("garbage", PartStatus.FAILED),
        ("repeat_cursor", PartStatus.INCOMPLETE),
    ],
)
def test_a_failing_listing_is_never_an_empty_one(fake: OpenAIFake, action: str, status: PartStatus) -> None:
    headers = {"Retry-After": "0"}
    fake.faults.append(Fault(path=f"*/{BOT}/service_accounts", action=action, headers=headers))

    scan = Scan(fake)

    assert scan.part(BOT, "service_accounts").status is status
    assert scan.part(BOT, "service_accounts").reason
    assert scan.part(REC, "service_accounts").status is PartStatus.COMPLETE


def test_a_429_that_stays_is_throttled(fake: OpenAIFake) -> None:
    fake.faults.append(Fault(path=f"*/{BOT}/users", action="429", headers={"Retry-After": "0"}))

    scan = Scan(fake)

    assert scan.part(BOT, "users").status is PartStatus.THROTTLED
    assert scan.part(BOT, "users").requests == FAST.max_attempts
    assert scan.part(BOT, "api_keys").status is PartStatus.COMPLETE


def test_an_endpoint_the_vendor_does_not_know_is_not_offered_and_the_rest_goes_on(fake: OpenAIFake) -> None:
    fake.hidden.add("/organization/projects/*/hosted_tool_permissions")

    scan = Scan(fake)

    assert scan.part(BOT, "hosted_tool_permissions").status is PartStatus.NOT_OFFERED
    assert scan.part(BOT, "data_retention").status is PartStatus.COMPLETE


@pytest.mark.parametrize("action", ["extra_fields", "unknown_enum", "null_owner"])
def test_new_shapes_of_old_answers_lose_nothing(fake: OpenAIFake, action: str) -> None:
    calm = {
        (finding.kind, finding.natural_key) for finding in Scan(fake, project_keys=keys_of(fake)).findings
    }
    fake.faults.append(Fault(path="*", action=action))

    changed = Scan(fake, project_keys=keys_of(fake))

    assert all(one.status is PartStatus.COMPLETE for each in changed.outcomes for one in each.parts.values())
    controls = {pair for pair in calm if pair[0] == "oversight_control"}
    assert calm - controls <= {(finding.kind, finding.natural_key) for finding in changed.findings}


def test_an_empty_page_that_has_a_next_one_hides_nothing(fake: OpenAIFake) -> None:
    fake.faults.append(Fault(path="/organization/*", action="empty_page"))

    scan = Scan(fake)

    assert scan.names("ai_project") == {"support-bot", "recommender", "marketing-lab"}


def test_a_deletion_between_two_pages_loses_only_what_was_deleted(fake: OpenAIFake) -> None:
    fake.faults.append(Fault(path=f"*/{BOT}/api_keys", action="delete_next", times=1))
    keys = fake.org.projects[0].lists["api_keys"]
    keys.append(keys[0] | {"id": "key_third", "name": "third"})

    scan = Scan(fake, page_size=1)

    found = {
        one.natural_key.key for batch in scan.batches if batch.part == "api_keys" for one in batch.findings
    }
    assert {"key_acmeBot01", "key_third"} <= found
    assert "key_acmeBot02" not in found


def test_an_object_without_an_id_makes_its_listing_incomplete(fake: OpenAIFake) -> None:
    fake.org.projects[0].lists["service_accounts"][0]["id"] = ""

    scan = Scan(fake)

    assert scan.part(BOT, "service_accounts").status is PartStatus.INCOMPLETE
    assert "support-bot" not in scan.names("identity")


def test_a_fingerprint_changes_with_the_week_of_use_not_with_every_call() -> None:
    place = Place(org=ORG, base_url="", now=datetime(2026, 11, 22, tzinfo=UTC), usage_days=30, project_id=BOT)

    def used(day: int, hour: int) -> str:
        at = datetime(2026, 11, day, hour, tzinfo=UTC).timestamp()
        return project_key(place, {"id": "key_1", "name": "k", "last_used_at": at}).fingerprint

    assert used(16, 1) == used(20, 23)
    assert used(16, 1) != used(15, 1)


def test_what_a_listing_says_is_in_the_fingerprint() -> None:
    place = Place(org=ORG, base_url="", now=datetime(2026, 11, 22, tzinfo=UTC), usage_days=30, project_id=BOT)
    item: dict[str, Any] = {"id": "key_1", "name": "k", "owner_project_access": "active"}

    changed = {
        project_key(place, item | change).fingerprint
        for change in (
            {},
            {"name": "other"},
            {"owner_project_access": "inactive"},
            {"created_at": 1_700_000_000},
        )
    }

    assert len(changed) == 4


@pytest.mark.parametrize("value", [None, "soon", True, -1, 10**18, [], {}])
def test_a_time_that_is_none_is_left_out(value: Any) -> None:
    place = Place(org=ORG, base_url="", now=datetime(2026, 11, 22, tzinfo=UTC), usage_days=30, project_id=BOT)

    key = project_key(place, {"id": "key_1", "name": None, "created_at": value, "last_used_at": value})

    assert (key.created_at, key.usage, key.name) == (None, None, "key_1")


def test_every_published_operation_we_use_is_in_the_vendors_description(shared: Any) -> None:
    import orjson

    text = (shared / "fixtures" / "saas" / "openai" / "openapi-subset.json").read_bytes()
    published = set(orjson.loads(text)["paths"])
    used = {operation.path for operation in OpenAIConnector.info.operations}

    beyond = {path for path in used - published if not path.startswith("/organization/usage/")}
    assert beyond == {"/files"}  # the extract holds no files; reference section 3.1 names the path
