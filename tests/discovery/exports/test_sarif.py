from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import jsonschema_rs
import pytest

from connectors.kinds import KINDS
from discovery.exports import writer
from discovery.exports.sarif import FINGERPRINT, write_things
from discovery.exports.source import ExportOptions
from discovery.service.judging import Excuse, Thing
from discovery.service.views import AlertView, EvidenceView
from tests.discovery.exports.sarif_schema import SCHEMA
from tests.discovery.samples import (
    HOSTILE,
    SEEN,
    SampleSource,
    asset,
    estate,
    governed,
    one_of_each_kind,
    orphan,
)

OPTIONS = ExportOptions(organisation="Acme Retail", version="0.1.0")
REPOSITORY = "git.example.org/acme/shop"
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA, validate_formats=True)


def place(locator: str) -> EvidenceView:
    return EvidenceView(source="pyproject", locator=locator, observed_at=SEEN, detail="")


def in_code(number: int = 1, *locators: str, **changes: Any) -> Any:
    return asset(
        number,
        changes.pop("kind", "package"),
        **{
            "namespace": f"code/{REPOSITORY}",
            "account": REPOSITORY,
            "scopes": [f"code:main/{REPOSITORY}"],
            "evidence": [place(one) for one in locators or ("bot/pyproject.toml:3",)],
            **changes,
        },
    )


def document(source: SampleSource) -> dict[str, Any]:
    out = io.StringIO()
    writer("sarif")(source, out, OPTIONS)
    return checked(out.getvalue())


def checked(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    assert [f"{error.instance_path}: {error.message}" for error in VALIDATOR.iter_errors(found)] == []
    return found


def results(source: SampleSource) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document(source)["runs"][0]["results"]
    return found


class Decided(SampleSource):
    """An inventory in which somebody decided on the alert of ``sys_2``; none is open."""

    def alerts(self, states: tuple[str, ...] = ()) -> list[AlertView]:
        return [replace(one, state="accepted_risk") for one in super().alerts()] if states else []


@pytest.mark.parametrize("source", [estate(), SampleSource([], []), SampleSource([], one_of_each_kind())])
def test_a_document_holds_to_the_schema(source: SampleSource) -> None:
    document(source)


def test_the_schema_of_these_tests_refuses_what_is_wrong() -> None:
    wrong = {"version": "2.1.0", "runs": [{"tool": {"driver": {}}, "results": [{"level": "bad"}]}]}

    assert len(list(VALIDATOR.iter_errors(wrong))) >= 3


def test_every_kind_has_a_rule_and_every_result_points_to_its_own() -> None:
    run = document(SampleSource([], one_of_each_kind()))["runs"][0]

    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [f"aicensus/{kind}" for kind in KINDS]
    assert all(rules[one["ruleIndex"]]["id"] == one["ruleId"] for one in run["results"])


def test_an_asset_is_one_result_with_its_other_places_related() -> None:
    (found,) = results(SampleSource([], [in_code(1, "bot/a.py:1", "bot/pyproject.toml:3", "uv.lock")]))

    assert found["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "bot/a.py", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 1},
            }
        }
    ]
    assert [one["id"] for one in found["relatedLocations"]] == [1, 2]
    assert found["relatedLocations"][1]["physicalLocation"]["region"] == {"startLine": 1}  # the whole file


@pytest.mark.parametrize(
    ("locator", "uri"),
    [
        ("a b/ü.py:2", "a%20b/%C3%BC.py"),
        ("weird#name?.py:2", "weird%23name%3F.py"),
        ("100%.py:2", "100%25.py"),
        ("a:b.py:2", "a%3Ab.py"),
        ("notes:12:7", "notes%3A12"),
    ],
)
def test_a_path_becomes_a_relative_uri(locator: str, uri: str) -> None:
    (found,) = results(SampleSource([], [in_code(1, locator)]))

    assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


@pytest.mark.parametrize(
    ("scope", "front"),
    [
        (f"code:main/{REPOSITORY}", ""),
        (f"code:main/{REPOSITORY}/services/bot", "services/bot/"),
        (f"code:main/{REPOSITORY}/at-0123456789ab", ""),
    ],
)
def test_paths_start_at_the_root_of_the_repository(scope: str, front: str) -> None:
    (found,) = results(SampleSource([], [in_code(1, "a.py:1", scopes=[scope])]))

    uri = found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == f"{front}a.py"


