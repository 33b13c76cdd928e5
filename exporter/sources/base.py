"""The interface of every source: a reach of days flows in, decoded pages flow out.

All sources yield bodies of the Query response's form and give them to one decoder. Decoding, schema, quarantine, spool,
publication and ledger therefore exist once, and two sources of the same items give the same rows. The reasons are in
docs/decisions/0070-one-interface-for-sources-and-formats.md.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from exporter.decoding.batch import DecodedPage
from exporter.decoding.decoder import PageDecoder
from exporter.planning.planner import Piece, Reach, Stretch
from exporter.planning.window import DayStride, Window


@dataclass(frozen=True)
class Capabilities:
    """What a source can do."""

    sorted_by_time: bool
    """Whether days can be read alone. If not, all splits are one stretch and every item is read."""
    in_key_order: bool
    """Whether the rows of a split arrive in sort key order. If not, a day is sorted before it is written."""
    cheap_count: bool
    """Whether items per day can be counted without decoding whole items."""
    deletes: bool
    """Whether a record may state that an item is gone."""


class Description(Protocol):
    """Facts that a source states before anything is read."""

    @property
    def sort_key_type(self) -> Literal["S", "N"]:
        """DynamoDB type of the attribute that places an item on its day."""

    @property
    def table_key(self) -> tuple[str, ...]:
        """Primary key attributes of the table, partition key first."""

    @property
    def projected(self) -> frozenset[str] | None:
        """Attributes that the source carries; None for all."""

    @property
    def items(self) -> int:
        """Items, as last counted; 0 if unknown."""

    @property
    def table_items(self) -> int:
        """The same of the table that holds the source."""

    @property
    def other_indexes(self) -> tuple[str, ...]:
        """Indexes of the table that hold the same items sorted by something else, as `name (sort key)`."""


class Source(Protocol):
    """Items of one dataset, read in splits."""

    @property
    def description(self) -> Description:
        """What the source states about itself."""

    @property
    def capabilities(self) -> Capabilities:
        """What the source can do."""

    @property
    def concurrency(self) -> int:
        """Splits that are read at the same time."""

    def kinds(self, reach: Reach) -> dict[str, set[str]]:
        """Return attribute -> DynamoDB types of a sample, before anything else is read."""

    def extent(self, decoder: PageDecoder, latest: dt.date) -> Window | None:
        """Return the days between the first and the last readable item, or None without items.

        `latest` stands for the last day if the last items have no readable day.
        """

    def splits(self, reach: Reach, extent: Window | None, stride: DayStride) -> Iterator[Stretch]:
        """Yield groups of splits. When a group has been read, the days up to its `complete_to` are complete.

        `extent` stands for the window if the reach has none.
        """

    def pages(self, split: Piece, decoder: PageDecoder) -> Iterator[DecodedPage]:
        """Yield the decoded pages of a split in order.

        The source calls the decoder because the next request of a Query depends on the page that was decoded.
        """
