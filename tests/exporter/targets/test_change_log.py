"""Closed days that are read again: what has come late, moved, changed or been deleted.

The scene's clock stands at 2026-02-20 09:00 UTC.
"""

import datetime as dt
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exporter.errors import SettingsError, StaleRun
from exporter.storage.object_store import StoredObject
from exporter.targets.change_log import _lines, difference

WEEK = {"start": "2026-02-13", "end": "2026-02-19"}
LATER = dt.datetime(2026, 2, 20, 12, tzinfo=dt.UTC)
LOOK_BACK = {"variables": {"LOOKBACK_DAYS": "5"}, "now": LATER}


@pytest.fixture
def table(scene):
    """Three closed days with five items, published."""
    made = scene()
    made.put("kept", "2026-02-16T10:00:00Z", Score={"N": "1"})
    made.put("changed", "2026-02-16T11:00:00Z", Score={"N": "1"})
    made.put("deleted", "2026-02-16T12:00:00Z")
    made.put("moved", "2026-02-16T13:00:00Z")
    made.put("same", "2026-02-18T10:00:00Z")
    made.export(**WEEK)
    return made


def logged(table, entry) -> dict[str, dict[str, str]]:
    """Return day -> id -> change, as the log of a run has it."""
    found: dict[str, dict[str, str]] = {}
    for key in table.keys(f"_changes/{entry.run_id}/"):
        for line in map(json.loads, table.read(key).decode().splitlines()):
            assert key.endswith(f"/{line['day']}.ndjson")
            found.setdefault(line["day"], {})[line["key"]["id"]] = line["change"]
    return found


def test_late_moved_changed_and_deleted_items_are_found(table):
    """Each closed day that differs is reported with its numbers, and each item of it by its key; the data is mended."""
    table.put("late", "2026-02-16T09:00:00Z")
    table.put("changed", "2026-02-16T11:00:00Z", Score={"N": "2"})
    table.put("moved", "2026-02-17T13:00:00Z")
    table.delete("deleted")
    entry = table.export(**LOOK_BACK)
    assert [change.model_dump(mode="json") for change in entry.changes] == [
        {"day": "2026-02-16", "added": 1, "changed": 1, "deleted": 2},
        {"day": "2026-02-17", "added": 1, "changed": 0, "deleted": 0},
    ]
    assert logged(table, entry) == {
        "2026-02-16": {"late": "added", "changed": "changed", "deleted": "deleted", "moved": "deleted"},
        "2026-02-17": {"moved": "added"},
    }
    assert table.days()["2026-02-16"] == ["changed", "kept", "late"]
    assert next(found for found in table.ledger() if found.run_id == entry.run_id).changes == entry.changes


def test_days_that_are_the_same_are_not_reported(table):
    """A second look at unchanged days reports nothing, also where a new column came in between."""
    table.put("today", "2026-02-20T08:00:00Z", Brand_new={"S": "x"})
    table.export(start="2026-02-20", end="2026-02-20")
    entry = table.export(**LOOK_BACK)
    assert (entry.changes, table.keys("_changes/")) == ((), [])
    assert entry.window.start == dt.date(2026, 2, 15)


def test_a_day_that_was_emptied_is_a_day_of_deletions(table):
    """When a closed day loses all its items, its object goes and every item is in the log."""
    table.delete("kept", "changed", "deleted", "moved")
    entry = table.export(**LOOK_BACK)
    assert [(change.added, change.changed, change.deleted) for change in entry.changes] == [(0, 0, 4)]
    assert set(logged(table, entry)["2026-02-16"].values()) == {"deleted"}
    assert entry.removed == ("year=2026/month=02/day=16",)


def test_days_of_which_ttl_may_have_taken_items_are_left_alone(table, tmp_path):
    """What TTL removed was not deleted: older days than it spares are not looked at again."""
    file = tmp_path / "d.yaml"
    file.write_text("name: rows\nretention: {expires_after_days: 3}\n")
    table.delete("same", "kept")
    table.put("again", "2026-02-18T10:00:00Z")
    entry = table.export(now=LATER, variables={"LOOKBACK_DAYS": "5", "DATASET": str(file)})
    assert [str(change.day) for change in entry.changes] == ["2026-02-18"]
    assert "kept" in table.days()["2026-02-16"]


