"""Properties of a published file: compression, statistics, row groups, order."""

import datetime as dt
from decimal import Decimal

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dataset_model.columns.types import ColumnType
from dataset_model.records.table_schema import SchemaColumn, SourceIdentity, TableSchema
from exporter.decoding.decoder import DAY, KEY, SORT
from exporter.decoding.schema import arrow_type
from exporter.errors import RowsTooLate
from exporter.targets.day_file import write_day
from exporter.targets.formats.parquet import ParquetFormat
from exporter.targets.row_groups import MOST_ROWS
from exporter.targets.spool import OpenDay, Segment, Spool

MOMENT = dt.datetime(2026, 2, 16, tzinfo=dt.UTC)
DAY_OF_ROWS = dt.date(2026, 2, 16)
ROWS = 2 * MOST_ROWS + 500
TYPES = ["string", "double", "bigint", "decimal(9,2)", "decimal(38,10)", "boolean", "timestamp", "date", "json"]
VALUES = {
    "string": lambda row: f"text {row:05}",
    "double": lambda row: row / 4,
    "bigint": lambda row: row - 100,
    "decimal(9,2)": lambda row: Decimal(row) / 4,
    "decimal(38,10)": lambda row: Decimal(row).scaleb(-10),
    "boolean": lambda row: row % 3 == 0,
    "timestamp": lambda row: MOMENT + dt.timedelta(seconds=row),
    "date": lambda row: DAY_OF_ROWS - dt.timedelta(days=row % 7),
    "json": lambda row: f'{{"n":{row}}}',
}


def schema_of(types) -> TableSchema:
    columns = [SchemaColumn(name=f"c{at}", attribute=f"c{at}", type=ColumnType.parse(t)) for at, t in enumerate(types)]
    source = SourceIdentity(table="ttt", index="iii", sort_key="At", time_zone="UTC")
    return TableSchema(dataset="d", source=source, columns=tuple(columns), updated_at=MOMENT)


def rows_of(types, first: int, count: int) -> pa.RecordBatch:
    """Return rows in which each tenth value is null."""
    numbers = range(first, first + count)
    arrays = [
        pa.array([None if row % 10 == 9 else VALUES[name](row) for row in numbers], arrow_type(ColumnType.parse(name)))
        for name in types
    ]
    arrays += [pa.array([DAY_OF_ROWS] * count, pa.date32()), pa.array([f"{row:09}" for row in numbers])]
    arrays += [pa.array([b"k" * 16] * count, pa.binary(16))]
    return pa.RecordBatch.from_arrays(arrays, [*(f"c{at}" for at in range(len(types))), DAY, SORT, KEY])


