"""The record that a dataset has changes: read by every export, written by the first batch of a stream or window."""

import datetime as dt

from pydantic import ValidationError

from dataset_model import Dataset
from dataset_model.records.changes import CHANGES_FOLDER, STREAM_FILE, Feed, StreamState
from exporter.errors import StaleRun, StoreError, UsageError
from exporter.storage.object_store import Store


def stream_state(store: Store, prefix: str) -> StreamState | None:
    """Return the record, or None where the dataset has no changes; raise StoreError where it is not readable."""
    found = _found(store, prefix)
    return found[0] if found else None


def _found(store: Store, prefix: str) -> tuple[StreamState, str] | None:
    """Return the record and its ETag."""
    key = f"{prefix}/{STREAM_FILE}"
    found = store.read(key)
    if found is None:
        return None
    try:
        return StreamState.model_validate_json(found[0]), found[1]
    except ValidationError as error:
        raise StoreError(
            f"s3://{store.bucket}/{key} is not readable: {error.errors(include_url=False)[0]['msg']}. "
            "Restore its last good version from the bucket's history."
        ) from None


def begin_changes(store: Store, prefix: str, dataset: Dataset, now: dt.datetime, fed_by: Feed = "stream") -> None:
    """Write the record if there is none; raise StoreError where it cannot be written.

    A stream takes over from windows, because its sequence numbers are larger than theirs: what it writes is later. The
    other way round later changes would count as earlier ones, so UsageError is raised.
    """
    found = _found(store, prefix)
    if found is not None and found[0].fed_by == fed_by:
        return
    if found is not None and fed_by == "windows":
        raise UsageError(
            f"s3://{store.bucket}/{prefix}/{STREAM_FILE} says that a stream feeds the changes of {dataset.name}; those "
            "of incremental exports would count as earlier than every one of the stream"
        )
    if found is None and fed_by == "windows":
        _require_no_changes(store, prefix)
    state = StreamState(dataset=dataset.name, table=dataset.source.table, since=now, fed_by=fed_by)
    if found is not None:
        state = found[0].model_copy(update={"fed_by": fed_by})
    try:
        store.replace(f"{prefix}/{STREAM_FILE}", state.model_dump_json().encode(), found[1] if found else None)
    except StaleRun:
        return  # another batch has begun at the same moment


def _require_no_changes(store: Store, prefix: str) -> None:
    folder = f"{prefix}/{CHANGES_FOLDER}/"
    if next(store.objects(f"{folder}year="), None) is not None:
        raise UsageError(
            f"s3://{store.bucket}/{folder} holds change files, and {STREAM_FILE} is not there to say what wrote them. "
            "Those of a stream would count as later than every one of an incremental export. Put the record back from "
            f"the bucket's history; or, if they are of a stream that is no more, remove what is below {folder}year= "
            f"and {folder}_merges/"
        )
