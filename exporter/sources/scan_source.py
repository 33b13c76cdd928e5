"""A table as a source: segments flow in, decoded pages flow out; for an index, as the index would give them.

Types of new columns are learnt from the index where there is one, so that a scan and a read of the index give the same
columns; otherwise from the first page of every segment, which is read and paid for once.
"""

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Protocol

import msgspec

from exporter.decoding.batch import DecodedPage
from exporter.decoding.decoder import PageDecoder
from exporter.decoding.schema import kinds_in_page
from exporter.planning.planner import Piece, Reach, Stretch
from exporter.planning.window import DayStride, Window
from exporter.sources.base import Capabilities
from exporter.sources.description import SourceDescription
from exporter.sources.item_bodies import WholeBodies, empty_body
from exporter.sources.partial_reads.probe import RunningProbe
from exporter.sources.rate_limiter import RateLimiter
from exporter.sources.table_scan import SegmentPage

SAMPLED_SEGMENTS = 32
"""Most segments of which the first page, of at most 1 MB, is looked at before the others are read."""


class Bodies(Protocol):
    """Brings the items of a page into the form of Query responses."""

    def split(self, items: Sequence[msgspec.Raw]) -> list[tuple[str, bytes]]:
        """Return (partition value, body) of the items that the source holds."""


class Segments(Protocol):
    """Something that is read in segments: a table, or files."""

    limiter: RateLimiter

    def page(self, segment: int, segments: int, cursor: dict[str, Any] | None = None) -> SegmentPage:
        """Return one page of a segment: the first, or that at a cursor."""

    def pages(self, segment: int, segments: int, first: SegmentPage | None = None) -> Iterator[SegmentPage]:
        """Yield the pages of one of `segments` segments; `first` is its first page if it has been read."""


class ScannedTable:
    """A table as a source, or an index that is read by its table."""

    def __init__(
        self,
        scan: Segments,
        description: SourceDescription,
        segments: int,
        bodies: Bodies | None = None,
        kinds: Callable[[Reach], dict[str, set[str]]] | None = None,
    ) -> None:
        """`bodies` and `kinds` are those of the index that is read in this way; None for a table without one."""
        self._scan = scan
        self._segments = segments
        self._bodies = bodies or WholeBodies()
        self._kinds = kinds
        self._first: dict[int, SegmentPage] = {}
        self.probe = RunningProbe()
        self._decoding = threading.Lock()  # one page at a time: memory does not grow with the number of segments
        self.description = description

    @property
    def capabilities(self) -> Capabilities:
        """A Scan has no order; it counts only what it reads; it shows no deletion."""
        return Capabilities(sorted_by_time=False, in_key_order=False, cheap_count=False, deletes=False)

    @property
    def concurrency(self) -> int:
        """Segments that are read at the same time."""
        return self._scan.limiter.most

    def kinds(self, reach: Reach) -> dict[str, set[str]]:
        """Return attribute -> DynamoDB types of the index's sample, or of the first page of each segment."""
        if self._kinds is not None:
            return self._kinds(reach)
        found: dict[str, set[str]] = {}
        for body in self.sample():
            for attribute, tags in kinds_in_page(body).items():
                found.setdefault(attribute, set()).update(tags)
        return found

    def sample(self) -> Iterator[bytes]:
        """Yield the first page of each segment, of the first `SAMPLED_SEGMENTS`; they are not read again."""
        missing = [number for number in range(min(self._segments, SAMPLED_SEGMENTS)) if number not in self._first]
        with ThreadPoolExecutor(self.concurrency, thread_name_prefix="sample") as pool:
            read = pool.map(lambda number: self._scan.page(number, self._segments), missing)
            self._first |= dict(zip(missing, read, strict=True))
        for page in self._first.values():
            for _, body in self._bodies.split(page.items):
                yield body

    def extent(self, decoder: PageDecoder, latest: dt.date) -> Window | None:  # noqa: ARG002 - the interface of all sources
        """Return None: the days of a scan are known when it has ended."""
        return None

    def splits(self, reach: Reach, extent: Window | None, stride: DayStride) -> Iterator[Stretch]:  # noqa: ARG002 - the interface of all sources
        """Yield one stretch: days are complete when every segment has been read."""
        yield Stretch(tuple(Piece("", (number, number), (), None) for number in range(self._segments)), 1, None)

    def pages(self, split: Piece, decoder: PageDecoder) -> Iterator[DecodedPage]:
        """Yield the decoded pages of a segment: one per partition value on a page, at least one."""
        segment = split.order[0]
        for page in self._scan.pages(segment, self._segments, self._first.pop(segment, None)):
            units = page.read_units
            for value, body in self._bodies.split(page.items) or [("", empty_body())]:
                with self._decoding:
                    decoded = decoder.decode(body)
                    self.probe.observe(decoded)
                yield replace(decoded, read_units=units, partition_value=value)
                units = 0.0
