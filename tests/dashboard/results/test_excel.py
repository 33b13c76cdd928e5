"""Excel files: what stands in their cells."""

import datetime as dt
import io
import re
import zipfile
from decimal import Decimal

import pyarrow as pa
import pytest

from dashboard.results.excel import CUT, MOST_TEXT, excel_bytes


def sheet_of(body, number=1):
    return zipfile.ZipFile(io.BytesIO(body)).read(f"xl/worksheets/sheet{number}.xml").decode()


def cells(body, number=1):
    """Type and content per cell: `s` for text, `n` for number, `b` for boolean."""
    found = {}
    for place, rest, inner in re.findall(r'<c r="([A-Z]+\d+)"([^>]*)>(.*?)</c>', sheet_of(body, number)):
        kind = re.search(r't="(\w+)"', rest)
        text = re.search(r"<(?:t|v)[^>]*>(.*?)</(?:t|v)>", inner, re.DOTALL)
        name = {"inlineStr": "s", "b": "b"}.get(kind.group(1) if kind else "", "n")
        found[place] = (name, text.group(1) if text else "")
    return found


def test_numbers_that_excel_would_round_are_texts():
    """Sixteen digits and decimals stand there digit for digit; what fits is a number that can be summed."""
    table = pa.table(
        {
            "big": pa.array([9_007_199_254_740_993, 1], pa.int64()),
            "small": pa.array([999_999_999_999_999, -5], pa.int64()),
            "score": pa.array([Decimal("12345678901234567890.10"), Decimal("0.00")], pa.decimal128(30, 2)),
            "wait": pa.array([1.25, float("nan")]),
            "sure": pa.array([True, None]),
        }
    )
    found = cells(excel_bytes(table))
    assert (found["A2"], found["A3"]) == (("s", "9007199254740993"), ("s", "1"))
    assert (found["B2"], found["B3"]) == (("n", "999999999999999"), ("n", "-5"))
    assert (found["C2"], found["C3"]) == (("s", "12345678901234567890.10"), ("s", "0.00"))
    assert (found["D2"], found["D3"]) == (("n", "1.25"), ("s", "nan"))
    assert found["E2"] == ("b", "1")
    assert "E3" not in found


@pytest.mark.parametrize("text", ["=1+1", "+1", "-2+3", "@SUM(A1)", "{=1}", "https://example.com", "mailto:a@b.c"])
def test_a_text_is_never_a_formula_or_a_link(text):
    """A text is a text cell with any first character, and the file holds no formula and no link."""
    body = excel_bytes(pa.table({text: [text]}))
    assert cells(body)["A2"] == cells(body)["A1"] == ("s", text)
    assert "<f>" not in sheet_of(body)
    assert "<hyperlink" not in sheet_of(body)


def test_days_and_moments_are_dates_of_excel():
    """They can be sorted and grouped there; what is before Excel's calendar is text."""
    moments = [dt.datetime(2026, 2, 16, 12), dt.datetime(1850, 1, 1)]
    table = pa.table({"day": [dt.date(2026, 2, 16), None], "at": pa.array(moments, pa.timestamp("ms"))})
    found = cells(excel_bytes(table))
    assert found["A2"] == ("n", "46069")
    assert found["B2"] == ("n", "46069.5")
    assert found["B3"] == ("s", "1850-01-01T00:00:00")


def test_columns_are_those_chosen_in_their_order():
    """As in the other files."""
    found = cells(excel_bytes(pa.table({"a": [1], "b": [2], "c": [3]}), ["c", "a"]))
    assert [found[place][1] for place in ("A1", "B1", "A2", "B2")] == ["c", "a", "3", "1"]


def test_more_rows_than_a_sheet_holds_go_on():
    """Nothing is cut: a further sheet takes the rest."""
    body = excel_bytes(pa.table({"n": list(range(5))}), rows_per_sheet=2)
    assert [len(cells(body, number)) for number in (1, 2, 3)] == [3, 3, 2]
    assert cells(body, 3)["A2"] == ("n", "4")


def test_a_text_too_long_for_a_cell_says_that_it_is_cut():
    """A text that Excel's bound cuts says so in its cell."""
    (_, text) = cells(excel_bytes(pa.table({"a": ["x" * 40_000]})))["A2"]
    assert len(text) == MOST_TEXT
    assert text.endswith(CUT)


def test_no_rows_is_only_a_header():
    """An empty result is a file that opens."""
    assert cells(excel_bytes(pa.table({"a": pa.array([], pa.string())}))) == {"A1": ("s", "a")}
