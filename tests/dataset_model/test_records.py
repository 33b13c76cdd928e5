"""Manifest, ledger and column assignments: what one program writes and the other reads."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from dataset_model import load_dataset
from dataset_model.columns.types import ColumnType
from dataset_model.records.manifest import DayRecord, Manifest, ObjectRecord
from dataset_model.records.runs import RunEntry, RunReport, run_key
from dataset_model.records.table_schema import SchemaColumn, SourceIdentity, TableSchema

NOW = dt.datetime(2026, 2, 20, 1, 2, 3, tzinfo=dt.UTC)


def day_record(day: int, rows: int, **values: tuple[str, ...]) -> DayRecord:
    objects = (ObjectRecord(key=f"k{day}", etag="e", run_id="r", rows=rows, bytes=rows * 10),) if rows else ()
    return DayRecord(day=dt.date(2026, 2, day), objects=objects, state="closed", read_at=NOW, values=values)


def manifest(*days: DayRecord) -> Manifest:
    return Manifest(
        dataset="contacts",
        location="s3://bucket/prefix/",
        time_zone="UTC",
        updated_at=NOW,
        days={record.day: record for record in days},
    )


def test_totals() -> None:
    """A manifest sums rows and knows its first and last day; an empty one has neither."""
    published = manifest(day_record(16, 3), day_record(14, 4))
    assert published.rows == 7
    assert (published.first_day, published.last_day) == (dt.date(2026, 2, 14), dt.date(2026, 2, 16))
    assert (manifest().rows, manifest().first_day, manifest().last_day) == (0, None, None)


def test_values_of_a_dimension() -> None:
    """Distinct values are merged and sorted; one day that could not list them makes the list unknown."""
    days = (day_record(14, 2, channel=("VOICE", "CHAT")), day_record(15, 1, channel=("TASK",)), day_record(16, 0))
    assert manifest(*days).values("channel") == ("CHAT", "TASK", "VOICE")
    assert manifest(*days).values("channel", [dt.date(2026, 2, 15), dt.date(2030, 1, 1)]) == ("TASK",)
    assert manifest(*days, day_record(17, 5)).values("channel") is None
    assert manifest(*days, day_record(17, 5)).values("channel", [dt.date(2026, 2, 14)]) == ("CHAT", "VOICE")


@given(st.lists(st.tuples(st.integers(1, 28), st.integers(0, 9)), unique_by=lambda pair: pair[0]))
def test_manifest_and_json_are_inverse(days: list[tuple[int, int]]) -> None:
    """What the exporter writes, the dashboard reads as the same manifest."""
    written = manifest(*(day_record(day, rows, channel=("A",)) for day, rows in days))
    assert Manifest.model_validate_json(written.model_dump_json()) == written


def test_older_reader_survives_newer_fields() -> None:
    """A record with a field that this version does not know is read without it."""
    text = manifest(day_record(14, 2)).model_dump_json().replace('"version":0', '"version":0,"invented":[1]')
    assert Manifest.model_validate_json(text).rows == 2


def test_report_has_the_agreed_fields() -> None:
    """The last line of `--json` has exactly the names of the agreement, in its order."""
    report = RunReport(run_id="20260220T010203Z-ab", dataset="contacts", status="succeeded", window=None)
    assert list(report.model_dump()) == [
        *("run_id", "dataset", "status", "window", "rows", "bytes", "quarantined", "partitions"),
        *("removed", "warnings", "read_units", "seconds"),
    ]


def test_ledger_entry_and_json_are_inverse() -> None:
    """An entry of a run that died can be read as it was written."""
    entry = RunEntry(
        run_id="r", dataset="contacts", status="running", window=None, started_at=NOW, owed=(dt.date(2026, 2, 19),)
    )
    assert RunEntry.model_validate_json(entry.model_dump_json()) == entry
    assert run_key("prefix", "r") == "prefix/_runs/r.json"


def test_column_assignments_and_json_are_inverse() -> None:
    """`_schema.json` keeps names, types and the source for ever."""
    written = TableSchema(
        dataset="contacts",
        source=SourceIdentity.of(load_dataset("contacts", {})),
        columns=(
            SchemaColumn(name="score", attribute="Score", type=ColumnType("decimal", 5, 2), declared=True),
            SchemaColumn(name="report_date", attribute=None, type=ColumnType("date")),
        ),
        updated_at=NOW,
    )
    read = TableSchema.model_validate_json(written.model_dump_json())
    assert read == written
    assert read.names == {"Score": "score"}
