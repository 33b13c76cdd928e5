"""The present state: a day as it was read and what has changed since, through the real writer, export and view."""

import datetime as dt

import boto3
import pytest
from changing import TTL, event, item, live, write

from exporter.errors import SourceError
from exporter.quarantine.retry import Retry

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
"""When the days are read."""

AFTER = NOW + dt.timedelta(minutes=1)


def note(text: str) -> dict:
    return {"Note": {"S": text}}


@pytest.fixture
def table(scene):
    """Two items on two days, read when the dataset has changes already."""
    made = scene()
    made.put("1", "2026-02-16T10:00:00Z", **note("first"))
    made.put("2", "2026-02-17T10:00:00Z", **note("second"))
    write(made)
    made.export(start="2026-02-16", end="2026-02-17")
    return made


def test_without_changes_the_view_is_the_table(table):
    """A dataset with a stream and no record of it shows its days as they were read."""
    assert live(table) == [("16", "1", "first"), ("17", "2", "second")]


def test_a_new_item_a_change_and_a_deletion_show_at_once(table):
    """Rows follow the writes of the table; what an older record says does not come back."""
    one = item("1", "2026-02-16T10:00:00Z", **note("first"))
    two = item("2", "2026-02-17T10:00:00Z", **note("second"))
    changed = one | note("changed")
    write(table, event(2, AFTER, changed, one), event(3, AFTER, None, two))
    write(table, event(4, AFTER, item("3", "2026-02-17T12:00:00Z", **note("third")), None))
    assert live(table) == [("16", "1", "changed"), ("17", "3", "third")]
    write(table, event(1, AFTER, one | note("older"), one), event(4, AFTER, item("3", "2026-02-17T12:00:00Z"), None))
    assert live(table)[0] == ("16", "1", "changed")


def test_an_item_that_moves_is_on_its_new_day_alone(table):
    """The old day gets a tombstone, whatever day the item comes from and goes to, and it may come back."""
    here = item("1", "2026-02-16T10:00:00Z", **note("first"))
    there = item("1", "2026-02-17T11:00:00Z", **note("moved"))
    write(table, event(1, AFTER, there, here))
    assert live(table) == [("17", "1", "moved"), ("17", "2", "second")]
    write(table, event(2, AFTER, here | note("back"), there))
    assert live(table) == [("16", "1", "back"), ("17", "2", "second")]


@pytest.mark.parametrize(
    "left",
    [
        item("1", "2026-02-16T10:00:00Z", kind="Z"),
        {"Id": {"S": "1"}, "Kind": {"S": "A"}},
        {"Id": {"S": "1"}, "At": {"S": "2026-02-16T10:00:00Z"}},
    ],
    ids=["other partition value", "no sort key", "no partition key"],
)
def test_an_item_that_leaves_the_index_is_gone(table, left):
    """An item without the keys of the index, or with another partition value, is in no row of the dataset."""
    write(table, event(1, AFTER, left, item("1", "2026-02-16T10:00:00Z")))
    assert live(table) == [("17", "2", "second")]


def test_an_item_with_a_day_that_becomes_unreadable_is_withheld(table):
    """As an export would: the whole item goes to the quarantine, and no row has it."""
    broken = item("1", "2026-02-16 late in the evening", **note("first"))
    handled = write(table, event(1, AFTER, broken, item("1", "2026-02-16T10:00:00Z")))
    assert live(table) == [("17", "2", "second")]
    assert (handled.records, handled.quarantined) == (1, 1)
    assert [line["item"]["Id"] for line in table.quarantine()] == [{"S": "1"}]


def test_changes_before_the_reading_do_not_count(table):
    """What was written more than the margin before the day was read is in the day, or gone from it."""
    before = NOW - dt.timedelta(minutes=6)
    within = NOW - dt.timedelta(minutes=4)
    ghost = item("ghost", "2026-02-16T12:00:00Z", **note("deleted long ago"))
    write(table, event(1, before, ghost, None))
    assert live(table) == [("16", "1", "first"), ("17", "2", "second")]
    write(table, event(2, within, item("3", "2026-02-16T12:00:00Z", **note("just written")), None))
    assert live(table) == [("16", "1", "first"), ("16", "3", "just written"), ("17", "2", "second")]


