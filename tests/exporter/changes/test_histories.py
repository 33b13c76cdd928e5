"""Random histories of writes, deletions and moves, through the real writer, export, view and compaction.

An index shows a write late, and not all writes equally late. A day is read while items change. Batches of the stream
come in any order, some twice, some in parts. Still the present state is the table's. `HISTORIES=3000` is the long form.
"""

import datetime as dt
import os
import random

import pytest
from changing import event
from index_stub import IndexStub

import dataset_model.records.changes
from exporter.changes.compaction import Compaction
from exporter.changes.writer import ChangeWriter
from exporter.clients import Clients
from exporter.errors import StoreError
from exporter.run.job import ExportJob
from exporter.run.request import request_from_options
from exporter.storage.object_store import Store
from exporter.storage.records import Records

from .histories import BEGIN, DAYS_OF_GROUP, READING, TICK, Group, differences, random_group

HISTORIES = int(os.environ.get("HISTORIES", "300"))
GROUPS = max(3, HISTORIES // 100)
"""Histories of a group share three days, and so their readings."""


class World:
    """Groups of histories, one dataset."""

    def __init__(self, scene, monkeypatch, seed: int, histories: int, groups: int, most: int = 1000) -> None:
        """`most` is the largest batch."""
        self.chance = random.Random(seed)
        self.scene = scene()
        self.groups = [random_group(self.chance, number, histories // groups) for number in range(groups)]
        self.settings = self.scene.settings(DYNAMO_TABLE_NAME="ttt", GSI_NAME="iii", GSI_PK_VALUE="A")
        self.monkeypatch, self.most = monkeypatch, most
        self.store = Store(Clients("us-east-1").s3, self.settings.bucket)

    def play(self) -> None:
        """Let the stream and the nightly readings come in any order."""
        with IndexStub([], 1 << 20) as stub:
            self.monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", stub.url)
            writer = ChangeWriter(self.settings, Clients("us-east-1"))
            writer.write([])
            starts = {
                group.number: sorted(self.chance.sample(range(100), self.chance.randrange(4))) for group in self.groups
            }
            work: list[tuple[Group, list[dict] | None]] = [
                (group, batch) for group in self.groups for batch in self.batches(group)
            ]
            work += [(group, None) for group in self.groups for _ in starts[group.number]]
            self.chance.shuffle(work)
            for group, batch in work:
                if batch is None:
                    self.read(group, starts[group.number].pop(0), stub)
                else:
                    writer.write(batch)

    def batches(self, group: Group) -> list[list[dict]]:
        events = [
            event(
                change.sequence, BEGIN + change.at * TICK,
                group.image(change.key, change.new), group.image(change.key, change.old),
            )
            for change in group.changes
        ]  # fmt: skip
        self.chance.shuffle(events)
        cut: list[list[dict]] = []
        while events:
            size = self.chance.randrange(1, self.most)
            cut.append(events[:size])
            events = events[size:]
            if self.chance.random() < 0.3:  # a bisected retry
                cut.append(cut[-1][: self.chance.randrange(1, len(cut[-1]) + 1)])
        return cut

    def read(self, group: Group, start: int, stub: IndexStub) -> None:
        """Read the group's days, each at some moment after the start of the run."""
        seen = [
            image
            for day in range(DAYS_OF_GROUP)
            for image in group.seen(self.chance, day, start + self.chance.randrange(READING))
        ]
        stub.load(seen)
        now = BEGIN + start * TICK
        first, last = group.day(0), group.day(DAYS_OF_GROUP - 1)
        request = request_from_options(self.settings, now, start=str(first), end=str(last), accept_empty=True)
        entry = ExportJob(self.settings, request, clock=lambda: now).run()
        assert entry.status == "succeeded", entry.error

    def differences(self) -> dict[str, tuple[object, object]]:
        """Return key -> what the view shows and what the table holds, where they differ."""
        return differences(self.scene, self.groups)

    def compaction(self, store: Store | None = None) -> Compaction:
        records = Records(self.store, self.settings.prefix)
        return Compaction(store or self.store, self.settings.prefix, records.manifest(), grace=dt.timedelta(0))


class Dying(Store):
    """A store with a process that dies before one of its changes."""

    def __init__(self, store: Store, after: int) -> None:
        super().__init__(store._client, store.bucket)
        self._left = after

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise StoreError("killed")

    def write(self, *arguments, **options):
        self._count()
        return super().write(*arguments, **options)

    def remove(self, *arguments, **options):
        self._count()
        return super().remove(*arguments, **options)


@pytest.mark.timeout(max(180, HISTORIES))
def test_every_history_ends_as_the_table_does(scene, monkeypatch):
    """After stream and readings in any order each item is shown once, as it is, on its day; after compactions too."""
    world = World(scene, monkeypatch, 1, HISTORIES, GROUPS)
    world.play()
    assert world.differences() == {}
    before = len(world.scene.keys("_changes/year="))
    world.compaction().run()
    assert world.differences() == {}
    world.compaction().run()
    assert world.differences() == {}
    after = [key.rpartition("/")[0] for key in world.scene.keys("_changes/year=") if "read-empty" not in key]
    assert len(after) == len(set(after))  # one object a day
    assert before > 2 * len(after)


def test_without_the_margin_some_history_ends_otherwise(scene, monkeypatch):
    """A reading misses what was written shortly before it: with `_as_of` = start the same check finds it."""
    monkeypatch.setattr(dataset_model.records.changes, "MARGIN", dt.timedelta(0))
    world = World(scene, monkeypatch, 1, 300, 3)
    world.play()
    assert world.differences() != {}


def test_a_compaction_killed_at_any_instant_loses_and_doubles_nothing(scene, monkeypatch):
    """Killed before its writes and removals in turn, and run again: the present state is the same throughout."""
    world = World(scene, monkeypatch, 2, 20, 1, most=150)
    world.play()
    for after in range(1, 100, 2):
        try:
            world.compaction(Dying(world.store, after)).run()
        except StoreError:
            assert world.differences() == {}, after
        else:
            break
    else:
        pytest.fail("the compaction did not come to its end")
    assert world.differences() == {}
