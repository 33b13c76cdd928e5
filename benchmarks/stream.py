"""What a record of a stream costs, against an item of an export (`python benchmarks/stream.py`).

Items of 373 bytes. An export decodes bodies and writes Parquet; the stream's handler reads records with both
images, as Lambda's runtime has parsed them, decodes them and writes change files. Neither has network or S3. Both run
in turn in one process; figures are CPU time, the best of the rounds.
"""

import datetime as dt
import io
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from decode import ITEMS_PER_PAGE, PAGES, arrow, item, pages

from dataset_model import Dataset, IndexSource
from exporter.changes.carried import RecordReader
from exporter.changes.change_files import file_of
from exporter.changes.change_rows import ChangeDecoder, DatasetOfStream
from exporter.decoding.schema import extended_schema, initial_schema, kinds_in_page
from exporter.planning.sort_key import SortKey
from exporter.runtime.memory import steady_memory
from exporter.sources.description import SourceDescription

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
    source = IndexSource(
        table="contacts", index="by-channel", partition_key="Channel", partition_values=("VOICE",),
        sort_key="InitiationTimestamp",
    )  # fmt: skip
    dataset = Dataset(name="contacts", source=source)
    schema = extended_schema(initial_schema(dataset, None, NOW), dataset, kinds_in_page(pages()[0]), NOW)
    description = SourceDescription(("S",), "S", ("ContactId",), None, 0)
    of_stream = DatasetOfStream(dataset, SortKey("ISO", dataset.zone, "S", 2027), description)
    reader, decoder = RecordReader(dataset, description), ChangeDecoder(of_stream, schema)
    events = json.loads(json.dumps(records()))  # as Lambda's runtime makes them: no two share a part

    def run() -> int:
        found = decoder.decode(reader.read(events), NOW)
        for rows in found.days.values():
            file_of(rows)
        return len(events)

    return run


def main() -> None:
    """Print a line per way and the ratio."""
    ways = {"export, per item": exporting(), "stream, per record": streaming()}
    best = dict.fromkeys(ways, float("inf"))
    with steady_memory():  # as both programs have it
        for _ in range(ROUNDS):
            for name, run in ways.items():
                started = time.process_time()
                count = run()
                best[name] = min(best[name], (time.process_time() - started) / count * 1e6)
    for name, each in best.items():
        print(f"{name:32} {each:8.2f} us")
    export, stream = best.values()
    print(f"{'ratio':32} {stream / export:8.2f}")


if __name__ == "__main__":
    main()
