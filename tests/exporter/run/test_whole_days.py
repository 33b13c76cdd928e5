"""Whole days, end to end: items put into DynamoDB, exported, and read back from S3.

The scene's clock stands at 2026-02-20 09:00 UTC.
"""

import datetime as dt

import boto3
import pytest

ONE = {"start": "2026-02-16", "end": "2026-02-16"}
WEEK = {"start": "2026-02-13", "end": "2026-02-19"}


def test_a_day_is_one_object_where_hive_expects_it(scene):
    """Each day with items becomes `year=/month=/day=/data.parquet`; days without items become nothing."""
    table = scene()
    table.put("1", "2026-02-16T09:58:00Z")
    table.put("2", "2026-02-16T23:59:59.999Z", "B")
    table.put("3", "2026-02-18T00:00:00Z")
    entry = table.export(**WEEK)
    assert table.keys() == ["year=2026/month=02/day=16/data.parquet", "year=2026/month=02/day=18/data.parquet"]
    assert table.days() == {"2026-02-16": ["1", "2"], "2026-02-18": ["3"]}
    assert (entry.rows, entry.quarantined, entry.removed) == (3, 0, ())
    assert [partition.rows for partition in entry.partitions] == [2, 1]
    assert entry.partitions[0].uri == f"s3://reports/{table.prefix}/year=2026/month=02/day=16/data.parquet"
    assert entry.read_units > 0


def test_the_same_export_twice_gives_the_same_rows(scene):
    """Running again replaces a day by itself: no row twice, the same key hash, the same order."""
    table = scene()
    for number in range(20):
        table.put(f"{number:02}", f"2026-02-16T{number:02}:00:00Z", "AB"[number % 2])
    table.export(**ONE)
    first, hash_before = table.table_of(table.keys()[0]), table.manifest().days[dt.date(2026, 2, 16)].key_hash
    table.export(**ONE)
    assert table.table_of(table.keys()[0]).equals(first)
    assert table.manifest().days[dt.date(2026, 2, 16)].key_hash == hash_before != ""
    assert first.column("id").to_pylist() == [f"{n:02}" for n in range(20)]


def test_the_last_hours_never_make_a_day_smaller(scene):
    """A window of the last five hours is widened to the whole day before the day is replaced."""
    table = scene(DATE_RANGE_MODE="LAST_N_HOURS", LOOKBACK_HOURS="5")
    table.put("early", "2026-02-20T00:10:00Z")
    table.export(start="2026-02-20", end="2026-02-20")
    table.put("late", "2026-02-20T08:30:00Z")
    entry = table.export()
    assert table.days() == {"2026-02-20": ["early", "late"]}
    assert entry.window.start == entry.window.end == dt.date(2026, 2, 20)
    assert table.manifest().days[dt.date(2026, 2, 20)].state == "open"


def test_an_emptied_day_is_removed(scene):
    """When all items of a day have been deleted and the index still answers, its object goes."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.put("2", "2026-02-17T10:00:00Z")
    table.export(**WEEK)
    table.delete("1")
    entry = table.export(**ONE)
    assert table.days() == {"2026-02-17": ["2"]}
    assert entry.removed == ("year=2026/month=02/day=16",)
    assert table.manifest().days[dt.date(2026, 2, 16)].rows == 0


def test_an_index_that_holds_nothing_at_all_removes_nothing(scene):
    """A wrong partition value looks like a table without items: the run fails, says why, and keeps the day."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.export(**ONE)
    entry = table.job(**ONE, variables={"GSI_PK_VALUE": "TYPO"}).run()
    assert entry.status == "failed"
    assert "every partition value came back empty" in entry.error
    assert table.days() == {"2026-02-16": ["1"]}
    assert table.job(**ONE, variables={"GSI_PK_VALUE": "TYPO"}, accept_empty=True).run().removed
    assert table.days() == {}


@pytest.mark.parametrize("wrong", ["EPOCH", "%d/%m/%Y"])
@pytest.mark.parametrize("options", [ONE, {"everything": True}], ids=["a day", "everything"])
def test_a_wrong_date_format_removes_nothing(scene, wrong, options):
    """Under another format the ranges are empty, or no date is readable: the run fails and keeps the days."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.put("2", "2026-02-17T10:00:00Z", "B")
    table.export(**WEEK)
    entry = table.job(**options, variables={"DATE_FORMAT": wrong}).run()
    assert entry.status == "failed"
    assert "no item of index by-kind has a readable date" in entry.error
    assert entry.error.endswith("Set DATE_FORMAT=ISO.")
    assert table.days() == {"2026-02-16": ["1"], "2026-02-17": ["2"]}


def test_a_partition_value_without_a_row_is_named_although_it_has_items_outside_the_window(scene):
    """A value that had rows on these days and has none now is named in a warning, whatever else was read with them."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.put("2", "2026-02-16T10:00:00Z", "B")
    table.put("3", "2026-02-17T10:00:00Z", "B")
    table.export(**WEEK)
    table.delete("2")
    assert table.export(**ONE).warnings == ("partition value B had 1 rows on these days and has none in this run",)


