from __future__ import annotations

import random

import pytest

from connectors.model import OwnerHint
from normalizer.owners import combine, hints_from_tags, is_automation, is_team, normal_party


def hint(candidate: str, source: str, confidence: float = 1.0, why: str = "") -> OwnerHint:
    return OwnerHint(
        candidate=candidate, source=source, confidence=confidence, why=why or f"{source}: {candidate}"
    )


def test_independent_evidence_adds_up() -> None:
    hints = [("a", hint("ana@acme.example", "tag:owner")), ("a", hint("ana@acme.example", "key_creator"))]

    (ana,) = combine(hints)

    assert ana.confidence == pytest.approx(1 - (1 - 0.9) * (1 - 0.7))
    assert ana.reasons == ("tag:owner: ana@acme.example", "key_creator: ana@acme.example")


def test_the_same_kind_of_evidence_counts_once() -> None:
    once = combine([("a", hint("ana@acme.example", "CODEOWNERS"))])
    often = combine([(str(number), hint("ana@acme.example", "CODEOWNERS")) for number in range(40)])

    assert [one.confidence for one in often] == [one.confidence for one in once] == [0.75]
    assert "39 more" in often[0].reasons[0]


def test_blame_and_audit_events_are_one_act() -> None:
    hints = [("a", hint("ana@acme.example", "cloudtrail")), ("a", hint("ana@acme.example", "git blame"))]

    assert combine(hints)[0].confidence == 0.65


def test_assets_that_disagree_make_everyone_less_likely() -> None:
    hints = [("a", hint("ana@acme.example", "tag:owner")), ("b", hint("bo@acme.example", "tag:owner"))]

    assert [one.confidence for one in combine(hints)] == [pytest.approx(0.9 * 0.75)] * 2


def test_a_tag_that_names_nobody_known_is_weak_until_someone_is_known() -> None:
    hints = [("a", hint("platform", "tag:team"))]

    assert combine(hints)[0].confidence == 0.3
    assert combine(hints, known={"platform"})[0].confidence == 0.9


def test_a_declined_candidate_is_left_out() -> None:
    assert combine([("a", hint("ana@acme.example", "CODEOWNERS"))], declined={"ana@acme.example"}) == []


def test_an_overstated_hint_is_held_to_the_weight_of_its_kind() -> None:
    assert combine([("a", hint("ana@acme.example", "naming convention", 1.0))])[0].confidence == 0.2


def test_order_of_hints_does_not_matter() -> None:
    hints = [
        (str(number % 4), hint(f"p{number % 3}@acme.example", source, 0.1 * number))
        for number, source in enumerate(
            ["tag:owner", "CODEOWNERS", "creator", "blame", "other", "tag:team"] * 3
        )
    ]
    shuffled = hints.copy()
    random.Random(7).shuffle(shuffled)

    assert combine(shuffled) == combine(hints)


@pytest.mark.parametrize(
    "name",
    [
        "dependabot[bot]",
        "renovate-bot",
        "arn:aws:iam::111122223333:role/deploy",
        "arn:aws:sts::111122223333:assumed-role/ci/session",
        "deployer@acme.iam.gserviceaccount.com",
        "terraform",
        "noreply@acme.example",
        "svc-ml",
        " ",
        "unknown",
    ],
)
def test_automation_never_answers(name: str) -> None:
    assert is_automation(name)
    assert combine([("a", hint(name, "tag:owner"))]) == []


@pytest.mark.parametrize(
    "name", ["robot.meier@acme.example", "Abbot", "cicely@acme.example", "@acme/rootcause"]
)
def test_people_with_odd_names_are_people(name: str) -> None:
    assert not is_automation(name)


def test_several_addresses_in_one_tag_are_several_candidates() -> None:
    found = combine([("a", hint("Ana@Acme.example, bo@acme.example", "tag:owner"))])

    assert [one.party for one in found] == ["ana@acme.example", "bo@acme.example"]


def test_owner_tags_are_found_in_any_spelling() -> None:
    tags = {"Owner": "ana@acme.example", "Cost-Center": "4711", "ManagedBy": "terraform", "env": "prod"}

    assert [(one.candidate, one.confidence) for one in hints_from_tags(tags)] == [
        ("4711", 0.4),
        ("ana@acme.example", 0.9),
    ]


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("mailto:Ana@Acme.example", "ana@acme.example"),
        ("@Acme/ML", "@acme/ml"),
        ("  Ana   Meier ", "Ana Meier"),
    ],
)
def test_one_spelling_for_a_party(written: str, normal: str) -> None:
    assert normal_party(written) == normal


def test_teams_are_told_from_people() -> None:
    assert [is_team(one) for one in ("@acme/ml", "ml-team", "@ana", "ana@acme.example", "Steamer")] == [
        *(True, True),
        *(False, False, False),
    ]
