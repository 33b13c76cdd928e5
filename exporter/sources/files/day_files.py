"""Files of JSON lines in S3, one a day, flow in; pages of their rows flow out as DynamoDB would give items.

A row gets the date in its file's name and the number of its line. So a file's rows are of its day, whatever they say,
and no two rows are the same item. A file is read whole, as one page, and only if its day is wanted.
"""

import datetime as dt
import json
import re
import threading
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Protocol

import msgspec

from dataset_model import FilesSource
from dataset_model.definition import FILE_DATE, FILE_LINE
from dataset_model.records.manifest import Manifest
from exporter.errors import SourceError
from exporter.planning.window import Window
from exporter.sources.files.json_values import Number, stored_value
from exporter.sources.rate_limiter import RateLimiter
from exporter.sources.table_scan import SegmentPage


class _Listed(Protocol):
    @property
    def key(self) -> str:
        """The object's key."""

    @property
    def modified(self) -> dt.datetime | None:
        """When it was written."""


class Objects(Protocol):
    """Lists and reads the objects of the bucket with the files."""

    @property
    def bucket(self) -> str:
        """The bucket."""

    def objects(self, prefix: str) -> Iterator[_Listed]:
        """Yield the objects with keys that start with `prefix`, in key order."""

    def read(self, key: str) -> tuple[bytes, str] | None:
        """Return an object's bytes and ETag, or None where there is none."""


class DayFiles:
    """The files of all days, dealt out to segments."""

    def __init__(
        self, objects: Objects, source: FilesSource, limiter: RateLimiter, wanted: Sequence[Window] = ()
    ) -> None:
        """`wanted` are the days that are read; none means all of them."""
        self._objects, self._source, self._wanted = objects, source, wanted
        self._listing = threading.Lock()
        self.limiter = limiter

    def pages(self, segment: int, segments: int, first: SegmentPage | None = None) -> Iterator[SegmentPage]:
        """Yield the files of one of `segments` segments; together they are all files. `first` has been read already."""
        page = first or self.page(segment, segments)
        yield page
        while page.cursor:
            page = self.page(segment, segments, page.cursor)
            yield page

    def page(self, segment: int, segments: int, cursor: dict[str, Any] | None = None) -> SegmentPage:
        """Return one file of a segment, the first or that at a cursor; a segment without files is an empty page."""
        with self._listing:
            files = self._files[segment::segments]
        at = cursor["file"] if cursor else 0
        items = self._items(*files[at]) if files else []
        more = {"file": at + 1} if at + 1 < len(files) else None
        return SegmentPage(items, len(items), 0.0, more)

    @cached_property
    def _files(self) -> list[tuple[str, str]]:
        """Key and date of each file that is read."""
        files = [(found.key, date) for found, date in _listed(self._objects, self._source)]
        if not self._wanted:
            return files
        # A name that is no date is read, so that its rows are quarantined. One file is read in any case: it shows that
        # the source is not empty.
        wanted = [file for file in files if (day := _day(file[1])) is None or any(day in each for each in self._wanted)]
        return wanted or files[-1:]

    def _items(self, key: str, date: str) -> list[msgspec.Raw]:
        found = self._objects.read(key)
        if found is None:
            return []  # removed since it was listed
        # Only a line feed ends a line: a text may hold other breaks.
        lines = enumerate(found[0].split(b"\n"), 1)
        return [self._item(line, number, key, date) for number, line in lines if line.strip()]

    def _item(self, line: bytes, number: int, key: str, date: str) -> msgspec.Raw:
        try:
            row = json.loads(line, parse_int=Number, parse_float=Number)
        except (ValueError, RecursionError) as error:
            raise self._fault(key, number, f"no JSON: {error}") from None
        if not isinstance(row, dict):
            raise self._fault(key, number, "no JSON object")
        item = {name: stored_value(value) for name, value in row.items()}
        item |= {FILE_DATE: {"S": date}, FILE_LINE: {"N": str(number)}}
        return msgspec.Raw(msgspec.json.encode(item))

    def _fault(self, key: str, number: int, what: str) -> SourceError:
        return SourceError(
            f"s3://{self._objects.bucket}/{key}, line {number}: {what}. Write the file again; nothing was published"
        )


def changed_days(objects: Objects, source: FilesSource, manifest: Manifest) -> set[dt.date]:
    """Return the published days with a file that was written since they were read."""
    days = set()
    for found, date in _listed(objects, source):
        record = manifest.days.get(day) if (day := _day(date)) else None
        # S3 states whole seconds.
        if day and record and found.modified and found.modified >= record.read_at.replace(microsecond=0):
            days.add(day)
    return days


def _listed(objects: Objects, source: FilesSource) -> Iterator[tuple[_Listed, str]]:
    before, _, after = source.path.partition("{date}")
    name = re.compile(f"{re.escape(before)}([^/]+){re.escape(after)}")
    for found in objects.objects(before):
        if match := name.fullmatch(found.key):
            yield found, match[1]


def _day(date: str) -> dt.date | None:
    """Return the day of a date that is written YYYY-MM-DD."""
    try:
        day = dt.date.fromisoformat(date)
    except ValueError:
        return None
    return day if day.isoformat() == date else None
