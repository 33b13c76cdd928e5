"""A part of a table flows in, its decoded rows by day flow out to S3, with a record of them.

A part is a data file of an export or a segment of a scan. It is converted once, however often it is asked for: a
part with a record is done. Items are decoded under the schema that is published; attributes without a column travel as
they are, and get their types when all parts are known.
"""

import datetime as dt
import secrets
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa
import structlog

from dataset_model.records.table_schema import TableSchema
from exporter.decoding.batch import AwaitedItem, DecodedPage, QuarantinedItem
from exporter.decoding.decoder import PageDecoder
from exporter.decoding.late_columns import late_kinds
from exporter.decoding.schema import initial_schema, kinds_in_page
from exporter.errors import SourceError
from exporter.planning.planner import Planner
from exporter.planning.sort_key import SortKey
from exporter.runtime.workspace import workspace
from exporter.settings import Settings
from exporter.sources.description import SourceDescription
from exporter.sources.opening import OpenedSource
from exporter.sources.table_export.converted_file import (
    VALUE,
    ConvertedDay,
    ConvertedFile,
    Part,
    columns_of,
    data_key,
    decoded_record,
    encoded,
    lines_of,
    misfit,
    record_key,
)
from exporter.sources.table_export.converted_source import ConvertedSource
from exporter.sources.table_export.manifests import ExportFile
from exporter.storage.object_store import Store
from exporter.storage.records import Records
from exporter.targets.sorted_runs import gathered
from exporter.targets.spool import Spool
from exporter.values.numbers import InexactDoubles

if TYPE_CHECKING:
    from exporter.decoding.derivations import Deriver

BATCH_BYTES = 4 << 20
"""Rows of one Arrow stream."""

_LINES_BYTES = 4 << 20
_log = structlog.get_logger()
_CONTENT_TYPE = "application/vnd.apache.arrow.stream"


class Conversion(ABC):
    """Converts parts of a table: the files of an export, or the segments of a scan."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        description: SourceDescription,
        sort_key: SortKey,
        files: Sequence[ExportFile],
        folder: str,
        deriver: "Deriver | None",
    ) -> None:
        """`files` are the parts; their converted rows and records are below `folder`."""
        self._settings, self._dataset, self._store = settings, settings.dataset, store
        self._description, self.sort_key, self.files, self._folder = description, sort_key, tuple(files), folder
        self._deriver = deriver
        self._records = Records(store, settings.prefix)

    @abstractmethod
    def _pages(self, file: ExportFile, decoder: PageDecoder) -> Iterator[DecodedPage]:
        """Yield the decoded pages of a part."""

    @abstractmethod
    def _unknown(self, key: str) -> SourceError:
        """Return the error for a part that there is not."""

    @abstractmethod
    def _left(self, left: Sequence[ExportFile]) -> SourceError:
        """Return the error for parts that are not converted."""

    def named(self, keys: Sequence[str]) -> list[ExportFile]:
        """Return the parts with these keys; raise SourceError for one that there is not."""
        by_key = {file.key: file for file in self.files}
        if unknown := [key for key in keys if key not in by_key]:
            raise self._unknown(unknown[0])
        return [by_key[key] for key in keys]

    def missing(self) -> list[ExportFile]:
        """Return the parts that have not been converted yet, the one with the most items first."""
        known = {found.key for found in self._store.objects(f"{self._folder}/")}
        left = [file for file in self.files if record_key(self._folder, file) not in known]
        return sorted(left, key=lambda file: -file.item_count)

    def source(self, at_a_time: int) -> OpenedSource:
        """Return all converted parts as a source; raise SourceError where one is missing."""
        if left := self.missing():
            raise self._left(left)
        with ThreadPoolExecutor(at_a_time) as pool:  # an export may have ten thousand files, each with a record
            records = list(pool.map(self._record, self.files))
        found = [self._usable(file, record) for file, record in zip(self.files, records, strict=True)]
        source = ConvertedSource(self._store, found, self._description, self._dataset.zone, at_a_time)
        return OpenedSource(source, Planner(self._dataset, self.sort_key), self._dataset, source.probe)

    def convert(self, file: ExportFile) -> ConvertedFile:
        """Convert a part unless it is converted; raise SourceError where it cannot be read."""
        return self._record(file) or self._convert(file)

    def _convert(self, file: ExportFile) -> ConvertedFile:
        with workspace() as folder:
            local = folder / "converted.arrows"
            with local.open("wb") as written:
                converted = self._converted(file, Spool(folder), _Object(written))
            key = data_key(self._folder, file, secrets.token_hex(8))
            self._store.replace_with_file(key, local, None, content_type=_CONTENT_TYPE)
        record = ConvertedFile(file.key, file.md5_checksum, key, *converted)
        self._store.write(record_key(self._folder, file), encoded(record))
        return record

    def _usable(self, file: ExportFile, record: ConvertedFile | None) -> ConvertedFile:
        """Return the record of a part; convert it again where its values fit the types no more that were published."""
        if record is None:  # removed since it was listed
            raise self._left([file])
        attribute = misfit(record, self._schema)
        if attribute is None:
            return record
        _log.warning("a column was published after the part was converted; converting again",
                     part=file.key, attribute=attribute)  # fmt: skip
        return self._convert(file)

    @cached_property
    def _schema(self) -> TableSchema:
        """As it is published when the first file is converted: what it lacks travels as it is."""
        return initial_schema(self._dataset, self._records.schema(), dt.datetime.now(dt.UTC))

    def _record(self, file: ExportFile) -> ConvertedFile | None:
        key = record_key(self._folder, file)
        found = self._store.read(key)
        return None if found is None else decoded_record(found[0], f"s3://{self._store.bucket}/{key}", file)

    def _converted(
        self, file: ExportFile, spool: Spool, written: "_Object"
    ) -> tuple[int, dict[str, str], dict[str, tuple[str, ...]], tuple[ConvertedDay, ...], tuple[Part, ...]]:
        """Write a part's rows to `written`; return its items, columns, types, days and what is withheld."""
        kinds: dict[str, set[str]] = {}
        schema, dataset = self._schema, self._dataset
        key = self._description.table_key
        decoder = PageDecoder(schema, dataset, self.sort_key, key, deriver=self._deriver, late_by_kind=True)
        seen = _Seen(written)
        for number, page in enumerate(self._pages(file, decoder)):
            value = pa.repeat(pa.scalar(page.partition_value, pa.string()), page.rows.num_rows)
            spool.add(page.rows.append_column(VALUE, value), "", (0, number))
            seen.add(page)
            if dataset.undeclared == "add":
                _add_kinds(kinds, page, schema)
        seen.flush()
        days = tuple(self._day(day, spool, seen, written) for day in spool.days())
        sorted_kinds = {name: tuple(sorted(tags)) for name, tags in sorted(kinds.items())}
        return seen.items, columns_of(schema), sorted_kinds, days, tuple(seen.parts[None])

    def _day(self, day: dt.date, spool: Spool, seen: "_Seen", written: "_Object") -> ConvertedDay:
        spooled = spool.day(day)
        rows = spooled.rows if spooled else 0
        with spool.open(day) as opened:
            batches = (opened.read(segment) for stream in opened.streams for segment in stream)
            streams = tuple(written.add(_stream(batch)) for batch in map(_one_batch, gathered(batches, BATCH_BYTES)))
        spool.drop(day)
        return ConvertedDay(
            day, rows, streams, tuple(seen.parts[day]), tuple(seen.awaited[day]), dict(seen.inexact[day]),
            dict(seen.ignored[day]),
        )  # fmt: skip


