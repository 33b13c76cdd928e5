"""A data set of QuickSight flows in, what its last ingestion took and dropped flows out."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from exporter.clients import Clients
from exporter.errors import ExportError
from exporter.runtime.sdk_errors import code_of, message_of

_ENDED = {"COMPLETED", "FAILED", "CANCELLED"}


@dataclass(frozen=True)
class Ingestion:
    """The last ingestion of a data set that has ended."""

    data_set: str
    at: dt.datetime
    status: str
    rows: int
    """Rows that were imported."""
    dropped: int
    """Rows that were left out (RowsDropped)."""

    def __str__(self) -> str:
        """Read as one line."""
        return (
            f"last ingestion of {self.data_set}, {self.at.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC, {self.status}: "
            f"{self.rows:,} rows imported, {self.dropped:,} dropped"
        )


def last_ingestion(clients: Clients, data_set: str, account: str | None = None) -> Ingestion | None:
    """Return the last ingestion that has ended, None where there is none; raise ExportError where it may not be read.

    `account` is that of the data set; None: that of the credentials.
    """
    try:
        account = account or clients.sts.get_caller_identity()["Account"]
        pages = clients.quicksight.get_paginator("list_ingestions").paginate(AwsAccountId=account, DataSetId=data_set)
        found = [one for page in pages for one in page.get("Ingestions", ()) if one["IngestionStatus"] in _ENDED]
    except (ClientError, BotoCoreError) as error:
        raise ExportError(
            f"cannot read the ingestions of data set {data_set}: {message_of(error)} ({code_of(error)}). They need "
            "quicksight:ListIngestions on it, and its id, which `aws quicksight list-data-sets` shows."
        ) from None
    if not found:
        return None
    last: dict[str, Any] = max(found, key=lambda one: one["CreatedTime"])
    rows = last.get("RowInfo", {})
    return Ingestion(
        data_set, last["CreatedTime"], last["IngestionStatus"], rows.get("RowsIngested", 0), rows.get("RowsDropped", 0)
    )
