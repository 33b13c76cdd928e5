"""Explore and the SQL page, run without a browser: questions, their results, saved and past queries."""

import datetime as dt
import time

import pytest
from publishing import Published
from reading_pages import run_query, texts, write_sql

from dashboard.ui.page import cached_service

QUESTION = {
    "query": "group_by",
    "measure": "mean",
    "column": "queue_duration",
    "by": ["channel", "month"],
    "f.channel": ["VOICE", "CHAT"],
    "f.queue_duration.from": "10",
    "startDate": "2026-01-01",
    "endDate": "2026-02-02",
}


def test_explore_offers_the_eight_query_types(visit, published: Published):
    """Every built-in query is one click away."""
    app = visit(published.environment, "explore")
    (kinds,) = app.get("button_group") or app.pills
    assert kinds.options == [
        "All records",
        "By date",
        "By agent",
        "By contact",
        "Daily summary",
        "Channel summary",
        "Group by",
        "Custom SQL",
    ]


def test_a_link_asks_for_a_pivot_table_with_true_totals(visit, published: Published):
    """The address fills every input; the total of two means is the mean of their rows, and nothing ran before Run."""
    app = visit(published.environment, "explore", **QUESTION)
    assert not app.exception
    assert "No query yet" in texts(app)
    assert "Reads at most" in texts(app)
    run_query(app)
    assert not app.exception
    (table,) = (each.value for each in app.get("html") if "dash-pivot" in each.value)
    rows = [
        row
        for row in published.rows
        if row["day"].year == 2026 and row["channel"] in {"VOICE", "CHAT"} and row["queue_duration"] >= 10
    ]
    mean = sum(row["queue_duration"] for row in rows) / len(rows)
    assert f"over {len(rows):,} of {len(rows):,} contacts" in table
    assert f">{mean:,.2f}".rstrip("0") in table
    assert "January 2026" in table
    assert ">TASK<" not in table
    assert "Total" in table


@pytest.mark.parametrize(
    "link",
    [
        {"by": ["nothing", "channel", "day"], "measure": "what", "sort": "x", "totals": "?"},
        {"f.initiation_timestamp.from": "2026-13-45", "f.queue_duration.to": "many", "f.nothing": "1", "f.": "x"},
        {"f.initiation_timestamp.empty": "yes", "f.channel": ["~", "~~", ""], "f.channel.from": "1", "by": "channel"},
        {"measure": "sum", "column": "channel", "f.number_of_holds": ["1"], "f.report_date": "x"},
        {"measure": "sum", "column": "sentiment_score", "f.queue_duration.from": "9", "f.queue_duration.to": "1"},
    ],
)
def test_a_strange_link_still_opens_the_question(visit, published: Published, link: dict):
    """What cannot be read is left out or named when it is run; the page never fails."""
    app = visit(published.environment, "explore", query="group_by", **link)
    assert not app.exception
    run_query(app)
    assert not app.exception


def test_a_limit_that_only_totals_fit_in_says_so(visit, published: Published):
    """One row asked for is the total of all, and the table says that groups are missing."""
    app = visit(published.environment, "explore", query="group_by", by=["channel"], limit="1")
    run_query(app)
    (table,) = (each.value for each in app.get("html") if "dash-pivot" in each.value)
    assert f">{len(published.rows):,}<" in table
    assert "More groups than the rows asked for" in texts(app)


def test_the_sql_of_a_question_is_one_click_away(visit, published: Published):
    """The SQL page runs it as it stands: the same cells and totals."""
    app = visit(published.environment, "explore", **QUESTION)
    app.button(key="open_sql_explore_contacts_group_by").click().run()
    assert not app.exception
    # The browser follows; without one, the next page is opened by hand.
    app.switch_page("app_pages/sql.py").run()
    run_query(app)
    assert not app.exception
    assert not app.error
    shown = app.dataframe[0].value
    assert sorted(shown["level"]) == ["0"] * 4 + ["1"] * 2 + ["2"] * 2 + ["3"]


def test_explore_says_how_many_rows_of_how_many(visit, published: Published):
    """A truncated result names the total."""
    app = visit(published.environment, "explore")
    app.number_input(key="limit").set_value(25)
    run_query(app)
    assert not app.exception
    assert f"25 of {len(published.rows):,} rows" in texts(app)
    assert len(app.dataframe[0].value) == 25
    assert "scanned" in texts(app)
    assert "as of 3 Feb 2026, 04:00 UTC" in texts(app)


