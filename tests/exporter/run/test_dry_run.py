"""`export --dry-run` against the run itself: what it announces is what then happens.

The scene's clock stands at 2026-02-20 09:00 UTC.
"""

import datetime as dt
import json

import boto3
import pytest

from exporter.errors import CatalogError, ExportError, SchemaConflict, SourceError
from exporter.run.dry_run import Preview, preview, preview_json, preview_text
from exporter.run.request import request_from_options

NOW = dt.datetime(2026, 2, 20, 9, 0, tzinfo=dt.UTC)
THEN = NOW - dt.timedelta(days=2)


def announced(table, *, now=NOW, variables=None, **options) -> Preview:
    settings = table.settings(**(variables or {}))
    return preview(settings, request_from_options(settings, now, **options), now)


class Deeds:
    """What a run did, as S3 and DynamoDB were asked to do it."""

    def __init__(self, job) -> None:
        self.touched: set[str] = set()
        self.bounds: set[tuple[str, str]] = set()
        self.is_whole = False
        s3, dynamodb = job._clients.s3.meta.events, job._clients.dynamodb.meta.events
        s3.register("provide-client-params.s3.PutObject", self._touch)
        s3.register("provide-client-params.s3.DeleteObject", self._touch)
        dynamodb.register("provide-client-params.dynamodb.Query", self._query)
        self.entry = job.run()

    def _touch(self, params, **_):
        if "/year=" in params["Key"]:
            self.touched.add(params["Key"])

    def _query(self, params, **_):
        values = params["ExpressionAttributeValues"]
        self.is_whole = self.is_whole or ":l" not in values
        self.bounds |= {next(iter(values[bound].values())) for bound in (":l", ":h") if bound in values}


def filled(scene, **variables):
    """An item on each day from the 13th to the 20th, exported up to the 18th while that was still open.

    Then the index loses the items of two days, and a third one has a further file.
    """
    table = scene(**variables)
    for day in (f"2026-02-{number}" for number in range(13, 21)):
        table.put(day, f"{day}T10:00:00Z", "AB"[int(day[-1]) % 2])
    table.export(start="2026-02-13", end="2026-02-18", now=THEN)
    table.s3.put_object(
        Bucket="reports", Key=f"{table.prefix}/year=2026/month=02/day=16/data-left.parquet", Body=b"left over"
    )
    table.delete("2026-02-14", "2026-02-15")
    return table


def file_of(table, tmp_path, days: int) -> dict[str, str]:
    """Return the variables of a dataset file that says how old items become."""
    file = tmp_path / "dataset.yaml"
    file.write_text(
        f"name: rows\nsource: {{table: {table.table}, index: by-kind, partition_key: Kind, partition_values: [A, B], "
        f"sort_key: At}}\nretention: {{expires_after_days: {days}}}\ntarget: {{prefix: {table.prefix}, table: rows, "
        f"database: {table.database}}}\n"
    )
    names = ("DYNAMO_TABLE_NAME", "GSI_NAME", "GSI_PK_ATTRIBUTE", "GSI_PK_VALUE", "GSI_SK_ATTRIBUTE")
    return dict.fromkeys(names, "") | {"DATASET": str(file)}


NAMED = {"start": "2026-02-14", "end": "2026-02-16"}


@pytest.mark.parametrize(
    ("variables", "options"),
    [
        ({"LOOKBACK_DAYS": "4"}, {}),
        ({"DATE_RANGE_MODE": "LAST_N_HOURS", "LOOKBACK_HOURS": "30", "SETTLE_MINUTES": "600"}, {}),
        ({}, NAMED),
        ({}, {"everything": True}),
        ({"OVERWRITE_MODE": "APPEND"}, {"everything": True}),
        ({"OVERWRITE_MODE": "APPEND", "DATE_RANGE_MODE": "LAST_N_HOURS", "LOOKBACK_HOURS": "24"}, {}),
    ],
    ids=str,
)
def test_what_is_announced_is_what_happens(scene, variables, options):
    """Days, objects replaced or removed, days left open and ranges of keys: the run does what the dry run said."""
    table = filled(scene)
    before = {f"{table.prefix}/{key}" for key in table.keys("year=")}
    said = announced(table, variables=variables, **options)
    deeds = Deeds(table.job(variables=variables, **options))
    assert deeds.entry.status == "succeeded", deeds.entry.error
    read = {day for day, record in table.manifest().days.items() if record.read_at == NOW}
    days = {dt.date(2026, 2, number) for number in range(13, 21)} if said.days is None else set(said.days)
    if said.mode == "APPEND":
        held = {day for day in days if day.day not in {14, 15}}
        # Its items are of ten o'clock, and it is nine now: the last 24 hours hold yesterday's alone.
        assert read == ({dt.date(2026, 2, 19)} if said.between else held)
        assert (said.replaces, said.keeps) == ((), ())
        assert set(said.overlaps) == {key for key in before if table_day(key) in days}
        assert deeds.touched.isdisjoint(before)
    else:
        assert read == days
        assert set(said.replaces) == deeds.touched & before
        assert (said.keeps, said.overlaps) == ((), ())
        assert set(said.open) == {day for day in read if table.manifest().days[day].state == "open"}
    assert deeds.is_whole == (said.days is None)
    if said.days is not None:
        assert {min(deeds.bounds), max(deeds.bounds)} == {said.ranges[0].low, said.ranges[-1].high}


