"""Rows of finished queries: one copy per result in the whole process, however many people look at it.

Small results are in memory. A large one is an Arrow file that is mapped into memory: its pages are the system's, which
gives them back when somebody needs the room. Both are bounded in bytes, the least recently asked for goes first, and
what went is read again from Athena's own file in S3, without a query.
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

SMALL_BYTES: Final = 2 * 1024 * 1024
"""A result file up to here is read into memory; above, into an Arrow file."""

MEMORY_BYTES: Final = 64 * 1024 * 1024
FILE_BYTES: Final = 1024 * 1024 * 1024
"""Bounds of what is kept in memory and in files. The latest is kept whatever its size: somebody is looking at it."""

Fetch = Callable[[str, IO[bytes]], None]
"""Writes the object of an `s3://` URI into a file; raises ResultMissing where there is none."""


@dataclass(frozen=True)
class _Held:
    value: Any
    bytes: int
    in_file: bool


class SharedResults:
    """All results of this process. Safe to ask from any thread; who asks for what is being read waits for it."""

    def __init__(self, fetch: Fetch, *, memory_bytes: int = MEMORY_BYTES, file_bytes: int = FILE_BYTES) -> None:
        self._fetch = fetch
        self._bounds = {False: memory_bytes, True: file_bytes}
        self._lock = threading.Lock()
        self._held: OrderedDict[Hashable, Future[_Held]] = OrderedDict()

    def table(self, location: str, columns: Sequence[ResultColumn]) -> pa.Table:
        """Return the rows of a result file, the same object for everybody; raise ResultMissing where it is gone."""
        found: pa.Table = self._get(location, lambda: self._read(location, columns))
        return found

    def order(self, rows: "SharedRows", column: str, *, descending: bool) -> pa.Array:
        """Return the places of rows in the order of a column, sorted once for everybody."""

        def sort() -> _Held:
            keys = [(column, "descending" if descending else "ascending")]
            places = pc.sort_indices(rows.table(), sort_keys=keys)
            return _Held(places, places.nbytes, in_file=False)

        return self._get((rows.location, rows.limit, column, descending), sort)

    def holding(self, rows: "SharedRows", text: str, columns: tuple[str, ...]) -> pa.Array:
        """Return the places of rows that hold a text in one of the columns, looked for once for everybody."""

        def find() -> _Held:
            places = rows_holding(rows.table(), text, columns)
            return _Held(places, places.nbytes, in_file=False)

        return self._get((rows.location, rows.limit, text, columns), find)

    def held_bytes(self, *, in_file: bool) -> int:
        """Return how many bytes are kept in files, or in memory."""
        with self._lock:
            done = [answer.result() for answer in self._held.values() if answer.done()]
        return sum(held.bytes for held in done if held.in_file is in_file)

    def forget(self) -> None:
        """Drop everything; what is asked for again is read again."""
        with self._lock:
            self._held.clear()

    def _get(self, key: Hashable, make: Callable[[], _Held]) -> Any:
        with self._lock:
            answer = self._held.get(key)
            is_mine = answer is None
            if answer is None:
                answer = self._held[key] = Future()
            self._held.move_to_end(key)
        if is_mine:
            try:
                answer.set_result(make())
            except BaseException as error:
                with self._lock:
                    if self._held.get(key) is answer:
                        del self._held[key]
                answer.set_exception(error)
                raise
            self._drop_oldest()
        return answer.result().value

    def _drop_oldest(self) -> None:
        with self._lock:
            sums = {False: 0, True: 0}
            seen = {False: 0, True: 0}
            for key, answer in reversed(list(self._held.items())):
                if not answer.done():
                    continue
                held = answer.result()
                sums[held.in_file] += held.bytes
                seen[held.in_file] += 1
                if sums[held.in_file] > self._bounds[held.in_file] and seen[held.in_file] > 1:
                    sums[held.in_file] -= held.bytes
                    del self._held[key]

    def _read(self, location: str, columns: Sequence[ResultColumn]) -> _Held:
        try:
            with tempfile.SpooledTemporaryFile(SMALL_BYTES) as file:
                self._fetch(location, file)
                if file.tell() > SMALL_BYTES:
                    file.seek(0)
                    table = _mapped(file, columns)
                    return _Held(table, table.nbytes, in_file=True)
                file.seek(0)
                table = table_from_csv(file.read(), columns)
        except OSError:
            # No room on the disk, or no disk: slower for everybody else, and right all the same.
            body = io.BytesIO()
            self._fetch(location, body)
            table = table_from_csv(body.getvalue(), columns)
        return _Held(table, table.nbytes, in_file=False)


@dataclass(frozen=True)
class SharedRows:
    """The rows of one result, as `dashboard.model.result.Rows`: an address, and nothing of what is there."""

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

    def holding(self, text: str, columns: tuple[str, ...]) -> pa.Array:
        """Return the places of the rows that hold a text in one of the columns."""
        return self.results.holding(self, text, columns)


@dataclass(frozen=True)
class HeldRows:
    """Rows that are held by whoever has this, as `dashboard.model.result.Rows`."""

    held: pa.Table

    def table(self) -> pa.Table:
        """Return the rows."""
        return self.held

    def order(self, column: str, *, descending: bool) -> pa.Array:
        """Return the places of the rows in the order of a column."""
        return pc.sort_indices(self.held, sort_keys=[(column, "descending" if descending else "ascending")])

    def holding(self, text: str, columns: tuple[str, ...]) -> pa.Array:
        """Return the places of the rows that hold a text in one of the columns."""
        return rows_holding(self.held, text, columns)


def _mapped(source: IO[bytes], columns: Sequence[ResultColumn]) -> pa.Table:
    """Return the rows of a result file as a mapped Arrow file, whose room is free once nobody looks at it."""
    with tempfile.TemporaryDirectory(prefix="dashboard-") as folder:
        path = Path(folder) / "result.arrow"
        write_arrow_file(source, columns, path)
        # The mapping keeps what it maps; without a name the system frees it with the last mapping, after a crash too.
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    pa.default_memory_pool().release_unused()
    return table
