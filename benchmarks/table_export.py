"""How fast lines of a table export become Parquet on one core (`python benchmarks/table_export.py`).

One gzipped file of items of 554 bytes is read from memory, so that neither the network nor DynamoDB counts. Both
ways read the same bytes in one process; figures are CPU time per item, the best of the rounds.
"""

import base64
import gzip
import hashlib
import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
from boto3.dynamodb.types import TypeDeserializer

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from decode import arrow
from support.items import SHARES, SORT_KEY, TABLE_KEY, Source

from exporter.sources.table_export.lines import bodies_of
from exporter.sources.table_export.manifests import ExportFile

ITEMS = 100_000
ROUNDS = 3


class Memory:
    """One object in memory."""

    bucket = "exports"

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, key: str) -> tuple[bytes, str] | None:  # noqa: ARG002 - the interface of a bucket
        """Return the object."""
        return self._body, "etag"

    def chunks(self, key: str) -> Iterator[bytes]:  # noqa: ARG002 - the interface of a bucket
        """Yield the object in pieces of 1 MB."""
        yield from (self._body[at : at + (1 << 20)] for at in range(0, len(self._body), 1 << 20))


def exported() -> tuple[Memory, ExportFile]:
    """Return a data file as DynamoDB writes it, and its entry in the manifest."""
    source = Source(items=ITEMS, item_bytes=550, days=7)
    lines = (b'{"Item":%b}\n' % text for value in SHARES for text in source.texts(value, 0, source.count(value)))
    body = gzip.compress(b"".join(lines), compresslevel=6)
    checksum = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    return Memory(body), ExportFile("data.json.gz", ITEMS, checksum)


def to_parquet(memory: Memory, file: ExportFile) -> Callable[[], None]:
    """Return this product's way: lines to bodies, bodies to Arrow, Arrow to Parquet."""
    decode = arrow([next(bodies_of(memory, file))], TABLE_KEY, SORT_KEY)

    def convert() -> None:
        writer = None
        for body in bodies_of(memory, file):
            rows = decode(body).rows
            writer = writer or pq.ParquetWriter(io.BytesIO(), rows.schema, compression="zstd")
            writer.write_batch(rows)
        if writer:
            writer.close()

    return convert


def to_items(memory: Memory, file: ExportFile) -> Callable[[], None]:
    """Return the way of the SDK's documentation: gzip, json, TypeDeserializer; without any file."""
    deserialize = TypeDeserializer().deserialize

    def convert() -> None:
        for line in gzip.decompress(b"".join(memory.chunks(file.key))).splitlines():
            found = json.loads(line)["Item"]
            _ = {name: deserialize(value) for name, value in found.items()}

    return convert


def main() -> None:
    """Print a line per way, and the ratio."""
    memory, file = exported()
    ways = {"gzip + json + TypeDeserializer": to_items(memory, file), "lines to Parquet": to_parquet(memory, file)}
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(ROUNDS):
        for name, convert in ways.items():
            started = time.process_time()
            convert()
            best[name] = min(best[name], time.process_time() - started)
    for name, seconds in best.items():
        print(f"{name:32} {seconds / ITEMS * 1e6:8.2f} us per item {ITEMS / seconds:10,.0f} items per CPU second")
    slow, fast = best.values()
    print(f"{'ratio':32} {slow / fast:8.1f}")


if __name__ == "__main__":
    main()
