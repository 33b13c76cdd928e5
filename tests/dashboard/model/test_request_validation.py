"""Requests of the eight query types: what each takes, and what is said of what it does not."""

import datetime as dt

import pytest

from dashboard.errors import InvalidRequest
from dashboard.model.query_types import QUERY_TYPES, QueryRequest, available_query_types, request_from
from dashboard.model.selection.filters import Days
from dashboard.model.semantic_model import semantic_model_from
from dataset_model import dataset_from_text, load_dataset

CONTACTS = semantic_model_from(load_dataset("contacts", {}), None)
BARE = semantic_model_from(
    dataset_from_text(
        """
name: readings
source: {table: readings, index: by-day, partition_key: site, partition_values: [a], sort_key: at}
columns: [{name: value, attribute: Value, type: double}]
""",
        "readings.yaml",
    ),
    None,
)


def test_the_eight_query_types_and_their_fields():
    """Names and parameters are the contract's, to the letter."""
    assert {kind.id: kind.fields for kind in QUERY_TYPES} == {
        "all_records": ("limit",),
        "by_date": ("startDate", "endDate", "limit"),
        "by_agent": ("agentName", "limit"),
        "by_contact": ("contactId", "limit"),
        "daily_summary": ("startDate", "endDate", "limit"),
        "channel_summary": ("startDate", "endDate", "limit"),
        "group_by": ("measure", "column", "by", "filters", "sort", "totals", "startDate", "endDate", "limit"),
        "custom_sql": ("sql", "limit"),
    }


def test_a_valid_request_keeps_what_was_given():
    """Dates may be dates or text; the limit is the service's where none is given."""
    asked = {"query": "by_date", "startDate": "2026-01-01", "endDate": dt.date(2026, 1, 2), "limit": None}
    expected = QueryRequest("by_date", 20_000, Days(dt.date(2026, 1, 1), dt.date(2026, 1, 2)))
    assert request_from(asked, CONTACTS, 20_000) == expected


def test_a_name_is_compared_as_it_is_stored():
    """Blanks around a name are part of it, the unbreakable one too; half a character is refused."""
    for name in (" Dewi ", "Ana\u00a0Lima", "日本"):
        assert request_from({"query": "by_agent", "agentName": name}, CONTACTS, 10).agent_name == name
    with pytest.raises(InvalidRequest, match="agentName"):
        request_from({"query": "by_agent", "agentName": "\ud800"}, CONTACTS, 10)


@pytest.mark.parametrize("value", [None, ""])
def test_rows_without_an_agent_or_with_the_empty_one_can_be_asked_for(value):
    """Given explicitly, null means rows without a value and "" the empty text; left out, the field is missing."""
    assert request_from({"query": "by_agent", "agentName": value}, CONTACTS, 10).agent_name == value
    with pytest.raises(InvalidRequest, match="agentName"):
        request_from({"query": "by_agent"}, CONTACTS, 10)


def test_every_fault_is_reported_at_once():
    """One answer, all fields."""
    with pytest.raises(InvalidRequest) as raised:
        request_from({"query": "by_date", "startDate": "x", "limit": -1, "agentName": "a"}, CONTACTS, 10)
    assert [fault.field for fault in raised.value.faults] == ["agentName", "endDate", "startDate", "limit"]


def test_a_summary_may_be_open_at_one_end():
    """A start without an end means from then on."""
    asked = request_from({"query": "daily_summary", "startDate": "2026-01-01"}, CONTACTS, 10)
    assert asked.days == Days(dt.date(2026, 1, 1), dt.date(9998, 12, 31))


def test_a_dataset_without_agents_has_no_query_by_agent():
    """Only the query types that the columns allow are offered, and the others are refused by name."""
    assert [kind.id for kind in available_query_types(BARE)] == [
        "all_records",
        "by_date",
        "daily_summary",
        "group_by",
        "custom_sql",
    ]
    with pytest.raises(InvalidRequest, match="one of all_records, by_date, daily_summary, group_by, custom_sql"):
        request_from({"query": "by_agent", "agentName": "x"}, BARE, 10)
