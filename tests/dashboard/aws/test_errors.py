"""Errors of Athena and the SDK become messages for people."""

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError

from dashboard.aws.errors import error_from_reason, error_from_sdk
from dashboard.errors import (
    AccessDenied,
    AthenaUnreachable,
    QueryCancelled,
    QueryFailed,
    TableMissing,
    Throttled,
)
from dashboard.model.statements import Statement
from dashboard.services.service import Service
from dashboard.settings import settings_from_environment
from dashboard.sql.parser import position_of_failure


def answer(code, message, status=400):
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "StartQueryExecution")


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (answer("TooManyRequestsException", "slow down"), Throttled, "Try again in a minute"),
        (answer("ThrottlingException", "Rate exceeded"), Throttled, "fewer requests"),
        (answer("AccessDeniedException", "not allowed: athena:Start"), AccessDenied, "athena:Start"),
        (answer("ExpiredTokenException", "expired"), AccessDenied, "expired"),
        (answer("InternalServerException", "oops", 500), AthenaUnreachable, "has a fault"),
        (answer("InvalidRequestException", "WorkGroup x is not found."), QueryFailed, "WorkGroup x"),
        (answer("InvalidRequestException", "No output location provided."), QueryFailed, "Set ATHENA_RESULTS"),
        (EndpointConnectionError(endpoint_url="http://x"), AthenaUnreachable, "AWS_ENDPOINT_URL"),
        (ReadTimeoutError(endpoint_url="http://x"), AthenaUnreachable, "did not answer"),
        (NoCredentialsError(), AccessDenied, "credentials"),
    ],
)
def test_an_sdk_error_says_what_to_do(error, kind, said):
    """The kind says what the caller can do, also for errors that PyAthena has wrapped."""
    assert isinstance(error_from_sdk(error, "Athena", "running a query"), kind)
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = error
    assert said in str(error_from_sdk(wrapped, "Athena", "running a query"))


@pytest.mark.parametrize(
    ("state", "reason", "kind", "said"),
    [
        ("FAILED", "TABLE_NOT_FOUND: line 1:15: Table 'a.b.c' does not exist", TableMissing, "Run an export"),
        ("FAILED", "SCHEMA_NOT_FOUND: line 1:15: Schema 'x' does not exist", TableMissing, "ATHENA_DATABASE"),
        (
            "FAILED",
            "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved or requester is not authorized",
            QueryFailed,
            "x",
        ),
        ("FAILED", "Access Denied: s3://b/k (Service: Amazon S3; Status Code: 403)", AccessDenied, "permission"),
        ("FAILED", "HIVE_BAD_DATA: Field x's type DOUBLE is incompatible", QueryFailed, "HIVE_BAD_DATA"),
        ("FAILED", "", QueryFailed, "no reason"),
        ("CANCELLED", "Query cancelled by user", QueryCancelled, "before its end."),
        ("CANCELLED", "Bytes scanned limit was exceeded", QueryCancelled, "Bytes scanned limit"),
    ],
)
def test_a_query_that_ended_badly_says_why(state, reason, kind, said):
    """The error holds Athena's reason, and the next step where there is one."""
    error = error_from_reason(state, reason, "id")
    assert isinstance(error, kind)
    assert said in str(error)


@pytest.mark.parametrize(
    ("written", "reason", "place"),
    [
        ("SELECT a,\n  nope FROM t", "COLUMN_NOT_FOUND: line 1:11: Column 'nope' cannot be resolved", (2, 3)),
        ("SELECT a\nFROM t", "EXPRESSION_NOT_AGGREGATE: line 1:8: 'a' must be an aggregate", (1, 8)),
        ("SELECT 1/0", "DIVISION_BY_ZERO: Division by zero", (None, None)),
        ("SELECT 'nope', \"Nope\"", "COLUMN_NOT_FOUND: line 1:8: Column 'nope' cannot be resolved", (1, 16)),
    ],
)
def test_athenas_position_is_found_in_what_was_written(written, reason, place):
    """Athena's position is that of the sent text; the error's position is that of the written text."""
    text, line, column = position_of_failure(written, reason)
    assert (line, column) == place
    assert "line 1:" not in text


def test_a_workgroup_without_a_place_for_results_says_what_to_set(published):
    """The stand-in's primary workgroup has no place for results, like that of a new account."""
    service = Service(settings_from_environment({**published.environment, "ATHENA_RESULTS": ""}))
    with pytest.raises(QueryFailed, match="Set ATHENA_RESULTS"):
        service.athena.run(Statement("SELECT 1"))
    service.close()