def a_day_of(batches) -> OpenDay:
    """Return a day of one partition value."""
    return OpenDay(
        (tuple(Segment((0, at), None, rows, rows.num_rows, rows.nbytes) for at, rows in enumerate(batches)),), None
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> pq.FileMetaData:
    """A file of every type, of rows that came in pages of 1,900."""
    file = tmp_path_factory.mktemp("day") / "day.parquet"
    page = 1900
    pages = (rows_of(TYPES, first, min(page, ROWS - first)) for first in range(0, ROWS, page))
    assert write_day(a_day_of(pages), schema_of(TYPES), file, (), lambda _: None, ParquetFormat()).rows == ROWS
    return pq.read_metadata(file)


def test_row_groups_are_full_and_no_larger_than_stated(written):
    """Athena reads few row groups and a task holds one: each has the most rows allowed, the last one the rest."""
    assert [written.row_group(at).num_rows for at in range(written.num_row_groups)] == [MOST_ROWS, MOST_ROWS, 500]


@pytest.mark.parametrize("name", TYPES)
def test_every_column_is_compressed_by_zstd_and_has_statistics(written, name):
    """Least and greatest value and the number of nulls let Athena skip row groups; they are those of the values."""
    at = TYPES.index(name)
    first = 0
    for group in range(written.num_row_groups):
        column = written.row_group(group).column(at)
        rows = range(first, first + column.num_values)
        values = [VALUES[name](row) for row in rows if row % 10 != 9]
        first += column.num_values
        assert column.compression == "ZSTD"
        assert column.is_stats_set
        assert column.statistics.null_count == len(rows) - len(values)
        assert column.statistics.has_min_max
        least, greatest = column.statistics.min, column.statistics.max
        if name == "timestamp":
            least, greatest = (moment.replace(tzinfo=dt.UTC) for moment in (least, greatest))
        assert (least, greatest) == (min(values), max(values))


def test_a_column_without_values_tells_that_all_are_null(tmp_path):
    """Where nothing is least or greatest, the count of nulls alone lets a reader skip the column."""
    file = tmp_path / "day.parquet"
    day = a_day_of([rows_of(["string"], 9, 1)])
    write_day(day, schema_of(["string", "bigint"]), file, (), lambda _: None, ParquetFormat())
    for at in (0, 1):
        statistics = pq.read_metadata(file).row_group(0).column(at).statistics
        assert (statistics.null_count, statistics.has_min_max) == (1, False)


def test_rows_lie_in_the_order_of_their_sort_keys(tmp_path):
    """Of all partition values together, so that a time of day is in few row groups; in any order of arrival."""
    spool = Spool(tmp_path)
    pieces = {(0, 1): 0, (0, 2): 10, (1, 3): 3, (1, 4): 20}
    for order, first in sorted(pieces.items(), reverse=True):
        spool.add(rows_of(["bigint"], first, 5), "AB"[order[0]], order)
    file = tmp_path / "day.parquet"
    with spool.open(DAY_OF_ROWS) as rows:
        write_day(rows, schema_of(["bigint"]), file, (), lambda _: None, ParquetFormat())
    found = pq.ParquetFile(file).read().column("c0").to_pylist()
    expected = sorted(row for first in pieces.values() for row in range(first, first + 5))
    assert found == [None if row % 10 == 9 else row - 100 for row in expected]


def test_rows_of_a_day_that_has_been_taken_are_refused(tmp_path):
    """While its file is being written they would be forgotten, and afterwards they would replace the others."""
    spool = Spool(tmp_path)
    spool.add(rows_of(["bigint"], 0, 5), "A", (0, 1))
    with spool.open(DAY_OF_ROWS), pytest.raises(RowsTooLate, match=str(DAY_OF_ROWS)):
        spool.add(rows_of(["bigint"], 5, 5), "A", (0, 2))
    spool.drop(DAY_OF_ROWS)
    with pytest.raises(RowsTooLate):
        spool.add(rows_of(["bigint"], 5, 5), "A", (0, 2))


def test_a_file_states_its_own_rows(tmp_path):
    """The row count of a written file is read from the file: 7 rows and no rows."""
    written, empty = tmp_path / "seven.parquet", tmp_path / "none.parquet"
    day = a_day_of([rows_of(["bigint"], 0, 7)])
    write_day(day, schema_of(["bigint"]), written, (), lambda _: None, ParquetFormat())
    ParquetFormat().write(iter(()), pa.schema([("c0", pa.int64())]), empty)
    assert (ParquetFormat().row_count(written), ParquetFormat().row_count(empty)) == (7, 0)


@pytest.mark.parametrize(("variables", "written"), [({}, "2026-02-16"), ({"zone": "Pacific/Auckland"}, "2026-02-17")])
def test_the_extra_date_column_holds_the_day_as_text(scene, variables, written):
    """Every row has the day of its partition, in the dataset's zone, as YYYY-MM-DD; Athena compares it with texts."""
    zone = {"TIME_ZONE": variables["zone"]} if variables else {}
    table = scene(GSI_PK_VALUE="A", EXTRA_DATE_COLUMN="report_date", **zone)
    table.put("1", "2026-02-16T20:00:00Z")
    table.export(everything=True)
    (key,) = table.keys()
    assert table.table_of(key).column("report_date").to_pylist() == [written]
    columns = boto3.client("glue").get_table(DatabaseName=table.database, Name="rows")["Table"]["StorageDescriptor"]
    assert {"Name": "report_date", "Type": "string", "Comment": ""} in columns["Columns"]
