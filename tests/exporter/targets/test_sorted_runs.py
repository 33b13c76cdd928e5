"""Runs of sorted rows on the local disk, in parts that bound the memory of merging them."""

import pyarrow as pa
import pytest

from exporter.targets.sorted_runs import written_runs


@pytest.mark.parametrize(("text_bytes", "parts"), [(1, [4096, 904]), (1000, [1035, 1035, 1035, 1035, 860])])
def test_parts_are_bounded_in_rows_and_in_bytes(tmp_path, text_bytes, parts):
    """A part has 4,096 rows, or fewer where they are wide: about a MiB, of 1,012 bytes a row here."""
    keys = [f"{number * 7919 % 5000:04}" for number in range(5000)]
    rows = pa.record_batch({"key": pa.array(keys), "text": pa.array(["x" * text_bytes] * 5000)})
    file = tmp_path / "runs"
    (run,) = written_runs([rows], file, "key")
    assert [rows for _, rows in run] == parts
    with pa.OSFile(str(file)) as source:
        found = []
        for offset, _ in run:
            source.seek(offset)
            found += pa.ipc.open_stream(source).read_all().column("key").to_pylist()
    assert found == sorted(keys)
