"""Files of JSON lines in S3, one a day, flow in; pages of their rows flow out as DynamoDB would give items.

A row gets the date in its file's name and the number of its line. So a file's rows are of its day, whatever they say,
and no two rows are the same item. A file is read whole, as one page.
"""

import json
import re
import threading
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Protocol

import msgspec

from dataset_model import FilesSource
from dataset_model.definition import FILE_DATE, FILE_LINE
from exporter.errors import SourceError
from exporter.sources.files.json_values import Number, stored_value
from exporter.sources.rate_limiter import RateLimiter
from exporter.sources.table_scan import SegmentPage


class _Listed(Protocol):
    @property
    def key(self) -> str:
        """The object's key."""


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

    def __init__(self, objects: Objects, source: FilesSource, limiter: RateLimiter) -> None:
        self._objects, self._path = objects, source.path
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
        """Key and date of each file."""
        before, _, after = self._path.partition("{date}")
        name = re.compile(f"{re.escape(before)}([^/]+){re.escape(after)}")
        keys = [found.key for found in self._objects.objects(before)]
        return [(key, match[1]) for key in keys if (match := name.fullmatch(key))]

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
