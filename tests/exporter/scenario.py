"""Whole scenarios made of one number: a dataset, changes of its items, runs of every kind, faults, stops and delays.

    Scenario(seed, server_url, monkeypatch).play()

After each run the published rows are compared with what the index held, read without the exporter. A violated promise
is an AssertionError that names the seed and the run.
"""

import datetime as dt
import io
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import boto3
import pyarrow.parquet as pq
import pytest
from botocore.config import Config
from faults import Faults
from index_stub import IndexStub
from random_faults import FAULTS, random_rule

import exporter.clients
import exporter.errors
from dataset_model.records.manifest import Manifest
from dataset_model.records.runs import RunEntry
from exporter.planning.planner import Piece
from exporter.planning.window import Window
from exporter.run.backfill import Backfill, BackfillRequest
from exporter.run.job import ExportJob
from exporter.run.reporting.progress import Quiet
from exporter.run.request import request_from_options
from exporter.settings import settings_from_environment
from exporter.sources.index_source import QueriedIndex
from exporter.targets.publisher import Publisher

BUCKET = "reports"
CLOCK_CHANGES = {
    "UTC": "2026-02-16", "Europe/Berlin": "2025-10-26", "America/New_York": "2025-03-09",
    "Australia/Lord_Howe": "2025-04-06", "Pacific/Auckland": "2025-09-28", "Pacific/Apia": "2011-12-30",
    "America/St_Johns": "2010-11-07", "America/Sao_Paulo": "2018-11-04", "Africa/Cairo": "2025-04-25",
    "Asia/Kathmandu": "2026-02-16", "Pacific/Chatham": "2025-04-06", "Pacific/Kiritimati": "2025-12-31",
}  # fmt: skip
"""Zone -> a day around which its clocks change, or on which its calendar is unusual."""

FORMATS = {
    "ISO": ("S", "{at:%Y-%m-%dT%H:%M:%SZ}"),
    "ISO offset": ("S", "{east:%Y-%m-%dT%H:%M:%S+05:30}"),
    "ISO naive": ("S", "{local:%Y-%m-%dT%H:%M:%S}"),
    "EPOCH": ("N", "{seconds}"),
    "EPOCH text": ("S", "{seconds}"),
    "EPOCH_MILLIS": ("N", "{seconds}250"),
    "HUMAN_READABLE": ("S", "{at:%b %d, %Y %I:%M:%S %p} UTC"),
    "%Y-%m-%d %H:%M:%S": ("S", "{local:%Y-%m-%d %H:%M:%S}"),
    "%Y%m%d%H%M%S": ("N", "{local:%Y%m%d%H%M%S}"),
}
"""Date format, with how it is written -> key type and text of an instant."""

KINDS = ("window", "window", "scheduled", "all", "resume", "backfill")
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Item:
    """One item: its key, its partition value and its instant."""

    identity: str
    kind: str
    at: dt.datetime


class Stopping(Quiet):
    """Stops a run after so many pages."""

    def __init__(self, stop: threading.Event, pages: int) -> None:
        self._stop, self._pages = stop, pages

    def read(self, *, items: int, units: float) -> None:  # noqa: ARG002 - what a run reports
        self._pages -= 1
        if self._pages < 0:
            self._stop.set()


