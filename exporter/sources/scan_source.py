"""The base table as a source: segments flow in, decoded pages flow out, as the index would give them.

Types of new columns are learnt from the index, so that a scan and a read of the index give the same columns.
"""

import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import replace

from exporter.decoding.batch import DecodedPage
from exporter.decoding.decoder import PageDecoder
from exporter.planning.planner import Piece, Reach, Stretch
from exporter.planning.window import DayStride, Window
from exporter.sources.base import Capabilities
from exporter.sources.index import IndexDescription
from exporter.sources.index_source import IndexSource
from exporter.sources.item_bodies import ItemBodies, ItemKeys, empty_body
from exporter.sources.table_scan import TableScan


class ScanSource:
    """The base table of one index as a source."""

    def __init__(self, scan: TableScan, keys: ItemKeys, index: IndexSource, segments: int) -> None:
        self._scan = scan
        self._bodies = ItemBodies(keys)
        self._index = index
        self._segments = segments
        self._decoding = threading.Lock()  # one page at a time: memory does not grow with the number of segments

    @property
    def description(self) -> IndexDescription:
        """What DescribeTable says about the index and its table."""
        return self._index.description

    @property
    def capabilities(self) -> Capabilities:
        """A Scan has no order; it counts only what it reads; it shows no deletion."""
        return Capabilities(sorted_by_time=False, in_key_order=False, cheap_count=False, deletes=False)

    @property
    def concurrency(self) -> int:
        """Segments that are read at the same time."""
        return self._scan.limiter.most

    def kinds(self, reach: Reach) -> dict[str, set[str]]:
        """Return attribute -> DynamoDB types of the index's sample."""
        return self._index.kinds(reach)

    def extent(self, decoder: PageDecoder, latest: dt.date) -> Window | None:
        """Return the days between the first and last readable item of the index."""
        return self._index.extent(decoder, latest)

    def splits(self, reach: Reach, extent: Window | None, stride: DayStride) -> Iterator[Stretch]:  # noqa: ARG002 - the interface of all sources
        """Yield one stretch: days are complete when every segment has been read."""
        yield Stretch(tuple(Piece("", (number, number), (), None) for number in range(self._segments)), 1, None)

    def pages(self, split: Piece, decoder: PageDecoder) -> Iterator[DecodedPage]:
        """Yield the decoded pages of a segment: one per partition value on a page, at least one."""
        for page in self._scan.pages(split.order[0], self._segments):
            units = page.read_units
            for value, body in self._bodies.split(page.items) or [("", empty_body())]:
                with self._decoding:
                    decoded = decoder.decode(body)
                yield replace(decoded, read_units=units, partition_value=value)
                units = 0.0
