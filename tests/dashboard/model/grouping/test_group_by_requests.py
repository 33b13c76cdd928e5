"""Requests of `group_by`: what is taken, what is refused and with which words."""

from urllib.parse import parse_qs

import pytest

from dashboard.errors import InvalidRequest
from dashboard.model.access.table_view import TableView
from dashboard.model.grouping.question import GroupBy
from dashboard.model.grouping.statement import columns_of, group_statement
from dashboard.model.query_link import linked_from, search_from
from dashboard.model.query_types import request_from
from dashboard.model.selection.filters import Filters, Range
from dashboard.model.semantic_model import semantic_model_from
from dataset_model import dataset_from_text

DATASET = dataset_from_text(
    """
name: orders
source:
  {table: orders, index: by-day, partition_key: site, partition_values: [a], sort_key: at, time_zone: Europe/Berlin}
columns:
  - {name: order_id, attribute: id, type: string, role: key}
  - {name: at, attribute: at, type: timestamp}
  - {name: email, attribute: email, type: string, role: dimension, mask: hash}
  - {name: iban, attribute: iban, type: string, role: dimension, mask: hidden}
  - {name: salary, attribute: salary, type: double, mask: hidden}
  - {name: level, attribute: level, type: string, role: dimension}
  - {name: rows, attribute: rows, type: bigint}
  - {name: amount, attribute: amount, type: "decimal(12,2)", unit: EUR}
dashboard:
  week_starts: sunday
  dimensions: [level, rows]
  measures: [{name: revenue, aggregate: sum, column: amount}, {name: pay, aggregate: mean, column: salary}]
""",
    "orders.yaml",
)
MASKS = {"email": "hash", "iban": "hidden", "salary": "hidden"}
ORDERS = semantic_model_from(DATASET, None, TableView(MASKS, "k"))


def test_every_field_is_taken():
    """Filters are values of dimensions and ranges of numbers and days, in one normal form."""
    asked = {
        "query": "group_by",
        "measure": "mean",
        "column": "amount",
        "by": ["level", "week"],
        "filters": {"level": ["b", None, "a"], "amount": {"from": "10.50", "to": 1e3}, "at": {"empty": False}},
        "sort": "smallest",
        "totals": False,
    }
    filters = Filters(
        None, (("level", (None, "a", "b")),), (("amount", Range("10.5", "1000")), ("at", Range(empty=False)))
    )
    assert request_from(asked, ORDERS, 100).group == GroupBy(
        "mean", "amount", ("level", "week"), filters, "smallest", totals=False
    )


def test_nothing_given_counts_all_rows():
    """The question without a field is the number of rows, with time in its order where it groups by time."""
    assert request_from({"query": "group_by"}, ORDERS, 100).group == GroupBy()
    assert request_from({"query": "group_by", "by": "day"}, ORDERS, 100).group.sort == "groups"