def test_times_out_of_order_bring_nothing_old_back(table):
    """DynamoDB's times are approximate: an earlier change that seems later than the reading's bound does not count."""
    bound = NOW - dt.timedelta(minutes=5)
    one = item("1", "2026-02-16T10:00:00Z", **note("first"))
    write(table, event(1, bound + dt.timedelta(seconds=1), one | note("older"), None))
    write(table, event(2, bound - dt.timedelta(seconds=1), one, one | note("older")))
    assert live(table)[0] == ("16", "1", "first")


def test_a_day_that_was_read_and_is_empty_counts_no_older_changes(table):
    """A day without a file states as well since when changes count: an old record does not bring an item back."""
    write(table, event(1, AFTER, item("2", "2026-02-17T10:00:00Z", **note("second")), None))
    table.delete("2")
    later = NOW + dt.timedelta(hours=2)
    table.export(start="2026-02-17", end="2026-02-17", now=later)
    assert live(table) == [("16", "1", "first")]
    write(table, event(9, later, item("4", "2026-02-17T10:00:00Z", **note("new")), None))
    assert live(table) == [("16", "1", "first"), ("17", "4", "new")]


def test_a_day_read_before_there_were_changes_stays_as_it_was_read(scene):
    """Its items have no key to compare, so its changes wait until it is read again: none is shown twice."""
    made = scene()
    made.put("1", "2026-02-16T10:00:00Z", **note("first"))
    made.export(start="2026-02-16", end="2026-02-16")
    changed = item("1", "2026-02-16T10:00:00Z", **note("changed"))
    write(made, event(1, AFTER, changed, item("1", "2026-02-16T10:00:00Z")))
    assert live(made) == [("16", "1", "first")]
    made.put("1", "2026-02-16T10:00:00Z", **note("changed"))
    made.export(start="2026-02-16", end="2026-02-16", now=NOW + dt.timedelta(hours=1))
    assert live(made) == [("16", "1", "changed")]


def test_a_stream_alone_is_a_table(scene):
    """Records before the first export make schema, tables and view; columns have the types that an export gives."""
    made = scene()
    new = item("1", "2026-02-16T10:00:00Z", Note={"S": "n"}, Amount={"N": "1.5"}, Tags={"SS": ["a", "b"]})
    write(made, event(1, AFTER, new, None))
    assert live(made, "id, note, amount, tags") == [("16", "1", "n", "1.5", '["a","b"]')]


def test_a_stream_without_old_images_is_refused(table):
    """The message says what to set; nothing is written."""
    record = event(1, AFTER, item("1", "2026-02-16T10:00:00Z"), None)
    record["dynamodb"]["StreamViewType"] = "NEW_IMAGE"
    with pytest.raises(SourceError, match="carries NEW_IMAGE; NEW_AND_OLD_IMAGES is needed"):
        write(table, record)
    assert table.keys("_changes/year=") == []


@pytest.mark.parametrize(
    "damage",
    [
        {"dynamodb": None},
        {"eventName": "MODIFY"},
        {"eventName": "RENAME"},
        {"eventName": "\ud800"},
        {"dynamodb": {"SequenceNumber": "1e3", "ApproximateCreationDateTime": 1, "NewImage": {"Id": {"S": "1"}}}},
        {"dynamodb": {"SequenceNumber": "1", "ApproximateCreationDateTime": "x", "NewImage": {"Id": {"S": "1"}}}},
        {
            "dynamodb": {
                "SequenceNumber": "1",
                "ApproximateCreationDateTime": 1,
                "NewImage": {"Id": {"S": "1"}, "Kind": {"S": "A"}, "At": {"S": "2026-02-16T10:00:00Z"}, "X": 5},
            }
        },
        {
            "dynamodb": {
                "SequenceNumber": "1",
                "ApproximateCreationDateTime": 1,
                "NewImage": {"Id": {"S": "1"}, "Kind": {"S": "A"}, "At": {"S": "2026-02-16T10:00:00Z"}, "X": {"?": 1}},
            }
        },
    ],
    ids=[
        "no change",
        "no old image",
        "unknown event",
        "half a pair",
        "sequence",
        "time",
        "no value",
        "unknown type",
    ],
)
def test_a_poison_record_is_quarantined_and_the_others_count(table, damage):
    """A record that cannot be read is kept with its reason, and spoils no other record of its batch."""
    good = event(2, AFTER, item("3", "2026-02-16T12:00:00Z", **note("good")), None)
    bad = event(1, AFTER, item("1", "2026-02-16T10:00:00Z", **note("bad")), None) | damage
    handled = write(table, bad, good)
    assert (handled.records, handled.rows, handled.quarantined) == (2, 1, 1)
    assert ("16", "3", "good") in live(table)
    assert ("16", "1", "first") in live(table)
    assert [line["reason"].split(":")[0] for line in table.quarantine()] == ["record"]
    write(table, bad, good)  # the batch comes again
    assert len(table.quarantine()) == 1
    assert Retry(table.settings()).run(None).error is None


