"""Published state is broken in random ways, and `doctor` and `verify` find each of them.

Every attack changes a bucket that was clean before, and the bucket is put back after it. The scene's clock stands at
2026-02-20 09:00 UTC.
"""

import datetime as dt
import io
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exporter.audit.doctor import examine
from exporter.audit.verify import Verifier, VerifyRequest

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
BUCKET = "reports"
DAYS = [dt.date(2026, 2, 14) + dt.timedelta(days=number) for number in range(5)]
MANIFEST = "_manifest.json"


def file_of(day: dt.date) -> str:
    return f"year={day:%Y}/month={day:%m}/day={day:%d}/data.parquet"


@dataclass
class Bucket:
    """The published objects of one scene, which attacks change."""

    table: Any
    rng: random.Random

    def day(self) -> dt.date:
        return self.rng.choice(DAYS)

    def other(self, day: dt.date) -> dt.date:
        return self.rng.choice([found for found in DAYS if found != day])

    def read(self, key: str) -> bytes:
        return self.table.read(key)

    def put(self, key: str, body: bytes) -> str:
        answer = self.table.s3.put_object(Bucket=BUCKET, Key=f"{self.table.prefix}/{key}", Body=body)
        return str(answer["ETag"]).strip('"')

    def remove(self, key: str) -> None:
        self.table.s3.delete_object(Bucket=BUCKET, Key=f"{self.table.prefix}/{key}")

    def manifest(self) -> dict[str, Any]:
        return json.loads(self.read(MANIFEST))

    def change(self, day: dt.date, change: Callable[[dict[str, Any]], None]) -> None:
        """Change the manifest's record of a day."""
        found = self.manifest()
        change(found["days"][str(day)])
        self.put(MANIFEST, json.dumps(found).encode())

    def rewrite(self, day: dt.date, change: Callable[[pa.Table], pa.Table], *, recorded: bool) -> None:
        """Rewrite a day's file; with `recorded` the manifest has the ETag and the size of the new one."""
        body = io.BytesIO()
        pq.write_table(change(self.table.table_of(file_of(day))), body, compression="zstd", store_schema=False)
        etag = self.put(file_of(day), body.getvalue())
        if recorded:
            self.change(day, lambda record: record["objects"][0].update(etag=etag, bytes=len(body.getvalue())))

    def state(self) -> dict[str, bytes]:
        return {key: self.read(key) for key in [*self.table.keys(), MANIFEST]}


Attack = Callable[[Bucket], None]


def replaced_by_another_day(bucket: Bucket) -> None:
    day = bucket.day()
    bucket.put(file_of(day), bucket.read(file_of(bucket.other(day))))


def truncated(bucket: Bucket) -> None:
    key = file_of(bucket.day())
    body = bucket.read(key)
    bucket.put(key, body[: bucket.rng.randrange(len(body))])


def bytes_flipped(bucket: Bucket) -> None:
    key = file_of(bucket.day())
    body = bytearray(bucket.read(key))
    for _ in range(bucket.rng.randrange(1, 5)):
        body[bucket.rng.randrange(len(body))] ^= bucket.rng.randrange(1, 256)
    bucket.put(key, bytes(body))


def footer_length_wrong(bucket: Bucket) -> None:
    day = bucket.day()
    body = bucket.read(file_of(day))
    etag = bucket.put(file_of(day), body[:-8] + bucket.rng.randbytes(4) + b"PAR1")
    bucket.change(day, lambda record: record["objects"][0].update(etag=etag))


def not_parquet_but_recorded(bucket: Bucket) -> None:
    day, body = bucket.day(), bucket.rng.randbytes(bucket.rng.randrange(200))
    etag = bucket.put(file_of(day), body)
    bucket.change(day, lambda record: record["objects"][0].update(etag=etag, bytes=len(body)))


def rows_lost(bucket: Bucket) -> None:
    bucket.rewrite(bucket.day(), lambda rows: rows.slice(1), recorded=bucket.rng.random() < 0.5)


def rows_doubled(bucket: Bucket) -> None:
    bucket.rewrite(bucket.day(), lambda rows: pa.concat_tables([rows, rows]), recorded=bucket.rng.random() < 0.5)


def column_of_another_type(bucket: Bucket) -> None:
    def change(rows: pa.Table) -> pa.Table:
        at = rows.schema.get_field_index("count")
        kind = bucket.rng.choice([pa.string(), pa.int64(), pa.float32()])
        return rows.set_column(at, "count", rows.column(at).cast(kind))

    bucket.rewrite(bucket.day(), change, recorded=True)


def column_that_the_schema_lacks(bucket: Bucket) -> None:
    bucket.rewrite(
        bucket.day(), lambda rows: rows.append_column("other", pa.array([1] * len(rows), pa.int64())), recorded=True
    )


def deleted(bucket: Bucket) -> None:
    bucket.remove(file_of(bucket.day()))


def copied(bucket: Bucket) -> None:
    day = bucket.day()
    name = f"data-{bucket.rng.randrange(100)}.parquet"
    bucket.put(file_of(bucket.other(day)).replace("data.parquet", name), bucket.read(file_of(day)))


