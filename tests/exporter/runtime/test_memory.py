"""Memory around large days: what is free goes back, and only then."""

from types import SimpleNamespace

import pytest

from exporter.runtime import memory
from exporter.runtime.memory import READ_BYTES, WRITTEN_BYTES, LongWork


@pytest.fixture
def given_back(monkeypatch):
    calls: list[int] = []
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: SimpleNamespace(malloc_trim=calls.append))
    return calls


@pytest.mark.parametrize(
    ("days", "times"),
    [
        ([0], [(0, 0)]),
        ([WRITTEN_BYTES - 1], [(0, 0)]),
        ([WRITTEN_BYTES], [(1, 2)]),
        ([10 * WRITTEN_BYTES, 1], [(1, 2), (2, 2)]),
        ([12 << 20, 12 << 20, 12 << 20, 1], [(0, 0), (0, 0), (1, 2), (2, 2)]),
    ],
)
def test_what_is_free_goes_back_before_and_after_many_rows(given_back, days, times):
    """Writing many rows begins without the holes that reading left, and leaves none; few rows are not worth it."""
    work, found = LongWork(WRITTEN_BYTES), []
    for row_bytes in days:
        with work.apart(row_bytes):
            before = len(given_back)
        found.append((before, len(given_back)))
    assert found == times


def test_after_a_failure_it_goes_back_as_well(given_back):
    """A day that cannot be written leaves no more memory behind than another."""
    with pytest.raises(OSError, match="disk"), LongWork(WRITTEN_BYTES).apart(WRITTEN_BYTES):
        raise OSError("disk full")
    assert len(given_back) == 2


def test_an_allocator_that_cannot_is_no_fault(monkeypatch):
    """Only glibc has the call; elsewhere work goes on."""
    asked: list[None] = []
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: asked.append(name) or SimpleNamespace())
    worked = False
    with LongWork(WRITTEN_BYTES).apart(WRITTEN_BYTES):
        worked = True
    assert worked
    assert len(asked) == 2


def test_long_work_gives_memory_back_after_many_rows(given_back):
    """Reading for an hour leaves no more holes than reading for a minute: after each 64 MiB of rows they are closed."""
    work = LongWork(READ_BYTES)
    counts = []
    for _ in range(17):
        work.work(8 << 20)
        counts.append(len(given_back))
    assert counts == [0] * 7 + [1] * 8 + [2] * 2
