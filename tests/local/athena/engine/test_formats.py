"""Objects of every supported format, and what Athena does with those that contradict the catalogue."""

import datetime as dt
import gzip
from decimal import Decimal

import pyarrow as pa
import pytest


def put(place, key, body):
    place.aws.s3.put_object(Bucket=place.bucket, Key=key, Body=body)


def create(place, name, columns, clauses, properties=""):
    tail = f"TBLPROPERTIES ({properties})" if properties else ""
    place.rows(f"CREATE EXTERNAL TABLE {name} ({columns}) {clauses} LOCATION 's3://{place.bucket}/{name}/' {tail}")


def test_every_parquet_type(place):
    """Every column type is read from Parquet and written as Athena's text."""
    place.create_table(
        "t",
        "b boolean, i tinyint, j smallint, k int, l bigint, f float, d double, n decimal(38,2), s string, dt date, "
        "ts timestamp, x binary, a array<int>, m map<string,int>, r struct<p:int,q:string>",
    )
    utc = dt.datetime(2026, 2, 16, 9, 58, 0, 123456)
    place.put_parquet(
        "t/x.parquet",
        pa.table(
            {
                "b": [True],
                "i": pa.array([1], pa.int8()),
                "j": pa.array([2], pa.int16()),
                "k": pa.array([3], pa.int32()),
                "l": [2**62],
                "f": pa.array([0.1], pa.float32()),
                "d": [1e10],
                "n": pa.array([Decimal("12345678901234567890.50")], pa.decimal128(38, 2)),
                "s": ['a "quoted", line\nbreak'],
                "dt": [dt.date(2026, 2, 16)],
                "ts": pa.array([utc], pa.timestamp("us")),
                "x": [b"\x00\xff"],
                "a": [[1, None]],
                "m": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int32())),
                "r": [{"p": 1, "q": "z"}],
            }
        ),
    )
    ran = place.run("SELECT * FROM t")
    assert ran.rows == [
        ["true", "1", "2", "3", "4611686018427387904", "0.1", "1.0E10", "12345678901234567890.50",
         'a "quoted", line\nbreak', "2026-02-16", "2026-02-16 09:58:00.123", "00 ff", "[1, null]", "{k=1}",
         "{p=1, q=z}"]
    ]  # fmt: skip
    assert ran.types == [
        "boolean", "tinyint", "smallint", "integer", "bigint", "float", "double", "decimal", "varchar", "date",
        "timestamp", "varbinary", "array", "map", "row",
    ]  # fmt: skip
    body = place.aws.s3.get_object(Bucket=place.bucket, Key=f"results/{ran.id}.csv")["Body"].read().decode()
    assert '"a ""quoted"", line\nbreak"' in body


def test_result_file_tells_null_from_empty(place):
    """In the result CSV every value is quoted, NULL is nothing at all, and metadata is in a file next to it."""
    ran = place.run("SELECT 1 AS n, CAST(NULL AS varchar) AS nothing, '' AS empty, 'a\"b' AS quoted")
    body = place.aws.s3.get_object(Bucket=place.bucket, Key=f"results/{ran.id}.csv")["Body"].read()
    assert body == b'"n","nothing","empty","quoted"\n"1",,"","a""b"\n'
    assert place.aws.s3.head_object(Bucket=place.bucket, Key=f"results/{ran.id}.csv.metadata")["ContentLength"] > 0


def test_a_missing_column_is_null(place):
    """A column that a file lacks reads as null; upper case in the file does not matter."""
    place.create_table("t", "a int, later double")
    place.put_parquet("t/x.parquet", pa.table({"A": pa.array([1], pa.int32())}))
    assert place.rows("SELECT a, later FROM t") == [["1", None]]
    assert place.rows("SELECT count(*) FROM t WHERE later IS NULL") == [["1"]]


@pytest.mark.parametrize(
    ("declared", "values", "physical"),
    [
        ("double", ["text"], "BINARY"),
        ("string", [1.5], "DOUBLE"),
        ("int", ["1"], "BINARY"),
        ("bigint", [1.5], "DOUBLE"),
        ("date", ["2026-01-01"], "BINARY"),
    ],
)
def test_a_contradicting_column_fails(place, declared, values, physical):
    """A file with a column that contradicts the catalogue fails the query that reads it, and no other."""
    place.create_table("t", f"a {declared}, ok int")
    place.put_parquet("t/x.parquet", pa.table({"a": values, "ok": pa.array([1], pa.int32())}))
    ran = place.run("SELECT a FROM t")
    assert ran.state == "FAILED"
    assert ran.reason.startswith(
        f"HIVE_BAD_DATA: Field a's type {physical} in parquet file s3://{place.bucket}/t/x.parquet is incompatible"
    )
    assert ran.execution["Status"]["AthenaError"]["ErrorCategory"] == 2
    assert place.rows("SELECT ok FROM t") == [["1"]]


