"""Keys of a table without an index flow in, counts and key hashes per day flow out, as `key_scan` has them of an index.

Each answer of a Scan states how many items it has read; the decoded items must add up to that.
"""

import threading

from dataset_model import Dataset
from exporter.decoding.decoder import PageDecoder
from exporter.errors import Interrupted
from exporter.planning.sort_key import SortKey
from exporter.planning.window import Window
from exporter.sources.description import SourceDescription
from exporter.sources.item_bodies import WholeBodies
from exporter.sources.partial_reads.key_scan import KeyReading, no_columns, read_at_once
from exporter.sources.scan_source import Segments

SEGMENTS = 8
"""Read at a time."""

_NO_VALUE = ""


class TableKeyReader:
    """Reads the keys of one table's items."""

    def __init__(self, scan: Segments, dataset: Dataset, description: SourceDescription, sort_key: SortKey) -> None:
        """`scan` asks for `key_attributes`."""
        self._scan = scan
        self._dataset = dataset.model_copy(update={"columns": (), "undeclared": "ignore", "explode": None})
        self._key = description.table_key
        self._sort_key = sort_key
        self._lock = threading.Lock()

    def read(self, window: Window | None, stop: threading.Event) -> KeyReading:
        """Return what the table holds of a window's days, None for all; raise Interrupted after a stop."""
        reading = KeyReading(counted={_NO_VALUE: 0}, decoded={_NO_VALUE: 0})
        segments = range(SEGMENTS)
        read_at_once(SEGMENTS, segments, lambda number: self._read_segment(number, window, reading, stop), stop)
        return reading

    def _read_segment(self, number: int, window: Window | None, reading: KeyReading, stop: threading.Event) -> None:
        decoder = PageDecoder(no_columns(self._dataset), self._dataset, self._sort_key, self._key)
        bodies = WholeBodies()
        for scanned in self._scan.pages(number, SEGMENTS):
            if stop.is_set():
                raise Interrupted("stopped on request; nothing was changed")
            for _, body in bodies.split(scanned.items):
                page = decoder.decode(body)
                with self._lock:
                    reading.add(page, _NO_VALUE, window, self._key)
                    reading.decoded[_NO_VALUE] += page.rows.num_rows + len(page.withheld)
            with self._lock:
                reading.counted[_NO_VALUE] += scanned.scanned
