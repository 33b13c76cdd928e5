"""Which rows partition projection and the catalogue make visible."""

import pyarrow as pa
import pytest
from stand_in import DATE_PROJECTION, PARTITIONED_BY_DAY


def put_day(place, table, year, month, day, rows):
    folder = f"{table}/year={year}/month={month:02d}/day={day:02d}"
    place.put_parquet(f"{folder}/data.parquet", pa.table({"a": pa.array(rows, pa.int32())}))


def test_a_year_outside_the_range_is_invisible(place):
    """Objects under a value that the projection does not produce are not read, as in Athena."""
    place.create_table("t", "a int", PARTITIONED_BY_DAY, DATE_PROJECTION)
    put_day(place, "t", 2026, 1, 5, [1])
    put_day(place, "t", 2031, 1, 5, [2])
    place.put_parquet("t/year=2026/month=1/day=6/data.parquet", pa.table({"a": pa.array([3], pa.int32())}))
    assert place.rows("SELECT a FROM t") == [["1"]]
    assert place.rows("SELECT a FROM t WHERE year = 2031") == []


def test_range_may_grow(place):
    """Widening the range makes the rows appear."""
    place.create_table("t", "a int", PARTITIONED_BY_DAY, DATE_PROJECTION)
    put_day(place, "t", 2031, 1, 5, [2])
    place.rows("ALTER TABLE t SET TBLPROPERTIES ('projection.year.range' = '2020,2031')")
    assert place.rows("SELECT a, year FROM t") == [["2", "2031"]]


def test_partition_columns_have_their_types(place):
    """INT partition columns are numbers although their folders are padded."""
    place.create_table("t", "a int", PARTITIONED_BY_DAY, DATE_PROJECTION)
    put_day(place, "t", 2026, 1, 5, [1])
    ran = place.run("SELECT *, month + 1 FROM t")
    assert ran.rows == [["1", "2026", "1", "5", "2"]]
    assert ran.types == ["integer"] * 5


def test_injected_needs_an_equality(place):
    """An injected column without a static equality fails as in Athena, with one it reads that folder alone."""
    place.create_table(
        "t",
        "a int",
        "PARTITIONED BY (device string)",
        {
            "projection.enabled": "true",
            "projection.device.type": "injected",
            "storage.location.template": f"s3://{place.bucket}/t/${{device}}/",
        },
    )
    for device in ("d1", "d2", "d3"):
        place.put_parquet(f"t/{device}/x.parquet", pa.table({"a": pa.array([int(device[1])], pa.int32())}))
    failed = place.run("SELECT * FROM t")
    assert failed.state == "FAILED"
    assert failed.reason == (
        "CONSTRAINT_VIOLATION: For the injected projected partition column device, the WHERE clause must contain only "
        "static equality conditions, and at least one such condition must be present."
    )
    assert place.run("SELECT * FROM t WHERE device > 'd1'").state == "FAILED"
    assert place.rows("SELECT * FROM t WHERE device = 'd2'") == [["2", "d2"]]
    assert place.rows("SELECT a FROM t WHERE device IN ('d1', 'd3') ORDER BY a") == [["1"], ["3"]]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("dt = '2026-01-02'", ["2"]),
        ("dt >= '2026-01-02'", ["2", "3"]),
        ("dt BETWEEN '2025-12-31' AND '2026-01-01'", ["1"]),
    ],
)
def test_date_projection_with_template(place, condition, expected):
    """A date column with a format and a template of its own finds its folders."""
    place.create_table(
        "t",
        "a int",
        "PARTITIONED BY (dt string)",
        {
            "projection.enabled": "true",
            "projection.dt.type": "date",
            "projection.dt.range": "2020-01-01,NOW+100YEARS",
            "projection.dt.format": "yyyy-MM-dd",
            "storage.location.template": f"s3://{place.bucket}/elsewhere/${{dt}}",
        },
    )
    for day in (1, 2, 3):
        place.put_parquet(f"elsewhere/2026-01-0{day}/x.parquet", pa.table({"a": pa.array([day], pa.int32())}))
    assert [row[0] for row in place.rows(f"SELECT a FROM t WHERE {condition} ORDER BY a")] == expected


