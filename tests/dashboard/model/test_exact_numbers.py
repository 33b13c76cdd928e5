"""Figures of 38 digits are computed to their last one, not to the 28 at which Python rounds."""

from decimal import Decimal

import pytest

from dashboard.model.exact_numbers import difference, middle, nine_places, quotient, total
from dashboard.model.measures import Measure, Term
from dashboard.overview.document.colours import Colours
from dashboard.overview.document.marks import Reading, slice_marks, whole_of
from dashboard.overview.document.series import legend_of, series_of
from dashboard.overview.drill_down import exact_numbers
from dashboard.overview.measured import Cell, Measured

LARGE = Decimal("999999999999999999999999999999999999.99")
EUROS = Reading(Measure("sum", "Revenue", (Term("sum", "amount"),), column="amount", unit="EUR", format="currency"))


def test_sums_keep_every_digit():
    """Also past the digits of a column; a sum of whole numbers stays whole, one with a double is a double."""
    assert total([LARGE] * 5) == Decimal("4999999999999999999999999999999999999.95")
    assert total([LARGE, 1]) == Decimal("1000000000000000000000000000000000000.99")
    assert (total([]), total([1, 2]), type(total([1, 2]))) == (0, 3, int)
    assert total([0.5, Decimal("0.25"), 1]) == 1.75
    assert difference(LARGE, Decimal("0.01")) == Decimal("999999999999999999999999999999999999.98")


def test_quotients_have_nine_places_and_more():
    """A third of a large sum is exact to a billionth; nothing is divided by zero."""
    assert nine_places(quotient(Decimal("1" + "0" * 37), 3)) == Decimal("3" * 37 + ".333333333")
    assert (quotient(1, 0), quotient(0, 0), quotient(None, 1), quotient(0, 5)) == (None, None, None, 0)
    assert quotient(Decimal(1), 3) == Decimal("0.3333333333333333333333333333")
    assert [str(quotient(nothing, 7)) for nothing in (0, Decimal(0), Decimal("0.00"))] == ["0", "0", "0.00"]


def test_large_and_small_quotients_fit_one_column_of_a_file():
    """38 digits before the point and 38 behind it; a negative one as well."""
    large, small = quotient(Decimal("9" * 38), 7), quotient(Decimal("1e-20"), -3)
    assert str(small) == "-3.33333333333333333E-21"
    assert [str(value) for value in exact_numbers([large, small]).to_pylist()] == [
        "14285714285714285714285714285714285714.14285714290000000000000000000000000000",
        "-3.33333333333333333E-21",
    ]


def test_the_middle_of_two_large_figures_is_exact():
    """The median of an even number of values."""
    assert middle(LARGE, Decimal("0.01")) == Decimal("500000000000000000000000000000000000.00")
    assert (middle(1, 2), middle(3, 3), middle(None, 3)) == (Decimal("1.5"), 3, None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (LARGE, "€999,999,999,999,999,999,999,999,999,999,999,999.99"),
        (LARGE.copy_negate(), "-€999,999,999,999,999,999,999,999,999,999,999,999.99"),
        (Decimal("9" * 28 + ".1234567891"), f"€{int('9' * 28):,}.123456789"),
    ],
)
def test_a_figure_is_written_with_every_digit(value: Decimal, text: str):
    """Without a sign, and cut to nine places, it is the same figure; a long one is no fault."""
    assert EUROS.measure.exact(value) == text


def test_others_and_wholes_of_large_figures_are_exact():
    """Five of twelve slices together, what a legend says of them, and the whole that shares are of."""
    cells = [Cell(f"v{place:02}", None, LARGE, 1, None) for place in range(12)]
    assert whole_of(cells, EUROS.measure) == Decimal("11999999999999999999999999999999999999.88")
    drawn = slice_marks(cells, (), Colours(), total=whole_of(cells, EUROS.measure) or 0, reading=EUROS)
    assert drawn[-1]["text"] == "€4,999,999,999,999,999,999,999,999,999,999,999,999.95"
    figures = Measured((), tuple(Cell("a", f"v{place:02}", LARGE, 1, None) for place in range(12)))
    entry = legend_of(series_of(figures, Colours(), EUROS), figures, EUROS, ())[-1]
    assert entry["text"] == "€4,999,999,999,999,999,999,999,999,999,999,999,999.95"
