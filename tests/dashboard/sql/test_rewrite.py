"""The proposed filter of a query that would read every day."""

import datetime as dt

import pytest

from dashboard.model.query_types import QueryRequest
from dashboard.model.selection.filters import Days
from dashboard.services.suggestion import cheaper
from dashboard.sql.catalogue import Catalogue, ServedTable
from dashboard.sql.guard import checked
from dashboard.sql.rewrite import condition, proposal_from

COLUMNS = ("channel", "note", "report_date", "year", "month", "day")
CATALOGUE = Catalogue((ServedTable("db", "contacts", COLUMNS), ServedTable("db", "orders", COLUMNS)))
WEEK = Days(dt.date(2026, 1, 20), dt.date(2026, 1, 26))
FILTER = "year = 2026 AND month = 1 AND day BETWEEN 20 AND 26"
LATEST = {("db", "contacts"): WEEK, ("db", "orders"): WEEK}


def proposed(sql: str) -> str | None:
    """The proposed SQL, checked by the guard."""
    found = proposal_from(sql, CATALOGUE, LATEST, lambda text: bool(checked(text, CATALOGUE, 10, {}).sql))
    return found.sql if found else None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("SELECT * FROM contacts", f"SELECT * FROM contacts\nWHERE {FILTER}"),
        ("SELECT * FROM contacts;", f"SELECT * FROM contacts\nWHERE {FILTER};"),
        ("SELECT * FROM contacts -- all of it", f"SELECT * FROM contacts\nWHERE {FILTER} -- all of it"),
        ("SELECT * FROM contacts c LIMIT 5", f"SELECT * FROM contacts c\nWHERE {FILTER} LIMIT 5"),
        (
            "SELECT channel, count(*) FROM contacts GROUP BY channel",
            f"SELECT channel, count(*) FROM contacts\nWHERE {FILTER} GROUP BY channel",
        ),
        (
            "SELECT * FROM contacts WHERE note = 'WHERE' ORDER BY 1",
            f"SELECT * FROM contacts WHERE {FILTER}\n  AND note = 'WHERE' ORDER BY 1",
        ),
        (
            "SELECT * FROM contacts WHERE note = 'a' OR note = 'b' -- two\n LIMIT 3",
            f"SELECT * FROM contacts WHERE {FILTER}\n  AND (note = 'a' OR note = 'b'\n  ) -- two\n LIMIT 3",
        ),
        (
            "SELECT * FROM contacts WHERE note = {{wanted}}",
            f"SELECT * FROM contacts WHERE {FILTER}\n  AND note = {{{{wanted}}}}",
        ),
        (
            "WITH few AS (SELECT * FROM contacts) SELECT * FROM few",
            f"WITH few AS (SELECT * FROM contacts\nWHERE {FILTER}) SELECT * FROM few",
        ),
    ],
)
def test_the_filter_goes_where_it_belongs(written: str, expected: str):
    """The filter follows WHERE, or becomes a WHERE clause; the rest of the text is unchanged."""
    if "{{" in written:
        found = proposal_from(written, CATALOGUE, LATEST, lambda _: True)
        assert found is not None
        assert found.sql == expected
    else:
        assert proposed(written) == expected


def test_every_table_gets_its_own():
    """Each table of a join gets a filter under its alias; both sides of a union get one."""
    joined = proposed("SELECT * FROM contacts a JOIN orders b ON a.note = b.note")
    assert joined is not None
    assert condition(WEEK, "a.") in joined
    assert condition(WEEK, "b.") in joined
    union = proposed("SELECT note FROM contacts UNION ALL SELECT note FROM orders")
    assert union is not None
    assert union.count(FILTER) == 2


@pytest.mark.parametrize(
    "written",
    [
        "SELECT * FROM contacts a LEFT JOIN orders b ON a.note = b.note",
        "WITH contacts AS (SELECT 1 AS x) SELECT * FROM contacts",
        "SELECT 1",
    ],
)
def test_nothing_is_proposed_where_it_could_change_more_than_the_days(written: str):
    """A condition on the optional side of a join would drop rows of the other; a named query is no table."""
    assert proposed(written) is None


def test_what_does_not_read_less_is_not_proposed():
    """A proposal that reads as much as the original is not shown."""
    assert proposal_from("SELECT * FROM contacts", CATALOGUE, LATEST, lambda _: False) is None


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM contacts",
        "SELECT note FROM contacts WHERE channel = 'VOICE' OR note = 'x'",
        "SELECT count(*) AS n FROM contacts a JOIN contacts b ON a.note = b.note",
    ],
)
def test_a_proposal_reads_the_last_published_week(service, published, sql: str):
    """Across the end of a month too, what is proposed opens the last seven published days and no other."""
    statement = service.prepare("contacts", QueryRequest("custom_sql", 100, sql=sql))
    assert service.estimate("contacts", statement).reads_everything
    proposal = cheaper(service, "contacts", statement)
    assert proposal.days == Days(published.days[-7], published.days[-1])
    bound = service.estimate("contacts", service.prepare("contacts", QueryRequest("custom_sql", 100, sql=proposal.sql)))
    assert (bound.days, bound.reads_everything) == (7, False)
