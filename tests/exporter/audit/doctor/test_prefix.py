"""`exporter doctor`: what is odd below a prefix, in the records and in the catalogue, and what to do about it.

The scene's clock stands at 2026-02-20 09:00 UTC.
"""

import datetime as dt
import json

import boto3
import pytest

from dataset_model.records.runs import RunEntry
from exporter.audit.doctor import examine, findings_text
from exporter.cli.sync import sync_catalog
from exporter.errors import UsageError

from .examining import DAYS, FILE, NOW, filled, odd, put


def test_what_was_just_exported_is_clean(scene):
    """An export leaves nothing that needs a doctor, and neither does a prefix that holds nothing yet."""
    table = filled(scene)
    assert odd(table) == []
    assert findings_text([], "rows") == "rows: no findings"
    assert odd(scene()) == []


def test_foreign_files_are_distinguished_from_ours(scene):
    """A file that Athena would try to read as Parquet is named; records and hidden files are left alone."""
    table = filled(scene)
    for key in ("year=2026/month=02/day=16/notes.csv", "year=2026/month=2/day=16/data.parquet", "readme.txt"):
        put(table, key)
    for key in ("_runs_old/x", "year=2026/month=02/day=16/.DS_Store", "year=2026/"):
        put(table, key)
    assert odd(table) == [
        ("foreign object", "readme.txt"),
        ("foreign object", "year=2026/month=02/day=16/notes.csv"),
        ("foreign object", "year=2026/month=2/day=16/data.parquet"),
    ]


def test_objects_outside_the_projection_are_found(scene):
    """A year that the Glue table does not cover is invisible to Athena without any error."""
    table = filled(scene)
    put(table, "year=2019/month=01/day=01/data.parquet")
    assert odd(table) == [
        ("outside projection", "year=2019/month=01/day=01/data.parquet"),
        ("leftover", "year=2019/month=01/day=01/data.parquet"),
    ]


def test_leftovers_changed_and_missing_objects_are_found(scene):
    """A second object of a day, an overwritten one and a missing one are each found, with the export to run."""
    table = filled(scene)
    put(table, FILE.replace("data", "data-20260101"), b"copy")
    put(table, FILE, b"other")
    table.s3.delete_object(Bucket="reports", Key=f"{table.prefix}/{FILE.replace('16', '18')}")
    found = examine(table.settings(), NOW)
    assert [finding.kind for finding in found] == ["leftover", "changed object", "missing object"]
    assert found[1].advice == "run `exporter export --start 2026-02-16 --end 2026-02-16`"
    assert found[2].where == "year=2026/month=02/day=18/data.parquet"
    table.export(start="2026-02-16", end="2026-02-18")
    assert odd(table) == []


def test_days_that_were_never_exported_are_found(scene):
    """Days between the first and the last that have no record, as spans; an empty day has one."""
    table = filled(scene)
    table.put("0", "2026-02-10T12:00:00Z")
    table.export(start="2026-02-10", end="2026-02-10")
    (finding,) = examine(table.settings(), NOW)
    assert (finding.kind, finding.where) == ("missing day", "2026-02-11 to 2026-02-15")
    assert finding.advice == "run `exporter backfill --start 2026-02-11 --end 2026-02-15`"


def test_days_left_open_are_found_after_a_week(scene):
    """A day read before its end is read again by the next run; after a week it has been forgotten."""
    table = scene()
    table.put("1", "2026-02-20T08:00:00Z")
    table.export(start="2026-02-20", end="2026-02-20")
    assert odd(table) == []
    assert "open day" not in dict(odd(table, NOW + dt.timedelta(days=7)))
    assert ("open day", "2026-02-20") in odd(table, NOW + dt.timedelta(days=8))


def test_the_newest_days_are_missed_once_they_are_due(scene):
    """Settled days up to yesterday, in the dataset's zone, that no run published are found, with the last outcome."""
    table = filled(scene, TIME_ZONE="America/New_York")
    assert odd(table, dt.datetime(2026, 2, 21, 5, 59, tzinfo=dt.UTC)) == []
    failed = table.job(now=NOW + dt.timedelta(hours=21), variables={"GSI_PK_ATTRIBUTE": "Other"}).run()
    assert failed.status == "failed"
    (finding,) = examine(table.settings(), dt.datetime(2026, 2, 22, 6, 0, tzinfo=dt.UTC))
    assert (finding.kind, finding.where) == ("missing day", "2026-02-20 to 2026-02-21")
    assert finding.found == (
        "due and not exported; the newest day is 2026-02-19, and the newest run, of 2026-02-21 06:00 UTC, failed: "
        f"{failed.error}"
    )
    assert "`exporter backfill --start 2026-02-20 --end 2026-02-21`" in finding.advice
    weekly = table.settings(DATE_RANGE_MODE="PREVIOUS_WEEK")
    assert examine(weekly, dt.datetime(2026, 2, 23, 5, 30, tzinfo=dt.UTC)) == []
    (finding,) = examine(weekly, dt.datetime(2026, 2, 23, 6, 0, tzinfo=dt.UTC))
    assert finding.where == "2026-02-20 to 2026-02-22"