def test_explore_shows_numbers_exactly(visit, published: Published):
    """What a double cannot hold is shown as text, digit for digit."""
    app = visit(published.environment, "explore")
    run_query(app)
    shown = app.dataframe[0].value
    assert "9007199254740993" in set(shown["number_of_holds"])
    assert set(shown["big_number"]) == {"12345678901234567890123456789012345678"}


def test_rows_of_a_result_are_found_by_what_they_hold(visit, published: Published):
    """A text typed above the rows leaves those that hold it, and says how many they are."""
    app = visit(published.environment, "explore")
    app.number_input(key="limit").set_value(25)
    run_query(app)
    (find,) = (box for box in app.text_input if box.label == "Find in these rows")
    find.set_value("chat").run()
    assert not app.exception
    channels = list(app.dataframe[0].value["channel"])
    assert set(channels) == {"CHAT"}
    assert f"{len(channels)} of 25 rows hold “chat”." in texts(app)
    (find,) = (box for box in app.text_input if box.label == "Find in these rows")
    find.set_value("in no row").run()
    assert "0 of 25 rows hold “in no row”." in texts(app)
    assert not app.dataframe


def test_explore_names_the_missing_field(visit, published: Published):
    """A query without what it needs is not run, and says which field it is."""
    app = visit(published.environment, "explore")
    (app.pills[0]).set_value("by_agent").run()
    run_query(app)
    assert not app.exception
    assert [error.value for error in app.error] == ["**Agent**: this field is required."]
    assert not app.dataframe
    (app.pills[0]).set_value("by_contact").run()
    run_query(app)
    assert [error.value for error in app.error] == ["**Id of the contact**: this field is required."]
    assert "Id of the contact" in [box.label for box in app.text_input]


@pytest.mark.parametrize(("choice", "agent"), [("~", None), ("", "")])
def test_explore_finds_rows_of_missing_and_empty_agents(visit, published: Published, choice: str, agent: str | None):
    """The choices "(none)" and "(empty)" run like any name."""
    app = visit(published.environment, "explore")
    app.pills[0].set_value("by_agent").run()
    box = app.selectbox(key="agent_contacts")
    assert box.options == ["(empty)", "Ana Lima", "Björn Ström", "Chidi O'Neil", "Dewi", "(none)"]
    box.set_value(choice)
    run_query(app)
    assert not app.exception
    assert not app.error
    expected = sum(row["agent_name"] == agent for row in published.rows)
    assert f"{expected} rows" in texts(app)


def test_sql_is_refused_with_its_place(visit, published: Published):
    """A statement outside what is served says line and column, and does not run."""
    app = visit(published.environment, "sql")
    app.session_state["sql_contacts_text"] = {"sql": "SELECT 1\nFROM elsewhere", "revision": 1}
    app.run()
    assert not app.exception
    (error,) = app.error
    assert error.value.startswith("**Line 2, column 6: The table elsewhere is not served.** Served")


def test_sql_runs_the_example(visit, published: Published):
    """The example is there from the start, shows its cost, and runs."""
    app = visit(published.environment, "sql")
    assert "Reads at most" in texts(app)
    run_query(app)
    assert not app.exception
    assert list(app.dataframe[0].value.columns) == ["channel", "contacts"]


def test_a_result_can_be_looked_at_as_a_chart(visit, published: Published):
    """One click draws it, with a text for screen readers; what cannot be drawn has no such choice."""
    app = visit(published.environment, "sql")
    run_query(app)
    app.segmented_control(key="view_sql_contacts").set_value("Chart").run()
    assert not app.exception
    assert not app.dataframe
    (chart,) = (element.proto for element in app.get("vega_lite_chart") or app.get("arrow_vega_lite_chart"))
    assert chart.alt.startswith("Bars: contacts by channel. Largest: ")
    app.selectbox(key="chart_y_sql_contacts_channel|contacts").set_value("Number of rows").run()
    assert not app.exception
    write_sql(app, "SELECT count(*) AS n FROM contacts")
    run_query(app)
    assert not app.exception
    assert len(app.dataframe[0].value) == 1


