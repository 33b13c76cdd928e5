"""A table flows in; whether it can be exported as of a point in time flows out."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def table_is_recoverable(client: "DynamoDBClient", table: str) -> bool | None:
    """Return whether a table's point-in-time recovery is on; None where DynamoDB does not say, or not to this role."""
    try:
        answer: Any = client.describe_continuous_backups(TableName=table)
    except (ClientError, BotoCoreError):
        return None
    recovery = answer.get("ContinuousBackupsDescription", {}).get("PointInTimeRecoveryDescription", {})
    status = recovery.get("PointInTimeRecoveryStatus")
    return None if status is None else status == "ENABLED"
