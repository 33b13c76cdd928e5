"""The Exports page where a row is an element of an item: items and rows apart."""

from streamlit.testing.v1 import AppTest


def days() -> None:
    import datetime as dt

    from dashboard.ui.page.exports_tables import day_table, run_table
    from dataset_model import load_dataset
    from dataset_model.records.manifest import DayRecord, Manifest, ObjectRecord
    from dataset_model.records.runs import RunEntry

    read = dt.datetime(2026, 2, 20, tzinfo=dt.UTC)
    records = {
        dt.date(2026, 2, day): DayRecord(
            day=dt.date(2026, 2, day),
            objects=(ObjectRecord(key="k", etag="e", run_id="r", rows=rows, bytes=1),),
            state="closed",
            read_at=read,
            items_by_partition_value=None if items is None else {"": items},
        )
        for day, items, rows in ((16, 3, 12), (18, 2, 0), (19, None, 4))
    }
    manifest = Manifest(dataset="m", location="s3://b/m/", time_zone="UTC", updated_at=read, days=records)
    run = RunEntry(
        run_id="r", dataset="m", status="succeeded", window=None, rows=12, items=5, started_at=read, finished_at=read
    )
    for name in ("messages", "conversations"):
        day_table(manifest, {}, load_dataset(name, {}))
        run_table([run], load_dataset(name, {}))


def test_items_stand_next_to_rows_where_an_item_has_several():
    """3 conversations with 12 messages, 2 without any; none where none is stated. Whole items have rows alone."""
    app = AppTest.from_function(days).run()
    assert not app.exception
    messages, runs, conversations, others = (table.value for table in app.dataframe)
    assert list(messages["Rows"].fillna(-1)) == [4, 0, -1, 12]
    assert list(messages["Items"].fillna(-1)) == [-1, 2, -1, 3]
    assert list(messages.columns)[3:5] == ["Items", "Rows"]
    assert (list(runs["Items"]), list(runs["Rows"])) == ([5], [12])
    assert "Items" not in conversations.columns
    assert "Items" not in others.columns
