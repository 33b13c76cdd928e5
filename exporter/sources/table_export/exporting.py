"""A table, or the ARN of an export, flows in; a completed export flows out: started and waited for where needed."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from exporter.errors import Interrupted, SourceError
from exporter.runtime.sdk_errors import code_of, message_of
from exporter.sources.index_query import source_error
from exporter.sources.table_export.recovery import recovery_is_off

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

POLL_SECONDS = 15.0
"""Between two questions: DynamoDB needs minutes for the smallest export and promises no duration."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class CompletedExport:
    """An export with its files in S3, as DynamoDB describes it."""

    arn: str
    table_arn: str
    bucket: str
    summary_key: str

    @classmethod
    def of(cls, described: dict[str, Any]) -> "CompletedExport":
        """Return the export of that description."""
        return cls(described["ExportArn"], described["TableArn"], described["S3Bucket"], described["ExportManifest"])


def completed_export(
    client: "DynamoDBClient",
    table: str,
    arn: str | None,
    target: tuple[str, str],
    stop: threading.Event,
    wait: Callable[[float], bool] | None = None,
) -> CompletedExport:
    """Return the export of that ARN, or a new one of a table, once it has completed.

    `target` is the bucket and prefix of a new export. Raises SourceError if it failed, cannot be started, or is of
    another table; Interrupted after a stop, which leaves the export running.
    """
    described = described_export(client, arn) if arn else _started(client, table, target)
    if table not in {described["TableArn"], described["TableArn"].rpartition("/")[2]}:
        raise SourceError(f"export {arn} is of {described['TableArn']}, not of table {table}. Correct --export-arn")
    described = ended_export(client, described, stop, wait or stop.wait)
    if described["ExportStatus"] != "COMPLETED":
        raise SourceError(f"{failure_of(described)}. Start another export")
    return CompletedExport.of(described)


def ended_export(
    client: "DynamoDBClient",
    described: dict[str, Any],
    stop: threading.Event,
    wait: Callable[[float], bool],
    seconds: float = math.inf,
) -> dict[str, Any]:
    """Return the description of an export when it has ended, or when it has not after so many seconds.

    Raises Interrupted after a stop, which leaves the export running.
    """
    arn, began = described["ExportArn"], time.monotonic()
    while described["ExportStatus"] == "IN_PROGRESS" and (waited := time.monotonic() - began) < seconds:
        _log.info("waiting for the export", arn=arn, seconds=round(waited))
        if wait(POLL_SECONDS) or stop.is_set():
            raise Interrupted(f"stopped while the export goes on; continue with --export-arn {arn}")
        described = described_export(client, arn)
    return described


def failure_of(described: dict[str, Any]) -> str:
    """Return what an export states about its failure."""
    reason = f"{described.get('FailureMessage', '')} ({described.get('FailureCode', 'no code')})"
    return f"export {described['ExportArn']} is {described['ExportStatus']}: {reason}"


def _started(client: "DynamoDBClient", table: str, target: tuple[str, str]) -> dict[str, Any]:
    described = started_export(client, table, target, {})
    _log.info("export started", arn=described["ExportArn"])
    return described


def started_export(
    client: "DynamoDBClient", table: str, target: tuple[str, str], more: dict[str, Any]
) -> dict[str, Any]:
    """Start an export and return its description; `more` are further parameters. Raises SourceError."""
    bucket, prefix = target
    try:
        answer: Any = client.export_table_to_point_in_time(
            TableArn=table_arn(client, table), S3Bucket=bucket, S3Prefix=prefix, ExportFormat="DYNAMODB_JSON", **more
        )
    except (ClientError, BotoCoreError) as error:
        if code_of(error) == "PointInTimeRecoveryUnavailableException":
            raise recovery_is_off(table, "or use --source scan") from None
        if code_of(error) == "AccessDeniedException":
            raise SourceError(
                f"may not export table {table}: {message_of(error)}. The role needs "
                f"dynamodb:ExportTableToPointInTime on the table and s3:PutObject on s3://{bucket}/{prefix}/*"
            ) from None
        raise source_error(error, f"an export of table {table}") from None
    return dict(answer["ExportDescription"])


def table_arn(client: "DynamoDBClient", table: str) -> str:
    """Return the ARN of a table; raise SourceError where there is none."""
    try:
        return client.describe_table(TableName=table)["Table"]["TableArn"]
    except (ClientError, BotoCoreError) as error:
        raise source_error(error, f"table {table}") from None


def described_export(client: "DynamoDBClient", arn: str) -> dict[str, Any]:
    """Return what DynamoDB says about an export; raise SourceError where there is none."""
    try:
        return dict(client.describe_export(ExportArn=arn)["ExportDescription"])
    except (ClientError, BotoCoreError) as error:
        if code_of(error) == "ExportNotFoundException":
            raise SourceError(f"there is no export {arn}; `aws dynamodb list-exports` lists them") from None
        raise source_error(error, f"export {arn}") from None
