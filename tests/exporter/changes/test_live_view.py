"""The view of the present state while all that changes its files runs at once.

Some of the items are never written, so they are there at every moment, once. `LIVE_SECONDS=900` is the long form.
"""

import datetime as dt
import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from changing import ask, event, item, writer

from exporter.changes.compaction import Compaction
from exporter.clients import Clients
from exporter.storage.object_store import Store

SECONDS = float(os.environ.get("LIVE_SECONDS", "2"))
GRACE = dt.timedelta(seconds=20)
"""Longer than a statement takes here, as the real one is longer than any statement of Athena."""


class Attack:
    """A table with items that are never written, and others that always move."""

    def __init__(self, table):
        self.table, self.over, self.number = table, threading.Event(), 0
        self.items = {f"s{number}": self.image(f"s{number}", 14 + number % 3, "still") for number in range(12)}
        self.still = sorted((f"s{number}", str(14 + number % 3), "still") for number in range(12))
        for image in self.items.values():
            table.dynamodb.put_item(TableName=table.table, Item=image)
        writer(table).write([])
        self.export()

    def image(self, key, day, note):
        """Return an item."""
        return item(key, f"2026-02-{day}T10:00:00Z", Note={"S": note})

    def write(self, chance):
        """Put, move or delete some items, and let the stream's records come: some of them twice."""
        records = []
        for _ in range(8):
            key, self.number = f"m{chance.randrange(12)}", self.number + 1
            old, new = self.items.get(key), self.image(key, chance.randrange(14, 17), str(self.number))
            if old is not None and chance.random() < 0.3:
                new = None
                self.table.delete(key)
                del self.items[key]
            else:
                self.table.dynamodb.put_item(TableName=self.table.table, Item=new)
                self.items[key] = new
            records.append(event(self.number, dt.datetime.now(dt.UTC), new, old))
        writer(self.table).write(records)
        writer(self.table).write(records[: chance.randrange(8)])

    def export(self, _chance=None):
        """Read every day."""
        self.table.export(everything=True, now=dt.datetime.now(dt.UTC))

    def compact(self, _chance):
        """Merge change files."""
        store = Store(Clients("us-east-1").s3, "reports")
        Compaction(store, self.table.prefix, self.table.manifest(), grace=GRACE).run()

    def repeated(self, work, seed):
        """Do one kind of work until the end."""
        chance = random.Random(seed)
        while not self.over.is_set():
            work(chance)

    def probe(self):
        """Require that no day has a key twice, and that the items that are never written are as they are.

        A move is written to two days, one after the other: in between an item may be on both, or on none.
        """
        shown = sorted(ask(self.table, "SELECT id, day, note FROM rows_live WHERE year = 2026"))
        places = [(key, day) for key, day, _ in shown]
        assert len(places) == len(set(places)), [row for row in shown if places.count(row[:2]) > 1]
        assert [row for row in shown if row[0].startswith("s")] == self.still

    def settled(self):
        """Require that the view is the table."""
        shown = sorted(ask(self.table, "SELECT id, day, note FROM rows_live WHERE year = 2026"))
        assert shown == sorted((key, one["At"]["S"][8:10], one["Note"]["S"]) for key, one in self.items.items())


def test_rows_neither_disappear_nor_double_while_everything_runs(table):
    """Compactions, exports and batches of a stream at once: right at every probe, and the table in the end."""
    attack = Attack(table)
    with ThreadPoolExecutor(3) as pool:
        works = [
            pool.submit(attack.repeated, work, seed)
            for seed, work in enumerate((attack.write, attack.export, attack.compact))
        ]
        try:
            end = time.monotonic() + SECONDS
            while time.monotonic() < end and not any(work.done() for work in works):
                attack.probe()
        finally:
            attack.over.set()
    for work in works:
        work.result()
    attack.settled()
    attack.export()
    attack.settled()