@pytest.mark.parametrize(("mode", "options"), [("OVERWRITE", {"everything": True}), ("APPEND", DAYS)])
def test_days_that_were_read_and_held_nothing_are_not_missed(scene, mode, options):
    """A run over everything, and APPEND, record days that hold items; the ledger shows that the others were read."""
    table = scene(OVERWRITE_MODE=mode)
    table.put("1", "2026-02-16T09:58:00Z")
    table.put("2", "2026-02-18T09:58:00Z")
    table.export(**options)
    assert odd(table) == []
    assert odd(table, NOW + dt.timedelta(days=1)) == [("missing day", "2026-02-20")]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda table: table["StorageDescriptor"]["Columns"].pop(), "lacks the column kind"),
        (
            lambda table: table["StorageDescriptor"]["Columns"][0].update(Type="int"),
            "has the column agent as int; published is string",
        ),
        (
            lambda table: table["StorageDescriptor"]["Columns"].append({"Name": "more", "Type": "int"}),
            "has a column more that is not published",
        ),
        (
            lambda table: table["Parameters"].update({"projection.year.range": "2027,2028"}),
            "covers the years 2027 to 2028; published are 2026 to 2026",
        ),
        (lambda table: table["Parameters"].pop("projection.year.range"), "has no range of years"),
        (
            lambda table: table["Parameters"].update({"projection.month.digits": "1"}),
            "has projection.month.digits = 1; needed is 2",
        ),
        (
            lambda table: table["StorageDescriptor"].update(Location="s3://reports/elsewhere/"),
            "reads s3://reports/elsewhere/, not s3://reports/",
        ),
    ],
)
def test_a_table_that_is_not_as_published_is_found(scene, change, found):
    """Columns, types, years, digits and location of the Glue table are compared with the published schema."""
    table = filled(scene)
    glue = boto3.client("glue")
    described = glue.get_table(DatabaseName=table.database, Name="rows")["Table"]
    wanted = ("Name", "TableType", "Parameters", "PartitionKeys", "StorageDescriptor")
    changed = {field: described[field] for field in wanted}
    change(changed)
    glue.update_table(DatabaseName=table.database, TableInput=changed)
    catalogue = [finding for finding in examine(table.settings(), NOW) if finding.kind == "catalogue"]
    assert [finding.found.startswith(found) for finding in catalogue] == [True], catalogue


def test_a_dropped_table_is_found(scene):
    """Without a Glue table no query works; `sync` brings it back."""
    table = filled(scene)
    boto3.client("glue").delete_table(DatabaseName=table.database, Name="rows")
    (finding,) = examine(table.settings(), NOW)
    assert (finding.kind, finding.advice) == ("catalogue", "run `exporter sync`")


def test_a_run_that_died_is_found_after_an_hour(scene):
    """An entry that says `running` for more than an hour is of a dead run, unless that run holds the lease."""
    table = filled(scene)
    entry = RunEntry(
        run_id="20260220T073000Z-abcdef",
        dataset="rows",
        status="running",
        window=None,
        started_at=NOW - dt.timedelta(minutes=90),
    )
    put(table, f"_runs/{entry.run_id}.json", entry.model_dump_json().encode())
    assert odd(table) == [("dead run", entry.run_id)]
    assert odd(table, NOW - dt.timedelta(minutes=45)) == []
    lease = {"owner": entry.run_id, "host": "somewhere", "expires_at": (NOW + dt.timedelta(minutes=1)).isoformat()}
    put(table, "_lease.json", json.dumps(lease).encode())
    assert odd(table) == []


def test_quarantine_is_a_finding(scene):
    """Quarantined items are found, with their number and the command to run."""
    table = scene()
    table.put("1", "2026-02-16T09:58:00Z")
    table.put("odd", "2026-02-16 or so")
    table.export(everything=True)
    (finding,) = examine(table.settings(), NOW)
    assert (finding.kind, finding.found.split(";")[0]) == ("quarantine", "1 items quarantined by 1 run")
    assert finding.found.split("; ")[1] == "1 of them are undated, so that no day holds them"


