"""A window flows in, the incremental export of it flows out: started once, or found where it was started already."""

import datetime as dt
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Literal

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from exporter.errors import SourceError
from exporter.sources.index_query import source_error
from exporter.sources.table_export.exporting import described_export, started_export, table_arn

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INCREMENTAL: Literal["INCREMENTAL_EXPORT"] = "INCREMENTAL_EXPORT"
_VIEW = "NEW_AND_OLD_IMAGES"
"""Without the old image the day that an item has left is unknown."""

_log = structlog.get_logger()

Window = tuple[dt.datetime, dt.datetime]


def start_incremental(
    client: "DynamoDBClient", table: str, target: tuple[str, str], window: Window, token: str
) -> dict[str, Any]:
    """Start the export of a window and return its description; with the token of a running one, return that."""
    start, end = window
    described = started_export(
        client,
        table,
        target,
        {
            "ExportType": INCREMENTAL,
            "IncrementalExportSpecification": {
                "ExportFromTime": start, "ExportToTime": end, "ExportViewType": _VIEW,
            },
            "ClientToken": token,
        },
    )  # fmt: skip
    _log.info("incremental export started", arn=described["ExportArn"], start=start.isoformat(), end=end.isoformat())
    return described


def find_incremental(
    client: "DynamoDBClient", table: str, target: tuple[str, str], window: Window, unusable: Collection[str] = ()
) -> dict[str, Any] | None:
    """Return the description of an export of a window to a target that has not failed, or None where there is none.

    `unusable` are ARNs of exports that are of no use.

    DynamoDB knows a token for eight hours; the list of exports goes back 90 days.
    """
    for arn in _incremental_exports(client, table_arn(client, table)):
        if arn in unusable:
            continue
        described = described_export(client, arn)
        asked = described.get("IncrementalExportSpecification", {})
        found = (asked.get("ExportFromTime"), asked.get("ExportToTime"))
        place = (described.get("S3Bucket"), described.get("S3Prefix"))
        is_same = found == window and place == target and asked.get("ExportViewType") == _VIEW
        if is_same and described["ExportStatus"] != "FAILED":
            return described
    return None


def _incremental_exports(client: "DynamoDBClient", arn: str) -> list[str]:
    found: list[str] = []
    more: dict[str, Any] = {}
    while True:
        try:
            page: Any = client.list_exports(TableArn=arn, **more)
        except (ClientError, BotoCoreError) as error:
            raise source_error(error, f"the exports of {arn}") from None
        found += [one["ExportArn"] for one in page["ExportSummaries"] if one.get("ExportType") == INCREMENTAL]
        if not page.get("NextToken"):
            return found
        more = {"NextToken": page["NextToken"]}


def require_window(arn: str, found: tuple[str, str], view: str, window: Window) -> None:
    """Raise SourceError where an export's manifest states another window, or other images, than what was asked for."""
    stated = tuple(dt.datetime.fromisoformat(text) for text in found if text)
    if stated != window or view not in {"", _VIEW}:
        raise SourceError(
            f"export {arn} states the window {' to '.join(found)} with {view or 'no view'}; asked for was "
            f"{window[0].isoformat()} to {window[1].isoformat()} with {_VIEW}. Nothing was read from it"
        )