def test_time_to_live_is_no_deletion_where_the_dataset_keeps_its_days(scene, tmp_path):
    """With expires_after_days a removal by time to live leaves the row; a person's deletion does not."""
    removed = [event(number, AFTER, None, item(str(number), "2026-02-16T10:00:00Z")) for number in (1, 2)]
    removed[0]["userIdentity"] = TTL
    made = scene()
    for number in "12":
        made.put(number, "2026-02-16T10:00:00Z", **note("kept"))
    write(made)
    made.export(start="2026-02-16", end="2026-02-16")
    file = tmp_path / "kept.yaml"
    file.write_text(
        f"name: kept\nsource: {{table: {made.table}, index: by-kind, partition_key: Kind, partition_values: [A, B], "
        f"sort_key: At}}\ntarget: {{prefix: {made.prefix}, database: {made.database}, table: rows}}\n"
        "retention: {expires_after_days: 30}\n"
    )
    made.variables["DATASET"] = str(file)
    made.variables |= {"ATHENA_TABLE": "kept_rows"}
    handled = write(made, *removed)
    assert (handled.rows, handled.expired) == (1, 1)


def test_time_to_live_is_a_deletion_elsewhere_and_told_apart(table):
    """Without expires_after_days the row goes, and the change file says why."""
    write(table, event(1, AFTER, None, item("1", "2026-02-16T10:00:00Z")) | {"userIdentity": TTL})
    assert live(table) == [("17", "2", "second")]
    (key,) = table.keys("_changes/year=")
    assert table.table_of(key).column("_op").to_pylist() == ["T"]


def test_values_are_decoded_as_an_export_decodes_them(table):
    """The same item gives the same row from the index and from the stream: types, numbers, JSON and nulled values."""
    rich = item(
        "9", "2026-02-16T23:59:59Z", Note={"S": ""}, Big={"N": "12345678901234567890.5"}, Flag={"BOOL": True},
        Raw={"B": "AAEC"}, Nested={"M": {"b": {"N": "1.10"}, "a": {"L": [{"NULL": True}]}}}, Nothing={"NULL": True},
    )  # fmt: skip
    write(table, event(1, AFTER, rich, None))
    columns = "id, note, big, flag, raw, nested"
    from_stream = [row for row in live(table, columns) if row[1] == "9"]
    table.dynamodb.put_item(TableName=table.table, Item=rich | {"Raw": {"B": b"\x00\x01\x02"}})
    table.export(start="2026-02-16", end="2026-02-16", now=NOW + dt.timedelta(hours=1))
    assert [row for row in live(table, columns) if row[1] == "9"] == from_stream
    assert from_stream == [("16", "9", "", "1.2345678901234567E19", "true", "AAEC", '{"a":[null],"b":1.10}')]


def test_the_table_itself_does_not_change(table):
    """The exported table has the columns that it had; stamps are in the base table alone."""
    glue = table_columns(table, "rows")
    assert glue == ["at", "id", "kind", "note"]
    assert table_columns(table, "rows_base") == [*glue, "_key", "_as_of"]
    assert table_columns(table, "rows_changes") == [*glue, "_key", "_at", "_seq", "_op"]


def table_columns(scene, name: str) -> list[str]:
    found = boto3.client("glue").get_table(DatabaseName=scene.database, Name=name)["Table"]
    return [column["Name"] for column in found["StorageDescriptor"]["Columns"]]