def test_without_its_key_an_item_is_its_row(table, tmp_path):
    """Where the table's key is no column, a changed item counts as one that went and one that came."""
    file = tmp_path / "d.yaml"
    file.write_text(
        "name: rows\nundeclared: ignore\ncolumns:\n  - {name: score, attribute: Score, type: double}\n"
        "  - {name: at, attribute: At, type: string}\n"
    )
    variables = {"DATASET": str(file), "S3_PREFIX": f"{table.prefix}-keyless", "ATHENA_TABLE": "keyless"}
    table.export(**WEEK, variables=variables)
    table.put("changed", "2026-02-16T11:00:00Z", Score={"N": "2"})
    entry = table.export(now=LATER, variables=variables | {"LOOKBACK_DAYS": "5"})
    assert [(change.added, change.changed, change.deleted) for change in entry.changes] == [(1, 0, 1)]


def test_only_scheduled_ranges_look_back(table, run):
    """--lookback-days adds days to a schedule's range; with named days it is refused, as are invalid values."""
    done = run(table, "export", "--start", "2026-02-16", "--end", "2026-02-16", "--lookback-days", "3")
    assert done.returncode == 2
    assert "--lookback-days adds to a scheduled range" in done.stderr
    with pytest.raises(SettingsError, match="LOOKBACK_DAYS: expected whole days from 0 to 366; found 'many'"):
        table.settings(LOOKBACK_DAYS="many")


def test_the_log_names_what_was_counted(tmp_path):
    """Without the table's key whole rows are compared, also where the newer file has more columns."""
    before, after = tmp_path / "a", tmp_path / "b"
    pq.write_table(pa.table({"a": ["1", "2"]}), before)
    pq.write_table(pa.table({"a": ["1"], "b": ["x"]}), after)
    found = difference(before, after, ())
    assert (len(found.added), len(found.changed), len(found.deleted)) == (1, 0, 2)
    changes = [line["change"] for line in _lines(before, after, (), found)]
    assert sorted(changes) == ["added", "deleted", "deleted"]


def test_values_that_look_like_others_joined_are_different(tmp_path):
    """A separator within a value, and a null next to a text, make no two rows alike."""
    before, after = tmp_path / "a", tmp_path / "b"
    pq.write_table(pa.table({"a": ["x\x1fy", None], "b": ["z", "1"]}), before)
    pq.write_table(pa.table({"a": ["x", "\x00"], "b": ["y\x1fz", "1"]}), after)
    found = difference(before, after, ("a", "b"))
    assert (len(found.added), len(found.deleted)) == (2, 2)


def test_files_are_compared_by_value(tmp_path):
    """Null is not the empty text, order does not count, and a column that the older file lacks is null there."""
    before, after = tmp_path / "a", tmp_path / "b"
    pq.write_table(pa.table({"id": ["1", "2", "3"], "note": [None, "", "x"]}), before)
    pq.write_table(
        pa.table({"id": ["3", "2", "1"], "note": ["x", None, None], "more": pa.nulls(3, pa.float64())}), after
    )
    found = difference(before, after, ("id",))
    assert (len(found.added), len(found.changed), len(found.deleted)) == (0, 1, 0)
    assert not difference(after, after, ("id",))
    assert len(difference(None, after, ("id",)).added) == len(difference(after, None, ("id",)).deleted) == 3


def test_a_day_that_changed_hands_is_not_compared(table, tmp_path):
    """If another run has replaced the object meanwhile, there is nothing to compare with."""
    job = table.job(**WEEK)
    gone = StoredObject(f"{table.prefix}/{table.keys()[0]}", "0" * 32, 1)
    with pytest.raises(StaleRun, match="another run is newer"):
        job._store.download(gone, tmp_path / "file")