def _add_kinds(kinds: dict[str, set[str]], page: DecodedPage, schema: TableSchema) -> None:
    """Add the types of attributes without a column; the others have theirs from the schema."""
    known = schema.names
    withheld = (kinds_in_page(f'{{"Items":[{entry.item}]}}'.encode()) for entry in page.withheld)
    for found in (late_kinds(page.rows), *withheld):
        for attribute, of_it in found.items():
            if attribute not in known:
                kinds.setdefault(attribute, set()).update(of_it)


class _Object:
    """The object while it is written to the local disk."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def add(self, body: bytes | pa.Buffer) -> Part:
        """Append some bytes and return where they are."""
        offset = self._file.tell()
        self._file.write(body)
        return offset, self._file.tell() - offset


class _Seen:
    """What belongs to the rows of a file and is no row."""

    def __init__(self, written: _Object) -> None:
        self._written = written
        self._items: dict[dt.date | None, list[QuarantinedItem]] = defaultdict(list)
        self._awaited: dict[dt.date, list[AwaitedItem]] = defaultdict(list)
        self._bytes = 0
        self.items = 0
        self.parts: dict[dt.date | None, list[Part]] = defaultdict(list)
        """Day (None: withheld) -> parts of quarantined items."""
        self.awaited: dict[dt.date, list[Part]] = defaultdict(list)
        """Day -> parts of items that wait for derived values."""
        self.inexact: dict[dt.date, dict[str, InexactDoubles]] = defaultdict(dict)
        self.ignored: dict[dt.date, dict[str, int]] = defaultdict(dict)

    def add(self, page: DecodedPage) -> None:
        """Take account of a page; its rows are numbered on from those of earlier pages, as those of one page are."""
        for entry in (*page.withheld, *page.nulled):
            row = None if entry.row is None else entry.row + self.items
            self._items[entry.day].append(replace(entry, row=row))
            self._bytes += len(entry.item)
        for waiting in page.awaited:
            self._awaited[waiting.day].append(replace(waiting, row=waiting.row + self.items))
            self._bytes += len(waiting.item)
        self.items += page.items
        for (day, column), found in page.inexact.items():
            of_day = self.inexact[day]
            of_day[column] = of_day.get(column, InexactDoubles()) + found
        for (day, attribute), count in page.ignored.items():
            self.ignored[day][attribute] = self.ignored[day].get(attribute, 0) + count
        if self._bytes >= _LINES_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write the items that are in memory; the entries of a row are of one page, so they stay together."""
        for day, items in self._items.items():
            self.parts[day].append(self._written.add(lines_of(items)))
        for of_day, waiting in self._awaited.items():
            self.awaited[of_day].append(self._written.add(lines_of(waiting)))
        self._items.clear()
        self._awaited.clear()
        self._bytes = 0


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    # A large text column may stay in several chunks, and then in several batches; 4 MB never do.
    (batch,) = table.to_batches()
    return batch


def _stream(batch: pa.RecordBatch) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_batch(batch)
    return sink.getvalue()
