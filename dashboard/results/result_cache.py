"""Result locations flow in, Arrow tables flow out: one cached copy per result for the whole process.

Small results are in memory. A large one is a memory-mapped Arrow file; the system reclaims its pages under pressure.
Both caches are bounded in bytes and drop the least recently used entry; a dropped result is read again from Athena's
file in S3, without a query.
"""

import io
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from dashboard.model.result import ResultColumn
from dashboard.results.result_file import table_from_csv, write_arrow_file
from dashboard.results.search import rows_holding
from dashboard.results.time_zones import UTC

SMALL_BYTES: Final = 2 * 1024 * 1024
"""A result file up to here is read into memory; above, into an Arrow file."""

MEMORY_BYTES: Final = 64 * 1024 * 1024
FILE_BYTES: Final = 1024 * 1024 * 1024
"""Bounds of the caches in memory and in files. The latest result stays cached regardless of its size."""

Fetch = Callable[[str, IO[bytes]], None]
"""Writes the object of an `s3://` URI into a file; raises ResultMissing where there is none."""


@dataclass(frozen=True)
class _Entry:
    value: Any
    bytes: int
    in_file: bool


class SharedResults:
    """All results of this process. Thread-safe; a second request for a result that is being read waits for it."""

    def __init__(self, fetch: Fetch, *, memory_bytes: int = MEMORY_BYTES, file_bytes: int = FILE_BYTES) -> None:
        self._fetch = fetch
        self._bounds = {False: memory_bytes, True: file_bytes}
        self._lock = threading.Lock()
        self._entries: OrderedDict[Hashable, Future[_Entry]] = OrderedDict()

    def table(self, location: str, columns: Sequence[ResultColumn]) -> pa.Table:
        """Return the rows of a result file, the same object for every caller; raise ResultMissing where it is gone."""
        found: pa.Table = self._get(location, lambda: self._read(location, columns))
        return found

    def order(self, rows: "SharedRows", column: str, *, descending: bool) -> pa.Array:
        """Return the places of rows in the order of a column, sorted once per process."""

        def sort() -> _Entry:
            keys = [(column, "descending" if descending else "ascending")]
            places = pc.sort_indices(rows.table(), sort_keys=keys)
            return _Entry(places, places.nbytes, in_file=False)

        return self._get((rows.location, rows.limit, column, descending), sort)

    def holding(self, rows: "SharedRows", text: str, columns: tuple[str, ...], zone: str) -> pa.Array:
        """Return the places of rows that hold a text in one of the columns, searched once per process."""

        def find() -> _Entry:
            places = rows_holding(rows.table(), text, columns, zone)
            return _Entry(places, places.nbytes, in_file=False)

        return self._get((rows.location, rows.limit, text, columns, zone), find)

    def cached_bytes(self, *, in_file: bool) -> int:
        """Return how many bytes are cached in files, or in memory."""
        with self._lock:
            done = [answer.result() for answer in self._entries.values() if answer.done()]
        return sum(held.bytes for held in done if held.in_file is in_file)

    def forget(self) -> None:
        """Drop all entries; the next request reads again."""
        with self._lock:
            self._entries.clear()

    def _get(self, key: Hashable, make: Callable[[], _Entry]) -> Any:
        with self._lock:
            answer = self._entries.get(key)
            is_mine = answer is None
            if answer is None:
                answer = self._entries[key] = Future()
            self._entries.move_to_end(key)
        if is_mine:
            try:
                answer.set_result(make())
            except BaseException as error:
                with self._lock:
                    if self._entries.get(key) is answer:
                        del self._entries[key]
                answer.set_exception(error)
                raise
            self._drop_oldest()
        return answer.result().value

    def _drop_oldest(self) -> None:
        with self._lock:
            sums = {False: 0, True: 0}
            seen = {False: 0, True: 0}
            for key, answer in reversed(list(self._entries.items())):
                if not answer.done():
                    continue
                held = answer.result()
                sums[held.in_file] += held.bytes
                seen[held.in_file] += 1
                if sums[held.in_file] > self._bounds[held.in_file] and seen[held.in_file] > 1:
                    sums[held.in_file] -= held.bytes
                    del self._entries[key]

    def _read(self, location: str, columns: Sequence[ResultColumn]) -> _Entry:
        try:
            with tempfile.SpooledTemporaryFile(SMALL_BYTES) as file:
                self._fetch(location, file)
                if file.tell() > SMALL_BYTES:
                    file.seek(0)
                    table = _mapped(file, columns)
                    return _Entry(table, table.nbytes, in_file=True)
                file.seek(0)
                table = table_from_csv(file.read(), columns)
        except OSError:
            # No space on the disk, or no disk: read into memory instead.
            body = io.BytesIO()
            self._fetch(location, body)
            table = table_from_csv(body.getvalue(), columns)
        return _Entry(table, table.nbytes, in_file=False)


@dataclass(frozen=True)
class SharedRows:
    """The rows of one result, as `dashboard.model.result.Rows`: a reference into the cache, no data."""

    results: SharedResults
    location: str
    columns: tuple[ResultColumn, ...]
    limit: int | None

    def table(self) -> pa.Table:
        """Return the rows up to the limit."""
        whole = self.results.table(self.location, self.columns)
        return whole if self.limit is None or whole.num_rows <= self.limit else whole.slice(0, self.limit)

    def order(self, column: str, *, descending: bool) -> pa.Array:
        """Return the places of the rows in the order of a column."""
        return self.results.order(self, column, descending=descending)

    def holding(self, text: str, columns: tuple[str, ...], zone: str = UTC) -> pa.Array:
        """Return the places of the rows that hold a text in one of the columns."""
        return self.results.holding(self, text, columns, zone)


@dataclass(frozen=True)
class TableRows:
    """Rows of a table in memory, as `dashboard.model.result.Rows`."""

    rows: pa.Table

    def table(self) -> pa.Table:
        """Return the rows."""
        return self.rows

    def order(self, column: str, *, descending: bool) -> pa.Array:
        """Return the places of the rows in the order of a column."""
        return pc.sort_indices(self.rows, sort_keys=[(column, "descending" if descending else "ascending")])

    def holding(self, text: str, columns: tuple[str, ...], zone: str = UTC) -> pa.Array:
        """Return the places of the rows that hold a text in one of the columns."""
        return rows_holding(self.rows, text, columns, zone)


def _mapped(source: IO[bytes], columns: Sequence[ResultColumn]) -> pa.Table:
    """Return the rows of a result file as a mapped Arrow file; its disk space is free when the table is."""
    with tempfile.TemporaryDirectory(prefix="dashboard-") as folder:
        path = Path(folder) / "result.arrow"
        write_arrow_file(source, columns, path)
        # The mapping keeps the data; the deleted file is freed with the last mapping, also after a crash.
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    pa.default_memory_pool().release_unused()
    return table
