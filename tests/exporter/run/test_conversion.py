"""The files of a table export, converted by workers: one may be killed at any instant or run twice at once."""

import contextlib
import dataclasses
import datetime as dt
import itertools
import multiprocessing
import os
import random
import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import SpawnProcess

import pytest

import exporter.run.table_export.workers
import exporter.sources.table_export.exporting
import exporter.sources.table_export.lines
from exporter.decoding.batch import DAY, AwaitedItem
from exporter.decoding.decoder import PageDecoder
from exporter.errors import SourceError
from exporter.planning.planner import Reach
from exporter.planning.window import DayStride
from exporter.run.reporting.progress import Quiet
from exporter.run.table_export.workers import convert_missing
from exporter.sources.table_export.converted_source import ConvertedSource
from exporter.storage.object_store import Store

from .exported import DAYS, Exported


class Killed(BaseException):
    """The process is gone: nothing in the program may catch this."""


def test_a_worker_killed_at_any_write_loses_and_doubles_nothing(exported, in_process, monkeypatch):
    """Before and after each object that a worker writes: the next one goes on, and every item is converted once."""
    write, calls = Store._put, []
    for instant in (0, 1, 2, 3, 15, 16):  # of 4 files, each an object and a record; the last time nothing is killed
        exported.forget()
        calls.clear()

        def put(store, *arguments, instant=instant):
            calls.append(arguments[0])
            if instant == 2 * len(calls) - 2:
                raise Killed
            answer = write(store, *arguments)
            if instant == 2 * len(calls) - 1:
                raise Killed
            return answer

        monkeypatch.setattr(Store, "_put", put)
        with contextlib.suppress(Killed):
            exported.convert()
        monkeypatch.setattr(Store, "_put", write)
        assert len(calls) == min(instant // 2 + 1, 8)
        exported.convert()
        assert exported.keys() == 10, instant
    exported.publish()
    assert exported.table.days() == DAYS


def test_two_workers_at_once_convert_every_item_once(exported, in_process):
    """Both write objects of their own and the same records; the ten items are published once."""
    with ThreadPoolExecutor(8) as pool:
        converters = [exported.converter() for _ in range(2)]
        list(
            pool.map(
                lambda pair: pair[0].convert(pair[1]),
                [(one, file) for file in converters[0].files for one in converters],
            )
        )
    done = exported.publish()
    assert done.error is None
    assert exported.table.days() == DAYS
    assert done.entries[0].options["export_arn"] == exported.export.arn


def test_workers_that_are_killed_are_replaced(exported, monkeypatch):
    """Real processes, one of them killed after a random time: the others and new ones do the rest."""
    chance = random.Random(1)
    killed = []

    def kill():
        while not killed:
            time.sleep(chance.random())
            for child in multiprocessing.active_children()[:1]:
                os.kill(child.pid, signal.SIGKILL)
                killed.append(child.pid)

    threading.Thread(target=kill, daemon=True).start()
    convert_missing(exported.settings, exported.export, 2, threading.Event(), Quiet())
    assert killed
    assert exported.converter().missing() == []


def test_a_worker_that_dies_while_another_starts_stops_no_other(exported, monkeypatch):
    """The others convert its file, and no process is left or waited for."""
    start = SpawnProcess.start
    started = []
    turns = itertools.count()

    def start_late(process):
        started.append(process)
        if next(turns) == 1:
            while started[0].pid is None:
                time.sleep(0.01)
            os.kill(started[0].pid, signal.SIGKILL)
            time.sleep(0.3)
        start(process)

    monkeypatch.setattr(SpawnProcess, "start", start_late)
    convert_missing(exported.settings, exported.export, 2, threading.Event(), Quiet())
    assert len(started) == 3
    assert exported.converter().missing() == []
    assert [process.is_alive() for process in started] == [False] * 3


def test_what_is_missing_or_damaged_is_not_published(exported, in_process, monkeypatch):
    """A file without a record, a record of another file, an object that is gone: each is an error that names it."""
    converter = exported.converter()
    with pytest.raises(SourceError, match=r"4 of 4 files of export .* are not converted"):
        converter.source(1)
    record = [converter.convert(file) for file in converter.files][-1]
    exported.table.s3.delete_object(Bucket=exported.settings.bucket, Key=record.data)
    done = exported.publish()
    assert f"{record.data} is missing or shorter than its record says" in done.error
    assert exported.table.days() == {}
    with pytest.raises(SourceError, match=r"has no file data/other\.json\.gz; its manifest-files.json lists 4 files"):
        converter.named(["data/other.json.gz"])


def test_a_schema_that_was_replaced_after_the_conversion_loses_no_column(exported, in_process):
    """Rows of another schema than the table's are refused by column, not published without it."""
    exported.publish()
    exported.forget()
    exported.convert()  # under the published schema, with columns of its own for every attribute
    for key in ("_schema.json", "_manifest.json"):
        exported.table.s3.delete_object(Bucket=exported.settings.bucket, Key=f"{exported.table.prefix}/{key}")
    record = exported.converter()._record(exported.converter().files[0])
    assert set(record.columns) == {"at", "id", "kind"}
    source = exported.converter().source(1).source
    stretch = next(source.splits(Reach(None, None, None), source.extent(None, None), DayStride()))
    with pytest.raises(SourceError, match=r"has the column at \(At: varchar\), and the schema of the table has not"):
        list(source.pages(stretch.pieces[0], exported.decoder()))


def test_a_file_is_converted_again_where_its_values_fit_a_new_column_no_more(scene, in_process, monkeypatch):
    """A run that published a column meanwhile saw numbers alone: a text is null in it, and quarantined."""
    monkeypatch.setattr(exporter.sources.table_export.exporting, "POLL_SECONDS", 0.01)
    exported = Exported(scene(), {0: {"S": "high"}, 1: {"N": "7"}})
    exported.convert()
    kinds = [exported.converter()._record(file).kinds.get("Level", ()) for file in exported.converter().files]
    assert sorted({kind for found in kinds for kind in found}) == ["N", "S"]
    exported.table.put("0", "2026-02-15T09:00:00Z", "A", Level={"N": "1.5"})
    exported.table.export(start="2026-02-15", end="2026-02-17")
    source = ConvertedSource(
        exported.converter()._store, [exported.converter()._record(file) for file in exported.converter().files],
        exported.converter()._description, dt.UTC, 1,
    )  # fmt: skip
    stretch = next(source.splits(Reach(None, None, None), source.extent(None, None), DayStride()))
    with pytest.raises(SourceError, match="has values of attribute Level that its column does not hold"):
        [list(source.pages(piece, exported.decoder())) for piece in stretch.pieces]
    done = exported.publish()
    assert done.error is None
    assert {identity: row["level"] for identity, row in exported.table.rows().items() if row["level"]} == {"1": 7.0}
    (quarantined,) = exported.table.quarantine()
    assert quarantined["item"]["Level"] == {"S": "high"}, quarantined


def test_records_of_files_are_read_several_at_a_time(exported, monkeypatch):
    """Each reading waits for another one under way: of an export of ten thousand files they are not a queue."""
    exported.convert()
    read, met = Store.read, threading.Barrier(2, timeout=20)

    def meeting(store, key, part=None):
        if "/_converted/" in key:
            met.wait()
        return read(store, key, part)

    monkeypatch.setattr(Store, "read", meeting)
    source = exported.converter().source(2).source
    assert sum(day.rows for file in source._files for day in file.days) == 10


def test_days_are_read_as_of_the_export(exported, in_process):
    """The manifest dates converted rows to the export, so that no later reading is ever replaced by them."""
    before = dt.datetime.now(dt.UTC)
    exported.publish()
    assert {record.read_at < before for record in exported.table.manifest().days.values()} == {True}


def test_files_are_converted_by_name(exported, run):
    """`convert --file` takes one, `--files` a JSON list, and without either all that are left are converted."""
    first, second = (file.key for file in exported.converter().files[:2])
    arn = ("--export-arn", exported.export.arn, "--json")
    done = run(exported.table, "convert", "--file", first, "--files", f'["{second}"]', *arn)
    assert done.stdout.startswith('{"files":2,'), done.stderr
    assert len(exported.converter().missing()) == 2
    assert run(exported.table, "convert", *arn).stdout.startswith('{"files":2,')
    assert exported.converter().missing() == []


def test_items_that_wait_for_derived_values_travel_with_their_days(exported, monkeypatch):
    """Each of the ten rows is named as awaited once, on its day, and no two of a file have the same number."""
    decode = PageDecoder.decode

    def waiting(decoder, body):
        page = decode(decoder, body)
        days = page.rows.column(DAY).to_pylist()
        return dataclasses.replace(page, awaited=tuple(AwaitedItem(n, day, "{}") for n, day in enumerate(days)))

    monkeypatch.setattr(PageDecoder, "decode", waiting)
    monkeypatch.setattr(exporter.sources.table_export.lines, "BODY_BYTES", 100)
    exported.convert()
    found = [(number, [item for page in pages for item in page.awaited]) for number, pages in exported.pages().items()]
    assert all(len({item.row for item in items}) == len(items) for _, items in found)
    days = Counter(str(item.day) for _, items in found for item in items)
    assert days == {"2026-02-15": 4, "2026-02-16": 3, "2026-02-17": 3}
