"""A window flows in, its completed export flows out: recorded before it is started, and looked for before that."""

import datetime as dt
import secrets
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

from exporter.errors import SourceError
from exporter.run.incremental.window_state import PendingWindow, WindowRecord, WindowState
from exporter.run.table_export.exporting import EXPORTS_FOLDER
from exporter.sources.table_export.exporting import CompletedExport, described_export, ended_export, failure_of
from exporter.sources.table_export.incremental import find_incremental, start_incremental

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

EXPORTS_TARGET = f"{EXPORTS_FOLDER}/_changes"
"""Below the prefix: the incremental exports, which are removed once they have been read."""

ATTEMPTS = 2
"""Exports of a window that one run starts, where they fail."""

_log = structlog.get_logger()


class WindowExport:
    """Exports the windows of one dataset."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        target: tuple[str, str],
        record: WindowRecord,
        stop: threading.Event,
        wait_seconds: float,
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._client, self._table, self._target, self._record = client, table, target, record
        self._stop, self._wait_seconds, self._clock = stop, wait_seconds, clock

    def completed(self, state: WindowState, window: PendingWindow) -> tuple[WindowState, CompletedExport]:
        """Return the completed export of a window, with the record that names it.

        Raises SourceError where it has failed again, or is still under way after the time to wait; Interrupted after a
        stop. The same call, of any run, goes on where this one ended.
        """
        for attempt in range(ATTEMPTS):
            if state.pending != window:
                state = self._record.replace(state.model_copy(update={"pending": window}))
                described = self._started(window)
            elif window.arn is None:  # a run has died in between, or is doing the same
                span = (window.start, window.end)
                found = find_incremental(self._client, self._table, self._target, span, state.unusable)
                described = found or self._started(window)
            else:
                described = described_export(self._client, window.arn)
            if window.arn is None:
                window = window.model_copy(update={"arn": described["ExportArn"]})
                state = self._record.replace(state.model_copy(update={"pending": window}))
            described = ended_export(self._client, described, self._stop, self._stop.wait, self._wait_seconds)
            if described["ExportStatus"] == "COMPLETED":
                return state, CompletedExport.of(described)
            self._require_failed(described, window)
            _log.warning("an incremental export has failed", attempt=attempt, reason=failure_of(described))
            window = window.model_copy(
                update={"arn": None, "token": secrets.token_hex(16), "asked_at": self._clock()}
            )  # fmt: skip
        raise SourceError(
            f"{failure_of(described)}. The window stays to be read: run `exporter changes` again when the cause is "
            "removed"
        )

    def _started(self, window: PendingWindow) -> dict[str, Any]:
        span = (window.start, window.end)
        return start_incremental(self._client, self._table, self._target, span, window.token)

    def _require_failed(self, described: dict[str, Any], window: PendingWindow) -> None:
        if described["ExportStatus"] == "IN_PROGRESS":
            raise SourceError(
                f"export {described['ExportArn']} of {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC "
                f"is under way since {window.asked_at:%Y-%m-%d %H:%M} UTC. DynamoDB promises no duration; the next run "
                "of `exporter changes` goes on with it"
            )
