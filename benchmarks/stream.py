"""What a record of a stream or of a window costs, against an item of an export (`python benchmarks/stream.py`).

Items of 373 bytes. An export decodes bodies and writes Parquet; the stream's handler reads records with both
images, as Lambda's runtime has parsed them, decodes them and writes change files. A window is a file of an incremental
export: unpacked and parsed twice, first for the days and the log, then for the change files. None has network or S3.
All run in turn in one process; figures are CPU time, the best of the rounds.
"""

import datetime as dt
import gzip
import io
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from decode import ITEMS_PER_PAGE, PAGES, arrow, item, pages

from dataset_model import Dataset, IndexSource
from dataset_model.records.table_schema import TableSchema
from exporter.changes.carried import RecordReader
from exporter.changes.change_files import file_of
from exporter.changes.change_rows import ChangeDecoder, DatasetOfStream
from exporter.decoding.schema import extended_schema, initial_schema, kinds_in_page
from exporter.planning.sort_key import SortKey
from exporter.run.incremental.change_feed import batches, event
from exporter.run.incremental.changed_days import WindowReader
from exporter.run.incremental.item_log import ItemLog
from exporter.run.incremental.placement import Placement
from exporter.runtime.memory import steady_memory
from exporter.sources.description import SourceDescription
from exporter.sources.table_export.changed_items import changed_items
from exporter.sources.table_export.manifests import ExportFile

ROUNDS = 5
BATCH = 10_000
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def records() -> list[dict[str, Any]]:
    """Return a batch of changes, each of one attribute."""
    randomness = random.Random(1)
    made = []
    for number in range(BATCH):
        old = item(number, randomness)
        change = {
            "ApproximateCreationDateTime": 1_772_000_000 + number // 1000, "SequenceNumber": str(10**20 + 37 * number),
            "Keys": {"ContactId": old["ContactId"]}, "OldImage": old, "NewImage": old | {"Agent": {"S": "changed"}},
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        }  # fmt: skip
        made.append({"eventName": "MODIFY", "dynamodb": change})
    return made


def exporting() -> Callable[[], int]:
    """Return an export's way from bodies to Parquet, and its number of items."""
    bodies = pages()
    decode = arrow(bodies)

    def run() -> int:
        writer = None
        for body in bodies:
            rows = decode(body).rows
            writer = writer or pq.ParquetWriter(io.BytesIO(), rows.schema, compression="zstd")
            writer.write_batch(rows)
        if writer:
            writer.close()
        return PAGES * ITEMS_PER_PAGE

    return run


def streaming() -> Callable[[], int]:
    """Return the handler's way from records to change files, and its number of records."""
    dataset, schema, of_stream = _dataset()
    reader, decoder = RecordReader(dataset, of_stream.description), ChangeDecoder(of_stream, schema)
    events = json.loads(json.dumps(records()))  # as Lambda's runtime makes them: no two share a part

    def run() -> int:
        found = decoder.decode(reader.read(events), NOW)
        for rows in found.days.values():
            file_of(rows)
        return len(events)

    return run


def _dataset() -> tuple[Dataset, TableSchema, DatasetOfStream]:
    source = IndexSource(
        table="contacts", index="by-channel", partition_key="Channel", partition_values=("VOICE",),
        sort_key="InitiationTimestamp",
    )  # fmt: skip
    dataset = Dataset(name="contacts", source=source)
    schema = extended_schema(initial_schema(dataset, None, NOW), dataset, kinds_in_page(pages()[0]), NOW)
    description = SourceDescription(("S",), "S", ("ContactId",), None, 0)
    of_stream = DatasetOfStream(dataset, SortKey("ISO", dataset.zone, "S", 2027), description)
    return dataset, schema, of_stream


class _File:
    """The bucket of an export of one file."""

    bucket = "reports"

    def __init__(self, body: bytes) -> None:
        self._body = body

    def chunks(self, _: str) -> Iterator[bytes]:
        """Yield the file's bytes."""
        yield self._body


def windowing() -> Callable[[], int]:
    """Return a window's way from its file to log and change files, and its number of items."""
    dataset, schema, of_stream = _dataset()
    lines = [_line(record["dynamodb"], number) for number, record in enumerate(records())]
    body = gzip.compress(b"\n".join(lines) + b"\n")
    file = ExportFile("data.json.gz", len(lines), "")
    placement = Placement(dataset, of_stream.description, of_stream.sort_key, schema)
    records_of, decoder = RecordReader(dataset, of_stream.description), ChangeDecoder(of_stream, schema)

    def run() -> int:
        with TemporaryDirectory() as folder:
            log = ItemLog(Path(folder), "window")
            reader = WindowReader(dataset, of_stream.description, placement, log, None, NOW)
            for items in changed_items(_File(body), file):
                reader.add(items)
        reader.found.table()
        for items in batches(changed_items(_File(body), file)):
            found = decoder.decode(records_of.read([event(one, by_ttl=False) for one in items]), NOW)
            for rows in found.days.values():
                file_of(rows)
        return len(lines)

    return run


def _line(change: dict[str, Any], number: int) -> bytes:
    written = {"Metadata": {"WriteTimestampMicros": {"N": str(1_772_000_000_000_000 + number)}}}
    return json.dumps(written | {name: change[name] for name in ("Keys", "OldImage", "NewImage")}).encode()


def main() -> None:
    """Print a line per way and the ratio."""
    ways = {"export, per item": exporting(), "stream, per record": streaming(), "window, per item": windowing()}
    best = dict.fromkeys(ways, float("inf"))
    with steady_memory():  # as both programs have it
        for _ in range(ROUNDS):
            for name, run in ways.items():
                started = time.process_time()
                count = run()
                best[name] = min(best[name], (time.process_time() - started) / count * 1e6)
    for name, each in best.items():
        print(f"{name:32} {each:8.2f} us")
    export, *others = best.values()
    for name, each in zip(list(ways)[1:], others, strict=True):
        print(f"{'ratio of the ' + name.partition(',')[0]:32} {each / export:8.2f}")


if __name__ == "__main__":
    main()
