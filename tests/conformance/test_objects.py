"""How rows are read from objects without either engine: what both engines are held against."""

import io

import pyarrow as pa
import pyarrow.parquet as pq

from conformance.exports.changing import present_state
from conformance.parts.objects import data_objects, rows_of
from conformance.stand_in import BUCKET


class Store:
    """Stands for the objects of a bucket; `s3` is itself."""

    def __init__(self, objects):
        self.objects, self.s3 = objects, self

    def get_paginator(self, _):
        return self

    def paginate(self, Bucket, Prefix):  # noqa: N803 - the SDK's names
        assert Bucket == BUCKET
        return [{"Contents": [{"Key": key} for key in self.objects if key.startswith(Prefix)]}]

    def get_object(self, Bucket, Key):  # noqa: N803 - the SDK's names
        assert Bucket == BUCKET
        return {"Body": io.BytesIO(self.objects[Key])}


def table(**types):
    columns = [{"Name": name, "Type": kind} for name, kind in types.items()]
    return {"StorageDescriptor": {"Location": f"s3://{BUCKET}/t/", "Columns": columns}}


DAY = "t/year=2026/month=02/day=03/"
PLACE = {"year": "2026", "month": "2", "day": "3"}


def test_records_changes_and_quarantined_items_are_no_data():
    """An object is data where its key has the form of a day below the table's location."""
    store = Store(dict.fromkeys([f"{DAY}data.parquet", f"t/_changes/{DAY[2:]}a.parquet", "t/_manifest.json"], b""))
    assert list(data_objects(store, table())) == [(f"{DAY}data.parquet", PLACE)]


def test_parquet_is_read_as_athenas_text():
    """Doubles, booleans, timestamps and NULL are those that Athena writes."""
    file = io.BytesIO()
    columns = {"a": [1e7, None], "b": [True, False], "c": pa.array([0, 1234], pa.timestamp("ms"))}
    pq.write_table(pa.table(columns), file)
    assert rows_of(Store({f"{DAY}data.parquet": file.getvalue()}), table()) == [
        {"a": "1.0E7", "b": "true", "c": "1970-01-01 00:00:00.000", **PLACE},
        {"a": None, "b": "false", "c": "1970-01-01 00:00:01.234", **PLACE},
    ]


def test_json_lines_are_read_by_the_types_of_the_table():
    """A decimal has the digits of its type, a double is written as Java does; null is NULL and "" is not."""
    digits = "1234567890123456789012345678.0123456789"
    body = f'{{"a":1.5,"b":10000000,"c":null,"d":"","e":{digits}}}\n'.encode()
    types = {"a": "decimal(5,2)", "b": "double", "c": "string", "d": "string", "e": "decimal(38,10)"}
    found = rows_of(Store({f"{DAY}data.json": body}), table(**types))
    assert found == [{"a": "1.50", "b": "1.0E7", "c": None, "d": "", "e": digits, **PLACE}]


def test_a_table_of_csv_has_no_null():
    """Nothing between two commas is an empty text, and a line break inside quotes belongs to its value."""
    body = b'a,b,c\r\n,"","x\ny"\r\n'
    assert rows_of(Store({f"{DAY}data.csv": body}), table()) == [{"a": "", "b": "", "c": "x\ny", **PLACE}]


def test_the_present_state_is_what_the_writes_leave():
    """Of thirteen items two are deleted, two have moved, one was changed twice, and one was never in the export."""
    found = {row["id"]: (row["day"], row["note"], row["number"]) for row in present_state()}
    assert sorted(found) == [f"c-{number:02}" for number in (0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11)]
    assert found["c-00"] == ("5", "changed twice", "1000")
    assert found["c-01"] == ("7", "moved to another day", "101")
    assert found["c-04"] == ("6", "as exported", "4")
    assert found["c-11"] == ("9", "", "111")