def test_an_unreadable_item_between_two_stretches_of_days_is_quarantined_once(scene):
    """A scheduled run of two stretches of days reads a key between them twice, and counts its item once."""
    table = scene()
    table.put("odd", "2026-02-18T99:00:00Z")
    table.put("1", "2026-02-17T10:00:00Z")
    table.export(start="2026-02-13", end="2026-02-18")
    later = dt.datetime(2026, 2, 20, 10, tzinfo=dt.UTC)
    failed = table.job(start="2026-02-17", end="2026-02-17", now=later, variables={"GSI_PK_ATTRIBUTE": "Other"}).run()
    assert failed.owed
    entry = table.export(now=later + dt.timedelta(hours=1))
    assert (entry.rows, entry.withheld, entry.items) == (1, 1, 2)
    assert [line["item"]["Id"]["S"] for line in table.quarantine()] == ["odd", "odd"], "once by each of two runs"


def test_everything_means_every_day(scene):
    """`--all` reads years apart, removes days that are gone, and reports the window that it found."""
    table = scene()
    for identity, at in [
        ("old", "2019-12-31T23:00:00Z"),
        ("mid", "2024-02-29T12:00:00Z"),
        ("new", "2026-02-20T08:00:00Z"),
    ]:
        table.put(identity, at)
    table.export(everything=True)
    assert table.days() == {"2019-12-31": ["old"], "2024-02-29": ["mid"], "2026-02-20": ["new"]}
    table.delete("mid")
    entry = table.export(everything=True)
    assert entry.removed == ("year=2024/month=02/day=29",)
    assert (entry.window.start, entry.window.end) == (dt.date(2019, 12, 31), dt.date(2026, 2, 20))
    parameters = boto3.client("glue").get_table(DatabaseName=table.database, Name="rows")["Table"]["Parameters"]
    assert parameters["projection.year.range"] == "2019,2026"


def test_everything_spans_the_turn_of_epoch_texts(scene):
    """As text, 999999999 (September 2001) comes after 1771200000; `--all` still finds both ends and what is between."""
    table = scene(DATE_FORMAT="EPOCH")
    for number in range(4):  # so large that no value's first page is its whole answer
        for kind in "AB":
            padding = {"S": "x" * 330_000}
            table.put(f"{kind}{number}", str(1771200000 + number), kind, Padding=padding)
            table.put(f"{kind}{number}-old", str(999999000 + number), kind, Padding=padding)
    table.export(everything=True)
    assert {day: len(ids) for day, ids in table.days().items()} == {"2001-09-09": 8, "2026-02-16": 8}


def test_leftovers_of_append_go_with_the_day(scene):
    """OVERWRITE holds the whole day, so a further `data-*.parquet` of it would count twice and is removed."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.export(**ONE, variables={"OVERWRITE_MODE": "APPEND"})
    assert table.keys()[0].startswith("year=2026/month=02/day=16/data-")
    table.export(**ONE)
    assert table.keys() == ["year=2026/month=02/day=16/data.parquet"]


def test_append_adds_and_warns_of_overlap(scene):
    """APPEND adds a file per run, removes nothing, and says which days hold an earlier run's rows as well."""
    table = scene(OVERWRITE_MODE="APPEND", GSI_PK_VALUE="A")
    table.put("1", "2026-02-16T10:00:00Z")
    assert table.export(**ONE).warnings == ()
    entry = table.job(**ONE, now=dt.datetime(2026, 2, 20, 10, tzinfo=dt.UTC)).run()
    assert len(table.keys()) == 2
    assert any("2026-02-16" in warning and "APPEND counts both" in warning for warning in entry.warnings)
    assert table.manifest().days[dt.date(2026, 2, 16)].rows == 2


def test_append_of_the_last_hours_is_exact(scene):
    """In APPEND a window of hours is not widened, so that what an earlier run added is not added again."""
    table = scene(OVERWRITE_MODE="APPEND", DATE_RANGE_MODE="LAST_N_HOURS", LOOKBACK_HOURS="5")
    table.put("before", "2026-02-20T03:59:59Z")
    table.put("within", "2026-02-20T04:00:00Z")
    table.put("future", "2026-02-20T09:00:00Z")
    table.export()
    assert table.days() == {"2026-02-20": ["within"]}


def test_a_scheduled_run_reads_what_is_owed(scene):
    """An open day, and a past day without a record, are read by the next scheduled run in addition to its own range."""
    table = scene()
    table.put("mon", "2026-02-16T10:00:00Z")
    table.export(start="2026-02-16", end="2026-02-16", now=dt.datetime(2026, 2, 16, 12, tzinfo=dt.UTC))
    table.put("mon-late", "2026-02-16T20:00:00Z")
    table.put("tue", "2026-02-17T10:00:00Z")
    table.put("wed", "2026-02-18T10:00:00Z")
    entry = table.export(now=dt.datetime(2026, 2, 19, 2, tzinfo=dt.UTC))
    assert table.days() == {"2026-02-16": ["mon", "mon-late"], "2026-02-17": ["tue"], "2026-02-18": ["wed"]}
    assert (entry.window.start, entry.window.end) == (dt.date(2026, 2, 16), dt.date(2026, 2, 18))
    assert {record.state for record in table.manifest().days.values()} == {"closed"}


