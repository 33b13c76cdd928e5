"""Keys of published rows flow in; keys that a run has published twice, and keys that were looked for, flow out.

An item may be read in two places where its sort key or partition value changes while the run reads. Memory is bounded:
keys go to files by their last bits, and one file at a time is sorted.
"""

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

FILES = 32
FLUSHED_ROWS = 65_536
"""Keys in memory before they are written; a run of fewer writes no file."""
SORTED_ROWS = 262_144
"""Most keys that are sorted at a time."""

KEY_BYTES = 16

_SCHEMA = pa.schema([("low", pa.int64()), ("high", pa.int64()), ("day", pa.date32())])


@dataclass(frozen=True)
class Repeats:
    """Keys that were published more than once."""

    rows: int = 0
    """Rows beyond the first of each key."""
    days: frozenset[dt.date] = frozenset()


class KeyLog:
    """The keys of one run."""

    def __init__(self, folder: Path, wanted: Collection[bytes] = ()) -> None:
        """`folder` is for temporary files; `wanted` are keys to look for."""
        self._folder = folder
        self._wanted = pa.array(sorted(wanted), pa.binary(16))
        self._pending = bytearray()
        self._pending_days: list[tuple[dt.date, int]] = []
        """Days of the pending keys with their counts, in order."""
        self._writers: dict[int, pa.RecordBatchStreamWriter] = {}
        self._rows_in_file: dict[int, int] = {}
        self.met: set[bytes] = set()
        """Wanted keys that were published."""

    def add(self, day: dt.date, keys: pa.FixedSizeBinaryArray) -> None:
        """Add the keys of a day's rows."""
        if not len(keys):
            return
        if len(self._wanted):
            self.met |= set(keys.filter(pc.is_in(keys, self._wanted)).to_pylist())
        # A copy: an array of keys is a slice of a buffer that holds whole rows.
        self._pending += memoryview(keys.buffers()[1])[KEY_BYTES * keys.offset :][: KEY_BYTES * len(keys)]
        self._pending_days.append((day, len(keys)))
        if len(self._pending) >= KEY_BYTES * FLUSHED_ROWS:
            self._flush()

    def repeats(self) -> Repeats:
        """Return the keys that were published more than once; nothing can be added afterwards."""
        rows, days = 0, set[dt.date]()
        for part in self._parts():
            found = _repeats(part)
            rows, days = rows + found.rows, days | found.days
        return Repeats(rows, frozenset(days))

    def _taken(self) -> pa.Table:
        """Return the pending keys as a table, and keep none of them."""
        words = pa.Array.from_buffers(pa.int64(), len(self._pending) // 8, [None, pa.py_buffer(self._pending)])
        pairs = pa.FixedSizeListArray.from_arrays(words, 2)
        days = [pa.repeat(pa.scalar(day, pa.date32()), count) for day, count in self._pending_days]
        self._pending, self._pending_days = bytearray(), []
        columns = [pc.list_element(pairs, 0), pc.list_element(pairs, 1), pa.chunked_array(days, pa.date32())]
        return pa.table(columns, schema=_SCHEMA)

    def _flush(self) -> None:
        rows = self._taken()
        files = pc.bit_wise_and(rows.column("low"), FILES - 1)
        ordered = rows.take(pc.sort_indices(files)).combine_chunks()
        at = 0
        for counted in sorted(pc.value_counts(files).to_pylist(), key=lambda counted: counted["values"]):
            file, count = counted["values"], counted["counts"]
            if file not in self._writers:
                self._writers[file] = pa.ipc.new_stream(str(self._path(file)), _SCHEMA)
            self._writers[file].write_table(ordered.slice(at, count))
            self._rows_in_file[file] = self._rows_in_file.get(file, 0) + count
            at += count

    def _path(self, file: int) -> Path:
        return self._folder / f"keys-{file}.arrow"

    def _parts(self) -> Iterator[pa.Table]:
        """Yield all keys in parts, each with every occurrence of its keys."""
        if not self._writers:
            yield self._taken()
            return
        self._flush()
        for writer in self._writers.values():
            writer.close()
        for file, rows in self._rows_in_file.items():
            parts = 1 << max(0, (rows - 1) // SORTED_ROWS).bit_length()
            for part in range(parts):
                yield self._part(file, part, parts)
            self._path(file).unlink()

    def _part(self, file: int, part: int, parts: int) -> pa.Table:
        with pa.OSFile(str(self._path(file))) as opened, pa.ipc.open_stream(opened) as batches:
            found = list(batches) if parts == 1 else [_of_part(batch, part, parts) for batch in batches]
        return pa.Table.from_batches(found, _SCHEMA)


def _of_part(rows: pa.RecordBatch, part: int, parts: int) -> pa.RecordBatch:
    bits = pc.bit_wise_and(pc.shift_right(rows.column("low"), FILES.bit_length() - 1), parts - 1)
    return rows.filter(pc.equal(bits, part))


def _repeats(keys: pa.Table) -> Repeats:
    # Halves of keys differ almost always, and counting them is much quicker than sorting whole keys.
    if len(pc.unique(keys.column("low"))) == keys.num_rows:
        return Repeats()
    ordered = keys.sort_by([("low", "ascending"), ("high", "ascending")])
    before, after = ordered.slice(0, ordered.num_rows - 1), ordered.slice(1)
    same = pc.and_(
        pc.equal(before.column("low"), after.column("low")), pc.equal(before.column("high"), after.column("high"))
    )
    days = {day for rows in (before, after) for day in pc.unique(rows.column("day").filter(same)).to_pylist()}
    return Repeats(pc.sum(same).as_py() or 0, frozenset(days))
