"""Keys that a run publishes twice, because their items moved while it read."""

import datetime as dt
import threading
from collections import Counter
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from faults import Faults
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.run import key_log
from exporter.run.key_log import KeyLog, Repeats

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
DAY = dt.date(2026, 2, 16)


def keys_of(numbers) -> pa.Array:
    digests = [blake2b(str(number).encode(), digest_size=16).digest() for number in numbers]
    return pa.array(digests, pa.binary(16))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.lists(st.integers(0, 60), max_size=30)), max_size=8),
    st.sampled_from([(10**6, 10**6), (20, 10**6), (7, 2), (1, 1)]),
)
def test_repeats_are_those_of_a_plain_count(days, limits):
    """Any batches of keys, in memory or in files and parts of files, have the repeats that a plain count finds."""
    kept = key_log.FLUSHED_ROWS, key_log.SORTED_ROWS
    key_log.FLUSHED_ROWS, key_log.SORTED_ROWS = limits
    try:
        with TemporaryDirectory() as folder:
            log = KeyLog(Path(folder))
            for day, numbers in days:
                log.add(DAY + dt.timedelta(days=day), keys_of(numbers))
            found = log.repeats()
    finally:
        key_log.FLUSHED_ROWS, key_log.SORTED_ROWS = kept
    counted = Counter(number for _, numbers in days for number in numbers)
    twice = {number for number, count in counted.items() if count > 1}
    held = {DAY + dt.timedelta(days=day) for day, numbers in days if twice & set(numbers)}
    assert found == Repeats(sum(counted[number] - 1 for number in twice), frozenset(held))


def test_wanted_keys_are_met_where_they_are_published():
    """Of the keys that are looked for, those among the rows are reported; a slice of a column counts as it is."""
    with TemporaryDirectory() as folder:
        log = KeyLog(Path(folder), [*keys_of([1, 2, 3]).to_pylist()])
        log.add(DAY, keys_of([0, 1, 2, 9]).slice(2))
        assert log.met == set(keys_of([2]).to_pylist())
        assert log.repeats() == Repeats()


def test_memory_does_not_grow_with_the_keys(monkeypatch):
    """A million keys are compared in parts of at most a few megabytes."""
    monkeypatch.setattr(key_log, "SORTED_ROWS", 4096)
    with TemporaryDirectory() as folder:
        log = KeyLog(Path(folder))
        before, most = pa.total_allocated_bytes(), 0
        for number in range(0, 1_000_000, 10_000):
            words = pa.array(range(number, number + 10_000), pa.int64())
            pairs = pa.array([word * 2654435761 % 2**63 for word in words.to_pylist() for _ in range(2)], pa.int64())
            log.add(DAY, pa.Array.from_buffers(pa.binary(16), 10_000, [None, pairs.buffers()[1]]))
            most = max(most, pa.total_allocated_bytes() - before)
        assert log.repeats() == Repeats()
    assert most < 8 << 20


def moving(table, monkeypatch, aws, move):
    """Return a proxy that moves an item after value A was read and before value B is."""
    read, moved = threading.Event(), threading.Event()

    def rule(request, forward):
        if request.operation != "Query":
            return forward()
        if b'"B"' in request.body and b'"A"' not in request.body:
            read.wait(10)
            if not moved.is_set():
                moved.set()
                move()
            return forward()
        answer = forward()
        read.set()
        return answer

    return Faults(aws.url, rule)


@pytest.mark.parametrize(
    ("to", "days"), [("2026-02-16T10:00:00Z", {"2026-02-16"}), ("2026-02-18T10:00:00Z", {"2026-02-16", "2026-02-18"})]
)
def test_an_item_that_moves_while_it_is_read_leaves_its_days_open(scene, aws, monkeypatch, to, days):
    """The doubled item is named in a warning, its days stay open, and the next scheduled run makes it one row."""
    table = scene()
    table.put("moved", "2026-02-16T10:00:00Z", "A")
    table.put("a", "2026-02-17T10:00:00Z", "A")
    table.put("b", "2026-02-18T10:00:00Z", "B")
    with moving(table, monkeypatch, aws, lambda: table.put("moved", to, "B")) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", proxy.url)
        entry = table.job(start="2026-02-16", end="2026-02-18").run()
    monkeypatch.delenv("AWS_ENDPOINT_URL_DYNAMODB")
    assert (entry.status, entry.rows) == ("succeeded", 4)
    (warning,) = [text for text in entry.warnings if "read twice" in text]
    assert warning.startswith("1 items were read twice, because their keys changed while the run read")
    assert {str(day) for day, record in table.manifest().days.items() if record.state == "open"} == days
    later = table.job(now=NOW + dt.timedelta(hours=1)).run()
    assert later.status == "succeeded"
    assert sorted(table.rows()) == ["a", "b", "moved"]
    assert {record.state for record in table.manifest().days.values()} == {"closed"}