def test_a_huge_range_does_not_hang(place):
    """A range of a thousand million values is answered from the objects that exist."""
    place.create_table(
        "t",
        "a int",
        "PARTITIONED BY (id bigint)",
        {"projection.enabled": "true", "projection.id.type": "integer", "projection.id.range": "0,1000000000"},
    )
    for number in (7, 999_999_999, 1_000_000_001):
        place.put_parquet(f"t/id={number}/x.parquet", pa.table({"a": pa.array([1], pa.int32())}))
    assert place.rows("SELECT id FROM t ORDER BY id") == [["7"], ["999999999"]]
    assert place.rows("SELECT id FROM t WHERE id BETWEEN 5 AND 9") == [["7"]]


def test_enum_projection(place):
    """Only the listed members are visible."""
    place.create_table(
        "t",
        "a int",
        "PARTITIONED BY (channel string)",
        {"projection.enabled": "true", "projection.channel.type": "enum", "projection.channel.values": "VOICE,CHAT"},
    )
    for channel in ("VOICE", "CHAT", "TASK"):
        place.put_parquet(f"t/channel={channel}/x.parquet", pa.table({"a": pa.array([1], pa.int32())}))
    assert place.rows("SELECT channel, sum(a) FROM t GROUP BY channel ORDER BY 1") == [["CHAT", "1"], ["VOICE", "1"]]


def test_hidden_objects_are_invisible(place):
    """Names that begin with an underscore or a dot, at any depth below the table, are no data."""
    place.create_table("t", "a int")
    rows = pa.table({"a": pa.array([1], pa.int32())})
    for key in ("t/x.parquet", "t/_x.parquet", "t/.x.parquet", "t/_quarantine/x.parquet", "t/deep/er/y.parquet"):
        place.put_parquet(key, rows)
    place.aws.s3.put_object(Bucket=place.bucket, Key="t/_manifest.json", Body=b"{}")
    place.aws.s3.put_object(Bucket=place.bucket, Key="t/folder/", Body=b"")
    assert place.rows("SELECT count(*) FROM t") == [["2"]]


def test_registered_partitions(place):
    """ADD PARTITION makes rows visible, DROP PARTITION hides them, and SHOW PARTITIONS lists them."""
    place.create_table("t", "a int", "PARTITIONED BY (day string)")
    place.put_parquet("t/day=1/x.parquet", pa.table({"a": pa.array([1], pa.int32())}))
    place.put_parquet("other/x.parquet", pa.table({"a": pa.array([2], pa.int32())}))
    assert place.rows("SELECT * FROM t") == []
    place.rows(
        f"ALTER TABLE t ADD IF NOT EXISTS PARTITION (day = '1') PARTITION (day='2') LOCATION 's3://{place.bucket}/other/'"
    )
    assert place.rows("SELECT * FROM t ORDER BY a") == [["1", "1"], ["2", "2"]]
    assert place.rows("SHOW PARTITIONS t") == [["day=1"], ["day=2"]]
    assert place.rows('SELECT * FROM "t$partitions" ORDER BY 1') == [["1"], ["2"]]
    place.rows("ALTER TABLE t DROP PARTITION (day = '1')")
    assert place.rows("SELECT * FROM t") == [["2", "2"]]


def test_msck_registers_folders(place):
    """MSCK REPAIR TABLE finds key=value folders, once."""
    place.create_table("t", "a int", "PARTITIONED BY (year int, month int)")
    for month in (1, 2):
        place.put_parquet(f"t/year=2026/month={month}/x.parquet", pa.table({"a": pa.array([month], pa.int32())}))
    place.rows("MSCK REPAIR TABLE t")
    place.rows("MSCK REPAIR TABLE t")
    assert place.rows("SELECT year, month, a FROM t ORDER BY month") == [["2026", "1", "1"], ["2026", "2", "2"]]


def test_path_of_a_row(place):
    """`"$path"` names the object that a row came from."""
    place.create_table("t", "a int")
    place.put_parquet("t/x.parquet", pa.table({"a": pa.array([1], pa.int32())}))
    assert place.rows('SELECT "$path", a FROM t') == [[f"s3://{place.bucket}/t/x.parquet", "1"]]
