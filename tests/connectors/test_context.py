"""What a connector may say about the part it is in, and what the next scan is told."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime

from connectors.clients.network import NetworkSettings
from connectors.context import OpenPart
from connectors.errors import PermissionDenied
from connectors.model import Part, PartStatus, Scope
from connectors.runner import ScopeJob, packed

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PART = Part(name="files", kinds=("agent",))
RECORDED = {("toy/agent", "a"): "1", ("toy/agent", "b"): "2"}


def test_a_text_is_kept_with_a_part_that_ends_complete() -> None:
    part = OpenPart(PART, NOW)

    part.state("head 1")

    assert part.result(NOW).state == "head 1"


def test_no_text_is_kept_with_a_part_that_ends_otherwise() -> None:
    part = OpenPart(PART, NOW)

    part.state("head 1")

    assert part.result(NOW, PermissionDenied("no")).state == ""


def test_a_text_that_holds_a_secret_is_not_kept() -> None:
    part = OpenPart(PART, NOW)

    part.state("ghp_0123456789abcdefghijklmnopqrst")

    assert part.result(NOW).state == ""


def test_a_part_that_stands_counts_what_is_on_record() -> None:
    part = OpenPart(PART, NOW, lambda name: RECORDED if name == "files" else {})

    part.stands()
    result = part.result(NOW)

    assert (result.stands, result.count, result.status) == (True, 2, PartStatus.COMPLETE)


def test_a_part_that_showed_something_does_not_stand() -> None:
    part = OpenPart(PART, NOW, lambda name: RECORDED)

    part.stands()
    part.count += 1

    assert (part.result(NOW).stands, part.result(NOW).count) == (False, 1)


def test_a_part_that_failed_does_not_stand() -> None:
    part = OpenPart(PART, NOW, lambda name: RECORDED)

    part.stands()
    result = part.result(NOW, PermissionDenied("no"))

    assert (result.stands, result.count) == (False, 0)


def test_texts_travel_with_a_job() -> None:
    scope = Scope(connector="toy", instance="main", ids=("one",), parts=(PART, replace(PART, name="more")))
    job = ScopeJob(
        connector="toy",
        instance="main",
        scope=scope,
        options=None,
        network=NetworkSettings(),
        previous_state={"files": "head 1", "more": ""}.__getitem__,
    )

    there = pickle.loads(pickle.dumps(packed(job)))

    assert (there.previous_state("files"), there.previous_state("more")) == ("head 1", "")
    assert there.previous_state("unknown") == ""
