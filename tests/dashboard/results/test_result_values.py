"""Values on their way out: Athena's file to Arrow, Arrow to JSON, Arrow to downloads."""

import csv
import datetime as dt
import io
import json
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.result import ResultColumn
from dashboard.results.downloads import csv_batches, csv_bytes, file_name, formula_safe_text, parquet_bytes
from dashboard.results.json_values import json_rows, json_value
from dashboard.results.result_file import table_from_csv, unique_names

texts = st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


def athena_file(header, rows):
    """A result file as Athena writes it: every value quoted, NULL nothing at all."""
    lines = [header, *rows]
    return "".join(
        ",".join("" if value is None else '"' + value.replace('"', '""') + '"' for value in line) + "\n"
        for line in lines
    ).encode()


@given(st.lists(st.tuples(texts, texts), max_size=6))
def test_null_and_empty_text_stay_apart(rows):
    """Any text comes back as it was, with quotes, commas and line ends, and NULL is not ""."""
    table = table_from_csv(athena_file(("a", "b"), rows), [ResultColumn("a", "varchar"), ResultColumn("b", "varchar")])
    assert [tuple(row.values()) for row in table.to_pylist()] == rows


@given(st.lists(texts, max_size=6))
def test_a_single_column_keeps_its_nulls(rows):
    """A row that is one NULL is an empty line, and still a row."""
    table = table_from_csv(athena_file(("a",), [(value,) for value in rows]), [ResultColumn("a", "varchar")])
    assert table.column(0).to_pylist() == rows


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("bigint", "9223372036854775807", 9223372036854775807),
        ("bigint", "9007199254740993", 9007199254740993),
        ("integer", "-1", -1),
        ("decimal(38,0)", "12345678901234567890123456789012345678", Decimal(12345678901234567890123456789012345678)),
        ("decimal(5,2)", "-12.30", Decimal("-12.30")),
        ("double", "1.0E-7", 1e-7),
        ("double", "Infinity", float("inf")),
        ("boolean", "true", True),
        ("date", "2026-02-16", dt.date(2026, 2, 16)),
        ("timestamp", "2026-02-16 09:58:00.123", dt.datetime(2026, 2, 16, 9, 58, 0, 123000)),
        ("timestamp with time zone", "2026-02-16 09:58:00.123 UTC", "2026-02-16 09:58:00.123 UTC"),
        ("array", "[1, 2]", "[1, 2]"),
        ("varchar", "NULL", "NULL"),
        ("varchar", "007", "007"),
        ("date", "+30000-01-01", "+30000-01-01"),
    ],
)
def test_every_type_is_exact(type_, text, value):
    """A value never loses a digit; one that Arrow cannot hold stays the text it was."""
    table = table_from_csv(athena_file(("a",), [(text,), (None,)]), [ResultColumn("a", type_)])
    assert table.column(0).to_pylist() == [value, None]


def test_repeated_names_are_numbered():
    """Two columns of one name stay two columns."""
    assert unique_names(["a", "b", "a", "a_2", "a"]) == ["a", "b", "a_3", "a_2", "a_4"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", ""),
        (True, True),
        (9007199254740992, 9007199254740992),
        (9007199254740993, "9007199254740993"),
        (-9007199254740993, "-9007199254740993"),
        (Decimal("0.10"), 0.1),
        (Decimal("12345678901234567890.5"), "12345678901234567890.5"),
        (Decimal("1E+3"), 1000.0),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (dt.date(2026, 2, 16), "2026-02-16"),
        (dt.datetime(2026, 2, 16, 9, 58), "2026-02-16 09:58:00.000"),
    ],
)
def test_json_never_rounds(value, expected):
    """What a double cannot hold is text."""
    assert json_value(value) == expected


@given(st.decimals(allow_nan=False, allow_infinity=False, places=10, min_value=-(10**20), max_value=10**20))
def test_a_decimal_in_json_is_the_number_it_was(value):
    """Reading the JSON back gives the same number, as a number and as a text."""
    assert Decimal(str(json.loads(json.dumps(json_value(value))))) == value


def test_json_rows_are_a_page():
    """Rows from one place on, so many at most."""
    table = pa.table({"a": [1, 2, 3], "b": ["x", None, ""]})
    assert json_rows(table, 1, 5) == [{"a": 2, "b": None}, {"a": 3, "b": ""}]


TABLE = pa.table(
    {
        "text": ["=1+1", "-12.5", "", None, 'say "hi"', "a\nb", "+cmd|' /C calc'!A0", "@x", "\tx", "plain"],
        "number": [-1.5, 2.0, None, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 1e300],
        "exact": [Decimal("-1.10")] * 10,
    }
)


