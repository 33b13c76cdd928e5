"""A dataset flows in, its stream is followed without Lambda: read, written, and its progress recorded in S3."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from pydantic import ValidationError

from dataset_model.records.changes import SHARDS_FILE, StreamProgress
from exporter.changes.following.shards import ShardReader, stream_of_table
from exporter.changes.writer import ChangeWriter, Handled
from exporter.clients import Clients
from exporter.errors import StoreError
from exporter.settings import Settings
from exporter.storage.object_store import Store

_log = structlog.get_logger()


@dataclass
class Followed:
    """What has been handled so far."""

    batches: int = 0
    records: int = 0
    rows: int = 0
    quarantined: int = 0


class Follower:
    """Follows the stream of one dataset's table.

    Two may run at once: both write the same changes, which count once, and progress only states what is stored.
    """

    def __init__(
        self, settings: Settings, stop: threading.Event, on_batch: Callable[[Handled], None] = lambda _: None
    ) -> None:
        self._clients = clients = Clients(settings.region)
        self._table = table = settings.dataset.source.table
        self._store = Store(clients.s3, settings.bucket)
        self._store.check()
        self._key = f"{settings.prefix}/{SHARDS_FILE}"
        self._stream = stream_of_table(clients.dynamodb, table)
        self._reader = ShardReader(clients.streams, self._stream, table)
        self._writer = ChangeWriter(settings, clients)
        self._stop, self._on_batch = stop, on_batch
        self.done = Followed()

    def run(self, *, once: bool, seconds: float) -> Followed:
        """Read to the present end of the stream; unless `once`, again after so many seconds, until a stop."""
        self._writer.begin()  # also before the first record, so that exports stamp their days from now on
        progress = self._progress()
        if progress.stream != self._stream and _table_of(progress.stream) == _table_of(self._stream):
            progress = self._followed_up(progress)
        while not self._stop.is_set():
            progress = self._read(self._reader, progress)
            if once:
                break
            self._stop.wait(seconds)
        return self.done

    def _followed_up(self, progress: StreamProgress) -> StreamProgress:
        """Read what is left of the table's former stream; return the progress in the present one, which is none."""
        former = ShardReader(self._clients.streams, progress.stream, self._table)
        is_read = former.is_readable()
        if is_read:
            self._read(former, progress)
        if self._stop.is_set():  # what is left is read by the next process
            return progress
        _log.error(
            "the stream was disabled and enabled again; export the days that were changed in between",
            former=progress.stream, stream=self._stream, former_was_read=is_read,
        )  # fmt: skip
        begun = StreamProgress(stream=self._stream)
        self._store.write(self._key, begun.model_dump_json().encode())
        return begun

    def _read(self, reader: ShardReader, progress: StreamProgress) -> StreamProgress:
        for batch in reader.batches(progress):
            if batch.records:
                handled = self._writer.write(batch.records)
                self.done.batches += 1
                self.done.records += handled.records
                self.done.rows += handled.rows
                self.done.quarantined += handled.quarantined
                self._on_batch(handled)
            # Only now: what is not stored yet is read again.
            self._store.write(self._key, batch.progress.model_dump_json().encode())
            progress = batch.progress
            if self._stop.is_set():
                break
        return progress

    def _progress(self) -> StreamProgress:
        found = self._store.read(self._key)
        if found is None:
            return StreamProgress(stream=self._stream)
        try:
            return StreamProgress.model_validate_json(found[0])
        except ValidationError:
            raise StoreError(
                f"s3://{self._store.bucket}/{self._key} is not readable. Remove it: the stream is read again from the "
                "oldest record that it holds, which counts nothing twice."
            ) from None


def _table_of(stream: str) -> str:
    return stream.partition("/stream/")[0]
