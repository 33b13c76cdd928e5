"""NDJSON and CSV files: what each type is written as."""

import csv
import datetime as dt
import io
import json
from decimal import Decimal

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from exporter.targets.formats.text import CsvFormat, NdjsonFormat

ROWS = pa.table(
    {
        "s": ["a", None, "", 'q"u,\r\n\u2028é', " x", "back\\slash"],
        "d": pa.array(
            [Decimal("1.50"), None, Decimal("0.00"), Decimal("-12345678901234567890.12"), Decimal("0.01"), None],
            pa.decimal128(38, 2),
        ),
        "f": [1.0, None, 1e300, 0.1, 5e-324, -0.0],
        "b": [True, None, False, True, False, None],
        "i": [1, None, 2**63 - 1, -5, 0, None],
        "t": pa.array(
            [dt.datetime(2026, 2, 16, 9, 58), None, dt.datetime(2026, 2, 16, 9, 58, 0, 123456), None, None, None],
            pa.timestamp("us"),
        ),
        "day": [dt.date(2026, 2, 16), None, None, None, None, None],
    }
)


def written(file_format, table: pa.Table, path) -> bytes:
    file_format.write(iter([table.slice(0, 2), table.slice(2)]), table.schema, path)
    assert file_format.row_count(path) == table.num_rows
    return path.read_bytes()


def test_ndjson_has_every_key_on_each_line_and_numbers_with_their_digits(tmp_path):
    """One object a line, no BOM, null where there is no value, decimals and whole numbers as they are."""
    lines = written(NdjsonFormat(), ROWS, tmp_path / "x.json").decode().split("\n")
    assert lines == [
        '{"s":"a","d":1.50,"f":1.0,"b":true,"i":1,"t":"2026-02-16T09:58:00.000Z","day":"2026-02-16"}',
        '{"s":null,"d":null,"f":null,"b":null,"i":null,"t":null,"day":null}',
        '{"s":"","d":0.00,"f":1e+300,"b":false,"i":9223372036854775807,"t":"2026-02-16T09:58:00.123456Z","day":null}',
        '{"s":"q\\"u,\\r\\n\u2028é","d":-12345678901234567890.12,"f":0.1,"b":true,"i":-5,"t":null,"day":null}',
        '{"s":" x","d":0.01,"f":5e-324,"b":false,"i":0,"t":null,"day":null}',
        '{"s":"back\\\\slash","d":null,"f":-0.0,"b":null,"i":null,"t":null,"day":null}',
        "",
    ]


def test_csv_has_a_header_nothing_for_null_and_quotes_for_an_empty_text(tmp_path):
    """RFC 4180: CRLF, quotes doubled, line breaks inside quotes; a reader can tell NULL from an empty text."""
    assert written(CsvFormat(), ROWS, tmp_path / "x.csv").decode() == (
        "s,d,f,b,i,t,day\r\n"
        "a,1.50,1.0,true,1,2026-02-16T09:58:00.000Z,2026-02-16\r\n"
        ",,,,,,\r\n"
        '"",0.00,1e+300,false,9223372036854775807,2026-02-16T09:58:00.123456Z,\r\n'
        '"q""u,\r\n\u2028é",-12345678901234567890.12,0.1,true,-5,,\r\n'
        '" x",0.01,5e-324,false,0,,\r\n'
        "back\\slash,,-0.0,,,,\r\n"
    )


def test_no_rows_are_a_file_without_lines(tmp_path):
    """NDJSON of nothing is empty, CSV has its header."""
    assert written(NdjsonFormat(), ROWS.slice(0, 0), tmp_path / "x.json") == b""
    assert written(CsvFormat(), ROWS.slice(0, 0), tmp_path / "x.csv") == b"s,d,f,b,i,t,day\r\n"


@given(st.lists(st.tuples(st.none() | st.text(), st.none() | st.decimals(-(10**20), 10**20, places=8)), max_size=8))
def test_both_formats_give_back_what_went_in(tmp_path_factory, rows):
    """Any text and any decimal is read back by other readers as it was."""
    texts, decimals = [row[0] for row in rows], [row[1] for row in rows]
    table = pa.table({"a": pa.array(texts, pa.string()), "b": pa.array(decimals, pa.decimal128(38, 8))})
    folder = tmp_path_factory.mktemp("text")
    text = written(NdjsonFormat(), table, folder / "x.json").decode()
    found = [json.loads(line, parse_float=Decimal) for line in text.split("\n")[:-1]]
    assert [(line["a"], line["b"]) for line in found] == rows
    text = written(CsvFormat(), table, folder / "x.csv").decode()
    records = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert records == [[row[0] or "", "" if row[1] is None else f"{row[1]:.8f}"] for row in rows]


def test_rows_are_counted_across_the_chunks_of_a_large_file(tmp_path):
    """Line breaks and quotes at any place of a file of several megabytes are counted as one reader would."""
    texts = [('"' if number % 3 else "\r\n") * (number % 97) for number in range(40_000)]
    table = pa.table({"n": list(range(40_000)), "a": texts})
    written(CsvFormat(), table, tmp_path / "x.csv")