def test_what_is_no_file_is_named_by_its_own_id() -> None:
    thing = asset(
        1, "model_endpoint", namespace="aws/arn", natural_id="arn:aws:x", evidence=[place("arn:aws:x:1")]
    )

    (found,) = results(SampleSource([], [thing]))

    assert found["locations"] == [
        {"logicalLocations": [{"name": "model_endpoint 1", "fullyQualifiedName": "arn:aws:x"}]}
    ]


def test_an_open_alert_makes_a_warning_and_a_decided_one_a_suppression() -> None:
    systems, assets = [orphan()], [in_code(1, system_id="sys_2")]

    (asked,) = results(SampleSource(systems, assets))
    (decided,) = results(Decided(systems, assets))

    assert asked["level"] == "warning"
    assert "no owner" in asked["message"]["text"]
    assert "suppressions" not in asked
    assert decided["level"] == "note"
    (suppression,) = decided["suppressions"]
    assert (suppression["kind"], suppression["justification"]) == (
        "external",
        "decided in the inventory: OWN-01 (accepted risk)",
    )


def test_a_comment_in_the_code_is_a_suppression_with_its_reason() -> None:
    quiet = in_code(1, system_id="sys_2", role="suppressed", attributes={"suppressed_reason": "a label"})

    (found,) = results(SampleSource([orphan()], [quiet]))

    assert found["level"] == "note"
    assert found["suppressions"] == [{"kind": "inSource", "status": "accepted", "justification": "a label"}]


def test_suppressed_results_can_be_left_out_and_are_counted() -> None:
    quiet = in_code(1, role="suppressed", attributes={"suppressed_reason": "a label"})
    out = io.StringIO()

    writer("sarif")(SampleSource([], [quiet, in_code(2)]), out, replace(OPTIONS, without_suppressed=True))

    run = checked(out.getvalue())["runs"][0]
    assert [one["properties"]["assetId"] for one in run["results"]] == ["ast_0002"]
    note = run["invocations"][0]["toolExecutionNotifications"][-1]
    assert note["message"]["text"].startswith("1 suppressed result left out")


def test_fingerprints_stay_when_lines_and_names_move_and_differ_between_things() -> None:
    here = in_code(1, "a.py:1", natural_id="bot|package|x")
    moved = in_code(2, "b.py:9", natural_id="bot|package|x", name="other")
    other = in_code(3, "a.py:1", natural_id="bot|package|y")

    prints = [
        one["partialFingerprints"][FINGERPRINT] for one in results(SampleSource([], [here, moved, other]))
    ]

    assert prints[0] == prints[1] != prints[2]


def test_a_folder_without_a_remote_has_the_same_fingerprint_on_every_machine() -> None:
    one, other = (
        in_code(1, natural_id="bot|package|x", namespace=f"code/local/{machine}/home/x")
        for machine in ("0123456789ab", "ba9876543210")
    )

    prints = {found["partialFingerprints"][FINGERPRINT] for found in results(SampleSource([], [one, other]))}

    assert len(prints) == 1


def test_names_can_neither_link_nor_escape() -> None:
    (found,) = results(SampleSource([], [in_code(1, name=f"[click](https://evil.example) {{0}} {HOSTILE}")]))

    text = found["message"]["text"]
    assert not set("[]{}\x1b\x07\u202e") & set(text)


def test_things_of_a_scan_say_what_is_new_and_what_a_baseline_knows() -> None:
    new, known = in_code(1), in_code(2)
    things = [
        Thing(asset=new, is_new=True, places=new.evidence),
        Thing(
            asset=known, is_new=False, places=known.evidence, excuse=Excuse(kind="baseline", reason="in it")
        ),
    ]
    out = io.StringIO()

    write_things(SampleSource([governed(["ast_0001"])], [new, known]), things, [], out, OPTIONS)

    one, other = checked(out.getvalue())["runs"][0]["results"]
    assert (one["baselineState"], one["level"]) == ("new", "warning")
    assert one["message"]["text"].startswith("New AI: package")
    assert (other["baselineState"], other["level"]) == ("unchanged", "note")
    assert other["suppressions"][0]["kind"] == "external"


def test_what_could_not_be_seen_is_a_notification() -> None:
    out = io.StringIO()

    write_things(SampleSource([], []), [], ["code:main/x packages: failed"], out, OPTIONS)

    (invocation,) = checked(out.getvalue())["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "packages: failed" in invocation["toolExecutionNotifications"][0]["message"]["text"]
