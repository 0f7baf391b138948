from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.model import Evidence, Grade, OwnerHint, Role, Usage
from normalizer.fold import AssetState, Content, Sighted, fold

AT = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = st.sampled_from(["a", "b", "c"])
NAMES = st.none() | WORDS

contents = st.builds(
    Content,
    attributes=st.dictionaries(WORDS, st.integers(0, 2), max_size=2),
    tags=st.dictionaries(WORDS, WORDS, max_size=2),
    evidence=st.lists(
        st.builds(Evidence, source=WORDS, locator=WORDS, observed_at=st.just(AT), detail=WORDS), max_size=2
    ).map(tuple),
    owner_hints=st.lists(
        st.builds(
            OwnerHint, candidate=WORDS, source=WORDS, confidence=st.sampled_from([0.1, 0.9]), why=WORDS
        ),
        max_size=2,
    ).map(tuple),
    usage=st.none() | st.builds(Usage, last_used_at=st.none() | st.just(AT), requests=st.integers(0, 3)),
)
sighteds = st.builds(
    Sighted,
    namespace=WORDS,
    key=WORDS,
    kind=WORDS,
    provider=WORDS,
    name=WORDS,
    grade=st.sampled_from(Grade),
    role=st.sampled_from(Role),
    ref=WORDS,
    drives=st.booleans(),
    details=st.booleans(),
    account=NAMES,
    region=NAMES,
    application=NAMES,
    model=NAMES,
    state=st.sampled_from([AssetState.PRESENT, AssetState.SUSPECT, AssetState.MISSING]),
    opened_at=WORDS,
    content=contents,
)
some = st.lists(sighteds, min_size=1, max_size=5)


def sighted(**changes: object) -> Sighted:
    plain = Sighted(
        namespace="ns",
        key="a",
        kind="agent",
        provider="demo",
        name="A",
        grade=Grade.DECLARED,
        role=Role.APPLICATION,
        ref="",
        drives=True,
        details=False,
        account=None,
        region=None,
        application=None,
        model=None,
        state=AssetState.PRESENT,
        opened_at="2026-01-01",
        content=Content(),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@given(some, st.randoms())
def test_the_order_of_sightings_does_not_matter(sightings: list[Sighted], chance: object) -> None:
    shuffled = list(sightings)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert fold(shuffled) == fold(sightings)


@given(some)
def test_a_repeated_sighting_changes_nothing(sightings: list[Sighted]) -> None:
    assert fold([*sightings, *sightings]) == fold(sightings)


@given(some)
def test_every_evidence_is_kept(sightings: list[Sighted]) -> None:
    kept = fold(sightings).evidence

    assert set(kept) == {seen for one in sightings for seen in one.content.evidence}


@given(some)
def test_grade_role_and_state_are_the_best_of_what_drives(sightings: list[Sighted]) -> None:
    folded = fold(sightings)

    chosen = [one for one in sightings if one.drives] or sightings
    assert folded.grade.rank == max(one.grade.rank for one in chosen)
    assert folded.role.rank == min(one.role.rank for one in chosen)
    listed = [one for one in chosen if not one.details] or chosen
    assert folded.state.rank == min(one.state.rank for one in listed)


def test_a_ref_that_does_not_drive_says_nothing_while_another_drives() -> None:
    main = sighted(ref="main", state=AssetState.MISSING, content=Content(tags={"ai-system": "one"}))
    branch = sighted(
        ref="feature", drives=False, grade=Grade.LIVE, content=Content(tags={"ai-system": "two", "x": "y"})
    )

    both, alone = fold([main, branch]), fold([branch])

    assert (both.state, both.ref, both.grade, both.tags) == (
        AssetState.MISSING,
        "main",
        Grade.DECLARED,
        {"ai-system": "one"},
    )
    assert (alone.drives, alone.ref) == (False, "feature")


def test_details_describe_but_do_not_hold() -> None:
    listed = sighted(state=AssetState.MISSING)
    detail = sighted(details=True, model="m-1")

    folded = fold([listed, detail])

    assert (folded.state, folded.model) == (AssetState.MISSING, "m-1")


def test_the_natural_key_is_the_one_open_longest() -> None:
    old = sighted(key="old", opened_at="2026-01-01")
    young = sighted(key="young", opened_at="2026-02-01", grade=Grade.LIVE)

    assert fold([young, old]).natural_id == "old"


def test_nothing_has_no_fold() -> None:
    with pytest.raises(ValueError, match="gone"):
        fold([])