class Scenario:
    """One scenario, the same for the same seed but for the timing of its threads."""

    def __init__(self, seed: int, server_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seed, self.random = seed, random.Random(seed)
        self.monkeypatch, self.server_url = monkeypatch, server_url
        chance = self.random
        self.zone = ZoneInfo(chance.choice(list(CLOCK_CHANGES)))
        self.format = chance.choice(list(FORMATS))
        self.kinds = "ABCDE"[: chance.randint(1, 5)]
        length = chance.randint(2, 5)
        middle = dt.date.fromisoformat(CLOCK_CHANGES[self.zone.key])
        self.first = middle - chance.randrange(length) * _DAY
        self.last = self.first + (length - 1) * _DAY
        self.begin = dt.datetime.combine(self.first, dt.time(), self.zone).astimezone(dt.UTC)
        self.now = dt.datetime.combine(self.last + _DAY, dt.time(chance.choice((0, 3))), self.zone).astimezone(dt.UTC)
        self.items: dict[str, Item] = {}
        self.anchor = self._item("anchor")  # the index always holds something: an empty one is refused, and rightly
        self.versions: list[dict[dt.date, set[str]]] = []
        self.prefix = f"scenario-{seed}"
        self.said = f"seed {seed}, {self.zone.key}, {self.format}, {self.first} to {self.last}"
        self.s3 = boto3.client("s3", endpoint_url=server_url, config=Config(s3={"addressing_style": "path"}))

    def play(self) -> None:
        """Run the scenario and check every promise after each run."""
        chance = self.random
        pages = chance.choice((1, 400, 1 << 20))  # an item a page, a few, all
        with (
            IndexStub([], pages, FORMATS[self.format][0]) as stub,
            Faults(stub.url) as index,
            Faults(self.server_url) as aws,
        ):
            self.monkeypatch.setenv("AWS_ENDPOINT_URL", aws.url)
            self.monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", index.url)
            self._delay()
            for number in range(chance.randint(2, 5)):
                self._change(chance.randint(1, 12))
                stub.load([self._attributes(item) for item in self._all()])
                self.versions.append(self._truth())
                self.now += dt.timedelta(minutes=chance.choice((3, 61, 24 * 60)))
                kind, fault = chance.choice(KINDS), chance.choice(FAULTS)
                self.said_run = f"{self.said}, run {number}: {kind}, {fault}"
                aws.rule = index.rule = random_rule(chance, fault)
                entry = self._run(kind, stop_after=chance.randrange(12) if fault == "stop" else None)
                aws.rule = index.rule = lambda _, forward: forward()
                self._check(entry)
            self.said_run = f"{self.said}, last run"
            self.now += _DAY
            entry = self._run("all", stop_after=None)
            assert entry.status == "succeeded", f"{self.said_run}: {entry.error}"
            self._check(entry)
            expected = {day: found for day, found in self.versions[-1].items() if found}
            assert self._published() == expected, self.said_run

    def _item(self, identity: str) -> Item:
        span = int((self.last - self.first + _DAY).total_seconds())
        at = self.begin + dt.timedelta(seconds=self.random.randrange(span))
        return Item(identity, self.random.choice(self.kinds), at)

    def _all(self) -> list[Item]:
        return [self.anchor, *self.items.values()]

    def _change(self, count: int) -> None:
        """Write, move and delete items."""
        for _ in range(count):
            action = self.random.random()
            known = sorted(self.items)
            identity = self.random.choice(known) if known and action > 0.6 else f"{len(known)}-{self.random.random()}"
            if action > 0.8 and known:
                del self.items[identity]
            else:
                self.items[identity] = self._item(identity)

    def _attributes(self, item: Item) -> dict[str, Any]:
        kind, text = FORMATS[self.format]
        at = item.at
        east = at.astimezone(dt.timezone(dt.timedelta(hours=5, minutes=30)))
        local = at.astimezone(self.zone).replace(tzinfo=None)
        written = text.format(at=at, east=east, local=local, seconds=int(at.timestamp()))
        return {"Id": {"S": item.identity}, "Kind": {"S": item.kind}, "At": {kind: written}}

    def _truth(self) -> dict[dt.date, set[str]]:
        days: dict[dt.date, set[str]] = {}
        for item in self._all():
            days.setdefault(item.at.astimezone(self.zone).date(), set()).add(item.identity)
        return days

    def _delay(self) -> None:
        """Let some pieces arrive late, and some days be published late."""
        chance = random.Random(self.seed)
        pages, publish = QueriedIndex.pages, Publisher.publish

        def late_pages(source: QueriedIndex, split: Piece, decoder: Any) -> Any:
            time.sleep(chance.choice((0.0, 0.0, 0.02)))
            yield from pages(source, split, decoder)

        def late_publish(publisher: Publisher, *arguments: Any) -> None:
            time.sleep(chance.choice((0.0, 0.02)))
            publish(publisher, *arguments)

        self.monkeypatch.setattr(QueriedIndex, "pages", late_pages)
        self.monkeypatch.setattr(Publisher, "publish", late_publish)
        self.monkeypatch.setattr(exporter.clients, "_RETRIES", {"mode": "standard", "total_max_attempts": 3})

    def _run(self, kind: str, stop_after: int | None) -> RunEntry:
        settings = settings_from_environment(
            {
                "S3_BUCKET": BUCKET, "AWS_REGION": "us-east-1", "DYNAMO_TABLE_NAME": "ttt", "GSI_NAME": "iii",
                "GSI_PK_ATTRIBUTE": "Kind", "GSI_PK_VALUE": ",".join(self.kinds), "GSI_SK_ATTRIBUTE": "At",
                "S3_PREFIX": self.prefix, "ATHENA_DATABASE": self.prefix.replace("-", "_"), "ATHENA_TABLE": "rows",
                "DATE_FORMAT": self.format.split(" ")[0] if self.format[0] != "%" else self.format,
                "TIME_ZONE": self.zone.key, "DATE_RANGE_MODE": "PREVIOUS_DAY",
            }
        )  # fmt: skip
        stop = threading.Event()
        progress = Stopping(stop, 10**9 if stop_after is None else stop_after)
        first = self.first + self.random.randrange((self.last - self.first).days + 1) * _DAY
        last = first + self.random.randrange((self.last - first).days + 1) * _DAY
        if kind == "backfill":
            request = BackfillRequest(Window(first, last, self.zone), chunk_days=1)
            done = Backfill(settings, request, progress=progress, stop=stop, clock=lambda: self.now)
            try:
                entries = done.run().entries
            except exporter.errors.ExportError as error:  # the bucket or the records cannot be read
                return RunEntry(
                    run_id="none", dataset="rows", status="failed", window=None, started_at=self.now, error=str(error)
                )
            if entries:
                return entries[-1]
            return RunEntry(run_id="none", dataset="rows", status="failed", window=None, started_at=self.now)
        options: dict[str, Any] = {
            "window": {"start": str(first), "end": str(last)}, "all": {"everything": True}, "resume": {"resume": True},
        }.get(kind, {})  # fmt: skip
        job = ExportJob(settings, request_from_options(settings, self.now, **options), progress, stop, lambda: self.now)
        return job.run()

    def _check(self, entry: RunEntry) -> None:
        """Check that nothing is lost, doubled or reported wrongly after a run."""
        published = self._published()
        for day, found in published.items():
            assert found in [version.get(day, set()) for version in self.versions], (
                f"{self.said_run}: {day} is a mixture"
            )
        truth, manifest = self.versions[-1], self._manifest()
        records = manifest.days if manifest else {}
        days = set()
        if entry.window:
            days = {
                entry.window.start + number * _DAY for number in range((entry.window.end - entry.window.start).days + 1)
            }
        for day in days:
            settled = published.get(day, set()) == truth.get(day, set())
            if entry.status == "succeeded" and self._was_read(entry, day, records):
                assert settled, f"{self.said_run}: {day} differs although the run succeeded"
                assert day not in records or records[day].rows == len(truth.get(day, set())), f"{self.said_run}: {day}"
            if entry.status in {"failed", "interrupted"} and not settled and entry.options.get("scope") == "window":
                refused = entry.items == 0 and not entry.owed  # nothing was begun
                assert day in entry.owed or refused, f"{self.said_run}: {day} is neither published nor owed"
        if entry.status == "succeeded":
            assert entry.items == entry.rows + entry.withheld, self.said_run
            assert entry.owed == (), self.said_run

    def _was_read(self, entry: RunEntry, day: dt.date, records: Any) -> bool:
        record = records.get(day)
        return record is not None and record.read_at >= entry.started_at

    def _published(self) -> dict[dt.date, set[str]]:
        days: dict[dt.date, set[str]] = {}
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{self.prefix}/year=").get("Contents", [])
        for found in listed:
            year, month, day = (int(part.partition("=")[2]) for part in found["Key"].split("/")[1:4])
            body = self.s3.get_object(Bucket=BUCKET, Key=found["Key"])["Body"].read()
            ids = Counter(pq.ParquetFile(io.BytesIO(body)).read(["id"]).column("id").to_pylist())
            assert max(ids.values()) == 1, f"{self.said_run}: {found['Key']} holds an item twice"
            assert dt.date(year, month, day) not in days, f"{self.said_run}: two objects of a day"
            days[dt.date(year, month, day)] = set(ids)
        return days

    def _manifest(self) -> Manifest | None:
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{self.prefix}/_manifest.json").get("Contents")
        if not found:
            return None
        body = self.s3.get_object(Bucket=BUCKET, Key=f"{self.prefix}/_manifest.json")["Body"].read()
        return Manifest.model_validate_json(body)
