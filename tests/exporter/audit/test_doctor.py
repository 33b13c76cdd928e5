"""`exporter doctor`: what is odd below a prefix, in the records and in the catalogue, and what to do about it.

The scene's clock stands at 2026-02-20 09:00 UTC.
"""

import datetime as dt
import json

import boto3
import pytest
from botocore.stub import Stubber
from changing import event, item, write

from dataset_model.records.runs import RunEntry
from exporter.audit.doctor import examine, findings_text
from exporter.audit.stream_mapping import StreamMapping, mappings_of
from exporter.cli.sync import sync_catalog
from exporter.clients import Clients
from exporter.errors import UsageError
from exporter.run.incremental.window_state import PendingWindow, WindowState

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
DAYS = {"start": "2026-02-16", "end": "2026-02-19"}
FILE = "year=2026/month=02/day=16/data.parquet"


@pytest.fixture
def scene(scene):
    """Make scenes of the one partition value that has items; a value without any is a finding of its own."""
    return lambda **variables: scene(**({"GSI_PK_VALUE": "A"} | variables))


def filled(scene, **variables):
    table = scene(**variables)
    table.put("1", "2026-02-16T09:58:00Z", Agent={"S": "Ann"})
    table.put("2", "2026-02-18T00:00:00Z")
    table.export(**DAYS)
    return table


def odd(table, now=NOW):
    return [(finding.kind, finding.where) for finding in examine(table.settings(), now)]


def put(table, key, body=b"x"):
    table.s3.put_object(Bucket="reports", Key=f"{table.prefix}/{key}", Body=body)


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


def test_table_exports_that_never_ended_or_were_never_read_are_found(scene):
    """A day after its last object: an export without its summary, and one that no run has published."""
    table = filled(scene)
    put(table, "_exports/AWSDynamoDB/01-a/_started")
    put(table, "_exports/AWSDynamoDB/01-b/manifest-summary.json")
    put(table, "_exports/_converted/01-a/x/data.json")
    now = dt.datetime.now(dt.UTC)

    def found(at):
        return [finding for finding in examine(table.settings(), at) if finding.kind == "table export"]

    assert found(now + dt.timedelta(hours=23)) == []
    first, second = found(now + dt.timedelta(hours=25))
    assert first.where == f"{table.prefix}/_exports/AWSDynamoDB/01-a/"
    assert first.found.startswith("never ended; its newest object is of ")
    assert f"--export-arn ...:table/{table.table}/export/01-a` says why" in first.advice
    assert second.found.startswith("ended and was read by no run")
    assert f"--source table-export --export-arn ...:table/{table.table}/export/01-b`" in second.advice


def test_converted_files_that_are_left_are_found_a_week_after_the_last(scene):
    """Merged or not, with the command that removes them; a failed run has merged nothing."""
    table = filled(scene)
    put(table, "_exports/_converted/01-a/x/data.json", b"12345")
    put(table, "_exports/_converted/01-a/x/data-1.arrows", b"12345")
    put(table, "_exports/_converted/01-b/x/data.json", b"123")
    put(table, "_exports/_converted/01-c/x/data.json", b"123")
    for export, status in (("01-a", "succeeded"), ("01-b", "failed")):
        arn = f"arn:aws:dynamodb:eu-west-1:1:table/x/export/{export}"
        entry = RunEntry(**(table.ledger()[0].model_dump() | {"status": status, "options": {"export_arn": arn}}))
        put(table, f"_runs/20260220T090000Z-{export}.json", entry.model_dump_json().encode())
    now = dt.datetime.now(dt.UTC)

    def found(at):
        return [finding for finding in examine(table.settings(), at) if finding.kind == "table export"]

    folder = f"{table.prefix}/_exports/_converted"
    remove = f"`aws s3 rm --recursive s3://reports/{folder}"
    assert found(now + dt.timedelta(days=6)) == []
    merged, failed, unread = found(now + dt.timedelta(days=8))
    assert (merged.where, unread.where) == (f"{folder}/01-a/", f"{folder}/01-c/")
    assert merged.found.startswith("2 converted files of 10 bytes, the newest of ")
    assert merged.found.endswith("; a run has merged them")
    assert merged.advice == f"if no further window of this export is wanted, {remove}/01-a/`"
    assert failed.found.endswith("; none of the newest runs has merged them")
    assert unread.advice == (
        "merge them by `exporter backfill --source table-export --workers 1 --export-arn "
        f"...:table/{table.table}/export/01-c` with --start and --end, or remove them by {remove}/01-c/`"
    )


