"""Measures: the figure of what a statement computed, and how it reads."""

from decimal import Decimal

import pytest

from dashboard.model.measures import Term, declared_measures
from dashboard.sql.catalogue import Catalogue, ServedTable
from dashboard.sql.guard import checked
from dataset_model.columns.types import ColumnType
from dataset_model.dashboard.section import Measure

TYPES = {
    "amount": ColumnType.parse("decimal(12,2)"),
    "delay": ColumnType.parse("double"),
    "items": ColumnType.parse("bigint"),
    "state": ColumnType.parse("string"),
}
UNITS = {"amount": "EUR", "delay": "s"}


def measure(**fields: object):
    made, faults = declared_measures([Measure(name="it", **fields)], TYPES, UNITS)
    assert faults == []
    return made["it"]


def test_a_mean_of_decimals_is_divided_exactly():
    """Of 0.10, 0.10 and 0.11, which a mean of doubles or of two places would round away."""
    mean = measure(aggregate="mean", column="amount")
    assert [term.aggregate for term in mean.terms] == ["sum", "values"]
    figures = dict(zip(mean.terms, (Decimal("0.31"), 3), strict=True))
    assert mean.value(figures) == Decimal("0.31") / 3
    assert (mean.exact(mean.value(figures)), mean.counted(figures)) == ("0.103333333 EUR", 3)


@pytest.mark.parametrize(
    ("low", "high", "middle"),
    [(3, 3, 3), (3, 4, Decimal("3.5")), (Decimal("0.10"), Decimal("0.11"), Decimal("0.105")), (1.0, 2.0, 1.5)],
)
def test_a_median_lies_between_the_two_in_the_middle(low, high, middle):
    """Of an even number of values it is their mean, in their own kind of number."""
    median = measure(aggregate="median", column="items")
    assert median.value(dict(zip(median.terms, (low, high, 2), strict=True))) == middle


def test_nothing_has_no_mean_and_no_share():
    """Over no rows a count is 0 and a sum, a mean, a share and a median are absent, not zero."""
    kinds = {kind: measure(aggregate=kind, column="amount") for kind in ("sum", "mean", "median", "min", "distinct")}
    assert {kind: each.value({}) for kind, each in kinds.items()} == {
        "sum": None,
        "mean": None,
        "median": None,
        "min": None,
        "distinct": 0,
    }
    share = measure(aggregate="share", where="delay > 60")
    assert share.value({}) is None
    assert share.value(dict(zip(share.terms, (1, 8), strict=True))) == Decimal("0.125")


@pytest.mark.parametrize(
    ("fields", "value", "text", "exact"),
    [
        ({"aggregate": "sum", "column": "amount", "format": "currency"}, Decimal("-1234.5"), "-€1,234.50", "-€1,234.5"),
        ({"aggregate": "sum", "column": "amount", "format": "currency", "unit": "CHF"}, 5, "CHF 5.00", "CHF 5"),
        (
            {"aggregate": "sum", "column": "amount", "format": "currency", "decimals": 0},
            Decimal("9.50"),
            "€10",
            "€9.50",
        ),
        ({"aggregate": "share", "where": "delay > 1"}, Decimal(1) / 3, "33.3%", "33.333333333%"),
        ({"aggregate": "mean", "column": "delay", "format": "duration"}, 7384.25, "2 h 03 min", "7,384.25 s"),
        ({"aggregate": "mean", "column": "delay", "decimals": 1}, 0.25, "0.2 s", "0.25 s"),
        ({"aggregate": "mean", "column": "delay", "unit": "%", "decimals": 1}, -4.06, "-4.1%", "-4.06%"),
        ({"aggregate": "count"}, None, "\N{EN DASH}", "\N{EN DASH}"),
        (
            {"aggregate": "max", "column": "items"},
            9007199254740993,
            "9.0072 \N{MULTIPLICATION SIGN} 10¹⁵",
            "9,007,199,254,740,993",
        ),
    ],
)
def test_figures_read_as_the_file_says(fields, value, text, exact):
    """Short for a card, and with every digit for who looks closer."""
    assert (measure(**fields).text(value), measure(**fields).exact(value)) == (text, exact)


def test_a_ratio_may_stand_before_its_parts_and_inherits_their_currency():
    """Revenue per row: both sides are computed once, and divided."""
    declared = [
        Measure(name="per_row", aggregate="ratio", of="revenue", per="rows", format="currency"),
        Measure(name="revenue", aggregate="sum", column="amount"),
    ]
    ratio = declared_measures(declared, TYPES, {})[0]["per_row"]
    assert ratio.value({Term("sum", "amount"): Decimal("10.00"), Term("rows"): 4}) == Decimal("2.5")
    assert ratio.value({Term("sum", "amount"): None, Term("rows"): 0}) is None


def test_what_the_table_cannot_give_is_named():
    """A column that was never published: the measure is left out with its reason, and so is a ratio of it."""
    declared = [
        Measure(name="gone", aggregate="sum", column="turnover"),
        Measure(name="of_gone", aggregate="ratio", of="gone", per="rows"),
        Measure(name="late", aggregate="share", where="lateness > 1"),
    ]
    made, faults = declared_measures(declared, TYPES, UNITS)
    assert made == {}
    assert faults == [
        "measure gone: expected a column of the table; found turnover",
        "measure late: expected a declared column; found 'lateness'",
        "measure of_gone: expected a measure that the table can give; found gone",
    ]


@pytest.mark.parametrize(
    "where",
    ["delay > 60", "state IN ('a''b', '--', ';') AND NOT delay IS NULL", "(amount <> -0.5 OR items BETWEEN 1 AND 2)"],
)
def test_a_condition_passes_the_guard_of_what_people_write(where):
    """What the small grammar lets through is SQL that the guard's grammar reads, over the table alone."""
    catalogue = Catalogue((ServedTable("db", "t", tuple(TYPES)),))
    (term, _) = measure(aggregate="share", where=where).terms
    assert checked(f"SELECT count(*) FILTER (WHERE {term.condition}) FROM t", catalogue, 10).tables == catalogue.tables