def test_a_csv_is_safe_to_open_in_a_spreadsheet():
    """A text that would run gets an apostrophe; a negative number, as a number or as text, does not."""
    lines = list(csv.DictReader(io.StringIO(csv_bytes(TABLE).decode(), newline="")))
    assert [line["text"] for line in lines] == [
        "'=1+1",
        "-12.5",
        "",
        "",
        'say "hi"',
        "a\nb",
        "'+cmd|' /C calc'!A0",
        "'@x",
        "'\tx",
        "plain",
    ]
    assert lines[0]["number"] == "-1.5"
    assert lines[0]["exact"] == "-1.10"


def test_a_csv_keeps_null_and_empty_apart():
    """NULL is nothing between the commas, "" is two quotes."""
    lines = csv_bytes(pa.table({"a": ["", None], "b": [1, 2]})).decode().split("\r\n")
    assert lines == ["a,b", '"",1', ",2", ""]


@pytest.mark.parametrize(
    ("null", "line"), [("", ',"",NULL,\\N'), ("NULL", 'NULL,"","NULL",\\N'), ("\\N", '\\N,"",NULL,"\\N"')]
)
def test_null_is_written_as_asked_and_never_reads_like_a_text(null, line):
    """A text that looks like the way in which NULL is written stands in quotes, which NULL never does."""
    table = pa.table({"a": pa.array([None], pa.string()), "b": [""], "c": ["NULL"], "d": ["\\N"]})
    table = table.append_column("e", pa.array([None], pa.int64()))
    assert csv_bytes(table, null=null).decode() == f"a,b,c,d,e\r\n{line},{null}\r\n"


def test_chosen_columns_come_in_the_order_chosen():
    """Columns as asked for, and a stranger is an error rather than an empty column."""
    assert csv_bytes(TABLE, ["number", "text"]).startswith(b"number,text\r\n")
    with pytest.raises(KeyError):
        csv_bytes(TABLE, ["nothing"])


def test_a_csv_comes_in_pieces():
    """Ten rows in batches of four: a header and three pieces, the same bytes in all."""
    pieces = list(csv_batches(TABLE, rows_per_batch=4))
    assert len(pieces) == 4
    assert b"".join(pieces) == csv_bytes(TABLE)


@given(st.lists(texts, min_size=1, max_size=5))
def test_any_text_comes_back_from_a_csv(values):
    """Without the guard against formulas, a reader gets what was there (its NULL is "")."""
    body = csv_bytes(pa.table({"a": pa.array(values, pa.string()), "b": [1] * len(values)}), formula_safe=False)
    read = [row["a"] for row in csv.DictReader(io.StringIO(body.decode(), newline=""))]
    assert read == [value or "" for value in values]


@pytest.mark.parametrize("text", ["-1", "+1.5", "-1e5", "1", "-.5", "x=1", ""])
def test_numbers_are_not_formulas(text):
    """A number written as text is left alone."""
    assert formula_safe_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "\n=1+1",
        "\r\n=1+1",
        "\t\n@SUM(A1)",
        " =1+1",
        "\u00a0=1+1",
        "\u200b=1+1",
        "\ufeff=1+1",
        "\n",
        " \uff1d1",
        "-1+1",
        " -a",
    ],
)
def test_a_formula_after_blanks_or_line_breaks_is_a_formula(text):
    """Spreadsheets drop blanks and invisible signs in front of an operator, so such a text gets a `'` too."""
    assert formula_safe_text(text) == f"'{text}"


@pytest.mark.parametrize("text", [" -1.5", "a\n=1", "\u00e9=1", "x", " a"])
def test_blanks_alone_make_no_formula(text):
    """A number after blanks, or an operator after a letter, is left as it is."""
    assert formula_safe_text(text) == text


def test_a_csv_begins_with_a_byte_order_mark_where_that_is_asked_for():
    """EF BB BF and then the header, once per file; without the option the file begins with the header."""
    table = pa.table({"a": ["\u00fc"]})
    assert csv_bytes(table, byte_order_mark=True) == b"\xef\xbb\xbfa\r\n\xc3\xbc\r\n"
    assert csv_bytes(table) == b"a\r\n\xc3\xbc\r\n"


def test_parquet_keeps_exact_types():
    """What was a decimal is one again."""
    assert pq.read_table(io.BytesIO(parquet_bytes(TABLE, ["exact"]))).schema.field("exact").type == pa.decimal128(3, 2)


def test_a_files_name_tells_what_it_is():
    """No character that a file system or a header minds."""
    now = dt.datetime(2026, 2, 16, 9, 30, tzinfo=dt.UTC)
    assert file_name("contacts", 'by"../agent', now, "csv") == "contacts-by-agent-20260216-093000.csv"
