"""A table flows in; whether, and from when, it can be exported as of a point in time flows out."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from exporter.errors import SourceError
from exporter.sources.index_query import source_error

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class Recovery:
    """The instants between which a table can be restored, and so exported."""

    earliest: dt.datetime
    latest: dt.datetime


def table_is_recoverable(client: "DynamoDBClient", table: str) -> bool | None:
    """Return whether a table's point-in-time recovery is on; None where DynamoDB does not say, or not to this role."""
    try:
        status = _described(client, table).get("PointInTimeRecoveryStatus")
    except (ClientError, BotoCoreError):
        return None
    return None if status is None else status == "ENABLED"


def recovery_of(client: "DynamoDBClient", table: str) -> Recovery:
    """Return the recovery of a table; raise SourceError where it is off or DynamoDB does not say."""
    try:
        found = _described(client, table)
    except (ClientError, BotoCoreError) as error:
        raise source_error(error, f"the point-in-time recovery of table {table}") from None
    if found.get("PointInTimeRecoveryStatus") != "ENABLED":
        raise recovery_is_off(table, "or leave `changes` out and use --lookback-days")
    return Recovery(
        found["EarliestRestorableDateTime"].astimezone(dt.UTC), found["LatestRestorableDateTime"].astimezone(dt.UTC)
    )


def recovery_is_off(table: str, otherwise: str) -> SourceError:
    """Return the error of a table that cannot be exported, with what else may be done."""
    return SourceError(
        f"table {table} cannot be exported: point-in-time recovery is off. Switch it on by `aws dynamodb "
        f"update-continuous-backups --table-name {table} --point-in-time-recovery-specification "
        f"PointInTimeRecoveryEnabled=true`, {otherwise}"
    )


def _described(client: "DynamoDBClient", table: str) -> dict[str, Any]:
    answer: Any = client.describe_continuous_backups(TableName=table)
    found: dict[str, Any] = answer.get("ContinuousBackupsDescription", {}).get("PointInTimeRecoveryDescription", {})
    return found
