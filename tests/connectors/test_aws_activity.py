"""Jobs on AWS are told together, as the last use of what they name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors import aws_rows
from connectors.context import forget_clients
from connectors.model import PartStatus, Usage
from tests import aws_samples
from tests.fakes_aws import HOME, FakeAws
from tests.harness_aws import environment
from tests.looking_aws import NOW, REGION, look

TRAINING = aws_rows.load().row("sagemaker", "ListTrainingJobs")
CLASSIFIERS = aws_rows.load().row("comprehend", "ListDocumentClassifiers")
CLASSIFYING = aws_rows.load().row("comprehend", "ListDocumentClassificationJobs")
CLASSIFIER = f"arn:aws:comprehend:{REGION}:{HOME}:document-classifier/mail"
KEY = f"aws:{HOME}:{REGION}:sagemaker.ListTrainingJobs"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    with FakeAws() as started:
        for name, value in environment(started).items():
            monkeypatch.setenv(name, value)
        yield started
    forget_clients()


def training(number: int, days: float, status: str = "Completed") -> dict[str, Any]:
    return {
        "TrainingJobName": f"t{number}",
        "TrainingJobArn": f"arn:aws:sagemaker:{REGION}:{HOME}:training-job/t{number}",
        "CreationTime": NOW - timedelta(days=days),
        "TrainingJobStatus": status,
    }


def classifying(days: float, **more: Any) -> dict[str, Any]:
    job = {"JobId": f"{days}", "JobStatus": "COMPLETED", "SubmitTime": NOW - timedelta(days=days)}
    return {**job, "DocumentClassifierArn": CLASSIFIER, **more}


def test_jobs_become_one_finding_with_when_and_how(fake: FakeAws) -> None:
    jobs = [training(1, 2), training(2, 10, "Failed"), training(3, 40)]
    fake.add("sagemaker", "ListTrainingJobs", *jobs)

    found = look(TRAINING).one(TRAINING.part)

    assert found.natural_key.key == KEY
    assert found.name == "SageMaker training jobs"
    assert found.attributes["jobs"] == 3
    assert found.attributes["statuses"] == ["Completed: 2", "Failed: 1"]
    assert found.usage == Usage(last_used_at=NOW - timedelta(days=2), requests=2, window_days=30)


def test_without_jobs_there_is_no_finding(fake: FakeAws) -> None:
    looked = look(TRAINING)

    assert looked.findings == {}
    assert looked.results[TRAINING.part].status is PartStatus.COMPLETE


def test_only_the_newest_are_read_and_in_one_request(fake: FakeAws) -> None:
    fake.add("sagemaker", "ListTrainingJobs", *(training(number, number) for number in range(40)))

    found = look(TRAINING, activity_items=7).one(TRAINING.part)

    (call,) = fake.named("ListTrainingJobs")
    assert call.params == {"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": 7}
    assert found.attributes["jobs"] == 7
    assert found.attributes["are_more"] is True


def test_more_than_a_page_is_read_when_so_many_are_wanted(fake: FakeAws) -> None:
    fake.add("sagemaker", "ListTrainingJobs", *(training(number, 1) for number in range(300)))

    found = look(TRAINING, activity_items=250).one(TRAINING.part)

    assert len(fake.named("ListTrainingJobs")) == 3
    assert found.attributes["jobs"] == 250


def with_classifier(fake: FakeAws) -> None:
    item = {**aws_samples.item(CLASSIFIERS, 1), "DocumentClassifierArn": CLASSIFIER}
    fake.add("comprehend", "ListDocumentClassifiers", item, strict=False)


def test_the_model_that_jobs_name_carries_their_last_use(fake: FakeAws) -> None:
    with_classifier(fake)
    elsewhere = CLASSIFIER.replace(HOME, "999999999999")
    jobs = [classifying(3), classifying(9), classifying(1, DocumentClassifierArn=elsewhere)]
    fake.add("comprehend", "ListDocumentClassificationJobs", *jobs, strict=False)

    looked = look(CLASSIFIERS, CLASSIFYING)

    (used,) = (one for one in looked.findings[CLASSIFYING.part] if one.kind == "model")
    assert used.natural_key.key == CLASSIFIER
    assert used.usage == Usage(last_used_at=NOW - timedelta(days=3), requests=2, window_days=30)


def test_last_use_stays_known_when_newer_jobs_used_something_else(fake: FakeAws) -> None:
    with_classifier(fake)
    fake.add("comprehend", "ListDocumentClassificationJobs", classifying(3), strict=False)
    first = look(CLASSIFIERS, CLASSIFYING)
    fake.remove("comprehend", "ListDocumentClassificationJobs", lambda job: True)

    second = look(CLASSIFIERS, CLASSIFYING, before=first)

    assert [key.key for key in second.unchanged[CLASSIFYING.part]] == [CLASSIFIER]


def test_the_same_jobs_again_are_unchanged(fake: FakeAws) -> None:
    fake.add("sagemaker", "ListTrainingJobs", training(1, 2))

    second = look(TRAINING, before=look(TRAINING))

    assert second.findings == {}
    assert [key.key for key in second.unchanged[TRAINING.part]] == [KEY]


def test_a_denied_listing_of_jobs_is_denied_and_not_empty(fake: FakeAws) -> None:
    fake.fail("sagemaker", "ListTrainingJobs", "AccessDeniedException")

    assert look(TRAINING).results[TRAINING.part].status is PartStatus.DENIED


def test_jobs_without_a_time_are_counted(fake: FakeAws) -> None:
    row = aws_rows.load().row("polly", "ListSpeechSynthesisTasks")
    fake.add("polly", "ListSpeechSynthesisTasks", {"TaskId": "x"})

    found = look(row).one(row.part)

    assert found.attributes["statuses"] == ["unknown: 1"]
    assert found.usage == Usage(last_used_at=None, requests=0, window_days=30)


def test_every_job_listing_that_can_be_sorted_is() -> None:
    rows = [row for row in aws_rows.load().rows if row.activity]

    unsorted = {row.service for row in rows if not {"SortOrder", "sortOrder"} & row.params.keys()}

    assert len(rows) == 40
    assert unsorted == {
        *(
            "comprehend",
            "comprehendmedical",
            "personalize",
            "polly",
            "rekognition",
            "transcribe",
            "translate",
        ),
        "sagemaker",
    }
    assert datetime.now(UTC) > datetime(2026, 1, 1, tzinfo=UTC)