def test_exports_that_have_been_read_are_found_a_week_later(scene):
    """Those that a run has read, and the rest of incremental ones; an unread one is named as such and not removed."""
    table = filled(scene)
    for name in ("AWSDynamoDB/01-a/data/1.json.gz", "AWSDynamoDB/01-b/manifest-summary.json", "_changes/AWSDynamoDB/1"):
        put(table, f"_exports/{name}", b"12345")
    arn = "arn:aws:dynamodb:eu-west-1:1:table/x/export/01-a"
    entry = RunEntry(**(table.ledger()[0].model_dump() | {"options": {"export_arn": arn}}))
    put(table, "_runs/20260220T090000Z-01-a.json", entry.model_dump_json().encode())
    now = dt.datetime.now(dt.UTC)

    def found(at):
        return [one for one in examine(table.settings(), at) if "bytes that have been read" in one.found]

    assert found(now + dt.timedelta(days=6)) == []
    full, rest = found(now + dt.timedelta(days=8))
    place = f"s3://reports/{table.prefix}/_exports"
    assert full.advice == (
        f"if no further window of this export is wanted, `aws s3 rm --recursive {place}/AWSDynamoDB/01-a/`"
    )
    assert rest.advice.endswith(f"{place}/_changes/`")


def test_windows_that_are_not_read_are_found(scene):
    """An export of a window that is asked for since a day, and a dataset that has read no window for two days."""
    table = filled(scene)
    now = dt.datetime(2026, 2, 20, 9, tzinfo=dt.UTC)
    pending = PendingWindow(
        start=now - dt.timedelta(hours=24),
        end=now,
        token="t",
        asked_at=now,
        arn="arn:aws:dynamodb:x:1:table/x/export/1",
    )
    state = WindowState(dataset="rows", table=table.table, read_to=pending.start, pending=pending)

    def found(state, hours):
        put(table, "_exports/_windows.json", state.model_dump_json().encode())
        findings = examine(table.settings(), now + dt.timedelta(hours=hours))
        return [finding.found for finding in findings if finding.where == f"{table.prefix}/_exports/_windows.json"]

    assert found(state, 23) == []
    (text,) = found(state, 25)
    assert text.startswith(
        "the export of 2026-02-19 09:00 to 2026-02-20 09:00 UTC was asked for at 2026-02-20 09:00 UTC"
    )
    assert text.endswith(" and is not read yet: arn:aws:dynamodb:x:1:table/x/export/1")
    read = state.model_copy(update={"pending": None, "read_to": now})
    assert found(read, 47) == []
    assert found(read, 49) == ["changes are read up to 2026-02-20 09:00 UTC, and not since"]


def test_a_scan_that_was_not_finished_is_found_a_week_later(scene):
    """Its record and its segments are named: they are too old to go on with, so they are removed or begun again."""
    table = filled(scene)
    put(table, "_exports/_converted/scan-1/x/segment-00000.json")
    record = {"scan": "scan-1", "table": table.table, "segments": 3, "started_at": "2026-02-20T09:00:00Z"}
    put(table, "_exports/_scan.json", json.dumps(record).encode())
    below = f"s3://reports/{table.prefix}/_exports"
    now = dt.datetime.now(dt.UTC)
    findings = examine(table.settings(), max(now, NOW) + dt.timedelta(days=8))
    segments, scan = (finding for finding in findings if finding.kind == "table export")
    assert segments.advice == (
        f"a scan is given up after a week: remove them by `aws s3 rm --recursive {below}/_converted/scan-1/`; "
        "`exporter backfill --source scan` is another"
    )
    assert scan.found == (
        "the scan that was begun at 2026-02-20 09:00 UTC was never published, and its rows are too old now"
    )
    assert scan.advice.endswith(f"or remove the record by `aws s3 rm {below}/_scan.json`")
    earlier = examine(table.settings(), NOW + dt.timedelta(days=6))
    assert [finding.where for finding in earlier if finding.where.endswith("_scan.json")] == []


def test_lists_of_state_machines_are_found_a_week_later(scene):
    """What Step Functions writes below `_batches/` is read by no run, so it is named with what removes it."""
    table = filled(scene)
    put(table, "_exports/_batches/run-1/manifest.json", b"12345")
    put(table, "_exports/_batches/run-1/SUCCEEDED_0.json", b"123")
    now = dt.datetime.now(dt.UTC)

    def found(at):
        return [one for one in examine(table.settings(), at) if "_batches" in one.where]

    assert found(now + dt.timedelta(days=6)) == []
    (finding,) = found(now + dt.timedelta(days=8))
    assert finding.found.startswith(
        "2 objects of 8 bytes in which Step Functions lists what tasks did; the newest is of "
    )
    assert finding.advice == f"`aws s3 rm --recursive s3://reports/{table.prefix}/_exports/_batches/`"