def table_day(key: str) -> dt.date:
    year, month, day = (part.partition("=")[2] for part in key.split("/")[1:4])
    return dt.date(int(year), int(month), int(day))


def test_a_key_that_does_not_sort_is_announced_as_read_whole(scene):
    """HUMAN_READABLE: the whole key is read, once for each stretch of days; the days alone are written."""
    table = scene(DATE_FORMAT="HUMAN_READABLE")
    for day in range(14, 18):
        table.put(str(day), f"February {day}, 2026 10:00 AM")
    table.export(start="2026-02-14", end="2026-02-17", now=THEN)
    said = announced(table, **NAMED)
    assert "reads the whole key of each value: HUMAN_READABLE does not sort by time" in preview_text(said)
    deeds = Deeds(table.job(**NAMED))
    assert (deeds.entry.status, deeds.bounds) == ("succeeded", set())
    assert {table_day(key).day for key in said.replaces} == {14, 15, 16}
    assert set(said.replaces) == deeds.touched
    later = NOW + dt.timedelta(hours=1)
    table.job(start="2026-02-14", end="2026-02-14", now=later, variables={"GSI_PK_ATTRIBUTE": "Other"}).run()
    text = preview_text(announced(table, now=later))
    assert "reads the whole key of each value 2 times, once for each stretch of days" in text
    warned = next(said for said in table.job(now=later).run().warnings if said.startswith("everything"))
    assert warned == (
        "everything is read 2 times, once for each span of days, because this source is not sorted by time; "
        "`exporter backfill --force --start 2026-02-14 --end 2026-02-19` would read it once"
    )


def test_expiring_days_are_announced_as_protected(scene, tmp_path):
    """An expired day is replaced only where the index holds no fewer items; --accept-empty replaces it anyway."""
    table = filled(scene)
    variables = file_of(table, tmp_path, days=5)
    said = announced(table, variables=variables, **NAMED)
    day = f"{table.prefix}/year=2026/month=02/day="
    assert said.keeps == (f"{day}14/data.parquet", f"{day}15/data.parquet")
    assert said.replaces == (f"{day}16/data-left.parquet", f"{day}16/data.parquet")
    assert "older than expires_after_days (5)" in preview_text(said)
    accepting = announced(table, variables=variables, **NAMED, accept_empty=True)
    assert (accepting.keeps, len(accepting.replaces)) == ((), 4)
    table.put("2026-02-14", "2026-02-14T10:00:00Z", "A")
    deeds = Deeds(table.job(variables=variables, **NAMED))
    assert deeds.entry.status == "failed"
    assert deeds.touched == {said.keeps[0], *said.replaces}


def test_append_to_an_expired_day_takes_nothing_away_and_is_not_refused(scene, tmp_path):
    """APPEND adds a file to those of the day, so a day's age protects nothing."""
    table = filled(scene)
    variables = file_of(table, tmp_path, days=2) | {"OVERWRITE_MODE": "APPEND"}
    table.put("2026-02-13", "2026-03-01T00:00:00Z", "B")
    table.put("more", "2026-02-13T11:00:00Z")
    table.put("again", "2026-02-14T11:00:00Z")
    options = {"start": "2026-02-13", "end": "2026-02-15"}
    said = announced(table, variables=variables, **options)
    assert (said.replaces, said.keeps, len(said.overlaps)) == ((), (), 3)
    entry = table.export(variables=variables, **options)
    assert [partition.partition[-2:] for partition in entry.partitions] == ["13", "14"]


