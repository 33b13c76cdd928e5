"""Byte ranges of a Parquet file flow in, sample values of its columns flow out; no query, no full download.

Parquet stores each column in pages, so the first rows of a column take a page or two.
"""

import datetime as dt
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

MOST_BYTES: Final = 8 * 1024 * 1024
"""Bytes fetched per table at most; further columns get no samples."""
ROWS: Final = 200
COUNT: Final = 3
MOST_TEXT: Final = 40
_BLOCK: Final = 128 * 1024

Fetch = Callable[[int, int], bytes]
"""Returns the bytes from the first offset to before the second."""


@dataclass(frozen=True)
class Samples:
    """What the first rows of a day hold."""

    day: dt.date
    fetched: int
    """Bytes read from S3 for it."""
    values: Mapping[str, tuple[str, ...]]
    """Values by column name: empty where the sampled rows are NULL, no entry where the column was not sampled."""


@dataclass
class Ranged(io.RawIOBase):
    """A file that fetches only the requested blocks."""

    fetch: Fetch
    size: int
    fetched: int = 0
    _place: int = 0
    _blocks: dict[int, bytes] = field(default_factory=dict)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position of the next byte."""
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position."""
        self._place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self.size}[whence]
        return self._place

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` next bytes."""
        end = self.size if size < 0 else min(self._place + size, self.size)
        first, parts = self._place, []
        while first < end:
            block = self._block(first // _BLOCK)
            part = block[first % _BLOCK : first % _BLOCK + end - first]
            parts.append(part)
            first += len(part)
        self._place = max(first, self._place)
        return b"".join(parts)

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            start = number * _BLOCK
            self._blocks[number] = self.fetch(start, min(start + _BLOCK, self.size))
            self.fetched += len(self._blocks[number])
        return self._blocks[number]


def samples_from(file: Ranged, day: dt.date, columns: Sequence[str]) -> Samples:
    """Return sample values of the columns that the file has."""
    values: dict[str, tuple[str, ...]] = {}
    with pq.ParquetFile(pa.PythonFile(file), pre_buffer=False, buffer_size=_BLOCK) as parquet:
        present = set(parquet.schema_arrow.names)
        for name in columns:
            if name in present and parquet.metadata.num_row_groups and file.fetched < MOST_BYTES:
                batch = next(parquet.iter_batches(ROWS, row_groups=[0], columns=[name]), None)
                values[name] = chosen(batch.column(0).to_pylist() if batch else ())
        return Samples(day, file.fetched, values)


def chosen(values: Iterable[object], most: int = COUNT) -> tuple[str, ...]:
    """Return the first few different values that are not null, short enough for a line of the schema browser."""
    found = dict.fromkeys(_text(value) for value in values if value is not None)
    return tuple(text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…" for text in list(found)[:most])


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return f"{value.isoformat(' ', 'seconds')} UTC" if isinstance(value, dt.datetime) else str(value)