@pytest.mark.parametrize(
    ("given", "field", "text"),
    [
        ({"measure": "total"}, "measure", "expected one of rows, distinct, sum, mean, min, max, median, revenue"),
        ({"measure": ["rows"]}, "measure", "expected one of"),
        ({"measure": "sum"}, "column", "expected the column that sum is of; found None"),
        ({"measure": "sum", "column": "level"}, "column", "a column of numbers; found level"),
        ({"measure": "sum", "column": "nothing"}, "column", "a column of the table; found nothing"),
        ({"measure": "max", "column": "salary"}, "column", "in clear for you; found salary"),
        ({"measure": "distinct", "column": "iban"}, "column", "in clear for you; found iban"),
        ({"measure": "pay"}, "measure", "expected one of"),
        ({"measure": "revenue", "column": "amount"}, "column", "expected none"),
        ({"measure": "rows", "column": "amount"}, "column", "expected none"),
        ({"by": ["email"]}, "by", "some of day, week, month, weekday, hour, level, rows; found 'email'"),
        ({"by": ["day", "week", "month"]}, "by", "at most 2 different groupings"),
        ({"by": ["day", "day"]}, "by", "at most 2 different groupings"),
        ({"by": [7]}, "by", "found 7"),
        ({"by": {"day": 1}}, "by", "at most 2"),
        ({"filters": []}, "filters", "an object"),
        (
            {"filters": {"email": ["x"]}},
            "filters",
            "values of one of week, month, weekday, hour, level, rows; found 'email'",
        ),
        ({"filters": {"level": []}}, "filters", "1 to 200 texts or nulls"),
        ({"filters": {"level": ["\ud800"]}}, "filters", "1 to 200 texts or nulls"),
        ({"filters": {"level": "a"}}, "filters", "1 to 200 texts or nulls"),
        ({"filters": {"salary": {"from": 1}}}, "filters", "a range of a column of numbers or times"),
        ({"filters": {"amount": {"from": "1; DROP"}}}, "filters", "in the range of amount a number; found '1; DROP'"),
        ({"filters": {"amount": {"from": "NaN"}}}, "filters", "a number; found 'NaN'"),
        ({"filters": {"amount": {"from": True}}}, "filters", "a number; found True"),
        ({"filters": {"amount": {"from": "1e99"}}}, "filters", "a number; found '1e99'"),
        ({"filters": {"amount": {"from": 5, "to": 4}}}, "filters", "5 or more for to; found 4"),
        ({"filters": {"amount": {"from": 5, "empty": True}}}, "filters", "no bounds with empty: true"),
        ({"filters": {"amount": {"empty": "yes"}}}, "filters", "true or false for empty"),
        ({"filters": {"amount": {"least": 5}}}, "filters", "from, to or empty in the range of amount; found 'least'"),
        ({"filters": {"at": {"from": "2026-02-30"}}}, "filters", "a day as YYYY-MM-DD; found '2026-02-30'"),
        ({"filters": {"at": {"from": 20260203}}}, "filters", "a day as YYYY-MM-DD"),
        ({"sort": "random"}, "sort", "one of largest, smallest, groups; found 'random'"),
        ({"totals": "no"}, "totals", "true or false; found 'no'"),
        ({"agentName": "x"}, "agentName", "group_by does not take it"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(given: dict, field: str, text: str):
    """One fault, with field, expectation and finding; a masked column is not grouped by, summed or filtered."""
    with pytest.raises(InvalidRequest) as raised:
        request_from({"query": "group_by", **given}, ORDERS, 100)
    assert [fault.field for fault in raised.value.faults] == [field]
    assert text in raised.value.faults[0].message


def test_the_hour_of_a_masked_time_is_no_grouping():
    """A digest has no hour; days and weeks come from the partition columns, which are not masked."""
    masked = semantic_model_from(DATASET, None, TableView({**MASKS, "at": "hash"}, "k"))
    assert masked.groupings == ("day", "week", "month", "weekday", "level", "rows")
    assert ORDERS.groupings == ("day", "week", "month", "weekday", "hour", "level", "rows")


def test_values_stand_in_parameters_alone():
    """What a person gave is bound in the order of its place, a day as the instant at which it begins in the zone."""
    asked = {
        "query": "group_by",
        "by": ["level"],
        "filters": {"level": ["it's"], "amount": {"to": -5}, "at": {"from": "2026-03-29", "to": "2026-03-29"}},
    }
    group = request_from(asked, ORDERS, 100).group
    statement = group_statement(ORDERS, group, None, 10)
    assert statement.parameters == ("'it''s'", "-5", "'2026-03-28 23:00:00'", "'2026-03-29 22:00:00'")
    assert statement.columns == ("level", "amount", "at")
    assert statement.sql.count("?") == 4


def test_no_two_columns_of_an_answer_have_one_name():
    """A dimension called as a count or a level keeps its name; the other gets a number."""
    assert columns_of(GroupBy(by=("level", "rows")), ORDERS).level == "level_2"
    assert columns_of(GroupBy("revenue", None, ("rows",)), ORDERS).value == "revenue"
    names = columns_of(GroupBy("mean", "amount", ("day",)), ORDERS)
    assert (names.value, names.counted, names.rows) == ("mean_amount", "mean_amount_values", "orders")


@pytest.mark.parametrize(
    "values",
    [
        {"measure": "rows"},
        {"measure": "mean", "column": "amount", "by": ["level", "day"], "sort": "groups", "totals": False},
        {
            "filters": {
                "level": ["a", None, "", "~b", "x&y=1"],
                "amount": {"from": "1", "to": "2"},
                "at": {"empty": True},
            }
        },
        {"filters": {"rows": ["1"], "amount": {"empty": False}}, "by": ["hour"]},
    ],
)
def test_an_address_holds_the_whole_question(values: dict):
    """What the address says is what was chosen: values with any sign, null, the empty text, ranges."""
    linked = linked_from(parse_qs(search_from({"query": "group_by", **values})[1:], keep_blank_values=True))
    found = {
        "measure": linked.measure,
        "column": linked.column,
        "by": list(linked.by),
        "sort": linked.sort,
        "totals": linked.totals,
        "filters": dict(linked.filters),
    }
    usual = {"measure": None, "column": None, "by": [], "sort": None, "totals": True, "filters": {}}
    assert found == usual | values