def test_owed_and_looked_back_days_are_distinguished_from_those_asked_for(scene):
    """A scheduled run names why it reads each day: asked for, owed, or read again to find changes."""
    table = filled(scene)
    said = announced(table, variables={"LOOKBACK_DAYS": "4"})
    assert [str(day)[-2:] for day in said.days] == ["16", "17", "18", "19"]
    assert [str(day)[-2:] for day in said.owed] == ["18"]
    assert [str(day)[-2:] for day in said.looked_back] == ["16", "17"]
    text = preview_text(said)
    assert "owed by earlier runs, and included: 2026-02-18" in text
    assert "closed, and read again to find what has changed: 2026-02-16, 2026-02-17" in text
    shown = json.loads(preview_json(said))
    assert (shown["owed"], shown["looked_back"]) == (["2026-02-18"], ["2026-02-16", "2026-02-17"])
    assert shown["key_ranges"][0]["from"].startswith("2026-02-15")


def test_a_resume_is_announced_as_it_goes_on(scene):
    """Nothing owed: nothing would be read, and that is no failure. A run over everything is resumed as one."""
    table = filled(scene)
    said = announced(table, resume=True)
    assert (said.days, said.ranges, said.replaces) == ((), (), ())
    assert "nothing to resume" in preview_text(said)
    failed = table.job(**NAMED, variables={"GSI_PK_ATTRIBUTE": "Other"}).run()
    said = announced(table, resume=True)
    assert said.days == said.owed == failed.owed != ()
    table.job(everything=True, now=NOW + dt.timedelta(hours=1), variables={"GSI_PK_ATTRIBUTE": "Other"}).run()
    later = NOW + dt.timedelta(hours=2)
    said = announced(table, resume=True, now=later)
    deeds = Deeds(table.job(resume=True, now=later))
    assert said.days is None
    assert set(said.replaces) == deeds.touched & set(said.replaces)
    assert deeds.is_whole


def foreign_table(table):
    database = {"DatabaseName": table.database}
    boto3.client("glue").delete_table(**database, Name="rows")
    storage = {"Location": "s3://other/place/", "Columns": []}
    boto3.client("glue").create_table(**database, TableInput={"Name": "rows", "StorageDescriptor": storage})


def foreign_view(table):
    boto3.client("glue").create_table(DatabaseName=table.database, TableInput={"Name": "rows_answers"})


@pytest.mark.parametrize(
    ("spoil", "variables", "refusal", "said"),
    [
        (foreign_table, {}, CatalogError, "reads s3://other/place/"),
        (foreign_view, {"QUESTION_SUFFIX": "_Question"}, CatalogError, "rows_answers exists and is not this dataset's"),
        (lambda _: None, {"TIME_ZONE": "Europe/Berlin"}, SchemaConflict, "Europe/Berlin"),
        (lambda _: None, {"GSI_NAME": "other"}, SourceError, "has no index other"),
        (
            lambda _: None,
            {"DATE_FORMAT": "EPOCH", "S3_BUCKET": "nowhere"},
            ExportError,
            "bucket nowhere does not exist",
        ),
    ],
)
def test_what_the_run_refuses_the_dry_run_refuses_in_the_same_words(scene, spoil, variables, refusal, said):
    """A table or view of another owner, another source, no such index, no such bucket: both give the same reason."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z", Mood={"S": "well"}, Mood_Question={"S": "How are you?"})
    table.export(**NAMED)
    spoil(table)
    with pytest.raises(refusal, match=said) as refused:
        announced(table, variables=variables, **NAMED)
    assert table.job(variables=variables, **NAMED).run().error == str(refused.value)


def test_a_run_at_work_is_named(scene):
    """A dry run needs no lease; it says who holds it, and what a run would do now."""
    table = filled(scene)
    lease = {"owner": "20260220T085900Z-abcdef", "host": "there", "expires_at": "2026-02-20T09:01:00Z"}
    table.s3.put_object(Bucket="reports", Key=f"{table.prefix}/_lease.json", Body=json.dumps(lease).encode())
    (warning,) = announced(table).warnings
    assert "20260220T085900Z-abcdef on there is exporting" in warning
    assert "would be refused" in warning
    assert announced(table, now=NOW + dt.timedelta(minutes=2)).warnings == ()