def test_commands_that_doctor_prints_quote_the_names_of_folders(scene):
    """A person pastes them into a shell, and who may write objects chooses such a name."""
    table = filled(scene)
    put(table, "_exports/AWSDynamoDB/01; reboot/manifest-summary.json")
    put(table, "_exports/_converted/$(reboot)/x/data.json")
    findings = examine(table.settings(), dt.datetime.now(dt.UTC) + dt.timedelta(days=8))
    export, converted = (finding.advice for finding in findings if finding.kind == "table export")
    assert f"--export-arn '...:table/{table.table}/export/01; reboot'`" in export
    assert f"`aws s3 rm --recursive 's3://reports/{table.prefix}/_exports/_converted/$(reboot)/'`" in converted
    assert f"--export-arn '...:table/{table.table}/export/$(reboot)'`" in converted


def test_changes_that_wait_or_are_outdated_and_a_stream_without_old_images_are_found(scene):
    """Days read before there were changes, change files that `compact` would remove, and the stream's own settings."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.put("2", "2026-02-17T10:00:00Z")
    table.export(start="2026-02-16", end="2026-02-17")
    long_ago = NOW - dt.timedelta(hours=1)
    write(table, *(event(day, long_ago, item("3", f"2026-02-{day}T10:00:00Z"), None) for day in (16, 17)))
    table.export(start="2026-02-17", end="2026-02-17")
    table.dynamodb.update_table(
        TableName=table.table, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    )
    findings = examine(table.settings(), NOW + dt.timedelta(days=2))
    found = [finding for finding in findings if finding.kind in {"changes", "stream"}]
    assert [(finding.kind, finding.where) for finding in found] == [
        ("stream", f"table {table.table}"),
        ("changes", "_changes/ of 2026-02-17"),
        ("changes", "_changes/ of 2026-02-16"),
    ]
    assert "carries NEW_IMAGE; NEW_AND_OLD_IMAGES is needed" in found[0].found
    assert "1 change files are older" in found[1].found
    assert "--start 2026-02-16 --end 2026-02-16" in found[2].advice


UUID = "0f1e2d3c-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("mapping", "found"),
    [
        (StreamMapping(UUID, "changes", "Enabled", "OK", dt.timedelta(minutes=59)), []),
        (StreamMapping(UUID, "changes", "Enabled", "No records processed", None), []),
        (
            StreamMapping(UUID, "changes", "Disabled", "OK", None),
            ["it is Disabled: no change is written, and the stream forgets after 24 hours"],
        ),
        (
            StreamMapping(UUID, "changes", "Enabled", "PROBLEM: Function call failed", dt.timedelta(hours=20.5)),
            [
                "its last batch was not delivered: PROBLEM: Function call failed",
                "records are 20.5 hours old when they are read (IteratorAge); a stream forgets after 24",
            ],
        ),
    ],
)
def test_a_mapping_that_lags_or_stands_is_found(scene, mapping, found, monkeypatch):
    """A mapping that is off, whose batches fail, or whose records wait for an hour and more, by its id and function."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.export(start="2026-02-16", end="2026-02-16")
    write(table, event(1, NOW, item("3", "2026-02-16T10:00:00Z"), None))
    view = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    table.dynamodb.update_table(TableName=table.table, StreamSpecification=view)
    monkeypatch.setattr("exporter.audit.doctor.mappings_of", lambda *_: (mapping,))
    findings = [one for one in examine(table.settings(), NOW) if one.kind == "stream"]
    assert [one.found for one in findings] == found
    assert {one.where for one in findings} <= {f"mapping {UUID} of function changes"}


def test_mappings_are_what_lambda_and_cloudwatch_say(aws):
    """State, last result and the oldest record of half an hour are read, and what may not be asked is not known."""
    clients, now = Clients("us-east-1"), dt.datetime.now(dt.UTC)
    stream = "arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-11-01T00:00:00.000"
    assert mappings_of(clients, stream, now) == ()
    with Stubber(clients.lambda_) as functions, Stubber(clients.cloudwatch) as metrics:
        arn = "arn:aws:lambda:us-east-1:123456789012:function:changes:live"
        one = {"UUID": UUID, "FunctionArn": arn, "State": "Enabled", "LastProcessingResult": "OK"}
        functions.add_response("list_event_source_mappings", {"EventSourceMappings": [one]}, {"EventSourceArn": stream})
        metrics.add_response("get_metric_statistics", {"Datapoints": [{"Maximum": 1000.0}, {"Maximum": 7_200_000.0}]})
        assert mappings_of(clients, stream, now) == (
            StreamMapping(UUID, "changes", "Enabled", "OK", dt.timedelta(hours=2)),
        )
        functions.add_response("list_event_source_mappings", {"EventSourceMappings": [one]}, {"EventSourceArn": stream})
        metrics.add_client_error("get_metric_statistics", "AccessDenied")
        assert mappings_of(clients, stream, now) == (StreamMapping(UUID, "changes", "Enabled", "OK", None),)
        functions.add_client_error("list_event_source_mappings", "AccessDeniedException")
        assert mappings_of(clients, stream, now) == ()