def test_data_without_a_manifest_is_found(scene):
    """Objects without a manifest are found."""
    table = filled(scene)
    table.s3.delete_object(Bucket="reports", Key=f"{table.prefix}/_manifest.json")
    (finding,) = examine(table.settings(), NOW)
    assert (finding.kind, finding.found) == ("no records", "2 data objects, but no manifest")


def test_a_record_that_its_object_contradicts_is_found(scene):
    """A record of 0 rows, closed, while the object of its day holds a row, is named, with the export to run."""
    table = filled(scene)
    manifest = json.loads(table.read("_manifest.json"))
    manifest["days"]["2026-02-16"] |= {"objects": [], "rows_by_partition_value": {}, "key_hash": ""}
    put(table, "_manifest.json", json.dumps(manifest).encode())
    (finding,) = examine(table.settings(), NOW)
    assert (finding.kind, finding.where) == ("contradicted record", "2026-02-16")
    assert finding.found == "says that the day is empty, and data.parquet holds 1 rows"
    assert finding.advice == "run `exporter export --start 2026-02-16 --end 2026-02-16`"
    table.export(**DAYS)
    assert odd(table) == []


def test_a_partition_value_that_never_held_a_row_is_found(scene):
    """A misspelt value is named until one published day has held a row of it."""
    table = filled(scene, GSI_PK_VALUE="A,a")
    (finding,) = examine(table.settings(), NOW)
    assert (finding.kind, finding.where) == ("unknown value", "Kind = a")
    table.put("3", "2026-02-17T00:00:00Z", "a")
    table.export(**DAYS)
    table.delete("3")
    table.export(start="2026-02-18", end="2026-02-19")
    assert odd(table) == []


def test_a_value_that_finds_nothing_at_all_is_found(scene):
    """The only value is misspelt: the run is green, no column is known, and the value is the one thing to correct."""
    table = scene(GSI_PK_VALUE="a")
    table.put("1", "2026-02-16T10:00:00Z")
    table.export(**DAYS)
    assert odd(table) == [("unknown value", "Kind = a")]
    with pytest.raises(UsageError, match="no item has been exported to s3://reports/"):
        sync_catalog(table.settings())


def test_a_newest_run_that_failed_is_found(scene):
    """A wrong date format publishes nothing: doctor repeats the run's reason, until a run has read its days."""
    table = scene(DATE_FORMAT="EPOCH")
    table.put("1", "2026-02-16T10:00:00Z")
    failed = table.job(**DAYS).run()
    (finding,) = examine(table.settings(), NOW)
    assert (finding.kind, finding.where) == ("failed run", failed.run_id)
    assert "the newest run, of 2026-02-20 09:00 UTC, failed: no item of index by-kind has a readable" in finding.found
    assert finding.advice == "mend that, then run `exporter export --start 2026-02-16 --end 2026-02-19`"
    table.variables["DATE_FORMAT"] = "ISO"
    table.export(**DAYS)
    assert odd(table) == []


def test_a_failed_run_over_published_days_is_found(scene):
    """The days are published, and the newest run could not replace them: they are not missing, and the run is named."""
    table = filled(scene)
    table.job(**DAYS, now=NOW + dt.timedelta(hours=1), variables={"DATE_FORMAT": "EPOCH"}).run()
    assert [kind for kind, _ in odd(table)] == ["failed run"]


def test_days_without_a_later_added_partition_value_are_found(scene):
    """A value that joins the dataset later is named with the days that lack it, until they are read again."""
    table = filled(scene)
    table.put("b", "2026-02-16T10:00:00Z", "B")
    grown = table.settings(GSI_PK_VALUE="A,B")
    (finding,) = [found for found in examine(grown, NOW) if found.kind == "missing value"]
    assert (finding.where, finding.found) == (
        "Kind = B",
        "added after 4 days from 2026-02-16 to 2026-02-19 had been published, so these days lack its items",
    )
    assert finding.advice == "run `exporter backfill --start 2026-02-16 --end 2026-02-19`"
    table.export(**DAYS, variables={"GSI_PK_VALUE": "A,B"})
    assert examine(grown, NOW) == []


def test_the_exit_status_says_whether_something_was_found(scene, run):
    """0 clean, 1 findings; JSON is one line with kind, place, finding and advice."""
    now, table = dt.datetime.now(dt.UTC), scene()
    table.put("1", f"{now.date() - dt.timedelta(days=1)}T09:58:00Z")
    table.export(now=now)
    done = run(table, "doctor")
    assert (done.returncode, done.stdout) == (0, "rows: no findings\n"), done.stderr
    put(table, "readme.txt")
    done = run(table, "doctor", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["findings"] == [
        {
            "kind": "foreign object",
            "where": "readme.txt",
            "found": "not one of the exporter's files; Athena does not read it",
            "advice": "move it elsewhere",
        }
    ]
