"""A question in an address and back."""

import datetime as dt
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.query_link import MOST_LINKED_SQL, Linked, linked_from, search_from

DAYS = st.dates(dt.date(1971, 1, 1), dt.date(2100, 1, 1))
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


def read(search):
    return linked_from(parse_qs(search.removeprefix("?"), keep_blank_values=True))


@given(st.sampled_from(["by_agent", "custom_sql"]), DAYS, TEXT, TEXT, st.integers(1, 10**6), TEXT)
def test_a_question_comes_back_from_its_link(query, day, agent, sql, limit, value):
    """Whatever is asked, the address says it again: any text, quotes, line ends and signs included."""
    end = day + dt.timedelta(days=1)
    values = {"query": query, "startDate": day, "endDate": end, "agentName": agent, "sql": sql, "limit": limit}
    expected = Linked(query, day, end, agent, None, sql, limit, {"start_date": value})
    assert read(search_from(values, {"start_date": value})) == expected


def test_the_empty_agent_comes_back_from_its_link():
    """An empty name is a value and not the absence of one."""
    assert search_from({"query": "by_agent", "agentName": ""}) == "?query=by_agent&agentName="
    assert read("?query=by_agent&agentName=") == Linked("by_agent", agent_name="")
    assert read("?query=by_agent") == Linked("by_agent")


@pytest.mark.parametrize(
    "search",
    ["", "?query=drop", "?startDate=yesterday", "?startDate=2026-02-02&endDate=2026-02-01", "?limit=-1", "?limit=1e9"],
)
def test_what_cannot_be_read_is_left_out(search):
    """An old or broken link still opens the page, as if it said nothing."""
    assert read(search) == Linked()


def test_sql_too_long_for_an_address_stays_out_of_it():
    """What a chat would cut in the middle is not put there in the first place."""
    assert search_from({"sql": "x" * (MOST_LINKED_SQL + 1), "limit": 5}) == "?limit=5"
