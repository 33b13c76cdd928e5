"""A table, or the ARN of an export, flows in; a completed export flows out: started and waited for where needed."""

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

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

POLL_SECONDS = 15.0
"""Between two questions: DynamoDB needs minutes for the smallest export and promises no duration."""

_log = structlog.get_logger()


@dataclass(frozen=True)
class CompletedExport:
    """An export with its files in S3."""

    arn: str
    bucket: str
    summary_key: str


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
    described = _described(client, arn) if arn else _started(client, table, target)
    if described["TableArn"].rpartition("/")[2] != table:
        raise SourceError(f"export {arn} is of {described['TableArn']}, not of table {table}. Correct --export-arn")
    began = time.monotonic()
    while described["ExportStatus"] == "IN_PROGRESS":
        _log.info("waiting for the export", arn=described["ExportArn"], seconds=round(time.monotonic() - began))
        if (wait or stop.wait)(POLL_SECONDS):
            raise Interrupted(f"stopped while the export goes on; continue with --export-arn {described['ExportArn']}")
        described = _described(client, described["ExportArn"])
    if described["ExportStatus"] != "COMPLETED":
        reason = f"{described.get('FailureMessage', '')} ({described.get('FailureCode', 'no code')})"
        raise SourceError(
            f"export {described['ExportArn']} is {described['ExportStatus']}: {reason}. Start another export"
        )
    return CompletedExport(described["ExportArn"], described["S3Bucket"], described["ExportManifest"])


def _started(client: "DynamoDBClient", table: str, target: tuple[str, str]) -> dict[str, Any]:
    bucket, prefix = target
    try:
        arn = client.describe_table(TableName=table)["Table"]["TableArn"]
        answer: Any = client.export_table_to_point_in_time(
            TableArn=arn, S3Bucket=bucket, S3Prefix=prefix, ExportFormat="DYNAMODB_JSON"
        )
    except (ClientError, BotoCoreError) as error:
        if code_of(error) == "PointInTimeRecoveryUnavailableException":
            raise SourceError(
                f"table {table} cannot be exported: point-in-time recovery is off. Switch it on by `aws dynamodb "
                f"update-continuous-backups --table-name {table} --point-in-time-recovery-specification "
                "PointInTimeRecoveryEnabled=true`, or use --source scan"
            ) from None
        if code_of(error) == "AccessDeniedException":
            raise SourceError(
                f"may not export table {table}: {message_of(error)}. The role needs "
                f"dynamodb:ExportTableToPointInTime on the table and s3:PutObject on s3://{bucket}/{prefix}/*"
            ) from None
        raise source_error(error, f"an export of table {table}") from None
    _log.info("export started", arn=answer["ExportDescription"]["ExportArn"])
    return dict(answer["ExportDescription"])


def _described(client: "DynamoDBClient", arn: str) -> dict[str, Any]:
    try:
        return dict(client.describe_export(ExportArn=arn)["ExportDescription"])
    except (ClientError, BotoCoreError) as error:
        if code_of(error) == "ExportNotFoundException":
            raise SourceError(f"there is no export {arn}; `aws dynamodb list-exports` lists them") from None
        raise source_error(error, f"export {arn}") from None
