"""`_changes/`: what has changed since a day was read, in files of its days, and the record that there are any.

A row of a change file has the columns of the table and four more. The latest change of a key decides, which is the one
with the highest `_seq`; it counts if it was written since the day's file was read (`_at` >= the file's `_as_of`).
"""

import datetime as dt
import re
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from dataset_model.targets.partitions import day_from_partition, partition_from_day

CHANGES_FOLDER = "_changes"
STREAM_FILE = f"{CHANGES_FOLDER}/_stream.json"

KEY_COLUMN = "_key"
"""Hash of the item's primary key, 32 hexadecimal digits; in change files and in the files of the days."""
AS_OF_COLUMN = "_as_of"
"""In the files of the days: the instant from which changes count, in milliseconds since 1970."""
AT_COLUMN = "_at"
"""When the change was written, in milliseconds since 1970; DynamoDB gives whole seconds."""
SEQUENCE_COLUMN = "_seq"
"""Sequence number of the stream record, padded to 40 digits so that its text sorts as the number does. Of incremental
exports it is the time of the write in microseconds, which is smaller than every number of a stream. A row that is
derived again has its attempt behind a dot: it is later than its own change, and before the next one."""
SEQUENCE_DIGITS = 40
OPERATION_COLUMN = "_op"
"""`U`: the item is as in this row. `D`: it is not on this day any more. `T`: the same, removed by time to live.
`E`: no item; the day was read and was empty, as of `_at`."""

STAMP_COLUMNS = (KEY_COLUMN, AS_OF_COLUMN)
CHANGE_COLUMNS = (KEY_COLUMN, AT_COLUMN, SEQUENCE_COLUMN, OPERATION_COLUMN)

Operation = Literal["U", "D", "T", "E"]

Feed = Literal["stream", "windows"]
"""Where changes come from: a stream, or the windows of incremental exports."""

MARGIN = dt.timedelta(minutes=5)
"""A read of an index may miss what was written shortly before, and clocks differ."""

EMPTY_DAY_FILE = "read-empty.parquet"

_CHANGE_FILE = re.compile(r"([0-9]{15})-[0-9a-z]+\.parquet")


class StreamState(BaseModel):
    """The record that a dataset has changes: from then on every export stamps the files of its days."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    format: Literal[1] = 1
    dataset: str
    table: str
    since: AwareDatetime
    """When the first change was written here."""
    fed_by: Feed = "stream"


def live_view_of(table: str) -> str:
    """Return the name of the view of a table's present state."""
    return f"{table}_live"


def as_of(read_at: dt.datetime) -> dt.datetime:
    """Return the instant from which changes count for a day with this start of its reading."""
    return read_at - MARGIN


def milliseconds(moment: dt.datetime) -> int:
    """Return an instant as milliseconds since 1970, rounded down."""
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(milliseconds=1)


def change_file_key(prefix: str, day: dt.date, last_at: int, token: str) -> str:
    """Return the key of a change file; `last_at` is its latest `_at`, by which it is known to be outdated."""
    return f"{changes_of_day(prefix, day)}{last_at:015}-{token}.parquet"


def empty_day_key(prefix: str, day: dt.date) -> str:
    """Return the key of the file that says that a day was read and was empty."""
    return f"{changes_of_day(prefix, day)}{EMPTY_DAY_FILE}"


def changes_of_day(prefix: str, day: dt.date) -> str:
    """Return what the keys of a day's change files begin with."""
    return f"{prefix}/{CHANGES_FOLDER}/{partition_from_day(day)}/"


def change_file(prefix: str, key: str) -> tuple[dt.date, int] | None:
    """Return the day and the latest `_at` of a change file, or None where the key is none."""
    start = f"{prefix}/{CHANGES_FOLDER}/"
    partition, _, name = key.removeprefix(start).rpartition("/")
    matched = _CHANGE_FILE.fullmatch(name)
    if not key.startswith(start) or matched is None:
        return None
    try:
        return day_from_partition(partition), int(matched[1])
    except ValueError:
        return None


MERGES_FOLDER = f"{CHANGES_FOLDER}/_merges"


class MergeRecord(BaseModel):
    """Files that a merged file holds, kept for queries that have listed them already."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    format: Literal[1] = 1
    merged: str | None
    """Key of the merged file; None where nothing of them counts any more."""
    sources: tuple[tuple[str, str], ...]
    """Key and ETag of each file."""
    merged_at: AwareDatetime


def merge_key(prefix: str, token: str) -> str:
    """Return the key of a merge's record."""
    return f"{prefix}/{MERGES_FOLDER}/{token}.json"


SHARDS_FILE = f"{CHANGES_FOLDER}/_shards.json"


class ShardProgress(BaseModel):
    """How far a shard has been read."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    sequence: str | None = None
    """Number of the last record of which the change is stored; None: none yet."""
    is_finished: bool = False
    """Whether it is closed and has been read to its end."""


class StreamProgress(BaseModel):
    """How far a stream has been read by `exporter stream`."""

    model_config = ConfigDict(defer_build=True, frozen=True)

    format: Literal[1] = 1
    stream: str
    """Its ARN. If the stream of a table is enabled again, it has another one."""
    shards: dict[str, ShardProgress] = {}
