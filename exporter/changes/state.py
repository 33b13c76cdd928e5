"""The record that a dataset has changes: read by every export, written by the first batch of a stream."""

import datetime as dt

from pydantic import ValidationError

from dataset_model import Dataset
from dataset_model.records.changes import STREAM_FILE, StreamState
from exporter.errors import StaleRun, StoreError
from exporter.storage.object_store import Store


def stream_state(store: Store, prefix: str) -> StreamState | None:
    """Return the record, or None where the dataset has no changes; raise StoreError where it is not readable."""
    key = f"{prefix}/{STREAM_FILE}"
    found = store.read(key)
    if found is None:
        return None
    try:
        return StreamState.model_validate_json(found[0])
    except ValidationError as error:
        raise StoreError(
            f"s3://{store.bucket}/{key} is not readable: {error.errors(include_url=False)[0]['msg']}. "
            "Restore its last good version from the bucket's history."
        ) from None


def begin_changes(store: Store, prefix: str, dataset: Dataset, now: dt.datetime) -> None:
    """Write the record if there is none; raise StoreError where it cannot be written."""
    if stream_state(store, prefix) is not None:
        return
    state = StreamState(dataset=dataset.name, table=dataset.source.table, since=now)
    try:
        store.replace(f"{prefix}/{STREAM_FILE}", state.model_dump_json().encode(), None)
    except StaleRun:
        return  # another batch has begun at the same moment
