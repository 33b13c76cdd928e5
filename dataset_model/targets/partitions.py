"""A day flows in, its partition `year=2026/month=02/day=16` and object key flow out, and back.

`partition` here is a day of the dataset, never a DynamoDB key value.
"""

import datetime as dt
import re
from collections.abc import Iterator

from dataset_model.targets.file_formats import PARQUET, StorageFormat

PARTITION_COLUMNS = ("year", "month", "day")

_PARTITION = re.compile(r"year=([0-9]{4})/month=([0-9]{2})/day=([0-9]{2})")
_DATA_OBJECT = re.compile(rf"data(?:-[A-Za-z0-9_-]+)?{re.escape(PARQUET.extension)}")


def partition_from_day(day: dt.date) -> str:
    """Return the Hive partition of a day, `year=2026/month=02/day=16`."""
    return f"year={day.year:04}/month={day.month:02}/day={day.day:02}"


def day_from_partition(partition: str) -> dt.date:
    """Return the day of a Hive partition; raise ValueError where the text is not exactly one."""
    matched = _PARTITION.fullmatch(partition)
    if not matched:
        raise ValueError(f"expected year=YYYY/month=MM/day=DD; found {partition!r}")
    return dt.date(int(matched[1]), int(matched[2]), int(matched[3]))


def data_file(storage: StorageFormat, run_id: str | None = None) -> str:
    """Return the name of a day's file: `data.parquet`, or `data-<run id>.parquet` for a run of its own."""
    return f"data-{run_id}{storage.extension}" if run_id else f"data{storage.extension}"


def object_key(prefix: str, day: dt.date, file: str = f"data{PARQUET.extension}") -> str:
    """Return the key of a day's object below a prefix that has no slash at either end."""
    return f"{prefix}/{partition_from_day(day)}/{file}"


def day_from_key(prefix: str, key: str) -> dt.date | None:
    """Return the day that an object holds, or None where the key is not a data object of this prefix."""
    if not key.startswith(f"{prefix}/"):
        return None
    partition, _, file = key[len(prefix) + 1 :].rpartition("/")
    if not _DATA_OBJECT.fullmatch(file):
        return None
    try:
        return day_from_partition(partition)
    except ValueError:
        return None


def days_between(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """Yield every day from `first` to `last`, both included, in order."""
    for offset in range((last - first).days + 1):
        yield first + dt.timedelta(days=offset)


def projection_parameters(location: str, first_year: int, last_year: int) -> dict[str, str]:
    """Return the Glue table parameters that let Athena compute partitions instead of listing them.

    `location` is the table's `s3://bucket/prefix/`. Rows outside the year range are invisible to Athena with no error,
    so the caller widens it before it publishes such a day.
    """
    parameters = {
        "projection.enabled": "true",
        "projection.year.type": "integer",
        "projection.year.range": f"{first_year},{last_year}",
        "projection.year.digits": "4",
        "storage.location.template": f"{location.rstrip('/')}/year=${{year}}/month=${{month}}/day=${{day}}/",
    }
    for column, last in (("month", 12), ("day", 31)):
        parameters |= {
            f"projection.{column}.type": "integer",
            f"projection.{column}.range": f"1,{last}",
            f"projection.{column}.digits": "2",
        }
    return parameters