@pytest.mark.parametrize(
    ("declared", "array", "text"),
    [
        ("bigint", pa.array([7], pa.int32()), "7"),
        ("double", pa.array([0.5], pa.float32()), "0.5"),
        ("decimal(10,2)", pa.array([Decimal("1.5")], pa.decimal128(5, 1)), "1.50"),
        ("timestamp", pa.array([dt.datetime(2026, 1, 1)], pa.timestamp("ns")), "2026-01-01 00:00:00.000"),
        ("timestamp", pa.array([dt.datetime(2026, 1, 1)], pa.timestamp("ms", "UTC")), "2026-01-01 00:00:00.000"),
        ("string", pa.array(["a"]).dictionary_encode(), "a"),
        ("string", pa.array([None], pa.null()), None),
    ],
)
def test_a_wider_declaration_is_fine(place, declared, array, text):
    """Files with a narrower type of the same family are read."""
    place.create_table("t", f"a {declared}")
    place.put_parquet("t/x.parquet", pa.table({"a": array}))
    assert place.rows("SELECT a FROM t") == [[text]]


def test_a_file_that_is_no_parquet_fails(place):
    """Bytes that are not Parquet fail with the object's name."""
    place.create_table("t", "a int")
    put(place, "t/x.parquet", b"not parquet at all")
    ran = place.run("SELECT a FROM t")
    assert ran.reason.startswith(f"HIVE_BAD_DATA: Not valid Parquet file: s3://{place.bucket}/t/x.parquet")


def test_delimited_text(place):
    """Delimited text with its mark for null, nested values and gzip."""
    create(
        place, "t", "a int, b string, c array<int>, d map<string,int>, e double",
        "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' LINES TERMINATED BY '\\n' STORED AS TEXTFILE",
    )  # fmt: skip
    put(place, "t/x.gz", gzip.compress(b"1\tx\t1\x022\tk\x037\t0.5\n\\N\t\\N\t\\N\t\\N\tnope\n"))
    assert place.rows("SELECT * FROM t") == [["1", "x", "[1, 2]", "{k=7}", "0.5"], [None] * 5]


def test_open_csv(place):
    """OpenCSVSerde reads quoted fields, and the header can be skipped."""
    create(
        place, "t", "a string, b string", "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde' "
        "WITH SERDEPROPERTIES ('separatorChar' = ',', 'quoteChar' = '\"')", "'skip.header.line.count'='1'",
    )  # fmt: skip
    put(place, "t/x.csv", b'a,b\n"1, 2",x\n')
    assert place.rows("SELECT * FROM t") == [["1, 2", "x"]]


def test_json_lines(place):
    """JSON lines are read by name, nested values included."""
    create(
        place, "t", "id bigint, tags array<string>, who struct<name:string>",
        "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'",
    )  # fmt: skip
    put(place, "t/x.json", b'{"ID": 1, "tags": ["a"], "who": {"name": "n"}}\n{"tags": null}\n')
    assert place.rows("SELECT * FROM t") == [["1", "[a]", "{name=n}"], [None, None, None]]


def test_a_numeric_partition_of_text(place):
    """Partition values join the rows of text tables, too."""
    create(place, "t", "a string", "PARTITIONED BY (b int) ROW FORMAT DELIMITED FIELDS TERMINATED BY ','")
    place.rows("ALTER TABLE t ADD PARTITION (b = 3)")
    put(place, "t/b=3/x", b"v\n")
    assert place.rows("SELECT a, b + 1 FROM t") == [["v", "4"]]


def test_orc_is_refused_with_a_reason(place):
    """A format that the stand-in does not read is named, with what to use instead."""
    create(place, "t", "a int", "STORED AS ORC")
    put(place, "t/x.orc", b"ORC")
    assert "reads Parquet, text, CSV and JSON" in place.run("SELECT a FROM t").reason
