"""Rows of several partition values in one order of time, for every way of reading them."""

import itertools

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.targets import merge
from exporter.targets.merge import merged

KEYS = st.lists(
    st.sampled_from(["", "2026-01-01T00", "2026-01-01T01", "2026-01-01T01Z", "é", "\U0001f600"]), max_size=30
)


def cut(stream: int, keys: list[str], cuts: list[int]) -> list[pa.RecordBatch]:
    """Return a stream's rows, which know their own place, in parts that hold at least one row."""
    rows = [{"key": key, "stream": stream, "row": row} for row, key in enumerate(sorted(keys, key=str.encode))]
    bounds = sorted({0, len(rows), *(cut % (len(rows) + 1) for cut in cuts)})
    return [pa.RecordBatch.from_pylist(rows[low:high]) for low, high in itertools.pairwise(bounds)]


@given(st.lists(st.tuples(KEYS, st.lists(st.integers(0, 30), max_size=6)), max_size=7), st.integers(1, 4))
def test_rows_leave_by_key_and_then_by_stream(streams, at_once):
    """For any parts of the streams; no row is lost, and groups of streams follow one another."""
    parts = [cut(number, *stream) for number, stream in enumerate(streams)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merge, "AT_ONCE", at_once)
        found = [
            row
            for batch in merged([part for part in parts if part], lambda rows: rows, "key")
            for row in batch.to_pylist()
        ]
    filled = [stream for stream in parts if stream]
    group = {stream[0].column("stream")[0].as_py(): place // at_once for place, stream in enumerate(filled)}
    rows = [row for stream in parts for batch in stream for row in batch.to_pylist()]
    assert found == sorted(rows, key=lambda row: (group[row["stream"]], row["key"].encode(), row["stream"], row["row"]))


@pytest.mark.parametrize(("streams", "at_once"), [(2, 4), (3, 2), (8, 1), (16, 1)])
def test_no_more_is_loaded_than_is_needed(streams, at_once):
    """A few batches of each stream at a time where there are few streams, one where there are many."""
    loaded: list[int] = []

    def load(part: tuple[int, int]) -> pa.RecordBatch:
        _stream, number = part
        loaded.append(number)
        return pa.RecordBatch.from_pylist([{"key": 10 * number + row} for row in range(10)])

    parts = [[(stream, number) for number in range(50)] for stream in range(streams)]
    given = 0
    for rows in merged(parts, load, "key"):
        assert max(loaded) <= given + 2 * at_once - 1
        given += rows.num_rows // (10 * streams)
    assert len(loaded) == 50 * streams


def test_a_single_stream_is_handed_on_as_it_is():
    """Most datasets have one partition value, so its rows are neither sorted nor copied."""
    batch = pa.RecordBatch.from_pylist([{"key": "b"}, {"key": "a"}])
    assert next(merged([[batch]], lambda rows: rows, "key")) is batch
