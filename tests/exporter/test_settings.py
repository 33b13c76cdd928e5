"""Settings and requests: options, environment and events, and how their faults are reported."""

import datetime as dt

import pytest

from exporter.errors import SettingsError, UsageError
from exporter.run.request import request_from_event, request_from_options
from exporter.settings import settings_from_environment

NOW = dt.datetime(2026, 11, 20, 4, tzinfo=dt.UTC)
ENVIRONMENT = {"DATASET": "contacts", "S3_BUCKET": "reports", "AWS_REGION": "eu-west-1"}


def settings(**more: str):
    return settings_from_environment(ENVIRONMENT | more)


def test_every_fault_is_reported_at_once():
    """One error lists each missing and malformed setting: name, what was expected, what was found."""
    with pytest.raises(SettingsError) as caught:
        settings_from_environment(
            {"DATE_RANGE_MODE": "YESTERDAY", "LOOKBACK_HOURS": "many", "DATE_FORMAT": "YYYY", "LOG_LEVEL": "LOUD"}
        )
    message = str(caught.value)
    for name in (
        "S3_BUCKET", "AWS_REGION", "DYNAMO_TABLE_NAME", "GSI_NAME", "GSI_PK_ATTRIBUTE", "GSI_PK_VALUE",
        "GSI_SK_ATTRIBUTE", "DATE_FORMAT", "DATE_RANGE_MODE", "LOOKBACK_HOURS", "LOG_LEVEL",
    ):  # fmt: skip
        assert f"environment: {name}: expected" in message
    assert "AWS_REGION: expected an AWS region, such as eu-central-1; found nothing" in message
    assert "'YESTERDAY'" in message
    assert "'many'" in message


def test_a_table_needs_no_file():
    """Variables alone describe a table that has no dataset file."""
    made = settings_from_environment(
        {
            "S3_BUCKET": "b", "AWS_DEFAULT_REGION": "us-east-1", "DYNAMO_TABLE_NAME": "orders", "GSI_NAME": "by-state",
            "GSI_PK_ATTRIBUTE": "state", "GSI_PK_VALUE": "NEW, PAID", "GSI_SK_ATTRIBUTE": "at", "S3_PREFIX": "x/orders",
        }
    )  # fmt: skip
    assert made.dataset.source.partition_values == ("NEW", "PAID")
    assert made.location == "s3://b/x/orders/"
    assert made.region == "us-east-1"


def test_the_configured_range_is_scheduled():
    """Without options a run is the schedule's: it also reads what earlier runs owe."""
    request = request_from_options(settings(DATE_RANGE_MODE="PREVIOUS_DAY"), NOW)
    assert request.scheduled
    assert request.window is not None
    assert (request.window.first, request.window.last) == (dt.date(2026, 11, 19), dt.date(2026, 11, 19))


def test_append_is_not_widened():
    """In APPEND the last five hours are the last five hours."""
    request = request_from_options(
        settings(OVERWRITE_MODE="APPEND", DATE_RANGE_MODE="LAST_N_HOURS", LOOKBACK_HOURS="5"), NOW
    )
    assert request.between == (dt.datetime(2026, 11, 19, 23, tzinfo=dt.UTC), NOW)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": "2026-01-01"}, "--end is included"),
        ({"start": "2026-01-02", "end": "2026-01-01"}, "is before"),
        ({"start": "20260101", "end": "2026-01-02"}, "--start: expected a day as YYYY-MM-DD; found '20260101'"),
        ({"start": "2026-02-30", "end": "2026-03-01"}, "found '2026-02-30'"),
        ({"start": "2026-01-01", "end": "2026-01-02", "everything": True}, "already means every day"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    """Contradicting or malformed options are a usage fault that says which."""
    with pytest.raises(UsageError, match=message):
        request_from_options(settings(), NOW, **options)


def test_events_of_the_lambda():
    """`{}` is the configured range, two dates are a window, `all` is everything; schedulers' own fields do not hurt."""
    assert request_from_event(settings(), NOW, {"time": "x", "source": "aws.scheduler"}).scheduled
    window = request_from_event(settings(), NOW, {"startDate": "2026-06-01", "endDate": "2026-06-30"}).window
    assert window is not None
    assert (window.first.day, window.last.day) == (1, 30)
    assert request_from_event(settings(), NOW, {"all": True}).window is None


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({"startDate": "2026-06-01"}, "come together"),
        ({"startdate": "2026-06-01", "enddate": "2026-06-02"}, "unknown field 'startdate'"),
        ({"all": "yes"}, "expected true or false; found 'yes'"),
        ({"all": True, "startDate": "2026-06-01", "endDate": "2026-06-02"}, "already means every day"),
        ({"resume": "true"}, "\"resume\" in the event: expected true or false; found 'true'"),
        ({"acceptEmpty": 1}, '"acceptEmpty" in the event: expected true or false; found 1'),
        ({"startDate": ["2026-06-01"], "endDate": {}}, 'day as "YYYY-MM-DD"; found'),
        ({"startDate": 20260601, "endDate": 20260602}, "YYYY-MM-DD; found '20260601'"),
    ],
)
def test_a_faulty_event_is_refused(event, message):
    """A misspelled or contradicting event fails instead of exporting another range than meant."""
    with pytest.raises(UsageError, match=message):
        request_from_event(settings(), NOW, event)
