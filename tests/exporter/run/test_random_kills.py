"""Every way of reading, killed before or after any of its calls: the next run makes the table what it should be.

A kill ends every thread: no call of the run comes through after it. `RANDOM_KILLS=500` is the long form.
"""

import dataclasses
import datetime as dt
import os
import random

import pytest
from changing import ask, event, item, writer

from exporter.changes.compaction import Compaction
from exporter.clients import Clients
from exporter.run.job import ExportJob
from exporter.run.request import request_from_options
from exporter.storage.object_store import Store

from .death import Death

WAYS = ("index", "scan", "table-export", "stream", "compaction")
KILLS = int(os.environ.get("RANDOM_KILLS", "5")) // len(WAYS)
RUNS = 20 * KILLS + 20
"""A run with less to do than the one before may end ahead of its kill; it is not counted as killed."""

BEGIN = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)


class Read:
    """A table that is written to, read by one way, and what is true of it."""

    def __init__(self, table, way, seed):
        self.table, self.way, self.chance, self.now = table, way, random.Random(seed), BEGIN
        self.items, self.events, self.unsent = {}, 0, []
        self.store = Store(Clients("us-east-1").s3, "reports")
        table.dynamodb.update_continuous_backups(
            TableName=table.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        if self.has_changes:
            writer(table, self.now).write([])
        self.write(25)
        self.unsent = []  # the first export reads these
        self.export()

    @property
    def has_changes(self):
        """Whether a stream is read, or its files are compacted."""
        return self.way in {"stream", "compaction"}

    def write(self, count):
        """Put, change, move and delete items; some are of a kind that the dataset does not hold."""
        for _ in range(count):
            key = f"{self.chance.randrange(30):02}"
            old, self.events = self.items.get(key), self.events + 1
            if old is not None and self.chance.random() < 0.2:
                new = None
                self.table.delete(key)
                del self.items[key]
            else:
                at, note = f"2026-02-{self.chance.randrange(14, 19)}T10:00:00Z", {"Note": {"S": str(self.events)}}
                new = item(key, at, self.chance.choice("AABC"), **note)
                self.table.dynamodb.put_item(TableName=self.table.table, Item=new)
                self.items[key] = new
            self.unsent.append(event(self.events, self.now, new, old))

    def export(self):
        """Export every day."""
        settings = self.table.settings()
        source = "index" if self.has_changes else self.way
        request = dataclasses.replace(request_from_options(settings, self.now, everything=True), source=source)
        entry = ExportJob(settings, request, clock=lambda: self.now).run()
        assert entry.status == "succeeded", entry.error

    def send(self):
        """Write what the stream has: in batches, by a process that knows nothing of an earlier one."""
        handler = writer(self.table, self.now)
        for start in range(0, len(self.unsent), 5):
            handler.write(self.unsent[start : start + 5])

    def compact(self):
        """Merge change files, and remove at once what an earlier compaction has merged."""
        Compaction(self.store, self.table.prefix, self.table.manifest(), grace=dt.timedelta(0)).run()

    def run(self):
        """Do what the way is about."""
        {"stream": self.send, "compaction": self.compact}.get(self.way, self.export)()

    def check(self):
        """Require that the table is what was written last, each item once."""
        name = "rows_live" if self.has_changes else "rows"
        shown = sorted(ask(self.table, f"SELECT id, day, note FROM {name} WHERE year = 2026 AND month = 2"))
        held = {key: found for key, found in self.items.items() if found["Kind"]["S"] in "AB"}
        assert shown == sorted((key, found["At"]["S"][8:10], found["Note"]["S"]) for key, found in held.items())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("way", WAYS)
def test_a_run_that_was_killed_is_made_good_by_the_next(scene, monkeypatch, way):
    """Killed at a random call, before or after it, and run again: the table is the truth, each item once."""
    monkeypatch.setattr("exporter.sources.table_export.exporting.POLL_SECONDS", 0.01)
    death, chance = Death(monkeypatch), random.Random(way)
    read, calls, killed = Read(scene(), way, way), 0, 0
    for number in range(RUNS):  # the first run shows how many calls there are
        read.write(12)
        if way == "compaction":
            read.send()
        at = chance.randint(1, calls) if number else 0
        if death.killed(read.run, at, before=chance.random() < 0.5):
            killed += 1
            if way == "compaction":
                read.check()
            read.now += dt.timedelta(hours=1)
            read.run()
        else:
            calls = max(death.calls, calls * 3 // 4)  # runs do not all make as many
        read.check()
        read.unsent = []
        if killed == KILLS:
            return
        read.now += dt.timedelta(hours=1)
        if read.has_changes and chance.random() < 0.3:
            read.export()
            read.compact()  # else a view of hundreds of files is what takes the time
            read.check()
    raise AssertionError(f"{killed} of {KILLS} runs met their kill in {RUNS} runs")
