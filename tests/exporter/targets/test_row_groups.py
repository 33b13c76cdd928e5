"""A file's row groups: as large as they may be, and the same for every batching of the rows."""

import itertools
import weakref

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.targets import row_groups as module
from exporter.targets.row_groups import row_groups


def batches(rows: pa.Table, cuts: list[int]) -> list[pa.RecordBatch]:
    bounds = [0, *sorted(cuts), rows.num_rows]
    parts = [rows.slice(low, high - low) for low, high in itertools.pairwise(bounds)]
    return [batch for part in parts for batch in part.combine_chunks().to_batches()]


@pytest.fixture(autouse=True)
def small_groups(monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 40)
    monkeypatch.setattr(module, "MOST_BYTES", 600)
    monkeypatch.setattr(module, "_LOOKED_AT", 10)


TEXTS = st.lists(st.none() | st.text(max_size=30), max_size=150)


@given(TEXTS, st.data())
def test_the_same_rows_are_cut_alike_in_any_batches(texts, data):
    """Every row in its order, all groups of one length but the last, for all page bounds."""
    rows = pa.table({"text": pa.array(texts, pa.string()), "number": pa.array(range(len(texts)), pa.int64())})
    whole = list(row_groups(batches(rows, [])))
    cut = list(row_groups(batches(rows, data.draw(st.lists(st.integers(0, len(texts)), max_size=12)))))
    assert [group.num_rows for group in cut] == [group.num_rows for group in whole]
    assert [row for group in cut for row in group.to_pylist()] == rows.to_pylist()
    assert len({group.num_rows for group in cut[:-1]}) <= 1
    assert all(group.num_rows <= module.MOST_ROWS for group in cut)


def test_wide_rows_make_shorter_groups():
    """What a group takes in memory is bounded in bytes, not in rows alone."""
    wide = pa.table({"text": ["x" * 96] * 100})
    assert [group.num_rows for group in row_groups(batches(wide, []))] == [6] * 16 + [4]


def test_a_row_beyond_every_bound_is_a_group_of_its_own():
    """No row is too large to be written."""
    huge = pa.table({"text": ["x" * 5000] * 20})
    assert [group.num_rows for group in row_groups(batches(huge, []))] == [1] * 20


def test_a_group_is_let_go_before_the_next_is_gathered():
    """Two groups in memory at once would be a third of a small task's memory."""
    before: list[weakref.ref] = []

    def arriving():
        for _ in range(5):
            assert all(group() is None for group in before)
            yield pa.RecordBatch.from_pydict({"number": list(range(40))})

    for group in row_groups(arriving()):
        before.append(weakref.ref(group))
        del group
    assert len(before) == 5