def records_swapped(bucket: Bucket) -> None:
    first = bucket.day()
    second = bucket.other(first)
    found = bucket.manifest()
    days = found["days"]
    days[str(first)], days[str(second)] = days[str(second)], days[str(first)]
    if bucket.rng.random() < 0.5:
        days[str(first)]["day"], days[str(second)]["day"] = str(first), str(second)
    bucket.put(MANIFEST, json.dumps(found).encode())


def record_lost(bucket: Bucket) -> None:
    found = bucket.manifest()
    del found["days"][str(bucket.day())]
    bucket.put(MANIFEST, json.dumps(found).encode())


def record_says_empty(bucket: Bucket) -> None:
    """A paused run that wrote its record after a newer one."""

    def change(record: dict[str, Any]) -> None:
        record.update(objects=[], rows_by_partition_value={}, key_hash="", values={}, column_bytes={})

    bucket.change(bucket.day(), change)


def older_record(bucket: Bucket) -> None:
    """The record of an earlier object of the day."""
    etag = f"{bucket.rng.randrange(16**32):032x}"
    bucket.change(bucket.day(), lambda record: record["objects"][0].update(etag=etag))


def record_from_the_future(bucket: Bucket) -> None:
    later = NOW + dt.timedelta(hours=bucket.rng.randrange(2, 1000))
    bucket.change(bucket.day(), lambda record: record.update(read_at=later.isoformat()))


def rows_of_the_record_wrong(bucket: Bucket) -> None:
    wrong = bucket.rng.choice([0, 1, 5, 1000])
    bucket.change(bucket.day(), lambda record: record["objects"][0].update(rows=wrong))


def values_of_the_record_wrong(bucket: Bucket) -> None:
    bucket.change(bucket.day(), lambda record: record["rows_by_partition_value"].update(A=bucket.rng.choice([0, 7])))


def location_of_another_prefix(bucket: Bucket) -> None:
    found = bucket.manifest() | {"location": "s3://reports/another/"}
    bucket.put(MANIFEST, json.dumps(found).encode())


def key_hash_wrong(bucket: Bucket) -> None:
    other = bucket.manifest()["days"][str(bucket.day())]["key_hash"]
    day = next(day for day in DAYS if bucket.manifest()["days"][str(day)]["key_hash"] != other)
    bucket.change(day, lambda record: record.update(key_hash=other))


def values_exchanged(bucket: Bucket) -> None:
    def change(record: dict[str, Any]) -> None:
        counted = record["rows_by_partition_value"]
        counted["A"], counted["B"] = counted["B"], counted["A"]

    bucket.change(bucket.day(), change)


def closed_too_early(bucket: Bucket) -> None:
    day = bucket.day()
    read_at = dt.datetime.combine(day, dt.time(bucket.rng.randrange(24), 30), dt.UTC)
    bucket.change(day, lambda record: record.update(read_at=read_at.isoformat()))


FOR_BOTH = [
    replaced_by_another_day, truncated, bytes_flipped, footer_length_wrong, not_parquet_but_recorded, rows_lost,
    rows_doubled, column_of_another_type, column_that_the_schema_lacks, deleted, copied, records_swapped, record_lost,
    record_says_empty, older_record, record_from_the_future, rows_of_the_record_wrong, values_of_the_record_wrong,
]  # fmt: skip
FOR_DOCTOR = [closed_too_early, location_of_another_prefix]
"""Faults of records with right numbers."""
FOR_VERIFY = [key_hash_wrong, values_exchanged]
"""Faults that only a comparison with the items shows."""


def verified(table):
    return Verifier(table.settings(), VerifyRequest(None, athena=False), clock=lambda: NOW).run()


@pytest.fixture
def published(scene):
    """Five days, three items of A and one of B a day, published once."""
    table = scene()
    for day in DAYS:
        for number in range(4):
            kind = "B" if number == 3 else "A"
            table.put(f"{day}-{number}", f"{day}T0{number}:00:00Z", kind, Count={"N": str(number)})
    table.export(start=str(DAYS[0]), end="2026-02-19")
    return table


def outcome(bucket: Bucket, attack: Attack) -> set[str]:
    """Return which of `doctor` and `verify` find an attack; the bucket is put back afterwards."""
    before = bucket.state()
    attack(bucket)
    after = bucket.state()
    assert after != before, f"{attack.__name__} changed nothing"
    found, compared = examine(bucket.table.settings(), NOW), verified(bucket.table)
    for key in after.keys() - before.keys():
        bucket.remove(key)
    for key, body in before.items():
        bucket.put(key, body)
    assert all(finding.advice for finding in found)
    return ({"doctor"} if found else set()) | (set() if compared.agrees else {"verify"})


@pytest.mark.parametrize("seed", [1])
def test_every_attack_is_found(published, seed):
    """No change of an object, a footer or a record stays unseen, and a bucket that was put back is clean."""
    assert (examine(published.settings(), NOW), verified(published).agrees) == ([], True)
    wanted = {attack: {"doctor", "verify"} for attack in FOR_BOTH}
    wanted |= {attack: {"doctor"} for attack in FOR_DOCTOR} | {attack: {"verify"} for attack in FOR_VERIFY}
    unseen = {}
    for attack, by in wanted.items():
        found = outcome(Bucket(published, random.Random(f"{attack.__name__} {seed}")), attack)
        if by - found:
            unseen[attack.__name__] = by - found
    assert unseen == {}
    assert (examine(published.settings(), NOW), verified(published).agrees) == ([], True)
