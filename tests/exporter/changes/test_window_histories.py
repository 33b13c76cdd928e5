"""Random histories through incremental exports: windows, readings, change files, view and compaction, by the real code.

An index shows a write late. Days are read at any time of a window; items move, and come and go, while they are read.
`WINDOW_HISTORIES=3000` is the long form.
"""

import datetime as dt
import os
import random

import pytest

import dataset_model.records.changes
from exporter.clients import Clients
from exporter.run.incremental import leftover_items
from exporter.run.incremental.job import ChangesJob
from exporter.run.job import ExportJob
from exporter.run.request import request_from_options
from exporter.storage.object_store import Store

from .histories import BEGIN, DAYS_OF_GROUP, READING, TICK, differences, random_group
from .window_stub import WindowStub

HISTORIES = int(os.environ.get("WINDOW_HISTORIES", "100"))
PER_WORLD = 100
GROUPS = 4
"""Of a world: their days are read in some runs and not in others."""

END = 100
"""Ticks, an hour: a history lasts about as long."""

LAST = 170
"""No history writes after this tick."""

_DAYS = range(DAYS_OF_GROUP)


class Nights:
    """Groups of histories, the runs of one dataset over them, and its windows."""

    def __init__(self, scene, monkeypatch, seed: int, *, keeps_closed: bool) -> None:
        self.chance, self.scene, self.now = random.Random(seed), scene(), BEGIN
        self.groups = [random_group(self.chance, number, PER_WORLD // GROUPS) for number in range(GROUPS)]
        self.settings = self.scene.settings(DYNAMO_TABLE_NAME="ttt", GSI_NAME="iii", GSI_PK_VALUE="A")
        self.monkeypatch, self.keeps_closed = monkeypatch, keeps_closed
        store = Store(Clients("us-east-1").s3, self.settings.bucket)
        self.stub = WindowStub(self.groups, store, lambda: self.now)

    def play(self) -> None:
        """Let runs and windows follow one another, and read the last window when nothing is written any more."""
        with self.stub:
            self.monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", self.stub.url)
            self.changes()
            tick = 0
            while (tick := tick + self.chance.randrange(1, 20)) < END:
                self.now = max(self.now, BEGIN + tick * TICK)
                if self.chance.random() < 0.5:
                    self.changes()
                else:
                    self.read(*sorted(self.chance.choices(range(GROUPS), k=2)))
            self.now = max(self.now, BEGIN + LAST * TICK) + dt.timedelta(minutes=20)
            self.changes()

    def changes(self) -> None:
        """Read the windows up to now."""
        report = ChangesJob(self.settings, keeps_closed=self.keeps_closed, clock=lambda: self.now).run()
        assert report.error is None, report.error

    def read(self, first: int, last: int) -> None:
        """Read the days of some groups in one run, each at some moment after its start; a run takes a while."""
        start, groups = -((BEGIN - self.now) // TICK), self.groups[first : last + 1]
        moments = [(group, day, start + self.chance.randrange(READING)) for group in groups for day in _DAYS]
        self.stub.load([image for group, day, at in moments for image in group.seen(self.chance, day, at)])
        self.export(start=str(groups[0].day(0)), end=str(groups[-1].day(_DAYS[-1])))

    def export(self, **options) -> None:
        """Run an export; its end is later than its start."""

        def over() -> None:
            self.now = began + READING * TICK

        began, self.stub.on_query = self.now, over
        request = request_from_options(self.settings, began, accept_empty=True, **options)
        entry = ExportJob(self.settings, request, clock=lambda: self.now).run()
        assert entry.status == "succeeded", entry.error

    def read_owed(self) -> None:
        """Let the next scheduled run read what is open, with an index that shows everything."""
        final = [group.image(key, value) for group in self.groups for key, value in group.final.items()]
        self.now += dt.timedelta(minutes=10)
        with self.stub.__class__(self.groups, self.stub._store, lambda: self.now) as stub:
            stub.load([image for image in final if image is not None])
            self.stub = stub
            self.monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", stub.url)
            self.export()

    def differences(self, table: str = "rows_live") -> dict[str, tuple[object, object]]:
        """Return key -> what a table shows and what there is, where they differ."""
        return differences(self.scene, self.groups, table)


def seeds(count: int) -> range:
    """Return the seeds of so many histories."""
    return range(max(1, count // PER_WORLD))


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", seeds(HISTORIES))
def test_after_the_last_window_the_view_is_the_table(scene, monkeypatch, seed):
    """Whenever days were read and windows ended, each item is shown once, as it is, and no day was read for it."""
    nights = Nights(scene, monkeypatch, seed, keeps_closed=True)
    nights.play()
    assert nights.differences() == {}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", seeds(HISTORIES))
def test_after_the_open_days_are_read_the_table_is_right_too(scene, monkeypatch, seed):
    """The days that the windows opened are all that were wrong: read again, the published rows are the table's."""
    nights = Nights(scene, monkeypatch, 1000 + seed, keeps_closed=False)
    nights.play()
    assert nights.differences() == {}
    nights.read_owed()
    assert nights.differences() == {}
    published = {record.day for record in nights.scene.manifest().days.values()}
    wrong = nights.differences("rows")
    late = {key for key, (_, held) in wrong.items() if held and held[0][0] not in published}
    assert wrong.keys() == late


FAULTS = {
    "no margin": lambda patch: patch.setattr(dataset_model.records.changes, "MARGIN", dt.timedelta(0)),
    "nothing is looked up": lambda patch: patch.setattr(leftover_items, "MOST_LOOKUPS", 0),
    "what passed through stays": lambda patch: patch.setattr(
        leftover_items.LeftoverSearch, "_passed", lambda *_: leftover_items.array("q")
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_part_is_needed(scene, monkeypatch, fault):
    """Without it some history ends otherwise, so the test above would find its loss."""
    FAULTS[fault](monkeypatch)
    found = {}
    for seed in range(6):
        with monkeypatch.context() as patched:
            nights = Nights(scene, patched, seed, keeps_closed=True)
            nights.play()
            found = nights.differences()
        if found:
            break
    assert found