def test_items_without_a_readable_day_are_withheld_whole(scene):
    """Items read = rows + withheld; a withheld item is in quarantine with its reason and its numbers intact."""
    table = scene()
    table.put("good", "2026-02-16T10:00:00Z")
    table.put("bad", "2026-02-16 at noon", Big={"N": "12345678901234567890123456789012345678"})
    entry = table.export(**ONE)
    assert (entry.items, entry.rows, entry.withheld, entry.quarantined) == (2, 1, 1, 1)
    (line,) = table.quarantine()
    assert "2026-02-16 at noon" in line["reason"]
    assert line["item"]["Id"] == {"S": "bad"}
    assert line["item"]["Big"] == {"N": "12345678901234567890123456789012345678"}


def test_a_value_that_contradicts_its_column_is_nulled(scene):
    """The row stays, the value becomes null, and the whole item is in quarantine with the column named."""
    table = scene()
    for number in range(3):
        table.put(str(number), f"2026-02-16T10:0{number}:00Z", Amount={"N": "1.5"})
    table.export(**ONE)
    table.put("odd", "2026-02-16T11:00:00Z", Amount={"S": "n/a"})
    entry = table.export(**ONE)
    assert (entry.rows, entry.nulled, entry.quarantined) == (4, 1, 1)
    assert table.rows()["odd"]["amount"] is None
    assert table.rows()["1"]["amount"] == 1.5
    (line,) = table.quarantine()
    assert "amount" in line["reason"]
    assert line["item"]["Amount"] == {"S": "n/a"}
    assert table.manifest().days[dt.date(2026, 2, 16)].nulled == 1


def test_offsets_are_placed_by_their_instant(scene):
    """Text keys with offsets do not sort by time; each item still lands on its own day, and on one day alone."""
    table = scene()
    table.put("early", "2026-02-17T09:00:00+14:00")  # 2026-02-16T19:00Z
    table.put("late", "2026-02-15T20:00:00-12:00")  # 2026-02-16T08:00Z
    table.put("next", "2026-02-16T23:30:00-05:00")  # 2026-02-17T04:30Z
    table.put("plain", "2026-02-16")
    table.export(**ONE)
    assert table.days() == {"2026-02-16": ["early", "late", "plain"]}
    table.export(**WEEK)
    assert table.days() == {"2026-02-16": ["early", "late", "plain"], "2026-02-17": ["next"]}


@pytest.mark.parametrize(
    ("sort_type", "variables", "values"),
    [
        ("S", {}, ["2026-02-16T00:00:00.000001+00:00", "2026-02-16 23:59:59.999", "2026-02-17T00:00:00Z"]),
        ("N", {"DATE_FORMAT": "EPOCH"}, ["1771200000", "1771286399.999", "1771286400"]),
        ("S", {"DATE_FORMAT": "EPOCH"}, ["1771200000", "1771286399.999", "1771286400"]),
        ("N", {"DATE_FORMAT": "EPOCH_MILLIS"}, ["1771200000000", "1771286399999", "1771286400000"]),
        ("S", {"DATE_FORMAT": "EPOCH_MILLIS"}, ["1771200000000", "1771286399999", "1771286400000"]),
        (
            "S",
            {"DATE_FORMAT": "HUMAN_READABLE"},
            [
                "February 16, 2026 12:00:00 AM UTC",
                "February 16, 2026 06:59:59 PM EST",
                "February 16, 2026 07:00:00 PM EST",
            ],
        ),
        ("S", {"DATE_FORMAT": "%d/%m/%Y %H:%M"}, ["16/02/2026 00:00", "16/02/2026 23:59", "17/02/2026 00:00"]),
        ("S", {"DATE_FORMAT": "%Y%m%d%H%M%S"}, ["20260216000000", "20260216235959", "20260217000000"]),
        (
            "S",
            {"TIME_ZONE": "America/New_York"},
            ["2026-02-16T05:00:00Z", "2026-02-16T23:59:59", "2026-02-17T05:00:00Z"],
        ),
    ],
)
def test_every_date_format_finds_its_day(scene, sort_type, variables, values):
    """First and last moment of a day belong to it, the first moment of the next does not: in every format."""
    table = scene(sort_type=sort_type, **variables)
    for identity, at in zip(["first", "last", "after"], values, strict=True):
        table.put(identity, at)
    table.export(**ONE)
    assert table.days() == {"2026-02-16": ["first", "last"]}
    table.export(everything=True)
    assert table.days() == {"2026-02-16": ["first", "last"], "2026-02-17": ["after"]}


def test_a_stop_between_pages_keeps_what_is_published(scene):
    """A run that is asked to stop says so, owes its days and leaves published ones alone."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z")
    table.export(**ONE)
    job = table.job(**WEEK)
    job.stop.set()
    entry = job.run()
    assert entry.status == "interrupted"
    assert len(entry.owed) == 7
    assert table.days() == {"2026-02-16": ["1"]}
