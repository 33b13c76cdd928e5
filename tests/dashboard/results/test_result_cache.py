"""One copy of a result in the process, however many people look at it, within a bound of bytes."""

import threading
from pathlib import Path

import pyarrow as pa
import pytest

from dashboard.errors import ResultMissing
from dashboard.model.result import ResultColumn
from dashboard.results.result_cache import SharedResults, SharedRows
from dashboard.ui.result.lazy_grid import Pages

COLUMNS = (ResultColumn("contact_id", "varchar"), ResultColumn("big", "decimal(38,0)"))


def body(rows: int, name: str = "a") -> bytes:
    """A result file of about 48 bytes a row; the last number is the smallest."""
    lines = (f'"{name}-{number:030d}","{rows - number}"\n' for number in range(rows))
    return ('"contact_id","big"\n' + "".join(lines)).encode()


class Files:
    """S3 as far as results need it; counts the readings."""

    def __init__(self, **bodies: bytes) -> None:
        self.bodies = bodies
        self.read: list[str] = []

    def save(self, uri, file):
        self.read.append(uri)
        if uri not in self.bodies:
            raise ResultMissing(f"The result {uri} is gone. Run the query again.")
        file.write(self.bodies[uri])


LARGE = 60_000
"""Rows of a result file of 2.4 MB, which is not cached in memory."""


def test_all_callers_share_the_same_rows():
    """Ten who ask at once cause one reading, and get one and the same object."""
    files = Files(large=body(LARGE))
    results, found = SharedResults(files.save), []
    asking = [threading.Thread(target=lambda: found.append(results.table("large", COLUMNS))) for _ in range(10)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert files.read == ["large"]
    assert [table is found[0] for table in found] == [True] * 10
    assert found[0].num_rows == LARGE


def test_a_large_result_is_mapped_and_not_in_memory():
    """Its rows are a file's, without a name and without memory of this process; a small one is simply there."""
    files = Files(large=body(LARGE), small=body(10))
    results = SharedResults(files.save)
    before = pa.total_allocated_bytes()
    table = results.table("large", COLUMNS)
    assert table.nbytes > 2_000_000
    assert pa.total_allocated_bytes() - before < 100_000
    assert results.cached_bytes(in_file=True) == table.nbytes
    results.table("small", COLUMNS)
    assert 0 < results.cached_bytes(in_file=False) < 1_000


def test_the_bound_holds_for_the_whole_process():
    """Beyond it the least recently asked for goes, and is read again from Athena's file when it is asked for again."""
    files = Files(**{name: body(LARGE, name) for name in "abc"})
    size = SharedResults(files.save).table("a", COLUMNS).nbytes
    results = SharedResults(files.save, file_bytes=2 * size + 100)
    files.read.clear()
    rows = {name: SharedRows(results, name, COLUMNS, None) for name in "abc"}
    for name in "abac":
        assert rows[name].table()["contact_id"][0].as_py().startswith(name)
        assert results.cached_bytes(in_file=True) <= 2 * size + 100
    assert files.read == ["a", "b", "c"]
    rows["a"].table()
    assert files.read == ["a", "b", "c"]
    assert rows["b"].table()["contact_id"][0].as_py().startswith("b")
    assert files.read == ["a", "b", "c", "b"]


def test_small_results_have_their_bound_too():
    """The memory cache is bounded in bytes, and not in results."""
    files = Files(**{f"r{number}": body(1_000) for number in range(20)})
    size = SharedResults(files.save).table("r0", COLUMNS).nbytes
    results = SharedResults(files.save, memory_bytes=5 * size)
    for name in files.bodies:
        results.table(name, COLUMNS)
        assert results.cached_bytes(in_file=False) <= 5 * size
    assert results.cached_bytes(in_file=False) == 5 * size


def test_a_result_that_is_gone_says_so_every_time():
    """A failed read is raised, not cached."""
    files = Files()
    results = SharedResults(files.save)
    for _ in range(2):
        with pytest.raises(ResultMissing, match="Run the query again"):
            results.table("gone", COLUMNS)
    assert files.read == ["gone", "gone"]


def test_without_room_on_the_disk_the_rows_are_in_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A folder that cannot be written costs memory, not the answer."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "not there"))
    results = SharedResults(Files(large=body(LARGE)).save)
    assert results.table("large", COLUMNS).num_rows == LARGE
    assert results.cached_bytes(in_file=False) > 2_000_000


def test_a_value_that_does_not_fit_is_not_lost_in_a_large_file():
    """A timestamp in the year 30000 keeps its column text, as in a small result."""
    column = (ResultColumn("contact_id", "varchar"), ResultColumn("at", "timestamp"))
    lines = (f'"{number:040d}","2026-01-01 00:00:00.000"\n' for number in range(LARGE))
    late = ('"contact_id","at"\n' + "".join(lines) + '"x","30000-01-01 00:00:00.000"\n').encode()
    table = SharedResults(Files(late=late).save).table("late", column)
    assert table["at"][LARGE].as_py() == "30000-01-01 00:00:00.000"
    assert table["at"][0].as_py() == "2026-01-01 00:00:00.000"


def test_the_grid_fetches_and_sorts_without_a_copy_of_its_own():
    """Pages come from the shared rows, numbers exact; a sort orders numbers as numbers, once per process."""
    from streamlit.dataframe.lazy_df_source import DataframeSource, SortSpec, resolve_lazy_source

    results = SharedResults(Files(large=body(LARGE)).save)
    first, second = (Pages(SharedRows(results, "large", COLUMNS, 59_000), ["big"]) for _ in range(2))
    assert isinstance(first, DataframeSource)
    assert resolve_lazy_source(first, True, is_selection_activated=False) is first
    assert first.row_count == 59_000
    assert first.load_rows(58_999, 5).to_pylist() == [{"big": "1001"}]
    smallest = SortSpec("big")
    assert first.load_rows(0, 2, sort=smallest).to_pylist() == [{"big": "1001"}, {"big": "1002"}]
    held = results.cached_bytes(in_file=False)
    assert held == 59_000 * 8
    assert second.load_rows(1, 1, sort=smallest).to_pylist() == [{"big": "1002"}]
    assert results.cached_bytes(in_file=False) == held
    assert first.load_rows(0, 1).schema == first.schema
    one = Pages(SharedRows(results, "large", COLUMNS, 1), ["big"])
    assert resolve_lazy_source(one, True, is_selection_activated=False) is one


def test_the_grid_searches_rows_once_per_process():
    """Rows that hold a text are fetched and sorted like any others, without a second search."""
    from streamlit.dataframe.lazy_df_source import SortSpec

    results = SharedResults(Files(large=body(LARGE)).save)
    first, second = (Pages(SharedRows(results, "large", COLUMNS, None), ["contact_id", "big"], "0777") for _ in "ab")
    # 777, 7770 to 7779 and 10777 to 50777, all with zeros ahead; and the five numbers 10777 to 50777.
    assert first.row_count == 1 + 10 + 5 + 5
    found = first.load_rows(0, 500).to_pylist()
    assert len(found) == first.row_count
    assert all("0777" in row["contact_id"] or "0777" in row["big"] for row in found)
    held = results.cached_bytes(in_file=False)
    assert second.load_rows(0, 1).to_pylist() == found[:1]
    assert results.cached_bytes(in_file=False) == held
    smallest = min(found, key=lambda row: int(row["big"]))
    assert second.load_rows(0, 1, sort=SortSpec("big")).to_pylist() == [smallest]
