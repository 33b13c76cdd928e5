"""A table export as a source: its data files flow in, decoded pages flow out, filtered as the index would filter."""

import datetime as dt
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import msgspec

from exporter.decoding.batch import DecodedPage
from exporter.decoding.decoder import PageDecoder
from exporter.decoding.schema import kinds_in_page
from exporter.errors import SourceError
from exporter.planning.planner import Piece, Reach, Stretch
from exporter.planning.window import DayStride, Window
from exporter.sources.base import Capabilities
from exporter.sources.description import SourceDescription
from exporter.sources.item_bodies import ItemBodies, ItemKeys, empty_body
from exporter.sources.partial_reads.probe import RunningProbe
from exporter.sources.table_export.lines import bodies_of
from exporter.sources.table_export.manifests import ExportFile, Objects


class _Items(msgspec.Struct):
    Items: list[msgspec.Raw]


_items = msgspec.json.Decoder(_Items)
_attributes = msgspec.json.Decoder(dict[str, msgspec.Raw])


class ExportSource:
    """The data files of one export."""

    def __init__(
        self,
        objects: Objects,
        files: Sequence[ExportFile],
        description: SourceDescription,
        keys: ItemKeys | None,
        at_a_time: int,
    ) -> None:
        """`keys` are those of the index of which the items are wanted; None for every item of the table."""
        self._objects, self._files, self._at_a_time = objects, tuple(files), at_a_time
        self._by_value = ItemBodies(keys) if keys else None
        self._projected = description.projected
        self._decoding = threading.Lock()  # one page at a time: memory does not grow with the number of files
        self.description = description
        self.probe = RunningProbe()

    @property
    def capabilities(self) -> Capabilities:
        """An export has no order; it counts only what it reads; a full one shows no deletion."""
        return Capabilities(sorted_by_time=False, in_key_order=False, cheap_count=False, deletes=False)

    @property
    def concurrency(self) -> int:
        """Files that are read at the same time."""
        return self._at_a_time

    def kinds(self, reach: Reach) -> dict[str, set[str]]:  # noqa: ARG002 - the interface of all sources
        """Return attribute -> DynamoDB types of every item: a full pass costs no read units, so nothing is sampled."""
        found: dict[str, set[str]] = {}
        for file in self._files:
            for body in bodies_of(self._objects, file):
                with self._lines_of(file):
                    kinds = [kinds_in_page(part) for _, part in self._split(body)]
                for attribute, tags in (one for part in kinds for one in part.items()):
                    found.setdefault(attribute, set()).update(tags)
        return found

    def extent(self, decoder: PageDecoder, latest: dt.date) -> Window | None:  # noqa: ARG002 - the interface of all sources
        """Return None: the days of an export are known when it has been read."""
        return None

    def splits(self, reach: Reach, extent: Window | None, stride: DayStride) -> Iterator[Stretch]:  # noqa: ARG002 - the interface of all sources
        """Yield one stretch: days are complete when every file has been read."""
        yield Stretch(tuple(Piece("", (number, number), (), None) for number in range(len(self._files))), 1, None)

    def pages(self, split: Piece, decoder: PageDecoder) -> Iterator[DecodedPage]:
        """Yield the decoded pages of a file; raise SourceError at its end if it is not what the manifest says."""
        file = self._files[split.order[0]]
        for body in bodies_of(self._objects, file):
            with self._lines_of(file):
                parts = self._split(body)
            for value, part in parts:
                with self._decoding, self._lines_of(file):
                    decoded = decoder.decode(part)
                    self.probe.observe(decoded)
                yield replace(decoded, partition_value=value)

    @contextmanager
    def _lines_of(self, file: ExportFile) -> Iterator[None]:
        """Raise SourceError where lines of a file are read as items that they are not."""
        try:
            yield
        except (msgspec.DecodeError, RecursionError) as error:
            raise SourceError(
                f"s3://{self._objects.bucket}/{file.key} holds a line that is no item in DynamoDB JSON: {error}. "
                "Nothing of it is published. Start another export"
            ) from None

    def _split(self, body: bytes) -> list[tuple[str, bytes]]:
        """Return (partition value, body) of the items that the source holds, with the attributes that it carries."""
        if self._by_value is None:
            return [("", body)]
        split = self._by_value.split(_items.decode(body).Items) or [("", empty_body())]
        if self._projected is None:
            return split
        return [(value, self._carried(part)) for value, part in split]

    def _carried(self, body: bytes) -> bytes:
        carried = self._projected or frozenset()
        items = [
            {name: value for name, value in _attributes.decode(item).items() if name in carried}
            for item in _items.decode(body).Items
        ]
        return msgspec.json.encode({"Items": items})
