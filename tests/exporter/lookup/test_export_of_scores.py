"""An index that is sorted by a score cannot be exported by day; the index with the time is named."""

import datetime as dt
from decimal import Decimal

import pytest

from exporter.run.job import ExportJob
from exporter.run.request import request_from_options
from exporter.settings import settings_from_environment

BUCKET, NOW = "reports", dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
ADVICE = (
    "If the sort key is no time at all, choose an index that is sorted by the time: LastUpdatedIndex (last_updated)."
)


def error_of(index: str, sort_key: str, date_format: str) -> str | None:
    variables = {
        "S3_BUCKET": BUCKET, "AWS_REGION": "us-east-1", "DYNAMO_TABLE_NAME": "iops-dashboard-metrics",
        "GSI_NAME": index, "GSI_PK_ATTRIBUTE": "entity_type", "GSI_PK_VALUE": "student", "GSI_SK_ATTRIBUTE": sort_key,
        "S3_PREFIX": f"scores-{index}-{date_format}", "ATHENA_DATABASE": "scores",
        "ATHENA_TABLE": f"t_{date_format.lower()}", "DATE_FORMAT": date_format,
    }  # fmt: skip
    settings = settings_from_environment(variables)
    return ExportJob(settings, request_from_options(settings, NOW, everything=True), clock=lambda: NOW).run().error


@pytest.fixture
def student(put) -> None:
    """One student with a health score of 62.5."""
    put(
        "Metrics",
        {"entity_id": "stu_1", "entity_type": "student", "health_score": Decimal("62.5"),
         "last_updated": "2026-02-16T10:00:00Z"},
    )  # fmt: skip


@pytest.mark.usefixtures("student")
@pytest.mark.parametrize("date_format", ["ISO", "EPOCH", "EPOCH_MILLIS"])
def test_scores_are_refused_with_the_index_that_would_do(date_format):
    """Whatever the date format, a score is no date: the run fails, and names the index that is sorted by the time."""
    error = error_of("EntityTypeHealthIndex", "health_score", date_format)
    assert error is not None
    assert error.endswith(ADVICE)


@pytest.mark.usefixtures("student")
def test_the_named_index_is_exported():
    """The index that the refusal names is exported without a failure."""
    assert error_of("LastUpdatedIndex", "last_updated", "ISO") is None
