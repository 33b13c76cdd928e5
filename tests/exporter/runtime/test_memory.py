"""Memory around large days: what is free goes back, and only then."""

from types import SimpleNamespace

import pytest

from exporter.runtime import memory
from exporter.runtime.memory import MANY_BYTES, tidy_memory


@pytest.mark.parametrize(("row_bytes", "times"), [(0, 0), (MANY_BYTES - 1, 0), (MANY_BYTES, 1), (10 * MANY_BYTES, 1)])
def test_what_is_free_goes_back_before_and_after_many_rows(monkeypatch, row_bytes, times):
    """Writing a large day begins without the holes that reading left, and leaves none; a small one is not worth it."""
    given_back: list[int] = []
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: SimpleNamespace(malloc_trim=given_back.append))
    with tidy_memory(row_bytes):
        assert len(given_back) == times
    assert len(given_back) == 2 * times


def test_after_a_failure_it_goes_back_as_well(monkeypatch):
    """A day that cannot be written leaves no more memory behind than another."""
    given_back: list[int] = []
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: SimpleNamespace(malloc_trim=given_back.append))
    with pytest.raises(OSError, match="disk"), tidy_memory(MANY_BYTES):
        raise OSError("disk full")
    assert len(given_back) == 2


def test_an_allocator_that_cannot_is_no_fault(monkeypatch):
    """Only glibc has the call; elsewhere work goes on."""
    asked: list[None] = []
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: asked.append(name) or SimpleNamespace())
    worked = False
    with tidy_memory(MANY_BYTES):
        worked = True
    assert worked
    assert len(asked) == 2


def test_long_work_gives_memory_back_after_many_rows(monkeypatch):
    """Reading for an hour leaves no more holes than reading for a minute: after each 64 MiB of rows they are closed."""
    given_back: list[int] = []
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda _: SimpleNamespace(malloc_trim=given_back.append))
    work = memory.LongWork()
    counts = []
    for _ in range(17):
        work.work(8 << 20)
        counts.append(len(given_back))
    assert counts == [0] * 7 + [1] * 8 + [2] * 2