def test_rows_of_a_cut_result_are_counted_when_asked(visit, published: Published):
    """A result that was cut says so and offers to count; then it says how many of how many."""
    app = visit(published.environment, "sql")
    app.session_state["sql_contacts_text"] = {"sql": "SELECT contact_id FROM contacts", "revision": 1}
    run_query(app)
    assert "First 1,000 rows, there are more" in texts(app)
    (count,) = (button for button in app.button if button.label == "Count all rows")
    count.click().run()
    end = time.monotonic() + 60
    while "Counting" in texts(app) and time.monotonic() < end:
        time.sleep(0.3)
        app.run()
    assert not app.exception
    assert f"1,000 of {len(published.rows):,} rows" in texts(app)
    assert "Count all rows" not in [button.label for button in app.button]


def test_a_failed_query_shows_the_reason_and_its_sql(visit, published: Published):
    """Athena's own words, and the statement that they are about."""
    app = visit(published.environment, "sql")
    app.session_state["sql_contacts_text"] = {"sql": "SELECT 1 / 0 AS x FROM contacts", "revision": 1}
    app.run()
    run_query(app)
    assert not app.exception
    assert "The query failed" in texts(app)
    assert any("contacts" in code.value for code in app.code)


def test_sql_is_saved_opened_and_deleted(visit, publishing):
    """A name, shown as it was written, and Save share the text; a click brings it back; Delete asks first."""
    published = publishing("saving", first=dt.date(2026, 1, 1), last=dt.date(2026, 1, 2), per_day=3)
    app = visit(published.environment, "sql")
    write_sql(app, "SELECT note FROM contacts")
    app.text_input[0].set_value("Notes *of* [today](x)")
    next(button for button in app.button if button.label == "Save").click().run()
    assert not app.exception
    write_sql(app, "SELECT 1 FROM contacts")
    next(button for button in app.button if button.label == r"Notes \*of\* \[today\](x)").click().run()
    assert not app.exception
    assert app.session_state["sql_contacts_text"]["sql"] == "SELECT note FROM contacts"


def test_sql_with_parameters_runs_with_their_values(visit, published: Published):
    """An input per parameter; without a value the place is named, with one the rows are its own."""
    app = visit(published.environment, "sql", **{"p.channel": "VOICE"})
    write_sql(app, "SELECT channel, count(*) AS n FROM contacts WHERE channel = {{channel}} GROUP BY channel")
    app.text_input(key="parameter_sql_contacts_0_channel_text").set_value("CHAT").run()
    run_query(app)
    assert not app.exception
    assert list(app.dataframe[0].value["channel"]) == ["CHAT"]


def test_explore_takes_parameters_too(visit, published: Published):
    """SQL with parameters asks for their values on this page as well, and a link brings them."""
    sql = "SELECT channel, count(*) AS n FROM contacts WHERE channel = {{channel}} GROUP BY channel"
    app = visit(published.environment, "explore")
    app.pills[0].set_value("custom_sql").run()
    app.session_state["explore_contacts_custom_sql_text"] = {"sql": sql, "revision": 7}
    app.run()
    app.text_input(key="parameter_explore_contacts_custom_sql_0_channel_text").set_value("CHAT").run()
    run_query(app)
    assert not app.exception
    assert list(app.dataframe[0].value["channel"]) == ["CHAT"]


def test_a_past_query_runs_again(visit, publishing):
    """What ran is in the history with its rows and bytes, and one click runs it again."""
    published = publishing("past", first=dt.date(2026, 1, 1), last=dt.date(2026, 1, 2), per_day=3)
    app = visit(published.environment, "sql")
    run_query(app)
    write_sql(app, "SELECT 1 AS one FROM contacts")
    next(button for button in app.button if button.label == "Run again").click().run()
    assert not app.exception
    assert list(app.dataframe[0].value.columns) == ["channel", "contacts"]
    cached_service.service().library.close()
    cached_service.service().library.forget()
    assert "count(*)" in cached_service.service().library.history(published.dataset).entries[0].sql


def test_format_lays_the_text_out(visit, published: Published):
    """One click, and the parameters are still there."""
    app = visit(published.environment, "sql")
    write_sql(app, "select note from contacts where report_date = {{start_date}}")
    app.button(key="format").click().run()
    assert not app.exception
    assert app.session_state["sql_contacts_text"]["sql"].splitlines()[0] == "SELECT"
    assert "{{start_date}}" in app.session_state["sql_contacts_text"]["sql"]
