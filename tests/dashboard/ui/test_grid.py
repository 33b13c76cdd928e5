"""Rows as the grid shows them: every value exact, every order right, NULL apart from an empty text."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest
from streamlit.dataframe.lazy_df_source import SortSpec

from dashboard.results.exact_text import cell_text, shown, widest_number
from dashboard.results.result_cache import TableRows
from dashboard.results.search import rows_holding
from dashboard.ui.result.lazy_grid import Pages


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("", ""),
        ("a b", "a b"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0E-10"), "0.0000000000"),
        (Decimal("1E-18"), "0.000000000000000001"),
        (9_007_199_254_740_993, "9007199254740993"),
        (0.1, "0.1"),
        (0.123456789, "0.123456789"),
        (24.0, "24"),
        (12345678901.5, "12345678901.5"),
        (1e20, "1e+20"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (float("-inf"), "-Infinity"),
        (True, "true"),
        (False, "false"),
        (dt.datetime(2026, 1, 5, 4, 3, 2), "2026-01-05 04:03:02"),
        (dt.datetime(2026, 1, 5, 4, 3, 2, 120_000), "2026-01-05 04:03:02.120"),
        (dt.date(2026, 1, 5), "2026-01-05"),
        (dt.date(1, 1, 1), "0001-01-01"),
    ],
)
def test_a_cell_is_the_whole_value(value, text):
    """Every digit, and nothing that a browser's numbers would make of it."""
    assert cell_text(value) == text


@pytest.mark.parametrize(
    ("values", "kind", "characters"),
    [
        ([1, -12345, None], pa.int64(), 6),
        ([Decimal("1.5"), Decimal("-1234567.25")], pa.decimal128(38, 10), 19),
        ([412.3333333333333, 0.5], pa.float64(), 17),
        ([0.5] * 10_001, pa.float64(), 24),
        ([None], pa.int64(), 0),
        ([], pa.float64(), 0),
    ],
)
def test_a_number_column_is_as_wide_as_its_longest_number(values, kind, characters):
    """412.3333333333333 has 17 characters; of many doubles the longest possible one counts, since not all are read."""
    assert widest_number(pa.chunked_array([pa.array(values, kind)])) == characters


def test_null_stays_null_and_empty_stays_empty():
    """The grid distinguishes them, in columns of every type."""
    table = pa.table({"text": ["", None], "flag": [True, None], "all": pa.array([None, None], pa.date32())})
    assert shown(table).to_pylist() == [
        {"text": "", "flag": "true", "all": None},
        dict.fromkeys(("text", "flag", "all")),
    ]


def test_a_float_of_32_bits_is_its_shortest_text():
    """0.1 is 0.1, and not the double nearest to it."""
    assert shown(pa.table({"x": pa.array([0.1, None], pa.float32())}))["x"].to_pylist() == ["0.1", None]


@pytest.mark.parametrize(
    ("column", "ascending"),
    [
        (pa.array([9_007_199_254_740_993, 9_007_199_254_740_992, None, -3]), [3, 1, 0, 2]),
        (pa.array([Decimal(9), Decimal(100), None, Decimal(-10)], pa.decimal128(38, 0)), [3, 0, 1, 2]),
        (pa.array([0.0, None, -5.0, float("inf")]), [2, 0, 3, 1]),
        (pa.array([float("nan"), 1.0, None, -1.0]), [3, 1, 0, 2]),
        (pa.array(["b", "", None, "a"]), [1, 3, 0, 2]),
        (pa.array([dt.datetime(2026, 1, 5), None, dt.datetime(1999, 12, 31), dt.datetime(2026, 1, 4)]), [2, 3, 0, 1]),
        (pa.array([True, None, False, True]), [2, 0, 3, 1]),
        (pa.array([None, None, None, None], pa.string()), [0, 1, 2, 3]),
    ],
)
def test_a_sort_is_by_value_with_null_last(column, ascending):
    """Numbers as numbers however large, times as times, and rows that are alike in the order they had."""
    pages = Pages(TableRows(pa.table({"place": [0, 1, 2, 3], "x": column})), ["place", "x"])
    found = pages.load_rows(0, 10, sort=SortSpec("x"))
    assert [int(place) for place in found["place"].to_pylist()] == ascending
    backwards = pages.load_rows(0, 10, sort=SortSpec("x", descending=True))
    assert (backwards["x"].null_count, found["x"].to_pylist()[0]) == (
        found["x"].null_count,
        shown_first(column, ascending),
    )
    values = [value for value in backwards["x"].to_pylist() if value is not None and value != "NaN"]
    assert values == [value for value in found["x"].to_pylist() if value is not None and value != "NaN"][::-1]


def shown_first(column: pa.Array, ascending: list[int]) -> str | None:
    return shown(pa.table({"x": column}))["x"][ascending[0]].as_py()


def test_rows_are_found_as_they_are_shown():
    """By any part of any column's text, ignoring case; NULL never matches, and other columns are not read."""
    table = pa.table({"a": ["voice", None, "VOICE mail", ""], "b": [1.5, 2.0, None, float("nan")]})
    assert rows_holding(table, "Voice", ["a", "b"]).to_pylist() == [0, 2]
    assert rows_holding(table, "1.5", ["a", "b"]).to_pylist() == [0]
    assert rows_holding(table, "nan", ["b"]).to_pylist() == [3]
    assert rows_holding(table, "null", ["a", "b"]).to_pylist() == []
    assert rows_holding(table, "voice", ["b"]).to_pylist() == []
    assert rows_holding(table, ".", ["a"]).to_pylist() == []
    assert rows_holding(table.slice(0, 0), "voice", ["a"]).to_pylist() == []
